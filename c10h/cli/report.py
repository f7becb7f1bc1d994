"""``c10h report``: scores and attacks as the tables of a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import write, write_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from c10h.records import Attack, Scores


def report(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE",
            help="Files that c10h score -o or c10h attack wrote. NAME is what an attack is called.",
        ),
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
    """Report scores and attacks as tables: models down, figures across, the best of each in bold.

    Runs that were scored on the same items with the same seed, and runs under the same attack on
    the same items, also give paired differences to --baseline.

    Of attacks, there are accuracy and cross-entropy before and after, people's figures where there
    are any, the checks of the attack itself, and in the terminal the loss against the steps.

    [bold]c10h report control.h5 human.h5 --baseline control[/]

    [bold]c10h report scores/*.h5 --metrics accuracy,ce_human --format latex -o table.tex[/]

    [bold]c10h report hard=adv1.h5 human=adv2.h5 --baseline hard[/]
    """
    from c10h.cli.inputs import split_name
    from c10h.files import check_output, check_single_stdin
    from c10h.stages.report import report as make_report

    named = [split_name(argument) for argument in files]
    check_single_stdin([path for _, path in named])
    if output:
        check_output(output, force=force, binary=False)
    scores, attacks = _read(named)
    found = make_report(scores, attacks, metrics or (), stratum, baseline)
    form = "json" if json else format_
    if form == "terminal":
        write_terminal(output, found.tables(), found.charts if found.has_charts else None)
    else:
        write(output, found.render(form))


def _read(named: Sequence[tuple[str | None, str]]) -> tuple[list[Scores], dict[str, Attack]]:
    """The scores files, and the attack files by name."""
    from c10h import h5
    from c10h.data.readers import open_attack
    from c10h.errors import InputError
    from c10h.files import Source
    from c10h.records import Attack, Scores

    scores: list[Scores] = []
    attacks: dict[str, Attack] = {}
    for name, path in named:
        source = Source.open(path)
        if h5.peek_kind(source) != Attack.kind:
            record = h5.read(source, Scores, Attack)
            assert isinstance(record, Scores)
            if name is not None:
                raise InputError(f"{name}={path}: NAME= is for attack files; scores have names")
            scores.append(record)
            continue
        name = name or source.stem
        if name in attacks:
            raise InputError(f"two attacks are called {name!r}: name them with NAME=FILE")
        attacks[name] = open_attack(source)
    return scores, attacks
