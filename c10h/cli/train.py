"""``c10h train``: networks on any labels, by folds, that go on where they were broken off."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from c10h.cli import options
from c10h.cli.console import print_tables, say
from c10h.cli.forms import check_folder

# Names of tables in c10h.training, which a help text does not wait for; a test compares them.
TARGET_NAMES = ("soft", "hard", "class", "sample")
AUGMENT_NAMES = ("none", "standard", "strong")
SCHEDULE_NAMES = ("multistep", "cosine", "onecycle", "constant")
RECIPE = "Recipe"
MACHINE = "Machine"


def _list_architectures(wanted: bool) -> None:
    """Print the table of architectures and exit, for ``--list-architectures``."""
    if not wanted:
        return
    from c10h.models import ARCHITECTURES
    from c10h.report.table import Cell, Table

    rows = [
        [Cell(row.form), Cell(", ".join(row.examples)), Cell(row.summary), Cell(row.citation)]
        for row in ARCHITECTURES.values()
    ]
    print_tables([Table("", ["form", "examples", "what", "citation"], rows, labels=4)])
    raise typer.Exit


def train(
    images: options.ImagesFile,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="RUN",
            help="Folder of the run: new, or to go on.",
            callback=check_folder,
        ),
    ],
    arch: options.Architecture,
    labels: Annotated[
        str | None,
        typer.Argument(
            metavar="[LABELS]",
            help="Labels of the images; without them, the true classes that the images have.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            metavar="K",
            min=2,
            help="Split into K folds, stratified by true class; a network each, of all the others.",
        ),
    ] = None,
    fold: Annotated[
        list[int] | None,
        typer.Option("--fold", metavar="I", help="Only this fold, from 0; repeatable."),
    ] = None,
    probs: options.NetworkProbs = False,
    target: Annotated[
        str,
        options.chosen(
            TARGET_NAMES,
            "--target",
            "soft: the labels' distribution; hard: the true class; class: the mean distribution of "
            "the true class in the training part; sample: a label drawn at each showing.",
        ),
    ] = "soft",
    mixup: Annotated[
        list[float] | None,
        typer.Option(
            "--mixup",
            metavar="A",
            help="Mixup with Beta(A, A), 0 for none; several are a grid, as of --lr.",
            callback=options.number("--mixup", at_least=0),
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            "--init",
            metavar="RUN|FILE",
            help="Fine-tune: begin with the networks of a run (fold by fold where it has folds) or "
            "with the weights in a file.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="paper|paper-code|FAMILY",
            help="Settings of Peterson et al.'s text or code; unless given, those of the network's "
            "authors.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        options.chosen(("sgd", "adam"), "--optimizer", "The optimizer.", rich_help_panel=RECIPE),
    ] = None,
    lr: Annotated[
        list[float] | None,
        typer.Option(
            "--lr",
            metavar="RATE",
            help="Learning rate. Several are a grid: all are tried on nine tenths of the training "
            "images, and the lowest cross-entropy on the tenth is chosen.",
            callback=options.number("--lr", above=0),
            rich_help_panel=RECIPE,
        ),
    ] = None,
    schedule: Annotated[
        str | None,
        options.chosen(
            SCHEDULE_NAMES, "--schedule", "Learning rate over time.", rich_help_panel=RECIPE
        ),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(
            "--epochs",
            metavar="N",
            help="How often each image is seen; 9.9 is a number, too.",
            callback=options.number("--epochs", above=0),
            rich_help_panel=RECIPE,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size", metavar="B", min=1, help="Images a step.", rich_help_panel=RECIPE
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
            AUGMENT_NAMES,
            "--augment",
            "standard: moved and mirrored; strong: also a blank square.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    compile_: Annotated[
        bool,
        typer.Option("--compile", help="Compile the network first.", rich_help_panel=MACHINE),
    ] = False,
    parallel_folds: Annotated[
        int,
        typer.Option(
            "--parallel-folds",
            metavar="N",
            min=1,
            help="Train N folds at a time, each in a process with its share of the cores.",
            rich_help_panel=MACHINE,
        ),
    ] = 1,
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(
            "--checkpoint-minutes",
            metavar="M",
            help="Write a checkpoint every M minutes, too, not only after each epoch.",
            callback=options.number("--checkpoint-minutes", at_least=0),
            rich_help_panel=MACHINE,
        ),
    ] = None,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Write learning curves for TensorBoard (pip install 'c10h\\[tensorboard]').",
            rich_help_panel=MACHINE,
        ),
    ] = False,
    list_architectures: Annotated[
        bool,
        typer.Option(
            "--list-architectures",
            is_eager=True,
            callback=_list_architectures,
            help="Print the networks that have a name, and exit.",
        ),
    ] = False,
) -> None:
    """Train a network on labels of any kind, or one a fold, with progress and exact resumption.

    A checkpoint is written after each epoch. The same command goes on where it was broken off,
    and ends as if it had not been; other arguments need another folder.

    [bold]c10h train images.h5 labels.h5 --arch resnet_basic_20 --folds 10 -o runs/human[/]

    [bold]c10h train synthetic --arch resnet_basic_8 --epochs 10 -o runs/hard[/]
    """
    arguments = {name: value for name, value in locals().items() if name != "list_architectures"}
    _train(arguments, parallel_folds)


def _train(arguments: dict[str, Any], together: int) -> None:
    """Train the folds that were asked for and show how they came out."""
    from contextlib import suppress

    import torch

    from c10h.cli.run_files import grid_table, write_grid, write_history
    from c10h.cli.side_by_side import share_of_cores, train_side_by_side
    from c10h.cli.training import prepare
    from c10h.cli.watching import interruptible, say_outcome, watched
    from c10h.errors import C10hError, InputError, StoppedError
    from c10h.stages.train import table_of
    from c10h.training.distributed import joined
    from c10h.training.networks import Outcome, train_fold

    if together > 1:
        if arguments["folds"] is None:
            raise InputError("--parallel-folds: needs --folds")
        torch.set_num_threads(share_of_cores(together))
    prepared = prepare(arguments)
    options, numbers = prepared.options, prepared.numbers
    if together > 1 and options.world.size > 1:
        raise InputError("--parallel-folds: not with torchrun, whose processes share each fold")
    prepared.begin()
    run, outcomes = prepared.run, list[Outcome]()
    try:
        with joined(options.world, options.device), interruptible() as stop:
            if together > 1:
                outcomes = train_side_by_side(arguments, prepared, together, stop)
            for number in numbers if together == 1 else []:
                with watched(prepared, number, stop) as tell:
                    outcomes.append(train_fold(run, number, prepared.material, options, tell))
                if options.world.is_first:
                    say_outcome(outcomes[-1])
    except C10hError as error:
        if options.world.is_first:
            with suppress(C10hError):
                write_history(run)
                write_grid(run)
        if not isinstance(error, StoppedError):
            raise
        if options.world.is_first:
            say(str(error))
        raise typer.Exit(error.exit_status) from None
    if options.world.is_first:
        write_history(run)
        write_grid(run)
        tables = [table_of(run, outcomes)]
        if len(options.grid()) > 1:
            tables.append(grid_table(run, numbers))
        print_tables(tables)
