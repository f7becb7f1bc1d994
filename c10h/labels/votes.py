"""From judgments to votes: who is left out, and who chose what for which item."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.errors import InputError, SchemaError, counted
from c10h.formats.class_names import are_default
from c10h.formats.judgments import Judgments
from c10h.formats.lazy_rows import computed, shares_of
from c10h.items import whole_numbers
from c10h.labels.class_and_item_numbers import (
    SHOWN,
    TableClasses,
    TableItems,
    brief,
    class_numbers,
    classes_of,
    in_order,
    number_items,
    present,
    true_classes,
    unique_keys,
)
from c10h.labels.judgment_filtering import (
    annotators_to_drop,
    answers_of,
    attention_of,
    in_time,
    refuse_unanswered,
    word_at,
)
from c10h.labels.judgment_filters import Filters
from c10h.parallel import Later
from c10h.records import Array, Labels, View

# How a note begins that is one.
WARNING = "warning: "
# How many names of excluded annotators a lineage lists; the labels' group ``annotators`` has all.
LISTED = 1000


@dataclass(frozen=True)
class Exclusion:
    """An annotator, an item or a judgment that is left out.

    value: its attention, or how many judgments it has; None where nothing is measured.
    judgments: how many that leaves out.
    """

    what: str
    name: str
    reason: str
    value: float | None
    judgments: int


@dataclass(frozen=True)
class ExcludedRows:
    """Judgments that are left out by their label, told one by one: there can be millions."""

    judgments: Judgments
    rows: Array

    @classmethod
    def of(cls, judgments: Judgments, left_out: Array) -> Collection[Exclusion]:
        """The rows that are ``left_out``, bool (t)."""
        return cls(judgments, np.flatnonzero(left_out)) if left_out.any() else ()

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, exclusion: object) -> bool:
        return any(excluded == exclusion for excluded in self)

    def __iter__(self) -> Iterator[Exclusion]:
        for row in self.rows.tolist():
            word = word_at(self.judgments.label, row)
            reason = f"label {word}" if word else "no label"
            yield Exclusion("judgment", self.judgments.place(row), reason, None, 1)


@dataclass(frozen=True)
class Votes:
    """The judgments that count, as numbers, and the labels that they make.

    labels: counts and shares of votes, truth where the table has it (-1 where an item has none),
        ids unless the items are the numbers from 0 without a gap, and the group ``annotators``.
    annotator, item, label: uint32 (v), in the order of the table: rows of the group
        ``annotators`` (excluded ones included), rows and classes of ``labels``.
    rt: reaction time of each, float64 (v), where the table has it.
    trials, checks: judgments before any exclusion, and attention checks.
    repeated: judgments beyond the first of the same item by the same annotator, which count, by
        ``repeaters`` annotators.
    late, late_rt: rows of the table that are outside the reaction time limits, and their times; not
        those of excluded annotators.
    unanswered, unwanted: other judgments that are left out, for they have no label, or one of those
        to be dropped.
    dropped: items left out.
    taken, notes: what was taken for what, and for granted, for people.
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
    unanswered: Collection[Exclusion] = ()
    unwanted: Collection[Exclusion] = ()
    taken: str = ""
    notes: Sequence[str] = ()

    def excluded_of(self, what: str) -> list[Exclusion]:
        """The exclusions of one kind, "annotator" or "item"."""
        return [exclusion for exclusion in self.excluded if exclusion.what == what]

    def summary(self) -> dict[str, Any]:
        """What is left out, counted, and which annotators, for a lineage."""
        annotators, items = self.excluded_of("annotator"), self.excluded_of("item")
        counts = {
            "annotators": len(annotators),
            "annotators-named": [exclusion.name for exclusion in annotators[:LISTED]],
            "judgments-of-annotators": sum(exclusion.judgments for exclusion in annotators),
            "judgments-by-rt": len(self.late),
            "judgments-without-label": len(self.unanswered),
            "judgments-by-label": len(self.unwanted),
            "items": self.dropped,
            "judgments-of-items": sum(exclusion.judgments for exclusion in items),
        }
        return {name: value for name, value in counts.items() if value}


