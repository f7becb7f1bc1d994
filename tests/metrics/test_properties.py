"""What every metric keeps, whatever the numbers, and the values of mpmath to 50 digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c10h.records import Array

from .scoring import METRIC_NAMES, Case, fixed_examples

few_examples = settings(fixed_examples, max_examples=25)

# Those of pairs of items: twice the items are not twice the pairs.
OF_PAIRS = ("aurc", "ece_adaptive", "entropy_corr")


@st.composite
def cases(draw: st.DrawFn, least: int = 1) -> Case:
    """1 to 12 items of 2 to 5 classes, with logits of any size and one vote or more each."""
    items = draw(st.integers(least, 12))
    classes = draw(st.integers(2, 5))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.sampled_from([1e-300, 1e-3, 1.0, 30.0, 1e4]))
    logits = random.normal(size=(items, classes)) * size
    counts = random.multinomial(draw(st.integers(1, 40)), random.dirichlet(np.ones(classes)), items)
    return Case(logits, counts.astype("i4"), random.integers(0, classes, items))


def values(case: Case) -> dict[str, float]:
    """The value of every metric, NaN where there is none."""
    return {name: estimate.value for name, estimate in case.figures(resamples=0).items()}


def assert_same(case: Case, other: Case, leave: tuple[str, ...] = (), rtol: float = 1e-9) -> None:
    expected, found = values(case), values(other)
    for name in METRIC_NAMES:
        if name not in leave:
            np.testing.assert_allclose(
                found[name], expected[name], rtol=rtol, atol=1e-12, err_msg=name
            )


@few_examples
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(case: Case, random: object) -> None:
    order = np.random.default_rng(random.randrange(2**32)).permutation(len(case.truth))  # type: ignore[attr-defined]
    assert_same(case, case.take(order))


@few_examples
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_classes_does_not_matter(case: Case, random: object) -> None:
    classes = case.logits.shape[1]
    order = np.random.default_rng(random.randrange(2**32)).permutation(classes)  # type: ignore[attr-defined]
    other = Case(case.logits[:, order], case.counts[:, order], np.argsort(order)[case.truth])
    assert_same(case, other)


@few_examples
@given(cases())
def test_every_item_twice(case: Case) -> None:
    twice = np.concatenate([np.arange(len(case.truth))] * 2)
    assert_same(case, case.take(twice), leave=OF_PAIRS)


@few_examples
@given(cases(), st.floats(-1e3, 1e3))
def test_what_is_added_to_all_logits_of_an_item(case: Case, shift: float) -> None:
    """Softmax has no place on the scale. Of 1024ths nothing is lost in the addition."""
    rounded = np.round(case.logits * 1024) / 1024
    shifted = rounded + np.round(shift)
    assert_same(replace(case, logits=rounded), replace(case, logits=shifted))


@few_examples
@given(cases())
def test_float16_is_read_as_the_numbers_that_it_is(case: Case) -> None:
    half = np.clip(case.logits, -6e4, 6e4).astype(np.float16)
    assert_same(replace(case, logits=half.astype(np.float64)), replace(case, logits=half))


@few_examples
@given(cases())
def test_no_value_is_nan_without_a_reason(case: Case) -> None:
    """Logits of ±1e4 and of 1e-300, one item, one vote."""
    for name, estimate in case.figures(resamples=0).items():
        assert np.isfinite(estimate.value) or estimate.why or np.isinf(estimate.value), name


def test_a_thousand_classes() -> None:
    random = np.random.default_rng(0)
    counts = random.multinomial(30, np.full(1000, 0.001), 20).astype("i4")
    case = Case(random.normal(size=(20, 1000)), counts, random.integers(0, 1000, 20))
    found = values(case)
    for name, function in EXACT.items():
        np.testing.assert_allclose(found[name], exact(case, function), rtol=1e-12, err_msg=name)


@few_examples
@given(cases())
def test_mpmath(case: Case) -> None:
    found = values(case)
    for name, function in EXACT.items():
        expected = exact(case, function)
        np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-13, err_msg=name)


Row = list[mpmath.mpf]


def exact(case: Case, function: Callable[[Row, Row, int, Array], mpmath.mpf]) -> float:
    """The mean over the items, from 50 digits of everything."""
    with mpmath.workdps(50):
        total = mpmath.mpf(0)
        for logits, counts, truth in zip(case.logits, case.counts, case.truth, strict=True):
            numbers = [mpmath.mpf(float(value)) for value in logits]
            largest = max(numbers)
            odds = [mpmath.exp(value - largest) for value in numbers]
            whole = sum(odds)
            q = [value / whole for value in odds]
            p = [mpmath.mpf(int(count)) / int(counts.sum()) for count in counts]
            total += function(p, q, int(truth), counts)
        return float(total / len(case.truth))


def entropy(shares: Row) -> mpmath.mpf:
    return -sum(share * mpmath.log(share) for share in shares if share > 0)


def cross_entropy(p: Row, q: Row) -> mpmath.mpf:
    return -sum(share * mpmath.log(q[number]) for number, share in enumerate(p) if share > 0)


def jensen_shannon(p: Row, q: Row) -> mpmath.mpf:
    middle = [(one + other) / 2 for one, other in zip(p, q, strict=True)]
    return entropy(middle) - (entropy(p) + entropy(q)) / 2


def squares(p: Row, q: Row) -> mpmath.mpf:
    return sum((one - other) ** 2 for one, other in zip(p, q, strict=True))


def one_hot(truth: int, classes: int) -> Row:
    return [mpmath.mpf(number == truth) for number in range(classes)]


EXACT: dict[str, Callable[[Row, Row, int, Array], mpmath.mpf]] = {
    "ce_hard": lambda p, q, truth, counts: -mpmath.log(q[truth]),
    "ce_human": lambda p, q, truth, counts: cross_entropy(p, q),
    "kl": lambda p, q, truth, counts: cross_entropy(p, q) - entropy(p),
    "jsd": lambda p, q, truth, counts: jensen_shannon(p, q),
    "tvd": lambda p, q, truth, counts: sum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2,
    "brier_hard": lambda p, q, truth, counts: squares(one_hot(truth, len(q)), q),
    "brier_human": lambda p, q, truth, counts: squares(p, q),
    "entropy_gap": lambda p, q, truth, counts: entropy(q) - entropy(p),
    "entropy_error": lambda p, q, truth, counts: abs(entropy(q) - entropy(p)),
}


@pytest.mark.parametrize("name", EXACT)
def test_there_is_such_a_metric(name: str) -> None:
    assert name in METRIC_NAMES
