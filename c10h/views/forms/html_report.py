"""A report, or a gallery alone, as an HTML page."""

from __future__ import annotations

from c10h.stages.gallery import Gallery
from c10h.views.forms.drawn_figures import draw
from c10h.views.forms.html_page import Drawing, Page, page
from c10h.views.report import Report

# Runs that a title names.
MOST_NAMES = 4


def to_html(report: Report, gallery: Gallery | None = None) -> str:
    """Tables, figures with their values, the gallery if there is one, and how it was made.

    A figure or a table that was asked for stands alone.
    """
    figures = [] if report.table is not None else report.figures()
    content = Page(
        title=_title(report) if gallery is None else gallery.run,
        tables=[] if report.figure is not None else report.tables(),
        figures=[
            Drawing(one.title, draw(one, "svg").decode(), one.title, one.tables())
            for one in figures
        ],
        gallery=gallery,
        lineage="\n".join(step.line() for step in report.lineage()),
    )
    return page(content)


def _title(report: Report) -> str:
    """What was given by name, as far as a title has room."""
    results = report.results
    runs = [run.name for run in results.scored] + [network.name for network in results.attacked]
    names = list(dict.fromkeys([*runs, *results.histories, *results.labels, *results.predictions]))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more or "Report"
