from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from c10h.stages.gallery import Gallery, Picture
from c10h.views.answer import Answer
from c10h.views.figures.figure_type import BARS, Figure, Panel, Series
from c10h.views.forms.html_page import Drawing, Page, metric_of, page, sort_key
from c10h.views.forms.inline_svg import inline_svg
from c10h.views.table import Cell, Table

VOID = {"meta", "link", "img", "input", "br", "hr"}
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 120" width="600" class="drawing"'
    ' role="img" tabindex="0" aria-label="A line that rises and flattens">'
    '<path d="M10 110 L100 40 L290 20" stroke="var(--series-0)" fill="none" stroke-width="3"/>'
    '<text x="20" y="20" font-size="7">loss</text>'
    '<circle class="mark" data-tip="hard, step 0: 1.5" cx="10" cy="110" r="4"/>'
    '<circle class="mark" data-tip="hard, step 1: 2.5" cx="100" cy="40" r="4"/></svg>'
)
EVIL = "</td><script>alert(1)</script>\" onload='x' {{ 7*7 }} &amp; <b>"


def table() -> Table:
    rows = [
        [Cell("hard"), Cell("0.9244", "0.9172 to 0.9316"), Cell("1,393.0")],
        [Cell("human"), Cell("0.9380", "0.9316 to 0.9452", best=True), Cell("+0.3287*")],
        [Cell("mixup"), Cell("0.9"), Cell("inf")],
        [Cell("none"), Cell("-"), Cell("-")],
    ]
    return Table("Scores", ["run", "accuracy ↑", "ce_human ↓"], rows, 1, ["Held out."])


def gallery() -> Gallery:
    entropies = {"cat": 0.0, "dog": 0.5, "bird": 1.0}
    random = np.random.default_rng(0)
    pictures = [
        Picture(
            name=f"{name}.png",
            truth=name,
            pixels=random.integers(0, 256, (32, 32, 3)).astype(np.uint8),
            people=0.2 + 0.4 * np.eye(3)[number],
            model=0.05 + 0.85 * np.eye(3)[number],
            divergence=0.25,
            entropy=entropies[name],
        )
        for number, name in enumerate(entropies)
    ]
    return Gallery("net", tuple(entropies), pictures, 70, 90, ["A note."])


def everything() -> Page:
    across = Table("Differences", ["metric", "human"], [[Cell("kl"), Cell("-0.1")]])
    figure = Drawing("Loss against the step", SVG, [
        Table("Values", ["step", "hard"], [[Cell("0"), Cell("1.5")]])
    ])  # fmt: skip
    lineage = "c10h score --by truth\n└─ labels: l.h5"
    return Page("Hard & human", [table(), across], [figure], gallery(), lineage, ["By c10h."])


