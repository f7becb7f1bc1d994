"""Labels, truth and predictions of three items, for tests of what stages join."""

from __future__ import annotations

from typing import Any

import numpy as np
from metrics.scoring import labels_of, predictions_of

from c10h.records import Lineage, Predictions
from c10h.stages.people import People

NAMES = ("cat", "dog", "bird")
MINE = Lineage(command="predict")


def network(items: int = 3, **more: Any) -> Predictions:
    return predictions_of(np.arange(items * 3.0).reshape(items, 3), **more)


def people(items: int = 3, ids: list[str] | None = None) -> People:
    counts = np.arange(items)[:, None] + [1, 2, 3]
    labels = labels_of(counts=counts, ids=None if ids is None else np.array(ids))
    return People.of(labels, np.arange(items) % 3, labels.classes)


RIGHT = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=np.uint8)
LABELS = labels_of(
    counts=[[1, 2, 3], [2, 3, 4], [3, 4, 5]], truth=[0, 2, -1], right=RIGHT, classes=NAMES
)
