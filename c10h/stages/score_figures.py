"""The figures of scored runs and of their references as arrays, with the resamples behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from c10h.metrics.bootstrap import interval, weights
from c10h.metrics.item_block import Float
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.proportions import wilson_interval
from c10h.metrics.references import REFERENCES, RESCALED
from c10h.metrics.strata import ALL
from c10h.metrics.sums import Formulas
from c10h.records import Array
from c10h.stages.network_metrics import NO_TRUTH, SCALE, Evaluation, ModelMetrics

# How the names of metrics begin that are shares of items, each of which is right or not.
OF_ITEMS = ("accuracy", "sba")


@dataclass(frozen=True)
class ModelFigures:
    """Figures of every run, or of one reference of every run, (r, q, t); samples (r, q, t, b).

    by_network: the values of each network (e, q, t).
    """

    value: Float
    low: Float
    high: Float
    n: Array
    why: Array
    samples: Array
    by_network: Float


class Figures:
    """Computes figures of r runs: q metrics, t strata, b resamples.

    A run is one network or several, each with an evaluation (e in all); its figures are the means
    of its networks', and so are its resamples, in which all networks are scored on the items drawn.
    """

    def __init__(
        self,
        runs: Sequence[Sequence[Evaluation]],
        metrics: Sequence[str],
        strata: Sequence[str],
        resamples: int,
        seed: int,
    ) -> None:
        self.evaluations = [evaluation for run in runs for evaluation in run]
        self.starts = np.cumsum([0, *(len(run) for run in runs[:-1])])
        self.sizes = np.array([len(run) for run in runs])
        self.metrics, self.strata = metrics, strata
        self.resamples, self.seed = resamples, seed
        self.shape = (len(self.evaluations), len(metrics), len(strata))

    def of_model(self, model: str) -> ModelFigures:
        """The figures of the networks, or of a reference by its name."""
        value, n = np.full(self.shape, np.nan), np.zeros(self.shape, dtype=np.int64)
        for e, t, formulas in self._formulas(model):
            for metric, (values, items) in formulas.evaluate().items():
                q = self.metrics.index(metric)
                value[e, q, t], n[e, q, t] = values[0], round(float(items[0]))
        samples = self._means(self._resample(model))
        least, largest = np.array([METRICS[metric].bounds for metric in self.metrics]).T[..., None]
        low, high = (np.clip(end, least, largest) for end in interval(samples))
        mean = self._means(value)
        known = ~np.isnan(mean)
        items = np.rint(self._means(n.astype(np.float64))).astype(np.int64)
        low, high = self._with_width(mean, low, high, items)
        return ModelFigures(
            mean,
            np.where(known, low, np.nan),
            np.where(known, high, np.nan),
            items,
            self._reasons(model, ~np.isnan(value)),
            samples,
            value,
        )

    def _with_width(
        self, value: Float, low: Float, high: Float, items: Array
    ) -> tuple[Float, Float]:
        """Intervals, (r, q, t): of shares of items Wilson's where all of them or none are right.

        No resample has another value then.
        """
        of_shares = np.array([metric.startswith(OF_ITEMS) for metric in self.metrics])[:, None]
        is_flat = of_shares & (low == high) & ((value == 0) | (value == 1))
        ends = wilson_interval(value, items.astype(np.float64))
        return np.where(is_flat, ends[0], low), np.where(is_flat, ends[1], high)

    def references(self, own: ModelFigures) -> dict[str, Any]:
        """The fields of scores that are about references; none where no run has any.

        own: the figures of the networks.
        """
        if not any(evaluation.fitted for evaluation in self.evaluations):
            return {}
        figures, above, reasons, rescaled = [], [], [], None
        for name in REFERENCES:
            of_reference = self.of_model(name)
            figures.append(np.stack([of_reference.value, of_reference.low, of_reference.high], -1))
            reasons.append(of_reference.why)
            with np.errstate(invalid="ignore"):  # infinity less infinity
                ends = np.stack(interval(own.samples - of_reference.samples), -1)
                known = np.isfinite(own.value - of_reference.value)
            above.append(np.where(known[..., None], ends, np.nan))
            if name == RESCALED:
                rescaled = of_reference.samples
        return {
            "reference": np.array(list(REFERENCES)),
            "references": np.stack(figures, 1),
            "reference_why": np.stack(reasons, 1),
            "above": np.stack(above, 1),
            "temperature": self._means(np.array([_temperature(e) for e in self.evaluations])),
            "scale": self._scale(),
            "rescaled_samples": rescaled,
        }

    def ceilings(self) -> dict[str, Array]:
        """What people reach, an array (r, q, t) for each method."""
        limits: dict[str, Array] = {}
        for e, evaluation in enumerate(self.evaluations):
            for stratum, of_stratum in evaluation.ceilings.items():
                for (metric, method), limit in of_stratum.items():
                    array = limits.setdefault(method, np.full(self.shape, np.nan))
                    array[e, self.metrics.index(metric), self.strata.index(stratum)] = limit
        return {method: self._means(array) for method, array in limits.items()}

    def of_folds(self, run: int, model: str) -> Float:
        """Values of a model in each fold of a run that has one evaluation, (folds, q, t).

        NaN in strata other than all items, and where there are none.
        """
        evaluation = self.evaluations[int(self.starts[run])]
        values = np.full((len(evaluation.network.folds), *self.shape[1:]), np.nan)
        of_model = evaluation.models().get(model)
        for fold, formulas in enumerate(() if of_model is None else of_model.folds):
            for metric, (value, _) in formulas.evaluate().items():
                values[fold, self.metrics.index(metric), self.strata.index(ALL)] = value[0]
        return values

    def _means(self, of_networks: Float) -> Float:
        """Means over the networks of each run, of an array (e, …)."""
        if len(self.sizes) == len(self.evaluations):
            return of_networks
        with np.errstate(invalid="ignore"):  # infinity less infinity
            sums = np.add.reduceat(of_networks.astype(np.float64), self.starts, axis=0)
        sizes = self.sizes.reshape(-1, *[1] * (of_networks.ndim - 1))
        return np.asarray((sums / sizes).astype(of_networks.dtype))

    def _model(self, e: int, model: str) -> ModelMetrics | None:
        return self.evaluations[e].models().get(model)

    def _formulas(self, model: str) -> Iterator[tuple[int, int, Formulas]]:
        """Evaluation, stratum and formulas, for each that a model has."""
        for e in range(len(self.evaluations)):
            if (of_model := self._model(e, model)) is not None:
                for stratum, formulas in of_model.strata.items():
                    yield e, self.strata.index(stratum), formulas

    @cached_property
    def _drawn(self) -> Mapping[int, list[tuple[slice, Array]]]:
        """The weights of each resample, by the number of groups that runs are resampled by.

        Runs over equally many items share them. No item is drawn more than 255 times.
        """
        return {
            groups: [
                (block, drawn.astype(np.uint8))
                for block, drawn in weights(groups, self.resamples, self.seed)
            ]
            for groups in {evaluation.groups for evaluation in self.evaluations}
        }

    def _resample(self, model: str) -> Array:
        """Bootstrap values, float32 (e, q, t, b)."""
        samples = np.full((*self.shape, self.resamples), np.nan, dtype=np.float32)
        for groups, blocks in self._drawn.items():
            alike = [
                (e, t, formulas)
                for e, t, formulas in self._formulas(model)
                if self.evaluations[e].groups == groups
            ]
            for block, drawn in blocks:
                repeats = drawn.astype(np.float64)
                for e, t, formulas in alike:
                    for metric, (values, _) in formulas.evaluate(repeats).items():
                        samples[e, self.metrics.index(metric), t, block] = values
        return samples

    def _scale(self) -> Float:
        """Value, low and high of each run's share of scale, float64 (r, 3)."""
        shares = np.full(len(self.evaluations), np.nan)
        samples = np.full((len(self.evaluations), self.resamples), np.nan)
        for e, evaluation in enumerate(self.evaluations):
            values = evaluation.scale.evaluate()
            if SCALE not in values or np.isnan(values[SCALE][0][0]):
                continue
            shares[e] = values[SCALE][0][0]
            for block, drawn in self._drawn[evaluation.groups]:
                samples[e, block] = evaluation.scale.evaluate(drawn.astype(np.float64))[SCALE][0]
        of_runs = self._means(shares)
        ends = np.stack(interval(self._means(samples)), -1)
        return np.column_stack([of_runs, np.where(np.isnan(of_runs)[:, None], np.nan, ends)])

    def _reasons(self, model: str, known: Array) -> Array:
        """Why values of runs do not exist, "" where they do. known: of networks, (e, q, t)."""
        reasons = np.full((len(self.sizes), *known.shape[1:]), "", dtype=object)
        run_of = np.repeat(np.arange(len(self.sizes)), self.sizes)
        for e, q, t in np.argwhere(~known)[::-1]:  # that of the first network stands
            why = self._why(model, int(e), self.metrics[q], self.strata[t])
            reasons[run_of[e], q, t] = why
        return reasons.astype(np.str_)

    def _why(self, model: str, e: int, metric: str, stratum: str) -> str:
        evaluation, of_model = self.evaluations[e], self._model(e, model)
        if of_model is None:
            return evaluation.without.get(model, "no references were asked for")
        if metric in of_model.missing:
            return of_model.missing[metric]
        if stratum not in of_model.strata:
            return "the run has no such stratum"
        if not len(of_model.strata[stratum].group):
            return "the stratum has no items"
        if stratum in evaluation.untold and Needs.TRUTH in METRICS[metric].needs:
            return NO_TRUTH
        return METRICS[metric].absent


def _temperature(evaluation: Evaluation) -> tuple[float, float]:
    """Mean and range of the temperatures that a network was rescaled by."""
    if evaluation.fitted is None or RESCALED in evaluation.without:
        return np.nan, np.nan
    return evaluation.fitted.temperature, evaluation.fitted.spread
