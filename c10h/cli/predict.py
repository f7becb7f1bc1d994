"""``c10h predict``: logits of trained networks, or of anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import progress, say

if TYPE_CHECKING:
    from c10h.files import Source
    from c10h.lineage import Made
    from c10h.records import Images, Predictions
    from c10h.stages.predict import Trained
    from c10h.training.prediction import Machine


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
            help="Demand that each image is answered for by the fold that did not see it, all of "
            "them and in order; this is what happens with images that a run was trained on.",
        ),
    ] = False,
    members: Annotated[
        bool,
        typer.Option("--members", help="Every network by itself, on all images."),
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

    [bold]c10h predict images.h5 --arch torchvision:resnet18 --weights w.pt -o pred.h5[/]
    """
    from dataclasses import replace
    from pathlib import Path

    from c10h import h5
    from c10h.data.cache import open_input
    from c10h.data.catalogue import IMAGES
    from c10h.errors import InputError
    from c10h.files import check_output
    from c10h.lineage import lineage_of
    from c10h.records import Images
    from c10h.training.precision import choose_device, choose_precision
    from c10h.training.prediction import Machine
    from c10h.training.run import open_run

    check_output(output, force=force)
    *runs, last = paths
    if bool(runs) == bool(arch):
        raise InputError("expected RUN folders and then IMAGES, or --arch and IMAGES")
    if weights and not arch:
        raise InputError("--weights: is for --arch; a run has its own")
    source = open_input(last, IMAGES)
    images = h5.read(source, Images)
    assert isinstance(images, Images)
    place = choose_device(device)
    shaping = {"precision": choose_precision(precision, place), "arch": arch, "members": members,
               "held-out": held_out}  # fmt: skip
    size = images.images.shape[0]
    with progress("predicting", None, "images") as advance:
        machine = Machine(place, str(shaping["precision"]), batch_size, advance)
        inputs: list[tuple[str, Source, Made | None]] = [("images", source, images)]
        architecture = arch or open_run(Path(runs[0])).architecture
        if arch:
            found = _of_anybody(arch, weights, classes, images, machine, inputs)
        else:
            found = _of_runs(runs, images, machine, inputs, held_out=held_out, members=members)
        lineage = lineage_of("predict", shaping, inputs, architecture=architecture)
        h5.write(replace(found, lineage=lineage), output)
    where = "stdout" if output == "-" else output
    names = found.member.tolist()
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    say(f"{where}: {size:,} images, {len(found.classes)} classes, by {shown}")


def _of_runs(
    folders: list[str],
    images: Images,
    machine: Machine,
    inputs: list[tuple[str, Source, Made | None]],
    *,
    held_out: bool,
    members: bool,
) -> Predictions:
    """The predictions of runs; their checkpoints are added to the inputs."""
    from pathlib import Path

    from c10h.files import Source
    from c10h.stages.predict import HELD_OUT, how_to_answer, trained_networks
    from c10h.stages.predict import predict as answer
    from c10h.training.folds import item_hashes
    from c10h.training.run import open_run

    networks: list[Trained] = []
    for folder in folders:
        run = open_run(Path(folder))
        networks += trained_networks(run)
    told: set[Path] = set()
    for one in networks:
        made = None if one.run.folder in told else one.run  # the networks of a run have one lineage
        file = Source.open(str(one.run.checkpoint(one.fold)))
        inputs.append((f"network {one.name}", file, made))
        told.add(one.run.folder)
    items = item_hashes(images.images)
    how = how_to_answer(networks, items, held_out=held_out, members=members)
    say(f"{len(networks)} networks: {how}" + (", each image by the fold that did not see it"
        if how == HELD_OUT else ""))  # fmt: skip
    return answer(networks, images, items, how, machine)


def _of_anybody(
    arch: str,
    weights: str | None,
    classes: str | None,
    images: Images,
    machine: Machine,
    inputs: list[tuple[str, Source, Made | None]],
) -> Predictions:
    """The predictions of a network that no run made; its weights are added to the inputs."""
    from c10h.data.classes import parse_classes
    from c10h.files import Source
    from c10h.models import build, load_weights
    from c10h.stages.predict import predict_with

    names = parse_classes(classes) if classes else images.classes
    network = build(arch, len(names), (images.images.shape[1], images.images.shape[2]))
    if weights:
        file = Source.open(weights)
        load_weights(network, file.path)
        inputs.append(("weights", file, None))
    else:
        say(f"warning: {arch} has random weights: --weights names a file of them")
    return predict_with(network, arch, names, images, machine)
