"""A report in every form that ``-o`` can name."""

from __future__ import annotations

from c10h.errors import InputError
from c10h.views.forms.tables import TABLE_FORMS
from c10h.views.report import Report

PICTURES = ("svg", "png", "pdf")
REPORT_FORMS = (*TABLE_FORMS, "csv", "json", "html", *PICTURES)


def report_bytes(report: Report, form: str) -> bytes:
    """The report in one of REPORT_FORMS, text as UTF-8.

    Raises InputError where a picture is asked for and the report does not have just one figure.
    """
    if form in PICTURES:
        return _picture(report, form)
    return report_text(report, form).encode()


def report_text(report: Report, form: str) -> str:
    """The report in one of REPORT_FORMS that are text."""
    if form == "html":
        from c10h.views.forms.html_report import to_html

        return to_html(report)
    return report.display.text(form)


def _picture(report: Report, form: str) -> bytes:
    from c10h.views.forms.drawn_figures import draw

    figures = report.figures()
    if report.table is not None or len(figures) != 1:
        names = ", ".join(figure.name for figure in figures) if report.table is None else ""
        none = "; ".join(report.left_out().values()) or "no figure can be drawn from these files"
        fit = f"{names} are possible: choose one with --figure" if names else none
        raise InputError(f"--format {form}: expected one figure; {fit}")
    return draw(figures[0], form, [step.line() for step in report.lineage()], report.look)
