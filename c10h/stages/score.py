"""Score: predictions and attacks against people and truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from c10h.files import Source
from c10h.formats.class_names import are_default
from c10h.formats.hints import WIDE, Tell, silent
from c10h.formats.predictions_and_labels import (
    FROM_PROBS,
    open_labels,
    open_scored,
    recorded_classes,
)
from c10h.formats.truth_files import Truth, open_truth
from c10h.lineage import HasLineage, lineage_of
from c10h.metrics.metrics import choose
from c10h.records import Attack, Labels, Predictions, Scores
from c10h.stages.attack_runs import runs_of, why_not_rescaled
from c10h.stages.class_order import class_names_note, common_classes
from c10h.stages.progress_callback import Show, show_nothing
from c10h.stages.run_groups import seed_behind
from c10h.stages.score_request import ScoreRequest
from c10h.stages.score_runs import Options, Run, score_runs


@dataclass(frozen=True)
class ScoreResult:
    """Scores with their lineage, and what was scored against what.

    networks: what the files of predictions and of attacks are called. references: names of the
    files of labels and truth; none where the predictions' own truth is all there is.
    """

    scores: Scores
    networks: tuple[str, ...]
    references: tuple[str, ...]


def score(request: ScoreRequest, show: Show = show_nothing, tell: Tell = silent) -> ScoreResult:
    """Every metric that a request asks for, of every run and every member.

    show: how the scoring is shown, with numbers of items. tell: called with lines on what was taken
    of the inputs and how they were matched. Raises MismatchError where inputs do not belong
    together, InSampleError for predictions of items that a network was trained on unless the
    request allows them, other InputErrors for what cannot be.
    """
    inputs = _open(request, tell)
    runs = [
        Run(
            name,
            predictions,
            **request.about,
            seed=seed_behind(network.record.lineage),
            not_rescaled=why_not_rescaled(name, network.record),
        )
        for network in inputs.networks.values()
        for name, predictions in network.runs
    ]
    references = [file for file in (request.labels, request.truth) if file is not None]
    options = Options(
        metrics=choose(request.metrics, request.top),
        by=request.by,
        resamples=request.resamples,
        seed=request.seed,
        in_sample=request.in_sample,
        per_item=request.per_item,
        labels_digest=" ".join(file.sha256 for file in references) if request.traced else "",
        rescale=request.rescale,
        members=request.members,
    )
    total = sum(run.predictions.logits.shape[0] * run.predictions.logits.shape[1] for run in runs)
    with show("scoring", total) as advance:
        scores = score_runs(
            runs, inputs.labels, inputs.truth, options, inputs.classes, advance, tell
        )
    if request.traced:
        classes = inputs.classes if request.hints.classes is not None else None
        lineage = lineage_of(request, _roles(request, inputs), settled={"classes": classes})
        scores = replace(scores, lineage=lineage)
    _tell_classes(inputs, scores.classes, tell)
    return ScoreResult(scores, tuple(inputs.networks), tuple(file.name for file in references))


@dataclass(frozen=True)
class _Network:
    """The predictions or the attack of an input, and the runs that it gives, each with its name."""

    record: Predictions | Attack
    runs: list[tuple[str, Predictions]]


@dataclass(frozen=True)
class _Inputs:
    """The inputs of a request, opened. classes: names for those without names of their own."""

    networks: Mapping[str, _Network]
    labels: Labels | None
    truth: Truth | None
    classes: tuple[str, ...] | None


def _open(request: ScoreRequest, tell: Tell) -> _Inputs:
    hints = request.hints
    networks: dict[str, _Network] = {}
    for name, file in request.predictions:
        # Layout and votes are about people; predictions have a row an item.
        record = open_scored(file, replace(hints, layout=WIDE, min_votes=0), tell)
        networks[name] = _Network(record, runs_of(name, record, apart=request.members))
    labels = None
    if request.labels is not None:
        labels = open_labels(request.labels, replace(hints, meaning=None), tell)
    names = hints.classes
    records: list[Labels | Predictions] = [
        *([labels] if labels else []),
        *(predictions for network in networks.values() for _, predictions in network.runs),
    ]
    order = names or common_classes(records)
    nameless = names is None and order is not None and are_default(order)
    if request.truth is not None and nameless:
        names = recorded_classes(request.truth)
        order = names or order
    truth = None if request.truth is None else open_truth(request.truth, order, hints, tell)
    if names is None and truth is not None and nameless:
        names = None if are_default(truth.classes) else truth.classes
    return _Inputs(networks, labels, truth, names)


def _roles(request: ScoreRequest, inputs: _Inputs) -> list[tuple[str, Source, HasLineage | None]]:
    """Role, file and record of each input, for the lineage."""
    roles: list[tuple[str, Source, HasLineage | None]] = []
    for name, file in request.predictions:
        record = inputs.networks[name].record
        roles.append((f"{record.kind} {name}", file, record))
    if request.labels is not None:
        roles.append(("labels", request.labels, inputs.labels))
    if request.truth is not None:
        roles.append(("truth", request.truth, None))
    return roles


def _tell_classes(inputs: _Inputs, classes: tuple[str, ...], tell: Tell) -> None:
    """Tell how names of classes were matched, and warn of uneven clipping."""
    predictions = {name: network.runs[0][1] for name, network in inputs.networks.items()}
    records: list[tuple[str, Labels | Predictions | None]] = [*predictions.items()]
    for what, record in [*records, ("labels", inputs.labels)]:
        if record is not None and (note := class_names_note(record, classes)):
            tell(f"{what}: {note}")
    if len({bool(record.settings.get(FROM_PROBS)) for record in predictions.values()}) > 1:
        tell(
            "warning: logits and probabilities side by side: probabilities that were rounded to 0 "
            "are clipped, which caps their cross-entropy at 87.3 per item"
        )
