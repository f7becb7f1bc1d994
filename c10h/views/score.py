"""Scores as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from c10h.formats.hints import brief
from c10h.metrics.differences import Difference, Pair, differences, pairs_with_first
from c10h.metrics.estimates import Estimate, RunKey, ScoredRun, metrics_of
from c10h.metrics.metrics import METRICS
from c10h.metrics.over_networks import Spread
from c10h.metrics.references import FIRST_CHOICE, REFERENCES, RESCALED
from c10h.metrics.strata import ALL
from c10h.stages.run_groups import Model, by_model, data_of, data_sets, pairs_to
from c10h.stages.score_request import TAGS
from c10h.views.answer import MORE, Answer
from c10h.views.display import Display
from c10h.views.notes import (
    absence_notes,
    best_ceiling,
    exposure_notes,
    intervals_note,
    items_notes,
    metric_notes,
    networks_notes,
    remaining_notes,
    scale_notes,
    sizes_notes,
    unpaired_notes,
)
from c10h.views.pivot import (
    Layout,
    difference_cell,
    differences_table,
    estimate_cells,
    estimates_table,
    networks_cell,
)
from c10h.views.score_answer import Shown, score_answer
from c10h.views.score_values import to_json, to_rows
from c10h.views.table import MISSING, Cell, Table, interval, number, of_columns

AT_EQUAL_SCALE = "at equal scale"


def over(networks: int) -> str:
    """What an interval is over, in words."""
    return f"over {networks} networks"


def display(
    runs: Sequence[ScoredRun], title: str, chosen: Sequence[str] = (), by: str = ""
) -> Display:
    """Scores in every form. chosen: metrics that somebody named. by: of the strata, if any."""
    return Display(
        lambda: metrics_down(runs, title),
        lambda: to_json(runs),
        lambda: to_rows(runs),
        answers=lambda: _answers(runs, title, chosen, by),
    )


def _answers(runs: Sequence[ScoredRun], title: str, chosen: Sequence[str], by: str) -> list[Answer]:
    """The answer, with the metrics that somebody named or those of the headlines."""
    possible = _shown_metrics(runs)
    metrics = [m for m in possible if (m in chosen if chosen else METRICS[m].headline)] or possible
    if not metrics:
        return []
    answer = score_answer(Shown(runs, pairs_with_first(runs), metrics, by=by), f"{title}. {MORE}")
    absent = [f"Not computed, {why}: {', '.join(names)}" for why, names in _lacking(runs).items()]
    return [replace(answer, notes=[*answer.notes, *absent]) if chosen else answer]


def metrics_down(runs: Sequence[ScoredRun], title: str) -> list[Table]:
    """Metrics down, runs across, with what people reach; then strata and differences.

    One data set after another. Nothing where no run has any of the metrics: then
    :func:`why_nothing` says why.
    """
    if len(data := list(dict.fromkeys(run.data for run in runs))) > 1:
        return [
            table
            for name in data
            for table in metrics_down(
                [run for run in runs if run.data == name], f"{name or 'no data set'}: {title}"
            )
        ]
    metrics = _shown_metrics(runs)
    if not metrics:
        return []
    tables = [_main_table(runs, metrics, title)]
    if len(runs) > 1 and any(run.temperature for run in runs):
        tables.append(_references_table(runs, metrics))
    tables += [_strata_table(run, metrics) for run in runs if len(run.strata) > 1]
    if len(runs) > 1:
        tables.append(_differences_down(runs, metrics))
    return tables


def _differences_down(runs: Sequence[ScoredRun], metrics: Sequence[str]) -> Table:
    """Paired differences from the first run, as they are and at equal scale."""
    grid = differences(pairs_with_first(runs), metrics)
    columns = []
    for row in grid:
        columns.append((row[0].a, [difference_cell(difference) for difference in row]))
        if any(difference.at_equal_scale.value is not None for difference in row):
            cells = [difference_cell(difference.rescaled) for difference in row]
            columns.append((f"{row[0].a} {AT_EQUAL_SCALE}", cells))
        if number_of := max((d.over_networks.n for d in row if d.over_networks), default=0):
            cells = [networks_cell(difference.over_networks) for difference in row]
            columns.append((f"{row[0].a} {over(number_of)}", cells))
    notes = [*unpaired_notes(grid), *remaining_notes(grid)]
    return of_columns(_difference_title(runs[0].name), [("metric", metrics)], columns, notes)


def _shown_metrics(runs: Sequence[ScoredRun]) -> list[str]:
    """The metrics that some run has a value of."""
    return [
        metric
        for metric in metrics_of(runs)
        if any((estimate := run.estimate(metric)) and not estimate.why for run in runs)
    ]


def _main_table(runs: Sequence[ScoredRun], metrics: Sequence[str], title: str) -> Table:
    cells = [estimate_cells(metric, runs) for metric in metrics]
    columns = [(run.name, [row[at] for row in cells]) for at, run in enumerate(runs)]
    if len(runs) == 1:
        alone = columns[0][1]
        columns = [
            ("value", [Cell(cell.text) for cell in alone]),
            ("95 % interval", [Cell(cell.small) for cell in alone]),
        ]
        if runs[0].networks:
            spreads = [runs[0].over_networks(metric) for metric in metrics]
            ends = [Cell(interval(s.low, s.high) if s else "") for s in spreads]
            columns.append((over(len(runs[0].networks)), ends))
        if runs[0].temperature:
            columns += _reference_columns(runs[0], metrics)
    ceilings = [best_ceiling([run.estimate(metric) for run in runs]) for metric in metrics]
    if any(ceilings):
        values = [number(ceiling[1]) if ceiling else "" for ceiling in ceilings]
        columns.append(("people", list(map(Cell, values))))
    absent = [f"Not computed, {why}: {', '.join(names)}" for why, names in _lacking(runs).items()]
    notes = [f"{run.name}: {line}" for run in runs for line in run.notes.splitlines()]
    notes = [
        *exposure_notes(_exposures(runs)),
        *networks_notes(runs),
        *sizes_notes(runs, metrics),
        *_ceilings_notes(metrics, ceilings),
        *scale_notes(runs),
        *absent,
        *notes,
    ]
    return of_columns(title, [("metric", metrics)], columns, notes)


def _references_table(runs: Sequence[ScoredRun], metrics: Sequence[str]) -> Table:
    """The references of several runs, beside each other."""
    columns = [
        (f"{run.name} {header}", cells)
        for run in runs
        if run.temperature
        for header, cells in _reference_columns(run, metrics)
    ]
    return of_columns("The runs rescaled, and their first choices alone",
                      [("metric", metrics)], columns)  # fmt: skip


def _reference_columns(run: ScoredRun, metrics: Sequence[str]) -> list[tuple[str, list[Cell]]]:
    """The references of one run that tables show."""
    return [
        (
            REFERENCES[name].label,
            [Cell(number(run.references(metric)[name].value)) for metric in metrics],
        )
        for name in (RESCALED, FIRST_CHOICE)
    ]


def _ceilings_notes(
    metrics: Sequence[str], ceilings: Sequence[tuple[str, float] | None]
) -> list[str]:
    """By which method people's figures are."""
    methods: dict[str, list[str]] = {}
    for metric, ceiling in zip(metrics, ceilings, strict=True):
        if ceiling is not None:
            methods.setdefault(ceiling[0], []).append(metric)
    words = [f"{method} ({', '.join(names)})" for method, names in methods.items()]
    return [f"People: {'; '.join(words)}"] if words else []


