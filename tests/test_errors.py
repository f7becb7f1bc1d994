"""What is said of names that are not known."""

from __future__ import annotations

import pytest

from c10h.errors import nearest, unknown_name

METRICS = ("accuracy", "ce_hard", "ce_human", "kl")


@pytest.mark.parametrize(
    ("name", "near"),
    [("ce_humna", "ce_human"), ("CE_HUMAN", "ce_human"), ("acuracy", "accuracy"), ("x", "")],
)
def test_the_nearest_name(name: str, near: str) -> None:
    assert nearest(name, METRICS) == near


def test_names_keep_their_capitals() -> None:
    assert nearest("alice", ["Bob", "Alice"]) == "Alice"


def test_a_near_name_is_suggested_and_all_are_listed() -> None:
    assert unknown_name("metric", "ce_humna", METRICS) == (
        "unknown metric 'ce_humna': did you mean ce_human? expected one of accuracy, ce_hard, "
        "ce_human, kl"
    )


def test_nothing_is_suggested_that_is_not_near() -> None:
    assert unknown_name("metric", "x", ["kl"]) == "unknown metric 'x': expected one of kl"


def test_many_names_are_counted() -> None:
    said = unknown_name("run", "x" * 100_000, (f"r{number}" for number in range(1_000)))
    assert said.endswith("r23, r24 and 975 more")
