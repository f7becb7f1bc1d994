"""What an attack is asked: how far it may go, and where to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

INFINITY, EUCLIDEAN = "inf", "2"
NORMS = (INFINITY, EUCLIDEAN)


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
    def of(cls, epsilon: float, steps: int, **more: object) -> Budget:
        """With the usual step: 2.5 ε / steps, at most ε (Madry et al. 2018, their code)."""
        return cls(epsilon, steps=steps, step_size=min(epsilon, 2.5 * epsilon / steps), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Goal:
    """Away from the true class, int64 (n), or, where there are targets, to those, int64 (n)."""

    truth: Tensor
    target: Tensor | None = None

    def take(self, rows: Tensor) -> Goal:
        """The goal of some of the items."""
        return Goal(self.truth[rows], None if self.target is None else self.target[rows])


# Logits (n, classes) of pixels in [0, 1], float32 (n, 3, h, w).
Network: TypeAlias = Callable[[Tensor], Tensor]
# From logits (n, c) and the goal to a figure an item (n) that the attack wants large.
Loss: TypeAlias = Callable[[Tensor, Goal], Tensor]
# From a network, clean pixels, goal, budget and loss to perturbed pixels within the budget and
# [0, 1]. Random numbers are torch's own, seeded by the caller. The first call of the network is
# with the start and call i with what there is after i steps, unless the method is by_best.
Attack: TypeAlias = Callable[[Network, Tensor, Goal, Budget, Loss], Tensor]
