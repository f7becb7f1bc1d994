"""Score: predictions and attacks against people and truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from c10h.errors import InputError, unknown_name
from c10h.files import Source
from c10h.formats.class_names import are_default
from c10h.formats.detect_format import refuse_needless_item
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
from c10h.stages.attack_runs import failed_checks, runs_of, why_not_rescaled
from c10h.stages.class_order import class_names_note, common_classes
from c10h.stages.clipped_probabilities import CLIPPED
from c10h.stages.matched_runs import Against, Run
from c10h.stages.network_metrics import NEEDS
from c10h.stages.progress_callback import Show, show_nothing
from c10h.stages.run_groups import data_behind, model_behind, seed_behind
from c10h.stages.score_request import ScoreRequest
from c10h.stages.score_runs import Options, score_runs


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
    request allows them, other InputErrors for what cannot be, such as metrics that all need what is
    not there.
    """
    inputs = _open(request, tell)
    runs = [run for name, network in inputs.networks for run in _runs(name, network, inputs)]
    references = [file for _, file in (*request.labels, *request.truth)]
    options = Options(
        metrics=choose(request.metrics, request.top),
        by=request.by,
        resamples=request.resamples,
        seed=request.seed,
        in_sample=request.in_sample,
        per_item=request.per_item,
        rescale=request.rescale,
        members=request.members,
        ensemble=request.ensemble,
        skip_unlabeled=request.skip_unlabeled,
        common=request.common,
    )
    shapes = [run.predictions.logits.shape for run in runs]
    total = sum(size if request.ensemble else members * size for members, size, _ in shapes)
    with show("scoring", total) as advance:
        scores = score_runs(
            runs, options=options, classes=inputs.classes, advance=advance, tell=tell
        )
    if request.metrics:
        _refuse_impossible(scores)
    if request.traced:
        classes = inputs.classes if request.hints.classes is not None else None
        lineage = lineage_of(request, _roles(request, inputs), settled={"classes": classes})
        scores = replace(scores, lineage=lineage)
    _tell_classes(inputs, scores, tell)
    return ScoreResult(
        scores,
        tuple(dict.fromkeys(name for name, _ in inputs.networks)),
        tuple(file.name for file in references),
    )


def _refuse_impossible(scores: Scores) -> None:
    """Raise InputError where all metrics need what no run has, as accuracy needs true classes."""
    whys = dict.fromkeys(scores.why[:, :, 0].ravel().tolist())
    if all(why.startswith(NEEDS) for why in whys):
        raise InputError(f"--metrics {','.join(scores.metric.tolist())} {'; '.join(whys)}")


@dataclass(frozen=True)
class _Network:
    """The predictions or the attack of an input, and the runs that it gives, each with its name.

    about: network, training and data set, as the request or else the lineage says.
    """

    record: Predictions | Attack
    runs: list[tuple[str, Predictions]]
    about: Mapping[str, str]


@dataclass(frozen=True)
class _Inputs:
    """The inputs of a request, opened. networks: with the names of their files.

    labels, truth: by the data set that they are of, "" for all others. against: what each data set
    is scored against. classes: names for those without names of their own.
    """

    networks: Sequence[tuple[str, _Network]]
    labels: Mapping[str, Labels]
    truth: Mapping[str, Truth]
    against: Mapping[str, Against]
    classes: tuple[str, ...] | None


def _runs(name: str, network: _Network, inputs: _Inputs) -> list[Run]:
    """The runs of a file that is called ``name``."""
    return [
        Run(
            run,
            predictions,
            **network.about,
            seed=seed_behind(network.record.lineage),
            not_rescaled=why_not_rescaled(run, network.record),
            note=failed_checks(run, network.record),
            against=inputs.against[network.about["data"]],
        )
        for run, predictions in network.runs
    ]


