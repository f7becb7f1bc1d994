"""Scores as JSON and as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from c10h.metrics.differences import Difference, Pair, differences, pairs_with_first
from c10h.metrics.estimates import ScoredRun, metrics_of
from c10h.metrics.references import REFERENCES
from c10h.metrics.strata import ALL
from c10h.views.forms.json_text import plain
from c10h.views.notes import misordered_notes

COLUMNS = ("value", "low", "high", "n", "why")


def to_json(runs: Sequence[ScoredRun]) -> dict[str, Any]:
    """All figures as one object; differences are against the first run of each data set."""
    pairs = pairs_with_first(runs)
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
            "notes": [*run.notes.splitlines(), *misordered_notes([run])],
            "seed": run.seed,
            "networks": list(run.networks),
            "combined": run.combined,
            "temperature": plain(run.temperature),
            "scale": plain(run.scale),
            "metrics": _estimates_to_json(run, ALL),
            "strata": {name: _estimates_to_json(run, name) for name in run.strata if name != ALL},
        }
        for run in runs
    ]


def _estimates_to_json(run: ScoredRun, stratum: str) -> dict[str, Any]:
    return {
        metric: {
            **plain(run.estimate(metric, stratum)),
            "references": plain(run.references(metric, stratum)),
            "over_networks": plain(run.over_networks(metric, stratum)),
            "mixed": plain(run.mixed(metric, stratum)),
        }
        for metric in run.metrics
    }


def differences_to_json(pairs: Sequence[Pair], stratum: str = ALL) -> list[dict[str, Any]]:
    """The differences of pairs, in the metrics that both have."""
    metrics = metrics_of([pair.baseline for pair in pairs])
    return [
        {**difference_to_json(difference), "data": pair.run.data}
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


def difference_rows(pairs: Sequence[Pair], stratum: str = ALL) -> list[dict[str, object]]:
    """One row a difference that there is: of a run from the baseline."""
    return [
        {
            "run": row["a"],
            "baseline": row["b"],
            "data": row["data"],
            "stratum": stratum,
            **{name: row[name] for name in ("metric", "value", "low", "high")},
        }
        for row in differences_to_json(pairs, stratum)
        if row["value"] is not None
    ]


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
                references = run.references(metric, stratum)
                beside = {
                    name: references[name].value if name in references else None
                    for name in REFERENCES
                }
                rows.append({**about, "stratum": stratum, "metric": metric, **value, **beside})
    return rows
