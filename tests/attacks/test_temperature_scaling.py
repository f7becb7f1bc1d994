"""Temperatures that bring networks to one confidence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from torch.nn import functional

from c10h.attacks.temperature_scaling import (
    COMMON,
    mean_confidence,
    mean_cross_entropy,
    temperature_for,
)

LOGITS = np.random.default_rng(0).normal(size=(500, 10)).astype("f4") * 4
TRUTH = np.random.default_rng(1).integers(0, 10, 500)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 7.0])
def test_against_scipy(temperature: float) -> None:
    scaled = LOGITS.astype(np.float64) / temperature
    wanted = softmax(scaled, axis=1).max(axis=1).mean()
    assert mean_confidence(LOGITS, temperature) == pytest.approx(wanted, rel=1e-12)
    wanted = -log_softmax(scaled, axis=1)[np.arange(500), TRUTH].mean()
    assert mean_cross_entropy(LOGITS, TRUTH, temperature) == pytest.approx(wanted, rel=1e-12)


def test_two_logits_by_hand() -> None:
    """σ(2 / T) = 0.9 where T = 2 / log 9."""
    logits = np.array([[2.0, 0.0], [0.0, 2.0], [5.0, 3.0]])
    assert temperature_for(logits) == pytest.approx(2 / math.log(9), rel=1e-9)
    assert temperature_for(logits, 0.75) == pytest.approx(2 / math.log(3), rel=1e-9)


@pytest.mark.parametrize("confidence", [0.3, COMMON, 0.99])
def test_the_confidence_is_reached(confidence: float) -> None:
    temperature = temperature_for(LOGITS, confidence)
    assert mean_confidence(LOGITS, temperature) == pytest.approx(confidence, abs=1e-8)


@pytest.mark.parametrize("scale", [1e-2, 2.0, 1e3])
def test_the_scale_of_logits_falls_out(scale: float) -> None:
    one, other = temperature_for(LOGITS), temperature_for(LOGITS.astype(np.float64) * scale)
    assert other == pytest.approx(scale * one, rel=1e-8)
    losses = [
        mean_cross_entropy(LOGITS, TRUTH, one),
        mean_cross_entropy(LOGITS.astype(np.float64) * scale, TRUTH, other),
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-7)
    assert mean_cross_entropy(LOGITS, TRUTH) != pytest.approx(losses[0], rel=1e-3)


def test_where_there_is_none() -> None:
    tied = np.zeros((5, 3))
    assert math.isnan(temperature_for(tied))
    two_tied = np.tile([1.0, 1.0, 0.0], (5, 1))  # at most 1/2
    assert math.isnan(temperature_for(two_tied))
    assert mean_confidence(two_tied, temperature_for(two_tied, 0.45)) == pytest.approx(0.45)


def test_saturated_logits_keep_their_losses() -> None:
    """Far beyond what a softmax in probabilities can hold."""
    logits = np.array([[1e5, 0.0, -1e5]], dtype="f4")
    assert mean_cross_entropy(logits, np.array([2])) == pytest.approx(2e5)
    assert mean_confidence(logits) == 1
    wanted = functional.cross_entropy(torch.from_numpy(logits).double(), torch.tensor([1]))
    assert mean_cross_entropy(logits, np.array([1])) == pytest.approx(float(wanted))
