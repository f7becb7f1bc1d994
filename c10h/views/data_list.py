"""Data sets that have a name: tables, rows and JSON."""

from __future__ import annotations

from collections.abc import Mapping

from c10h.datasets.cache import folder
from c10h.datasets.catalogue import GROUPS, whole_forms
from c10h.stages.data_list import DataSet
from c10h.views.display import Display
from c10h.views.table import Cell, Table, text_table


def display(data_sets: Mapping[str, DataSet], *, in_full: bool) -> Display:
    """An overview; in full also downloads with their addresses, licences and citations."""
    tables = (overview, downloads, licences) if in_full else (overview,)
    return Display(
        lambda: [table(data_sets) for table in tables],
        lambda: data_sets,
        lambda: rows(data_sets),
    )


def overview(data_sets: Mapping[str, DataSet]) -> Table:
    """What there is, and whether it is here."""
    table_rows = []
    for name, data_set in data_sets.items():
        size = sum(download.bytes for download in data_set.downloads)
        state = f"not fetched, {size / 1e6:,.1f} MB" if size else "generated on demand"
        state = "in the cache" if data_set.there else state
        forms = ", ".join(whole_forms(data_set.forms))
        cells = [name, data_set.summary, forms, state, f"{data_set.items:,}"]
        table_rows.append([Cell(text) for text in cells])
    groups = [f"{name} stands for {' and '.join(members)}" for name, members in GROUPS.items()]
    notes = [*groups, f"cache: {folder()}"]
    return Table("", ["name", "what", "forms", "state", "items"], table_rows, 4, notes)


def downloads(data_sets: Mapping[str, DataSet]) -> Table:
    """Sizes as a table; addresses and checks below it, where nothing is cut off."""
    files = {file.name: file for data_set in data_sets.values() for file in data_set.downloads}
    table_rows = [[Cell(name), Cell(f"{file.bytes:,}")] for name, file in files.items()]
    notes = [line for file in files.values() for line in (file.address, file.check)]
    return Table("Downloads", ["file", "bytes"], table_rows, notes=notes)


def licences(data_sets: Mapping[str, DataSet]) -> Table:
    """Under which licence each is, and what to cite."""
    return text_table(
        ["name", "licence", "cite"],
        [[name, data_set.licence, data_set.citation] for name, data_set in data_sets.items()],
        title="Licences",
    )


def rows(data_sets: Mapping[str, DataSet]) -> list[dict[str, object]]:
    """One row a download, or one for a data set without any."""
    table_rows: list[dict[str, object]] = []
    for name, data_set in data_sets.items():
        about = {
            "name": name,
            "summary": data_set.summary,
            "items": data_set.items,
            "forms": " ".join(whole_forms(data_set.forms)),
            "there": data_set.there,
            "licence": data_set.licence,
            "citation": data_set.citation,
        }
        files = [
            {
                "download": file.name,
                "address": file.address,
                "bytes": file.bytes,
                "check": file.check,
            }
            for file in data_set.downloads
        ]
        nothing = dict.fromkeys(("download", "address", "bytes", "check"))
        table_rows += [{**about, **file} for file in files or [nothing]]
    return table_rows
