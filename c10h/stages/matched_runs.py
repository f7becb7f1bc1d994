"""Which items of labels and truth the items of runs are, and the runs in the order of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import inf

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.formats.hints import Tell, brief, silent
from c10h.formats.predictions_and_labels import LEFT_OUT
from c10h.formats.truth_files import Truth, check_truth, in_order_of
from c10h.items import Items, align
from c10h.records import Array, Labels, Predictions
from c10h.stages.class_order import labels_in_order
from c10h.stages.people import People, people_of_truth
from c10h.stages.predicted_items import items_of, some_items

# How many runs an error names.
MOST_NAMES = 4


@dataclass(frozen=True)
class Against:
    """What runs are scored against; their own truth where there is neither.

    digest: says which files these are, so that only runs scored against the same ones are paired.
    data: the data set that they are of, for messages; empty where they are for all.
    """

    labels: Labels | None = None
    truth: Truth | None = None
    digest: str = ""
    data: str = ""


@dataclass(frozen=True)
class Run:
    """Predictions to score under a name, with what their user says of them.

    not_rescaled: why no temperature is of use to them; empty where one is. note: what a reader of
    their figures should know, one a line. against: what to score
    them against; None for what all runs are scored against.
    """

    name: str
    predictions: Predictions
    network: str = ""
    training: str = ""
    data: str = ""
    seed: str = ""
    not_rescaled: str = ""
    note: str = ""
    against: Against | None = None


def matched_runs(
    runs: Sequence[Run],
    classes: tuple[str, ...],
    *,
    skip_unlabeled: bool = False,
    common: bool = False,
    tell: Tell = silent,
) -> Iterator[MatchedRun]:
    """Each run, which is against something, with what is known of its items.

    classes: those of all runs. skip_unlabeled: leave out items that the labels do not have. common:
    leave out items that not all runs of their data set have. tell: called with a line on how labels
    and truth were matched. Raises MismatchError where inputs do not belong together, InputError
    where there is nothing to compare.
    """
    every = {id(run.against): run.against for run in runs if run.against is not None}
    known: dict[int, KnownItems | None] = {}
    for key, against in every.items():
        of_all = _known(against, classes, tell)
        if of_all is not None and skip_unlabeled:
            of_all = replace(of_all, may_lack=inf)
        known[key] = _with_truth_of_runs(of_all, [r for r in runs if r.against is against], tell)
    matched = (_match(run, known[id(run.against)], classes) for run in runs)
    if not common:
        return matched
    if any(of_all is None for of_all in known.values()):
        raise InputError("--common needs --labels or --truth, by which items are known")
    of_runs = list(matched)
    places = [_common_rows([m for m in of_runs if m.run.against is a]) for a in every.values()]
    rows = dict(zip(every, places, strict=True))
    return (_at_rows(each, rows[id(each.run.against)]) for each in of_runs)


def _common_rows(matched: Sequence[MatchedRun]) -> Array:
    """The rows that runs on one data set share, int64, ascending. Raises MismatchError for none."""
    rows = reduce(np.intersect1d, [each.all_rows for each in matched])
    if not len(rows):
        names = brief([each.run.name for each in matched], MOST_NAMES)
        raise MismatchError(f"--common: no item that {names} all have")
    return np.asarray(rows, dtype=np.int64)


def _at_rows(matched: MatchedRun, rows: Array) -> MatchedRun:
    """A run without the items that are not in these rows."""
    kept = np.isin(matched.all_rows, rows)
    left_out = int((~kept).sum())
    if not left_out:
        return matched
    note = f"{left_out:,} of {len(kept):,} items are not in all runs and are left out"
    run, people = matched.run, matched.people
    return replace(
        matched,
        run=replace(run, predictions=some_items(run.predictions, kept)),
        people=people.take(np.flatnonzero(kept)),
        rows=matched.all_rows[kept],
        note="\n".join(filter(None, [matched.note, note])),
        told=f"{matched.told}; {note}".removeprefix("; "),
    )


@dataclass(frozen=True)
class KnownItems:
    """What labels and truth say, in the order of the labels, or else of the truth.

    are_labels: whether of labels. may_lack: how many items they need not have. note: what could
    not be compared.
    """

    people: People
    are_labels: bool
    may_lack: float
    note: str = ""
    data: str = ""

    @property
    def where(self) -> str:
        """What has them, for messages."""
        of_data = f" of {self.data}" if self.data else ""
        return ("the labels" if self.are_labels else "the truth") + of_data


def _known(against: Against, classes: tuple[str, ...], tell: Tell) -> KnownItems | None:
    """What there is to score against besides predictions; None for nothing."""
    known = _known_of(against, classes, tell)
    return None if known is None else replace(known, data=against.data)


def _known_of(against: Against, classes: tuple[str, ...], tell: Tell) -> KnownItems | None:
    labels, truth = against.labels, against.truth
    if labels is not None:
        labels = labels_in_order(labels, classes, "labels")
    if truth is not None:
        truth = in_order_of(truth, classes, "truth")
    if labels is None:
        if truth is None:
            return None
        return KnownItems(people_of_truth(truth, classes), are_labels=False, may_lack=inf)
    left_out = int(labels.settings.get(LEFT_OUT) or 0)
    if truth is None:
        return KnownItems(People.of(labels, None, classes), are_labels=True, may_lack=left_out)
    items, others = Items("the labels", labels.probs.shape[0], labels.ids), truth.items("the truth")
    matched = align(items, others, may_lack=inf if items.ids is not None else 0)
    tell(f"the labels: {matched.describe(items, others)}")
    truth = truth.at(matched.rows)
    people = People.of(labels, truth.values, classes, truth.right)
    return KnownItems(people, are_labels=True, may_lack=left_out, note=matched.note)


def _with_truth_of_runs(
    known: KnownItems | None, runs: Sequence[Run], tell: Tell
) -> KnownItems | None:
    """With the true classes that some runs bring, where others of them have none.

    Else runs on the same items could not be compared. Raises MismatchError where they differ.
    """
    bringing = [run for run in runs if run.predictions.truth is not None]
    if known is None or known.people.truth is not None or not 0 < len(bringing) < len(runs):
        return known
    people = known.people
    for run in bringing:
        matched = align(items_of(run.predictions, run.name), people.items(known.where),
                        may_lack=known.may_lack)  # fmt: skip
        truth = np.full(people.size, -1, dtype=np.int64)
        rows = np.arange(people.size) if matched.rows is None else matched.rows
        truth[rows[rows >= 0]] = np.asarray(run.predictions.truth)[rows >= 0]
        people = people.agreeing(truth, run.name)
    tell(f"{known.where}: true classes from {brief([run.name for run in bringing], 3)}")
    return replace(known, people=people)


@dataclass(frozen=True)
class MatchedRun:
    """A run, and what is known of its items, in their order; rows: where they are in the labels.

    note: what could not be compared, or was left out. told: how the items were matched.
    """

    run: Run
    people: People
    rows: Array | None
    note: str = ""
    told: str = ""

    @property
    def all_rows(self) -> Array:
        """Where its items are, where that is not all rows in order, too."""
        return np.arange(self.people.size) if self.rows is None else self.rows


def _match(run: Run, known: KnownItems | None, classes: tuple[str, ...]) -> MatchedRun:
    """Match the items of a run with those of labels and truth, and put them in their order.

    Predictions in another order are held in memory. Raises MismatchError.
    """
    own = run.predictions.truth
    if known is None:
        if own is None:
            raise InputError(
                f"{run.name}: nothing to compare with: use --labels, --truth or predictions "
                "that have a truth"
            )
        check_truth(own, len(classes), f"{run.name}: truth")
        return MatchedRun(run, People.of(None, own, classes), run.predictions.index)
    items, others = items_of(run.predictions, run.name), known.people.items(known.where)
    # A truth need not know all items, but which those are only their names say.
    named = known.are_labels or items.ids is not None
    matched = align(
        items,
        others,
        may_lack=known.may_lack if named else 0,
        remedy="--skip-unlabeled leaves out items without labels" if known.are_labels else "",
    )
    rows, notes = matched.rows, [known.note, matched.note]
    if rows is not None and matched.absent:
        kept = rows >= 0
        lack = "labels" if known.are_labels else "true class"
        notes.append(f"{matched.absent:,} of {len(rows):,} items have no {lack} and are left out")
        run = replace(run, predictions=some_items(run.predictions, kept))
        rows = rows[kept]
    if rows is not None and (np.diff(rows) < 0).any():
        # In one order, runs are resampled alike: differences between them are paired.
        run = replace(run, predictions=some_items(run.predictions, np.argsort(rows)))
        rows = np.sort(rows)
    own = run.predictions.truth
    people = known.people.take(rows).agreeing(own, run.name)
    if people.truth is not None:
        check_truth(people.truth, len(classes), f"{run.name}: truth")
    note = "\n".join(filter(None, notes))
    return MatchedRun(run, people, rows, note, matched.describe(items, others))
