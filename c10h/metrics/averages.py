"""Means of runs: over seeds, and over networks, as the paper averages its figures.

The mean of their figures, not the figure of their mean prediction. Items are drawn alike in all
runs, so the mean of their resamples has the interval over items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from c10h.errors import InputError
from c10h.metrics.bootstrap import interval
from c10h.metrics.estimates import ScoredRun
from c10h.metrics.exposure import of_all
from c10h.metrics.item_block import Float
from c10h.metrics.over_networks import MEAN
from c10h.metrics.references import RESCALED
from c10h.records import Array, Scores

SETTINGS = ("seed", "resamples", "rescale")


def average(
    runs: Sequence[ScoredRun], labels: Sequence[str], *, name: str, network: str, training: str
) -> ScoredRun:
    """The mean of runs that were scored on the same items, as a run called ``name``.

    labels: what tells the runs apart, such as their seeds; the networks of each are named after it,
    too. network, training: those of the mean. It keeps the metrics and strata that all runs have; a
    figure that one of them lacks does not exist. Raises InputError for runs of different items or
    that were resampled or rescaled differently.
    """
    first = runs[0]
    for run in runs[1:]:
        if run.items != first.items:
            raise InputError(
                f"{first.name} and {run.name} are on {first.data or 'a data set'} with different "
                "items or labels and have no mean"
            )
        for setting in SETTINGS:
            if run.scores.settings.get(setting) != first.scores.settings.get(setting):
                raise InputError(
                    f"{first.name} and {run.name} were scored with a different {setting} and have "
                    "no mean"
                )
    texts: dict[str, Any] = {
        "run": name,
        "network": network,
        "training": training,
        "data": first.data,
        "items": first.items,
        "exposure": of_all([run.exposure for run in runs]),
        "notes": _notes(runs),
        "combined": MEAN,
    }
    scores = Scores(
        classes=first.scores.classes,
        settings=first.scores.settings,
        **{field: np.array([text]) for field, text in texts.items()},  # type: ignore[arg-type]
        **_Figures(runs).fields(labels),
    )
    return replace(ScoredRun.of(scores, 0), file=first.file, parts=tuple(runs))


def _notes(runs: Sequence[ScoredRun]) -> str:
    """The notes of all runs, each once."""
    return "\n".join(dict.fromkeys(line for run in runs for line in run.notes.splitlines()))


class _Figures:
    """The figures of a mean of runs as the fields of a record with one row."""

    def __init__(self, runs: Sequence[ScoredRun]) -> None:
        self.runs, first = runs, runs[0]
        self.metrics = [name for name in first.metrics if all(name in r.metrics for r in runs)]
        self.strata = [name for name in first.strata if all(name in r.strata for r in runs)]

    def fields(self, labels: Sequence[str]) -> dict[str, Any]:
        """Everything but the texts. labels: what tells the runs apart."""
        value = self._mean("value")
        samples = self._mean("samples")
        low, high = interval(samples)
        known = ~np.isnan(value)
        return {
            "metric": np.array(self.metrics),
            "stratum": np.array(self.strata),
            "value": value[None],
            "low": np.where(known, low, np.nan)[None],
            "high": np.where(known, high, np.nan)[None],
            "n": np.rint(self._mean("n")).astype(np.int64)[None],
            "why": self._first_reason(self._each("why"))[None],
            "ceilings": self._ceilings(),
            "samples": samples.astype(np.float32)[None],
            **self._references(value, samples),
            **self._networks(labels),
        }

    def _chosen(self, run: ScoredRun, values: Any, axis: int = 0) -> Array:
        """What a run has of the common metrics and strata, of an array (…, q, t, …)."""
        rows = [run.metrics.index(name) for name in self.metrics]
        columns = [run.strata.index(name) for name in self.strata]
        return np.asarray(values).take(rows, axis).take(columns, axis + 1)

    def _each(self, field: str, axis: int = 0) -> Array:
        """A field of each run's record."""
        return np.stack(
            [self._chosen(run, getattr(run.scores, field)[run.row], axis) for run in self.runs]
        )

    def _mean(self, field: str, axis: int = 0) -> Float:
        with np.errstate(invalid="ignore"):  # infinity less infinity
            return np.asarray(self._each(field, axis).mean(axis=0, dtype=np.float64))

    def _first_reason(self, reasons: Array) -> Array:
        """Of reasons (runs, …), that of the first run that has one, else ""."""
        first = (reasons != "").argmax(axis=0)
        return np.asarray(np.take_along_axis(reasons, first[None], axis=0)[0])

    def _ceilings(self) -> dict[str, Float]:
        """The means of those that all runs have."""
        methods = [m for m in self.runs[0].scores.ceilings
                   if all(m in run.scores.ceilings for run in self.runs)]  # fmt: skip
        return {
            method: np.mean(
                [self._chosen(r, r.scores.ceilings[method][r.row]) for r in self.runs], axis=0
            )[None]
            for method in methods
        }

    def _references(self, value: Float, samples: Float) -> dict[str, Any]:
        """Of the references; only that which is rescaled has resamples, and so intervals."""
        names = [run.scores.reference for run in self.runs]
        if any(name is None or name.tolist() != names[0].tolist() for name in names):  # type: ignore[union-attr]
            return {}
        of_references = self._mean("references", axis=1)
        rescaled = self._mean("rescaled_samples")
        place = names[0].tolist().index(RESCALED)  # type: ignore[union-attr]
        of_references[..., 1:] = np.nan
        of_references[place, ..., 1:] = np.stack(interval(rescaled), -1)
        above = np.full((*of_references.shape[:-1], 2), np.nan)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            above[place] = np.stack(interval(samples - rescaled), -1)
        unknown = np.isnan(of_references[..., 0])
        of_references[unknown], above[unknown] = np.nan, np.nan
        scores = [(run.scores, run.row) for run in self.runs]
        shares = np.mean([of.scale[row] for of, row in scores], axis=0)  # type: ignore[index]
        temperatures = [of.temperature[row] for of, row in scores]  # type: ignore[index]
        return {
            "reference": names[0],
            "references": of_references[None],
            "reference_why": self._first_reason(self._each("reference_why", axis=1))[None],
            "above": above[None],
            "temperature": np.mean(temperatures, axis=0)[None],
            "scale": np.array([[shares[0], np.nan, np.nan]]),
            "rescaled_samples": rescaled.astype(np.float32)[None],
        }

    def _networks(self, labels: Sequence[str]) -> dict[str, Any]:
        """The networks of all runs; a run that does not know of any is one itself."""
        names: list[str] = []
        digests: list[str] = []
        for run, label in zip(self.runs, labels, strict=True):
            names += [f"{label}/{name}" for name in run.networks] or [label]
            digests += list(run.networks.values()) or [run.items]
        return {
            "networks": np.array(names),
            "network_run": np.zeros(len(names), dtype=np.int64),
            "network_items": np.array(digests),
            "network_value": self._of_networks(rescaled=False),
            "network_rescaled": self._of_networks(rescaled=True),
        }

    def _of_networks(self, *, rescaled: bool) -> Float:
        parts = [self._chosen(run, run.of_networks(rescaled=rescaled), axis=1) for run in self.runs]
        return np.concatenate(parts)
