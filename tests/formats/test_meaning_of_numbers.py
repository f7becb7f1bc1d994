"""What numbers mean: taken where no other reading is possible, else asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c10h.errors import AmbiguousError
from c10h.formats.meaning_of_numbers import (
    LOGITS,
    PROBS,
    SCAN_ROWS,
    SHARES,
    VOTES,
    columns_move_together,
    read_labels,
    read_predictions,
)
from c10h.records import Array

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0, 1, 0], [0.25, 0.25, 0.5]])
COUNTS = np.array([[40, 8, 3], [0, 51, 0], [1, 0, 0]])
fixed = settings(derandomize=True, deadline=None, max_examples=100, database=None)


class TestPredictions:
    @pytest.mark.parametrize(
        "values",
        [
            [[2.0, -1, 0.5], [0, 3, 1]],
            [[1.5, 0.2], [0.3, 0.4]],
            [[-1, 1], [2, -2]],  # centred, so that all rows sum to 0
            [[3.5, 0.5]],
            [[-np.inf, 0.0], [0.5, 0.5]],
        ],
    )
    def test_logits(self, values: list[list[float]]) -> None:
        assert read_predictions(np.array(values), "x").meaning == LOGITS

    @pytest.mark.parametrize("dtype", ["f8", "f4", "f2"])
    def test_probabilities(self, dtype: str) -> None:
        assert read_predictions(PROBABILITIES.astype(dtype), "x").meaning == PROBS

    def test_one_hot_rows_are_probabilities(self) -> None:
        assert read_predictions(np.eye(3, dtype="u1"), "x").meaning == PROBS

    def test_rows_that_sum_to_100_are_percentages(self) -> None:
        """0.5 x 10^-2 in each of three values: a sum may be off by 0.015."""
        values = np.array([[62.51, 37.5, 0], [12.25, 87.75, 0]])
        reading = read_predictions(values, "x")
        assert (reading.meaning, reading.unit, reading.tolerance) == (SHARES, 100, 0.015)

    def test_sums_that_are_further_from_each_other_than_rounding_are_asked_about(self) -> None:
        values = np.array([[62.5, 37.5, 0], [12.25, 87.75, 0.03]])
        with pytest.raises(AmbiguousError, match="all rows sum to about 100, like percentages"):
            read_predictions(values, "x")
        values[1, 1] += 3
        assert read_predictions(values, "x").meaning == LOGITS

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            (COUNTS, "whole numbers, like votes: --probs scales"),
            ([[14, 4, 2], [3, 15, 2]], "whole numbers, like votes: --probs scales"),
            (PROBABILITIES * 100, "whole numbers, like votes|sum to 100, like percentages"),
            ([[62.5, 37.5]], "all rows sum to 100, like percentages"),
            ([[0.5, 1.5], [1.75, 0.25]], "all rows sum to 2, like percentages"),
            (PROBABILITIES * 0.9, r"values in \[0, 1\] whose rows do not sum to 1"),
            ([[0.2, 0.9], [0.5, 0.5]], r"values in \[0, 1\] whose rows do not sum to 1"),
        ],
    )
    def test_what_may_be_either_is_asked_for(self, values: Array, says: str) -> None:
        with pytest.raises(AmbiguousError, match=f"^x: {says}"):
            read_predictions(np.asarray(values, dtype=float), "x")

    def test_a_value_outside_of_0_and_1_decides_wherever_it_is(self) -> None:
        values = np.full((SCAN_ROWS + 5, 2), 0.25)
        values[-1] = 1.5, 0
        assert read_predictions(values, "x").meaning == LOGITS

    def test_whole_rows_say_nothing_of_those_after_them(self) -> None:
        values = np.ones((SCAN_ROWS + 1, 2))
        values[-1] = 0.5, -3
        assert read_predictions(values, "x").meaning == LOGITS


class TestRounding:
    """The tolerance of sums follows the digits: c x 0.5 x 10^-d."""

    @fixed
    @given(
        st.integers(2, 40), st.integers(2, 4), st.integers(0, 10_000), st.sampled_from(["f8", "f4"])
    )
    def test_rounded_distributions_are_probabilities(
        self, classes: int, decimals: int, seed: int, dtype: str
    ) -> None:
        shares = np.random.default_rng(seed).dirichlet(np.ones(classes), 20)
        rounded = np.round(shares, decimals).astype(dtype)
        if (rounded == np.floor(rounded)).all():
            return
        if np.abs(rounded.sum(axis=1) - 1).max() > 0.2:
            return
        assert read_labels(rounded, "x").meaning == PROBS
        assert read_predictions(rounded, "x").meaning == PROBS

    @pytest.mark.parametrize(
        ("row", "is_close"),
        [
            ([0.33, 0.33, 0.33], True),
            ([0.333, 0.333, 0.333], True),
            ([0.34, 0.34, 0.34], False),  # off by 0.02 of 0.015
            ([0.32, 0.33, 0.33], False),
            ([0.3331, 0.3331, 0.3331], True),  # within 0.001 whatever the digits
            ([0.33301, 0.33301, 0.33101], False),
        ],
    )
    def test_no_further_than_rounding_can_do(self, row: list[float], is_close: bool) -> None:
        values = np.array([row, [0.25, 0.25, 0.5]])
        found = read_labels(values, "x")
        sums = np.abs(values.sum(axis=1) - found.unit)
        assert (found.meaning == PROBS and bool((sums <= found.tolerance).all())) == is_close


class TestLabels:
    @pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", ">i2"])
    def test_votes(self, dtype: str) -> None:
        assert read_labels(COUNTS.astype(dtype), "x").meaning == VOTES

    def test_votes_that_all_sum_to_100_are_votes(self) -> None:
        assert read_labels(np.array([[70, 20, 10], [15, 75, 10]]), "x").meaning == VOTES

    @pytest.mark.parametrize(
        ("values", "unit"),
        [
            ([[62.5, 37.5], [12.25, 87.75]], 100),
            ([[50, 25, 25], [50, 30, 20], [55.00000000000001, 25, 20]], 100),
            ([[33.3, 33.3, 33.3], [10.1, 20.2, 69.7]], 100),
            ([[2.5, 2.5], [0.5, 4.5]], 5),
        ],
    )
    def test_shares_in_another_unit(self, values: list[list[float]], unit: float) -> None:
        found = read_labels(np.array(values), "x")
        assert (found.meaning, found.unit) == (SHARES, unit)

    def test_a_slip_among_votes_makes_no_shares_of_them(self) -> None:
        values = np.array([[12.0, 8], [10, 10], [3, 17], [1.5, 18.5]])
        assert read_labels(values, "x").meaning == VOTES

    @pytest.mark.parametrize("missing", [-1, np.nan])
    def test_missing_cells_are_those_of_annotators(self, missing: float) -> None:
        with pytest.raises(AmbiguousError, match=r"^x: row 1: .*--layout matrix"):
            read_labels(np.array([[0, 1, 2], [1, missing, 1]]), "x")


class TestColumnsThatMoveTogether:
    """Columns of votes balance each other; those of annotators do not."""

    @fixed
    @given(st.integers(2, 12), st.integers(3, 60), st.integers(0, 10_000))
    def test_votes_of_as_many_people_do_not(self, classes: int, votes: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        shares = random.dirichlet(np.full(classes, 0.3), 200)
        assert not columns_move_together(random.multinomial(votes, shares))

    @fixed
    @given(st.integers(3, 10), st.integers(2, 20), st.integers(0, 10_000))
    def test_votes_of_more_or_fewer_people_do_not(self, classes: int, most: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        shares = random.dirichlet(np.full(classes, 0.1), 300)
        votes = random.integers(max(1, most // 3), most + 1, 300)
        counts = np.array([random.multinomial(n, p) for n, p in zip(votes, shares, strict=True)])
        assert not columns_move_together(counts)

    @fixed
    @given(st.integers(2, 10), st.integers(2, 8), st.integers(0, 10_000))
    def test_choices_of_annotators_do(self, classes: int, people: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        truth = random.integers(0, classes, 400)
        slips = random.integers(0, classes, (400, people))
        right = random.random((400, people)) < 0.8
        assert columns_move_together(np.where(right, truth[:, None], slips))

    @fixed
    @given(st.integers(2, 10), st.integers(5, 50), st.integers(0, 10_000))
    def test_so_do_items_annotators_and_labels(self, classes: int, people: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        item = np.repeat(np.arange(100), 3)
        triples = [item, random.integers(0, people, 300), random.integers(0, classes, 300)]
        assert columns_move_together(np.stack(triples, axis=1))


def test_shares_of_items_without_votes() -> None:
    rows = np.array([[0.0, 0, 0], [0.333, 0.333, 0.333], [0.25, 0.25, 0.5]])
    reading = read_labels(rows, "x")
    assert (reading.meaning, reading.unit) == (PROBS, 1)
