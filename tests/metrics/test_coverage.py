"""How often 95 % intervals hold the population's value; benchmarks/coverage.py has more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from c10h.records import Array
from metrics.scoring import Case

pytestmark = pytest.mark.full

ITEMS, REPETITIONS = 200, 300
METRICS = ("ece", "ece_adaptive", "ece_human", "conf_right", "conf_wrong", "kappa_human", "aurc")


def population(random: np.random.Generator, right_of: Callable[[Array], Array]) -> Case:
    """100,000 items of two classes, 5 % errors or so, each with 20 votes. right_of: the chance."""
    confidence = 1 - 0.5 * random.beta(0.4, 3, 100_000)
    right = random.random(100_000) < right_of(confidence)
    people = random.beta(6, 0.5, 100_000)
    first = random.binomial(20, people)
    logits = np.stack([np.log(confidence / (1 - confidence)), np.zeros(100_000)], axis=1)
    return Case(logits, np.stack([first, 20 - first], axis=1), (~right).astype(int))


def coverage(everyone: Case, random: np.random.Generator) -> dict[str, float]:
    """The share of intervals, of those that exist, that hold the population's value."""
    true = everyone.figures(metrics=METRICS)
    held: dict[str, list[bool]] = {metric: [] for metric in METRICS}
    for _ in range(REPETITIONS):
        drawn = everyone.take(random.integers(0, len(everyone.truth), ITEMS))
        for metric, found in drawn.figures(metrics=METRICS, resamples=500).items():
            if not np.isnan(found.low):
                held[metric].append(bool(found.low <= true[metric].value <= found.high))
    return {metric: float(np.mean(values)) for metric, values in held.items()}


def test_of_an_overconfident_network(random: np.random.Generator) -> None:
    found = coverage(population(random, lambda confidence: confidence - 0.05), random)
    # Of 300 repetitions, a share of 0.95 has a standard error of 0.013.
    assert min(found.values()) > 0.9, found


def test_of_a_calibrated_network(random: np.random.Generator) -> None:
    found = coverage(population(random, lambda confidence: confidence), random)
    assert min(found.values()) > 0.9, found
