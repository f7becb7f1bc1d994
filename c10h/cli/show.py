"""``c10h show``: what is in a file, and how was it made?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_tables, print_text, terminal

if TYPE_CHECKING:
    from c10h.records import Record
    from c10h.stages.show import Dataset, Description

# Characters for the first rows of a dataset where no terminal has a width, and at least.
ROOM, LEAST_ROOM = 44, 10
# Items of images or labels that a terminal shows.
ITEMS = 5


def show(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A c10h file, - for stdin, or a run folder.")
    ],
    format_: Annotated[str | None, options.format_option("terminal", "json")] = None,
    json: options.Json = False,
) -> None:
    """Show what is in a c10h file: datasets, classes, a few rows, and how it was made.

    Of a run folder it shows the networks, how far they are, and their settings.

    The lineage at the end is a tree: the command that made the file and, below it, each input with
    its SHA-256 and the command that made that.

    A terminal also shows the first items of images and labels, pictures where it has colours.

    [bold]c10h show labels.h5[/]

    [bold]c10h show scores.h5 --json | jq .lineage[/]
    """
    from c10h import h5
    from c10h.cli.forms import form_of_text
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS
    from c10h.stages.arguments import is_run
    from c10h.stages.show import show as describe
    from c10h.views.forms.json_text import to_json_text

    form = form_of_text(None, format_, json)
    if is_run(file):
        _show_run(file, form)
        return
    source = open_input(file, IMAGES, LABELS)
    record = h5.read(source)
    description = describe(record)
    if form == "json":
        print_text(to_json_text(description.to_json()))
    else:
        _print(description, source.name, record)


def _show_run(folder: str, form: str) -> None:
    from pathlib import Path

    from c10h.run_folder import open_run
    from c10h.stages.show_run import show_run
    from c10h.views.forms.json_text import to_json_text
    from c10h.views.lineage import to_lines

    found = show_run(open_run(Path(folder)))
    if form == "json":
        print_text(to_json_text(found.to_json()))
        return
    print_tables([found.table()])
    shown = terminal()
    lines = to_lines(found.run.lineage, shown[0] if shown else None)
    print_text("\n" + "\n".join(lines) + "\n")


def _print(description: Description, name: str, record: Record) -> None:
    from c10h.views.lineage import to_lines
    from c10h.views.table import GAP, Cell, Table

    shown = terminal()
    width = shown[0] if shown else None
    about = [[one.name, one.dtype, _size(one)] for one in description.datasets]
    header = ["dataset", "dtype", "size", "first"]
    taken = sum(max(map(len, column)) + GAP for column in zip(header[:3], *about, strict=True))
    room = ROOM if width is None else max(LEAST_ROOM, width - taken)
    rows = [
        [*map(Cell, words), Cell(_brief(one.first, room))]
        for words, one in zip(about, description.datasets, strict=True)
    ]
    notes = [f"classes: {', '.join(description.classes)}"]
    notes += [f"{key}: {value}" for key, value in description.settings.items() if value != ""]
    title = f"{name}: {description.kind}"
    print_tables([Table(title, header, rows, 4, notes)])
    if shown is not None:
        _preview(record, *shown)
    if description.lineage is not None:
        print_text("\n" + "\n".join(to_lines(description.lineage, width)) + "\n")


def _preview(record: Record, width: int, colours: str | None) -> None:
    """The first items, on a terminal."""
    from c10h.stages.show import preview
    from c10h.views.forms.terminal_preview import in_a_row, to_table

    items = preview(record, ITEMS)
    if not items:
        return
    print_text("\n")
    drawn = in_a_row(items, width, colours)
    if drawn:
        print_text(drawn)
    else:
        print_tables([to_table(items, record.classes)])


def _size(one: Dataset) -> str:
    """Its dimensions by name; one that is the same in every file has a number for a name."""
    return " x ".join(
        symbol if symbol.isdecimal() else f"{symbol}={size}"
        for symbol, size in zip(one.dims, one.shape, strict=True)
    )


def _brief(first: list[object], room: int) -> str:
    """The first rows in little room, whole ones where one fits."""
    shown = "  ".join(_format(row) for row in first).strip()
    if len(shown) <= room:
        return shown
    whole = shown[: room - 2].rpartition("  ")[0]
    return f"{whole}  …" if whole else f"{shown[: room - 1]}…"


def _format(value: object) -> str:
    from c10h.views.table import MISSING

    if isinstance(value, list):
        return "[" + " ".join(_format(item) for item in value) + "]"
    if value is None:
        return MISSING
    return f"{value:.4g}" if isinstance(value, float) else str(value)
