"""Estimates with their intervals, and the runs that scores have them of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.formats.class_names import are_default
from c10h.metrics.ceilings import PLUG_IN
from c10h.metrics.metrics import METRICS, in_order, is_metric
from c10h.metrics.over_networks import Spread, mixed, over_networks
from c10h.metrics.references import RESCALED
from c10h.metrics.strata import ALL
from c10h.records import Array, Scores


@dataclass(frozen=True)
class Estimate:
    """One metric of one run in one stratum, over ``n`` items; NaN where there is none, and why.

    low, high: the ends of its 95 % interval. ceilings: what people reach, by method, the best last.
    """

    value: float
    low: float
    high: float
    n: int
    ceilings: dict[str, float]
    why: str | None


@dataclass(frozen=True)
class Figure:
    """A figure with the ends of its 95 % interval; None where there is none, and why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None

    @classmethod
    def of(cls, values: Iterable[float], why: str | None = None) -> Figure:
        """From value, low and high, NaN for none."""
        value, low, high = (None if part != part else float(part) for part in values)
        return cls(value, low, high, why)


@dataclass(frozen=True)
class SpreadFigure(Figure):
    """A figure whose interval is over items. over_networks, mixed: see :mod:`.over_networks`."""

    over_networks: Spread | None = None
    mixed: Spread | None = None


@dataclass(frozen=True)
class ReferenceFigure(Figure):
    """A figure of a reference. difference: of the run less its reference, paired."""

    difference: Figure | None = None


@dataclass(frozen=True)
class Temperature:
    """The mean of the temperatures that a run was rescaled by, and their range over the groups."""

    value: float
    spread: float


# The distance from the labels is the first of these that there is: from people, from the truth.
DISTANCES = ("ce_human", "ce_hard")
# What a note says of a metric that probabilities decide which were rounded to 0.
DECIDED_BY_ZEROS = "save logits, or more digits"
# How a note begins of a check of an attack that failed.
FAILED_CHECK = "a check of the attack failed:"
# How a note begins that says that classes seem to be exchanged.
EXCHANGED = "its first choices are other classes:"


class RunKey(NamedTuple):
    """What a run is known by: the same run may be on several data sets."""

    name: str
    data: str


