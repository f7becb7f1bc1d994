"""Scores as tables, as rows and as one JSON object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.data.classes import are_default
from c10h.errors import InputError, MismatchError
from c10h.metrics import METRICS, bootstrap
from c10h.metrics.strata import ALL
from c10h.records import Array, Scores
from c10h.report.table import FORMATS, Cell, Table, interval, number, to_csv, to_json_text

# How many strata a table shows.
MOST_STRATA = 41
ARROWS = {"high": "↑", "low": "↓", "": ""}


@dataclass(frozen=True)
class Figure:
    """One metric of one run in one stratum. None or NaN: it does not exist, and ``why``."""

    value: float
    low: float
    high: float
    n: int
    ceilings: dict[str, float]
    why: str

    def to_json(self) -> dict[str, Any]:
        """The figure as plain JSON: null where it does not exist, "inf" for infinity."""
        return {
            "value": plain(self.value),
            "low": plain(self.low),
            "high": plain(self.high),
            "n": self.n,
            "ceilings": {method: plain(value) for method, value in self.ceilings.items()},
            "why": self.why or None,
        }


@dataclass(frozen=True)
class Entry:
    """One run of a scores record."""

    scores: Scores
    row: int
    run: str
    network: str
    training: str
    data: str
    items: str
    exposure: str
    notes: str

    @classmethod
    def of(cls, scores: Scores, row: int) -> Entry:
        """The run in one row of a record; texts are as in :class:`~c10h.records.Scores`."""
        names = ("run", "network", "training", "data", "items", "exposure", "notes")
        return cls(scores, row, *(str(getattr(scores, name)[row]) for name in names))

    @property
    def metrics(self) -> list[str]:
        return [str(name) for name in self.scores.metric]

    @property
    def strata(self) -> list[str]:
        return [str(name) for name in self.scores.stratum]

    def figure(self, metric: str, stratum: str = ALL) -> Figure | None:
        """A figure, or None where the file does not have the metric or the stratum."""
        if metric not in self.metrics or stratum not in self.strata:
            return None
        at = self.row, self.metrics.index(metric), self.strata.index(stratum)
        limits = {
            method: float(values[at])
            for method, values in self.scores.ceilings.items()
            if not np.isnan(values[at])
        }
        scores = self.scores
        return Figure(
            float(scores.value[at]),
            float(scores.low[at]),
            float(scores.high[at]),
            int(scores.n[at]),
            limits,
            str(scores.why[at]),
        )

    def samples(self, metric: str, stratum: str) -> Array:
        """The bootstrap values, float64 (B)."""
        at = self.row, self.metrics.index(metric), self.strata.index(stratum)
        return np.asarray(self.scores.samples[at[0], at[1]][at[2]], dtype=np.float64)


@dataclass(frozen=True)
class Difference:
    """a - b of one metric; None where it does not exist, and ``why``."""

    metric: str
    a: str
    b: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The difference as plain JSON."""
        return {
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
            "value": plain(self.value),
            "low": plain(self.low),
            "high": plain(self.high),
            "why": self.why,
        }


