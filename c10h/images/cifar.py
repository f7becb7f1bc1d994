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
from c10h.images.import_request import Imported, ImportRequest, check_unique_ids, refuse_options
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
    with closing(members(source, lambda _: False, 0)) as entries:
        files = (entry.path for entry in entries if not entry.is_folder)
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
        read_batch(contents[batch_name], batch_name)
        for batch_name in _batch_names(source.name, contents, request.choice.splits)
    ]
    truth = np.concatenate([batch.truth for batch in batches])
    check_truth(truth, len(names), source.name)
    ids = None
    if request.ids == "name":
        files = [batch.files for batch in batches if batch.files is not None]
        if len(files) < len(batches):
            raise InputError(f"{source.name}: --ids name: its pictures have no names")
        ids = check_unique_ids(np.concatenate(files), source.name)
    pixels = np.concatenate([batch.images for batch in batches])
    if source.path.is_dir():
        lines = [f"{sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents)]
        source = replace(source, digest=sha256("".join(lines).encode()).hexdigest())
    kept_truth = None if request.no_truth else truth
    return Imported(Images(classes=names, images=pixels, truth=kept_truth, ids=ids), source)


def _batch_names(name: str, contents: Mapping[str, bytes], splits: Sequence[str]) -> list[str]:
    """The batches of the splits that were asked for, in order. Raises where that is not clear."""
    batches = [batch for batch in contents if batch not in NAMES]
    if len(batches) == 1 and not splits:
        return batches
    by_split = {}
    for split, kinds in SPLITS.items():
        for names in kinds:
            present = [batch for batch in names if batch in contents]
            if present and len(present) < len(names):
                lacking = next(batch for batch in names if batch not in contents)
                raise FileError(f"{name}: expected {lacking}, found only {', '.join(present)}")
            if present:
                by_split[split] = list(names)
    if not by_split:
        raise FileError(f"{name}: expected a CIFAR batch, found {', '.join(contents)}")
    if not splits and len(by_split) > 1:
        raise AmbiguousError(f"{name}: has {' and '.join(by_split)}: --split says which to take")
    for split in splits:
        if split not in by_split:
            raise InputError(f"{name}: expected the split {split}, found {', '.join(by_split)}")
    return [batch for split in splits or by_split for batch in by_split[split]]


def _contents(source: Source) -> dict[str, bytes]:
    """The batches in a folder or archive, by name without folders. Raises FileError."""
    contents: dict[str, bytes] = {}
    for member in members(source, lambda path: is_batch_name(path, *NAMES), MOST_BYTES):
        name = member.path.rpartition("/")[2]
        if member.is_folder or not is_batch_name(name, *NAMES):
            continue
        if member.content is None:
            raise FileError(f"{source.name}: {member.path}: too large for a CIFAR batch")
        if name in contents:
            raise AmbiguousError(f"{source.name}: two files are called {name}")
        if isinstance(member.content, str):
            contents[name] = _content(Path(member.content), member.path)
        else:
            contents[name] = member.content
    return contents


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
        return [path.name for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise FileError(f"{folder}: {reason(error)}") from error