@dataclass(frozen=True)
class ScoredRun:
    """One row of a scores record, with its texts as in :class:`~c10h.records.Scores`.

    file: what the file that it is in is called, without suffix. parts: the runs that it is the mean
    of, where it was made by :func:`~c10h.metrics.averages.average`.
    """

    scores: Scores
    row: int
    name: str
    network: str
    training: str
    data: str
    items: str
    exposure: str
    notes: str
    seed: str = ""
    combined: str = ""
    _: KW_ONLY
    file: str = ""
    parts: tuple[ScoredRun, ...] = ()

    @classmethod
    def of(cls, scores: Scores, row: int, file: str = "") -> ScoredRun:
        """The run in one row of a record."""
        columns = (scores.run, scores.network, scores.training, scores.data, scores.items,
                   scores.exposure, scores.notes, scores.seed, scores.combined)  # fmt: skip
        texts = ("" if column is None else str(column[row]) for column in columns)
        return cls(scores, row, *texts, file=file)

    @property
    def key(self) -> RunKey:
        """What it is known by."""
        return RunKey(self.name, self.data)

    @cached_property
    def metrics(self) -> list[str]:
        return [str(name) for name in self.scores.metric]

    @cached_property
    def strata(self) -> list[str]:
        return [str(name) for name in self.scores.stratum]

    def estimate(self, metric: str, stratum: str = ALL) -> Estimate | None:
        """An estimate, or None where the file does not have the metric or the stratum."""
        if metric not in self.metrics or stratum not in self.strata:
            return None
        at = self.row, self.metrics.index(metric), self.strata.index(stratum)
        scores = self.scores
        # HDF5 sorts names; the value that is not corrected comes first.
        methods = sorted(scores.ceilings, key=lambda method: method != PLUG_IN)
        ceilings = {
            method: float(scores.ceilings[method][at])
            for method in methods
            if not np.isnan(scores.ceilings[method][at])
        }
        return Estimate(
            float(scores.value[at]),
            float(scores.low[at]),
            float(scores.high[at]),
            int(scores.n[at]),
            ceilings,
            str(scores.why[at]) or None,
        )

    def rescaled(self, metric: str, stratum: str = ALL) -> Estimate | None:
        """An estimate of the run rescaled; None where it was not."""
        own = self.estimate(metric, stratum)
        figure = self.references(metric, stratum).get(RESCALED) if own else None
        if own is None or figure is None:
            return None
        value, low, high = (
            np.nan if part is None else part for part in (figure.value, figure.low, figure.high)
        )
        return Estimate(value, low, high, own.n, {}, figure.why)

    def references(self, metric: str, stratum: str = ALL) -> dict[str, ReferenceFigure]:
        """A metric that the run has of each of its references, by name; none in older files."""
        scores = self.scores
        if scores.reference is None:
            return {}
        assert scores.references is not None
        assert scores.reference_why is not None
        assert scores.above is not None
        q, t = self.metrics.index(metric), self.strata.index(stratum)
        value = scores.value[self.row, q, t]
        figures = {}
        for f, name in enumerate(scores.reference.tolist()):
            at = self.row, f, q, t
            figure = Figure.of(scores.references[at], str(scores.reference_why[at]) or None)
            with np.errstate(invalid="ignore"):  # infinity less infinity
                less = value - scores.references[at][0]
            difference = Figure.of((less, *scores.above[at]))
            figures[name] = ReferenceFigure(
                figure.value, figure.low, figure.high, figure.why, difference
            )
        return figures

    @property
    def temperature(self) -> Temperature | None:
        """What the run was rescaled by; None where it was not."""
        scores = self.scores
        if scores.temperature is None or np.isnan(scores.temperature[self.row, 0]):
            return None
        return Temperature(*map(float, scores.temperature[self.row]))

    def has_decisive_zeros(self, metric: str | None = None) -> bool:
        """Whether probabilities of 0 decide its distance from the labels, and its temperature.

        Or else a metric of it.
        """
        decided = {
            line.partition(":")[0] for line in self.notes.splitlines() if DECIDED_BY_ZEROS in line
        }
        distance = next((name for name in DISTANCES if name in self.metrics), None)
        return not decided.isdisjoint({distance, metric})

    @property
    def scale(self) -> Figure | None:
        """The share of its distance from the labels that its temperature takes off."""
        scores = self.scores
        if scores.scale is None or np.isnan(scores.scale[self.row, 0]):
            return None
        return Figure.of(scores.scale[self.row])

    @cached_property
    def networks(self) -> dict[str, str]:
        """What its networks are called, with a digest of the items that each is about."""
        scores = self.scores
        if scores.networks is None or scores.network_items is None:
            return {}
        names, digests = scores.networks[self._networks], scores.network_items[self._networks]
        return dict(zip(names.tolist(), digests.tolist(), strict=True))

    @cached_property
    def _networks(self) -> Array:
        """Where its networks are in the record."""
        assert self.scores.network_run is not None
        return np.flatnonzero(self.scores.network_run == self.row)

    def of_networks(self, *, rescaled: bool = False) -> Array:
        """The values of its networks, or of them rescaled, float64 (networks, q, t).

        A run without several is a network itself. NaN where there are none.
        """
        scores = self.scores
        if self.networks:
            values = scores.network_rescaled if rescaled else scores.network_value
            assert values is not None
            return np.asarray(values[self._networks])
        own = np.asarray(scores.value[self.row][None])
        if not rescaled:
            return own
        if scores.reference is None or scores.references is None:
            return np.full_like(own, np.nan)
        place = scores.reference.tolist().index(RESCALED)
        return np.asarray(scores.references[self.row, place, ..., 0][None])

    def network_values(self, metric: str, stratum: str = ALL, *, rescaled: bool = False) -> Array:
        """A metric of each of its networks, or of them rescaled, float64 (networks)."""
        at = self.metrics.index(metric), self.strata.index(stratum)
        return np.asarray(self.of_networks(rescaled=rescaled)[:, *at])

    def over_networks(
        self, metric: str, stratum: str = ALL, *, rescaled: bool = False
    ) -> Spread | None:
        """The mean over its networks with its interval; None where there are not several."""
        if metric not in self.metrics or stratum not in self.strata or not self.networks:
            return None
        values = self.network_values(metric, stratum, rescaled=rescaled)
        return _within(metric, over_networks(values))

    def mixed(self, metric: str, stratum: str = ALL, *, rescaled: bool = False) -> Spread | None:
        """The mean over its parts with the interval over parts and items; None without parts."""
        if len(self.parts) < 2 or metric not in self.metrics or stratum not in self.strata:
            return None
        samples = np.stack(
            [part.draws_of(metric, stratum, rescaled=rescaled) for part in self.parts]
        )
        values = [part.value_of(metric, stratum, rescaled=rescaled) for part in self.parts]
        spread = mixed(samples, np.array(values), int(self.scores.settings["seed"]))
        return _within(metric, spread)

    def value_of(self, metric: str, stratum: str = ALL, *, rescaled: bool = False) -> float:
        """A metric that the run has, or of it rescaled; NaN for none."""
        estimate = (self.rescaled if rescaled else self.estimate)(metric, stratum)
        return np.nan if estimate is None else estimate.value

    def draws_of(self, metric: str, stratum: str, *, rescaled: bool) -> Array:
        """The bootstrap values of one metric of the run, or of it rescaled, float64 (B)."""
        values = self.scores.rescaled_samples if rescaled else self.scores.samples
        assert values is not None
        of_metric = values[self.row][self.metrics.index(metric), self.strata.index(stratum)]
        return np.asarray(of_metric, dtype=np.float64)

    def rescaled_samples(self, stratum: str) -> Array:
        """The bootstrap values of every metric of the run rescaled, float64 (q, B)."""
        assert self.scores.rescaled_samples is not None
        values = self.scores.rescaled_samples[self.row][:, self.strata.index(stratum)]
        return np.asarray(values, dtype=np.float64)

    def samples(self, stratum: str) -> Array:
        """The bootstrap values of every metric, float64 (q, B)."""
        values = self.scores.samples[self.row][:, self.strata.index(stratum)]
        return np.asarray(values, dtype=np.float64)


