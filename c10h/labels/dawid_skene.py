"""Labels by Dawid & Skene (1979, Applied Statistics 28): a confusion matrix for each annotator."""

from __future__ import annotations

from typing import Any

import numpy as np

from c10h.labels.crowd_kit_adapter import estimate
from c10h.labels.source_inputs import SourceInputs
from c10h.records import Array, Labels


def build(inputs: SourceInputs) -> Labels:
    """The posterior of the true class. skill: the annotator's chance of being right.

    crowd-kit's defaults: at most 100 iterations, until the bound changes by less than 1e-5.
    """

    def model() -> Any:
        from crowdkit.aggregation import DawidSkene

        return DawidSkene()

    return estimate(inputs, "dawid-skene", model, _accuracy)


def _accuracy(model: Any, workers: int) -> Array:
    """Σ_k prior(k) P(annotator says k | the truth is k)."""
    errors, prior = model.errors_, model.priors_
    worker, said = (errors.index.get_level_values(level) for level in (0, 1))
    right = errors.to_numpy()[np.arange(len(errors)), errors.columns.get_indexer(said)]
    return np.bincount(worker, weights=right * prior.loc[said], minlength=workers)
