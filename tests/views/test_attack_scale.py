"""What remains at equal scale as a table, sentences and JSON."""

from __future__ import annotations

import pytest

from c10h.stages.attack_scale import Interval, Remaining
from c10h.stages.attack_scale_differences import ScaleDifference
from c10h.views.attack_scale import HOW, sentence, tables, to_json

from .made_results import texts

CLEAR, UNCLEAR = Interval(-0.5, -0.6, -0.4), Interval(-0.1, -0.3, 0.1)


def difference(
    as_it_is: Interval, at_scale: Interval, share: Interval, after: str = "4/255"
) -> ScaleDifference:
    return ScaleDifference("human", "hard", after, Remaining(as_it_is, at_scale, share, 1200))


SMALLER = difference(CLEAR, Interval(-0.07, -0.11, -0.03), Interval(0.14, 0.07, 0.22))
NONE = difference(CLEAR, UNCLEAR, Interval(0.2, -0.2, 0.6), "8/255")
LACKS = ScaleDifference("other", "hard", "4/255", why="no losses in the file")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            SMALLER,
            "human, 4/255: 14 % (7 to 22 %) of the difference in cross-entropy remains at equal "
            "scale",
        ),
        (
            NONE,
            "human, 8/255: none of the difference in cross-entropy can be told from 0 at equal "
            "scale",
        ),
        (
            difference(UNCLEAR, CLEAR, Interval(5, -50, 50)),
            "human, 4/255: a difference in cross-entropy can be told from 0 at equal scale only",
        ),
        (
            difference(UNCLEAR, UNCLEAR, Interval(1, -9, 9)),
            "human, 4/255: no difference in cross-entropy can be told from 0, at either scale",
        ),
        (
            difference(CLEAR, Interval(0.2, 0.1, 0.3), Interval(-0.4, -0.6, -0.2)),
            "human, 4/255: the difference in cross-entropy has the other sign at equal scale",
        ),
    ],
)
def test_sentences(given: ScaleDifference, words: str) -> None:
    assert sentence(given) == words


def test_the_table() -> None:
    unclear = difference(UNCLEAR, UNCLEAR, Interval(1, -9, 9), "clean")
    (table,) = tables("Title", [unclear, SMALLER, NONE, LACKS])
    assert table.header == [
        "run", "after", "items", "cross-entropy as it is", "cross-entropy at equal scale",
        "remaining",
    ]  # fmt: skip
    assert texts(table) == [
        ["human", "clean", "1,200", "-0.1000", "-0.1000", "-"],
        ["human", "4/255", "1,200", "-0.5000*", "-0.0700*", "14 %"],
        ["human", "8/255", "1,200", "-0.5000*", "-0.1000", "20 %"],
    ]
    assert table.rows[1][5].small == "7 to 22 %"
    assert [cell.best for cell in table.rows[2][3:5]] == [True, False]
    assert table.notes == [
        *map(sentence, (unclear, SMALLER, NONE)), "other: no losses in the file", HOW,
    ]  # fmt: skip


def test_what_is_told_already_is_not_told_again() -> None:
    (table,) = tables("Title", [SMALLER, LACKS], known=["other: no losses in the file"])
    assert table.notes == [sentence(SMALLER), HOW]


def test_no_table_of_nothing() -> None:
    assert tables("Title", [LACKS]) == []


def test_json() -> None:
    unclear = difference(UNCLEAR, UNCLEAR, Interval(1, -9, 9), "clean")
    found = to_json([SMALLER, LACKS, unclear])
    assert found["human", "clean"]["value"] == -0.1
    assert found["human", "clean"]["share"] == {"value": None, "low": None, "high": None}
    assert found["human", "4/255"] == {
        "value": -0.07, "low": -0.11, "high": -0.03, "n": 1200,
        "as_it_is": {"value": -0.5, "low": -0.6, "high": -0.4},
        "share": {"value": 0.14, "low": 0.07, "high": 0.22},
        "why": None,
    }  # fmt: skip
    nothing = {"value": None, "low": None, "high": None}
    assert found["other", "4/255"] == {
        **nothing, "n": None, "as_it_is": nothing, "share": nothing, "why": "no losses in the file",
    }  # fmt: skip