def count_votes(
    judgments: Judgments,
    filters: Filters,
    classes: Sequence[str] | None = None,
    size: int | None = None,
    *,
    one_based: bool = False,
    ordered: bool = True,
) -> Votes:
    """Apply the filters and count.

    classes: names of the classes in order; None takes those of the table where they are certain,
    and words in the order of code points. size: how many items there are, where items are numbers
    and this is known. one_based: whether numbers of classes begin at 1. ordered: False where it
    does not matter which class has which number.
    Raises InputError, AmbiguousError, SchemaError or MismatchError with one line that says why.
    """
    sifted = _sift(judgments, filters, None if classes is None else tuple(classes))
    judged, kept = sifted.judged, sifted.kept
    numbering = classes_of(judgments, judged, kept, classes, one_based=one_based, ordered=ordered)
    names = numbering.names
    class_of = class_numbers(judgments, kept, numbering).astype(np.uint32)
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
    annotator = np.argsort(order).astype(np.uint32)[judgments.annotator.row[kept]]
    label = class_of[judgments.label.row[kept]]
    repetitions = Later(lambda: _repetitions(annotator, item))
    truth = _truth_of(true_classes(judgments, judged, items, numbering), stays)
    complete = len(stays) == len(items) and items.are_positions
    counts = _count_rows(item, label, len(stays), len(names))
    repeated, repeaters = repetitions.result()
    annotators = _annotators(judgments, sifted, order, annotator)
    return Votes(
        labels=Labels(
            classes=names,
            probs=shares_of(counts),
            counts=counts,
            truth=truth,
            ids=None if complete else items.names[stays],
            annotators=annotators,
        ),
        annotator=annotator,
        item=item,
        label=label,
        rt=None if judgments.rt is None else judgments.rt[kept],
        trials=int(judged.sum()),
        checks=0 if judgments.check is None else int(judgments.check.sum()),
        repeated=repeated,
        repeaters=repeaters,
        excluded=[
            *_excluded_annotators(annotators, filters),
            *_excluded_items(items, votes, np.flatnonzero(dropped), filters),
        ],
        late=judgments.numbered(sifted.late),
        late_rt=np.empty(0) if judgments.rt is None else judgments.rt[sifted.late],
        unanswered=ExcludedRows.of(judgments, sifted.unanswered),
        unwanted=ExcludedRows.of(judgments, sifted.unwanted),
        dropped=len(items) - len(stays),
        taken=judgments.taken,
        notes=[
            *_notes(judgments, kept, numbering, truth, len(stays)),
            *_times(judgments, sifted, filters),
        ],
    )


def _annotators(
    judgments: Judgments, sifted: _Sifted, order: Array, annotator: Array
) -> dict[str, Array]:
    """The group ``annotators`` of labels, in the order of their names.

    order: of their words. annotator: the row in the group of each vote.
    """
    trials = np.bincount(judgments.annotator.row[sifted.judged], minlength=len(order))
    annotators = {
        "id": judgments.annotator.words[order],
        "trials": trials[order],
        "votes": np.bincount(annotator, minlength=len(order)),
        "excluded": sifted.untrusted[order].astype(np.uint8),
    }
    if sifted.attention is not None:
        annotators["attention"] = sifted.attention[order]
    return annotators


def _truth_of(truth: Array | None, stays: Array) -> Array | None:
    """The truth of the items that stay; None where that of none is known."""
    if truth is None or not (truth[stays] >= 0).any():
        return None
    return truth[stays]


def _notes(
    judgments: Judgments, kept: Array, classes: TableClasses, truth: Array | None, size: int
) -> list[str]:
    """What was taken for granted of the classes, and how much of the truth of ``size`` items."""
    notes = [judgments.chosen] if judgments.chosen else []
    if others := judgments.other_rows():
        notes.append(f"{WARNING}{others}")
    if classes.are_sorted:
        count = f"{len(classes.names):,}, " if len(classes.names) > SHOWN else ""
        notes.append(
            f"classes: {brief(classes.names)} ({count}sorted; --classes sets a different order)"
        )
    words = judgments.label.words[present(judgments.label, kept)]
    numbers = whole_numbers(words)
    by_number = are_default(classes.names) or not {*map(str, words)} & {*classes.names}
    if numbers is not None and numbers.min() > 0 and by_number and not classes.first:
        notes.append("no label is 0: classes are counted from 0 (--one-based: from 1)")
    if judgments.true_label is not None:
        with_truth = 0 if truth is None else int((truth >= 0).sum())
        if with_truth < size:
            of_checks = "; the true labels are those of attention checks alone"
            has_checks = judgments.check is not None and bool(judgments.check.any())
            alone = of_checks if has_checks and not with_truth else ""
            notes.append(f"truth of {with_truth:,} of {size:,} items{alone}")
    return notes


