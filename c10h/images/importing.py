"""Images in the forms in which people have them: arrays, CIFAR batches, folders, archives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from c10h import h5
from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import HDF5, Source, describe_head
from c10h.formats.archives import is_archive
from c10h.formats.arrays import Stored, npy_rows
from c10h.images import cifar, parquet, pixel_arrays
from c10h.images.class_numbers import Numbered, number_classes, read_labels
from c10h.images.folders import import_folder
from c10h.images.import_request import Imported, ImportRequest, Start, read_ids, refuse_options
from c10h.images.named_arrays import choose, container_of, read_classes
from c10h.images.picture_file import is_picture_file
from c10h.images.shards import Shards, shards_in
from c10h.records import Images, Rows


def import_images(request: ImportRequest, scratch: Path, start: Start) -> Imported:
    """Read the images that a path names, in any of the known forms.

    scratch: a folder with room for the pixels. start: given how many pictures there are, where it
    is known, returns what is called with how many more are done.
    Raises InputError (FileError, SchemaError ...) with one line that says what is wrong.
    """
    if request.no_truth and request.labels is not None:
        raise InputError("--labels and --no-truth exclude each other")
    path = Path(request.path)
    if path.is_dir():
        source = Source(path, path.resolve().name)
        if cifar.has_batches(source):
            return cifar.import_batches(source, request)
        if (shards := shards_in(source, request.choice.splits)) is not None:
            return parquet.import_parquet(shards, request, scratch, start)
        return import_folder(source, request, scratch, start)
    source = Source.open(request.path)
    if source.head(len(pixel_arrays.MAGIC)) == pixel_arrays.MAGIC:
        return _from_array(source, request)
    if source.head(len(parquet.MAGIC)) == parquet.MAGIC:
        return parquet.import_parquet(Shards(source, (source.path,)), request, scratch, start)
    container = container_of(source)
    if container is not None:
        return _from_container(source, container, request)
    if source.head(len(cifar.PICKLE)) == cifar.PICKLE:
        return cifar.import_batches(source, request)
    if is_archive(source):
        if cifar.has_batches(source):
            return cifar.import_batches(source, request)
        return import_folder(source, request, scratch, start)
    raise _unknown(source)


def _from_array(source: Source, request: ImportRequest) -> Imported:
    refuse_options(request, "an array")
    pictures, assumed = pixel_arrays.as_pictures(npy_rows(source), source.name)
    return _of_array(source, pictures, None, request, [assumed])


def _from_container(
    source: Source, container: Mapping[str, Stored], request: ImportRequest
) -> Imported:
    refuse_options(request, "a file of arrays", ("--split",))
    chosen = choose(container, request.choice.splits, source.name)
    array = container[chosen.pictures]
    where = f"{source.name}: {chosen.pictures}"
    pictures, assumed = pixel_arrays.as_pictures(array.load(), where)
    taken = f"{source.name}: images from {chosen.pictures}, {array.shape}"
    truth = None
    if chosen.truth is not None and request.labels is None and not request.no_truth:
        name = f"{source.name}: {chosen.truth}"
        values = read_classes(container[chosen.truth], pictures.shape[0], name)
        truth = number_classes(values, request.classes, name, one_based=request.one_based)
        taken += f", truth from {chosen.truth}"
    return _of_array(source, pictures, truth, request, [taken, assumed])


def _of_array(
    source: Source, pictures: Rows, truth: Numbered | None, request: ImportRequest, notes: list[str]
) -> Imported:
    """Images of an array. truth: what the file has of it, if that is meant."""
    size = pictures.shape[0]
    if request.labels is not None:
        truth = read_labels(request.labels, request.classes, size, one_based=request.one_based)
    classes = truth.classes if truth is not None else request.classes
    if classes is None:
        raise AmbiguousError(f"{source.name}: which classes? Use --labels or --classes")
    if request.ids in ("path", "name"):
        raise InputError(f"--ids {request.ids}: the images of an array have no names")
    ids = None if request.ids_file is None else read_ids(request.ids_file, size)
    if truth is not None and truth.note:
        notes = [*notes, f"{(request.labels or source).name}: {truth.note}"]
    images = Images(
        classes=classes, images=pictures, truth=truth.truth if truth is not None else None, ids=ids
    )
    return Imported(images, source, tuple(filter(None, notes)))


def _unknown(source: Source) -> FileError:
    """What to do with a file that holds no pictures, as far as its first bytes tell."""
    head = source.head(16)
    kind = h5.peek_kind(source) if head.startswith(HDF5) else None
    description = describe_head(source) if kind is None else f"a c10h file of {kind}"
    advice = ""
    if kind == Images.kind:
        advice = ", which needs no import"
    elif is_picture_file(head):
        advice = ", a single image: name the folder that it is in"
    elif description.startswith("text"):
        advice = ": pass a table of file,class with --labels, class names with --classes"
    return FileError(
        f"{source.name}: expected a .npy, .npz, .pt or .parquet file, CIFAR batches, or a folder, "
        f".tar or .zip of images, found {description}{advice}"
    )
