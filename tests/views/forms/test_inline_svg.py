"""Drawings inside a page: nothing that its policy forbids, and each mark with its value."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from c10h.views.figures.figure_type import BARS, CELLS, DIAGONAL, LINES, Figure, Panel, Series
from c10h.views.forms.inline_svg import inline_svg
from c10h.views.forms.marks import texts_of_marks

NAN = float("nan")
VALUES = [(0.5, 0.4, 0.6), (NAN, NAN, NAN), (0.25, NAN, NAN)]
HARD, HUMAN = (Series.over_ticks(name, VALUES) for name in ("hard", "human"))
PEOPLE = replace(Series.over_ticks("people", VALUES, 6), is_ceiling=True)
PLACES = ("near", "far", "odd")


def figure_of(form: str, *series: Series, **more: object) -> Figure:
    panel = Panel("", "data set", "accuracy", series, form, PLACES, 2)
    return Figure("x", "What is shown", [replace(panel, **more)])  # type: ignore[arg-type]


def tips(figure: Figure) -> list[str]:
    root = ElementTree.fromstring(inline_svg(figure, "d-"))
    return [one.attrib["data-tip"] for one in root.iter() if one.get("class") == "mark"]


def test_each_bar_and_what_people_reach() -> None:
    assert tips(figure_of(BARS, HARD, PEOPLE)) == [
        "hard, data set near: 0.50 (0.4000 to 0.6000)",
        "hard, data set far: -",
        "hard, data set odd: 0.25",
        "people, data set near: 0.50 (0.4000 to 0.6000)",
        "people, data set odd: 0.25",
    ]


def test_each_point_that_there_is() -> None:
    lines = figure_of(LINES, HARD, HUMAN, x_name="epoch", ticks=())
    assert tips(lines) == [
        f"{name}, epoch {place}" for name in ("hard", "human")
        for place in ("0: 0.50 (0.4000 to 0.6000)", "2: 0.25")
    ]  # fmt: skip


def test_the_diagonal_is_no_mark() -> None:
    assert [tip.partition(",")[0] for tip in tips(figure_of(DIAGONAL, HARD, HUMAN))] == [
        "human"
    ] * 2


def test_cells_row_by_row() -> None:
    rows = [Series(name, np.arange(3.0), np.array([1.0, 0.0, 20.0 + k])) for k, name in
            enumerate(("a", "b"))]  # fmt: skip
    edges = np.arange(3.0)
    cells = figure_of(CELLS, *rows[:2], ticks=("x", "y"), edges=edges, rows_name="true class")
    cut = [replace(row, x=row.x[:2], y=row.y[1:]) for row in rows]
    cells = replace(cells, panels=[replace(cells.panels[0], series=cut)])
    assert tips(cells) == [
        "true class a, data set x: 0.00", "true class a, data set y: 20.00",
        "true class b, data set x: 0.00", "true class b, data set y: 21.00",
    ]  # fmt: skip
    assert 'class="drawing paper"' in inline_svg(cells, "d-")
    assert 'class="drawing"' in inline_svg(figure_of(BARS, HARD), "d-")


def test_every_mark_has_a_text() -> None:
    figure = figure_of(BARS, HARD, HUMAN, PEOPLE)
    assert sum(map(len, texts_of_marks(figure).values())) == len(tips(figure))


def test_the_colours_are_those_of_the_page() -> None:
    svg = inline_svg(figure_of(BARS, HARD, HUMAN, PEOPLE), "d-")
    assert {"var(--series-0)", "var(--series-1)", "var(--ink)"} <= set(
        re.findall(r"var\(--[\w-]+\)", svg)
    )
    assert not re.search(r"#(000000|ffffff|0072b2)", svg, re.IGNORECASE)


def test_nothing_that_the_policy_forbids() -> None:
    svg = inline_svg(figure_of(BARS, HARD, HUMAN), "d-")
    assert "style" not in svg
    assert "<metadata" not in svg
    ids = re.findall(r' id="([^"]+)"', svg)
    assert ids
    assert all(name.startswith("d-") for name in ids)
    used = re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", svg)
    assert {name for pair in used for name in pair if name} <= set(ids)


@pytest.mark.parametrize("name", ['<script>alert(1)</script>"', "a & b", "猫"])
def test_names_are_text(name: str) -> None:
    svg = inline_svg(figure_of(BARS, replace(HARD, name=name), HUMAN), "d-")
    assert "<script" not in svg
    root = ElementTree.fromstring(svg)
    assert any(one.get("data-tip", "").startswith(f"{name}, ") for one in root.iter())
