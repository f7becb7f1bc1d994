"""``c10h report``: what files say, as the tables and figures of a paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say, write, write_terminal
from c10h.views.figures.figures import FIGURES, GALLERY, PICTURED, names_with_notes

if TYPE_CHECKING:
    from c10h.views.report import Report

PICTURES = ("svg", "png", "pdf")
FORMS = (*options.SCORE_FORMATS, "html", *PICTURES)
SHOWN = "What to show"


def report(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE",
            help="Files of scores, attacks, learning curves or labels. NAME= names a file; "
            "scores already have names.",
        ),
    ],
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Also show paired differences from this run or training.",
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metrics", metavar="NAME,…", help="Metrics to show; all for every metric."),
    ] = None,
    stratum: Annotated[
        str,
        typer.Option(
            "--stratum", metavar="NAME", help="Stratum of the items, as named by score --by."
        ),
    ] = "all",
    figure: Annotated[
        str | None,
        typer.Option(
            "--figure",
            metavar="NAME",
            help=f"Show only one figure: {names_with_notes()}.",
            autocompletion=lambda: [*FIGURES, *PICTURED],
            rich_help_panel=SHOWN,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="1|2",
            help="Show only the paper's table 1 (generalization) or 2 (attacks).",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    pictures: Annotated[
        int | None,
        typer.Option(
            "--pictures",
            metavar="N",
            help="Number of images in the gallery.  \\[default: 12]",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    script: Annotated[
        bool,
        typer.Option(
            "--script",
            help="Print the commands that would make the files again, instead of a report.",
            rich_help_panel=SHOWN,
        ),
    ] = False,
    output: options.TextOutput = None,
    force: options.Force = False,
    format_: Annotated[str | None, options.format_option(*FORMS)] = None,
    json: options.Json = False,
) -> None:
    """Report scores, attacks, learning curves and labels as tables and figures.

    Scores: runs down, metrics across, the best in bold; with --tag data=… data sets across.
    Runs that were scored on the same items with the same seed, and runs under the same attack on
    the same items, also give paired differences from --baseline.

    Attacks: accuracy and cross-entropy before and after, the comparison with people where there is
    one, the health checks, and in the terminal the loss by step.

    The report ends with how the files were made. svg, png and pdf hold a single figure;
    html is one file with everything, for any browser.

    [bold]c10h report control.h5 human.h5 --baseline control[/]

    [bold]c10h report near.h5 far.h5 --figure generalization -o figure2.pdf[/]

    [bold]c10h report hard=adv1.h5 human=adv2.h5 --baseline hard[/]

    [bold]c10h report human.h5 labels.h5 images.h5 --figure gallery -o g.html[/]
    """
    from c10h.cli.forms import form_of_text
    from c10h.cli.report_files import read
    from c10h.errors import InputError
    from c10h.files import check_output
    from c10h.stages import report as stage
    from c10h.views.report import Report, check_names
    from c10h.views.script import to_script
    from c10h.views.steps import steps

    form = form_of_text(output, format_, json, *(("terminal",) if script else FORMS))
    if script:
        if form != "terminal":
            raise InputError("--script prints commands and cannot be combined with --format")
        form = "script"
    binary = form in ("png", "pdf")
    if output or binary:
        check_output(output or "-", force=force, binary=binary)
    if figure == GALLERY:
        from c10h.cli.report_gallery import report_gallery

        if metrics or baseline is not None or table is not None or stratum != "all":
            raise InputError(
                "--figure gallery cannot be combined with --baseline, --metrics, --stratum or "
                "--table"
            )
        report_gallery(files, pictures, form, output)
        return
    if pictures is not None:
        raise InputError("--pictures needs --figure gallery")
    check_names(figure, table)
    if (figure or table) is not None and (metrics or baseline is not None):
        raise InputError("--figure and --table cannot be combined with --baseline or --metrics")
    opened = read(files)
    if script:
        write(output, to_script(steps(opened.files)))
        return
    request = replace(opened, metrics=metrics or (), stratum=stratum, baseline=baseline)
    view = Report(stage.report(request), figure, table)
    _tell_left_out(view, form)
    if form in PICTURES:
        _write_picture(view, form, output or "-")
    elif form == "terminal":
        write_terminal(output, view.terminal_tables(), view.charts)
    elif form == "html":
        from c10h.views.forms.html_report import to_html

        write(output, to_html(view))
    else:
        write(output, view.render(form))


def _tell_left_out(view: Report, form: str) -> None:
    """Say which figures are not there that the form would have, and why."""
    for name, why in view.left_out().items():
        if form == "html" or (form == "terminal" and not FIGURES[name].is_table):
            say(f"left out: {why}")


def _write_picture(view: Report, form: str, output: str) -> None:
    """The one figure of a report as a picture. Raises InputError where there is none or several."""
    from c10h.errors import InputError
    from c10h.files import atomic_output, write_all
    from c10h.views.forms.drawing import draw

    figures = view.figures()
    if view.table is not None or len(figures) != 1:
        names = ", ".join(figure.name for figure in figures) if view.table is None else ""
        none = "; ".join(view.left_out().values()) or "no figure can be drawn from these files"
        fit = f"{names} are possible: choose one with --figure" if names else none
        raise InputError(f"--format {form}: expected one figure; {fit}")
    with atomic_output(output) as stream:
        write_all(stream, draw(figures[0], form, [step.line() for step in view.lineage()]))
