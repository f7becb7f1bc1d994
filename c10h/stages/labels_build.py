"""Build labels: from judgments, votes, shares, true classes or predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from c10h import h5
from c10h.errors import InputError, counted
from c10h.files import Source
from c10h.formats.class_names import are_default
from c10h.formats.detect_format import refuse_needless_item
from c10h.formats.hints import WIDE, Hints, Tell, brief, silent
from c10h.formats.judgment_columns import MatrixReading, Reading
from c10h.formats.judgments import Judgments, open_judgments
from c10h.formats.predictions_and_labels import (
    LEFT_OUT,
    open_labels,
    open_predictions,
    recorded_classes,
)
from c10h.formats.truth_files import Truth, is_vector, open_truth
from c10h.labels.judgment_filters import Filters
from c10h.labels.sources import SOURCES, Takes
from c10h.labels.votes import Votes, count_votes
from c10h.lineage import HasLineage, lineage_of
from c10h.records import Images, Labels, Predictions
from c10h.stages.class_order import class_names_note, common_classes
from c10h.stages.labels_build_request import BuildRequest
from c10h.stages.labels_from_records import classes_without_votes, make_labels
from c10h.stages.votes_notes import votes_notes

if TYPE_CHECKING:
    from c10h.stages.count_comparison import Comparison

# From what takes its time to what shows that it does.
Wait: TypeAlias = Callable[[str], AbstractContextManager[Any]]


@dataclass(frozen=True)
class BuildResult:
    """Labels with their lineage.

    votes: the judgments behind them, where they come from a table of these. counted: the labels of
    the source itself, where it has votes or shares. comparison: of their votes with published ones.
    """

    labels: Labels
    votes: Votes | None = None
    counted: Labels | None = None
    comparison: Comparison | None = None


def build_labels(
    request: BuildRequest, wait: Wait = nullcontext, tell: Tell = silent
) -> BuildResult:
    """The labels that a request asks for.

    wait: shows that something takes its time. tell: called with lines on what was taken of the
    inputs, what was left out and how they were matched, once the labels are there. Raises
    MismatchError where inputs do not belong together, InputError for what cannot be.
    """
    inputs = _open(request, wait)
    comparison = None
    if request.published is not None:
        comparison = _compare(inputs.labels, request)
    source = SOURCES[request.what]
    with wait(f"estimating ({request.what})") if source.takes is Takes.JUDGMENTS else nullcontext():
        labels = make_labels(
            request.what,
            labels=inputs.labels,
            votes=inputs.votes,
            predictions=inputs.predictions,
            truth=inputs.truth,
            classes=inputs.classes,
            prior=request.prior,
            smoothing=request.smoothing,
            temperature=request.temperature,
            seed=request.seed,
            tell=inputs.notes.append,
        )
    for note in _notes(request, inputs, labels.classes):
        tell(note)
    if left_out := labels.settings.get(LEFT_OUT):
        tell(
            f"c10h labels plan will not ask for {counted(int(left_out), 'item')} that "
            f"{'is' if left_out == 1 else 'are'} left out"
        )
    if unchosen := classes_without_votes(labels):
        tell(f"{request.sources[0].name}: no votes for {brief(unchosen)}")
    lineage = lineage_of(
        request,
        inputs.roles,
        settled={**request.settled, "classes": inputs.classes},
        excluded=inputs.votes.summary() if inputs.votes else None,
    )
    return BuildResult(replace(labels, lineage=lineage), inputs.votes, inputs.labels, comparison)


def judgments_in(reading: Reading | MatrixReading, wait: Wait = nullcontext) -> Judgments:
    """The judgments of a table of either layout."""
    with wait(f"reading {reading.source.name}"):
        if isinstance(reading, MatrixReading):
            from c10h.formats.annotator_matrix import open_annotator_matrix  # which few need

            return open_annotator_matrix(reading)
        return open_judgments(reading)


@dataclass
class _Inputs:
    """The inputs of a request, opened.

    classes: names for those without names of their own. roles: role, file and record of each, for
    the lineage. notes: what was taken of them, for people.
    """

    classes: tuple[str, ...] | None
    roles: list[tuple[str, Source, HasLineage | None]] = field(default_factory=list)
    labels: Labels | None = None
    votes: Votes | None = None
    predictions: Sequence[Predictions] = ()
    truth: Truth | None = None
    notes: list[str] = field(default_factory=list)


def _open(request: BuildRequest, wait: Wait) -> _Inputs:
    hints, first = request.hints, request.sources[0]
    inputs = _Inputs(hints.classes)
    takes, truth = SOURCES[request.what].takes, request.truth
    if request.reading is None:
        refuse_needless_item(hints.item, [*request.sources, *([truth] if truth else [])])
    if takes is Takes.PREDICTIONS:
        wide = replace(hints, layout=WIDE, min_votes=0)
        inputs.predictions = [
            open_predictions(file, wide, inputs.notes.append) for file in request.sources
        ]
        inputs.roles += [
            ("predictions", file, one)
            for file, one in zip(request.sources, inputs.predictions, strict=True)
        ]
    elif request.reading is not None:
        _add_judgments(inputs, request, judgments_in(request.reading, wait))
        return inputs
    elif takes is Takes.TRUTH and _holds_truth(first, hints):
        if truth is not None:
            raise InputError(f"--truth: {first.name} already has the true classes")
        truth = first
        inputs.classes = inputs.classes or recorded_classes(first)
    else:
        inputs.labels = open_labels(first, hints, inputs.notes.append)
        inputs.roles.append(("source", first, inputs.labels))
    if replace(request.filters, min_votes=0) != Filters():
        raise InputError(
            "--where, --min-attention, --rt-min, --rt-max, --missing, --drop-label and "
            f"--drop-annotator apply only to tables of judgments, and {first.name} is not one"
        )
    if truth is not None:
        known = [inputs.labels] if inputs.labels else inputs.predictions
        order = inputs.classes or common_classes(known)
        inputs.truth = open_truth(truth, order, hints, inputs.notes.append)
        if not are_default(inputs.truth.classes):
            inputs.classes = inputs.classes or inputs.truth.classes
        inputs.roles.append(("truth", truth, None))
    return inputs


def _holds_truth(source: Source, hints: Hints) -> bool:
    """Whether a source holds true classes, and nothing else about people."""
    return is_vector(source, hints) or h5.peek_kind(source) == Images.kind


def _add_judgments(inputs: _Inputs, request: BuildRequest, judgments: Judgments) -> None:
    hints, truth = request.hints, request.truth
    (source,) = request.sources
    if hints.zero:
        raise InputError(
            f"--missing zero applies to tables with one column per class: {source.name} has "
            "judgments (--missing drop leaves out those without a label)"
        )
    inputs.votes = count_votes(
        judgments, request.filters, inputs.classes, one_based=hints.one_based
    )
    inputs.labels = inputs.votes.labels
    inputs.roles.append(("judgments", source, None))
    if truth is not None:
        if hints.item is not None and hints.item.isdecimal():
            hints = replace(hints, item=None)  # the number of a column in the other table
        inputs.truth = open_truth(truth, inputs.labels.classes, hints, inputs.notes.append)
        inputs.roles.append(("truth", truth, None))


def _compare(labels: Labels | None, request: BuildRequest) -> Comparison:
    from c10h.stages.count_comparison import compare_counts  # which few need

    assert request.published is not None
    if labels is None:
        raise InputError("--compare needs judgments or vote counts as SOURCE")
    published = open_labels(request.published, Hints(layout=WIDE), silent)
    return compare_counts(labels, published, request.published.name)


def _notes(request: BuildRequest, inputs: _Inputs, classes: tuple[str, ...]) -> Iterator[str]:
    """What people should know: of the judgments, of the kind of labels, of classes and items."""
    names = [source.name for source in request.sources]
    if inputs.votes is not None:
        yield from votes_notes(names[0], inputs.votes)
    if SOURCES[request.what].warning:
        yield f"warning: {SOURCES[request.what].warning}"
    records: Sequence[Labels | Predictions]
    records = [inputs.labels] if inputs.labels is not None else inputs.predictions
    for name, record in zip(names, records, strict=False):
        if note := class_names_note(record, classes):
            yield f"{name}: {note}"
    yield from inputs.notes
