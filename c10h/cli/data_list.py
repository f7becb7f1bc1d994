"""``c10h data list``: the data sets that have a name."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import show


def list_(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME…]",
            help="Tell all of these: addresses, checks, citation.",
            autocompletion=options.complete_datasets,
        ),
    ] = None,
    output: options.TextOutput = None,
    force: options.Force = False,
    format_: Annotated[str | None, options.format_option(*options.SCORE_FORMATS)] = None,
    json: options.Json = False,
) -> None:
    """List the data sets that c10h knows: what they are, their size, licence and state.

    A name stands wherever a file of images, labels or judgments does, once it is fetched; synthetic
    and synthetic-far are made by c10h and need no download. A local file of that name comes first.

    [bold]c10h data list[/]

    [bold]c10h data list cifar10h cinic10[/]

    [bold]c10h data list --json | jq '.[].downloads[].address'[/]
    """
    from c10h.cli.output_forms import form_of_text
    from c10h.files import check_output
    from c10h.stages.data_list import data_list
    from c10h.views.data_list import display

    form = form_of_text(output, format_, json, *options.SCORE_FORMATS)
    if output:
        check_output(output, force=force, binary=False)
    show(display(data_list(names or ()), in_full=bool(names)), form, output)
