"""Evaluated runs as one record of scores: figures of runs, and of the networks in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import brief
from c10h.metrics.item_block import Float
from c10h.metrics.over_networks import BY_FOLD, MEAN
from c10h.metrics.references import RESCALED
from c10h.records import Array, Scores, Setting
from c10h.stages.network_metrics import Evaluation
from c10h.stages.prediction_pass import NETWORK
from c10h.stages.score_figures import Figures, ModelFigures


@dataclass(frozen=True)
class EvaluatedRun:
    """One row of the result before the bootstrap.

    networks: what the run's networks are called, and items what each is about; none for a single
    network or an ensemble. evaluations: one of each of the networks (combined is MEAN), or one of
    all items, each of which is predicted by one of the networks (BY_FOLD), or of the single one.
    """

    name: str
    network: str
    training: str
    data: str
    seed: str
    items: str
    exposure: str
    evaluations: Sequence[Evaluation]
    combined: str = ""
    networks: Sequence[str] = ()
    network_items: Sequence[str] = ()

    @property
    def notes(self) -> str:
        """What a reader should know, one a line; whose it is where it is not of all networks."""
        lines: dict[str, list[str]] = {}
        for number, evaluation in enumerate(self.evaluations):
            name = self.networks[number] if self.combined == MEAN else ""
            for line in evaluation.notes.splitlines():
                lines.setdefault(line, []).append(name)
        return "\n".join(
            line if len(whose) == len(self.evaluations) else f"{line} ({brief(whose, 3)})"
            for line, whose in lines.items()
        )


def collect(
    scored: Sequence[EvaluatedRun],
    classes: tuple[str, ...],
    metrics: Sequence[str],
    settings: dict[str, Setting],
    *,
    per_item: bool,
) -> Scores:
    """Values, intervals, reasons, ceilings and references of all runs as one record.

    settings: of the scores; "seed" and "resamples" are those of the bootstrap.
    """
    evaluations = [evaluation for run in scored for evaluation in run.evaluations]
    strata = list(dict.fromkeys(name for each in evaluations for name in each.network.strata))
    resamples, seed = int(settings["resamples"]), int(settings["seed"])
    figures = Figures([run.evaluations for run in scored], metrics, strata, resamples, seed)
    own = figures.of_model(NETWORK)

    def texts(field: str) -> Array:
        return np.array([getattr(run, field) for run in scored])

    return Scores(
        classes=classes,
        settings=settings,
        value=own.value,
        low=own.low,
        high=own.high,
        n=own.n,
        why=own.why,
        ceilings=figures.ceilings(),
        run=texts("name"),
        network=texts("network"),
        training=texts("training"),
        data=texts("data"),
        items=texts("items"),
        exposure=texts("exposure"),
        notes=texts("notes"),
        seed=texts("seed"),
        metric=np.array(metrics),
        stratum=np.array(strata),
        samples=own.samples,
        per_item=_per_item(scored, metrics) if per_item else None,
        **figures.references(own),
        **_networks(scored, figures, own),
    )


def _networks(
    scored: Sequence[EvaluatedRun], figures: Figures, own: ModelFigures
) -> dict[str, Any]:
    """The fields of scores that are about networks; none where no run combines several."""
    if not any(run.networks for run in scored):
        return {}
    rescaled = figures.of_model(RESCALED).by_network

    def values(of_networks: Float, model: str) -> Float:
        parts = []
        for row, run in enumerate(scored):
            start = int(figures.starts[row])
            if run.combined == MEAN:
                parts.append(of_networks[start : start + len(run.networks)])
            elif run.combined == BY_FOLD:
                parts.append(figures.of_folds(row, model))
        return np.concatenate(parts)

    return {
        "combined": np.array([run.combined for run in scored]),
        "networks": np.array([name for run in scored for name in run.networks]),
        "network_run": np.repeat(np.arange(len(scored)), [len(run.networks) for run in scored]),
        "network_items": np.array([digest for run in scored for digest in run.network_items]),
        "network_value": values(own.by_network, NETWORK),
        "network_rescaled": values(rescaled, RESCALED),
    }


def _per_item(scored: Sequence[EvaluatedRun], metrics: Sequence[str]) -> Array:
    """The values of each item, means over the networks of a run, float32 (r, q, n)."""
    sizes = {run.evaluations[0].size for run in scored}
    if len(sizes) > 1:
        raise InputError(
            "--per-item: expected runs with the same number of items; score them separately"
        )
    values = np.full((len(scored), len(metrics), sizes.pop()), np.nan, np.float32)
    for r, run in enumerate(scored):
        for metric in run.evaluations[0].per_item:
            of_networks = [evaluation.per_item[metric] for evaluation in run.evaluations]
            values[r, metrics.index(metric)] = np.mean(of_networks, axis=0, dtype=np.float64)
    return values
