from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, top_k_accuracy_score

from c10h.metrics.accuracy import correct_in_top, is_at_chance, is_below_chance
from c10h.metrics.item_block import Block
from c10h.metrics.metrics import METRICS
from c10h.records import Array
from metrics.oracles import orders
from metrics.scoring import figures, fixed_examples, log_odds, made_up


def test_accuracy_is_sklearns(random: np.random.Generator) -> None:
    case = made_up(random, 300)
    found = case.figures()["accuracy"]
    assert found.value == pytest.approx(accuracy_score(case.truth, case.logits.argmax(axis=1)))
    assert found.n == 300


def test_ties_for_the_first_place_count_in_expectation() -> None:
    logits = [[2, 2, 0], [1, 1, 1], [0, 3, 3], [5, 0, 0]]
    found = figures(logits, truth=[0, 2, 0, 0])["accuracy"]
    assert found.value == pytest.approx((1 / 2 + 1 / 3 + 0 + 1) / 4)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_accuracy_of_the_first_k_is_sklearns(k: int, random: np.random.Generator) -> None:
    case = made_up(random, 300)
    name = f"accuracy_top{k}"
    found = case.figures(metrics=(name,))[name]
    expected = top_k_accuracy_score(case.truth, case.logits, k=k, labels=range(4))
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.n == 300


def test_the_first_k_of_a_real_network_are_sklearns(real_data: Path) -> None:
    probs = np.loadtxt(real_data / "densenet-bc-L190-k40-probs.csv", delimiter=",")
    truth = np.load(real_data / "cifar10_test_labels.npy").astype(np.int64)
    found = figures(log_odds(probs), truth=truth, metrics=("accuracy_top5",))["accuracy_top5"]
    assert found.value == pytest.approx(top_k_accuracy_score(truth, log_odds(probs), k=5), abs=1e-4)


@fixed_examples
@given(
    st.lists(st.integers(0, 2), min_size=20, max_size=20),
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.integers(1, 4),
)
def test_ties_for_the_last_of_k_places_count_in_expectation(
    logits: list[int], truth: list[int], k: int
) -> None:
    rows, name = np.reshape(logits, (4, 5)), f"accuracy_top{k}"
    expected = np.mean(
        [
            np.mean([right in order[:k] for order in orders(scores)])
            for scores, right in zip(rows, truth, strict=True)
        ]
    )
    found = figures(rows, truth=truth, metrics=(name,))[name]
    assert found.value == pytest.approx(expected, abs=1e-12)


def test_the_first_one_of_k_is_accuracy(random: np.random.Generator) -> None:
    rows, truth = random.integers(0, 3, (200, 4)), random.integers(0, 4, 200)
    found = figures(rows, truth=truth, metrics=("accuracy", "accuracy_top1"))
    assert found["accuracy_top1"].value == pytest.approx(found["accuracy"].value, rel=1e-12)


@pytest.mark.parametrize("several", [False, True])
def test_the_first_k_of_items_that_share_distributions(
    several: bool, random: np.random.Generator
) -> None:
    rows, row = random.integers(0, 3, (6, 5)), random.integers(0, 6, 80)
    known: dict[str, Array] = {"truth": random.integers(-1, 5, 80)}
    if several:
        known["right"] = random.integers(0, 2, (80, 5))
    own = Block(logits=random.normal(size=(80, 5)), **known)
    shared, alone = own.beside_rows(Block(logits=rows), row), Block(logits=rows[row], **known)
    found, wanted, others = (np.asarray(correct_in_top(2)(block)) for block in (shared, alone, own))
    np.testing.assert_array_equal(found, wanted)
    assert not np.array_equal(found, others)


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


@pytest.mark.parametrize(("n", "classes"), [(20, 10), (256, 10), (1000, 2), (50, 100)])
def test_chance_is_the_binomial_tests(n: int, classes: int) -> None:
    """scipy's exact test, at 1 %."""
    for right in range(0, n + 1, max(1, n // 40)):
        p = scipy.stats.binomtest(right, n, 1 / classes, "greater").pvalue
        assert is_at_chance(right, n, classes) == (p > 0.01)
        p = scipy.stats.binomtest(right, n, 1 / classes, "less").pvalue
        assert is_below_chance(right, n, classes) == (p <= 0.01)


def test_a_single_class_is_never_below_chance() -> None:
    assert is_at_chance(20, 20, 1)
    assert not is_below_chance(0, 20, 1)
