"""Paired differences between networks under the same attack, over the items that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.formats.class_names import match_order
from c10h.records import Array
from c10h.truth import differing, renumbered
from c10h.views.attacks import MEASURES, Attacked, Estimate, estimate_means


@dataclass(frozen=True)
class AttackDifference:
    """a - b of a measure, clean or after one budget; ``estimate`` is None where ``why`` is told."""

    measure: str
    result: str
    a: str
    b: str
    estimate: Estimate | None = None
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The difference as plain JSON."""
        nothing = {"value": None, "low": None, "high": None}
        numbers = nothing if self.estimate is None else self.estimate.to_json()
        about = {"metric": self.measure, "after": self.result, "a": self.a, "b": self.b}
        return {**about, **numbers, "why": self.why}


def differences(found: Sequence[Attacked], baseline: Attacked) -> list[AttackDifference]:
    """Of every run against the baseline, clean and after each of its budgets."""
    return [one for other in found if other is not baseline for one in _difference(other, baseline)]


def _difference(a: Attacked, b: Attacked) -> list[AttackDifference]:
    keys = [(measure, result) for measure in MEASURES for result in a.results]
    rows = _paired_rows(a, b)
    if isinstance(rows, str):
        return [AttackDifference(*key, a.run, b.run, why=rows) for key in keys]
    common = [result for result in a.results if result in b.results]
    estimates: dict[tuple[str, str], Estimate] = {}
    for measure in MEASURES:
        first, second = (
            one.values[measure][order][:, [one.results.index(result) for result in common]]
            for one, order in zip((a, b), rows, strict=True)
        )
        with np.errstate(invalid="ignore"):  # infinity less infinity
            found = estimate_means(first - second)
        estimates |= {(measure, result): one for result, one in zip(common, found, strict=True)}
    return [
        AttackDifference(
            *key, a.run, b.run, estimates.get(key),
            None if key in estimates else f"{b.run} was not attacked with {key[1]}",
        )
        for key in keys
    ]  # fmt: skip


def item_groups(found: Sequence[Attacked]) -> list[int]:
    """For each run the number of the first one that is about the same items."""
    return [
        next(k for k, other in enumerate(found) if other is one or _same_items(one, other))
        for one in found
    ]


def items_notes(found: Sequence[Attacked]) -> list[str]:
    """Where runs that are compared are not about the same items."""
    return ["Runs are about different items."] if len(set(item_groups(found))) > 1 else []


def _paired_rows(a: Attacked, b: Attacked) -> tuple[Array, Array] | str:
    """The rows of the same items in both, in one order; or why there are none."""
    if a.attack != b.attack:
        return f"not paired: {b.run} is under another attack"
    return _same_items(a, b) or "not paired: the runs are about other items"


def _same_items(a: Attacked, b: Attacked) -> tuple[Array, Array] | None:
    """The rows of the same items in both, in one order; None where the items are others.

    Items are told by ids where both have them, else by index, and must have the same pixels and
    the same true classes as far as both know them.
    """
    first, second = a.record, b.record
    keys = first.index, second.index
    if first.ids is not None and second.ids is not None:
        keys = first.ids, second.ids
    rows = np.argsort(keys[0], kind="stable"), np.argsort(keys[1], kind="stable")
    same = np.array_equal(keys[0][rows[0]], keys[1][rows[1]])
    order = match_order(second.classes, first.classes, b.run)
    truth = second.truth
    if order is not None and truth is not None:
        truth = renumbered(truth, order)
    if same and first.item is not None and second.item is not None:
        same = np.array_equal(first.item[rows[0]], second.item[rows[1]])
    if same and first.truth is not None and truth is not None:
        same = not differing(first.truth[rows[0]], truth[rows[1]]).any()
    return rows if same else None


def is_clear(estimate: Estimate) -> bool:
    """Whether the interval excludes 0."""
    return estimate.low > 0 or estimate.high < 0
