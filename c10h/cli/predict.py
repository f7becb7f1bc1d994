"""``c10h predict``: logits of trained networks, or of anybody's."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import network_options, options
from c10h.cli.console import say
from c10h.cli.progress_bar import progress
from c10h.errors import counted
from c10h.stages.network_requests import PredictRequest


def predict(
    paths: network_options.RunsAndImages,
    output: Annotated[str, options.record_option("predictions")],
    arch: network_options.ForeignArchitecture = None,
    weights: network_options.Weights = None,
    mean: network_options.Mean = None,
    std: network_options.Std = None,
    probs: network_options.NetworkProbs = False,
    classes: options.Classes = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Predict each image with the fold that did not see it; fail if there is none.",
        ),
    ] = False,
    members: Annotated[
        bool,
        typer.Option(
            "--members",
            help="Predict with each network separately, on all images.",
        ),
    ] = False,
    batch_size: network_options.BatchSize = PredictRequest.batch_size,
    device: network_options.Device = "auto",
    precision: network_options.Precision = "fp32",
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
) -> None:
    """Predict images: each by the fold that did not see it, or unseen images by all folds together.

    Several runs are averaged: logits are then the logarithm of the mean probability. The file
    records every item that a network behind it was trained on, for c10h score to check.

    [bold]c10h predict runs/human images.h5 -o pred.h5[/]

    [bold]c10h predict runs/human images.h5 -o - | c10h score - --labels labels.h5[/]

    [bold]c10h predict images.h5 --arch torchvision:resnet18 --weights w.pt -o pred.h5[/]
    """
    from c10h import h5
    from c10h.cli.existing_output import check_free, is_made
    from c10h.files import check_distinct, check_single_stdin
    from c10h.stages.arguments import open_images
    from c10h.stages.network_arguments import NetworkOptions, check_named, open_networks

    *folders, last = paths
    foreign = NetworkOptions(arch, weights, classes, probs, mean, std)
    check_named(paths, foreign, held_out=held_out)
    check_single_stdin([last, weights or ""])
    check_distinct([output], [last, weights])
    check_free(output, force=force, skip_existing=skip_existing)
    networks = open_networks(folders, foreign, held_out=held_out, members=members)
    images_file, images = open_images(last)
    request = PredictRequest(
        networks=networks,
        images=images,
        images_file=images_file,
        batch_size=batch_size,
        device=device,
        precision=precision,
    )
    if skip_existing and is_made(output, request):
        return

    from c10h.stages import predict as stage  # which imports torch

    def advance(images: int) -> None:
        step(images)

    predictions = stage.predict(request, advance, say)
    answers, size, count = predictions.logits.shape
    with progress("predicting", answers * size, "images") as step:
        h5.write(predictions, output)
    where = "stdout" if output == "-" else output
    names = predictions.member.tolist()
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    say(f"{where}: {counted(size, 'image')}, {count} classes, by {shown}")
