"""Smoothed labels (Szegedy et al., CVPR 2016, section 7)."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.labels.source_inputs import SourceInputs, row_of_class
from c10h.records import Labels


def build(inputs: SourceInputs) -> Labels:
    """(1 - s) onehot y + s / c for a smoothing of s in [0, 1]."""
    truth, smoothing = inputs.known_truth("smooth"), inputs.smoothing
    if not 0 <= smoothing <= 1:
        raise InputError(f"--smoothing {smoothing:g}: expected a share from 0 to 1")
    count = len(inputs.classes)
    table = (1 - smoothing) * np.eye(count) + smoothing / count
    return Labels(
        classes=inputs.classes,
        probs=row_of_class(truth, table),
        truth=truth,
        ids=inputs.ids,
    )
