"""CIFAR-10 and CIFAR-100 as they are distributed: which batches a folder, archive or file has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np

from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import Source, reason
from c10h.formats.archives import members
from c10h.formats.truth_files import check_truth
from c10h.images.cifar_batches import (
    MOST_BYTES,
    NAMES,
    SPLITS,
    is_batch_name,
    read_batch,
    read_names,
)
from c10h.images.import_request import Imported, ImportRequest, different, refuse_options
from c10h.records import Images

# How many files at the beginning of an archive tell whether it has CIFAR batches.
LOOKED_AT = 12
PICKLE = b"\x80"


def import_batches(source: Source, request: ImportRequest) -> Imported:
    """The pictures of the batches in a folder or archive, or of one batch.

    Raises FileError, SchemaError, or InputError for options that do not fit.
    """
    if source.path.is_dir() or source.head(len(PICKLE)) != PICKLE:
        return _from_contents(source, _contents(source), request)
    return _from_contents(source, {source.name: _content(source.path, source.name)}, request)


def has_batches(source: Source) -> bool:
    """Whether a folder, or the beginning of an archive, has files that are called as batches."""
    if source.path.is_dir():
        return any(map(is_batch_name, _names_in(source.path)))
    with closing(members(source, lambda _: False, 0)) as found:
        files = (one.path for one in found if not one.is_folder)
        return any(map(is_batch_name, islice(files, LOOKED_AT)))


def _from_contents(
    source: Source, contents: Mapping[str, bytes], request: ImportRequest
) -> Imported:
    refuse_options(request, "CIFAR batches", ("--split",))
    if request.labels is not None:
        raise InputError("--labels: CIFAR batches have the classes of their pictures")
    if request.ids_file is not None or request.ids == "path":
        raise InputError("--ids: expected name or none for CIFAR batches")
    names = request.classes
    for meta in NAMES:
        if meta in contents and names is None:
            names = read_names(contents[meta], meta)
    if names is None:
        raise AmbiguousError(f"{source.name}: no class names with the batch: give --classes")
    batches = [
        read_batch(contents[part], part)
        for part in _parts(source.name, contents, request.choice.splits)
    ]
    truth = np.concatenate([batch.truth for batch in batches])
    check_truth(truth, len(names), source.name)
    ids = None
    if request.ids == "name":
        files = [batch.files for batch in batches if batch.files is not None]
        if len(files) < len(batches):
            raise InputError(f"{source.name}: --ids name: its pictures have no names")
        ids = different(np.concatenate(files), source.name)
    pixels = np.concatenate([batch.images for batch in batches])
    if source.path.is_dir():
        lines = [f"{sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents)]
        source = replace(source, digest=sha256("".join(lines).encode()).hexdigest())
    known = None if request.no_truth else truth
    return Imported(Images(classes=names, images=pixels, truth=known, ids=ids), source)


def _parts(name: str, contents: Mapping[str, bytes], splits: Sequence[str]) -> list[str]:
    """The batches of the splits that were asked for, in order. Raises where that is not clear."""
    batches = [part for part in contents if part not in NAMES]
    if len(batches) == 1 and not splits:
        return batches
    found = {}
    for split, kinds in SPLITS.items():
        for parts in kinds:
            present = [part for part in parts if part in contents]
            if present and len(present) < len(parts):
                lacking = next(part for part in parts if part not in contents)
                raise FileError(f"{name}: expected {lacking}, found only {', '.join(present)}")
            if present:
                found[split] = list(parts)
    if not found:
        raise FileError(f"{name}: expected a CIFAR batch, found {', '.join(contents)}")
    if not splits and len(found) > 1:
        raise AmbiguousError(f"{name}: has {' and '.join(found)}: --split says which to take")
    for split in splits:
        if split not in found:
            raise InputError(f"{name}: expected the split {split}, found {', '.join(found)}")
    return [part for split in splits or found for part in found[split]]


def _contents(source: Source) -> dict[str, bytes]:
    """The batches in a folder or archive, by name without folders. Raises FileError."""
    found: dict[str, bytes] = {}
    for one in members(source, lambda path: is_batch_name(path, *NAMES), MOST_BYTES):
        name = one.path.rpartition("/")[2]
        if one.is_folder or not is_batch_name(name, *NAMES):
            continue
        if one.content is None:
            raise FileError(f"{source.name}: {one.path}: too large for a CIFAR batch")
        if name in found:
            raise AmbiguousError(f"{source.name}: two files are called {name}")
        if isinstance(one.content, str):
            found[name] = _content(Path(one.content), one.path)
        else:
            found[name] = one.content
    return found


def _content(path: Path, name: str) -> bytes:
    """The bytes of a batch. Raises FileError for too many, and where they cannot be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileError(f"{name}: too large for a CIFAR batch")
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{name}: {reason(error)}") from error


def _names_in(folder: Path) -> list[str]:
    try:
        return [one.name for one in folder.iterdir() if one.is_file()]
    except OSError as error:
        raise FileError(f"{folder}: {reason(error)}") from error
