"""``c10h predict``: logits of trained networks, or of anybody's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import progress, say

if TYPE_CHECKING:
    from c10h.files import Source
    from c10h.lineage import Made
    from c10h.records import Array, Images, Predictions
    from c10h.stages.predict import Trained
    from c10h.training.prediction import Machine
    from c10h.training.run import Run


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN…] IMAGES",
            help="Run folders of c10h train, and the images; with --arch the images alone.",
        ),
    ],
    output: Annotated[str, options.output_option("File of predictions to write, - for stdout.")],
    arch: options.ForeignArchitecture = None,
    weights: options.Weights = None,
    classes: options.Classes = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Demand what happens anyway with images that a run was trained on: each one is "
            "answered for by the fold that did not see it, all of them and in order.",
        ),
    ] = False,
    members: Annotated[
        bool,
        typer.Option(
            "--members",
            help="Each network by itself, on all images.",
        ),
    ] = False,
    batch_size: Annotated[
        int, typer.Option("--batch-size", metavar="B", min=1, help="Images at a time.")
    ] = 500,
    device: options.Device = "auto",
    precision: options.NetworkPrecision = "fp32",
    force: options.Force = False,
) -> None:
    """Predict: each image by the fold that did not see it, other images by all folds together.

    Several runs are averaged: logits are then the logarithm of the mean probability. The file knows
    every item that a network behind it was trained on, so that c10h score can tell.

    [bold]c10h predict runs/human images.h5 -o pred.h5[/]

    [bold]c10h predict runs/human images.h5 -o - | c10h score - --labels labels.h5[/]

    [bold]c10h predict images.h5 --arch torchvision:resnet18 --weights w.pt -o pred.h5[/]
    """
    from dataclasses import replace

    from c10h import h5
    from c10h.cli.fine_tuning import refuse_checkpoint
    from c10h.data.cache import open_input
    from c10h.data.catalogue import IMAGES
    from c10h.errors import InputError
    from c10h.files import check_distinct, check_output, check_single_stdin
    from c10h.lineage import lineage_of
    from c10h.records import Images
    from c10h.training.precision import choose_device, choose_precision
    from c10h.training.prediction import Machine

    *folders, last = paths
    if bool(folders) == bool(arch):
        raise InputError("expected RUN folders and then IMAGES, or --arch and IMAGES")
    for option, value in (("--weights", weights), ("--classes", classes)):
        if value and not arch:
            raise InputError(f"{option}: is for --arch; a run has its own")
    if held_out and arch:
        raise InputError("--held-out: nobody knows what the network of --arch was trained on")
    if weights:
        refuse_checkpoint("--weights", Path(weights))
    check_single_stdin([last, weights or ""])
    check_distinct([output], [last, weights])
    check_output(output, force=force)
    place = choose_device(device)
    number_format = choose_precision(precision, place)
    runs = _opened(folders)
    source = open_input(last, IMAGES)
    images = h5.read(source, Images)
    assert isinstance(images, Images)
    if arch:
        asked = _of_anybody(arch, weights, classes, images)
    else:
        asked = _of_runs(runs, images, held_out=held_out, members=members)
    shaping = {
        "arch": arch,
        "answer": asked.how,
        "precision": number_format,
        "batch-size": batch_size,
        "device": None if place.type == "cpu" else place.type,
    }
    inputs = [("images", source, images), *asked.inputs]
    lineage = lineage_of("predict", shaping, inputs, architecture=arch or runs[0].architecture)
    size = images.images.shape[0]
    with progress("predicting", asked.passes * size, "images") as advance:
        found = asked.answer(Machine(place, number_format, batch_size, advance))
        for note in asked.notes:
            say(note)
        h5.write(replace(found, lineage=lineage), output)
    where = "stdout" if output == "-" else output
    names = found.member.tolist()
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    say(f"{where}: {size:,} images, {len(found.classes)} classes, by {shown}")


@dataclass(frozen=True)
class Asked:
    """What is to be predicted: by what inputs, how, in how many passes over the images.

    notes: for people, one line each.
    """

    answer: Callable[[Machine], Predictions]
    inputs: Sequence[tuple[str, Source, Made | None]]
    how: str | None = None
    passes: int = 1
    notes: Sequence[str] = ()


def _opened(folders: Sequence[str]) -> list[Run]:
    """The runs, each once. Raises InputError where that is not so."""
    from c10h.errors import InputError
    from c10h.training.run import open_run

    runs = [open_run(Path(folder)) for folder in folders]
    places = [run.folder.resolve() for run in runs]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise InputError(f"{folders[number]}: was given twice")
    return runs


def _of_runs(runs: Sequence[Run], images: Images, *, held_out: bool, members: bool) -> Asked:
    """The predictions of runs, which their checkpoints are the inputs of."""
    from c10h.files import Source
    from c10h.stages.predict import MEMBERS, how_to_answer, predict, trained_networks
    from c10h.training.folds import item_hashes

    networks = [one for run in runs for one in trained_networks(run)]
    items = item_hashes(images.images)
    if not members:
        _check_complete(runs, networks, items, held_out=held_out)
    how = how_to_answer(networks, items, held_out=held_out, members=members)
    inputs: list[tuple[str, Source, Made | None]] = []
    told: set[Path] = set()
    for one in networks:
        made = None if one.run.folder in told else one.run  # the networks of a run have one lineage
        file = Source.open(str(one.run.checkpoint(one.fold)))
        inputs.append((f"network {one.name}", file, made))
        told.add(one.run.folder)
    notes = _notes(how, networks, items)
    passes = len(networks) if how == MEMBERS else 1
    return Asked(
        lambda machine: predict(networks, images, items, how, machine), inputs, how, passes, notes
    )


def _check_complete(
    runs: Sequence[Run], networks: Sequence[Trained], items: Array, *, held_out: bool
) -> None:
    """Say which folds are not trained. Raises InputError where their images need them."""
    import numpy as np

    from c10h.errors import InputError

    for run in runs:
        mine = [one for one in networks if one.run is run]
        lacking = sorted(set(run.numbers()) - {one.fold for one in mine})
        if not lacking:
            continue
        names = ", ".join(map(str, lacking))
        word = "folds" if len(lacking) > 1 else "fold"
        what = f"{run.folder}: not trained to the end: {word} {names} of {run.folds}"
        if held_out or any(np.isin(items, one.items).any() for one in mine):
            raise InputError(f"{what}, which no other network is held out for")
        say(f"warning: {what}; the others answer")


def _notes(how: str, networks: Sequence[Trained], items: Array) -> list[str]:
    """Who answers, and whether that is in-sample."""
    import numpy as np

    from c10h.stages.predict import ENSEMBLE, HELD_OUT, MEMBERS

    words = {
        HELD_OUT: "each image by the fold that did not see it",
        ENSEMBLE: "all together" if len(networks) > 1 else "on its own",
        MEMBERS: "each by itself",
    }
    count = f"{len(networks)} network" + ("s" if len(networks) > 1 else "")
    notes = [f"{how}: {count}, {words[how]}"]
    if how != HELD_OUT:
        seen = max(int(np.isin(items, one.items).sum()) for one in networks)
        if seen:
            notes.append(
                f"warning: in-sample: a network was trained on {seen:,} of these "
                f"{len(items):,} images"
            )
    return notes


def _of_anybody(arch: str, weights: str | None, classes: str | None, images: Images) -> Asked:
    """The predictions of a network that no run made, which its weights are the input of."""
    import torch

    from c10h.data.classes import parse_classes
    from c10h.files import Source
    from c10h.models import build, load_weights
    from c10h.stages.predict import predict_with

    names = parse_classes(classes) if classes else images.classes
    torch.manual_seed(0)
    network = build(arch, len(names), (images.images.shape[1], images.images.shape[2]))
    inputs: list[tuple[str, Source, Made | None]] = []
    if weights:
        file = Source.open(weights)
        load_weights(network, file.path)
        inputs.append(("weights", file, None))
    else:
        say(f"warning: {arch} has random weights: --weights names a file of them")
    return Asked(lambda machine: predict_with(network, arch, names, images, machine), inputs)