def _strata_table(run: ScoredRun, metrics: Sequence[str]) -> Table:
    """Strata down, metrics across, and of how many items the first metric is."""
    by = str(run.scores.settings["by"])
    columns = [
        (metric, [_with_ends(run.estimate(metric, stratum)) for stratum in run.strata])
        for metric in metrics
    ]
    sizes = [run.estimate(metrics[0], stratum) for stratum in run.strata]
    columns.append((f"n ({metrics[0]})", [Cell(f"{size.n:,}" if size else "") for size in sizes]))
    names = [(by, [stratum.removeprefix(f"{by}=") for stratum in run.strata])]
    return of_columns(f"{run.name} by {by}", names, columns)


def _with_ends(estimate: Estimate | None) -> Cell:
    """A figure and its interval; "-" where there is none."""
    if estimate is None or estimate.why:
        return Cell(MISSING)
    return Cell(number(estimate.value), interval(estimate.low, estimate.high))


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
    compared = [pair.run for pair in pairs_to(baseline, runs)]
    layout = _runs_layout(compared) if cells is None else models_layout(cells, data_sets(runs))
    tables = difference_tables_to(baseline, runs, stratum, layout, metrics)
    if not tables[0].rows:
        return [replace(main, notes=[*main.notes, *tables[0].notes])]
    return [main, *tables]


