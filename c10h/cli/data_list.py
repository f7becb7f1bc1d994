"""``c10h data list``: the data sets that have a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from c10h.cli import options
from c10h.cli.console import print_tables, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from c10h.views.table import Table


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
    from c10h.cli.forms import form_of_text
    from c10h.datasets.catalogue import CATALOGUE, members_of
    from c10h.files import check_output
    from c10h.views.forms.tables import render

    form = form_of_text(output, format_, json, *options.SCORE_FORMATS)
    if output:
        check_output(output, force=force, binary=False)
    chosen = [one for name in names or CATALOGUE for one in members_of(name)]
    entries = {name: _describe(name) for name in chosen}
    tables = [_overview(entries)]
    if names:
        tables += [_downloads(entries), _licences(entries)]
    if form == "terminal" and not output:
        print_tables(tables)
        return
    header = ["name", "summary", "items", "forms", "there", "licence", "citation",
              "download", "address", "bytes", "check"]  # fmt: skip
    write(output, render(form, tables, header, list(_flat(entries)), entries))


def _describe(name: str) -> dict[str, Any]:
    """All that is known of a data set, ready for JSON."""
    from c10h.datasets.cache import download_path, is_there, product_path
    from c10h.datasets.catalogue import CATALOGUE
    from c10h.datasets.download import address_of

    dataset = CATALOGUE[name]
    return {
        "summary": dataset.summary,
        "items": dataset.items,
        "forms": {form: str(product_path(name, form)) for form in dataset.files},
        "there": is_there(name),
        "licence": dataset.licence,
        "citation": dataset.citation,
        "downloads": [
            {
                "name": one.name,
                "address": address_of(one),
                "bytes": one.size,
                "check": one.check,
                "there": download_path(one.name).is_file(),
            }
            for one in dataset.downloads
        ],
    }


def _overview(entries: dict[str, dict[str, Any]]) -> Table:
    from c10h.datasets.cache import folder
    from c10h.datasets.catalogue import GROUPS
    from c10h.views.table import Cell, Table

    rows = []
    for name, entry in entries.items():
        size = sum(one["bytes"] for one in entry["downloads"])
        state = f"to fetch, {size / 1e6:,.1f} MB" if size else "made at need"
        state = "here" if entry["there"] else state
        cells = [name, entry["summary"], ", ".join(entry["forms"]), state, f"{entry['items']:,}"]
        rows.append([Cell(text) for text in cells])
    groups = [f"{name} stands for {' and '.join(members)}" for name, members in GROUPS.items()]
    notes = [*groups, f"cache: {folder()}"]
    return Table("", ["name", "what", "forms", "state", "items"], rows, 4, notes)


def _downloads(entries: dict[str, dict[str, Any]]) -> Table:
    """Sizes as a table; addresses and checks below it, where nothing is cut off."""
    from c10h.views.table import Cell, Table

    found = {one["name"]: one for entry in entries.values() for one in entry["downloads"]}
    rows = [[Cell(name), Cell(f"{one['bytes']:,}")] for name, one in found.items()]
    lines = [line for one in found.values() for line in (one["address"], one["check"])]
    return Table("Downloads", ["file", "bytes"], rows, notes=lines)


def _licences(entries: dict[str, dict[str, Any]]) -> Table:
    from c10h.views.table import Cell, Table

    rows = [
        [Cell(name), Cell(entry["licence"]), Cell(entry["citation"])]
        for name, entry in entries.items()
    ]
    return Table("Licences", ["name", "licence", "cite"], rows, labels=3)


def _flat(entries: dict[str, dict[str, Any]]) -> Iterator[list[object]]:
    """One row a download, or one for a data set without any."""
    for name, entry in entries.items():
        about = [name, entry["summary"], entry["items"], " ".join(entry["forms"]), entry["there"],
                 entry["licence"], entry["citation"]]  # fmt: skip
        for one in entry["downloads"] or [{}]:
            yield [*about, *(one.get(key) for key in ("name", "address", "bytes", "check"))]
