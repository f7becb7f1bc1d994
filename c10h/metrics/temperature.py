"""Temperature scaling: the one number that changes how sure a network is, and nothing else."""

from __future__ import annotations

import numpy as np

from c10h.metrics.item_block import Float
from c10h.records import Array

# Temperatures that are looked through. A network that is always right has no least sure one.
SMALLEST, LARGEST = 1e-6, 1e6
_TOLERANCE = 1e-10
_MOST_STEPS = 200


def fit_temperature(logits: Array, labels: Array, start: float = 1.0) -> float:
    """The T at which softmax(logits / T) has the least mean cross-entropy with ``labels``.

    Guo, Pleiss, Sun & Weinberger (ICML 2017), section 4.2, with distributions in place of classes.
    The cross-entropy is convex in 1/T, so that there is one minimum; where it is at an end, the end
    of SMALLEST ... LARGEST. logits, labels: (n, c), labels being probabilities, n at least 1.
    start: a guess.
    """
    scores = np.asarray(logits, dtype=np.float64).T
    scores = np.ascontiguousarray(scores - scores.max(axis=0))
    agreement = float((scores * np.asarray(labels, dtype=np.float64).T).sum()) / scores.shape[1]
    least, most = 1 / LARGEST, 1 / SMALLEST
    inverse = 1 / start
    for _ in range(_MOST_STEPS):
        mean, variance = _mean_and_variance(scores, inverse)
        slope = mean - agreement
        least, most = (inverse, most) if slope < 0 else (least, inverse)
        following = inverse - slope / variance if variance > 0 else np.inf
        if not least < following < most:
            following = float(np.sqrt(least * most))
        if abs(following - inverse) <= _TOLERANCE * inverse:
            break
        inverse = following
    return float(np.clip(1 / inverse, SMALLEST, LARGEST))


def _mean_and_variance(scores: Float, inverse: float) -> tuple[float, float]:
    """Means over items of the mean and the variance of an item's scores under its softmax.

    They are the first and the second derivative of the mean log-sum-exp of inverse * scores.
    """
    weights = np.exp(inverse * scores)
    weights /= weights.sum(axis=0)
    means = (weights * scores).sum(axis=0)
    variances = (weights * scores**2).sum(axis=0) - means**2
    return float(means.mean()), float(variances.mean())
