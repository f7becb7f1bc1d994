"""``c10h data corrupt``: images under one of the corruptions of CIFAR-10-C."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say
from c10h.cli.progress_bar import progress
from c10h.errors import counted
from c10h.images.corruptions.table import CORRUPTIONS, SEVERITIES


def corrupt(
    path: Annotated[
        str,
        typer.Argument(
            metavar="IMAGES",
            help="Images: a c10h file or the name of a data set.",
            autocompletion=options.complete_datasets,
        ),
    ],
    output: Annotated[str, options.record_option("images")],
    kind: Annotated[str, options.chosen(CORRUPTIONS, "--kind", "Corruption.")],
    severity: Annotated[
        int,
        typer.Option(
            "--severity",
            min=SEVERITIES[0],
            max=SEVERITIES[-1],
            metavar="1|2|3|4|5",
            help="Severity, as in CIFAR-10-C.",
            autocompletion=lambda: [*map(str, SEVERITIES)],
        ),
    ],
    seed: options.Seed = 0,
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
) -> None:
    """Corrupt images as in CIFAR-10-C: noise, blur, weather and digital effects, by severity.

    The items keep their true classes and ids, so that the labels of IMAGES are theirs too. The
    severities are those for images of 32 x 32 pixels. An item is corrupted in the same way in
    every file in which it has the same id or, without ids, the same row.

    [bold]c10h data corrupt cifar10-test --kind fog --severity 3 -o fog-3.h5[/]

    [bold]c10h data corrupt images.h5 --kind motion_blur --severity 5 --seed 1 -o moved.h5[/]
    """
    from c10h import h5
    from c10h.cli.existing_output import check_free, is_made
    from c10h.files import check_distinct, check_single_stdin
    from c10h.stages.arguments import open_images
    from c10h.stages.data_corrupt import data_corrupt
    from c10h.stages.data_corrupt_request import CorruptRequest

    check_free(output, force=force, skip_existing=skip_existing)
    check_distinct([output], [path])
    check_single_stdin([path])
    images_file, images = open_images(path)
    request = CorruptRequest(
        images=images, images_file=images_file, kind=kind, severity=severity, seed=seed
    )
    if skip_existing and is_made(output, request):
        return
    corrupted = data_corrupt(request)
    size = corrupted.images.shape[0]
    with progress(f"{kind} {severity}", size, "images") as advance:
        h5.write(corrupted, output, advance)
    where = "stdout" if output == "-" else output
    say(f"{where}: {counted(size, 'image')} with {kind} of severity {severity}")
