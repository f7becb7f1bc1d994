"""The temperature that fits labels best, against scipy's minimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from c10h.metrics.temperature import LARGEST, fit_temperature
from c10h.records import Array


def cross_entropy(temperature: float, logits: Array, labels: Array) -> float:
    losses = -(labels * log_softmax(logits / temperature, axis=1)).sum(axis=1)
    return float(losses.mean())


def made_up(items: int, classes: int, scale: float) -> tuple[Array, Array]:
    random = np.random.default_rng(0)
    logits = random.normal(0, scale, (items, classes))
    return logits, random.dirichlet(np.full(classes, 0.3), items)


@pytest.mark.parametrize("scale", [0.3, 2.0, 40.0])
@pytest.mark.parametrize("classes", [2, 10])
def test_it_is_where_scipy_finds_the_least_cross_entropy(scale: float, classes: int) -> None:
    logits, labels = made_up(300, classes, scale)
    logits += scale * labels  # so that they have something to do with each other
    expected = minimize_scalar(
        lambda power: cross_entropy(np.exp(power), logits, labels),
        bounds=(-9, 13),
        method="bounded",
        options={"xatol": 1e-10},
    )
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(np.exp(expected.x), rel=1e-4)
    assert cross_entropy(temperature, logits, labels) <= expected.fun + 1e-12


@pytest.mark.parametrize("factor", [5.0, 0.2, 1000.0])
def test_another_scale_of_the_logits_is_taken_off(factor: float) -> None:
    logits, labels = made_up(100, 4, 1.0)
    logits += labels
    ratio = fit_temperature(factor * logits, labels) / fit_temperature(logits, labels)
    assert ratio == pytest.approx(factor, rel=1e-8)


@pytest.mark.parametrize("start", [1e-3, 0.5, 1e4])
def test_any_start_ends_at_the_same_temperature(start: float) -> None:
    logits, labels = made_up(100, 4, 1.0)
    logits += labels
    expected = fit_temperature(logits, labels)
    assert fit_temperature(logits, labels, start) == pytest.approx(expected, rel=1e-8)


def test_logits_that_are_worse_than_nothing_are_made_uniform() -> None:
    logits, _ = made_up(50, 3, 1.0)
    labels = np.eye(3)[logits.argmin(axis=1)]
    assert fit_temperature(logits, labels) == pytest.approx(LARGEST)
    assert fit_temperature(np.zeros((4, 3)), labels[:4]) == pytest.approx(LARGEST)


def test_a_network_that_is_always_right_has_no_loss_left() -> None:
    logits, _ = made_up(50, 3, 1.0)
    labels = np.eye(3)[logits.argmax(axis=1)]
    assert cross_entropy(fit_temperature(logits, labels), logits, labels) < 1e-12


def test_classes_that_were_ruled_out_do_not_matter() -> None:
    logits = np.array([[0.0, -1e4, -2.0], [-1e4, 0.0, -3.0]])
    labels = np.array([[0.8, 0.0, 0.2], [0.0, 0.7, 0.3]])
    without = np.array([[0.0, -2.0], [0.0, -3.0]])
    expected = fit_temperature(without, np.array([[0.8, 0.2], [0.7, 0.3]]))
    assert fit_temperature(logits, labels) == pytest.approx(expected)
