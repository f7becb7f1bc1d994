"""``c10h.report``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from c10h.api.arguments import Names, words
from c10h.api.inputs import opened
from c10h.api.results import Result


def report(
    *files: Any,
    metrics: Names = (),
    stratum: str = "all",
    baseline: str | None = None,
    shift_from: str | None = None,
    seeds: bool = False,
    figure: str | None = None,
    table: str | None = None,
    width: str | None = None,
    font: str | None = None,
) -> Result:
    """Report on scores, attacks, learning curves and labels: ``c10h report``.

    files: paths or results; ("NAME", file) names an attack, history, labels or predictions. The
    figure "fit" also takes images.
    The options are those of ``c10h report --help``. The result has the JSON of ``c10h report
    --json``, and :func:`write` writes it in any of the forms of ``-o``.
    """
    from c10h.stages.report import report as report_stage
    from c10h.stages.report_files import read_files
    from c10h.views.figures.figures import takes_images
    from c10h.views.forms.figure_look import Look
    from c10h.views.report import Report

    with opened() as inputs:
        named = [file if isinstance(file, tuple) else (None, file) for file in files]
        request = read_files(
            [(name, inputs.path(file, name or "file")) for name, file in named],
            with_images=takes_images(figure),
        )
        chosen = replace(
            request,
            metrics=words(metrics),
            stratum=stratum,
            baseline=baseline,
            shift_from=shift_from,
            seeds=seeds,
        )
        shown = Report(report_stage(chosen), figure, table, look=Look.of(width, font))
        return Result(shown.display, report=shown)
