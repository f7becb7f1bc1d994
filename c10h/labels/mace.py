"""Labels by MACE (Hovy, Berg-Kirkpatrick, Vaswani & Hovy, NAACL 2013): who knows, who guesses."""

from __future__ import annotations

from typing import Any

import numpy as np

from c10h.labels.crowd_kit_adapter import estimate
from c10h.labels.source_inputs import SourceInputs
from c10h.records import Array, Labels


def build(inputs: SourceInputs) -> Labels:
    """The posterior of the true class. skill: the chance that the annotator does not guess.

    crowd-kit's defaults (variational Bayes, 50 iterations) but for one restart instead of ten:
    in crowd-kit 1.4.2 every restart begins with the same numbers and ends with the same result.
    """

    def model() -> Any:
        from crowdkit.aggregation import MACE

        return MACE(n_restarts=1, random_state=inputs.seed % 2**32)

    return estimate(inputs, "mace", model, _competence)


def _competence(model: Any, _: int) -> Array:
    return np.asarray(model.spamming_[:, 1])
