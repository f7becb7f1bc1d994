"""Arrays in foreign files, as they are: no meaning is given to them.

Every format of arrays has a function that lists what a file holds; nothing is read before it is
chosen. Large .npy and .h5 arrays are read slice by slice, the others whole.
"""

from __future__ import annotations

import math
import shutil
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from c10h.errors import AmbiguousError, FileError, SchemaError, counted
from c10h.files import MATLAB, Source
from c10h.formats import archives
from c10h.formats.file_formats import FORMATS
from c10h.formats.hints import brief
from c10h.formats.known_column_names import CLASS_NAMES, column_key, names_items
from c10h.formats.mat_files import read_mat
from c10h.h5_objects import open_file
from c10h.h5_values import check_memory, dataset_rows, is_text, text_of
from c10h.records import Array, Rows, View

# What arrays of whole numbers are called that number items.
NUMBERED = ("id", "ids", "index", "idx")
NUMBERS, WORDS = "fiub", "USO"
# What the names of the weights of layers end in.
WEIGHTS = (".weight", ".bias")
# What the header of an .npy file takes at most.
LARGEST_HEADER = 1 << 16
# A larger array of an .npz file stays on the disk, unpacked.
IN_MEMORY = 1 << 26
# One may unpack to this much, or to many times the size of its file if that is more.
UNPACKED_BYTES = 1 << 30


