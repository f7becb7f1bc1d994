"""Tables as HTML for notebooks, read again by the parser of the standard library."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

from c10h.views.forms.html_tables import to_html_tables
from c10h.views.table import Cell, Table

SCORES = Table(
    "Scores & more",
    ["run", "accuracy"],
    [[Cell("a"), Cell("0.5", "0.4 to 0.6", best=True)], [Cell("<b>"), Cell("0.25")]],
    notes=["n < 3"],
)


def texts(html: str, tag: str) -> list[str]:
    """What stands in each element of a name."""
    root = ElementTree.fromstring(f"<div>{html}</div>")
    return ["".join(element.itertext()) for element in root.iter(tag)]


class Tags(HTMLParser):
    """Which elements a text begins."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)


def test_title_header_cells_and_notes() -> None:
    html = to_html_tables([SCORES]).replace("<br>", "<br/>")
    assert texts(html, "caption") == ["Scores & more"]
    assert texts(html, "th") == ["run", "accuracy"]
    assert texts(html, "td") == ["a", "0.50.4 to 0.6", "<b>", "0.25"]
    assert texts(html, "strong") == ["0.5"]
    assert texts(html, "p") == ["n < 3"]


def test_names_are_text_and_nothing_else() -> None:
    hostile = "<script>alert(1)</script>"
    table = Table(hostile, [hostile], [[Cell(hostile, hostile)]], notes=[hostile])
    tags = Tags()
    tags.feed(to_html_tables([table]))
    assert "script" not in tags.names


def test_several_tables() -> None:
    html = to_html_tables([SCORES, Table("", ["x"], [])]).replace("<br>", "<br/>")
    assert len(texts(html, "table")) == 2
    assert len(texts(html, "caption")) == 1