def _times(judgments: Judgments, sifted: _Sifted, filters: Filters) -> list[str]:
    """That limits of reaction times leave nothing out, which another unit may be why of."""
    if judgments.rt is None or (filters.rt_min is None and filters.rt_max is None):
        return []
    times = judgments.rt[sifted.judged & ~np.isnan(judgments.rt)]
    if sifted.late.any() or not len(times):
        return []
    low, middle, high = np.min(times), np.median(times), np.max(times)
    return [f"no reaction time is outside the limits: {low:g} to {high:g}, median {middle:g}"]


@dataclass(frozen=True)
class _Sifted:
    """Rows that are judgments (no checks), those that count, and why the others do not, bool (t).

    late: outside the reaction time limits; unanswered, unwanted: by their labels. attention, and
    whether one is untrusted, by attention or by name: of each word of the annotators.
    """

    judged: Array
    kept: Array
    late: Array
    unanswered: Array
    unwanted: Array
    attention: Array | None
    untrusted: Array


def _sift(judgments: Judgments, filters: Filters, classes: tuple[str, ...] | None) -> _Sifted:
    """Raises SchemaError or InputError where no judgment is left, or where one has no label."""
    judged = np.ones(len(judgments), dtype=bool)
    if judgments.check is not None:
        judged = ~judgments.check
    if not judged.any():
        raise SchemaError(f"{judgments.source}: expected judgments, found only attention checks")
    attention = attention_of(judgments, filters)
    untrusted = annotators_to_drop(judgments, filters)
    if attention is not None:
        untrusted |= attention < filters.least_attention
    trusted = judged & ~untrusted[judgments.annotator.row]
    timely = trusted & in_time(judgments, filters)
    late = trusted & ~timely
    answers = answers_of(judgments, filters, classes)
    unanswered, unwanted = (
        timely & words[judgments.label.row] if words.any() else np.zeros(len(judgments), dtype=bool)
        for words in (answers.missing, answers.unwanted)
    )
    kept = timely & ~unanswered & ~unwanted
    if judgments.cell is not None:  # nobody was asked where a matrix has no label
        judged, unanswered = judged & ~unanswered, np.zeros_like(unanswered)
    if unanswered.any() and not filters.drop_missing:
        refuse_unanswered(judgments, unanswered, int(timely.sum()))
    if not kept.any():
        raise InputError(
            f"{judgments.source}: no judgment is left: {int(untrusted.sum()):,} of "
            f"{len(untrusted):,} annotators have an attention below {filters.least_attention:g}"
            f"{' or are left out by name' if filters.drop_annotators else ''}, "
            f"{int(late.sum()):,} judgments are outside the reaction time limits, "
            f"{int(unanswered.sum() + unwanted.sum()):,} are left out by label"
        )
    return _Sifted(judged, kept, late, unanswered, unwanted, attention, untrusted)


def _items_that_stay(
    judgments: Judgments, items: TableItems, votes: Array, filters: Filters
) -> Array:
    """Items with enough judgments. Raises InputError for one without, unless that was allowed."""
    stays = np.flatnonzero(votes >= max(filters.min_votes, 1))
    lost = len(items) - len(stays) + items.absent
    if lost and not filters.min_votes:
        first = items.names[np.argmin(votes)]
        if items.absent and items.values is not None and votes.all():
            first = str(np.setdiff1d(np.arange(len(items) + items.absent), items.values)[0])
        raise InputError(
            f"{judgments.source}: {lost:,} of {len(items) + items.absent:,} items have no "
            f"judgment, for example {first}: --min-votes 1 leaves them out"
        )
    if not len(stays):
        raise InputError(
            f"{judgments.source}: no item has {counted(filters.min_votes, 'judgment')}, "
            f"the most is {int(votes.max())}"
        )
    return stays


def _excluded_annotators(annotators: Mapping[str, Array], filters: Filters) -> list[Exclusion]:
    exclusions = []
    for row in np.flatnonzero(annotators["excluded"]).tolist():
        name, trials = str(annotators["id"][row]), int(annotators["trials"][row])
        if name in filters.drop_annotators:
            exclusions.append(Exclusion("annotator", name, "by name", None, trials))
            continue
        reason, attention = f"attention below {filters.least_attention:g}", annotators["attention"]
        exclusions.append(Exclusion("annotator", name, reason, float(attention[row]), trials))
    return exclusions


def _excluded_items(
    items: TableItems, votes: Array, dropped: Array, filters: Filters
) -> list[Exclusion]:
    reason = f"fewer than {counted(max(filters.min_votes, 1), 'judgment')}"
    return [
        Exclusion(
            "item", str(items.names[number]), reason, float(votes[number]), int(votes[number])
        )
        for number in dropped.tolist()
    ]


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
