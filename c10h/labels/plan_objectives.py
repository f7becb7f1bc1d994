"""What a plan of further judgments can reduce. Nothing here imports numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from c10h.labels.allocation import Remaining
    from c10h.records import Array


@dataclass(frozen=True)
class Objective:
    """What a plan reduces. remaining: from counts (n, c) and pseudo-votes a class."""

    summary: str
    remaining: Callable[[Array, float], Remaining]


OBJECTIVES: Mapping[str, Objective] = {
    "squared": Objective(
        "squared error of the distributions", Deferred("c10h.labels.allocation:remaining_squared")
    ),
    "entropy": Objective(
        "squared error of their entropies, nats²",
        Deferred("c10h.labels.allocation:remaining_entropy"),
    ),
}
