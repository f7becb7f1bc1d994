"""What a metric is: sums over items, and a formula that turns the sums into a value.

Because a value depends on the items through sums alone, a bootstrap resample of it is one product
of resampling weights with sums of groups of items (:mod:`c10h.metrics.bootstrap`). Metrics that
depend on ranks over the whole set add a sum of influences (:mod:`c10h.metrics.ranks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from c10h.metrics.item_block import Block, Float
from c10h.metrics.needed_inputs import Needs
from c10h.records import Array


@dataclass(frozen=True)
class Binned:
    """A term that falls into one of ``bins`` sums: its bin and its value for each item."""

    bins: int
    slot: Array
    value: Float


# The bounds of a metric without any.
UNBOUNDED = -np.inf, np.inf

# A term gives every item a number (m), or a bin and a number.
Term: TypeAlias = Callable[[Block], Float | Binned]


@dataclass(frozen=True)
class Metric:
    """A metric over items.

    terms: what is summed over items; the last counts the items, and its sum is the metric's n.
    combine: value from the terms' sums, each of shape (...) or, for binned terms, (..., bins).
    better: "low", "high" or "" for metrics without a direction.
    per_item: the value of one item, for metrics that are means over items.
    absent: why the value does not exist where ``combine`` gives NaN.
    headline: whether it is in the reports that do not name their metrics.
    one_answer: whether it is defined only where no item has several right answers.
    more_classes_than: it is defined only where there are more classes.
    of_logarithms: whether it is infinite where a probability of 0 meets what is true.
    resampled: from the terms' sums by cell, the formula of resamples where it is not ``combine``,
        since the interval would be too short or off to one side.
    bounds: the least and the largest value; ends of intervals are cut to them.
    """

    summary: str
    needs: tuple[Needs, ...]
    better: str
    terms: tuple[Term, ...]
    combine: Callable[..., Float]
    per_item: bool = False
    absent: str = "no item that it is defined for"
    headline: bool = False
    one_answer: bool = False
    more_classes_than: int = 0
    of_logarithms: bool = False
    resampled: Callable[..., Callable[..., Float]] | None = None
    bounds: tuple[float, float] = UNBOUNDED


# Terms that do not depend on the model's output, and those that depend on its first choice alone.
OF_ITEMS: set[Term] = set()
OF_FIRST_CHOICE: set[Term] = set()


def of_items(term: Callable[[Block], Float]) -> Callable[[Block], Float]:
    """Declare that a term does not depend on the model's output."""
    OF_ITEMS.add(term)
    return term


def of_first_choice(term: Callable[[Block], Float]) -> Callable[[Block], Float]:
    """Declare that a term depends on the model's output by its first choice alone."""
    OF_FIRST_CHOICE.add(term)
    return term


def divide(numerator: Float, denominator: Float) -> Float:
    """Elementwise ratio; NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(denominator == 0, np.nan, numerator / denominator))


@of_items
def count(block: Block) -> Float:
    """1 for every item."""
    return block.ones


@of_items
def known(block: Block) -> Float:
    """1 for every item whose true class is known."""
    return block.where_known(block.ones)


def mean(
    term: Term,
    over: Term = count,
    *,
    summary: str,
    needs: tuple[Needs, ...],
    better: str,
    headline: bool = False,
    absent: str = "no item that it is defined for",
    one_answer: bool = False,
    more_classes_than: int = 0,
    of_logarithms: bool = False,
    bounds: tuple[float, float] = UNBOUNDED,
) -> Metric:
    """The mean of ``term`` over the items where ``over`` is 1 (or, in expectation, positive)."""
    return Metric(
        summary, needs, better, (term, over), divide, True,
        absent=absent, headline=headline, one_answer=one_answer,
        more_classes_than=more_classes_than, of_logarithms=of_logarithms, bounds=bounds,
    )  # fmt: skip
