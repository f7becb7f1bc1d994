"""A report as one HTML file that needs nothing else: no network, no font, no library.

The same report is the same bytes. Whatever names say is text: templates and drawings escape it, and
the policy of the page allows no script and no style but its own.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from c10h.metrics.metrics import METRICS, in_order, is_metric
from c10h.stages.gallery import Gallery
from c10h.views.answer import MINUS, Answer
from c10h.views.forms.html_gallery import Card, cards
from c10h.views.gallery import summary_of, title_of
from c10h.views.table import Cell, HeaderGroup, Table, header_groups

TEMPLATES = "templates"
ARROWS = ("↑", "↓")
BETTER = {"high": " Higher is better.", "low": " Lower is better.", "": ""}
NUMBER = re.compile(rf"\*?([+{MINUS}-]?)(\d[\d,]*\.?\d*(e[+-]?\d+)?|inf)(?=[\s*%/]|$)")


BOLD = "Bold: the best of those with the same items."
# A hyphen that stands for a minus sign.
HYPHEN = re.compile(r"(?<![\w.)-])-(?=[\d.]|inf)")


@dataclass(frozen=True)
class Drawing:
    """A drawing as :mod:`.inline_svg` makes it, and its values for those who cannot see it.

    slim: the same for phones, where it has to be another one.
    """

    title: str
    svg: str
    tables: Sequence[Table] = ()
    slim: str = ""

    @property
    def markup(self) -> Markup:
        """The drawings as part of the page: the names in them were escaped as they were made."""
        return Markup(self.svg + self.slim)  # noqa: S704


@dataclass(frozen=True)
class Page:
    """What a page tells: answers, figures, tables, gallery; lineage: of its inputs, in lines."""

    title: str
    tables: Sequence[Table] = ()
    figures: Sequence[Drawing] = ()
    gallery: Gallery | None = None
    lineage: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    answers: Sequence[Answer] = ()


@dataclass(frozen=True)
class _Cell:
    """A cell as the template wants it: key is what it is sorted by, "" for what has no value."""

    cell: Cell
    key: str
    metric: str | None


@dataclass(frozen=True)
class _Prepared:
    """A table as the template wants it: the metric of each column, cells, and groups of headers."""

    table: Table
    metrics: Sequence[str | None]
    rows: Sequence[Sequence[_Cell]]
    groups: Sequence[HeaderGroup]

    @property
    def notes(self) -> list[str]:
        """Those of the table, and what is bold, where its title does not say so."""
        has_best = any(cell.cell.best for row in self.rows for cell in row)
        is_told = "bold" in self.table.title or "*" in "".join(self.table.notes)
        return [*self.table.notes, *[BOLD] * (has_best and not is_told)]


def page(content: Page) -> str:
    """The whole file."""
    style, script = _part("page.css"), _part("page.js")
    shown = [] if content.gallery is None else cards(content.gallery)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=content,
            answers=[
                (answer, None if answer.table is None else _prepared(answer.table))
                for answer in content.answers
            ],
            tables=[_prepared(table) for table in content.tables],
            drawings=[
                (drawing, [_prepared(table) for table in drawing.tables])
                for drawing in content.figures
            ],
            has_sentences=any(answer.sentences for answer in content.answers),
            metrics=_definitions(
                [
                    *content.tables,
                    *(table for drawing in content.figures for table in drawing.tables),
                ]
            ),
            cards=shown,
            gallery_title=content.gallery and title_of(content.gallery),
            gallery_summary=content.gallery and summary_of(content.gallery),
            choices=list(dict.fromkeys(card.choice for card in shown)),
            most_entropy=_most_entropy(shown),
            style=Markup(style),  # noqa: S704 - these two are the package's own
            script=Markup(script),  # noqa: S704
            policy=_policy(style, script),
        )
    )


def metric_of(text: str) -> str | None:
    """The metric that a header or cell names; before an arrow it may be of a data set."""
    name = text.partition(" ")[0] if text.endswith(ARROWS) else text
    return name if is_metric(name) else None


def sort_key(text: str) -> str:
    """The number that a cell begins with, in digits alone; "" where there is none."""
    match = NUMBER.match(text)
    if match is None:
        return ""
    value = float(match[2].replace(",", "")) * (-1 if match[1] in ("-", MINUS) else 1)
    return ("-" if value < 0 else "") + "Infinity" if math.isinf(value) else repr(value)


def _prepared(table: Table) -> _Prepared:
    rows = [
        [
            _Cell(
                cell,
                cell.text if column < table.labels else sort_key(cell.text),
                metric_of(cell.text) if column < table.labels else None,
            )
            for column, cell in enumerate(row)
        ]
        for row in map(_typeset, _with_all_names(table))
    ]
    metrics = [metric_of(name) for name in table.header]
    return _Prepared(table, metrics, rows, header_groups(table))


def _with_all_names(table: Table) -> Iterator[Sequence[Cell]]:
    """The rows, each with its own name, since one that is sorted may stand below another."""
    above: Sequence[Cell] = ()
    for row in table.rows:
        first = above[0] if above and table.labels > 1 and not row[0].text else row[0]
        above = [first, *row[1:]]
        yield above


def _typeset(row: Sequence[Cell]) -> list[Cell]:
    """Cells with minus signs, and stars behind numbers, whatever table they are from."""
    return [
        replace(
            cell, text=HYPHEN.sub(MINUS, _star_last(cell.text)), small=HYPHEN.sub(MINUS, cell.small)
        )
        for cell in row
    ]


def _star_last(text: str) -> str:
    return f"{text[1:]}*" if text.startswith("*") else text


def _definitions(tables: Sequence[Table]) -> Mapping[str, str]:
    """The definitions of the metrics that tables name, in the order of METRICS."""
    texts = [text for table in tables for text in table.header]
    texts += [cell.text for table in tables for row in table.rows for cell in row[: table.labels]]
    named = in_order(name for text in texts if (name := metric_of(text)))
    return {name: f"{METRICS[name].summary}.{BETTER[METRICS[name].better]}" for name in named}


def _most_entropy(shown: Sequence[Card]) -> str:
    """The end of the range of entropies, rounded down so that it still shows a picture."""
    most = max((card.entropy for card in shown), default=0.0)
    return f"{math.floor(most * 100) / 100:.2f}"


def _policy(style: str, script: str) -> str:
    """What the page may load: images that it holds itself, this style and this script."""
    return (
        "default-src 'none'; img-src data:; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _part(name: str) -> str:
    return (files("c10h.views.forms") / TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("c10h.views.forms", TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
