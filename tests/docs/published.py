"""What README.md's reader has and fetches: a network's logits of CIFAR-10's test images, cifar10h.

Both come from the folder that C10H_DATA names (docs/developing.md).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from c10h.datasets.cache import Product, download_path, store
from c10h.datasets.published import CIFAR10
from c10h.files import Source
from c10h.formats.predictions_and_labels import open_labels

NAME = "cifar10h"
# Resolved now, as blocks are run in another folder.
DATA = Path(os.environ.get("C10H_DATA", "")).resolve()
FILES = ("cifar10h-counts.npy", "cifar10_test_labels.npy", "densenet-bc-L190-k40-probs.csv")


def is_there() -> bool:
    """Whether C10H_DATA names a folder with the files."""
    return all((DATA / name).is_file() for name in FILES)


@contextlib.contextmanager
def at_hand() -> Iterator[None]:
    """A cache with cifar10h, and logits.npy in the current folder, where the files are there.

    The cache is as ``c10h data fetch cifar10h`` leaves it, which then finds that nothing is to be
    done; tests/cli/test_data_fetch.py sees it download. Only the annotators are missing, and the
    trials, 514,200 of them, are an empty file: no block of README.md asks for them.
    """
    with (
        tempfile.TemporaryDirectory() as cache,
        mock.patch.dict(os.environ, {"C10H_CACHE": cache}),
    ):
        if is_there():
            _prepare(*(DATA / name for name in FILES))
        yield


def _prepare(counts: Path, truth: Path, probs: Path) -> None:
    labels = open_labels(Source.open(str(counts)))
    true_classes = np.load(truth).astype(np.int64)
    store(NAME, {"labels": Product(replace(labels, classes=CIFAR10, truth=true_classes))})
    trials = download_path("cifar10h-raw.zip")
    trials.parent.mkdir()
    trials.touch()
    np.save("logits.npy", np.log(np.loadtxt(probs, delimiter=",")))
