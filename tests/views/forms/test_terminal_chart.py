"""Charts of lines: what they show, and that they fit."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from c10h.views.figures.figure_type import BARS, Figure, Panel, Series
from c10h.views.forms.terminal_chart import figure_chart, line_chart, step_chart

NAN = float("nan")
COLUMNS = ["1", "2", "5", "10", "20", "50", "all"]
LINES = {"first": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], "second": [0.7] * 7}


def braille(text: str) -> int:
    """How many places of a text are drawn on."""
    return sum("\u2800" < letter <= "\u28ff" for letter in text)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("count", [2, 7, 8, 17])
def test_it_is_never_wider_than_it_may_be(width: int, count: int) -> None:
    columns = [*(str(10**power) for power in range(count - 1)), "all"]
    chart = line_chart("share", columns, {"line": [0.5] * count}, width)
    assert max(map(len, chart.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 80])
def test_many_names_are_not_wider_either(width: int) -> None:
    lines = {f"a ceiling of some method {number}": [0.1, 0.2] for number in range(5)}
    chart = line_chart("share", ["1", "all"], lines, width)
    assert max(map(len, chart.splitlines())) <= width
    for name in lines:
        assert name in " ".join(chart.split())


def test_columns_are_ticks_in_order() -> None:
    chart = line_chart("nats", COLUMNS, LINES, 100)
    assert any(line.split()[-7:] == COLUMNS for line in chart.splitlines())
    assert "nats" in chart


def test_lines_are_told_apart_by_letters() -> None:
    chart = line_chart("share", COLUMNS, LINES, 80)
    drawing, legend = chart.rstrip("\n").rsplit("\n", 1)
    assert legend == "a first   b second"
    plane = "".join(line.partition("|")[2] for line in drawing.splitlines()[:-2])
    assert plane.count("a") >= 6
    assert plane.count("b") >= 6


def test_higher_values_are_drawn_higher() -> None:
    lines = line_chart("share", ["1", "2", "5"], {"line": [0.0, 0.5, 1.0]}, 80).splitlines()
    rows = [number for number, line in enumerate(lines) if "a" in line.partition("|")[2]]
    assert len(rows) == 3
    places = [lines[row].index("a") for row in rows]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize(
    "values",
    [
        [NAN] * 7,
        [NAN, 0.1, NAN, 0.3, NAN, NAN, 0.7],
        [0.0] * 7,
        [1.0] * 7,
        [-0.2] * 7,
        [NAN] * 6 + [0.5],
        [1e-12] * 7,
        [1e9, 1, 0, 0, 0, 0, 0],
    ],
    ids=["missing", "gaps", "zero", "one", "negative", "last", "tiny", "large"],
)
def test_any_values_can_be_drawn(values: list[float], width: int) -> None:
    chart = line_chart("share", COLUMNS, {"line": values}, width)
    known = [value for value in values if value == value]
    assert (braille(chart) > 0) is (len(known) > 1)
    assert "\x1b" not in chart
    assert chart.endswith("a line\n")


def test_no_lines_at_all() -> None:
    assert "\x1b" not in line_chart("share", COLUMNS, {}, 80)


def test_one_column() -> None:
    assert line_chart("share", ["all"], {"line": [0.5]}, 80) == ""


@pytest.mark.parametrize("loud", ["FORCE_COLOR", "NO_COLOR", "PLOTILLE_FORCE"])
def test_no_colour_whatever_is_asked_for(loud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(loud, "1")
    assert not re.search(r"\x1b\[", line_chart("share", COLUMNS, LINES, 80))


def test_the_same_values_give_the_same_chart() -> None:
    assert line_chart("s", COLUMNS, LINES, 80) == line_chart("s", COLUMNS, LINES, 80)


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_every_column_has_its_letter(count: int) -> None:
    chart = line_chart("share", COLUMNS[:count], {"line": [0.5] * count}, 80)
    assert "".join(line.partition("|")[2] for line in chart.splitlines()[:-3]).count("a") == count


class TestSteps:
    @pytest.mark.parametrize("width", [40, 80, 200])
    @pytest.mark.parametrize("last", [1, 2, 7, 40, 999, 12_345])
    def test_it_is_never_wider_than_it_may_be(self, width: int, last: int) -> None:
        chart = step_chart("nats", {"line": [1.0] * (last + 1)}, width)
        assert max(map(len, chart.splitlines())) <= width

    @pytest.mark.parametrize(
        ("last", "ticks"),
        [
            (1, "0 1"),
            (7, "0 2 4 6 8"),
            (10, "0 2 4 6 8 10"),
            (40, "0 10 20 30 40"),
            (100, "0 20 40 60 80 100"),
            (999, "0 200 400 600 800 1000"),
        ],
    )
    def test_ticks_are_round_and_few(self, last: int, ticks: str) -> None:
        chart = step_chart("nats", {"line": [1.0] * (last + 1)}, 80)
        assert chart.splitlines()[-2].split("|")[1].split() == ticks.split()

    def test_every_step_is_drawn_and_ticks_have_letters(self) -> None:
        values = [0.0] * 101
        values[50] = 1.0  # a needle between two ticks
        lines = step_chart("nats", {"line": values}, 80).splitlines()
        planes = [line.partition("| ")[2] for line in lines[1:-3]]
        assert any(braille(plane) for plane in planes[:3])
        assert planes[-1].count("a") == 6

    def test_every_letter_is_seen_where_lines_meet(self) -> None:
        lines = {name: [0.5] * 15 for name in ("w", "x", "y", "z")}
        planes = "".join(
            row.partition("|")[2] for row in step_chart("nats", lines, 80).splitlines()[:-3]
        )
        assert all(planes.count(letter) >= 2 for letter in "abcd")

    @pytest.mark.parametrize(
        ("most", "ticks"),
        [
            (2.3, ["0.0", "0.2", "0.4"]),
            (0.02, ["0.000", "0.002", "0.004"]),
            (0.15, ["0.000", "0.015", "0.030"]),
            (700, ["0", "60", "120"]),
            (1e-7, ["0.00000000", "0.00000001", "0.00000002"]),
            (1e-9, ["0", "1e-10", "2e-10"]),
            (3e12, ["0", "3e+11", "6e+11"]),
        ],
    )
    def test_ticks_of_values_are_round(self, most: float, ticks: list[str]) -> None:
        rows = step_chart("nats", {"line": [0.0, most]}, 80).splitlines()[1:-3]
        names = [row.partition("|")[0].strip() for row in reversed(rows)]
        assert names[:3] == ticks
        assert float(names[-1]) > most * 1.01

    def test_names_are_side_by_side_as_far_as_they_fit(self) -> None:
        lines = {f"run {number}, fold {number}": [1.0, 2.0] for number in range(8)}
        *_, first, second = step_chart("nats", lines, 80).splitlines()
        assert first.split("   ") == [f"{'abcd'[k]} run {k}, fold {k}" for k in range(4)]
        assert second.split("   ") == [f"{'efgh'[k]} run {k + 4}, fold {k + 4}" for k in range(4)]

    def test_lines_of_different_lengths(self) -> None:
        chart = step_chart("nats", {"x": [1.0] * 11, "y": [2.0] * 5}, 80)
        assert chart.endswith("a x   b y\n")

    @pytest.mark.parametrize("lines", [{}, {"x": [1.0]}])
    def test_nothing_to_draw(self, lines: dict[str, list[float]]) -> None:
        assert step_chart("nats", lines, 80) == ""

    def test_values_that_are_missing(self) -> None:
        chart = step_chart("nats", {"x": [NAN, 1.0, NAN, 2.0], "y": [NAN] * 4}, 80)
        assert braille(chart) > 0


class TestPictures:
    """A picture of 8 x 6 pixels, so 3 lines of half blocks, and bars of it."""

    panel = Panel(
        "", "class", "share", [Series.over_ticks("a", [(0.5, 0.5, 0.5)] * 2)], BARS, ("x", "y"),
        picture=np.full((6, 8, 3), 200, np.uint8),
    )  # fmt: skip

    def lines(self, width: int, colours: str | None) -> list[str]:
        text = figure_chart(Figure("f", "title", [self.panel]), width, colours)
        return [re.sub(r"\x1b\[[\d;]*m", "", line) for line in text.splitlines()]

    def test_beside_the_bars(self) -> None:
        drawn = [line for line in self.lines(80, "truecolor") if "▀" in line]
        assert [line.count("▀") for line in drawn] == [8, 8, 8]
        assert [line[8:12] for line in drawn[1:]] == ["  x ", "  y "]

    def test_above_them_where_the_terminal_is_narrow(self) -> None:
        lines = self.lines(8 + 2 + 43, "256")
        first = lines.index("▀" * 8)
        assert lines[first : first + 5] == [*["▀" * 8] * 3, "", "share by class, a"]

    @pytest.mark.parametrize("colours", [None, "standard"])
    def test_none_without_colours(self, colours: str | None) -> None:
        plain = figure_chart(Figure("f", "title", [replace(self.panel, picture=None)]), 80)
        assert self.lines(80, colours) == plain.splitlines()
