"""What Python hands over, and what its readers then find."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from c10h.api.inputs import opened
from c10h.errors import FileError, InputError
from c10h.formats.hints import Hints
from c10h.formats.predictions_and_labels import open_labels, open_predictions
from c10h.formats.truth_files import open_truth
from c10h.records import Array, Labels

CLASSES = ("cat", "dog", "bird")
VOTES = {"cat": [6, 1, 2], "dog": [2, 8, 2], "bird": [2, 1, 6]}
COUNTS = np.array(list(VOTES.values())).T
NAMES = ["x.png", "y.png", "z.png"]


def labels_of(value: Any) -> Labels:
    """What the reader of labels makes of a value; everything is read, as the file goes."""
    with opened() as inputs:
        labels = open_labels(inputs.open(value, "votes"))
        assert labels.counts is not None
        return Labels(
            classes=labels.classes,
            counts=np.asarray(labels.counts[0:3]),
            probs=np.asarray(labels.probs[0:3]),
            ids=labels.ids,
        )


def logits_of(value: Any) -> Array:
    with opened() as inputs:
        return np.asarray(open_predictions(inputs.open(value, "logits")).logits[0, 0:3])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_tensor_that_needs_a_gradient(dtype: torch.dtype) -> None:
    logits = torch.tensor([[1.5, -2.0], [0.25, 8.0], [3.0, 0.5]], dtype=dtype, requires_grad=True)
    np.testing.assert_array_equal(logits_of(logits), [[1.5, -2.0], [0.25, 8.0], [3.0, 0.5]])


def test_lists() -> None:
    np.testing.assert_array_equal(logits_of([[1, -2], [0, 8], [3, 5]])[:, 1], [-2, 8, 5])


@pytest.mark.parametrize("lazy", [False, True])
def test_a_frame_of_polars(lazy: bool) -> None:
    frame = pl.DataFrame({"file": NAMES, **VOTES})
    labels = labels_of(frame.lazy() if lazy else frame)
    assert labels.classes == CLASSES
    np.testing.assert_array_equal(labels.counts, COUNTS)
    np.testing.assert_array_equal(labels.ids, NAMES)


def test_a_frame_of_pandas() -> None:
    labels = labels_of(pd.DataFrame({"file": NAMES, **VOTES}))
    assert labels.classes == CLASSES
    np.testing.assert_array_equal(labels.ids, NAMES)


def test_an_index_of_pandas_names_the_items() -> None:
    labels = labels_of(pd.DataFrame(VOTES, index=pd.Index(NAMES, name="file")))
    np.testing.assert_array_equal(labels.ids, NAMES)
    np.testing.assert_array_equal(labels.counts, COUNTS)


def test_a_frame_with_missing_words() -> None:
    frame = pd.DataFrame({"item": ["a", "b", "c"], "truth": ["cat", None, "dog"]})
    with opened() as inputs:
        truth = open_truth(inputs.open(frame, "truth"), CLASSES, Hints(), lambda line: None)
    np.testing.assert_array_equal(truth.values, [0, -1, 1])


@pytest.mark.parametrize("truth", [["cat", "bird", "dog"], np.array([0, 2, 1])])
def test_names_and_numbers_of_classes(truth: Any) -> None:
    with opened() as inputs:
        found = open_truth(inputs.open(truth, "truth"), CLASSES, Hints(), lambda line: None)
    np.testing.assert_array_equal(found.values, [0, 2, 1])


def test_an_array_has_the_hash_of_the_file_that_numpy_saves() -> None:
    stream = io.BytesIO()
    np.save(stream, COUNTS)
    with opened() as inputs:
        source = inputs.open(COUNTS, "votes")
        assert source.name == "votes (array)"
        assert source.sha256 == hashlib.sha256(stream.getvalue()).hexdigest()


def test_nothing_is_left_behind() -> None:
    with opened() as inputs:
        folder = inputs.open(COUNTS, "votes").path.parent
        assert folder.is_dir()
    assert not folder.exists()
    assert not inputs.folder.exists()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([[1, 2], [3]], "rows of equal length"),
        ({"logits": [1]}, "found dict"),
        (3.5, "found float"),
        ([None, 1], "found list"),
        (np.array([b"a", None], dtype=object), "found ndarray"),
    ],
)
def test_other_values(value: Any, says: str) -> None:
    with opened() as inputs, pytest.raises(InputError, match=says):
        inputs.open(value, "logits")


def test_objects_are_not_pickled(bomb: Any) -> None:
    with opened() as inputs, pytest.raises(InputError, match="an array of numbers or words"):
        inputs.open(np.array([bomb, bomb], dtype=object), "logits")


def test_a_path(tmp_path: Path) -> None:
    np.save(tmp_path / "votes.npy", COUNTS)
    with opened() as inputs:
        assert inputs.open(tmp_path / "votes.npy", "votes").name == "votes.npy"
        with pytest.raises(FileError, match=r"gone\.npy"):
            inputs.open("gone.npy", "votes")


def test_images_are_a_file_or_a_result() -> None:
    with opened() as inputs, pytest.raises(InputError, match=r"c10h\.import_images"):
        inputs.images(np.zeros((2, 4, 4, 3), np.uint8))
