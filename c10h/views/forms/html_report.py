"""A report, or a gallery alone, as an HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from c10h.stages.gallery import Gallery
from c10h.views.answer import BEYOND, IN_DETAIL, Answer
from c10h.views.figures.figure_type import Figure
from c10h.views.forms.html_page import Drawing, Page, page
from c10h.views.forms.inline_svg import BROAD, SLIM, inline_svg
from c10h.views.report import Report
from c10h.views.table import Table

# Runs that a title names.
MOST_NAMES = 4


def to_html(report: Report, gallery: Gallery | None = None) -> str:
    """Tables, figures with their values, the gallery if there is one, and how it was made.

    A figure or a table that was asked for stands alone.
    """
    figures = [] if report.table is not None else report.figures()
    content = Page(
        title=_title(report) if gallery is None else f"Gallery of {gallery.run} and people",
        tables=[] if report.figure is not None else report.tables(),
        figures=[_drawing(one, f"drawing-{number}") for number, one in enumerate(figures)],
        gallery=gallery,
        answers=[]
        if gallery or report.figure or report.table
        else _beside(report.tables(), report.answers()),
        lineage="\n".join(step.line() for step in report.lineage()),
    )
    return page(content)


def _drawing(figure: Figure, name: str) -> Drawing:
    """A figure, and where its panels stand side by side also one below the other, for phones."""
    if len(figure.panels) == 1:
        return Drawing(figure.title, inline_svg(figure, f"{name}-"), figure.tables())
    broad = inline_svg(figure, f"{name}-", BROAD)
    slim = inline_svg(figure, f"{name}-slim-", SLIM)
    return Drawing(figure.title, broad, figure.tables(), slim)


def _beside(tables: Sequence[Table], answers: Sequence[Answer]) -> list[Answer]:
    """Answers for the top of a page; one that is only a table of those below is left out."""
    return [
        _on_page(answer) for answer in answers if answer.sentences or answer.table not in tables
    ]


def _on_page(answer: Answer) -> Answer:
    """An answer of the terminal beside everything that it leaves out."""
    return replace(
        answer,
        sentences=[sentence.replace(IN_DETAIL, "below") for sentence in answer.sentences],
        notes=[note.replace(IN_DETAIL, "below") for note in answer.notes if BEYOND not in note],
    )


def _title(report: Report) -> str:
    """What it is about: kinds of results, with their names as far as a title has room."""
    results = report.results
    named = {
        "Scores of": [run.name for run in results.scored],
        "Attacks on": [network.name for network in results.attacked],
        "Learning curves of": results.histories,
        "Predictions of": results.predictions,
        "People in": results.labels,
    }
    parts = [f"{kind} {_names(names)}" for kind, names in named.items() if names]
    against = "" if results.baseline is None else f", compared with {results.baseline}"
    title = "; ".join(parts)
    return title + against if title else "Report"


def _names(names: Iterable[str]) -> str:
    """The first names, and how many more."""
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
    return ", ".join(known[:MOST_NAMES]) + more