def entries(records: Sequence[Scores]) -> list[Entry]:
    """All runs of all records.

    Raises MismatchError for records of other classes, InputError for two runs of one name.
    """
    found = [Entry.of(record, row) for record in records for row in range(len(record.run))]
    for record in records[1:]:
        if _other_classes(record.classes, records[0].classes):
            raise MismatchError(
                f"scores of other classes: expected {', '.join(records[0].classes)}, "
                f"found {', '.join(record.classes)}"
            )
    names = [entry.run for entry in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two runs are called {name!r}: name them with NAME=FILE")
    return found


def _other_classes(names: Sequence[str], others: Sequence[str]) -> bool:
    unnamed = are_default(names) or are_default(others)
    return len(names) != len(others) or (not unnamed and set(names) != set(others))


def difference(a: Entry, b: Entry, metric: str, stratum: str = ALL) -> Difference:
    """Paired difference a - b, from resamples that draw the same items for both."""
    first, second = a.figure(metric, stratum), b.figure(metric, stratum)
    blank = Difference(metric, a.run, b.run)
    why = _why_unpaired(a, b)
    if first is None or second is None:
        why = "one of the runs has no such figure"
    elif first.why or second.why:
        why = first.why or second.why
    elif np.isinf(first.value) or np.isinf(second.value):
        why = "one of the values is infinite"
    if why or first is None or second is None:
        return Difference(blank.metric, blank.a, blank.b, why=why)
    with np.errstate(invalid="ignore"):
        samples = a.samples(metric, stratum) - b.samples(metric, stratum)
    low, high = bootstrap.interval(samples)
    return Difference(metric, a.run, b.run, first.value - second.value, float(low), float(high))


def _why_unpaired(a: Entry, b: Entry) -> str | None:
    for setting in ("seed", "resamples"):
        if a.scores.settings[setting] != b.scores.settings[setting]:
            return f"not paired: scored with another {setting}"
    return None if a.items == b.items else "not paired: the runs are about other items or labels"


def differences(found: Sequence[Entry], baseline: Entry) -> list[Difference]:
    """Of every run against the baseline, on every metric that either has."""
    return [
        difference(entry, baseline, metric)
        for entry in found
        if entry is not baseline
        for metric in _metrics_of(found)
        if metric in entry.metrics and metric in baseline.metrics
    ]


def to_json(found: Sequence[Entry], baseline: Entry | None = None) -> dict[str, Any]:
    """All figures as one object; differences are against ``baseline``, else the first run."""
    baseline = baseline or found[0]
    return {
        "runs": [
            {
                "name": entry.run,
                "network": entry.network,
                "training": entry.training,
                "data": entry.data,
                "training_items": entry.exposure,
                "notes": entry.notes.splitlines(),
                "metrics": _figures_to_json(entry, ALL),
                "strata": {
                    stratum: _figures_to_json(entry, stratum)
                    for stratum in entry.strata
                    if stratum != ALL
                },
            }
            for entry in found
        ],
        "differences": [one.to_json() for one in differences(found, baseline)],
    }


def _figures_to_json(entry: Entry, stratum: str) -> dict[str, Any]:
    figures = {metric: entry.figure(metric, stratum) for metric in entry.metrics}
    return {metric: figure.to_json() for metric, figure in figures.items() if figure is not None}


def render(
    form: str, tables: Sequence[Table], found: Sequence[Entry], baseline: Entry | None = None
) -> str:
    """Scores as text: ``tables`` in a format of tables, or every figure as CSV or JSON."""
    if form == "json":
        return to_json_text(to_json(found, baseline))
    return to_csv(CSV_HEADER, to_rows(found)) if form == "csv" else FORMATS[form](tables)


CSV_HEADER = (
    "run", "network", "training", "data", "training_items", "stratum", "metric",
    "value", "low", "high", "n", "why",
)  # fmt: skip


def to_rows(found: Iterable[Entry]) -> list[list[object]]:
    """One row a figure, under CSV_HEADER, in full precision."""
    rows: list[list[object]] = []
    for entry in found:
        about = [entry.run, entry.network, entry.training, entry.data, entry.exposure]
        for stratum in entry.strata:
            for metric in entry.metrics:
                figure = entry.figure(metric, stratum)
                assert figure is not None
                numbers = [plain(x) for x in (figure.value, figure.low, figure.high)]
                rows.append([*about, stratum, metric, *numbers, figure.n, figure.why])
    return rows


def metrics_down(found: Sequence[Entry], title: str) -> list[Table]:
    """Metrics down, runs across, with what people reach; then strata and differences."""
    metrics = [
        metric
        for metric in _metrics_of(found)
        if any((figure := entry.figure(metric)) and not figure.why for entry in found)
    ]
    tables = [_main_table(found, metrics, title)]
    tables += [_strata_table(entry, metrics) for entry in found if len(entry.strata) > 1]
    if len(found) > 1:
        tables.append(_difference_table(found[1:], found[0], metrics))
    return tables


def runs_down(
    found: Sequence[Entry], metrics: Sequence[str], stratum: str, baseline: Entry | None
) -> list[Table]:
    """Runs down, metrics across, the best in bold; then differences against the baseline."""
    about = [
        field for field in ("network", "training", "data")
        if any(getattr(entry, field) for entry in found)
    ]  # fmt: skip
    grid = {metric: [entry.figure(metric, stratum) for entry in found] for metric in metrics}
    columns = [_mark_best(metric, figures) for metric, figures in grid.items()]
    rows = [
        [Cell(entry.run), *(Cell(getattr(entry, field)) for field in about)]
        + [column[number] for column in columns]
        for number, entry in enumerate(found)
    ]
    header = [
        "run",
        *about,
        *(f"{name} {ARROWS[METRICS[name].better]}".strip() for name in metrics),
    ]
    title = "Scores" if stratum == ALL else f"Scores, {stratum}"
    notes = [*_exposure_notes(found), "Intervals: 95 %, bootstrap over items."]
    tables = [Table(title, header, rows, 1 + len(about), notes)]
    if baseline is not None:
        tables.append(_difference_table(found, baseline, metrics, stratum, across=True))
    return tables


def _main_table(found: Sequence[Entry], metrics: Sequence[str], title: str) -> Table:
    single = len(found) == 1
    header = ["metric", *(["value", "95 % interval"] if single else [e.run for e in found])]
    header += ["n", "people"]
    rows = []
    for metric in metrics:
        figures = [entry.figure(metric) for entry in found]
        cells = _mark_best(metric, figures)
        if single:
            cells = [Cell(cells[0].text), Cell(cells[0].small)]
        n = "/".join(dict.fromkeys(f"{figure.n:,}" for figure in figures if figure))
        rows.append([Cell(metric), *cells, Cell(n), Cell(_people(figures))])
    notes = [f"{entry.run}: {line}" for entry in found for line in entry.notes.splitlines()]
    return Table(title, header, rows, 1, [*_exposure_notes(found), *_reasons(found), *notes])


def _people(figures: Sequence[Figure | None]) -> str:
    """Ceilings with their methods, of the first run that has any."""
    for figure in figures:
        if figure is not None and figure.ceilings:
            return ", ".join(f"{number(value)} {name}" for name, value in figure.ceilings.items())
    return ""


def _exposure_notes(found: Sequence[Entry]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for entry in found:
        groups.setdefault(entry.exposure, []).append(entry.run)
    return [f"Items in training: {kind} ({', '.join(names)})" for kind, names in groups.items()]


def _reasons(found: Sequence[Entry]) -> list[str]:
    """Which metrics no run has, by reason."""
    reasons: dict[str, list[str]] = {}
    for metric in _metrics_of(found):
        figures = [figure for entry in found if (figure := entry.figure(metric))]
        if figures and all(figure.why for figure in figures):
            reasons.setdefault(figures[0].why, []).append(metric)
    return [f"Not computed, {why}: {', '.join(names)}" for why, names in reasons.items()]


def _strata_table(entry: Entry, metrics: Sequence[str]) -> Table:
    by = str(entry.scores.settings["by"])
    strata = entry.strata[:MOST_STRATA]
    figures = [[entry.figure(metric, stratum) for stratum in strata] for metric in metrics]
    rows = [
        [Cell(metric), *(Cell(number(one.value if one else None)) for one in row)]
        for metric, row in zip(metrics, figures, strict=True)
    ]
    sizes = [Cell(f"{one.n:,}" if one else "") for one in figures[0]] if figures else []
    rows.append([Cell(f"n ({metrics[0]})" if metrics else "n"), *sizes])
    header = ["metric", *(stratum.removeprefix(f"{by}=") for stratum in strata)]
    left = len(entry.strata) - len(strata)
    notes = [f"{left} more strata are in the JSON, the CSV and the file"] if left else []
    return Table(f"{entry.run} by {by}", header, rows, 1, notes)


def _difference_table(
    found: Sequence[Entry],
    baseline: Entry,
    metrics: Sequence[str],
    stratum: str = ALL,
    *,
    across: bool = False,
) -> Table:
    """Paired differences against a baseline; bold where the interval excludes 0."""
    others = [entry for entry in found if entry is not baseline]
    grid = [
        [difference(entry, baseline, metric, stratum) for metric in metrics] for entry in others
    ]
    cells = [[_difference_cell(one) for one in row] for row in grid]
    whys = dict.fromkeys(f"{one.a}: {one.why}" for row in grid for one in row if one.why)
    title = f"Difference to {baseline.run} (paired; bold or *: the interval excludes 0)"
    if across:
        rows = [[Cell(entry.run), *row] for entry, row in zip(others, cells, strict=True)]
        return Table(title, ["run", *metrics], rows, 1, list(whys))
    rows = [
        [Cell(metric), *(row[number] for row in cells)] for number, metric in enumerate(metrics)
    ]
    return Table(title, ["metric", *(entry.run for entry in others)], rows, 1, list(whys))


def _difference_cell(one: Difference) -> Cell:
    clear = one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)
    text = number(one.value)
    if one.value is not None and one.value > 0:
        text = f"+{text}"
    return Cell(text + ("*" if clear else ""), interval(one.low, one.high), clear)


def _mark_best(metric: str, figures: Sequence[Figure | None]) -> list[Cell]:
    """Cells of one metric, the best value in bold where there are several to compare."""
    values = [figure.value for figure in figures if figure is not None and not figure.why]
    better = METRICS[metric].better
    best = None
    if len(values) > 1 and better:
        best = max(values) if better == "high" else min(values)
    return [
        Cell(
            number(figure.value if figure else None),
            interval(figure.low, figure.high) if figure else "",
            figure is not None and best is not None and figure.value == best,
        )
        for figure in figures
    ]


def _metrics_of(found: Sequence[Entry]) -> list[str]:
    """Every metric of any run, in the order of the table of metrics."""
    known = {metric for entry in found for metric in entry.metrics}
    return [metric for metric in METRICS if metric in known]


def plain(value: float | None) -> float | str | None:
    """A number for JSON: None for NaN, "inf" and "-inf" for infinities."""
    if value is None or np.isnan(value):
        return None
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(value)
