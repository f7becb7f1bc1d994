"""From the arguments of the ``labels`` commands to records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from c10h import h5
from c10h.cli.console import say, waiting
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import IMAGES, LABELS
from c10h.errors import InputError
from c10h.files import Source, check_single_stdin
from c10h.formats.class_names import are_default
from c10h.formats.hints import WIDE, Hints
from c10h.formats.judgment_columns import MatrixReading, Reading
from c10h.formats.judgments import Judgments, open_judgments
from c10h.formats.predictions_and_labels import open_labels, open_predictions, recorded_classes
from c10h.formats.truth_files import Truth, is_vector, open_truth
from c10h.items import whole_numbers
from c10h.labels.filters import Filters
from c10h.labels.sources import SOURCES, Takes
from c10h.labels.votes import Votes, count_votes
from c10h.records import Images, Labels, Predictions, Record
from c10h.stages.class_order import common_classes
from c10h.stages.labels_build import with_truth

# How many names of left out annotators a message has.
NAMES = 20


@dataclass
class Opened:
    """The inputs of one command, opened; ``used`` lists them for the lineage."""

    names: tuple[str, ...] | None
    used: list[tuple[str, Source, Record | None]]
    labels: Labels | None = None
    votes: Votes | None = None
    predictions: Sequence[Predictions] = ()
    truth: Truth | None = None
    told: list[str] = field(default_factory=list)

    def inputs(self) -> list[tuple[str, Labels | Predictions | None]]:
        """File names and records of the inputs that have classes."""
        records = [self.labels, *self.predictions]
        names = [file.name for role, file, _ in self.used if role != "truth"]
        return list(zip(names, (one for one in records if one is not None), strict=True))


def open_sources(
    what: str,
    files: Sequence[Source],
    truth_file: Source | None,
    hints: Hints,
    *,
    reading: Reading | MatrixReading | None,
    filters: Filters,
) -> Opened:
    """Open the files of ``labels build --as what``; reading: the first one, if it is a table."""
    takes, first = SOURCES[what].takes, files[0]
    opened = Opened(hints.classes, [])
    if takes is Takes.PREDICTIONS:
        wide = replace(hints, layout=WIDE, min_votes=0)
        opened.predictions = [open_predictions(file, wide, opened.told.append) for file in files]
        opened.used += [
            ("predictions", file, one) for file, one in zip(files, opened.predictions, strict=True)
        ]
    elif reading is not None:
        _add_judgments(opened, reading, filters, truth_file, hints)
        return opened
    elif takes is Takes.TRUTH and (is_vector(first, hints) or h5.peek_kind(first) == Images.kind):
        if truth_file is not None:
            raise InputError(f"--truth: {first.name} holds the true classes already")
        truth_file = first
        opened.names = opened.names or recorded_classes(first)
    else:
        opened.labels = open_labels(first, hints, opened.told.append)
        opened.used.append(("source", first, opened.labels))
    if replace(filters, min_votes=0) != Filters():
        raise InputError(
            "--min-attention, --rt-min, --rt-max, --missing and --drop-label are about tables of "
            f"judgments: {first.name} is none"
        )
    known = [opened.labels] if opened.labels else opened.predictions
    if truth_file is not None:
        order = opened.names or common_classes(known)
        opened.truth = open_truth(truth_file, order, hints, opened.told.append)
        if not are_default(opened.truth.classes):
            opened.names = opened.names or opened.truth.classes
        opened.used.append(("truth", truth_file, None))
    return opened


def open_people(argument: str, truth: str | None, hints: Hints) -> Labels:
    """Labels from a file, with the truth of another one where that is given."""
    check_single_stdin([argument, *([truth] if truth else [])])
    told: list[str] = []
    file = open_input(argument, LABELS)
    labels = open_labels(file, hints, told.append)
    if labels.counts is None:
        raise InputError(f"{file.name}: expected vote counts, found probabilities only")
    if truth is not None:
        right = open_truth(open_input(truth, LABELS, IMAGES), labels.classes, hints, told.append)
        labels = with_truth(labels, right)
    for line in told:
        say(line)
    return labels


def read_judgments(reading: Reading | MatrixReading) -> Judgments:
    """The judgments of a table of either layout."""
    with waiting(f"reading {reading.source.name}"):
        if isinstance(reading, MatrixReading):
            from c10h.formats.annotator_matrix import open_annotator_matrix  # which few need

            return open_annotator_matrix(reading)
        return open_judgments(reading)


def _add_judgments(
    opened: Opened,
    reading: Reading | MatrixReading,
    filters: Filters,
    truth_file: Source | None,
    hints: Hints,
) -> None:
    if hints.zero:
        raise InputError(
            f"--missing zero is about tables with a column a class: {reading.source.name} has "
            "judgments (--missing drop leaves out those without a label)"
        )
    judgments = read_judgments(reading)
    opened.votes = count_votes(judgments, filters, opened.names, one_based=hints.one_based)
    opened.labels = opened.votes.labels
    opened.used.append(("judgments", reading.source, None))
    if truth_file is not None:
        if hints.item is not None and hints.item.isdecimal():
            hints = replace(hints, item=None)  # the number of a column in the other table
        opened.truth = open_truth(truth_file, opened.labels.classes, hints, opened.told.append)
        opened.used.append(("truth", truth_file, None))


def tell_votes(name: str, votes: Votes) -> None:
    """Say what a table of judgments holds, what was left out and what was taken for granted."""
    size = votes.labels.probs.shape[0]
    checks = f", and {_count(votes.checks, 'attention check')}" if votes.checks else ""
    who = votes.labels.annotators
    people = _count(len(who["id"]), "annotator")
    say(f"{name}: {votes.taken}")
    say(f"{name}: {_count(votes.trials, 'judgment')} by {people}{checks}")
    annotators = votes.excluded_of("annotator")
    if annotators:
        names = ", ".join(one.name for one in annotators[:NAMES])
        more = ", ..." if len(annotators) > NAMES else ""
        lost = sum(one.judgments for one in annotators)
        say(
            f"{name}: left out {_count(len(annotators), 'annotator')} ({annotators[0].reason}) "
            f"with {_count(lost, 'judgment')}: {names}{more}"
        )
    tell_left_out(name, votes)
    if votes.dropped:
        say(f"{name}: left out {_count(votes.dropped, 'item')} with too few judgments")
    if votes.repeated:
        say(
            f"{name}: {votes.repeated:,} judgments repeat an item for the same annotator "
            f"({votes.repeaters:,} annotators); they are counted"
        )
    unchecked = int((who["attention"] != who["attention"]).sum()) if "attention" in who else 0
    if unchecked:
        say(f"{name}: kept {_count(unchecked, 'annotator')} without an attention check")
    if votes.labels.ids is not None:
        numbered = whole_numbers(votes.labels.ids) is not None
        order = f"numbers, which are not 0 to {size - 1:,} and are" if numbered else "names,"
        say(f"{name}: {_count(size, 'item')} in the order of their {order} written as ids")


def tell_left_out(name: str, votes: Votes) -> None:
    """Say which judgments were left out, and what was taken for granted of the others."""
    if len(votes.late):
        say(f"{name}: left out {_count(len(votes.late), 'judgment')} out of the reaction times")
    if votes.unanswered:
        say(f"{name}: left out {_count(len(votes.unanswered), 'judgment')} without a label")
    if votes.unwanted:
        labels = ", ".join(sorted({one.reason.removeprefix("label ") for one in votes.unwanted}))
        say(f"{name}: left out {_count(len(votes.unwanted), 'judgment')} by label: {labels}")
    for note in votes.notes:
        say(f"{name}: {note}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