class Tree(HTMLParser):
    """Every element with its attributes and the text in it; ends must fit their starts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[list[str]] = []
        self._open: list[int] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append([])
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for one in self._open:
            self.texts[one].append(data)

    def all(self, tag: str, **attributes: str) -> Iterator[tuple[dict[str, str], str]]:
        for (name, found), text in zip(self.elements, self.texts, strict=True):
            given = {key.rstrip("_"): value for key, value in attributes.items()}
            if name == tag and given.items() <= found.items():
                yield found, "".join(text)


def test_the_same_page_is_the_same_bytes() -> None:
    assert page(everything()) == page(everything())


def test_only_what_is_there_is_told() -> None:
    tree = Tree(page(Page("Nothing")))
    names = {name for name, _ in tree.elements}
    assert not names & {"section", "table", "figure", "form", "details", "img"}


def test_nothing_leads_out_of_the_file() -> None:
    text = page(everything())
    assert "http" not in re.sub(r"http-equiv|xmlns=\S+", "", text)
    for _, attributes in Tree(text).elements:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("data:", "#"))


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    tree = Tree(page(everything()))
    (meta,) = [found for found, _ in tree.all("meta") if "http-equiv" in found]
    rules = dict(rule.strip().split(" ", 1) for rule in meta["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for tag in ("style", "script"):
        ((_, content),) = tree.all(tag)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    for _, attributes in tree.elements:
        assert not {name for name in attributes if name == "style" or name.startswith("on")}


def test_landmarks_and_names() -> None:
    tree = Tree(page(everything()))
    names = [name for name, _ in tree.elements]
    assert [names.count(one) for one in ("header", "main", "footer", "h1", "title")] == [1] * 5
    assert next(tree.all("html"))[0]["lang"] == "en"
    assert next(tree.all("a"))[0]["href"] == "#main"
    ids = [found["id"] for _, found in tree.elements if "id" in found]
    assert len(ids) == len(set(ids))
    for _, found in tree.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert found.get(name, ids[0]) in ids
    for tag in ("input", "select"):
        for found, _ in tree.all(tag):
            assert list(tree.all("label", for_=found["id"]))
    assert all(found["alt"] for found, _ in tree.all("img"))


def test_tables() -> None:
    tree = Tree(page(everything()))
    buttons = [text for found, text in tree.all("button") if "sort" in found.get("class", "")]
    assert buttons == ["step", "hard", "run", "accuracy ↑", "ce_human ↓", "metric", "human"]
    keys = [found["data-key"] for found, _ in tree.all("td") if "data-key" in found]
    assert keys == ["1.5", "0.9244", "1393.0", "0.938", "0.3287", "0.9", "Infinity", "", "", "-0.1"]
    assert [text for _, text in tree.all("strong")] == ["0.9380"]
    assert [text for _, text in tree.all("caption")] == ["Values", "Scores", "Differences"]


def test_definitions_of_the_metrics_that_are_named() -> None:
    tree = Tree(page(everything()))
    found = {one["id"]: text for one, text in tree.all("dd")}
    assert list(found) == ["metric-accuracy", "metric-ce_human", "metric-kl"]
    assert found["metric-accuracy"] == "argmax q = y. Higher is better."
    described = [one["aria-describedby"] for one, _ in tree.all("button") if "term" in
                 one.get("class", "")]  # fmt: skip
    assert described == list(found)


def test_pictures() -> None:
    tree = Tree(page(everything()))
    found = list(tree.all("li", class_="card"))
    assert [one["data-choice"] for one, _ in found] == ["cat", "dog", "bird"]
    assert [one["data-entropy"] for one, _ in found] == ["0.000000", "0.500000", "1.000000"]
    assert "dog.png" in found[1][1]
    assert [text for _, text in tree.all("option")] == ["all classes", "cat", "dog", "bird"]
    assert next(tree.all("input"))[0]["max"] == "1.00"


def test_a_figure_is_part_of_the_page_with_a_text() -> None:
    text = page(everything())
    assert SVG in text
    found, _ = next(Tree(text).all("svg", class_="drawing"))
    assert (found["role"], found["aria-label"]) == ("img", "A line that rises and flattens")


def test_columns_of_one_metric_have_a_common_header() -> None:
    header = ["run", "n", "accuracy near ↑", "accuracy far ↑", "ece ↓"]
    wide = Table("Wide", header, [[Cell("a"), *[Cell("1")] * 4]])
    tree = Tree(page(Page("Groups", [wide])))
    ((group, words),) = tree.all("th", scope="colgroup")
    assert (words.strip(), group["colspan"]) == ("accuracy ↑", "2")
    columns = [(one["data-column"], text.strip()) for one, text in tree.all("th", scope="col")]
    assert columns == [("0", "run"), ("1", "n"), ("4", "ece ↓"), ("2", "near"), ("3", "far")]
    assert [one["data-name"] for one, _ in tree.all("td")] == header[1:]


def test_hostile_names_are_text() -> None:
    plain = everything()
    assert plain.gallery is not None
    picture = replace(plain.gallery.pictures[0], name=EVIL, truth=EVIL)
    series = Series(EVIL, np.zeros(1), np.ones(1))
    evil = Figure(EVIL, EVIL, [Panel(EVIL, EVIL, EVIL, [series, series], BARS, [EVIL])])
    hostile = Page(
        EVIL,
        [Table(EVIL, [EVIL, EVIL], [[Cell(EVIL), Cell(EVIL, EVIL)]], 1, [EVIL])],
        [Drawing(EVIL, inline_svg(evil, "x-"))],
        Gallery(EVIL, (EVIL, "b", "c"), [picture], 1, 1, [EVIL]),
        EVIL,
        [EVIL],
    )
    tree = Tree(page(hostile))
    assert len(list(tree.all("script"))) == 1
    assert not list(tree.all("b"))
    assert next(tree.all("h1"))[1] == EVIL
    assert next(tree.all("h3"))[1] == EVIL
    assert next(tree.all("pre"))[1] == EVIL
    assert not {name for _, found in tree.elements for name in found if name.startswith("on")}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0.5", "0.5"), ("-0.5*", "-0.5"), ("+1,234", "1234.0"), ("12.5 %", "12.5"),
        ("1e-05", "1e-05"), ("inf", "Infinity"), ("-inf", "-Infinity"), ("-", ""), ("", ""),
        ("4,622/4,690", "4622.0"), ("0.01  NO", "0.01"), ("infinite", ""), ("12b", ""),
        ("0.15 plug-in, 0.16 miller-madow", "0.15"),
    ],
)  # fmt: skip
def test_what_a_cell_is_sorted_by(text: str, key: str) -> None:
    assert sort_key(text) == key


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("accuracy", "accuracy"),
        ("ce_human ↓", "ce_human"),
        ("accuracy clean ↑", "accuracy"),
        ("accuracy of a run", None),
        ("x", None),
        ("↑", None),
        ("", None),
    ],
)
def test_the_metric_that_a_text_names(text: str, metric: str | None) -> None:
    assert metric_of(text) == metric


def test_the_answer_comes_first() -> None:
    answer = Answer(["<b> differs."], table(), notes=["A note."])
    drawings = [Drawing(name, SVG) for name in ("main", "other")]
    text = page(replace(everything(), answers=[answer], figures=drawings))
    headings = [words for _, words in Tree(text).all("h2")]
    assert headings[:3] == ["In short", "More figures", "Tables"]
    assert "<p>&lt;b&gt; differs.</p>" in text
    order = ["differs.", ">main<", ">Scores<", "More figures", ">other<"]
    assert sorted(order, key=text.index) == order


@pytest.mark.parametrize(
    ("text", "key"), [("*−0.014", "-0.014"), ("+0.5", "0.5"), ("−inf", "-Infinity"), (".1–.2", "")]
)
def test_figures_of_answers_are_sorted_by_their_value(text: str, key: str) -> None:
    assert sort_key(text) == key
