"""Import pictures: images with their classes and names, from whatever people have."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from c10h.formats.hints import Tell, silent
from c10h.images.import_request import ImportRequest
from c10h.images.importing import import_images
from c10h.lineage import lineage_of
from c10h.records import Images
from c10h.stages.progress_callback import Show, show_nothing


def data_import(
    request: ImportRequest, scratch: Path, show: Show = show_nothing, tell: Tell = silent
) -> Images:
    """The images that a request asks for, with their lineage.

    scratch: a folder with room for the pixels. show: how the reading is shown, with numbers of
    pictures. tell: called with lines on what was taken and what was left out. Raises InputError for
    what cannot be imported.
    """
    with ExitStack() as stack:

        def start(total: int | None) -> Callable[[int], None]:
            return stack.enter_context(show("reading images", total))

        imported = import_images(request, scratch, start)
    for note in imported.notes:
        tell(note)
    files = {
        "images": imported.source,
        "labels": request.labels,
        "map": request.map_file,
        "ids": request.ids_file,
    }
    inputs = [(role, file, None) for role, file in files.items() if file is not None]
    lineage = lineage_of(request, inputs, excluded=imported.excluded)
    return replace(imported.images, lineage=lineage)
