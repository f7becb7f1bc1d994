"""``c10h train``: train networks on any labels, by folds; an interrupted run is resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import network_options, options
from c10h.cli.console import print_tables, say
from c10h.cli.output_forms import check_folder
from c10h.cli.progress_bar import progress
from c10h.stages.network_requests import (
    AUGMENTATIONS,
    GRID_CHOICES,
    OPTIMIZERS,
    PADDINGS,
    RECIPES,
    SCHEDULES,
    TARGETS,
    TrainRequest,
)

if TYPE_CHECKING:
    from c10h.files import Source
    from c10h.records import Images, Labels
    from c10h.run_folder import Run

RECIPE = "Recipe"


def train(
    images: network_options.ImagesFile,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="RUN",
            help="Folder of the run: new, or one to resume.",
            callback=check_folder,
        ),
    ],
    arch: network_options.Architecture,
    labels: Annotated[
        str | None,
        typer.Argument(
            metavar="[LABELS]",
            help="Labels of the images.  \\[default: the true classes of the images]",
            autocompletion=options.complete_inputs,
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            metavar="K",
            min=2,
            help="Split into K folds, stratified by true class; one network per fold, trained on "
            "the other folds.",
        ),
    ] = None,
    fold: Annotated[
        list[int] | None,
        typer.Option("--fold", metavar="I", help="Train only this fold, from 0; repeatable."),
    ] = None,
    probs: network_options.NetworkProbs = False,
    target: Annotated[
        str,
        options.chosen(TARGETS, "--target", "Target of the training."),
    ] = TrainRequest.target,
    lr: Annotated[
        list[float] | None,
        typer.Option(
            "--lr",
            metavar="RATE",
            help="Learning rate. Several form a grid: all are tried on nine tenths of a "
            "training part, and the one with the lowest cross-entropy on the remaining tenth is "
            "chosen (see --choose).",
            callback=options.number("--lr", above=0),
        ),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(
            "--epochs",
            metavar="N",
            help="Number of epochs; may be fractional, such as 9.9.",
            callback=options.number("--epochs", above=0),
        ),
    ] = None,
    mixup: Annotated[
        list[float] | None,
        typer.Option(
            "--mixup",
            metavar="A",
            help="Mixup with Beta(A, A), 0 for none; several form a grid, as for --lr.",
            callback=options.number("--mixup", at_least=0),
        ),
    ] = None,
    choose: Annotated[
        str,
        options.chosen(GRID_CHOICES, "--choose", "What chooses among several --lr or --mixup."),
    ] = TrainRequest.choose,
    init: Annotated[
        str | None,
        typer.Option(
            "--init",
            metavar="RUN|FILE",
            help="Fine-tune: start from the networks of a run (fold by fold if it has folds) or "
            "from the weights in a file.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME",
            help=f"Settings of Peterson et al.'s text (paper), of the code that they took the "
            f"networks from (hysts), or of the authors of a family; by default those of the "
            f"network's authors. One of {', '.join(RECIPES)}.",
            autocompletion=lambda: [*RECIPES],
            rich_help_panel=RECIPE,
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        options.chosen(OPTIMIZERS, "--optimizer", "The optimizer.", rich_help_panel=RECIPE),
    ] = None,
    nesterov: Annotated[
        bool | None,
        typer.Option(
            "--nesterov/--no-nesterov",
            help="Nesterov's momentum, or plain momentum, for sgd.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    schedule: Annotated[
        str | None,
        options.chosen(
            SCHEDULES, "--schedule", "Schedule of the learning rate.", rich_help_panel=RECIPE
        ),
    ] = None,
    milestones: Annotated[
        list[float] | None,
        typer.Option(
            "--milestones",
            metavar="EPOCH",
            help="Epoch after which a multistep rate is multiplied by the decay; repeatable, in "
            "ascending order.  \\[default: those of the recipe, moved in proportion if --epochs "
            "differs]",
            callback=options.number("--milestones", above=0),
            rich_help_panel=RECIPE,
        ),
    ] = None,
    decay: Annotated[
        float | None,
        typer.Option(
            "--decay",
            metavar="FACTOR",
            help="What a multistep rate is multiplied by at each milestone, at most 1.",
            callback=options.number("--decay", above=0),
            rich_help_panel=RECIPE,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size", metavar="B", min=1, help="Images per step.", rich_help_panel=RECIPE
        ),
    ] = None,
    weight_decay: Annotated[
        float | None,
        typer.Option(
            "--weight-decay",
            metavar="W",
            help="Weight decay.",
            callback=options.number("--weight-decay", at_least=0),
            rich_help_panel=RECIPE,
        ),
    ] = None,
    augment: Annotated[
        str | None,
        options.chosen(
            AUGMENTATIONS,
            "--augment",
            "Augmentation of the images.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    padding: Annotated[
        str | None,
        options.chosen(
            PADDINGS, "--padding", "What moves in as images are shifted.", rich_help_panel=RECIPE
        ),
    ] = None,
    seed: options.Seed = 0,
    device: network_options.Device = "auto",
    precision: network_options.Precision = "auto",
    compile_: Annotated[
        bool,
        typer.Option(
            "--compile", help="Compile the network first.", rich_help_panel=options.MACHINE
        ),
    ] = False,
    parallel_folds: Annotated[
        int,
        typer.Option(
            "--parallel-folds",
            metavar="N",
            min=1,
            help="Train N folds at a time, each in its own process with its share of the cores.",
            rich_help_panel=options.MACHINE,
        ),
    ] = TrainRequest.parallel_folds,
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(
            "--checkpoint-minutes",
            metavar="M",
            help="Also write a checkpoint every M minutes, not only after each epoch.",
            callback=options.number("--checkpoint-minutes", at_least=0),
            rich_help_panel=options.MACHINE,
        ),
    ] = None,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Write learning curves for TensorBoard (pip install 'c10h\\[tensorboard]').",
            rich_help_panel=options.MACHINE,
        ),
    ] = False,
    list_architectures: Annotated[
        bool,
        options.listing(
            "--list-architectures",
            "architectures",
            "Print the available networks, and exit.",
        ),
    ] = False,
) -> None:
    """Train a network on labels of any kind, or one per fold, resuming exactly after interruptions.

    A checkpoint is written after each epoch. The same command resumes an interrupted run, which
    then ends as if it had not been interrupted; different arguments need a new folder.

    [bold]c10h train images.h5 labels.h5 --arch resnet_basic_20 --folds 10 -o runs/human[/]

    [bold]c10h train synthetic --arch resnet_basic_8 --epochs 10 -o runs/hard[/]
    """
    from c10h.errors import StoppedError
    from c10h.views.train import grid_table, outcomes_table

    opened = _open(images, labels, init)
    request = TrainRequest(
        images=opened.images,
        images_file=opened.images_file,
        labels=opened.labels,
        labels_file=opened.labels_file,
        architecture=arch,
        folder=Path(output),
        probs=probs,
        folds=folds,
        fold_numbers=tuple(fold or ()),
        target=target,
        rates=tuple(lr or ()),
        mixups=tuple(mixup or ()),
        choose=choose,
        init=opened.init,
        init_name=init or "",
        recipe=recipe,
        optimizer=optimizer,
        nesterov=nesterov,
        schedule=schedule,
        milestones=tuple(milestones or ()),
        decay=decay,
        epochs=epochs,
        batch_size=batch_size,
        weight_decay=weight_decay,
        augment=augment,
        padding=padding,
        seed=seed,
        device=device,
        precision=precision,
        compiled=compile_,
        parallel_folds=parallel_folds,
        checkpoint_minutes=checkpoint_minutes,
        tensorboard=tensorboard,
        notes=opened.notes,
    )

    from c10h.stages import train as stage  # which imports torch

    try:
        result = stage.train(request, lambda what, size: progress(what, size, "images"), say)
    except StoppedError as error:
        raise typer.Exit(error.exit_status) from None
    if result is not None:
        tables = [outcomes_table(result.run, result.outcomes)]
        if result.tried:
            tables.append(grid_table(result.run, result.tried))
        print_tables(tables)


@dataclass(frozen=True)
class _Inputs:
    """What a command line names, opened. notes: on what was taken of the labels."""

    images_file: Source
    images: Images
    labels_file: Source | None
    labels: Labels | None
    init: Run | Source | None
    notes: tuple[str, ...]


def _open(images: str, labels: str | None, init: str | None) -> _Inputs:
    """Open the inputs. Raises InputError or FileError for what is not there or not to be read."""
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import LABELS
    from c10h.files import check_single_stdin
    from c10h.formats.predictions_and_labels import open_labels
    from c10h.stages.arguments import open_first_weights, open_images

    check_single_stdin([name for name in (images, labels, init) if name is not None])
    images_file, pictures = open_images(images)
    labels_file, people, notes = None, None, list[str]()
    if labels is not None:
        labels_file = open_input(labels, LABELS)
        people = open_labels(labels_file, tell=notes.append)
    first = None if init is None else open_first_weights(init)
    return _Inputs(images_file, pictures, labels_file, people, first, tuple(notes))
