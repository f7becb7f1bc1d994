"""``c10h.import_images`` and ``c10h.corrupt_images``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from c10h.api.arguments import Names, words
from c10h.api.inputs import opened
from c10h.api.results import Result
from c10h.cli.progress_bar import progress
from c10h.datasets.catalogue import IMAGES, LABELS
from c10h.files import Source
from c10h.formats.class_names import parse_classes
from c10h.formats.hints import fixed


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
                splits=words(split),
                select=select,
                to_class=read_map(map_file) if map_file else None,
                side=resize,
                skip_bad=skip_bad,
                skip_unlabeled=skip_unlabeled,
            ),
            labels=inputs.optional(labels, "labels", LABELS, IMAGES),
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
