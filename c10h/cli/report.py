"""``c10h report``: what files say, as the tables and figures of a paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say, show, terminal, write
from c10h.cli.progress_bar import progress
from c10h.views.figures.figures import (
    FIGURES,
    GALLERY,
    PICTURED,
    names_with_notes,
    takes_images,
)

if TYPE_CHECKING:
    from c10h.views.report import Report

PICTURES = ("svg", "png", "pdf")
REPORT_FORMS = (*options.SCORE_FORMATS, "html", *PICTURES)
SHOWN = "What to show"


def report(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE…",
            help="Files of scores, attacks, learning curves or labels. NAME= names a file; "
            "scores already have names.",
            autocompletion=options.complete_inputs,
        ),
    ],
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Also show paired differences from this run or training; two on the same items "
            "are compared without it, but in csv and json.",
        ),
    ] = None,
    shift_from: Annotated[
        str | None,
        typer.Option(
            "--shift-from",
            metavar="DATA",
            help="Also show how the differences from --baseline change from this data set to the "
            "others.",
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metrics",
            metavar="NAME,…",
            help="Metrics to show; all for every metric.",
            autocompletion=options.complete_metrics,
        ),
    ] = None,
    stratum: Annotated[
        str,
        typer.Option(
            "--stratum", metavar="NAME", help="Stratum of the items, as named by score --by."
        ),
    ] = "all",
    seeds: Annotated[
        bool,
        typer.Option(
            "--seeds",
            help="Show runs that differ only in their seed one by one, in place of their mean.",
        ),
    ] = False,
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
            autocompletion=lambda: ["1", "2"],
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
    width: Annotated[
        str | None,
        typer.Option(
            "--width",
            metavar="LENGTH",
            help="Exact width of an svg, png or pdf, such as 85mm or 3.25in; by default that of a "
            "column, or of a page where panels stand side by side.",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    font: Annotated[
        str | None,
        typer.Option(
            "--font",
            metavar="NAME",
            help="Font of an svg, png or pdf, such as Times New Roman; it must be installed.",
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
    skip_existing: options.SkipNewer = False,
    format_: Annotated[str | None, options.format_option(*REPORT_FORMS)] = None,
    json: options.Json = False,
    detail: options.Detail = False,
    quiet: options.Quiet = False,
) -> None:
    """Report scores, attacks, learning curves and labels as tables and figures.

    A terminal shows an answer on one screen; --detail, and every other format, has everything.

    Scores: runs down, metrics across, the best in bold; with --tag data=… data sets across.
    Runs that were scored on the same items with the same seed, and runs under the same attack on
    the same items, also give paired differences from --baseline; two of them do without it, but in
    csv and json.

    Attacks: accuracy and cross-entropy before and after, the comparison with people where there is
    one, the health checks, and in the terminal the loss by step.

    The end says how the files were made. svg, png and pdf hold a single figure;
    html is one file with everything, for any browser.

    [bold]c10h report control.h5 human.h5 --baseline control[/]

    [bold]c10h report near.h5 far.h5 --figure generalization -o figure2.pdf[/]

    [bold]c10h report labels.h5 hard.h5 human.h5 images.h5 --figure fit -o fit.svg[/]

    [bold]c10h report hard=adv1.h5 human=adv2.h5 --baseline hard[/]

    [bold]c10h report human.h5 labels.h5 images.h5 --figure gallery -o g.html[/]
    """
    from c10h.cli.existing_output import check_free, is_newer
    from c10h.cli.output_forms import form_of_text
    from c10h.errors import InputError
    from c10h.files import atomic_output, check_distinct, split_name, write_all
    from c10h.stages import report as stage
    from c10h.stages.report_files import read_files
    from c10h.views.answer import Amount
    from c10h.views.forms.figure_look import Look
    from c10h.views.lineage_script import to_script
    from c10h.views.lineage_steps import steps
    from c10h.views.notes import misordered_notes
    from c10h.views.report import Report, check_names
    from c10h.views.report_forms import report_bytes, report_text

    form = form_of_text(output, format_, json, *(("terminal",) if script else REPORT_FORMS))
    amount = options.amount(detail=detail, quiet=quiet)
    if (width or font) and form not in PICTURES:
        raise InputError("--width and --font are for svg, png and pdf")
    look = Look.of(width, font)
    if script:
        if form != "terminal":
            raise InputError("--script prints commands and cannot be combined with --format")
        form = "script"
    binary = form in ("png", "pdf")
    check_distinct([output], [path for _, path in map(split_name, files)])
    free = output or ("-" if binary else None)
    check_free(free, force=force, skip_existing=skip_existing, binary=binary)
    if skip_existing and is_newer(output, files):
        return
    if figure == GALLERY:
        from c10h.cli.report_gallery import report_gallery

        if metrics or baseline is not None or table is not None or stratum != "all":
            raise InputError(
                "--figure gallery cannot be combined with --baseline, --metrics, --stratum or "
                "--table"
            )
        report_gallery(files, pictures, form, output, look)
        return
    if pictures is not None:
        raise InputError("--pictures needs --figure gallery")
    check_names(figure, table)
    if (figure is not None or table == "2") and metrics:
        raise InputError("--figure and --table 2 cannot be combined with --metrics")
    if figure is not None and baseline is not None:
        raise InputError("--figure cannot be combined with --baseline")
    opened = read_files(
        [split_name(file) for file in files],
        lambda what, total: progress(what, total, "files"),
        with_images=takes_images(figure),
    )
    if script:
        write(output, to_script(steps(opened.files)))
        return
    request = replace(
        opened,
        metrics=metrics or (),
        stratum=stratum,
        baseline=baseline,
        pair=form not in ("csv", "json") and figure is None and table is None,
        seeds=seeds,
        shift_from=shift_from,
    )
    shown = terminal() if form == "terminal" and output is None else None
    colours = None if shown is None else shown[1]
    results = stage.report(request)
    view = Report(results, figure, table, colours, is_page=form == "html", look=look)
    _tell_left_out(view, form)
    if form not in ("terminal", "html") or amount is Amount.DETAIL:  # which say it
        for warning in misordered_notes(results.scored):
            say(warning)
    if form in PICTURES:
        with atomic_output(output or "-") as stream:
            write_all(stream, report_bytes(view, form))
    elif form == "html":
        write(output, report_text(view, form))
    else:
        show(replace(view.display, amount=amount), form, output)


def _tell_left_out(view: Report, form: str) -> None:
    """Say which figures are not there that the form would have, and why."""
    for name, why in view.left_out().items():
        if form == "html" or (form == "terminal" and not FIGURES[name].is_table):
            say(f"left out: the figure {why.removeprefix('--figure ')}")