def _within(metric: str, spread: Spread | None) -> Spread | None:
    """A spread with its ends cut to what a metric can be."""
    if spread is None or spread.low is None or spread.high is None:
        return spread
    least, most = METRICS[metric].bounds
    low, high = np.clip([spread.low, spread.high], least, most).tolist()
    return replace(spread, low=low, high=high)


def scored_runs(records: Sequence[Scores], files: Sequence[str] = ()) -> list[ScoredRun]:
    """All runs of all records. files: what each is called, where that is known.

    Raises MismatchError for records of other classes, InputError for two runs of one name on one
    data set.
    """
    runs = [
        ScoredRun.of(record, row, file)
        for record, file in zip(records, files or [""] * len(records), strict=True)
        for row in range(len(record.run))
    ]
    for record in records[1:]:
        if not have_same_classes(record.classes, records[0].classes):
            raise MismatchError(
                f"scores of different classes: expected {', '.join(records[0].classes)}, "
                f"found {', '.join(record.classes)}"
            )
    for key, count in Counter(run.key for run in runs).items():
        if count > 1:
            where = " and ".join(run.file or "a file" for run in runs if run.key == key)
            on = f" on {key.data}" if key.data else ""
            raise InputError(
                f"two runs are called {key.name!r}{on}, in {where}: c10h score NAME=FILE names a "
                "run"
            )
    return runs


def have_same_classes(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two inputs have the same classes; names that nobody gave fit any."""
    unnamed = are_default(names) or are_default(others)
    return len(names) == len(others) and (unnamed or set(names) == set(others))


def metrics_of(runs: Sequence[ScoredRun]) -> list[str]:
    """Every metric of any run, in the order of the table of metrics."""
    known = {metric for run in runs for metric in run.metrics}
    return in_order(filter(is_metric, known))
