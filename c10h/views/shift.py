"""How differences from a baseline change from one data set to the others, as tables and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from c10h.errors import InputError, unknown_name
from c10h.metrics.differences import Difference
from c10h.metrics.estimates import ScoredRun, SpreadFigure
from c10h.metrics.shift import Change
from c10h.stages.run_groups import Model, data_of, data_sets, model_of, pairs_to
from c10h.views.forms.json_text import plain
from c10h.views.notes import reason_notes
from c10h.views.pivot import difference_cell
from c10h.views.table import Cell, Table, of_columns

SCALES = {"": False, ", at equal scale": True}


def changes(
    baseline: str, runs: Sequence[ScoredRun], shift_from: str
) -> dict[Model, dict[str, Change]]:
    """The changes of every model by data set. Raises InputError for an unknown data set."""
    if shift_from not in data_sets(runs):
        known = data_sets(runs)
        raise InputError(f"--shift-from: {unknown_name('data set', shift_from, known)}")
    pairs = {(model_of(pair.run), data_of(pair.run)): pair for pair in pairs_to(baseline, runs)}
    by_model: dict[Model, dict[str, Change]] = {}
    for (model, data), pair in pairs.items():
        here = pairs.get((model, shift_from))
        if here is not None and data != shift_from:
            by_model.setdefault(model, {})[data] = Change(pair, here)
    return by_model


def tables(
    baseline: str,
    runs: Sequence[ScoredRun],
    shift_from: str,
    metrics: Sequence[str],
    stratum: str,
) -> list[Table]:
    """Models down, metrics and data sets across, as they are and at equal scale."""
    by_model = changes(baseline, runs, shift_from)
    title = f"Difference from {baseline}: how it changes from {shift_from}"
    if not by_model:
        return [Table(title, [], [], notes=[f"No training is compared with {baseline} on both."])]
    shown: list[Table] = []
    as_they_are: Mapping[tuple[str, str], Sequence[SpreadFigure | None]] = {}
    for scale, rescaled in SCALES.items():
        figures = {
            (metric, data): [
                of_model[data].of(metric, stratum, rescaled=rescaled) if data in of_model else None
                for of_model in by_model.values()
            ]
            for metric in metrics
            for data in data_sets(runs)
        }
        kept = {
            key: column
            for key, column in figures.items()
            if any(figure is not None and figure.value is not None for figure in column)
        }
        kept = {key: column for key, column in kept.items() if column != as_they_are.get(key)}
        if not kept:
            continue
        as_they_are = kept
        names = [(field, [getattr(model, field) for model in by_model]) for field in Model._fields]
        columns = [
            (f"{metric} {data}", list(map(_cell, column)))
            for (metric, data), column in kept.items()
        ]
        reasons = [
            (model.name, figure.why)
            for column in kept.values()
            for model, figure in zip(by_model, column, strict=True)
            if figure is not None and figure.why
        ]
        shown.append(of_columns(title + scale, names, columns, reason_notes(reasons)))
    return shown


def _cell(figure: SpreadFigure | None) -> Cell:
    if figure is None:
        return Cell("")
    ends = Difference("", "", "", figure.value, figure.low, figure.high, mixed=figure.mixed)
    return difference_cell(ends)


def to_json(
    baseline: str,
    runs: Sequence[ScoredRun],
    shift_from: str,
    metrics: Sequence[str],
    stratum: str,
) -> list[dict[str, Any]]:
    """Every change, with that at equal scale in it."""
    return [
        {
            **model._asdict(),
            "baseline": baseline,
            "data": data,
            "from": shift_from,
            "metric": metric,
            **plain(change.of(metric, stratum)),
            "at_equal_scale": plain(change.of(metric, stratum, rescaled=True)),
        }
        for model, of_model in changes(baseline, runs, shift_from).items()
        for data, change in of_model.items()
        for metric in metrics
    ]
