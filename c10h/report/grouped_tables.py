"""Scores by network and training, with data sets across; or runs down where there is one set."""

from __future__ import annotations

from collections.abc import Sequence

from c10h.metrics import METRICS
from c10h.metrics.strata import ALL
from c10h.report.groups import Model, data_of, data_sets, model_of
from c10h.report.score_tables import (
    ARROWS,
    absence_notes,
    exposure_notes,
    items_notes,
    mark_best,
    runs_down,
    with_differences,
)
from c10h.report.scores import Entry
from c10h.report.table import Cell, Table


def score_tables(
    found: Sequence[Entry], metrics: Sequence[str], stratum: str, baseline: Entry | None
) -> list[Table]:
    """Scores, then differences against the baseline.

    Where a model has several data sets, models are down and every metric of every data set across;
    else runs are down.
    """
    cells = by_model(found)
    if cells is None:
        return runs_down(found, metrics, stratum, baseline)
    title = "Scores" if stratum == ALL else f"Scores, {stratum}"
    main = models_down(title, cells, data_sets(found), metrics, stratum)
    return with_differences(main, found, baseline, metrics, stratum)


def by_model(found: Sequence[Entry]) -> dict[Model, dict[str, Entry]] | None:
    """The runs by model and data set; models sorted by network, and else in order of the files.

    None where data sets are not named, where no model has two of them, or one has two runs on one.
    """
    if not all(entry.data for entry in found):
        return None
    cells: dict[Model, dict[str, Entry]] = {}
    for entry in found:
        of = cells.setdefault(model_of(entry), {})
        if entry.data in of:
            return None
        of[entry.data] = entry
    networks = sorted({model.network for model in cells})
    return (
        {m: cells[m] for network in networks for m in cells if m.network == network}
        if any(len(of) > 1 for of in cells.values())
        else None
    )


def models_down(
    title: str,
    cells: dict[Model, dict[str, Entry]],
    data: Sequence[str],
    metrics: Sequence[str],
    stratum: str = ALL,
) -> Table:
    """Networks and trainings down; each metric on each data set across, the best in bold."""
    has_networks = any(model.network for model in cells)
    header, columns = [], []
    for metric in metrics:
        for name in data:
            runs = [of.get(name) for of in cells.values()]
            figures = [run.figure(metric, stratum) if run else None for run in runs]
            header.append(f"{metric} {name} {ARROWS[METRICS[metric].better]}".strip())
            columns.append(mark_best(metric, figures))
    rows = [
        [*([Cell(model.network)] if has_networks else []), Cell(model.training)]
        + [column[number] for column in columns]
        for number, model in enumerate(cells)
    ]
    found = [run for of in cells.values() for run in of.values()]
    notes = [
        *exposure_notes(found),
        *absence_notes(found, metrics, stratum),
        *items_notes(found, data_of),
        "Intervals: 95 %, bootstrap over items.",
    ]
    labels = ["network"] * has_networks + ["training"]
    return Table(title, [*labels, *header], rows, len(labels), notes)