def _open(request: ScoreRequest, tell: Tell) -> _Inputs:
    hints = request.hints
    inputs = [*request.predictions, *request.labels, *request.truth]
    refuse_needless_item(hints.item, [file for _, file in inputs])
    networks: list[tuple[str, _Network]] = []
    for name, file in request.predictions:
        # Layout and votes are about people; predictions have a row an item.
        record = open_scored(file, replace(hints, layout=WIDE, min_votes=0), tell)
        if request.ensemble and isinstance(record, Attack) and record.clean_logits.shape[0] > 1:
            raise InputError(
                f"{name}: --ensemble applies to predictions: here each network has images of its "
                "own, those that it was attacked with"
            )
        runs = runs_of(name, record, apart=request.members)
        networks.append((name, _Network(record, runs, _about(record, request))))
    networks = _on_one_data_set(networks, request)
    labels = {
        data: open_labels(file, replace(hints, meaning=None), tell) for data, file in request.labels
    }
    names = hints.classes
    for name, network in networks:
        own = network.record.classes
        if names is not None and names != own and not are_default(own) and set(names) == set(own):
            tell(
                f"{name}: has names of its classes, which hold in the order that it has: --classes "
                "names those of inputs without names"
            )
    records: list[Labels | Predictions] = [
        *labels.values(),
        *(predictions for _, network in networks for _, predictions in network.runs),
    ]
    order = names or common_classes(records)
    nameless = names is None and order is not None and are_default(order)
    for _, file in request.truth:
        if nameless and (recorded := recorded_classes(file)):
            names, order, nameless = recorded, recorded, False
    truth = {data: open_truth(file, order, hints, tell) for data, file in request.truth}
    for of_data in truth.values():
        if names is None and nameless and not are_default(of_data.classes):
            names = of_data.classes
    return _Inputs(networks, labels, truth, _against(request, networks, labels, truth), names)


def _on_one_data_set(
    networks: list[tuple[str, _Network]], request: ScoreRequest
) -> list[tuple[str, _Network]]:
    """Networks of which nobody knows the data set are on that of the others, if there is just one.

    For all are scored against the same labels or truth, unless these are of one data set alone.
    """
    against = [data for data, _ in (*request.labels, *request.truth)]
    known = {network.about["data"] for _, network in networks} - {""}
    if not against or any(against) or len(known) != 1:
        return networks
    (data,) = known
    return [
        (name, replace(network, about={**network.about, "data": data}))
        for name, network in networks
    ]


def _about(record: Predictions | Attack, request: ScoreRequest) -> dict[str, str]:
    """What is said of a file's runs: tags, and else what its lineage says."""
    behind = model_behind(record.lineage)
    return {**behind._asdict(), "data": data_behind(record.lineage), **request.about}


def _against(
    request: ScoreRequest,
    networks: Sequence[tuple[str, _Network]],
    labels: Mapping[str, Labels],
    truth: Mapping[str, Truth],
) -> dict[str, Against]:
    """What each data set is scored against. Raises InputError for one that no run is on."""
    sets = list(dict.fromkeys(network.about["data"] for _, network in networks))
    for option, named in (("--labels", labels), ("--truth", truth)):
        for data in filter(None, named):
            if data not in sets:
                raise InputError(f"{option} {data}=…: {unknown_name('data set', data, sets)}")
    return {
        data: Against(
            labels.get(data, labels.get("")),
            truth.get(data, truth.get("")),
            " ".join(_digests(request, data)) if request.traced else "",
            data if len(sets) > 1 else "",
        )
        for data in sets
    }


def _digests(request: ScoreRequest, data: str) -> Iterator[str]:
    """The SHA-256 of labels and truth of a data set."""
    for named in (dict(request.labels), dict(request.truth)):
        file = named.get(data, named.get(""))
        if file is not None:
            yield file.sha256


def _roles(request: ScoreRequest, inputs: _Inputs) -> list[tuple[str, Source, HasLineage | None]]:
    """Role, file and record of each input, for the lineage."""
    roles: list[tuple[str, Source, HasLineage | None]] = []
    for (name, file), (_, network) in zip(request.predictions, inputs.networks, strict=True):
        roles.append((f"{network.record.kind} {name}", file, network.record))
    for data, file in request.labels:
        roles.append((f"labels {data}".strip(), file, inputs.labels[data]))
    for data, file in request.truth:
        roles.append((f"truth {data}".strip(), file, None))
    return roles


def _tell_classes(inputs: _Inputs, scores: Scores, tell: Tell) -> None:
    """Tell how names of classes were matched, and warn of uneven clipping."""
    classes = scores.classes
    predictions = [(name, network.runs[0][1]) for name, network in inputs.networks]
    labels = [(f"labels {data}".strip(), record) for data, record in inputs.labels.items()]
    every: list[tuple[str, Labels | Predictions]] = [*predictions, *labels]
    for what, record in every:
        if note := class_names_note(record, classes):
            tell(f"{what}: {note}")
    is_clipped = any(CLIPPED in notes for notes in scores.notes.tolist())
    are_uneven = len({bool(record.settings.get(FROM_PROBS)) for _, record in predictions}) > 1
    if is_clipped and are_uneven:
        tell(
            "warning: logits and probabilities side by side: probabilities that were rounded to 0 "
            "are clipped, which caps their cross-entropy at 87.3 per item"
        )
