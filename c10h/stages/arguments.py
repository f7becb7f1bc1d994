"""From arguments to files; of one that is of another kind than is asked for, what was meant."""

from __future__ import annotations

from pathlib import Path

from c10h import h5
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import CATALOGUE, GROUPS, IMAGES, PREDICTIONS
from c10h.errors import C10hError, FileError, InputError
from c10h.files import Source
from c10h.formats.truth_files import check_truth
from c10h.records import Images
from c10h.run_folder import FILE, Run, open_run

HOLDS = {"attack": "an attack", "history": "learning curves"}
# Where else what was given as predictions belongs.
BELONGS = {
    "images": "c10h predict makes predictions from them; pass true classes with --truth",
    "scores": "c10h report shows them",
    "history": "c10h report shows them",
}


def is_run(argument: str) -> bool:
    """Whether an argument names the folder of a run."""
    return (Path(argument) / FILE).is_file()


def open_images(argument: str) -> tuple[Source, Images]:
    """A file of images, or a data set's. Raises InputError or FileError for anything else."""
    if is_run(argument):
        raise InputError(f"{argument} is a run folder: expected IMAGES in its place")
    if Path(argument).is_dir():
        raise InputError(
            f"{argument}: a folder of image files? c10h data import {argument} -o images.h5 makes "
            "a file of images"
        )
    source = open_input(argument, IMAGES)
    kind = h5.peek_kind(source)
    if kind not in (None, Images.kind):
        raise FileError(
            f"{source.name} holds {HOLDS.get(kind, kind)}: expected IMAGES in its place"
        )
    try:
        images = h5.read(source, Images)
    except FileError as error:
        if kind is not None:
            raise
        raise FileError(
            f"{error}; c10h data import makes a file of images from image files and arrays"
        ) from error
    if images.truth is not None:
        check_truth(images.truth, len(images.classes), f"{source.name}: truth")
    return source, images


def open_first_weights(argument: str) -> Run | Source:
    """What ``--init`` names: the folder of a run, or a file of weights."""
    return open_run(Path(argument)) if Path(argument).is_dir() else Source.open(argument)


def open_predictions_file(argument: str) -> Source:
    """A file of predictions, a data set's, or a foreign one. Raises InputError or FileError."""
    check_predictions(argument)
    return open_input(argument, PREDICTIONS)


def check_predictions(argument: str) -> None:
    """Raise InputError for a file or folder in the place of predictions that is another thing."""
    if is_run(argument):
        raise InputError(
            f"{argument} is a run folder: c10h predict {argument} IMAGES -o predictions.h5 makes "
            "predictions from it"
        )
    path = Path(argument)
    if argument in {*CATALOGUE, *GROUPS} or not path.is_file():
        return
    try:
        kind = h5.peek_kind(Source.open(argument))
    except C10hError:
        return  # whoever reads it says why
    if kind in BELONGS:
        raise InputError(f"{argument} holds {HOLDS.get(kind, kind)}: {BELONGS[kind]}")
