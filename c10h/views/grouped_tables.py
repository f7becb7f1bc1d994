"""Scores by network and training, with data sets across; or runs down where there is one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from c10h.metrics.metrics import METRICS
from c10h.metrics.strata import ALL
from c10h.views.groups import Model, by_model, data_of, data_sets, pairs_with
from c10h.views.score_tables import (
    ARROWS,
    absence_notes,
    difference_cell,
    difference_title,
    exposure_notes,
    items_notes,
    mark_best,
    metric_notes,
    runs_down,
    whys,
)
from c10h.views.scores import Difference, Entry, Pair, differences
from c10h.views.table import Cell, Table


def score_tables(
    found: Sequence[Entry], metrics: Sequence[str], stratum: str, baseline: str | None
) -> list[Table]:
    """Scores, then the paired differences of every run that has any to the baseline.

    Where a model has several data sets, models are down and every metric of every data set across;
    else runs are down. Where no run has a difference, the reasons stand below the scores.
    """
    cells = by_model(found)
    title = "Scores" if stratum == ALL else f"Scores, {stratum}"
    if cells is None:
        main = runs_down(title, found, metrics, stratum)
    else:
        main = models_down(title, cells, data_sets(found), metrics, stratum)
    if baseline is None:
        return [main]
    pairs = pairs_with(found, baseline)
    grid = differences(pairs, metrics, stratum)
    notes = [*whys(grid), *_alone(found, pairs)]
    held = {
        pair.run.run: row
        for pair, row in zip(pairs, grid, strict=True)
        if any(one.value is not None for one in row)
    }
    if not held:
        return [replace(main, notes=[*main.notes, *notes])]
    title = difference_title(baseline, stratum)
    if cells is None:
        rows = [[Cell(name), *map(difference_cell, row)] for name, row in held.items()]
        return [main, Table(title, ["run", *metrics], rows, 1, notes)]
    return [main, _differences_down(title, cells, held, metrics, notes)]


def _differences_down(
    title: str,
    cells: Mapping[Model, Mapping[str, Entry]],
    held: Mapping[str, Sequence[Difference]],
    metrics: Sequence[str],
    notes: Sequence[str],
) -> Table:
    """Networks and trainings down; the differences of each metric on each data set across.

    held: by run, one a metric.
    """
    rows = {
        model: {name: held[run.run] for name, run in of.items() if run.run in held}
        for model, of in cells.items()
    }
    rows = {model: of for model, of in rows.items() if of}
    data = [name for name in dict.fromkeys(name for of in cells.values() for name in of)
            if any(name in of for of in rows.values())]  # fmt: skip
    has_networks = any(model.network for model in cells)
    lines = [
        [*_names(model, has_networks)]
        + [
            difference_cell(of[name][number]) if name in of else Cell("")
            for number in range(len(metrics))
            for name in data
        ]
        for model, of in rows.items()
    ]
    header = [f"{metric} {name}" for metric in metrics for name in data]
    labels = _name_columns(has_networks)
    return Table(title, [*labels, *header], lines, len(labels), notes)


def _alone(found: Sequence[Entry], pairs: Sequence[Pair]) -> list[str]:
    """Which runs are neither held against another nor another held against them."""
    known = {run.run for pair in pairs for run in pair}
    names = [entry.run for entry in found if entry.run not in known]
    return [f"{', '.join(names)}: there is no baseline on the same data"] if names else []


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
            items = [run.items if run else "" for run in runs]
            columns.append(mark_best(metric, figures, items))
    rows = [
        [*_names(model, has_networks), *(column[number] for column in columns)]
        for number, model in enumerate(cells)
    ]
    found = [run for of in cells.values() for run in of.values()]
    notes = [
        *exposure_notes(found),
        *absence_notes(found, metrics, stratum),
        *metric_notes(found, metrics, stratum),
        *items_notes(found, data_of),
        "Intervals: 95 %, bootstrap over items.",
    ]
    labels = _name_columns(has_networks)
    return Table(title, [*labels, *header], rows, len(labels), notes)


def _name_columns(has_networks: bool) -> list[str]:
    return ["network", "training"] if has_networks else ["training"]


def _names(model: Model, has_networks: bool) -> list[Cell]:
    return [Cell(name) for name in (model if has_networks else model[1:])]