def difference_tables_to(
    baseline: str,
    runs: Sequence[ScoredRun],
    stratum: str,
    layout: Layout,
    metrics: Sequence[str],
) -> list[Table]:
    """Paired differences from a run or training, and of what rescaling changes at equal scale.

    Where no run has a difference, a table without rows has the reasons in its notes.
    """
    pairs = pairs_to(baseline, runs)
    grid = differences(pairs, metrics, stratum)
    title = _difference_title(baseline, stratum)
    known = {
        pair.run.key: row
        for pair, row in zip(pairs, grid, strict=True)
        if any(difference.value is not None for difference in row)
    }
    notes = [*unpaired_notes(grid), *_alone(runs, pairs)]
    if not known:
        return [Table(title, [], [], notes=notes)]
    as_they_are = differences_table(title, layout, metrics, known, notes)
    tables = [as_they_are, *_over_networks(title, layout, metrics, known)]
    changed = [
        at
        for at in range(len(metrics))
        if any(row[at].at_equal_scale.value not in (None, row[at].value) for row in known.values())
    ]
    if not changed:
        return tables
    of_changed = [metrics[at] for at in changed]
    scaled = {key: [row[at].rescaled for at in changed] for key, row in known.items()}
    remaining = remaining_notes(known.values())
    scaled_title = f"{title}, {AT_EQUAL_SCALE}"
    at_equal_scale = differences_table(scaled_title, layout, of_changed, scaled, remaining)
    return [*tables, at_equal_scale, *_over_networks(scaled_title, layout, of_changed, scaled)]


def _over_networks(
    title: str,
    layout: Layout,
    metrics: Sequence[str],
    known: Mapping[RunKey, Sequence[Difference]],
) -> list[Table]:
    """The same differences with their intervals over networks; none where there are not several."""
    spreads = {
        key: [_as_over_networks(difference) for difference in row]
        for key, row in known.items()
        if any(difference.over_networks for difference in row)
    }
    if not spreads:
        return []
    sizes: dict[int, dict[str, None]] = {}
    for key, row in known.items():
        for size in {d.over_networks.n for d in row if d.over_networks}:
            sizes.setdefault(size, {})[key.name] = None
    numbers = "; ".join(f"{size} ({brief(list(names), 3)})" for size, names in sizes.items())
    notes = [f"Intervals: 95 %, Student's t of paired networks: {numbers}."]
    return [differences_table(f"{title}, over networks", layout, metrics, spreads, notes)]


def _as_over_networks(difference: Difference) -> Difference:
    """A difference with its interval over networks; without a value where there is none."""
    spread = difference.over_networks or Spread()
    return replace(difference, value=spread.value, low=spread.low, high=spread.high, mixed=None)


def runs_down(title: str, runs: Sequence[ScoredRun], metrics: Sequence[str], stratum: str) -> Table:
    """Runs down, metrics across, the best in bold."""
    about = [field for field in TAGS if len({getattr(run, field) for run in runs}) > 1]
    if [run.training for run in runs] == [run.name for run in runs]:
        about = [field for field in about if field != "training"]
    notes = _notes(runs, metrics, stratum, lambda run: run.data)
    return estimates_table(title, _runs_layout(runs, about), metrics, stratum, notes)


def models_down(
    title: str,
    cells: Mapping[Model, Mapping[str, ScoredRun]],
    data: Sequence[str],
    metrics: Sequence[str],
    stratum: str = ALL,
    *,
    filled: bool = False,
) -> Table:
    """Networks and trainings down; each metric on each data set across, the best in bold.

    filled: as of :func:`~c10h.views.pivot.estimates_table`.
    """
    runs = [run for of_model in cells.values() for run in of_model.values()]
    notes = _notes(runs, metrics, stratum, data_of)
    layout = models_layout(cells, data)
    return estimates_table(title, layout, metrics, stratum, notes, filled=filled)


def _runs_layout(runs: Sequence[ScoredRun], about: Sequence[str] = ()) -> Layout:
    names = [(field, [getattr(run, field) for run in runs]) for field in about]
    return Layout([("run", [run.name for run in runs]), *names], {"": runs})


def models_layout(cells: Mapping[Model, Mapping[str, ScoredRun]], data: Sequence[str]) -> Layout:
    """Networks and trainings down, data sets across."""
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
        *networks_notes(runs),
        *absence_notes(runs, metrics, stratum),
        *metric_notes(runs, metrics, stratum),
        *items_notes(runs, part),
        intervals_note(runs),
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
