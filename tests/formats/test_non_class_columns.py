"""Columns that are no classes by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from c10h.formats.non_class_columns import NUMBERS_ITEMS, NUMBERS_ROWS, odd_column
from c10h.records import Array


class TestOddColumn:
    """A column that is no class by its numbers, whatever it is called."""

    VOTES = np.array(
        [[3.0, 1, 2], [0, 5, 1], [2, 2, 2], [4, 0, 3], [1, 1, 6], [0, 7, 0], [2, 3, 3]]
    )

    @pytest.mark.parametrize(
        ("column", "says"),
        [
            (np.arange(7), NUMBERS_ROWS),
            (np.arange(1, 8), NUMBERS_ROWS),
            ([3, 0, 6, 1, 5, 2, 4], NUMBERS_ITEMS),
            ([2, 3, 5, 8, 9, 11, 14], NUMBERS_ITEMS),  # sorted numbers with gaps
            ([907, 113, 254, 390, 871, 402, 555], NUMBERS_ITEMS),
            (VOTES.sum(axis=1), "is the sum of the others"),
        ],
    )
    def test_beside_votes(self, column: Array, says: str) -> None:
        for place in range(4):
            found = odd_column(np.insert(self.VOTES, place, column, axis=1))
            assert found == (place, says)

    @pytest.mark.parametrize("unit", [1, 100])
    def test_beside_shares(self, unit: int) -> None:
        shares = unit * self.VOTES / self.VOTES.sum(axis=1, keepdims=True)
        totals = np.insert(shares, 1, [12, 12, 15, 12, 15, 15, 15], axis=1)
        assert odd_column(totals) == (1, "is not part of what rows sum to")
        assert odd_column(np.insert(shares, 0, [41, 7, 13, 9, 2, 5, 88], axis=1)) == (
            0,
            NUMBERS_ITEMS,
        )

    def test_numbers_and_the_total_of_the_others(self) -> None:
        both = np.column_stack([[5, 2, 8, 4, 9, 1, 3], self.VOTES, self.VOTES.sum(axis=1)])
        assert odd_column(both) == (0, NUMBERS_ITEMS)

    @pytest.mark.parametrize(
        "rows",
        [
            VOTES,
            VOTES / VOTES.sum(axis=1, keepdims=True),
            np.column_stack([10 - np.arange(7), np.arange(7)])[:, [1, 0]][::2],  # in all 10 votes
            np.tile([0.2, 0.3, 0.5], (9, 1)),  # a network that always says the same
            np.random.default_rng(0).normal(size=(50, 4)),
            np.eye(3)[np.arange(12) % 3],
            np.array([[47.0, 3, 1], [50, 0, 1], [49, 2, 0], [51, 0, 0]]),  # 51 votes an item
            np.arange(12.0).reshape(4, 3),  # all columns go up
        ],
    )
    def test_classes(self, rows: Array) -> None:
        assert odd_column(rows) is None

    def test_few_rows_show_nothing(self) -> None:
        assert odd_column(np.column_stack([[0, 1, 2], self.VOTES[:3]])) is None
        few = np.column_stack([[2, 3, 5, 8], self.VOTES[:4]])
        assert odd_column(few) is None

    def test_rows_that_say_nothing_are_passed_over(self) -> None:
        rows = np.column_stack([self.VOTES, self.VOTES.sum(axis=1)])
        rows = np.vstack([rows, np.zeros(4), [np.nan, 1, 1, 2]])
        assert odd_column(rows) == (3, "is the sum of the others")
