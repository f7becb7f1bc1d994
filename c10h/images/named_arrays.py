"""Files of several arrays, as .npz and .pt: which are the pictures, and which their classes.

Arrays are known by the words in their names: x_train and y_train, test_images and test_labels,
data and targets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import AmbiguousError, InputError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import Stored, stored_arrays
from c10h.formats.detect_format import array_format
from c10h.records import Array

# Formats of formats.detect that hold arrays by name.
CONTAINERS = ("npz", "pt", "mat", "safetensors")
PICTURES = {"x", "image", "images", "img", "imgs", "data", "pixels", "pictures", "input", "inputs"}
TRUTH = {"y", "label", "labels", "target", "targets", "class", "classes", "truth"}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
}
# The longest name of a class, in bytes.
LONGEST_CLASS = 1 << 16


@dataclass(frozen=True)
class Chosen:
    """The names of the array of pictures, and of their classes if there are any."""

    pictures: str
    truth: str | None


def container_of(source: Source) -> Mapping[str, Stored] | None:
    """The arrays by name in a file that can hold several; None for other files.

    Raises FileError.
    """
    form = array_format(source)
    return stored_arrays(source, form) if form in CONTAINERS else None


def choose(arrays: Mapping[str, Stored], splits: Sequence[str], name: str) -> Chosen:
    """Which arrays are meant, by their names or, where only one can be meant, by their shapes.

    Raises AmbiguousError where several can be, InputError for a split that is not there.
    """
    if len(splits) > 1:
        raise InputError(f"{name}: expected a single --split for a file of arrays")
    pictures = _of_kind(arrays, PICTURES, lambda shape: len(shape) > 1)
    if not pictures:
        shaped = [key for key, array in arrays.items() if _is_pixels(array)]
        if len(shaped) != 1:
            what = "which array has the images" if shaped else "no array of images"
            raise AmbiguousError(
                f"{name}: {what}? name it images or x_train; found {_listing(arrays)}"
            )
        pictures = {"": shaped}
    split = _choose_split(pictures, splits, name)
    truth = _of_kind(arrays, TRUTH, lambda _: True).get(split, [])
    for names in (pictures[split], truth):
        if len(names) > 1:
            raise AmbiguousError(
                f"{name}: which of {' or '.join(names)}? expected one array of each kind"
            )
    other_names = [key for key in arrays if key != pictures[split][0]]
    if not truth and len(other_names) == 1:
        size = arrays[pictures[split][0]].shape[0]
        truth = [key for key in other_names if arrays[key].shape in ((size,), (size, 1))]
    return Chosen(pictures[split][0], truth[0] if truth else None)


def read_classes(array: Stored, size: int, name: str) -> Array:
    """The classes of ``size`` pictures, (n) or (n, 1), as they are in the file.

    Raises SchemaError for another shape.
    """
    if array.shape not in ((size,), (size, 1)):
        raise SchemaError(
            f"{name}: expected {size:,} classes, one per image, found shape {array.shape}"
        )
    if array.dtype.itemsize > LONGEST_CLASS:
        raise SchemaError(f"{name}: expected class numbers or names, found {array.dtype}")
    return np.asarray(array.load()[0:size]).reshape(size)


def _of_kind(
    arrays: Mapping[str, Stored], words: set[str], fits: Callable[[tuple[int, ...]], bool]
) -> dict[str, list[str]]:
    """The names of arrays that have one of some words, by the split that their names have."""
    by_split: dict[str, list[str]] = {}
    for name, array in arrays.items():
        name_words = re.findall(r"[a-z]+", name.lower())
        if words.intersection(name_words) and fits(array.shape):
            split = next((SPLITS[word] for word in name_words if word in SPLITS), "")
            by_split.setdefault(split, []).append(name)
    return by_split


def _choose_split(pictures: Mapping[str, list[str]], splits: Sequence[str], name: str) -> str:
    shown = " and ".join(split or "images without a split" for split in pictures)
    if splits:
        split = SPLITS.get(splits[0].lower(), splits[0])
        if split not in pictures:
            raise InputError(f"{name}: expected the split {splits[0]}, found {shown}")
        return split
    if len(pictures) > 1:
        raise AmbiguousError(f"{name}: has {shown}: choose one with --split")
    return next(iter(pictures))


def _is_pixels(array: Stored) -> bool:
    return array.dtype == np.uint8 and len(array.shape) in (3, 4)


def _listing(arrays: Mapping[str, Stored]) -> str:
    shown = [f"{name} {array.dtype} {array.shape}" for name, array in list(arrays.items())[:8]]
    return ", ".join(shown) + (", …" if len(arrays) > 8 else "")
