"""What scores say: figures, paired differences, and both as rows and as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.formats.class_names import are_default
from c10h.metrics import bootstrap
from c10h.metrics.metrics import METRICS
from c10h.metrics.strata import ALL
from c10h.records import Array, Scores
from c10h.views.forms.csv_rows import to_csv
from c10h.views.forms.json_text import plain, to_json_text
from c10h.views.forms.tables import TABLE_FORMS
from c10h.views.table import Table


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
    """One run of a scores record. file: what the file that it is in is called, without suffix."""

    scores: Scores
    row: int
    run: str
    network: str
    training: str
    data: str
    items: str
    exposure: str
    notes: str
    file: str = ""

    @classmethod
    def of(cls, scores: Scores, row: int, file: str = "") -> Entry:
        """The run in one row of a record; texts are as in :class:`~c10h.records.Scores`."""
        names = ("run", "network", "training", "data", "items", "exposure", "notes")
        texts = (str(getattr(scores, name)[row]) for name in names)
        return cls(scores, row, *(*texts, file))

    @cached_property
    def metrics(self) -> list[str]:
        return [str(name) for name in self.scores.metric]

    @cached_property
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

    def samples(self, stratum: str) -> Array:
        """The bootstrap values of every metric, float64 (q, B)."""
        values = self.scores.samples[self.row][:, self.strata.index(stratum)]
        return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True)
class Difference:
    """a - b of one metric in a stratum; None where it does not exist, and ``why``."""

    stratum: str
    metric: str
    a: str
    b: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The difference as plain JSON; ``stratum`` is there where it is not all items."""
        return {
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
            "value": plain(self.value),
            "low": plain(self.low),
            "high": plain(self.high),
            "why": self.why,
            **({} if self.stratum == ALL else {"stratum": self.stratum}),
        }


def entries(records: Sequence[Scores], files: Sequence[str] = ()) -> list[Entry]:
    """All runs of all records. files: what each is called, where that is known.

    Raises MismatchError for records of other classes, InputError for two runs of one name.
    """
    found = [
        Entry.of(record, row, file)
        for record, file in zip(records, files or [""] * len(records), strict=True)
        for row in range(len(record.run))
    ]
    for record in records[1:]:
        if other_classes(record.classes, records[0].classes):
            raise MismatchError(
                f"scores of other classes: expected {', '.join(records[0].classes)}, "
                f"found {', '.join(record.classes)}"
            )
    for name, count in Counter(entry.run for entry in found).items():
        if count > 1:
            where = " and ".join(entry.file or "a file" for entry in found if entry.run == name)
            raise InputError(
                f"two runs are called {name!r}, in {where}: c10h score NAME=FILE names a run"
            )
    return found


def other_classes(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two inputs do not have the same classes; names that nobody gave fit any."""
    unnamed = are_default(names) or are_default(others)
    return len(names) != len(others) or (not unnamed and set(names) != set(others))


class Pair(NamedTuple):
    """A run, and the one that it is held against."""

    run: Entry
    baseline: Entry


def against(found: Sequence[Entry], baseline: Entry) -> list[Pair]:
    """Every run against one of them."""
    return [Pair(entry, baseline) for entry in found if entry is not baseline]


def differences(
    pairs: Sequence[Pair], metrics: Sequence[str], stratum: str = ALL
) -> list[list[Difference]]:
    """Paired differences: a list a pair, with one for each metric.

    They come from resamples that draw the same items for both. Of each run the resamples are read
    once, and only where there is a difference.
    """
    resamples = {
        id(pair.baseline): cache(partial(pair.baseline.samples, stratum)) for pair in pairs
    }
    return [_differences(*pair, metrics, stratum, resamples[id(pair.baseline)]) for pair in pairs]


def _differences(
    a: Entry, b: Entry, metrics: Sequence[str], stratum: str, resamples: Callable[[], Array]
) -> list[Difference]:
    """a - b, of which b has the resamples (q, B)."""
    made = [_without_interval(a, b, metric, stratum) for metric in metrics]
    shared = [one.metric for one in made if one.why is None]
    if not shared:
        return made
    first, second = (
        values[[entry.metrics.index(metric) for metric in shared]]
        for entry, values in ((a, a.samples(stratum)), (b, resamples()))
    )
    with np.errstate(invalid="ignore"):
        low, high = bootstrap.interval(first - second)
    ends = dict(zip(shared, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return [
        replace(one, low=ends[one.metric][0], high=ends[one.metric][1]) if one.why is None else one
        for one in made
    ]


def _without_interval(a: Entry, b: Entry, metric: str, stratum: str) -> Difference:
    first, second = a.figure(metric, stratum), b.figure(metric, stratum)
    if first is None or second is None:
        why: str | None = "one of the runs has no such figure"
    elif first.why or second.why:
        why = first.why or second.why
    elif np.isinf(first.value) or np.isinf(second.value):
        why = "one of the values is infinite"
    else:
        why = _why_unpaired(a, b)
    if why or first is None or second is None:
        return Difference(stratum, metric, a.run, b.run, why=why)
    return Difference(stratum, metric, a.run, b.run, first.value - second.value)


def _why_unpaired(a: Entry, b: Entry) -> str | None:
    for setting in ("seed", "resamples"):
        if a.scores.settings[setting] != b.scores.settings[setting]:
            return f"not paired: scored with another {setting}"
    return None if a.items == b.items else "not paired: the runs are about other items or labels"


def to_json(found: Sequence[Entry]) -> dict[str, Any]:
    """All figures as one object; differences are against the first run."""
    return {
        "runs": runs_to_json(found),
        "differences": differences_to_json(against(found, found[0])),
    }


def differences_to_json(pairs: Sequence[Pair], stratum: str = ALL) -> list[dict[str, Any]]:
    """The differences of pairs, in the metrics that both have."""
    metrics = metrics_of([pair.baseline for pair in pairs])
    return [
        one.to_json()
        for pair, of in zip(pairs, differences(pairs, metrics, stratum), strict=True)
        for one in of
        if one.metric in pair.run.metrics and one.metric in pair.baseline.metrics
    ]


def runs_to_json(found: Sequence[Entry]) -> list[dict[str, Any]]:
    """The figures of every run."""
    return [
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
    ]


def _figures_to_json(entry: Entry, stratum: str) -> dict[str, Any]:
    figures = {metric: entry.figure(metric, stratum) for metric in entry.metrics}
    return {metric: figure.to_json() for metric, figure in figures.items() if figure is not None}


def render(form: str, tables: Sequence[Table], found: Sequence[Entry]) -> str:
    """Scores as text: ``tables`` in a format of tables, or every figure as CSV or JSON."""
    if form == "json":
        return to_json_text(to_json(found))
    return to_csv(CSV_HEADER, to_rows(found)) if form == "csv" else TABLE_FORMS[form](tables)


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


def metrics_of(found: Sequence[Entry]) -> list[str]:
    """Every metric of any run, in the order of the table of metrics."""
    known = {metric for entry in found for metric in entry.metrics}
    return [metric for metric in METRICS if metric in known]
