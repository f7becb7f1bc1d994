"""Which values are best, and which differences are clear; those of runs are in test_score.py."""

from __future__ import annotations

import pytest

from c10h.metrics.differences import Difference, best


@pytest.mark.parametrize(
    ("better", "values", "about", "expected"),
    [
        ("high", [1, 3, 2], "aaa", [False, True, False]),
        ("low", [1, 3, 1], "aaa", [True, False, True]),
        ("", [1, 3, 2], "aaa", [False] * 3),
        ("high", [1, 3, 2], "aab", [False, True, False]),
        ("high", [None, 3, 2], "aaa", [False, True, False]),
        ("high", [None, 3, None], "aaa", [False] * 3),
    ],
    ids=["high", "ties", "no direction", "alone of its items", "no value", "one value"],
)
def test_the_best_of_those_about_the_same(
    better: str, values: list[float | None], about: str, expected: list[bool]
) -> None:
    assert best(better, values, about) == expected


@pytest.mark.parametrize(
    ("low", "high", "is_clear"),
    [(0.1, 0.2, True), (-0.2, -0.1, True), (-0.1, 0.1, False), (0.0, 0.1, False), (None, None, 0)],
)
def test_a_difference_is_clear_where_its_interval_excludes_0(
    low: float | None, high: float | None, is_clear: bool
) -> None:
    assert Difference("kl", "a", "b", 0.0, low, high).is_clear == is_clear
