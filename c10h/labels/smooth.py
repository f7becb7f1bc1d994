"""Smoothed labels (Szegedy et al., CVPR 2016, section 7)."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.labels.material import Material, row_of_class
from c10h.records import Labels


def build(material: Material) -> Labels:
    """(1 - s) onehot y + s / c for a smoothing of s in [0, 1]."""
    truth, smoothing = material.known_truth("smooth"), material.smoothing
    if not 0 <= smoothing <= 1:
        raise InputError(f"--smoothing {smoothing:g}: expected a share from 0 to 1")
    count = len(material.classes)
    table = (1 - smoothing) * np.eye(count) + smoothing / count
    return Labels(
        classes=material.classes,
        probs=row_of_class(truth, table),
        truth=truth,
        ids=material.ids,
    )
