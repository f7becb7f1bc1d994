"""Which judgments are to count: bounds on attention, reaction times and votes, and labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from c10h.errors import InputError
from c10h.formats.row_conditions import Condition, parse_condition
from c10h.request_fields import shaping

# Share of attention checks that an annotator of CIFAR-10H had to pass (Peterson et al. 2019,
# section 3).
MIN_ATTENTION = 0.75


@dataclass(frozen=True)
class Filters:
    """Bounds on what counts.

    min_attention: least share of passed checks of an annotator; None is 0.75 where there are
        checks. rt_min, rt_max: bounds of the reaction time in the table's unit, both included.
    min_votes: fewest judgments of an item that is kept; 0 refuses tables in which an item has none.
    drop_missing: whether judgments without a label are left out, which are refused otherwise.
    drop_labels: labels of judgments that are left out. drop_annotators: names of annotators who
        are. where: conditions of the rows that are read at all, as COLUMN=VALUE or COLUMN!=VALUE.
    """

    min_attention: float | None = shaping("min-attention", None)
    rt_min: float | None = shaping("rt-min", None)
    rt_max: float | None = shaping("rt-max", None)
    min_votes: int = shaping("min-votes", 0, unless=0)
    drop_missing: bool = shaping("missing", False, recorded=lambda drop: "drop")
    drop_labels: tuple[str, ...] = shaping("drop-label", ())
    drop_annotators: tuple[str, ...] = shaping("drop-annotator", ())
    where: tuple[str, ...] = shaping("where", ())

    def __post_init__(self) -> None:
        """Raise InputError for bounds that make no sense."""
        if not 0 <= self.least_attention <= 1:
            raise InputError(
                f"--min-attention {self.least_attention:g}: expected a share from 0 to 1"
            )
        low, high = self.rt_range
        if not low <= high:
            raise InputError(
                f"--rt-min {low:g} with --rt-max {high:g}: no time is within these limits"
            )
        if self.min_votes < 0:
            raise InputError(f"--min-votes {self.min_votes}: expected 0 or more")

    @property
    def conditions(self) -> list[Condition]:
        """``where``, parsed. Raises InputError for what is no condition."""
        return [parse_condition(text) for text in self.where]

    @property
    def rt_range(self) -> tuple[float, float]:
        """Bounds of the reaction time, infinite where none is given."""
        return (
            -math.inf if self.rt_min is None else self.rt_min,
            math.inf if self.rt_max is None else self.rt_max,
        )

    @property
    def least_attention(self) -> float:
        """The bound on attention that holds where there are checks."""
        return MIN_ATTENTION if self.min_attention is None else self.min_attention
