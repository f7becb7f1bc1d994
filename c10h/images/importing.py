"""Images in the forms in which people have them: arrays, CIFAR batches, folders, archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from c10h import h5
from c10h.errors import AmbiguousError, FileError, InputError, MismatchError
from c10h.files import Source, reason
from c10h.formats.archives import is_archive, members
from c10h.formats.classes import default_names
from c10h.formats.readers import recorded_classes
from c10h.formats.truth import check_truth, open_truth
from c10h.images import arrays
from c10h.images.batches import (
    MOST_BYTES,
    NAMES,
    SPLITS,
    is_batch_name,
    read_batch,
    read_names,
)
from c10h.images.folders import Choice, read_folder
from c10h.records import Array, Images

IDS = ("path", "name", "none")
PICKLE = b"\x80"
# How many files at the beginning of an archive tell whether it has CIFAR batches.
LOOKED_AT = 12
# How many bad pictures a lineage names.
LISTED = 1000

Start = Callable[[int | None], Callable[[int], None]]


@dataclass(frozen=True)
class Request:
    """What to import and how: ``choice`` is for folders and archives of pictures.

    labels: true classes of an array, and ids_file: a text with one id a line. ids: one of IDS, None
    for what is usual. classes: names in order.
    """

    choice: Choice = field(default_factory=Choice)
    labels: Source | None = None
    ids: str | None = None
    ids_file: Source | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Imported:
    """The images, without lineage, and what they come from.

    The SHA-256 of a folder is that of the lines "SHA-256, two spaces, path" of all files that were
    read, by path, as sha256sum writes them. notes: one line each for people. excluded: what was
    left out, for the lineage.
    """

    images: Images
    source: Source
    notes: tuple[str, ...] = ()
    excluded: Mapping[str, Any] = field(default_factory=dict)


def import_images(argument: str, request: Request, scratch: Path, start: Start) -> Imported:
    """Read the images that an argument names, in any of the known forms.

    scratch: a folder with room for the pixels. start: given how many pictures there are, where it
    is known, returns what is called with how many more are done.
    Raises InputError (FileError, SchemaError ...) with one line that says what is wrong.
    """
    if Path(argument).is_dir():
        folder = Source(Path(argument), Path(argument).resolve().name)
        if any(map(is_batch_name, _names_in(folder.path))):
            return _from_batches(folder, _contents(folder), request)
        return _from_pictures(folder, request, scratch, start)
    source = Source.open(argument)
    if source.head(len(arrays.MAGIC)) == arrays.MAGIC:
        return _from_array(source, request)
    if source.head(1) == PICKLE:
        return _from_batches(source, {source.name: _content(source.path, source.name)}, request)
    if is_archive(source):
        if _has_batches(source):
            return _from_batches(source, _contents(source), request)
        return _from_pictures(source, request, scratch, start)
    raise FileError(
        f"{source.name}: expected a .npy array, CIFAR batches, or a folder, .tar or .zip of "
        f"pictures, found {h5.describe_head(source)}"
    )


def _from_pictures(source: Source, request: Request, scratch: Path, start: Start) -> Imported:
    if request.labels is not None:
        raise InputError("--labels is for arrays: folders tell the classes of their pictures")
    if request.ids_file is not None:
        raise InputError(f"--ids: expected {', '.join(IDS)} for pictures in folders, found a file")
    choice = replace(request.choice, classes=request.classes, ids=request.ids or "path")
    found = read_folder(source, choice, scratch, start)
    notes = [f"{count:,} {was} pictures became RGB" for was, count in found.became.items()]
    if found.bad:
        first, why = next(iter(sorted(found.bad.items())))
        notes.append(f"left out {len(found.bad):,} bad pictures, the first is {first}: {why}")
    if found.unmapped:
        left = sum(found.unmapped.values())
        notes.append(f"left out {left:,} pictures in {len(found.unmapped):,} folders not in --map")
    if found.absent:
        notes.append(f"no picture of {', '.join(found.absent)}")
    excluded = {"bad-pictures": len(found.bad), "bad-pictures-named": sorted(found.bad)[:LISTED]}
    return Imported(
        found.images,
        replace(source, digest=found.sha256) if source.path.is_dir() else source,
        tuple(notes),
        excluded if found.bad else {},
    )


def _from_array(source: Source, request: Request) -> Imported:
    _refuse_choice(request, "an array")
    pictures = arrays.open_pictures(source)
    size, names, truth = pictures.shape[0], request.classes, None
    if request.labels is not None:
        names = names or recorded_classes(request.labels)
        truth = open_truth(request.labels, names).values
        if len(truth) != size:
            raise MismatchError(
                f"{request.labels.name}: expected {size:,} classes for as many pictures, "
                f"found {len(truth):,}"
            )
        names = names or default_names(max(int(truth.max()) + 1, 2))
    if names is None:
        raise AmbiguousError(f"{source.name}: which classes? give --labels or --classes")
    if request.ids in ("path", "name"):
        raise InputError(f"--ids {request.ids}: the pictures of an array have no names")
    ids = None if request.ids_file is None else _ids_in(request.ids_file, size)
    return Imported(Images(classes=names, images=pictures, truth=truth, ids=ids), source)


def _from_batches(source: Source, contents: Mapping[str, bytes], request: Request) -> Imported:
    _refuse_choice(request, "CIFAR batches", splits=True)
    if request.labels is not None:
        raise InputError("--labels is for arrays: batches have the classes of their pictures")
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
        ids = _different(np.concatenate(files), source.name)
    pixels = np.concatenate([batch.images for batch in batches])
    if source.path.is_dir():
        lines = [f"{sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents)]
        source = replace(source, digest=sha256("".join(lines).encode()).hexdigest())
    return Imported(Images(classes=names, images=pixels, truth=truth, ids=ids), source)


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


def _has_batches(archive: Source) -> bool:
    """Whether the first files of an archive are batches."""
    with closing(members(archive, lambda _: False, 0)) as found:
        files = (one.path for one in found if not one.is_folder)
        return any(map(is_batch_name, islice(files, LOOKED_AT)))


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


def _refuse_choice(request: Request, what: str, *, splits: bool = False) -> None:
    """Raise InputError for options that only folders of pictures have."""
    choice = request.choice
    given = {
        "--split": bool(choice.splits) and not splits,
        "--select": choice.select is not None,
        "--map": choice.to_class is not None,
        "--resize": choice.side is not None,
        "--skip-bad": choice.skip_bad,
    }
    for option, is_given in given.items():
        if is_given:
            raise InputError(f"{option} is for folders of pictures, this is {what}")


def _ids_in(source: Source, size: int) -> Array:
    """Names of items, one a line."""
    try:
        words = source.path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise FileError(f"{source.name}: expected UTF-8 text with one id a line") from error
    if len(words) != size:
        raise MismatchError(f"{source.name}: expected {size:,} ids, found {len(words):,}")
    return _different(np.array(words, dtype=np.str_), source.name)


def _different(ids: Array, name: str) -> Array:
    words, times = np.unique(ids, return_counts=True)
    if times.max() > 1:
        raise InputError(f"{name}: two pictures are called {words[np.argmax(times)]}")
    return ids
