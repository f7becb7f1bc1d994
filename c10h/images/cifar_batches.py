"""The python batches in which CIFAR-10 and CIFAR-100 are distributed.

They are pickles, and a stranger's pickle can run anything when it is loaded, or take all memory.
Here only the few operations that such a batch needs are allowed, and nothing is looked up by a
name from the file: the names of numpy's that a batch has stand for classes of this module, which
remember what they are given, and any other name is refused.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from c10h.errors import FileError, SchemaError
from c10h.records import Array

SIDE = 32
# What each split of CIFAR-10 and of CIFAR-100 consists of, in order.
SPLITS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "train": (tuple(f"data_batch_{number}" for number in range(1, 6)), ("train",)),
    "test": (("test_batch",), ("test",)),
}
BATCHES = tuple(name for kinds in SPLITS.values() for names in kinds for name in names)
NAMES = ("batches.meta", "meta")
LABELS = ("labels", "fine_labels")
MOST_BYTES = 1 << 28

# What the pickles of batches consist of, of protocols 2 to 4.
TUPLES = ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")
OPERATIONS = {
    *("PROTO", "FRAME", "STOP", "MARK"),
    *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1"),
    *("BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"),
    *("BINUNICODE", "SHORT_BINUNICODE"),
    *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
    *("EMPTY_TUPLE", *TUPLES),
    *("BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET"),
    *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
}
MOST_TUPLES = 64


@dataclass(frozen=True)
class Batch:
    """images: uint8 (n, 32, 32, 3); truth: int64 (n); files: the pictures' own names, if any."""

    images: Array
    truth: Array
    files: Array | None


def is_batch_name(path: str, *names: str) -> bool:
    """Whether a file is called as a batch, or has one of some more names."""
    return PurePosixPath(path).name in (*BATCHES, *names)


def read_batch(data: bytes, name: str) -> Batch:
    """A batch. Raises FileError for another or a hostile file, SchemaError for other contents."""
    content = _load(data, name)
    pixels = content.get("data")
    labels = next((content[key] for key in LABELS if key in content), None)
    if not isinstance(pixels, _Array) or not isinstance(labels, list):
        raise SchemaError(f"{name}: expected a CIFAR batch with data and labels")
    rows = pixels.as_bytes(name)
    if rows.ndim != 2 or rows.shape != (len(labels), 3 * SIDE * SIDE):
        raise SchemaError(
            f"{name}: expected {len(labels)} rows of {3 * SIDE * SIDE} bytes, found {rows.shape}"
        )
    if not all(type(label) is int and 0 <= label < 1 << 31 for label in labels):
        raise SchemaError(f"{name}: expected class numbers as labels")
    files = content.get("filenames")
    if files is not None and not (isinstance(files, list) and len(files) == len(labels)):
        raise SchemaError(f"{name}: expected {len(labels)} file names")
    images = rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return Batch(
        np.ascontiguousarray(images),
        np.array(labels, dtype=np.int64),
        None if files is None else np.array([_text(file, name) for file in files], dtype=np.str_),
    )


def read_names(data: bytes, name: str) -> tuple[str, ...]:
    """The class names in batches.meta or meta. Raises FileError or SchemaError."""
    content = _load(data, name)
    names = content.get("label_names", content.get("fine_label_names"))
    if not isinstance(names, list) or not names:
        raise SchemaError(f"{name}: expected label_names")
    return tuple(_text(class_name, name) for class_name in names)


class _StandIn:
    """Remembers its state. Every stand-in has __setstate__, so that a pickle sets nothing else."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Dtype(_StandIn):
    """A dtype: its first argument is its code."""


class _Array(_StandIn):
    """An array: its state has all that numpy would make one of."""

    def as_bytes(self, name: str) -> Array:
        """The array, which must be of bytes. Raises SchemaError."""
        try:
            _, shape, dtype, by_column, raw = self.state
            if dtype.arguments[0] in ("u1", b"u1") and type(shape) is tuple and type(raw) is bytes:
                rows = np.frombuffer(raw, np.uint8)
                return rows.reshape(shape, order="F" if by_column else "C")
        except (AttributeError, IndexError, TypeError, ValueError):
            pass
        raise SchemaError(f"{name}: expected an array of bytes")


class _Shape(_StandIn):
    """Stands for numpy.ndarray, which is an argument in a pickled array."""


class _Bytes(_StandIn):
    """How Python 3 writes bytes in pickles of protocol 2: as text in Latin-1."""

    def __new__(cls, text: str, encoding: str | bytes) -> Any:
        return text.encode("latin1")


_STAND_INS: Mapping[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Shape,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Bytes,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) not in _STAND_INS:
            raise pickle.UnpicklingError(
                f"it asks for {module_name}.{global_name}, which no CIFAR batch needs: refused"
            )
        return _STAND_INS[module_name, global_name]


def _load(data: bytes, name: str) -> dict[str, Any]:
    """The dictionary in a batch, with its keys as text."""
    if len(data) > MOST_BYTES:
        raise FileError(f"{name}: expected a CIFAR batch, found more than {MOST_BYTES >> 20} MB")
    try:
        _check_operations(data)
        content = _Unpickler(io.BytesIO(data), encoding="bytes").load()
    # A broken pickle leads to any exception at all.
    except Exception as error:
        raise FileError(f"{name}: not a readable CIFAR batch: {error}") from error
    if not isinstance(content, dict):
        raise FileError(f"{name}: expected a CIFAR batch, found a pickled {type(content).__name__}")
    return {_text(key, name): value for key, value in content.items()}


def _check_operations(data: bytes) -> None:
    """Raise UnpicklingError for what no batch has and what could take the memory or the stack.

    Unpicklers make room for as many objects as the highest number under which one is kept, and
    Python's tuples are hashed however deep they are.
    """
    tuples = 0
    for operation, argument, _ in pickletools.genops(data):
        if operation.name not in OPERATIONS:
            raise pickle.UnpicklingError(f"it has {operation.name}, which no CIFAR batch needs")
        if operation.name == "LONG_BINPUT" and int(argument or 0) > len(data):
            raise pickle.UnpicklingError(f"it keeps an object as number {argument:,}")
        tuples += operation.name in TUPLES
        if tuples > MOST_TUPLES:
            raise pickle.UnpicklingError(f"it has more than {MOST_TUPLES} tuples")


def _text(text: Any, name: str) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str):
        raise SchemaError(f"{name}: expected text, found {type(text).__name__}")
    return text
