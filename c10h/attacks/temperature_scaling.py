"""One scale of confidence for networks that were trained on different labels."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from c10h.records import Array

# The mean confidence on clean images that all networks are brought to.
COMMON = 0.9
# Temperatures that are looked through, as powers of e.
RANGE = (-12.0, 12.0)


def mean_confidence(logits: Array, temperature: float = 1.0) -> float:
    """Mean over items of the largest softmax(logits / temperature), in float64. logits: (n, c)."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    return float((1 / np.exp(scaled).sum(axis=1)).mean())


def temperature_for(logits: Array, confidence: float = COMMON) -> float:
    """The temperature at which the mean confidence is as wanted; NaN where none is.

    Temperature scaling: Guo et al. (2017), section 4.2, fitted to a confidence instead of to the
    truth, so that networks of any accuracy come to one scale.
    """

    def excess(power: float) -> float:
        return mean_confidence(logits, np.exp(power)) - confidence

    low, high = RANGE
    if not excess(low) > 0 > excess(high):
        return float("nan")
    return float(np.exp(brentq(excess, low, high, xtol=1e-10)))


def mean_cross_entropy(logits: Array, truth: Array, temperature: float = 1.0) -> float:
    """Mean of -log softmax(logits / temperature)_y, in nats and float64. truth: int64 (n)."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(scaled).sum(axis=1))
    return float((log_sum - scaled[np.arange(len(truth)), truth]).mean())
