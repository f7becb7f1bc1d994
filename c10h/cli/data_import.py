"""``c10h data import``: images in a file that the other commands read."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say
from c10h.cli.progress_bar import progress
from c10h.errors import counted
from c10h.images.folder_class_maps import MAPS


def import_(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A folder, .tar or .zip of image files, a .npy, .npz or .pt file of pixels, "
            "a .parquet file of images, or CIFAR's python batches.",
        ),
    ],
    output: Annotated[str, options.record_option("images")],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="True classes: for an array, in the order of its images; for a folder or archive, "
            "a table of file,class, or c10h labels of one class each.",
        ),
    ] = None,
    no_truth: Annotated[
        bool,
        typer.Option(
            "--no-truth",
            help="Import without true classes, from any folders; --classes names the possible "
            "classes.",
        ),
    ] = False,
    classes: options.Classes = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            "--split",
            metavar="NAME",
            help="Folder above the class folders to import, or train or test for CIFAR's batches "
            "and for files of arrays; repeatable.",
        ),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(
            "--select",
            metavar="GLOB",
            help="Import only files whose names match, such as 'n*'; a leading ! inverts it: "
            "'!cifar10-*'.",
        ),
    ] = None,
    map_: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Table of folder,class; folders that it does not list are left out. "
            f"{' and '.join(MAPS)}, for ImageNet's folders, come with c10h.",
            autocompletion=lambda: [*MAPS],
        ),
    ] = None,
    resize: Annotated[
        int | None,
        typer.Option(
            "--resize",
            metavar="SIDE",
            min=1,
            max=4096,
            help="Resize to SIDE x SIDE pixels with a box filter, as for CINIC-10.",
        ),
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(
            "--ids",
            metavar="path|name|none|FILE",
            autocompletion=lambda: ["path", "name", "none"],
            help="Ids of the items: their path, as class/file (default for folders and "
            ".parquet), the file name, none (default for arrays and batches), or the lines of "
            "FILE (arrays and .parquet).",
        ),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad", help="Leave out image files that cannot be decoded, and report them."
        ),
    ] = False,
    skip_unlabeled: Annotated[
        bool,
        typer.Option(
            "--skip-unlabeled", help="Leave out images that are not in the table of --labels."
        ),
    ] = False,
    one_based: options.OneBased = False,
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
) -> None:
    """Import images into a file of images, with their classes and names.

    Archives are not unpacked. Images are in the order of class folders, then of paths.

    [bold]c10h data import photos/ --resize 32 -o images.h5[/]

    [bold]c10h data import faces/ --labels faces.csv -o images.h5[/]

    [bold]c10h data import faces.zip --no-truth --classes happy,sad -o images.h5[/]

    [bold]c10h data import x.npy --labels y.npy --classes cifar10 -o images.h5[/]

    [bold]c10h data import cifar-10-python.tar.gz --split test -o cifar10-test.h5[/]

    [bold]c10h data import ILSVRC2012/ --split train --map imagenet-far --resize 32 -o far.h5[/]
    """
    import tempfile
    from pathlib import Path

    from c10h import h5
    from c10h.cli.existing_output import check_free, is_made
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS
    from c10h.files import Source, check_distinct, check_single_stdin
    from c10h.formats.class_names import parse_classes
    from c10h.images.folder_class_maps import find_map, read_map
    from c10h.images.import_request import IDS, Choice, ImportRequest
    from c10h.stages.data_import import data_import
    from c10h.truth import contents

    check_free(output, force=force, skip_existing=skip_existing)
    ids_file = ids if ids not in (None, *IDS) else None
    check_distinct([output], [path, labels, map_, ids_file])
    check_single_stdin([path, labels or "", map_ or "", ids_file or ""])
    map_file = find_map(map_) if map_ else None
    request = ImportRequest(
        path=path,
        choice=Choice(
            splits=tuple(split or ()),
            select=select,
            to_class=read_map(map_file) if map_file else None,
            side=resize,
            skip_bad=skip_bad,
            skip_unlabeled=skip_unlabeled,
        ),
        labels=open_input(labels, LABELS, IMAGES) if labels else None,
        map_file=map_file,
        no_truth=no_truth,
        ids=None if ids_file else ids,
        ids_file=Source.open(ids_file) if ids_file else None,
        classes=parse_classes(classes) if classes else None,
        one_based=one_based,
    )
    if skip_existing and is_made(output, request):
        return
    scratch = Path(tempfile.gettempdir() if output == "-" else Path(output).parent)
    images = data_import(
        request, scratch, lambda what, total: progress(what, total, "pictures"), say
    )
    size, height, width, _ = images.images.shape
    with progress("writing images", size, "pictures") as advance:
        h5.write(images, output, advance)
    where = "stdout" if output == "-" else output
    say(
        f"{where}: {counted(size, 'image')} of {width} x {height} pixels, {len(images.classes)} "
        f"classes, {contents(images.truth)}, {'with' if images.ids is not None else 'without'} ids"
    )
