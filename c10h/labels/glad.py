"""Labels by GLAD (Whitehill et al., NIPS 2009): ability of annotators, difficulty of items."""

from __future__ import annotations

from typing import Any

import numpy as np

from c10h.labels.crowd_kit_adapter import estimate
from c10h.labels.source_inputs import SourceInputs
from c10h.records import Array, Labels


def build(inputs: SourceInputs) -> Labels:
    """The posterior of the true class. skill: the annotator's ability α, a slope in log-odds.

    crowd-kit's defaults: at most 100 iterations, until the bound changes by less than 1e-5.
    """

    def model() -> Any:
        from crowdkit.aggregation import GLAD

        return GLAD()

    return estimate(inputs, "glad", model, _ability)


def _ability(model: Any, workers: int) -> Array:
    return np.asarray(model.alphas_.reindex(range(workers)))
