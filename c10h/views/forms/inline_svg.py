"""Figures as SVG inside a page: in the page's colours and font, with a text for each mark.

matplotlib's drawing, with what a page's policy forbids (styles of single elements) as attributes,
colours as the page's variables, and names of its own, since several drawings share a page. Shades
of cells are made for white paper; the page turns them in the dark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from c10h.views.figures.figure_type import CELLS, Figure
from c10h.views.forms.drawn_figures import COLOURS, draw
from c10h.views.forms.figure_look import PAGE_LOOK, SLIM_LOOK
from c10h.views.forms.marks import texts_of_marks

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
HREF = f"{{{XLINK}}}href"
# What drawings of white paper are made of, by what the page has for it.
VARIABLES: Mapping[str, str] = {
    **{colour.lower(): f"var(--series-{number})" for number, colour in enumerate(COLOURS)},
    "#000000": "var(--ink)",
    "black": "var(--ink)",
    "#666666": "var(--soft)",
    "#ffffff": "var(--back)",
    "white": "var(--back)",
}
# Pixels of the page for a point of the drawing, so that letters are as large as its text.
ZOOM = 2.1
FONT = re.compile(r"(?:[a-z]+ )*(?P<size>[\d.]+)px .*")
DROPPED = {"metadata", "style", "title"}
# Classes of drawings that only screens of some width show, as the page's style has it.
BROAD, SLIM = "broad-only", "slim"


def inline_svg(figure: Figure, prefix: str, only: str = "") -> str:
    """The figure as an <svg> element. prefix: of the ids in it. only: BROAD or SLIM screens'."""
    ElementTree.register_namespace("", SVG)
    drawn = draw(figure, "svg", look=SLIM_LOOK if only == SLIM else PAGE_LOOK)
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    _tidy(root, prefix)
    for mark, texts in texts_of_marks(figure).items():
        _tell(root, f"{prefix}{mark}", texts)
    width = float(root.attrib["viewBox"].split()[2])
    for name in ("height", "version"):
        root.attrib.pop(name, None)
    is_paper = any(panel.form == CELLS for panel in figure.panels)
    root.attrib |= {
        "width": f"{width * ZOOM:.0f}",
        "class": " ".join(["drawing", *["paper"] * is_paper, *filter(None, [only])]),
        "role": "img",
        "tabindex": "0",
        "aria-label": figure.title,
    }
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(element: ElementTree.Element, prefix: str) -> None:
    """Attributes in place of styles, the page's colours, ids that no other drawing has."""
    attributes = element.attrib
    for declaration in filter(None, attributes.pop("style", "").split(";")):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        attributes |= _font(value) if name == "font" else {name: value}
    for name, value in list(attributes.items()):
        value = VARIABLES.get(value.lower(), value)
        if name == "d":
            value = re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.2f}", value)
        value = re.sub(r"url\(#", f"url(#{prefix}", value)
        if name == "id":
            value = prefix + value
        if name == HREF:
            del attributes[name]
            name, value = "href", f"#{prefix}{value[1:]}" if value.startswith("#") else value
        attributes[name] = value
    for child in list(element):
        if child.tag.rpartition("}")[2] in DROPPED:
            element.remove(child)
        else:
            _tidy(child, prefix)


def _font(value: str) -> dict[str, str]:
    """The size alone: the page has a font."""
    match = FONT.fullmatch(value)
    return {"font-size": match["size"]} if match else {}


def _tell(root: ElementTree.Element, name: str, texts: Sequence[str]) -> None:
    """Give the marks in the group of this name their texts."""
    group = next((one for one in root.iter() if one.get("id") == name), None)
    if group is None:
        return
    shapes = [one for one in group.iter() if one.tag in (f"{{{SVG}}}use", f"{{{SVG}}}path")]
    drawn = [one for one in shapes if not _is_definition(group, one)]
    if len(drawn) == len(texts):
        for shape, text in zip(drawn, texts, strict=True):
            shape.attrib |= {"class": "mark", "data-tip": text}


def _is_definition(group: ElementTree.Element, shape: ElementTree.Element) -> bool:
    """Whether a shape is there to be used by others."""
    return any(shape in list(one) for one in group.iter(f"{{{SVG}}}defs"))
