"""How far an attack may go. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The ℓ∞ distance at which every image can become the same plain grey.
GREY = 0.5
INFINITY, EUCLIDEAN = "inf", "2"
NORMS: Mapping[str, str] = {
    INFINITY: "the largest change of any pixel value",
    EUCLIDEAN: "Euclidean, over all pixel values",
}


@dataclass(frozen=True)
class Budget:
    """How far and how long: the perturbation's norm stays within epsilon, in pixels of [0, 1].

    step_size: of one step, in the same unit and norm. random_start: begin anywhere in the ball.
    """

    epsilon: float
    norm: str = INFINITY
    steps: int = 10
    step_size: float = 0.0
    random_start: bool = False

    @classmethod
    def of(cls, epsilon: float, steps: int, **fields: object) -> Budget:
        """With the usual step: 2.5 ε / steps, at most ε (Madry et al. 2018, their code)."""
        return cls(epsilon, steps=steps, step_size=min(epsilon, 2.5 * epsilon / steps), **fields)  # type: ignore[arg-type]