@dataclass(frozen=True)
class Stored:
    """An array in a file that is not read yet. load: its values; text as numpy's str."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    load: Callable[[], Rows]

    @property
    def is_numeric(self) -> bool:
        return self.dtype.kind in NUMBERS

    @property
    def is_matrix(self) -> bool:
        """Whether it may have a number for each class of each item (of each member)."""
        return self.is_numeric and len(self.shape) in (2, 3) and self.shape[-1] > 1

    @property
    def is_vector(self) -> bool:
        """Whether it may have one class an item."""
        ndim = len([size for size in self.shape if size != 1])
        return ndim <= 1 <= len(self.shape) and self.dtype.kind in NUMBERS + WORDS

    @property
    def is_whole(self) -> bool:
        return self.dtype.kind in "iub"

    @classmethod
    def of(cls, values: Array, source: Source) -> Stored:
        """An array that is in memory. Raises FileError for bytes that are no UTF-8."""
        values = decoded(values, source)
        return cls(values.shape, values.dtype, lambda: values)


def stored_arrays(source: Source, form: str) -> Mapping[str, Stored]:
    """The arrays of a file in a format of them, by name; "" where it holds just one without a name.

    Raises FileError for a file that cannot be read.
    """
    read = FORMATS[form].read_arrays
    arrays: Mapping[str, Stored] = {} if read is None else read(source)
    if not arrays:
        raise FileError(f"{source.name}: expected an array, found no array of numbers or text")
    return arrays


def choose(
    arrays: Mapping[str, Stored],
    source: Source,
    *fits: Callable[[Stored], bool],
) -> tuple[str, Stored]:
    """The array that is meant: as named, the only one, or the only one that fits.

    fits: what is looked for, the best first. Raises FileError for a name that the file does not
    have, AmbiguousError where several arrays could be meant.
    """
    if source.member:
        name = source.member.strip("/")
        if name not in arrays:
            raise FileError(f"{source.name}: expected an array {name!r}, found {listing(arrays)}")
        return name, arrays[name]
    if len(arrays) == 1:
        return next(iter(arrays.items()))
    for fit in fits:
        candidates = [name for name, array in arrays.items() if fit(array)]
        if len(candidates) == 1:
            return candidates[0], arrays[candidates[0]]
        if candidates:
            break
    example = (candidates or list(arrays))[0]
    raise AmbiguousError(
        f"{source.name}: found {listing(arrays)}: which one? Use {source.name}:{example}"
    )


def listing(arrays: Mapping[str, Stored]) -> str:
    """Names and shapes of arrays, for messages."""
    shown = [
        f"{name} {'x'.join(map(str, array.shape)) or 'scalar'}" for name, array in arrays.items()
    ]
    return f"{len(arrays)} arrays ({brief(shown)})"


def are_ids(name: str, array: Stored) -> bool:
    """Whether an array is called as names of items are: ids, files …, of text or whole numbers."""
    called = name.rpartition("/")[2]
    if array.dtype.kind in "iu":
        return array.is_vector and called.lower() in NUMBERED
    return array.dtype.kind in WORDS and names_items(called.removesuffix("s"))


def are_class_names(name: str) -> bool:
    """Whether an array is called as the names of the classes are: classes, class_names …"""
    return column_key(name.rpartition("/")[2]) in CLASS_NAMES


def ids_beside(
    arrays: Mapping[str, Stored], size: int, source: Source, besides: str = ""
) -> Array | None:
    """The one array that is called as names of items are, and has as many: their names as text.

    besides: the array that the items are of. Raises SchemaError where all that are called so have
    another number of names, as from a list with an empty line at its end.
    """
    named = {n: array for n, array in arrays.items() if n != besides and are_ids(n, array)}
    lengths = {name: int(np.prod(array.shape)) for name, array in named.items()}
    candidates = [named[name] for name, length in lengths.items() if length == size]
    wrong = {name: length for name, length in lengths.items() if length > 1}
    if not candidates and size > 1 and wrong:
        name, length = next(iter(wrong.items()))
        raise SchemaError(
            f"{source.name}: {name}: expected a name for each of {counted(size, 'item')}, found "
            f"{length:,}"
        )
    if len(candidates) != 1:
        return None
    return np.asarray(candidates[0].load()[0 : candidates[0].shape[0]]).reshape(-1).astype(np.str_)


def classes_beside(arrays: Mapping[str, Stored], count: int) -> tuple[str, ...] | None:
    """The one array of as many different texts that is called as names of classes are."""
    candidates = [
        array
        for name, array in arrays.items()
        if array.dtype.kind in WORDS
        and int(np.prod(array.shape)) == count
        and are_class_names(name)
    ]
    if len(candidates) != 1:
        return None
    words = np.asarray(candidates[0].load()[0 : candidates[0].shape[0]]).reshape(-1)
    names = tuple(str(word).strip() for word in words)
    return names if len(set(names)) == count and "" not in names else None


def vectors_of_annotators(arrays: Mapping[str, Stored]) -> Mapping[str, Stored]:
    """The vectors of one length, as several people may each have one; none where they differ."""
    vectors = {
        name: array
        for name, array in arrays.items()
        if name and array.is_vector and array.shape and not are_class_names(name)
    }
    sizes = {int(np.prod(array.shape)) for array in vectors.values()}
    return vectors if len(sizes) == 1 else {}


def decoded(values: Array, source: Source) -> Array:
    """Bytes as text. Raises FileError for bytes that are no UTF-8."""
    if values.dtype.kind != "S":
        return values
    try:
        return np.char.decode(values, "utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{source.name}: expected UTF-8 text: {error}") from error


def npy_rows(source: Source, start: int = 0) -> Rows:
    """A .npy file, read slice by slice without mapping it; whole where its columns come first.

    start: at which byte of the file it begins. Raises FileError for a damaged file and for pickled
    objects.
    """
    with _damage_told(source, ".npy"), source.path.open("rb") as stream:
        stream.seek(start)
        shape, by_column, dtype = _npy_header(stream)
        offset = stream.tell()
    if dtype.hasobject:
        raise FileError(
            f"{source.name}: expected numbers, found pickled objects, which are never loaded"
        )
    if min(shape, default=0) < 0:
        raise FileError(f"{source.name}: expected sizes of 0 or more, found shape {shape}")
    width = math.prod(shape[1:])
    expected = offset + math.prod(shape) * dtype.itemsize
    size = source.path.stat().st_size
    if size < expected:
        raise FileError(f"{source.name}: truncated: expected {expected} bytes, found {size} bytes")
    if by_column or not shape:
        with _damage_told(source, ".npy"), source.path.open("rb") as stream:
            stream.seek(start)
            whole: Array = np.load(stream, allow_pickle=False)
        return whole

    def read(key: Any) -> Array:
        first, stop, step = key.indices(shape[0])
        if step != 1:
            raise ValueError("rows must be read in order")
        count = max(0, stop - first) * width
        position = offset + first * width * dtype.itemsize
        block = np.fromfile(source.path, dtype=dtype, count=count, offset=position)
        if len(block) != count:
            raise FileError(f"{source.name}: truncated while it was read")
        return decoded(block.reshape(-1, *shape[1:]) if width else block, source)

    return View(shape, dtype, read)


def npy_arrays(source: Source) -> Mapping[str, Stored]:
    """The one array of a .npy file, under no name."""
    rows = npy_rows(source)
    return {"": Stored(tuple(rows.shape), rows.dtype, lambda: rows)}


def npz_arrays(source: Source) -> Mapping[str, Stored]:
    """The arrays of a .npz file."""
    with _damage_told(source, ".npz"), zipfile.ZipFile(source.path) as archive:
        infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        return {
            info.filename.removesuffix(".npy"): _in_npz(source, archive, info) for info in infos
        }


def _in_npz(source: Source, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Stored:
    """One array, of which only the header is read. Raises FileError."""
    where = f"{source.name}: {info.filename.removesuffix('.npy')}"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python unpacks the other methods without a bound on what a few bytes become.
        raise FileError(f"{where}: expected a deflated zip, found another method")
    named = replace(source, name=where)
    with _damage_told(named, ".npy"), archive.open(info) as stream:
        shape, _, dtype = _npy_header(stream)
    size = math.prod(shape) * dtype.itemsize
    has_size = size <= info.file_size <= size + LARGEST_HEADER
    if not dtype.hasobject and not (has_size and min(shape, default=0) >= 0):
        raise FileError(f"{where}: expected {size} bytes and a header, found {info.file_size}")
    if size > max(UNPACKED_BYTES, archives.UNPACKED_RATIO * source.path.stat().st_size):
        raise FileError(
            f"{where}: unpacks to {size:,} bytes, over {archives.UNPACKED_RATIO} times the size of "
            "the file: refused (save it with np.save if you trust it)"
        )

    def load() -> Rows:
        with (
            _damage_told(named, ".npy"),
            zipfile.ZipFile(source.path) as again,
            again.open(info) as stream,
            archives.temporary() as target,
        ):
            shutil.copyfileobj(stream, target, 1 << 20)
        rows = npy_rows(replace(named, path=Path(target.name)))
        return rows if size > IN_MEMORY or not shape else np.asarray(rows[0 : shape[0]])

    return Stored(shape, dtype, load)


def _npy_header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, by_column, dtype = read_header(stream)
    return shape, by_column, dtype


def h5_arrays(source: Source) -> Mapping[str, Stored]:
    """The datasets of an HDF5 file, MATLAB's of version 7.3 too."""
    _, objects = open_file(source)
    # MATLAB counts along columns, so what it calls (n, c) is (c, n) in HDF5.
    turned = source.head(len(MATLAB)) == MATLAB
    arrays = {}
    for path, dataset in objects.items():
        if not isinstance(dataset, h5py.Dataset) or not _has_dtype(dataset):
            continue
        if is_text(dataset):
            text = np.dtype(np.str_)
            arrays[path] = Stored(tuple(dataset.shape), text, partial(_h5_text, source, dataset))
        elif dataset.dtype.kind in NUMBERS:
            rows: Rows = dataset_rows(dataset, f"{source.name}: {path}")
            shape = tuple(dataset.shape[::-1]) if turned else tuple(dataset.shape)
            arrays[path] = Stored(shape, dataset.dtype, partial(_h5_rows, rows, turned=turned))
    return arrays


