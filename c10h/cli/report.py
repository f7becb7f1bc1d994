"""``c10h report``: scores as the tables of a paper."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import write, write_terminal


def report(
    files: Annotated[
        list[str], typer.Argument(metavar="SCORES", help="Files that c10h score -o wrote.")
    ],
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="NAME", help="Also paired differences to this run."),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metrics", metavar="NAME,…", help="Metrics to show; all for every one."),
    ] = None,
    stratum: Annotated[
        str, typer.Option("--stratum", metavar="NAME", help="Part of the items, as --by named it.")
    ] = "all",
    output: options.TextOutput = None,
    force: options.Force = False,
    format_: Annotated[str, options.format_option(*options.SCORE_FORMATS)] = "terminal",
    json: options.Json = False,
) -> None:
    """Report scores as a table: models down, metrics across, the best of each in bold.

    Runs that were scored on the same items with the same seed also give paired differences to
    --baseline, from their bootstrap samples.

    [bold]c10h report control.h5 human.h5 --baseline control[/]

    [bold]c10h report scores/*.h5 --metrics accuracy,ce_human --format latex -o table.tex[/]
    """
    from c10h import h5
    from c10h.files import Source, check_output, check_single_stdin
    from c10h.records import Scores
    from c10h.report.scores import entries, render
    from c10h.stages.report import find_baseline
    from c10h.stages.report import report as make_tables

    check_single_stdin(files)
    if output:
        check_output(output, force=force, binary=False)
    records = []
    for argument in files:
        record = h5.read(Source.open(argument), Scores)
        assert isinstance(record, Scores)
        records.append(record)
    form = "json" if json else format_
    tables = make_tables(records, metrics or (), stratum, baseline)
    if form == "terminal":
        write_terminal(output, tables)
        return
    found = entries(records)
    write(output, render(form, tables, found, find_baseline(found, baseline)))
