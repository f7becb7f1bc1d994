"""Accuracy, cross-entropy and second choices by data set, as the paper's figure 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from c10h.errors import InputError
from c10h.metrics.estimates import ScoredRun
from c10h.metrics.exposure import HELD_OUT
from c10h.stages.report import Results
from c10h.stages.run_groups import data_of, data_sets, model_of
from c10h.views.figures.figure_type import BARS, BLACK, Figure, Panel, Series
from c10h.views.notes import INTERVALS, best_ceiling

PANELS = {
    "accuracy": "accuracy",
    "ce_hard": "cross-entropy with truth, nats",
    "sba": "second-best accuracy",
}
TOPS = {"accuracy": 1.0, "sba": 1.0}
# Data sets whose values are further apart than by this factor have axes of their own.
APART = 4.0
PEOPLE = "people"
NAN = float("nan")


def generalization(results: Results) -> Figure:
    """Bars by data set, in the order of the files, a colour a training.

    With several networks a bar is their mean, and its ends are the lowest and the highest of them;
    with one, the ends are its interval. A mark is what people reach. Second choices are those of
    items that no network saw.
    """
    results.expect("--figure generalization", scores=0)
    groups: dict[tuple[str, str], list[ScoredRun]] = {}
    for run in results.scored:
        groups.setdefault((model_of(run).training, data_of(run)), []).append(run)
    for key, runs in groups.items():
        _check(*key, runs)
    trainings = list(dict.fromkeys(training for training, _ in groups))
    data = data_sets(results.scored)
    panels = []
    methods: dict[str, str] = {}
    for metric, name in PANELS.items():
        values = {key: _value(metric, runs, results.stratum) for key, runs in groups.items()}
        kept = [name for name in data if any(_exists(values.get((t, name))) for t in trainings)]
        none = (NAN, NAN, NAN)
        series = [
            Series.over_ticks(t, [values.get((t, name), none) for name in kept]) for t in trainings
        ]
        if not kept:
            continue
        reached = [_ceiling(metric, results, name) for name in kept]
        if any(method for method, _ in reached):
            values_of_people = [(value, NAN, NAN) for _, value in reached]
            people = Series.over_ticks(PEOPLE, values_of_people, BLACK)
            series.append(replace(people, is_ceiling=True))
            methods[name] = next(method for method, _ in reached if method)
        panels += _on_own_axes(
            Panel("", "data set", name, series, BARS, kept, top=TOPS.get(metric))
        )
    if not panels:
        raise InputError(f"--figure generalization: no file has any of {', '.join(PANELS)}")
    title = results.title("Generalization by data set")
    told = ", ".join(f"{name} by {method}" for name, method in methods.items())
    ceilings = [f"people: what people reach; {told}."] if told else []
    notes = [*_notes(groups), *ceilings, *_left_out(groups)]
    return Figure("generalization", title, panels, notes)


def _ceiling(metric: str, results: Results, data: str) -> tuple[str, float]:
    """What people reach on a data set, and the method that tells it; NaN where none does."""
    runs = (run for run in results.scored if data_of(run) == data)
    ceiling = best_ceiling(run.estimate(metric, results.stratum) for run in runs)
    return ("", NAN) if ceiling is None else ceiling


def _on_own_axes(panel: Panel) -> list[Panel]:
    """The panel in parts, where some data sets' bars would hardly be seen beside others."""
    if panel.top is not None:
        return [panel]
    highest = np.max([np.nan_to_num(bars.y, posinf=0) for bars in panel.series], axis=0)
    groups: list[list[int]] = []
    for tick in np.argsort(highest, kind="stable").tolist():
        if not groups or highest[tick] > APART * highest[groups[-1][0]] > 0:
            groups.append([])
        groups[-1].append(tick)
    return [_part(panel, sorted(group)) for group in sorted(groups, key=min)]


def _part(panel: Panel, ticks: list[int]) -> Panel:
    """Some of the data sets of a panel."""
    series = [
        replace(
            bars,
            x=np.arange(len(ticks), dtype=np.float64),
            y=bars.y[ticks],
            low=None if bars.low is None else bars.low[ticks],
            high=None if bars.high is None else bars.high[ticks],
        )
        for bars in panel.series
    ]
    return replace(panel, series=series, ticks=[panel.ticks[tick] for tick in ticks])


def _check(training: str, data: str, runs: Sequence[ScoredRun]) -> None:
    """Raise InputError for runs that have no mean: one network twice, or other items."""
    models = [model_of(run) for run in runs]
    what = f"--figure generalization: {training} on {data}"
    if len(set(models)) < len(models):
        names = ", ".join(run.name for run in runs)
        raise InputError(f"{what}: no tag distinguishes {names} (score --tag network=…)")
    if len({run.items for run in runs}) > 1:
        raise InputError(f"{what}: the runs have different items and cannot be averaged")


def _value(metric: str, runs: Sequence[ScoredRun], stratum: str) -> tuple[float, float, float]:
    """The value with its ends; NaN where one of the runs has none, or saw the items in training."""
    every = [run.estimate(metric, stratum) for run in runs]
    estimates = [estimate for estimate in every if estimate is not None and not estimate.why]
    if (metric == "sba" and _may_be_seen(runs)) or len(estimates) < len(runs):
        return NAN, NAN, NAN
    if len(estimates) == 1:
        return estimates[0].value, estimates[0].low, estimates[0].high
    values = [estimate.value for estimate in estimates]
    return float(np.mean(values)), min(values), max(values)


def _may_be_seen(runs: Sequence[ScoredRun]) -> bool:
    """Whether a network was trained on some of the items, as far as anybody knows."""
    return any(run.exposure != HELD_OUT for run in runs)


def _exists(value: tuple[float, float, float] | None) -> bool:
    return value is not None and value[0] == value[0]


def _notes(groups: dict[tuple[str, str], list[ScoredRun]]) -> list[str]:
    sizes = {key: len(runs) for key, runs in groups.items()}
    if max(sizes.values()) == 1:
        return [INTERVALS]
    of = ", ".join(f"{training} on {data} {size}" for (training, data), size in sizes.items())
    single = "; for a single network, its 95 % interval" if min(sizes.values()) == 1 else ""
    return [
        f"Means over networks; error bars from the lowest to the highest{single}; networks: {of}."
    ]


def _left_out(groups: Mapping[tuple[str, str], Sequence[ScoredRun]]) -> list[str]:
    """Where second choices are not shown, for items that a network may have seen."""
    names = [
        f"{training} on {data}"
        for (training, data), runs in groups.items()
        if _may_be_seen(runs) and any("sba" in run.metrics for run in runs)
    ]
    what = "Second-best accuracy is on items that no network saw"
    return [f"{what}; for {', '.join(names)} this is not known."] if names else []