def _has_dtype(dataset: h5py.Dataset) -> bool:
    """Whether numpy can hold the values of a dataset, and it has any."""
    try:
        return dataset.shape is not None and dataset.dtype is not None
    except TypeError:
        return False


def _h5_rows(rows: Rows, *, turned: bool) -> Rows:
    return np.asarray(rows[...]).T if turned else rows


def _h5_text(source: Source, dataset: h5py.Dataset) -> Array:
    check_memory([dataset], source)
    try:
        return text_of(dataset, source.name)
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{source.name}: damaged: {error}") from error


def mat_arrays(source: Source) -> Mapping[str, Stored]:
    """The variables of a .mat file."""
    return {name: Stored.of(values, source) for name, values in read_mat(source).items()}


def pt_arrays(source: Source) -> Mapping[str, Stored]:
    """The tensors and lists of texts in a .pt file, which is loaded with ``weights_only=True``."""
    import torch
    from torch.serialization import safe_globals

    numpy_dtypes = {type(np.dtype(kind)) for kind in "?bBhHiIlLqQefd"}
    rebuild = np.empty(0).__reduce__()[0]
    before_numpy_2 = (rebuild, "numpy.core.multiarray._reconstruct")
    allowed: list[Any] = [rebuild, before_numpy_2, np.ndarray, np.dtype, *numpy_dtypes]
    try:
        with warnings.catch_warnings(), safe_globals(allowed):
            warnings.simplefilter("ignore")
            mapped = source.head(len(archives.ZIP)) == archives.ZIP or None
            archives.check_torch_zip(source.path, source.name)
            content = torch.load(source.path, map_location="cpu", weights_only=True, mmap=mapped)
    except FileError:
        raise
    except Exception as error:  # a stranger's bytes can raise anything in there
        raise FileError(
            f"{source.name}: expected tensors, found a file that torch does not load with "
            "weights_only (it is damaged or holds code)"
        ) from error
    entries = content if isinstance(content, Mapping) else {"": content}
    with _damage_told(source, ".pt"):  # numpy has no word for much of what a tensor may be
        arrays = {str(name): _values_in(value) for name, value in entries.items()}
        if "" in arrays and arrays[""] is None and isinstance(content, list | tuple):
            arrays = {str(number): _values_in(value) for number, value in enumerate(content)}
    has_weights = any(map(_are_weights, (entries, *entries.values())))
    others = [values for name, values in arrays.items() if not name.endswith(WEIGHTS)]
    if has_weights and not any(values is not None and values.ndim > 1 for values in others):
        raise FileError(
            f"{source.name}: expected arrays, found the weights of a network: c10h predict IMAGES "
            f"--arch NETWORK --weights {source.name} -o predictions.h5 makes predictions with them"
        )
    return {
        name: Stored.of(values, source) for name, values in arrays.items() if values is not None
    }


