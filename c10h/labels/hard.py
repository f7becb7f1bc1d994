"""One-hot labels."""

from __future__ import annotations

import numpy as np

from c10h.labels.source_inputs import SourceInputs, row_of_class
from c10h.records import Labels


def build(inputs: SourceInputs) -> Labels:
    """All mass on the true class."""
    truth = inputs.known_truth("hard")
    return Labels(
        classes=inputs.classes,
        probs=row_of_class(truth, np.eye(len(inputs.classes))),
        truth=truth,
        ids=inputs.ids,
    )
