"""Figures of answers in short, and answers as text."""

from __future__ import annotations

import math

import pytest

from c10h.views.answer import (
    Amount,
    Answer,
    compact,
    compact_interval,
    interval_columns,
    short_names,
    with_interval,
)
from c10h.views.forms.plain import answers_to_plain
from c10h.views.table import of_columns


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (0.61078, False, "0.611"),
        (-0.0141, False, "−0.014"),
        (-0.0141, True, "−0.014"),
        (0.5, True, "+0.500"),
        (-0.0004, True, "0.000"),  # which rounds to nothing, and has no sign then
        (0.0, True, "0.000"),
        (12.3456, False, "12.346"),
        (math.inf, False, "inf"),
        (-math.inf, True, "−inf"),
        (math.nan, False, "-"),
        (None, True, "-"),
    ],
)
def test_a_figure_in_short(value: float | None, signed: bool, text: str) -> None:
    assert compact(value, signed=signed) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.594, 0.628, ".594–.628"),
        (0.0, 1.0, ".000–1.000"),
        (-0.0156, -0.0124, "−.016 to −.012"),
        (-0.001, 0.002, "−.001 to .002"),
        (1.3166, 1.5523, "1.317–1.552"),
        (10.5, 20.25, "10.500–20.250"),
        (None, 1.0, ""),
        (math.nan, math.nan, ""),
    ],
)
def test_an_interval_in_short(low: float | None, high: float | None, text: str) -> None:
    assert compact_interval(low, high) == text


def test_a_figure_with_its_interval() -> None:
    assert with_interval(0.6108, 0.5937, 0.6277) == "0.611 (.594–.628)"
    assert with_interval(0.5, None, None) == "0.500"


def test_long_names_are_letters_with_a_legend() -> None:
    assert short_names(["hard", "human"]) == (["hard", "human"], [])
    names, legend = short_names(["resnet_basic_20-human", "x"])
    assert names == ["a", "b"]
    assert legend == ["a: resnet_basic_20-human; b: x"]


def test_numbers_stay_aligned_beside_a_star() -> None:
    figures = [(0.5, 0.4, 0.6), (0.25, None, None)]
    (_, values), (name, ends) = interval_columns("x", figures, marks=[True, False])
    assert [cell.text for cell in values] == ["*0.500", "0.250"]
    assert (name, [cell.text for cell in ends]) == ("95 %", [".400–.600", ""])
    assert len(interval_columns("x", [(0.5, None, None)])) == 1


class TestText:
    answer = Answer(
        ["One differs from the other by a number with an interval."],
        of_columns("", [("metric", ["ce_human"])], interval_columns("at equal scale", [(1, 0, 2)])),
        chart=lambda width: "#" * width + "\n",
        notes=["A note."],
        source="Made from 2 files.",
    )

    def test_the_answer_comes_first(self) -> None:
        text = answers_to_plain([self.answer], Amount.SCREEN, 30)
        lines = text.splitlines()
        assert lines[:2] == ["One differs from the other by", "a number with an interval."]
        assert max(map(len, lines)) <= 30
        assert lines[-2:] == ["A note.", "Made from 2 files."]
        assert "#" * 30 in lines
        assert [line.split() for line in lines if line.startswith("ce_human")] == [
            ["ce_human", "1.000", ".000–2.000"]
        ]

    def test_quiet_leaves_sentences_and_table(self) -> None:
        text = answers_to_plain([self.answer], Amount.QUIET, 80)
        assert text.splitlines()[0] == self.answer.sentences[0]
        assert "1.000" in text
        assert "note" not in text
        assert "#" not in text
        assert "Made" not in text
