"""``c10h.train``, ``c10h.predict`` and ``c10h.attack``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from c10h.api.arguments import numbers
from c10h.api.files import of_run
from c10h.api.inputs import opened
from c10h.api.results import Result
from c10h.cli.progress_bar import progress
from c10h.run_folder import Run, open_run
from c10h.stages.network_arguments import NetworkOptions, check_named, open_networks
from c10h.stages.network_requests import Networks


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
            rates=numbers(lr),
            mixups=numbers(mixup),
            choose=choose,
            init=None if init is None else open_first_weights(str(init)),
            init_name=str(init or ""),
            recipe=recipe,
            optimizer=optimizer,
            nesterov=nesterov,
            schedule=schedule,
            milestones=numbers(milestones),
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
    return of_run(folder, lines)


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
    skip_unlabeled: bool = False,
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
            skip_unlabeled=skip_unlabeled,
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
