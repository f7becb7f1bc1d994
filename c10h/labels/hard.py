"""One-hot labels."""

from __future__ import annotations

import numpy as np

from c10h.labels.material import Material, row_of_class
from c10h.records import Labels


def build(material: Material) -> Labels:
    """All mass on the true class."""
    truth = material.known_truth("hard")
    return Labels(
        classes=material.classes,
        probs=row_of_class(truth, np.eye(len(material.classes))),
        truth=truth,
        ids=material.ids,
    )
