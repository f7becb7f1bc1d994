"""From judgments to votes: who is left out, and who chose what for which item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.errors import InputError, SchemaError
from c10h.formats.judgments import Judgments
from c10h.formats.rows import computed, shares_of
from c10h.labels.filters import Filters, attention_of, in_time
from c10h.labels.numbering import (
    Items,
    class_names,
    class_numbers,
    in_order,
    number_items,
    true_classes,
    unique_keys,
)
from c10h.parallel import Later
from c10h.records import Array, Labels, View

# How many names of excluded annotators a lineage lists; the labels' group ``annotators`` has all.
LISTED = 1000
# How many item numbers that a table does not have are listed.
MOST_ABSENT = 100_000


@dataclass(frozen=True)
class Exclusion:
    """An annotator or an item that is left out.

    value: its attention, or how many judgments it has. judgments: how many that leaves out.
    """

    what: str
    name: str
    reason: str
    value: float
    judgments: int


@dataclass(frozen=True)
class Votes:
    """The judgments that count, as numbers, and the labels that they make.

    labels: counts and shares of votes, truth where the table has it, ids unless the items are the
        numbers from 0 without a gap, and the group ``annotators``.
    annotator, item, label: uint32 (v), in the order of the table: rows of the group
        ``annotators`` (excluded ones included), rows and classes of ``labels``.
    rt: reaction time of each, float64 (v), where the table has it.
    trials, checks: judgments before any exclusion, and attention checks.
    repeated: judgments beyond the first of the same item by the same annotator, which count, by
        ``repeaters`` annotators.
    late, late_rt: rows of the table that are out of the reaction times, and their times; not
    those of excluded annotators.
    dropped: items left out, with the numbers below the highest that the table does not have.
    """

    labels: Labels
    annotator: Array
    item: Array
    label: Array
    rt: Array | None
    trials: int
    checks: int
    repeated: int
    repeaters: int
    excluded: Sequence[Exclusion]
    late: Array
    late_rt: Array
    dropped: int

    def excluded_of(self, what: str) -> list[Exclusion]:
        """The exclusions of one kind, "annotator" or "item"."""
        return [one for one in self.excluded if one.what == what]

    def summary(self) -> dict[str, Any]:
        """What is left out, counted, and which annotators, for a lineage."""
        annotators, items = self.excluded_of("annotator"), self.excluded_of("item")
        found = {
            "annotators": len(annotators),
            "annotators-named": [one.name for one in annotators[:LISTED]],
            "judgments-of-annotators": sum(one.judgments for one in annotators),
            "judgments-by-rt": len(self.late),
            "items": self.dropped,
            "judgments-of-items": sum(one.judgments for one in items),
        }
        return {name: value for name, value in found.items() if value}


def count_votes(
    judgments: Judgments,
    filters: Filters,
    classes: Sequence[str] | None = None,
    size: int | None = None,
) -> Votes:
    """Apply the filters and count.

    classes: names of the classes in order; None takes those of the table where they are certain.
    size: how many items there are, where items are numbers and this is known.
    Raises InputError, AmbiguousError, SchemaError or MismatchError with one line that says why.
    """
    found = _sift(judgments, filters)
    judged, kept = found.judged, found.kept
    names = class_names(judgments, kept, classes)
    class_of = class_numbers(judgments, kept, names)
    items = number_items(judgments, judged, size)
    item = items.of_word[judgments.item.row[kept]]
    votes = np.bincount(item, minlength=len(items))
    stays = _items_that_stay(judgments, items, votes, filters)
    dropped = np.ones(len(items), dtype=bool)
    dropped[stays] = False
    if dropped.any():
        kept[kept] = ~dropped[item]
        item = np.searchsorted(stays, item[~dropped[item]]).astype(np.uint32)
    order, _ = in_order(judgments.annotator.words)
    annotator_of = np.argsort(order).astype(np.uint32)
    annotator = annotator_of[judgments.annotator.row[kept]]
    label = class_of.astype(np.uint32)[judgments.label.row[kept]]
    repetitions = Later(lambda: _repetitions(annotator, item))
    trials = np.bincount(judgments.annotator.row[judged], minlength=len(order))
    truth = true_classes(judgments, judged, items, names)
    complete = items.values is not None and len(stays) == len(items) and not items.absent
    counts = _count_rows(item, label, len(stays), len(names))
    repeated, repeaters = repetitions.result()
    annotators = {
        "id": judgments.annotator.words[order],
        "trials": trials[order],
        "votes": np.bincount(annotator, minlength=len(order)),
        "excluded": found.inattentive[order].astype(np.uint8),
    }
    if found.attention is not None:
        annotators["attention"] = found.attention[order]
    return Votes(
        labels=Labels(
            classes=names,
            probs=shares_of(counts),
            counts=counts,
            truth=None if truth is None else truth[stays],
            ids=None if complete else items.names[stays],
            annotators=annotators,
        ),
        annotator=annotator,
        item=item,
        label=label,
        rt=None if judgments.rt is None else judgments.rt[kept],
        trials=int(judged.sum()),
        checks=int((~judged).sum()),
        repeated=repeated,
        repeaters=repeaters,
        excluded=[
            *_excluded_annotators(annotators, filters),
            *_excluded_items(items, votes, np.flatnonzero(dropped), filters),
            *_absent_items(items),
        ],
        late=np.flatnonzero(found.late),
        late_rt=np.empty(0) if judgments.rt is None else judgments.rt[found.late],
        dropped=len(items) - len(stays) + items.absent,
    )


@dataclass(frozen=True)
class _Sifted:
    """Rows that are judgments (no checks), those out of the reaction times, and those that count.

    attention, inattentive: of each word of the annotators.
    """

    judged: Array
    late: Array
    kept: Array
    attention: Array | None
    inattentive: Array


def _sift(judgments: Judgments, filters: Filters) -> _Sifted:
    """Raises SchemaError or InputError where no judgment is left."""
    judged = np.ones(len(judgments), dtype=bool)
    if judgments.check is not None:
        judged = ~judgments.check
    if not judged.any():
        raise SchemaError(f"{judgments.source}: expected judgments, found attention checks only")
    attention = attention_of(judgments, filters)
    inattentive = np.zeros(len(judgments.annotator.words), dtype=bool)
    if attention is not None:
        inattentive = attention < filters.least_attention
    attentive = judged & ~inattentive[judgments.annotator.row]
    kept = attentive & in_time(judgments, filters)
    late = attentive & ~kept
    if not kept.any():
        raise InputError(
            f"{judgments.source}: no judgment is left: {int(inattentive.sum()):,} of "
            f"{len(inattentive):,} annotators have an attention under "
            f"{filters.least_attention:g}, {int(late.sum()):,} judgments are out of the "
            "reaction times"
        )
    return _Sifted(judged, late, kept, attention, inattentive)


def _items_that_stay(judgments: Judgments, items: Items, votes: Array, filters: Filters) -> Array:
    """Items with enough judgments. Raises InputError for one without, unless that was allowed."""
    stays = np.flatnonzero(votes >= max(filters.min_judgments, 1))
    lost = len(items) - len(stays) + items.absent
    if lost and not filters.min_judgments:
        first = items.names[np.argmin(votes)]
        if items.absent and items.values is not None:
            gap = np.flatnonzero(items.values != np.arange(len(items)))
            first = str(gap[0] if len(gap) else len(items))
        raise InputError(
            f"{judgments.source}: {lost:,} of {len(items) + items.absent:,} items have no "
            f"judgment, one of them is {first}: --min-judgments 1 leaves them out"
        )
    if not len(stays):
        raise InputError(
            f"{judgments.source}: no item has {filters.min_judgments} judgments, "
            f"the most is {int(votes.max())}"
        )
    return stays


def _excluded_annotators(annotators: Mapping[str, Array], filters: Filters) -> list[Exclusion]:
    reason = f"attention under {filters.least_attention:g}"
    return [
        Exclusion(
            "annotator",
            str(annotators["id"][row]),
            reason,
            float(annotators["attention"][row]),
            int(annotators["trials"][row]),
        )
        for row in np.flatnonzero(annotators["excluded"]).tolist()
    ]


def _excluded_items(
    items: Items, votes: Array, dropped: Array, filters: Filters
) -> list[Exclusion]:
    reason = f"judgments under {max(filters.min_judgments, 1)}"
    return [
        Exclusion(
            "item", str(items.names[number]), reason, float(votes[number]), int(votes[number])
        )
        for number in dropped.tolist()
    ]


def _absent_items(items: Items) -> list[Exclusion]:
    """Numbers that the table does not have; none where there are so many that they are no items."""
    if items.values is None or not 0 < items.absent <= MOST_ABSENT:
        return []
    absent = np.ones(len(items) + items.absent, dtype=bool)
    absent[items.values] = False
    numbers = np.flatnonzero(absent).tolist()
    return [Exclusion("item", str(number), "not in the table", 0.0, 0) for number in numbers]


def _repetitions(annotator: Array, item: Array) -> tuple[int, int]:
    """Judgments beyond the first of one item by one annotator, and by how many annotators."""
    items = int(item.max()) + 1
    key = annotator.astype(np.uint64) * items + item
    if key.max() < 1 << 32:
        key = key.astype(np.uint32)  # half the width is twice as fast to sort
    key.sort()
    again = key[1:][key[1:] == key[:-1]]
    return len(again), len(set((again // items).tolist()))


def _count_rows(item: Array, label: Array, size: int, classes: int) -> View:
    """Counts (n, c) that take memory only where there are votes."""
    key, count = unique_keys(item.astype(np.int64) * classes + label, size * classes)
    count = count.astype(np.int32)

    def read(items: slice) -> Array:
        first, last = np.searchsorted(key, [items.start * classes, items.stop * classes])
        block = np.zeros((items.stop - items.start) * classes, dtype=np.int32)
        block[key[first:last] - items.start * classes] = count[first:last]
        return block.reshape(-1, classes)

    return computed((size, classes), np.int32, read)
