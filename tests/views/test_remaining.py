"""The sentence on what remains of a difference at equal scale says no more than its intervals."""

from __future__ import annotations

import pytest

from c10h.metrics.differences import Difference
from c10h.metrics.estimates import SpreadFigure
from c10h.views.notes import remaining_notes

CLEAR, SMALLER = (-0.05, -0.06, -0.04), (-0.01, -0.02, -0.005)


def difference(own: tuple[float, float, float], scaled: tuple[float, float, float]) -> Difference:
    return Difference("ce_human", "b", "a", *own, at_equal_scale=SpreadFigure(*scaled))


@pytest.mark.parametrize(
    ("own", "scaled", "says"),
    [
        (CLEAR, SMALLER, "b differs from a by −0.0500 (−0.0600 to −0.0400) in ce_human, of which "
         "−0.0100 (−0.0200 to −0.0050) remain at equal scale."),
        (SMALLER, CLEAR, "b differs from a by −0.0100 (−0.0200 to −0.0050) in ce_human, and by "
         "more at equal scale: −0.0500 (−0.0600 to −0.0400)."),
        (CLEAR, (0.001, -0.002, 0.004), "b differs from a by −0.0500 (−0.0600 to −0.0400) in "
         "ce_human; at equal scale no difference can be told: +0.0010 (−0.0020 to +0.0040)."),
        (CLEAR, (0.01, 0.005, 0.02), "b differs from a by −0.0500 (−0.0600 to −0.0400) in "
         "ce_human, but the other way at equal scale: by +0.0100 (+0.0050 to +0.0200)."),
        ((0.001, -0.002, 0.004), SMALLER, "A difference can be told between b and a in ce_human "
         "at equal scale only: −0.0100 (−0.0200 to −0.0050)."),
        ((0.001, -0.002, 0.004), (0.001, -0.002, 0.004), "No difference can be told between b and "
         "a in ce_human, as they are or at equal scale."),
    ],
)  # fmt: skip
def test_it_says_what_the_intervals_carry(
    own: tuple[float, float, float], scaled: tuple[float, float, float], says: str
) -> None:
    assert remaining_notes([[difference(own, scaled)]]) == [says]


def test_without_people_it_is_about_the_truth() -> None:
    hard = Difference("ce_hard", "b", "a", *CLEAR, at_equal_scale=SpreadFigure(*SMALLER))
    accuracy = Difference("accuracy", "b", "a", *CLEAR, at_equal_scale=SpreadFigure(*SMALLER))
    (note,) = remaining_notes([[accuracy, hard]])
    assert "in ce_hard" in note


def test_where_there_is_none_at_equal_scale_nothing_is_said() -> None:
    older = Difference(
        "ce_human", "b", "a", *CLEAR, at_equal_scale=SpreadFigure(why="no references")
    )
    assert remaining_notes([[older]]) == []
