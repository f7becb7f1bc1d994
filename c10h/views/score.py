"""Scores as tables, as rows and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from c10h.metrics.differences import Difference, Pair, differences, pairs_with
from c10h.metrics.estimates import Estimate, ScoredRun, metrics_of
from c10h.metrics.strata import ALL
from c10h.stages.run_groups import Model, by_model, data_of, data_sets, pairs_to
from c10h.views.display import Display
from c10h.views.forms.json_text import plain
from c10h.views.notes import (
    INTERVALS,
    absence_notes,
    exposure_notes,
    items_notes,
    metric_notes,
    unpaired_notes,
)
from c10h.views.pivot import (
    Layout,
    difference_cell,
    differences_table,
    estimate_cells,
    estimates_table,
)
from c10h.views.table import Cell, Table, number, of_columns

# How many strata a table shows.
MOST_STRATA = 41


def display(runs: Sequence[ScoredRun], title: str) -> Display:
    """Scores in every form."""
    return Display(lambda: metrics_down(runs, title), lambda: to_json(runs), lambda: to_rows(runs))


def metrics_down(runs: Sequence[ScoredRun], title: str) -> list[Table]:
    """Metrics down, runs across, with what people reach; then strata and differences.

    Nothing where no run has any of the metrics: then :func:`why_nothing` says why.
    """
    metrics = _shown_metrics(runs)
    if not metrics:
        return []
    tables = [_main_table(runs, metrics, title)]
    tables += [_strata_table(run, metrics) for run in runs if len(run.strata) > 1]
    if len(runs) > 1:
        grid = differences(pairs_with(runs[0], runs), metrics)
        columns = [(row[0].a, [difference_cell(difference) for difference in row]) for row in grid]
        names, notes = [("metric", metrics)], unpaired_notes(grid)
        tables.append(of_columns(_difference_title(runs[0].name), names, columns, notes))
    return tables


def _shown_metrics(runs: Sequence[ScoredRun]) -> list[str]:
    """The metrics that some run has a value of."""
    return [
        metric
        for metric in metrics_of(runs)
        if any((estimate := run.estimate(metric)) and not estimate.why for run in runs)
    ]


def _main_table(runs: Sequence[ScoredRun], metrics: Sequence[str], title: str) -> Table:
    estimates = [[run.estimate(metric) for run in runs] for metric in metrics]
    cells = [estimate_cells(metric, runs) for metric in metrics]
    columns = [(run.name, [row[at] for row in cells]) for at, run in enumerate(runs)]
    if len(runs) == 1:
        alone = columns[0][1]
        columns = [
            ("value", [Cell(cell.text) for cell in alone]),
            ("95 % interval", [Cell(cell.small) for cell in alone]),
        ]
    sizes = [
        "/".join(dict.fromkeys(f"{estimate.n:,}" for estimate in row if estimate))
        for row in estimates
    ]
    columns += [
        ("n", list(map(Cell, sizes))),
        ("people", [Cell(_people(row)) for row in estimates]),
    ]
    absent = [f"Not computed, {why}: {', '.join(names)}" for why, names in _lacking(runs).items()]
    notes = [f"{run.name}: {line}" for run in runs for line in run.notes.splitlines()]
    notes = [*exposure_notes(_exposures(runs)), *absent, *notes]
    return of_columns(title, [("metric", metrics)], columns, notes)


def _people(estimates: Sequence[Estimate | None]) -> str:
    """Ceilings with their methods, of the first run that has any."""
    for estimate in estimates:
        if estimate is not None and estimate.ceilings:
            return ", ".join(f"{number(value)} {name}" for name, value in estimate.ceilings.items())
    return ""


def _strata_table(run: ScoredRun, metrics: Sequence[str]) -> Table:
    by = str(run.scores.settings["by"])
    columns = []
    for stratum in run.strata[:MOST_STRATA]:
        estimates = [run.estimate(metric, stratum) for metric in metrics]
        values = [number(estimate.value if estimate else None) for estimate in estimates]
        size = f"{estimates[0].n:,}" if estimates[0] else ""
        columns.append((stratum.removeprefix(f"{by}="), list(map(Cell, [*values, size]))))
    left = len(run.strata) - len(columns)
    notes = [f"{left} more strata are in JSON, CSV and the scores file"] if left else []
    names = [("metric", [*metrics, f"n ({metrics[0]})"])]
    return of_columns(f"{run.name} by {by}", names, columns, notes)


def _lacking(runs: Sequence[ScoredRun]) -> dict[str, list[str]]:
    """Which metrics no run has, by reason."""
    reasons: dict[str, list[str]] = {}
    for metric in metrics_of(runs):
        whys = [estimate.why for run in runs if (estimate := run.estimate(metric))]
        if whys and all(whys):
            reasons.setdefault(whys[0] or "", []).append(metric)
    return reasons


def why_nothing(runs: Sequence[ScoredRun]) -> str:
    """Why no run has any of the metrics, in one line; empty where one has any."""
    if _shown_metrics(runs):
        return ""
    lacking = [f"{', '.join(names)}: {why}" for why, names in _lacking(runs).items()]
    return f"nothing to show: {'; '.join(lacking)}"


def score_tables(
    runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str, baseline: str | None
) -> list[Table]:
    """Scores, then the paired differences of every run that has any to the baseline.

    Where a model has several data sets, models are down and every metric of every data set across;
    else runs are down. Where no run has a difference, the reasons stand below the scores.
    """
    cells = by_model(runs)
    title = "Scores" if stratum == ALL else f"Scores, {stratum}"
    if cells is None:
        main = runs_down(title, runs, metrics, stratum)
    else:
        main = models_down(title, cells, data_sets(runs), metrics, stratum)
    if baseline is None:
        return [main]
    pairs = pairs_to(baseline, runs)
    grid = differences(pairs, metrics, stratum)
    notes = [*unpaired_notes(grid), *_alone(runs, pairs)]
    known = {
        pair.run.name: row
        for pair, row in zip(pairs, grid, strict=True)
        if any(difference.value is not None for difference in row)
    }
    if not known:
        return [replace(main, notes=[*main.notes, *notes])]
    compared = [pair.run for pair in pairs]
    layout = _runs_layout(compared) if cells is None else _models_layout(cells, data_sets(runs))
    title = _difference_title(baseline, stratum)
    return [main, differences_table(title, layout, metrics, known, notes)]


def runs_down(title: str, runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str) -> Table:
    """Runs down, metrics across, the best in bold."""
    about = [
        field for field in ("network", "training", "data")
        if any(getattr(run, field) for run in runs)
    ]  # fmt: skip
    notes = _notes(runs, metrics, stratum, lambda run: run.data)
    return estimates_table(title, _runs_layout(runs, about), metrics, stratum, notes)


def models_down(
    title: str,
    cells: Mapping[Model, Mapping[str, ScoredRun]],
    data: Sequence[str],
    metrics: Sequence[str],
    stratum: str = ALL,
) -> Table:
    """Networks and trainings down; each metric on each data set across, the best in bold."""
    runs = [run for of_model in cells.values() for run in of_model.values()]
    notes = _notes(runs, metrics, stratum, data_of)
    return estimates_table(title, _models_layout(cells, data), metrics, stratum, notes)


def _runs_layout(runs: Sequence[ScoredRun], about: Sequence[str] = ()) -> Layout:
    names = [(field, [getattr(run, field) for run in runs]) for field in about]
    return Layout([("run", [run.name for run in runs]), *names], {"": runs})


def _models_layout(cells: Mapping[Model, Mapping[str, ScoredRun]], data: Sequence[str]) -> Layout:
    fields = Model._fields if any(model.network for model in cells) else Model._fields[1:]
    return Layout(
        [(field, [getattr(model, field) for model in cells]) for field in fields],
        {name: [of_model.get(name) for of_model in cells.values()] for name in data},
    )


def _notes(
    runs: Sequence[ScoredRun],
    metrics: Sequence[str],
    stratum: str,
    part: Callable[[ScoredRun], str],
) -> list[str]:
    return [
        *exposure_notes(_exposures(runs)),
        *absence_notes(runs, metrics, stratum),
        *metric_notes(runs, metrics, stratum),
        *items_notes(runs, part),
        INTERVALS,
    ]


def _exposures(runs: Sequence[ScoredRun]) -> Iterable[tuple[str, str]]:
    return ((run.name, run.exposure) for run in runs)


def _alone(runs: Sequence[ScoredRun], pairs: Sequence[Pair]) -> list[str]:
    """Which runs are neither compared with another nor another with them."""
    known = {run.name for pair in pairs for run in pair}
    names = [run.name for run in runs if run.name not in known]
    return [f"{', '.join(names)}: no baseline on the same data set"] if names else []


def _difference_title(baseline: str, stratum: str = ALL) -> str:
    what = baseline if stratum == ALL else f"{baseline}, {stratum}"
    return f"Difference from {what} (paired; bold or *: the interval excludes 0)"


def to_json(runs: Sequence[ScoredRun]) -> dict[str, Any]:
    """All figures as one object; differences are against the first run."""
    pairs = pairs_with(runs[0], runs)
    return {"runs": runs_to_json(runs), "differences": differences_to_json(pairs)}


def runs_to_json(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    """The estimates of every run."""
    return [
        {
            "name": run.name,
            "network": run.network,
            "training": run.training,
            "data": run.data,
            "training_items": run.exposure,
            "notes": run.notes.splitlines(),
            "metrics": _estimates_to_json(run, ALL),
            "strata": {name: _estimates_to_json(run, name) for name in run.strata if name != ALL},
        }
        for run in runs
    ]


def _estimates_to_json(run: ScoredRun, stratum: str) -> dict[str, Any]:
    return {metric: plain(run.estimate(metric, stratum)) for metric in run.metrics}


def differences_to_json(pairs: Sequence[Pair], stratum: str = ALL) -> list[dict[str, Any]]:
    """The differences of pairs, in the metrics that both have."""
    metrics = metrics_of([pair.baseline for pair in pairs])
    return [
        difference_to_json(difference)
        for pair, row in zip(pairs, differences(pairs, metrics, stratum), strict=True)
        for difference in row
        if difference.metric in pair.run.metrics and difference.metric in pair.baseline.metrics
    ]


def difference_to_json(difference: Difference) -> dict[str, Any]:
    """One difference; its ``stratum`` is there where it is not all items."""
    values: dict[str, Any] = plain(difference)
    if difference.stratum == ALL:
        del values["stratum"]
    return values


def to_rows(runs: Iterable[ScoredRun]) -> list[dict[str, object]]:
    """One row an estimate, in full precision."""
    rows = []
    for run in runs:
        about = {
            "run": run.name,
            "network": run.network,
            "training": run.training,
            "data": run.data,
            "training_items": run.exposure,
        }
        for stratum in run.strata:
            for metric in run.metrics:
                estimate = run.estimate(metric, stratum)
                assert estimate is not None
                value = {name: getattr(estimate, name) for name in COLUMNS}
                rows.append({**about, "stratum": stratum, "metric": metric, **value})
    return rows


COLUMNS = ("value", "low", "high", "n", "why")
