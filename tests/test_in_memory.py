"""What tells contents in memory apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from c10h.formats.truth_files import Truth
from c10h.in_memory import InMemory
from c10h.records import Labels, Lineage, Predictions, View

LOGITS = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
NETWORKS = Predictions(classes=("a", "b", "c"), logits=LOGITS, member=np.array(["x", "y"]))


def digest(record: object) -> str:
    return InMemory(record).sha256


def test_equal_contents() -> None:
    copy = replace(NETWORKS, logits=LOGITS.copy(), lineage=Lineage(command="c10h predict"))
    assert digest(copy) == digest(NETWORKS)
    assert len(digest(copy)) == 64


def test_rows_that_are_computed_are_as_those_that_are_there() -> None:
    view = View(LOGITS.shape, LOGITS.dtype, lambda key: LOGITS[key])
    assert digest(replace(NETWORKS, logits=view)) == digest(NETWORKS)


@pytest.mark.parametrize(
    "other",
    [
        replace(NETWORKS, logits=LOGITS + 1),
        replace(NETWORKS, logits=LOGITS.astype("f8")),
        replace(NETWORKS, classes=("a", "b", "d")),
        replace(NETWORKS, member=np.array(["x", "z"])),
        replace(NETWORKS, index=np.arange(4)),
        replace(NETWORKS, settings={"s": 1}),
        replace(NETWORKS, trained={"item": np.zeros(1, "u8"), "fold": np.zeros(1, "i2")}),
        Truth(np.arange(4)),
    ],
)
def test_other_contents(other: object) -> None:
    assert digest(other) != digest(NETWORKS)


def test_labels() -> None:
    labels = Labels(classes=("a", "b"), probs=np.full((3, 2), 0.5))
    counted = replace(labels, counts=np.ones((3, 2), "i4"))
    assert digest(labels) != digest(counted) == digest(replace(counted))
