"""How noisy labels are: tables, charts, rows and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from c10h.errors import counted
from c10h.stages.labels_noise import ACCURACY, DISAGREEMENT, RESAMPLES, Curve, Noise
from c10h.views.display import Display
from c10h.views.forms.terminal_chart import line_chart
from c10h.views.noise_answer import noise_answer, of_fewer_items
from c10h.views.table import Cell, Table, interval, number

# A line that never leaves this is none.
VISIBLE = 1e-9
# What is drawn in one chart.
UNITS: Mapping[str, tuple[str, ...]] = {
    "nats": ("ce_human", "jsd"),
    "squared": ("squared error", "brier_human"),
    "share": ("accuracy", "sba", "tvd", "entropy_corr", "kappa_human", "unanimous"),
}


def display(noise: Noise) -> Display:
    """Labels and ceilings against votes, and where the entropy is."""
    return Display(
        lambda: tables(noise),
        lambda: to_json(noise),
        lambda: rows(noise),
        lambda width: charts(noise, width),
        answers=lambda: [noise_answer(noise)],
    )


def vote_names(noise: Noise) -> list[str]:
    """The numbers of votes, as words."""
    return [str(votes) for votes in noise.votes[:-1]] + ["all"]


def tables(noise: Noise) -> list[Table]:
    """Labels and ceilings against votes, more items or more votes, and where the entropy is."""
    notes = [
        f"{noise.items:,} items with {noise.total:,} votes, {noise.fewest:,} to {noise.most:,} per "
        "item; items with fewer than n votes keep all of them",
        f"± is the standard error of values without a closed form: {noise.draws} draws of votes "
        f"without replacement, seed {noise.seed}",
        _agreement(noise),
        *of_fewer_items(noise),
    ]
    of_labels = [_row(curve) for curve in noise.curves if not curve.method]
    ceilings = [_row(curve) for curve in noise.curves if curve.method]
    header = ["n votes per item:", *vote_names(noise)]
    shares = [
        [Cell(f"{items:.0%}"), Cell(number(share))] for items, share in noise.concentration.items()
    ]
    return [
        Table("Labels made from n votes", header, of_labels),
        Table("What people reach, by method", header, ceilings),
        *_designs(noise),
        Table("", ["most uncertain items", "share of the entropy"], shares, 1, notes),
    ]


def _agreement(noise: Noise) -> str:
    """Krippendorff's alpha in words."""
    alpha = noise.alpha
    told = f"Krippendorff's alpha (nominal): {number(alpha.value)}"
    if ends := interval(alpha.low, alpha.high):
        told += f" ({ends}, 95 % bootstrap over items, {RESAMPLES:,} resamples)"
    return f"{told}, over {counted(alpha.items, 'item')} with two votes or more"


def _designs(noise: Noise) -> list[Table]:
    """The same number of judgments on more items or with more votes; none where it is not known."""
    if not noise.designs:
        return []
    names = list(noise.designs[0].errors)
    cells = [
        [
            Cell(f"{design.votes:,}"),
            Cell(f"{design.items:,}"),
            *(Cell(number(design.errors[name], 5)) for name in names),
            Cell(number(design.label_error)),
        ]
        for design in noise.designs
    ]
    title = f"More items or more votes? {noise.total:,} judgments"
    header = ["votes per item", "items", *(f"± mean {name}" for name in names), "squared error"]
    meaning = "± is the standard error of a mean over such items; disagreement: the chance that "
    meaning += "two people choose differently"
    if ACCURACY in names:
        meaning += "; accuracy: people's share of right votes"
    return [Table(title, header, cells, 1, [meaning, *_told_by(noise)])]


def _told_by(noise: Noise) -> list[str]:
    """Which items the errors of designs are told from, where some are left out."""
    least = {DISAGREEMENT: "four", ACCURACY: "two"}
    told = [
        f"{name} from {counted(items, 'item')} with {least[name]} votes or more"
        for name, items in noise.told_by.items()
        if items < noise.items
    ]
    return ["; ".join(told).replace(DISAGREEMENT, f"{DISAGREEMENT} and squared error")] * bool(told)


def charts(noise: Noise, width: int) -> str:
    """The curves by their units, at most ``width`` characters wide."""
    parts = []
    for unit, metrics in UNITS.items():
        lines = {
            curve.name: curve.values
            for curve in noise.curves
            if curve.metric in metrics and (np.abs(curve.values) > VISIBLE).any()
        }
        if lines and len(noise.votes) > 1:
            parts.append(line_chart(unit, vote_names(noise), lines, width))
    return "\n".join(parts)


def rows(noise: Noise) -> list[dict[str, object]]:
    """One row a quantity and number of votes."""
    return [
        {
            "metric": curve.metric,
            "method": curve.method,
            "votes": votes,
            "value": value,
            "standard_error": error or None,
        }
        for curve in noise.curves
        for votes, value, error in zip(vote_names(noise), curve.values, curve.errors, strict=True)
    ]


def to_json(noise: Noise) -> dict[str, Any]:
    """Everything as one object."""
    return {
        "items": noise.items,
        "items_with_one_vote": noise.items - noise.several,
        "votes": {"total": noise.total, "fewest": noise.fewest, "most": noise.most},
        "draws": noise.draws,
        "seed": noise.seed,
        "n": vote_names(noise),
        "curves": [
            {
                "metric": curve.metric,
                "method": curve.method or None,
                "values": curve.values,
                "standard_errors": [error or None for error in curve.errors],
                "items": curve.items,
            }
            for curve in noise.curves
        ],
        "krippendorff_alpha": {
            "value": noise.alpha.value,
            "low": noise.alpha.low,
            "high": noise.alpha.high,
            "items": noise.alpha.items,
        },
        "same_budget": [
            {
                "votes": design.votes,
                "items": design.items,
                "standard_errors": design.errors,
                "squared_error": design.label_error,
            }
            for design in noise.designs
        ],
        "entropy_share": {f"{items:g}": share for items, share in noise.concentration.items()},
    }


def _row(curve: Curve) -> list[Cell]:
    cells = [
        Cell(number(value), f"±{number(error)}" if error > 0 else "")
        for value, error in zip(curve.values, curve.errors, strict=True)
    ]
    return [Cell(curve.name), *cells]