def _are_weights(value: object) -> bool:
    """Whether these are the weights of a network's layers, by their names."""
    return isinstance(value, Mapping) and any(
        isinstance(name, str) and name.endswith(WEIGHTS) for name in value
    )


def _values_in(value: object) -> Array | None:
    """A tensor, an array, texts or a list of batches of these as one array; None for others."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_quantized or _is_overlong(value):
            return None
        tensor = value.detach()
        # numpy has no bfloat16; every bfloat16 and float16 is exact in float32.
        small = tensor.is_floating_point() and tensor.itemsize < 4
        return np.asarray((tensor.float() if small else tensor).numpy())
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        return np.array(value, dtype=np.str_)
    if isinstance(value, list | tuple) and value:
        return concatenated([_values_in(batch) for batch in value])
    if isinstance(value, int | float):
        return np.array(value)
    return None


def _is_overlong(tensor: Any) -> bool:
    """Whether a tensor claims more numbers than there are in the file, by strides of 0."""
    return bool(tensor.numel() * tensor.itemsize > tensor.untyped_storage().nbytes())


def concatenated(batches: Sequence[Array | None]) -> Array | None:
    """Batches as one array; None where they are not batches of the same thing."""
    arrays = [batch for batch in batches if batch is not None]
    if len(arrays) < len(batches) or len({(batch.ndim, *batch.shape[1:]) for batch in arrays}) > 1:
        return None
    kinds = {batch.dtype.kind for batch in arrays}
    if not kinds <= set(NUMBERS) and not kinds <= set("U"):
        return None
    return np.concatenate(arrays) if arrays[0].ndim else np.array(arrays)


def safetensors_arrays(source: Source) -> Mapping[str, Stored]:
    """The tensors of a .safetensors file."""
    from safetensors import SafetensorError, safe_open

    def load(name: str) -> Array:
        with safe_open(source.path, "pt" if is_bfloat else "np") as file:
            values = file.get_tensor(name)
        return np.asarray(values.float().numpy() if is_bfloat else values)

    try:
        with safe_open(source.path, "np") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            kinds = {name: part.get_dtype() for name, part in slices.items()}
            shapes = {name: tuple(part.get_shape()) for name, part in slices.items()}
    except (SafetensorError, OSError) as error:
        raise FileError(f"{source.name}: not a readable .safetensors file: {error}") from error
    is_bfloat = "BF16" in kinds.values()
    return {
        name: Stored(shapes[name], np.dtype(_SAFETENSORS[kind]), partial(load, name))
        for name, kind in kinds.items()
        if kind in _SAFETENSORS
    }


_SAFETENSORS = {
    **{f"F{bits}": f"f{bits // 8}" for bits in (16, 32, 64)},
    **{f"I{bits}": f"i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"u{bits // 8}" for bits in (8, 16, 32, 64)},
    "BF16": "f4",
    "BOOL": "?",
}


@contextmanager
def _damage_told(source: Source, what: str) -> Iterator[None]:
    """Whatever goes wrong in a reader of numpy's or scipy's, as a FileError.

    A header is an expression of Python's, and a broken one leads to any exception at all.
    """
    try:
        yield
    except FileError:
        raise
    except (Exception, zlib.error) as error:
        raise FileError(f"{source.name}: not a readable {what} file, damaged: {error}") from error
