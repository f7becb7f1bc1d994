"""Labels from networks: knowledge distillation (Hinton, Vinyals & Dean 2015, eq. 1)."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.formats.lazy_rows import computed
from c10h.labels.source_inputs import SourceInputs
from c10h.records import Array, Labels


def build(inputs: SourceInputs) -> Labels:
    """The mean of softmax(logits / T) over the files, each the mean over its members."""
    if not inputs.predictions:
        raise InputError("--as distill needs predictions as SOURCE")
    if not inputs.temperature > 0:
        raise InputError(f"--temperature {inputs.temperature:g}: expected a number above 0")

    def mean_softmax(items: slice) -> Array:
        total = np.zeros((items.stop - items.start, len(inputs.classes)))
        for predictions in inputs.predictions:
            members = predictions.logits.shape[0]
            for member in range(members):
                logits = predictions.logits[member, items].astype(np.float64)
                # Of differences up to 0, which a small temperature makes -inf and not NaN.
                logits -= logits.max(axis=1, keepdims=True)
                with np.errstate(over="ignore"):
                    odds = np.exp(logits / inputs.temperature)
                total += odds / odds.sum(axis=1, keepdims=True) / members
        return total / len(inputs.predictions)

    size = inputs.predictions[0].logits.shape[1]
    return Labels(
        classes=inputs.classes,
        probs=computed((size, len(inputs.classes)), np.float64, mean_softmax),
        truth=inputs.truth,
        right=inputs.right,
        ids=inputs.ids,
    )
