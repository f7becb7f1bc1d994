"""Labels from networks: knowledge distillation (Hinton, Vinyals & Dean 2015, eq. 1)."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.formats.rows import computed
from c10h.labels.material import Material
from c10h.records import Array, Labels


def build(material: Material) -> Labels:
    """The mean of softmax(logits / T) over the files, each the mean over its members."""
    if not material.predictions:
        raise InputError("--as distill needs predictions as its SOURCE")
    if not material.temperature > 0:
        raise InputError(f"--temperature {material.temperature:g}: expected a number above 0")

    def mean_softmax(items: slice) -> Array:
        total = np.zeros((items.stop - items.start, len(material.classes)))
        for predictions in material.predictions:
            members = predictions.logits.shape[0]
            for member in range(members):
                logits = predictions.logits[member, items].astype(np.float64)
                logits /= material.temperature
                odds = np.exp(logits - logits.max(axis=1, keepdims=True))
                total += odds / odds.sum(axis=1, keepdims=True) / members
        return total / len(material.predictions)

    size = material.predictions[0].logits.shape[1]
    return Labels(
        classes=material.classes,
        probs=computed((size, len(material.classes)), np.float64, mean_softmax),
        truth=material.truth,
        right=material.right,
        ids=material.ids,
    )
