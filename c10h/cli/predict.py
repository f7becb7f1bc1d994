"""``c10h predict``: logits of trained networks, or of anybody's."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import progress, say


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN…] IMAGES",
            help="Run folders of c10h train, and the images; with --arch the images alone.",
        ),
    ],
    output: Annotated[str, options.record_option("predictions")],
    arch: options.ForeignArchitecture = None,
    weights: options.Weights = None,
    probs: options.NetworkProbs = False,
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
    from c10h.cli.meant import open_images
    from c10h.cli.networks import check_named, of_anybody, of_runs, opened
    from c10h.files import check_distinct, check_output, check_single_stdin
    from c10h.lineage import lineage_of
    from c10h.training.precision import choose_device, choose_precision
    from c10h.training.prediction import Machine

    *folders, last = paths
    check_named(paths, arch, weights, classes, held_out=held_out, probs=probs)
    check_single_stdin([last, weights or ""])
    check_distinct([output], [last, weights])
    check_output(output, force=force)
    place = choose_device(device)
    number_format = choose_precision(precision, place)
    runs = opened(folders)
    source, images = open_images(last)
    if arch:
        asked = of_anybody(arch, weights, classes, images, probs=probs)
    else:
        asked = of_runs(runs, images, held_out=held_out, members=members)
    shaping = {
        "arch": arch,
        "probs": probs,
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
