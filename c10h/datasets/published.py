"""What published data sets become: records of c10h, made of the downloads of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from c10h.datasets.cache import Product
from c10h.datasets.catalogue import IMAGES, LABELS, Start, parts_of
from c10h.errors import FileError
from c10h.files import Source
from c10h.formats.archives import places_in_tar
from c10h.formats.arrays import npy_rows
from c10h.formats.class_names import CLASS_LISTS
from c10h.formats.judgments import open_judgments
from c10h.formats.lazy_rows import rows_between
from c10h.formats.predictions_and_labels import open_labels
from c10h.images.hashes import hashes_of
from c10h.images.import_request import Choice, ImportRequest
from c10h.images.importing import import_images
from c10h.labels.judgment_filters import Filters
from c10h.labels.votes import count_votes
from c10h.records import Images, Rows

CIFAR10 = CLASS_LISTS["cifar10"]


def cifar10(name: str, downloads: Mapping[str, Path], start: Start) -> Mapping[str, Product]:
    """The training or test images of CIFAR-10, in the order of its batches."""
    split = name.removeprefix("cifar10-")
    archive = downloads["cifar-10-python.tar.gz"]
    request = ImportRequest(path=str(archive), choice=Choice(splits=(split,)))
    return _images(request, start, {"split": split})


def cifar10_1(name: str, downloads: Mapping[str, Path], start: Start) -> Mapping[str, Product]:
    """A version of CIFAR-10.1."""
    version = name.removeprefix("cifar10.1-")
    labels = Source.open(str(downloads[f"cifar10.1_{version}_labels.npy"]))
    pictures = downloads[f"cifar10.1_{version}_data.npy"]
    request = ImportRequest(path=str(pictures), labels=labels, classes=CIFAR10)
    return _images(request, start, {})


def cinic10(name: str, downloads: Mapping[str, Path], start: Start) -> Mapping[str, Product]:
    """The ImageNet part of CINIC-10, of all its splits: its file names are WordNet ids."""
    splits = ("train", "valid", "test")
    choice = Choice(splits=splits, select="n*")
    archive = downloads["CINIC-10.tar.gz"]
    shaping = {"split": list(splits), "select": choice.select}
    request = ImportRequest(path=str(archive), choice=choice, classes=CIFAR10)
    return _images(request, start, shaping)


def cifar10_c(name: str, downloads: Mapping[str, Path], start: Start) -> Mapping[str, Product]:
    """Each corruption of CIFAR-10-C at each severity, a fifth of its array, as a part.

    Its images have those of the CIFAR-10 test set as their originals, which are in the same order.
    """
    test_images = cifar10("cifar10-test", downloads, start)[IMAGES]
    assert isinstance(test_images.content, Images)
    assert test_images.content.truth is not None
    truth, original = test_images.content.truth, hashes_of(test_images.content)
    source = Source.open(str(downloads["CIFAR-10-C.tar"]))
    arrays = _ArraysOfTar(source, places_in_tar(source))
    if not np.array_equal(arrays.of("labels")[:], np.tile(truth, 5)):
        raise FileError(
            f"{source.name}: CIFAR-10-C/labels.npy: expected the true classes of cifar10-test five "
            "times, found others"
        )
    products = {}
    for part in parts_of(name):
        kind, _, severity = part.rpartition("-")
        first = len(truth) * (int(severity) - 1)
        images = Images(
            classes=CIFAR10,
            images=rows_between(arrays.of(kind), first, first + len(truth)),
            truth=truth,
            original=original,
        )
        inputs = (("images", source), *(("original", file) for _, file in test_images.inputs))
        products[f"{IMAGES}/{part}"] = Product(images, inputs, {"part": part})
    return products


@dataclass(frozen=True)
class _ArraysOfTar:
    """The arrays in CIFAR-10-C's archive, read from where they are in it."""

    source: Source
    places: Mapping[str, int]

    def of(self, name: str) -> Rows:
        path = f"CIFAR-10-C/{name}.npy"
        if path not in self.places:
            raise FileError(
                f"{self.source.name}: expected {path}, found {len(self.places)} other files"
            )
        return npy_rows(replace(self.source, name=f"{self.source.name}: {path}"), self.places[path])


def cifar10h(name: str, downloads: Mapping[str, Path], start: Start) -> Mapping[str, Product]:
    """The published counts of CIFAR-10H, with the true classes and annotators of its trials."""
    counts_file, trials = (
        Source.open(str(downloads[file])) for file in ("cifar10h-counts.npy", "cifar10h-raw.zip")
    )
    published = open_labels(counts_file)
    votes = count_votes(open_judgments(trials), Filters(), CIFAR10)
    assert published.counts is not None
    assert votes.labels.counts is not None
    labels = replace(published, classes=CIFAR10, truth=votes.labels.truth)
    notes = []
    if np.array_equal(published.counts[:], votes.labels.counts[:]):
        labels = replace(labels, annotators=votes.labels.annotators)
    else:
        notes.append(
            f"{name}: the votes of the trial file differ from the published ones, which are kept"
        )
    inputs = (("source", counts_file), ("judgments", trials))
    return {LABELS: Product(labels, inputs, excluded=votes.summary(), notes=tuple(notes))}


def _images(
    request: ImportRequest,
    start: Start,
    options: Mapping[str, Any],
) -> Mapping[str, Product]:
    imported = import_images(request, Path(request.path).parent, start)
    inputs = [("images", imported.source)]
    if request.labels is not None:
        inputs.append(("labels", request.labels))
    return {IMAGES: Product(imported.images, tuple(inputs), options, notes=imported.notes)}
