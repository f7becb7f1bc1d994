"""Figures as pictures: valid, the same twice, and with what they say in them."""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from c10h.stages.report import Results
from c10h.views.figures.figure_type import BARS, Figure, Panel, Series
from c10h.views.figures.figures import figure
from c10h.views.forms.drawn_figures import COLOURS, COLUMN, DPI, FORMS, PAGE, draw

from ..made_results import NAN, history, near_and_far

SVG = "{http://www.w3.org/2000/svg}"


def bars(
    *names: str, values: Any = (0.5, 0.25), ticks: Any = ("x", "y"), columns: int = 1
) -> Figure:
    series = [Series.over_ticks(name, [(v, v, v) for v in values]) for name in names]
    panels = [Panel("", "place", "share", series, BARS, ticks)] * columns
    return Figure("f", "a title", panels, columns=columns)


@pytest.fixture(params=["generalization", "curves"])
def made(request: pytest.FixtureRequest) -> Figure:
    given = {"generalization": near_and_far(), "curves": Results(histories={"a": history()})}
    return figure(request.param, given[request.param])


def texts(data: bytes) -> list[str]:
    root = ElementTree.fromstring(data)
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_figure_is_the_same_bytes(made: Figure, form: str) -> None:
    assert draw(made, form) == draw(made, form)


@pytest.mark.parametrize("form", FORMS)
def test_no_dates(made: Figure, form: str) -> None:
    data = draw(made, form)
    for word in (b"CreationDate", b"ModDate", b"dc:date", b"tIME"):
        assert word not in data


def test_svg_has_its_words_as_text(made: Figure) -> None:
    found = texts(draw(made, "svg"))
    for panel in made.panels:
        assert panel.y_name in found
        for one in panel.series:
            assert one.name in found
    assert found.count(made.panels[0].series[0].name) == 1  # one legend


def test_png_has_the_size_of_a_column(made: Figure) -> None:
    with Image.open(io.BytesIO(draw(made, "png"))) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width == int(COLUMN * DPI)
        assert image.info["dpi"] == (pytest.approx(DPI, abs=0.1),) * 2


def test_panels_side_by_side_have_a_page() -> None:
    with Image.open(io.BytesIO(draw(bars("a", columns=3), "png"))) as image:
        assert image.width == int(PAGE * DPI)
        assert image.width > image.height


def test_pdf_has_fonts_as_text(made: Figure) -> None:
    data = draw(made, "pdf")
    assert data.startswith(b"%PDF")
    assert data.rstrip().endswith(b"%%EOF")
    assert b"/Subtype /Type0" in data or b"/FontFile2" in data  # TrueType, not outlines
    assert b"/Subtype /Type3" not in data


@pytest.mark.parametrize("form", FORMS)
def test_strange_names_are_drawn_without_a_word(
    form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(bars("猫 $x^2$", "a\nb\x1b[31m", r"\alpha_", ticks=("<&>", "犬")), form)
    assert capfd.readouterr() == ("", "")


def test_names_are_no_formulas() -> None:
    found = texts(draw(bars("$x^2$", "b"), "svg"))
    assert "$x^2$" in found


def test_infinities_are_words_and_gaps_are_gaps() -> None:
    found = texts(draw(bars("a", values=(float("inf"), NAN)), "svg"))
    assert found.count("inf") == 1


def test_ones_own_settings_do_not_matter() -> None:
    import matplotlib as mpl

    plain = draw(bars("a", "b"), "svg")
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.grid": True}):
        assert draw(bars("a", "b"), "svg") == plain
        assert mpl.rcParams["font.size"] == 30


def test_lines_differ_in_more_than_colour() -> None:
    lines = [Series(f"l{k}", np.arange(3.0), np.arange(3.0) + k) for k in range(4)]
    data = draw(Figure("f", "", [Panel("", "x", "y", lines)]), "svg").decode()
    for colour in COLOURS[:4]:
        assert colour.lower() in data
    assert data.count("stroke-dasharray") >= 3


def test_a_colour_that_a_series_asks_for() -> None:
    found = Series("a", np.arange(3.0), np.arange(3.0), colour=3)
    data = draw(Figure("f", "", [Panel("", "x", "y", [found])]), "svg").decode()
    assert COLOURS[3].lower() in data
    assert COLOURS[0].lower() not in data


@pytest.mark.parametrize(
    ("ticks", "columns", "turns"),
    [(("near", "far"), 1, False), (("cat", "automobile", "bird", "dog", "ship"), 1, False),
     (("cat", "automobile", "bird", "dog", "ship"), 3, True), (("a long word " * 3, "x"), 3, True)],
)  # fmt: skip
def test_what_is_below_bars_is_turned_where_it_has_no_room(
    ticks: tuple[str, ...], columns: int, turns: bool
) -> None:
    data = draw(bars("a", values=[0.5] * len(ticks), ticks=ticks, columns=columns), "svg")
    one = next(t for t in ElementTree.fromstring(data).iter(f"{SVG}text") if t.text in ticks)
    assert ("rotate(-45" in one.attrib["transform"]) == turns


def test_axes_of_one_meaning_are_named_at_the_edges() -> None:
    found = texts(draw(bars("a", columns=3), "svg"))
    assert (found.count("place"), found.count("share")) == (3, 1)
    found = texts(draw(figure("generalization", near_and_far()), "svg"))
    assert found.count("data set") == 1
    named = {"accuracy", "cross-entropy with truth, nats", "second-best accuracy"}
    assert named <= set(found)


def test_many_series_are_drawn() -> None:
    lines = [Series(f"line {k}", np.arange(3.0), np.arange(3.0) + k) for k in range(40)]
    data = draw(Figure("f", "", [Panel("", "x", "y", lines)]), "svg")
    assert "line 39" in texts(data)


class TestPictures:
    @staticmethod
    def pictured(size: tuple[int, int]) -> Figure:
        """Six panels in three columns, all but the last with a picture of one red."""
        panels = []
        for number in range(6):
            pixels = np.zeros((*size, 3), np.uint8)
            pixels[..., 0] = 250 - number
            panels.append(replace(bars("a", "b").panels[0], picture=pixels if number < 5 else None))
        return Figure("f", "a title", panels, columns=3)

    def test_they_are_above_the_bars_of_their_panel(self) -> None:
        with Image.open(io.BytesIO(draw(self.pictured((8, 8)), "png"))) as image:
            pixels = np.asarray(image.convert("RGB"))
        blue = tuple(bytes.fromhex(COLOURS[0].removeprefix("#")))
        bottoms = []
        for number in range(5):
            rows, columns = np.nonzero((pixels == (250 - number, 0, 0)).all(axis=2))
            assert rows.size == (np.ptp(rows) + 1) * (np.ptp(columns) + 1) > 100**2
            assert int(columns.mean() * 3 / pixels.shape[1]) == number % 3
            bottoms.append(rows.max())
        is_bar = (pixels == blue).all(axis=2).any(axis=1)
        assert not is_bar[: bottoms[0]].any()
        assert is_bar[bottoms[0] : bottoms[3]].any()
        assert is_bar[bottoms[3] :].any()

    def test_large_ones_are_made_smaller(self) -> None:
        root = ElementTree.fromstring(draw(self.pictured((300, 600)), "svg"))
        sizes = set()
        for one in root.iter(f"{SVG}image"):
            png = one.attrib["{http://www.w3.org/1999/xlink}href"].partition("base64,")[2]
            with Image.open(io.BytesIO(base64.b64decode(png))) as image:
                sizes.add(image.size)
        assert sizes == {(270, 135)}
