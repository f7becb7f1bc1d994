"""Files of several arrays, .npz and .pt: which are the pictures, and which their classes.

Arrays are known by the words in their names: x_train and y_train, test_images and test_labels,
data and targets.
"""

from __future__ import annotations

import atexit
import math
import re
import shutil
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.images.arrays import open_npy
from c10h.records import Array, Rows

ZIP = b"PK\x03\x04"
# How torch begins the files that it wrote before version 1.6.
OLD_TORCH = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
PICTURES = {"x", "image", "images", "img", "imgs", "data", "pixels", "pictures", "input", "inputs"}
TRUTH = {"y", "label", "labels", "target", "targets", "class", "classes", "truth"}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
}
# What the header of an .npy file takes at most.
LARGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Named:
    """An array in a file, not yet read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], Rows]


@dataclass(frozen=True)
class Chosen:
    """The names of the array of pictures, and of their classes if there are any."""

    pictures: str
    truth: str | None


def container_of(source: Source) -> Mapping[str, Named] | None:
    """The arrays in an .npz or .pt file by name; None for other files. Raises FileError."""
    if source.head(len(OLD_TORCH)) == OLD_TORCH:
        return _open_torch(source)
    if source.head(len(ZIP)) != ZIP:
        return None
    try:
        with zipfile.ZipFile(source.path) as archive:
            infos = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return None  # which is told when it is read as an archive of pictures
    if any(one.filename.endswith("data.pkl") for one in infos):
        return _open_torch(source)
    if infos and all(one.filename.endswith(".npy") for one in infos):
        return {one.filename.removesuffix(".npy"): _in_npz(source, one) for one in infos}
    return None


def choose(arrays: Mapping[str, Named], splits: Sequence[str], name: str) -> Chosen:
    """Which arrays are meant, by their names or, where only one can be meant, by their shapes.

    Raises AmbiguousError where several can be, InputError for a split that is not there.
    """
    if len(splits) > 1:
        raise InputError(f"{name}: expected one --split of a file of arrays")
    pictures = _of_kind(arrays, PICTURES, lambda shape: len(shape) > 1)
    if not pictures:
        shaped = [key for key, one in arrays.items() if _is_pixels(one)]
        if len(shaped) != 1:
            what = "which array has the pictures" if shaped else "no array of pictures"
            raise AmbiguousError(
                f"{name}: {what}? call it images or x_train; found {_listing(arrays)}"
            )
        pictures = {"": shaped}
    split = _choose_split(pictures, splits, name)
    truth = _of_kind(arrays, TRUTH, lambda _: True).get(split, [])
    for found in (pictures[split], truth):
        if len(found) > 1:
            raise AmbiguousError(
                f"{name}: which is meant, {' or '.join(found)}? expected one array of each kind"
            )
    others = [key for key in arrays if key != pictures[split][0]]
    if not truth and len(others) == 1:
        size = arrays[pictures[split][0]].shape[0]
        truth = [key for key in others if arrays[key].shape in ((size,), (size, 1))]
    return Chosen(pictures[split][0], truth[0] if truth else None)


def read_classes(array: Named, size: int, name: str) -> Array:
    """The classes of ``size`` pictures, (n) or (n, 1), as they are in the file.

    Raises SchemaError for another shape.
    """
    if array.shape not in ((size,), (size, 1)):
        raise SchemaError(
            f"{name}: expected {size:,} classes for as many pictures, found shape {array.shape}"
        )
    if array.dtype.itemsize > LARGEST_HEADER:
        raise SchemaError(f"{name}: expected class numbers or names, found {array.dtype}")
    return array.read()[0:size].reshape(size)


def _of_kind(
    arrays: Mapping[str, Named], words: set[str], fits: Callable[[tuple[int, ...]], bool]
) -> dict[str, list[str]]:
    """The names of arrays that have one of some words, by the split that their names have."""
    found: dict[str, list[str]] = {}
    for name, array in arrays.items():
        parts = re.findall(r"[a-z]+", name.lower())
        if words.intersection(parts) and fits(array.shape):
            split = next((SPLITS[part] for part in parts if part in SPLITS), "")
            found.setdefault(split, []).append(name)
    return found


def _choose_split(pictures: Mapping[str, list[str]], splits: Sequence[str], name: str) -> str:
    shown = " and ".join(split or "pictures of no split" for split in pictures)
    if splits:
        split = SPLITS.get(splits[0].lower(), splits[0])
        if split not in pictures:
            raise InputError(f"{name}: expected the split {splits[0]}, found {shown}")
        return split
    if len(pictures) > 1:
        raise AmbiguousError(f"{name}: has {shown}: --split says which to take")
    return next(iter(pictures))


def _is_pixels(array: Named) -> bool:
    return array.dtype == np.uint8 and len(array.shape) in (3, 4)


def _listing(arrays: Mapping[str, Named]) -> str:
    shown = [f"{name} {array.dtype} {array.shape}" for name, array in list(arrays.items())[:8]]
    return ", ".join(shown) + (", …" if len(arrays) > 8 else "")


def _in_npz(source: Source, info: zipfile.ZipInfo) -> Named:
    """One array, of which only the header is read. Raises FileError."""
    where = f"{source.name}: {info.filename.removesuffix('.npy')}"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python unpacks the other methods without a bound on what a few bytes become.
        raise FileError(f"{where}: expected a zip by deflate, found another method")
    try:
        with zipfile.ZipFile(source.path) as archive, archive.open(info) as stream:
            shape, dtype = _read_header(stream)
    # The header is an expression of Python's; a broken one leads to any exception at all.
    except Exception as error:
        raise FileError(f"{where}: not a readable .npy file: {error}") from error
    size = math.prod(shape) * dtype.itemsize
    if not size <= info.file_size <= size + LARGEST_HEADER or min(shape, default=0) < 0:
        raise FileError(f"{where}: expected {size} bytes and a header, found {info.file_size}")
    return Named(shape, dtype, partial(_unpack, source, info, where))


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(stream)
    return shape, dtype


def _unpack(source: Source, info: zipfile.ZipInfo, where: str) -> Rows:
    """Copy an array to a temporary file, removed at exit, which is read slice by slice."""
    with tempfile.NamedTemporaryFile(prefix="c10h-", suffix=".npy", delete=False) as target:
        path = Path(target.name)
        atexit.register(path.unlink, missing_ok=True)
        try:
            with zipfile.ZipFile(source.path) as archive, archive.open(info) as stream:
                shutil.copyfileobj(stream, target, 1 << 20)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise FileError(f"{where}: a damaged .npz file: {error}") from error
    return open_npy(Source(path, where))


def _open_torch(source: Source) -> Mapping[str, Named]:
    """Tensors, alone, by name, or as a tuple of pictures and classes."""
    import torch

    is_zip = source.head(len(ZIP)) == ZIP
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(
                source.path, map_location="cpu", weights_only=True, mmap=is_zip or None
            )
    except Exception as error:  # a stranger's bytes can raise anything in there
        raise FileError(
            f"{source.name}: expected tensors, found a file that torch does not load with "
            "weights_only (it is damaged or holds code)"
        ) from error
    if isinstance(content, torch.Tensor):
        content = {"images": content}
    if isinstance(content, (tuple, list)) and len(content) == 2:
        content = dict(zip(("images", "labels"), content, strict=True))
    if not isinstance(content, Mapping):
        raise FileError(
            f"{source.name}: expected a tensor, a dictionary of tensors or (images, labels), "
            f"found {type(content).__name__}"
        )
    return {
        str(name): _tensor(value, f"{source.name}: {name}")
        for name, value in content.items()
        if isinstance(value, (torch.Tensor, list))
    }


def _tensor(value: Any, where: str) -> Named:
    import torch

    try:
        tensor = torch.as_tensor(value).detach()
        array: Array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    except (TypeError, ValueError, RuntimeError) as error:
        raise FileError(f"{where}: expected numbers: {error}") from error
    if array.nbytes > tensor.untyped_storage().nbytes():
        raise FileError(f"{where}: expected {array.nbytes:,} bytes, found fewer")
    return Named(array.shape, array.dtype, lambda: array)
