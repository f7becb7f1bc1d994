"""``c10h show``: what is in a file, and how was it made?"""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import console, options
from c10h.errors import OutputError

# Items of images or labels that a terminal shows.
ITEMS = 5


def show(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A c10h file (- means stdin) or a run folder.",
            autocompletion=options.complete_inputs,
        ),
    ],
    format_: Annotated[
        str | None, options.format_option("terminal", "json", by_suffix=False)
    ] = None,
    json: options.Json = False,
    output: Annotated[
        str | None,
        options.output_option(
            "Write the items of labels, predictions or images as a table, x.parquet or x.csv "
            "(- is CSV on stdout); "
            "or the networks of a run into this folder, as safetensors."
        ),
    ] = None,
    force: options.Force = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Read everything, compare it with its SHA-256, and say what is whole."
        ),
    ] = False,
) -> None:
    """Show the contents of a c10h file: datasets, classes, a few rows, and how it was made.

    For a run folder it shows the networks, their progress and their settings.

    The lineage at the end is a tree: the command that made the file and, below it, each input with
    its SHA-256 and the command that made that.

    A terminal also shows the first items of images and labels, and the images themselves if
    it has colours.

    [bold]c10h show labels.h5[/]

    [bold]c10h show scores.h5 --json | jq .lineage[/]

    [bold]c10h show runs/human --check[/]

    [bold]c10h show labels.h5 -o labels.parquet[/]

    [bold]c10h show runs/human -o weights[/]
    """
    from pathlib import Path

    from c10h import h5
    from c10h.cli.output_forms import form_of_text
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS
    from c10h.run_folder import open_run
    from c10h.stages.arguments import is_run
    from c10h.stages.check_files import check_file, check_run
    from c10h.stages.show import preview
    from c10h.stages.show import show as describe
    from c10h.views import checked_files
    from c10h.views import show as file_view
    from c10h.views import show_run as run_view

    if output is not None:
        if check or json or format_:
            raise typer.BadParameter("-o excludes --check, --json and --format")
        _export(file, output, force=force)
        return
    form = form_of_text(None, format_, json)
    width, colours = console.terminal() or (None, None)
    if check:
        files = (
            check_run(open_run(Path(file)))
            if is_run(file)
            else [check_file(open_input(file, IMAGES, LABELS))]
        )
        display = checked_files.display(list(files))
    elif is_run(file):
        from c10h.stages.show_run import show_run  # which imports torch

        display = run_view.display(show_run(open_run(Path(file))), width)
    else:
        source = open_input(file, IMAGES, LABELS)
        content = h5.read(source)
        items = [] if width is None or form == "json" else preview(content, ITEMS)
        display = file_view.display(describe(content), source.name, items, width, colours)
    console.show(display, form)


def _export(file: str, output: str, *, force: bool) -> None:
    """Write what other programs read: items as a table, or weights."""
    from pathlib import Path

    from c10h import h5
    from c10h.cli.output_forms import check_folder, form_of_text
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS
    from c10h.files import check_distinct, check_output
    from c10h.run_folder import open_run
    from c10h.stages.arguments import is_run
    from c10h.views.forms.item_files import ITEM_FORMS, write_items
    from c10h.views.item_table import checked_item_table

    if is_run(file):
        from c10h.stages.export_weights import export_weights  # which imports torch

        check_folder(output)
        for path in export_weights(open_run(Path(file)), output, force=force):
            console.say(f"{path}: written")
        return
    form = "csv" if output == "-" else form_of_text(output, None, False, *ITEM_FORMS)
    if form not in ITEM_FORMS:
        raise OutputError(f"{output}: expected a name such as x.parquet or x.csv")
    check_distinct([output], [file])
    check_output(output, force=force)
    source = open_input(file, IMAGES, LABELS)
    write_items(checked_item_table(h5.read(source), source.name), output, form)
    if output != "-":
        console.say(f"{output}: written")
