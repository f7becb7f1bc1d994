from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from c10h.metrics.metrics import METRICS
from metrics.scoring import figures, made_up


def test_accuracy_is_sklearns(random: np.random.Generator) -> None:
    case = made_up(random, 300)
    found = case.figures()["accuracy"]
    assert found.value == pytest.approx(accuracy_score(case.truth, case.logits.argmax(axis=1)))
    assert found.n == 300


def test_ties_for_the_first_place_count_in_expectation() -> None:
    logits = [[2, 2, 0], [1, 1, 1], [0, 3, 3], [5, 0, 0]]
    found = figures(logits, truth=[0, 2, 0, 0])["accuracy"]
    assert found.value == pytest.approx((1 / 2 + 1 / 3 + 0 + 1) / 4)


def test_accuracy_follows_logits_that_softmax_cannot_tell_apart() -> None:
    # Both probabilities of the leaders round to 1/2; the logits still differ.
    assert figures([[0.0, 1e-17]], truth=[1])["accuracy"].value == 1


def test_confidence_where_right_and_where_wrong(random: np.random.Generator) -> None:
    case = made_up(random, 200)
    top, found = case.model.max(axis=1), case.figures()
    assert found["conf_right"].value == pytest.approx(top[case.right].mean())
    assert found["conf_wrong"].value == pytest.approx(top[~case.right].mean())
    assert found["conf_right"].n + found["conf_wrong"].n == 200
    assert found["conf_right"].n == case.right.sum()


@pytest.mark.parametrize(
    ("truth", "missing", "known"),
    [([0, 1], "conf_wrong", "conf_right"), ([1, 0], "conf_right", "conf_wrong")],
)
def test_confidence_is_null_where_the_model_is_never_so(
    truth: list[int], missing: str, known: str
) -> None:
    found = figures([[2, 0], [0, 2]], truth=truth)
    assert np.isnan(found[missing].value)
    assert found[missing].n == 0
    assert found[missing].why == METRICS[missing].absent
    assert found[known].value == pytest.approx(1 / (1 + np.exp(-2)))
    assert found[known].why is None
