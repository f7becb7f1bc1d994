"""What a plan of further judgments can reduce. Nothing here imports numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from c10h.labels.allocation import Expected
    from c10h.records import Array


@dataclass(frozen=True)
class Objective:
    """What a plan reduces. expected: its error, from counts (n, c) and pseudo-votes a class.

    uses_model: whether it is of the model of people's distributions where no prior is given.
    """

    summary: str
    expected: Callable[[Array, float | None], Expected]
    uses_model: bool = False


OBJECTIVES: Mapping[str, Objective] = {
    "squared": Objective(
        "squared error of the distributions",
        Deferred("c10h.labels.allocation:expected_squared"),
        uses_model=True,
    ),
    "entropy": Objective(
        "squared error of their entropies, nats²",
        Deferred("c10h.labels.allocation:expected_entropy"),
    ),
}
