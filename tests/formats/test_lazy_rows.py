"""Rows that are computed while they are read, and the checks made on the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax

from c10h.errors import SchemaError
from c10h.formats.lazy_rows import (
    SMALLEST,
    RowMeaning,
    checked_counts,
    checked_logits,
    checked_probs,
    chosen_rows,
    computed,
    ensemble_of,
    log_mean_softmax,
    log_of_probs,
    mapped,
    matrix_at,
    one_member,
    shares,
    shares_of,
    shown,
)
from c10h.records import Rows


def summing_to_1(rows: Rows, name: str) -> Rows:
    return checked_probs(rows, name, RowMeaning("probabilities"))


def test_a_class_that_is_ruled_out_has_the_smallest_probability() -> None:
    """-inf among logits is what a probability of 0 is among probabilities."""
    probs = np.array([[0.7, 0.3, 0], [0.1, 0.8, 0.1]])
    with np.errstate(divide="ignore"):
        logits = np.log(probs) + 5
    found = checked_logits(logits, "x")[0:2]
    np.testing.assert_allclose(found[0], log_of_probs(probs)[0:1][0], rtol=1e-12)
    np.testing.assert_array_equal(found[1], logits[1])
    with pytest.raises(SchemaError, match="row 0: expected at least one finite logit"):
        checked_logits(np.full((1, 3), -np.inf), "x")[0:1]


def test_all_digits_are_shown_where_fewer_would_hide_what_is_wrong() -> None:
    assert shown(np.array([55.00000000000001, 25, 0.123456789])) == "55.00000000000001 25 0.123457"


def test_mapped_rows_know_where_a_slice_starts() -> None:
    numbers = np.arange(12.0).reshape(6, 2)
    view = mapped(numbers, lambda block, start: block + start, dtype="f8")
    np.testing.assert_array_equal(view[2:4], numbers[2:4] + 2)
    np.testing.assert_array_equal(view[:], numbers)


def test_mapped_rows_of_several_members() -> None:
    numbers = np.arange(24.0).reshape(2, 6, 2)
    view = mapped(numbers, lambda block, start: block + start, dtype="f8")
    np.testing.assert_array_equal(view[1, 3:5], numbers[1, 3:5] + 3)


def test_a_part_is_read_slice_by_slice() -> None:
    numbers = np.arange(120.0).reshape(2, 3, 5, 4)
    part = matrix_at(checked_logits(numbers, "x"), (1, 2))
    assert part.shape == (5, 4)
    np.testing.assert_array_equal(part[1:3], numbers[1, 2, 1:3])
    np.testing.assert_array_equal(one_member(part)[0, 1:3], numbers[1, 2, 1:3])


def test_computed_rows_are_asked_for_whole_ranges() -> None:
    view = computed((5, 2), "i8", lambda items: np.arange(items.start, items.stop))
    np.testing.assert_array_equal(view[3:99], [3, 4])
    np.testing.assert_array_equal(view[:2], [0, 1])


def test_one_member() -> None:
    numbers = np.arange(6.0).reshape(3, 2)
    member = one_member(numbers)
    assert (member.shape, member.dtype) == ((1, 3, 2), np.float64)
    np.testing.assert_array_equal(member[0, 1:2], numbers[1:2])


def test_shares_do_not_overflow() -> None:
    counts = np.array([[200, 200], [100, 0]], dtype=np.uint8)
    np.testing.assert_array_equal(shares(counts), [[0.5, 0.5], [1, 0]])
    np.testing.assert_array_equal(shares_of(counts)[1:2], [[1, 0]])


@pytest.mark.parametrize(
    ("check", "bad", "says"),
    [
        (
            checked_logits,
            [1, np.nan],
            "expected a finite logit (or probability) for every class",
        ),
        (
            checked_logits,
            [1, np.inf],
            "expected a finite logit (or probability) for every class",
        ),
        (summing_to_1, [0.5, np.nan], "expected probabilities of 0 or more, found 0.5 nan"),
        (summing_to_1, [-0.1, 1.1], "expected probabilities of 0 or more, found -0.1 1.1"),
        (summing_to_1, [0.5, 0.4], "expected probabilities that sum to 1, found 0.9 (--probs"),
        (checked_counts, [-1, 4], "expected counts of 0 or more, found -1 4"),
        (checked_counts, [0, 0], "expected at least one vote for the item"),
        (checked_counts, [1.5, 2], "expected whole counts, found 1.5 2"),
        (checked_counts, [np.nan, 2], "expected whole counts, found nan 2"),
        (checked_counts, [1e12, 2], "expected whole counts, found 1e+12 2 (--item says"),
    ],
)
def test_a_bad_row_is_refused_with_its_number(
    check: Callable[[Rows, str], Rows], bad: list[float], says: str
) -> None:
    fine = [0.0, 1.0]
    checked = check(np.array([fine, fine, bad, fine]), "x.npy")
    for items in (slice(0, 4), slice(2, 3), slice(1, 4)):
        with pytest.raises(SchemaError) as caught:
            checked[items]
        assert str(caught.value).startswith(f"x.npy: row 2: {says}")
    assert checked[0:2].tolist() == [fine, fine]


def test_a_bad_row_of_another_member() -> None:
    logits = np.zeros((2, 3, 2))
    logits[1, 2, 0] = np.inf
    checked = checked_logits(logits, "x.h5")
    assert checked[0, 0:3].shape == (3, 2)
    with pytest.raises(SchemaError, match=r"^x\.h5: row 2: expected a finite logit"):
        checked[1, 1:3]


def test_probabilities_are_renormalised_in_float64() -> None:
    rounded = np.array([[0.333, 0.333, 0.333], [0.1, 0.2, 0.7]], dtype=np.float32)
    found = checked_probs(rounded, "x")[0:2]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(found[0], 1 / 3, rtol=1e-15)


def test_shares_that_were_saved_keep_their_bits(random: np.random.Generator) -> None:
    saved = shares(random.multinomial(51, [0.1] * 10, 5_000))
    sums = saved.sum(axis=1, keepdims=True)
    assert ((saved / sums) != saved).any()  # so dividing by the sum would change some
    np.testing.assert_array_equal(summing_to_1(saved, "x")[0:5_000], saved)


@pytest.mark.parametrize("total", [0.9991, 1, 1.0009])
def test_a_sum_near_1_is_renormalised(total: float) -> None:
    checked = summing_to_1(np.array([[0.25, total - 0.25]]), "x")
    np.testing.assert_allclose(checked[0:1], [[0.25 / total, 1 - 0.25 / total]])


@pytest.mark.parametrize("total", [0.9989, 1.0011])
def test_a_sum_further_from_1_is_refused(total: float) -> None:
    checked = summing_to_1(np.array([[0.25, total - 0.25]]), "x")
    with pytest.raises(SchemaError, match=f"row 0: .* that sum to 1, found {total}"):
        checked[0:1]


def test_any_sum_but_nothing() -> None:
    checked = checked_probs(np.array([[0.2, 0.2], [0, 0]]), "x")
    assert checked[0:1].tolist() == [[0.5, 0.5]]
    with pytest.raises(SchemaError, match="row 1: expected a sum above 0, found 0"):
        checked[0:2]


def test_logarithms_of_probabilities_are_clipped_at_the_smallest_float32() -> None:
    found = log_of_probs(np.array([[0.0, 1.0], [1e-300, 0.5]]))[0:2]
    assert np.float32(SMALLEST) == np.finfo(np.float32).smallest_normal
    np.testing.assert_array_equal(found, [[np.log(SMALLEST), 0], [np.log(SMALLEST), np.log(0.5)]])


class TestLogMeanSoftmax:
    def test_against_scipy(self, random: np.random.Generator) -> None:
        answers = [random.normal(0, 30, (50, 7)).astype("f4") for _ in range(4)]
        logs = log_softmax(np.stack(answers).astype("f8"), axis=2)
        wanted = logsumexp(logs, axis=0) - np.log(4)
        found = log_mean_softmax(answers)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-12)

    def test_one_networks_logits_are_kept(self) -> None:
        logits = np.array([[5.0, 1.0]], dtype="f4")
        assert log_mean_softmax([logits]) is logits

    def test_where_probabilities_would_underflow(self) -> None:
        logits = np.array([[0.0, -2000.0], [3000.0, 0.0]], dtype="f4")
        found = log_mean_softmax([logits, logits])
        np.testing.assert_allclose(found, [[0, -2000], [0, -3000]])

    def test_a_class_that_all_rule_out(self) -> None:
        logits = np.array([[1.0, -np.inf, 1.0]])
        found = log_mean_softmax([logits, logits])
        np.testing.assert_allclose(found, [[np.log(0.5), -np.inf, np.log(0.5)]])

    def test_as_rows_that_are_computed_when_they_are_read(
        self, random: np.random.Generator
    ) -> None:
        logits = random.normal(0, 3, (3, 20, 4)).astype("f4")
        together = ensemble_of(logits)
        assert together.shape == (1, 20, 4)
        wanted = np.log(softmax(logits.astype("f8"), axis=2).mean(axis=0))
        np.testing.assert_allclose(together[0, 5:12], wanted[5:12], rtol=1e-9)


@pytest.mark.parametrize("key", [slice(None), slice(1, 3), slice(2, 2), slice(0, 4, 2)])
def test_chosen_rows_are_those_of_the_array(key: slice) -> None:
    pixels = np.arange(7 * 2 * 3).reshape(7, 2, 3)
    kept = np.array([0, 2, 3, 6])
    some = chosen_rows(pixels, kept)
    assert some.shape == (4, 2, 3)
    np.testing.assert_array_equal(some[key], pixels[kept][key])
