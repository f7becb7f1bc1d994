"""The functions of ``import c10h``: each a command, with its checks, its lineage and its result.

Inputs are paths, names of data sets, arrays, tensors, data frames, records or results of other
calls (:mod:`c10h.api.inputs`). Options have the names, meanings and defaults of the command line,
with underscores for dashes. What is wrong raises a :class:`c10h.errors.C10hError` with the line
that the command line prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from c10h import h5
from c10h.api.inputs import Inputs, opened
from c10h.api.results import Result
from c10h.cli.progress_bar import progress
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import IMAGES, JUDGMENTS, LABELS, PREDICTIONS
from c10h.errors import InputError, unknown_name
from c10h.files import Source, check_output
from c10h.formats.class_names import parse_classes
from c10h.formats.hints import AUTO, fixed, make_hints
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.labels.sources import SOURCES, Takes
from c10h.records import Record
from c10h.run_folder import Run, open_run
from c10h.stages.arguments import is_run
from c10h.stages.network_arguments import NetworkOptions, check_named, open_networks
from c10h.stages.network_requests import Networks
from c10h.views import show_run as run_view

Names = str | Sequence[str]
# What is done with judgments without a label.
MISSING = ("refuse", "drop", "zero")


def score(
    predictions: Any,
    labels: Any = None,
    truth: Any = None,
    *,
    metrics: Names = (),
    top: int | None = None,
    by: str | None = None,
    rescale: str | None = None,
    tags: Mapping[str, str] | None = None,
    in_sample: bool = False,
    members: bool = False,
    ensemble: bool = False,
    skip_unlabeled: bool = False,
    common: bool = False,
    per_item: bool = False,
    resamples: int = 1000,
    seed: int = 0,
    classes: Names | None = None,
    columns: str | slice | Sequence[str] | None = None,
    item: str | None = None,
    header: bool | None = None,
    layout: str = AUTO,
    logits: bool = False,
    probs: bool = False,
    one_based: bool = False,
    min_votes: int = 0,
) -> Result:
    """Score predictions against people and truth: ``c10h score``.

    predictions: logits or probabilities, (n, c) or (m, n, c), labels or an attack; several runs as
    a mapping from their names, or as a list of paths. labels: human labels, counts (n, c) or
    probabilities. truth: class numbers or names (n); both also as mappings from data sets. The
    options are those of ``c10h score --help``.
    The result is scores: a table, a row for each value, and the JSON of ``c10h score --json``.
    Raises InSampleError for predictions of items that the network was trained on.
    """
    from c10h.stages.score import score as score_stage
    from c10h.stages.score_request import ScoreRequest

    if isinstance(predictions, Mapping):
        runs = [*predictions.items()]
    elif isinstance(predictions, list) and all(isinstance(p, str | Path) for p in predictions):
        runs = [("", path) for path in predictions]
    else:
        runs = [("", predictions)]
    with opened() as inputs:
        files = [
            (name, inputs.open(value, name or "predictions", PREDICTIONS)) for name, value in runs
        ]
        request = ScoreRequest(
            predictions=[(name or _run_name(file), file) for name, file in files],
            labels=_by_data_set(inputs, labels, "labels", LABELS),
            truth=_by_data_set(inputs, truth, "truth", LABELS, IMAGES),
            hints=make_hints(
                columns=columns,
                item=item,
                classes=classes,
                header=header,
                layout=layout,
                logits=logits,
                probs=probs,
                one_based=one_based,
                min_votes=min_votes,
            ),
            metrics=_words(metrics),
            top=top,
            by=by,
            rescale=rescale,
            tags=tuple(f"{key}={text}" for key, text in (tags or {}).items()),
            in_sample=in_sample,
            members=members,
            ensemble=ensemble,
            skip_unlabeled=skip_unlabeled,
            common=common,
            per_item=per_item,
            resamples=resamples,
            seed=seed,
        )
        notes: list[str] = []
        scored = score_stage(request, progress, notes.append)
        chosen = [str(name) for name in scored.scores.metric] if metrics else ()
        return Result.of(scored.scores, "scores", notes, chosen)


def build_labels(
    source: Any,
    what: str = "human",
    *,
    truth: Any = None,
    prior: float = 0.0,
    smoothing: float = 0.1,
    temperature: float = 1.0,
    seed: int = 0,
    annotator: str | None = None,
    item: str | None = None,
    label: str | None = None,
    check: str | None = None,
    correct: str | None = None,
    rt: str | None = None,
    true_label: str | None = None,
    where: Names = (),
    min_attention: float | None = None,
    rt_min: float | None = None,
    rt_max: float | None = None,
    missing: str = "refuse",
    drop_label: Names = (),
    drop_annotator: Names = (),
    min_votes: int = 0,
    classes: Names | None = None,
    columns: str | slice | Sequence[str] | None = None,
    header: bool | None = None,
    layout: str = AUTO,
    logits: bool = False,
    probs: bool = False,
    one_based: bool = False,
) -> Result:
    """Build soft labels: ``c10h labels build --as WHAT``.

    source: a table of judgments, votes (n, c), probabilities, or true classes; for distill a list
    of predictions. what: a name that ``c10h labels build --help`` lists. The other options are
    those of that command.
    The result is labels: ``probs`` float64 (n, c), and ``counts`` int32 (n, c) where there are
    votes.
    """
    from c10h.stages.labels_build import build_labels as build_stage
    from c10h.stages.labels_build_request import BuildRequest

    if missing not in MISSING:
        raise InputError(f"--missing: {unknown_name('value', missing, MISSING)}")
    several = what in SOURCES and SOURCES[what].takes is Takes.PREDICTIONS
    values = source if several and isinstance(source, list | tuple) else [source]
    forms = (PREDICTIONS,) if several else (JUDGMENTS, LABELS, IMAGES)
    with opened() as inputs:
        request = BuildRequest(
            what=what,
            sources=[inputs.open(value, "source", *forms) for value in values],
            truth=_optional(inputs, truth, "truth", LABELS, IMAGES),
            hints=make_hints(
                columns=columns,
                item=item,
                classes=classes,
                header=header,
                layout=layout,
                logits=logits,
                probs=probs,
                one_based=one_based,
                min_votes=min_votes,
                zero=missing == "zero",
            ),
            columns=Columns(annotator, item, label, check, correct, rt, true_label),
            filters=Filters(
                min_attention,
                rt_min,
                rt_max,
                min_votes,
                missing == "drop",
                _words(drop_label),
                _words(drop_annotator),
                _words(where),
            ),
            prior=prior,
            smoothing=smoothing,
            temperature=temperature,
            seed=seed,
        )
        notes: list[str] = []
        built = build_stage(request, tell=notes.append)
        return Result.of(built.labels, "labels", notes)


def import_images(
    source: Any,
    *,
    labels: Any = None,
    classes: Names | None = None,
    split: Names = (),
    select: str | None = None,
    map: str | None = None,  # noqa: A002 - as the option is called
    resize: int | None = None,
    ids: str | None = None,
    no_truth: bool = False,
    one_based: bool = False,
    skip_bad: bool = False,
    skip_unlabeled: bool = False,
) -> Result:
    """Import images: ``c10h data import``.

    source: a folder, an archive, a file of arrays, or uint8 pixels (n, h, w, 3), (n, 3, h, w) or
    (n, h, w). labels: true classes of an array (n), or a table of file and class. The options are
    those of ``c10h data import --help``.
    The result is images: ``images`` uint8 (n, h, w, 3), ``truth`` int64 (n) and ``ids``.
    """
    from c10h.images.folder_class_maps import find_map, read_map
    from c10h.images.import_request import IDS, Choice, ImportRequest
    from c10h.stages.data_import import data_import

    map_file = find_map(map) if map else None
    is_path = isinstance(source, str | Path)
    with opened() as inputs:
        request = ImportRequest(
            path=str(source if is_path else inputs.open(source, "images").path),
            choice=Choice(
                splits=_words(split),
                select=select,
                to_class=read_map(map_file) if map_file else None,
                side=resize,
                skip_bad=skip_bad,
                skip_unlabeled=skip_unlabeled,
            ),
            labels=_optional(inputs, labels, "labels", LABELS, IMAGES),
            map_file=map_file,
            no_truth=no_truth,
            ids=ids if ids in (None, *IDS) else None,
            ids_file=Source.open(ids) if ids not in (None, *IDS) else None,
            classes=parse_classes(classes) if isinstance(classes, str) else fixed(classes),
            one_based=one_based,
        )
        notes: list[str] = []
        imported = data_import(request, inputs.folder, progress, notes.append)
        return Result.of(imported, "images", notes)


def corrupt_images(images: Any, *, kind: str, severity: int, seed: int = 0) -> Result:
    """Corrupt images as in CIFAR-10-C: ``c10h data corrupt``.

    images: a path, the name of a data set or a result. The options are those of
    ``c10h data corrupt --help``.
    The result is images with the truth and ids of the given ones; all its pixels are in memory.
    """
    from c10h.stages.data_corrupt import data_corrupt
    from c10h.stages.data_corrupt_request import CorruptRequest

    with opened() as inputs:
        images_file, given = inputs.images(images)
        request = CorruptRequest(
            images=given, images_file=images_file, kind=kind, severity=severity, seed=seed
        )
        corrupted = data_corrupt(request)
        pixels = corrupted.images[0 : corrupted.images.shape[0]]
        return Result.of(replace(corrupted, images=pixels), "images")


def train(
    images: Any,
    labels: Any = None,
    *,
    arch: str,
    folder: str | Path,
    folds: int | None = None,
    fold: int | Sequence[int] = (),
    target: str = "soft",
    lr: float | Sequence[float] = (),
    mixup: float | Sequence[float] = (),
    choose: str = "fold",
    init: str | Path | None = None,
    recipe: str | None = None,
    optimizer: str | None = None,
    nesterov: bool | None = None,
    schedule: str | None = None,
    milestones: float | Sequence[float] = (),
    decay: float | None = None,
    epochs: float | None = None,
    batch_size: int | None = None,
    weight_decay: float | None = None,
    augment: str | None = None,
    padding: str | None = None,
    probs: bool = False,
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    compile: bool = False,  # noqa: A002 - as the option is called
    parallel_folds: int = 1,
    checkpoint_minutes: float | None = None,
    tensorboard: bool = False,
) -> Result:
    """Train a network, or one for each fold, or resume: ``c10h train``.

    images: a result of :func:`import_images`, its file, or a data set. labels: any that
    :func:`score` accepts. folder: of the run, new or to resume. lr, mixup: several are a grid. The
    options are those of ``c10h train --help``.
    The result is what ``c10h show FOLDER`` shows; ``folder`` is what :func:`predict` and
    :func:`attack` take.
    """
    from c10h.stages.arguments import open_first_weights
    from c10h.stages.network_requests import TrainRequest
    from c10h.stages.train import train as train_stage  # which imports torch

    with opened() as inputs:
        images_file, pictures = inputs.images(images)
        labels_file, people, notes = inputs.labels(labels)
        request = TrainRequest(
            images=pictures,
            images_file=images_file,
            labels=people,
            labels_file=labels_file,
            architecture=arch,
            folder=Path(folder),
            probs=probs,
            folds=folds,
            fold_numbers=(fold,) if isinstance(fold, int) else tuple(fold),
            target=target,
            rates=_numbers(lr),
            mixups=_numbers(mixup),
            choose=choose,
            init=None if init is None else open_first_weights(str(init)),
            init_name=str(init or ""),
            recipe=recipe,
            optimizer=optimizer,
            nesterov=nesterov,
            schedule=schedule,
            milestones=_numbers(milestones),
            decay=decay,
            epochs=epochs,
            batch_size=batch_size,
            weight_decay=weight_decay,
            augment=augment,
            padding=padding,
            seed=seed,
            device=device,
            precision=precision,
            compiled=compile,
            parallel_folds=parallel_folds,
            checkpoint_minutes=checkpoint_minutes,
            tensorboard=tensorboard,
            notes=tuple(notes),
        )
        lines: list[str] = []
        train_stage(request, lambda what, size: progress(what, size, "images"), lines.append)
    return _run(folder, lines)


def predict(
    images: Any,
    runs: Any = (),
    *,
    arch: str | None = None,
    weights: str | Path | None = None,
    classes: str | None = None,
    probs: bool = False,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    held_out: bool = False,
    members: bool = False,
    batch_size: int = 500,
    device: str = "auto",
    precision: str = "fp32",
) -> Result:
    """Predict with trained networks: ``c10h predict``.

    images: as for :func:`train`. runs: the folder of a run, or several. arch, weights: another
    network in place of runs; mean, std: three numbers that its pixels in [0, 1] are normalised by.
    Each image that a run was trained on is predicted by the fold that did
    not see it. The options are those of ``c10h predict --help``.
    The result is predictions: ``logits`` float32 (m, n, c).
    """
    from c10h.stages.network_requests import PredictRequest
    from c10h.stages.predict import predict as predict_stage  # which imports torch

    foreign = _foreign(arch, weights, classes, probs=probs, mean=mean, std=std)
    networks = _networks(runs, foreign, held_out=held_out, members=members)
    with opened() as inputs:
        images_file, pictures = inputs.images(images)
        request = PredictRequest(
            networks=networks,
            images=pictures,
            images_file=images_file,
            batch_size=batch_size,
            device=device,
            precision=precision,
        )
        notes: list[str] = []

        def advance(done: int) -> None:
            step(done)

        predictions = predict_stage(request, advance, notes.append)
        answers, size, _ = predictions.logits.shape
        with progress("predicting", answers * size, "images") as step:
            return Result.of(predictions, "predictions", notes)


def attack(
    images: Any,
    runs: Any = (),
    *,
    arch: str | None = None,
    weights: str | Path | None = None,
    classes: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    labels: Any = None,
    method: str = "pgd",
    epsilon: str | float | Sequence[str | float] = "4/255",
    norm: str = "inf",
    loss: str | None = None,
    steps: int | None = None,
    step_size: str | float | None = None,
    restarts: int = 1,
    random_start: bool | None = None,
    toward: str = "",
    source: str | Path | None = None,
    held_out: bool = False,
    members: bool = False,
    limit: int | None = None,
    health: int | None = None,
    save_images: bool = False,
    batch_size: int = 250,
    seed: int = 0,
    device: str = "auto",
    precision: str = "fp32",
) -> Result:
    """Attack networks, and check whether apparent robustness is real: ``c10h attack``.

    images, runs, arch, weights, mean, std: as for :func:`predict`. labels: people's, to compare
    with. epsilon: one or several, "4/255" or a number below 1, in pixels of [0, 1]. source: the run
    of ``--from``. The options are those of ``c10h attack --help``.
    The result is an attack, with the table and the JSON of ``c10h attack --json``.
    """
    from c10h.stages.attack import attack as attack_stage  # which imports torch
    from c10h.stages.network_requests import AttackRequest

    sizes = [epsilon] if isinstance(epsilon, str | float | int) else epsilon
    perturbed_on = None if source is None else open_run(Path(source))
    foreign = _foreign(arch, weights, classes, mean=mean, std=std)
    networks = _networks(runs, foreign, held_out=held_out, members=members, source=perturbed_on)
    with opened() as inputs:
        images_file, pictures = inputs.images(images)
        labels_file, people, notes = inputs.labels(labels)
        request = AttackRequest(
            images=pictures,
            images_file=images_file,
            networks=networks,
            labels=people,
            labels_file=labels_file,
            method=method,
            epsilons=tuple(map(str, sizes)),
            norm=norm,
            loss=loss,
            steps=steps,
            step_size=None if step_size is None else str(step_size),
            restarts=restarts,
            random_start=random_start,
            toward=toward,
            source=perturbed_on,
            source_name=str(source or ""),
            limit=limit,
            examined=health,
            save_images=save_images,
            batch_size=batch_size,
            seed=seed,
            device=device,
            precision=precision,
            notes=tuple(notes),
        )
        lines: list[str] = []

        def show(what: str, work: int | None) -> Any:
            return progress(what, work, "image-steps")

        with attack_stage(request, show, lines.append) as record:
            return Result.of(record, "attack", lines)


def report(
    *files: Any,
    metrics: Names = (),
    stratum: str = "all",
    baseline: str | None = None,
    shift_from: str | None = None,
    seeds: bool = False,
    figure: str | None = None,
    table: str | None = None,
    width: str | None = None,
    font: str | None = None,
) -> Result:
    """Report on scores, attacks, learning curves and labels: ``c10h report``.

    files: paths or results; ("NAME", file) names an attack, history, labels or predictions. The
    figure "fit" also takes images.
    The options are those of ``c10h report --help``. The result has the JSON of ``c10h report
    --json``, and :func:`write` writes it in any of the forms of ``-o``.
    """
    from c10h.stages.report import report as report_stage
    from c10h.stages.report_files import read_files
    from c10h.views.figures.figures import takes_images
    from c10h.views.forms.figure_look import Look
    from c10h.views.report import Report

    with opened() as inputs:
        named = [file if isinstance(file, tuple) else (None, file) for file in files]
        request = read_files(
            [(name, inputs.path(file, name or "file")) for name, file in named],
            with_images=takes_images(figure),
        )
        chosen = replace(
            request,
            metrics=_words(metrics),
            stratum=stratum,
            baseline=baseline,
            shift_from=shift_from,
            seeds=seeds,
        )
        shown = Report(report_stage(chosen), figure, table, look=Look.of(width, font))
        return Result(shown.display, report=shown)


def read(file: str | Path) -> Result:
    """A c10h file, or the folder of a run, as a result: what ``c10h show`` shows.

    Raises FileError for any other file; :func:`score` and :func:`build_labels` read foreign ones.
    """
    if is_run(str(file)):
        return _run(file)
    return Result.of_file(open_input(str(file), IMAGES, LABELS))


def write(result: Result | Record, file: str | Path, *, force: bool = False) -> None:
    """Write a result to a file, atomically, as the command line does with ``-o``.

    A c10h file is HDF5; a report has the form that the suffix names. An existing file needs force.
    Raises OutputError where nothing can be written.
    """
    check_output(str(file), force=force)
    if isinstance(result, Record):
        h5.write(result, str(file))
    else:
        result.write(str(file))


def _run_name(file: Source) -> str:
    """What a run is called that nobody named: as its file, or what it is."""
    return file.stem.removesuffix(" (array)").removesuffix(" (frame)")


def _run(folder: str | Path, notes: Sequence[str] = ()) -> Result:
    """The run in a folder, as c10h show shows it."""
    from c10h.stages.show_run import show_run  # which imports torch

    return Result(run_view.display(show_run(open_run(Path(folder))), None), notes=notes)


def _networks(
    runs: Any,
    foreign: NetworkOptions,
    *,
    held_out: bool,
    members: bool,
    source: Run | None = None,
) -> Networks:
    folders = [runs] if isinstance(runs, str | Path) else list(runs)
    names = [str(folder) for folder in folders]
    check_named([*names, ""], foreign, held_out=held_out)
    return open_networks(names, foreign, held_out=held_out, members=members, source=source)


def _foreign(
    arch: str | None,
    weights: str | Path | None,
    classes: str | None,
    *,
    probs: bool = False,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
) -> NetworkOptions:
    """What is said of a network of anybody's, in the words of a command line."""
    words = [None if numbers is None else ",".join(map(str, numbers)) for numbers in (mean, std)]
    file = None if weights is None else str(weights)
    return NetworkOptions(arch, file, classes, probs, *words)


def _optional(inputs: Inputs, value: Any, name: str, *forms: str) -> Source | None:
    return None if value is None else inputs.open(value, name, *forms)


def _by_data_set(inputs: Inputs, value: Any, name: str, *forms: str) -> list[tuple[str, Source]]:
    """One input for all data sets, or one for each of a mapping."""
    if value is None:
        return []
    values = value if isinstance(value, Mapping) else {"": value}
    return [(data, inputs.open(of_data, name, *forms)) for data, of_data in values.items()]


def _words(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _numbers(values: float | Sequence[float]) -> tuple[float, ...]:
    return (values,) if isinstance(values, float | int) else tuple(values)
