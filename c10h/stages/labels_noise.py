"""How noisy are labels? Their own quantities and people's ceilings against votes per item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import Tell, silent
from c10h.metrics.block import Float, entropy
from c10h.metrics.ceilings import split_half, split_items, split_votes
from c10h.metrics.noise import (
    CLOSED,
    LABELS,
    NEED_TRUTH,
    Voted,
    blocks,
    drawn_ceilings,
    top_share,
)
from c10h.records import Array, Labels
from c10h.stages.join import People
from c10h.stages.label_requests import NoiseRequest
from c10h.stages.progress import Show, unseen
from c10h.stages.voted_labels import voted_labels_in
from c10h.views.forms.json_text import plain
from c10h.views.forms.terminal_chart import line_chart
from c10h.views.table import Cell, Table, number

# Shares of the most uncertain items.
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
TOP = 0.3
ROWS = 1 << 16
SPLIT_HALF = "split-half"
# More than any item has: all votes.
ALL_VOTES = 1 << 30
STEPS = (1, 2, 5)
# A line that never leaves this is none.
VISIBLE = 1e-9
# What is drawn in one chart.
UNITS = {
    "nats": ("ce_human", "jsd"),
    "squared": ("squared error", "brier_human"),
    "share": ("accuracy", "sba", "entropy_corr", "kappa_human", "unanimous"),
}


@dataclass(frozen=True)
class Curve:
    """One quantity against votes: values, and the standard error of those that were drawn.

    metric: its name, or that of a quantity of the labels themselves; method: "" for these.
    """

    metric: str
    method: str
    values: Float
    errors: Float

    @property
    def name(self) -> str:
        return f"{self.metric} {self.method}".strip()


@dataclass(frozen=True)
class Noise:
    """Curves over ``votes`` (the last is all votes of an item), and where the entropy is.

    concentration: share of the entropy in each share of the most uncertain items. judged: how many
    items have a true class.
    """

    votes: Sequence[int]
    curves: Sequence[Curve]
    concentration: Mapping[float, float]
    items: int
    total: int
    fewest: int
    most: int
    draws: int
    seed: int
    judged: int

    def columns(self) -> list[str]:
        """The numbers of votes, as words."""
        return [str(n) for n in self.votes[:-1]] + ["all"]

    def tables(self) -> list[Table]:
        """Labels and ceilings against votes, and where the entropy is."""
        notes = [
            f"{self.items:,} items with {self.total:,} votes, {self.fewest:,} to {self.most:,} an "
            "item; items with fewer than n votes keep all of theirs",
            f"± is the standard error of what has no closed form: {self.draws} draws of votes "
            f"without replacement, seed {self.seed}",
        ]
        if 0 < self.judged < self.items:
            drawn = {one.metric for one in self.curves}
            told = ", ".join(metric for metric in NEED_TRUTH if metric in drawn)
            notes.append(f"{told}: over the {self.judged:,} items whose true class is known")
        own = [curve for curve in self.curves if not curve.method]
        ceilings = [curve for curve in self.curves if curve.method]
        header = ["n votes an item:", *self.columns()]
        shares = [
            [Cell(f"{share:.0%}"), Cell(number(v))] for share, v in self.concentration.items()
        ]
        return [
            Table("Labels made of n votes", header, [_row(curve) for curve in own]),
            Table("What people reach, by method", header, [_row(curve) for curve in ceilings]),
            Table("", ["most uncertain items", "share of the entropy"], shares, 1, notes),
        ]

    def charts(self, width: int) -> str:
        """The curves by their units, at most ``width`` characters wide."""
        parts = []
        for unit, metrics in UNITS.items():
            lines = {one.name: one.values for one in self.curves if one.metric in metrics}
            shown = {
                name: values for name, values in lines.items() if (np.abs(values) > VISIBLE).any()
            }
            if shown and len(self.votes) > 1:
                parts.append(line_chart(unit, self.columns(), shown, width))
        return "\n".join(parts)

    def flat(self) -> tuple[list[str], list[list[object]]]:
        """Header and rows, one a quantity and number of votes, for CSV."""
        header = ["metric", "method", "votes", "value", "standard_error"]
        return header, [
            [curve.metric, curve.method, votes, plain(value), plain(error) or None]
            for curve in self.curves
            for votes, value, error in zip(self.columns(), curve.values, curve.errors, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON."""
        return {
            "items": self.items,
            "votes": {"total": self.total, "fewest": self.fewest, "most": self.most},
            "draws": self.draws,
            "seed": self.seed,
            "n": self.columns(),
            "curves": [
                {
                    "metric": curve.metric,
                    "method": curve.method or None,
                    "values": [plain(value) for value in curve.values],
                    "standard_errors": [plain(error) or None for error in curve.errors],
                }
                for curve in self.curves
            ],
            "entropy_share": {f"{share:g}": plain(v) for share, v in self.concentration.items()},
        }


@dataclass(frozen=True)
class Sample:
    """Items whose votes are drawn, and the seed of all draws."""

    voted: Voted
    seed: int

    def with_votes(self, n: int, draws: int) -> dict[tuple[str, str], tuple[float, float]]:
        """Mean and standard error over draws of n votes an item."""
        found: dict[tuple[str, str], list[float]] = {}
        counts = self.voted.counts
        size = np.minimum(counts.sum(axis=1), n)
        for draw in range(draws):
            random = np.random.default_rng([self.seed, n, draw])
            drawn = split_votes(counts, size, random)
            values = _measure(replace(self.voted, counts=drawn))
            for metric, value in split_half(drawn, self.seed + draw, splits=1).items():
                values[metric, SPLIT_HALF] = value
            for key, value in values.items():
                found.setdefault(key, []).append(value)
        return {
            key: (float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(draws)))
            for key, values in found.items()
        }


def labels_noise(request: NoiseRequest, show: Show = unseen, tell: Tell = silent) -> Noise:
    """How noisy the labels of a request are, for each number of votes.

    show: how the draws are shown, with numbers of columns. tell: called with lines on what was
    taken of the inputs. Raises InputError for labels without votes.
    """
    labels = voted_labels_in(request.labels, request.truth, request.hints, tell)
    grid = vote_grid(labels, request.votes)
    with show("drawing votes", len(grid)) as advance:
        return noise_by_votes(labels, grid, draws=request.draws, seed=request.seed, advance=advance)


def noise_by_votes(
    labels: Labels,
    grid: Sequence[int],
    *,
    draws: int = 16,
    seed: int = 0,
    advance: Callable[[int], None] = lambda step: None,
) -> Noise:
    """Everything for each number of votes in ``grid``, as :func:`vote_grid` makes it.

    advance: called with 1 after each number of votes. Raises InputError without vote counts.
    """
    counts = _counts_of(labels)
    size, total = len(counts), counts.sum(axis=1)
    if draws < 2:
        raise InputError(f"--draws {draws}: expected 2 or more")
    people = People.of(labels, None, labels.classes)
    voted = Voted(counts, people.truth, people.right if people.has_several else None)
    sample = Sample(voted.take(split_items(size, seed)), seed)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for n in grid:
        exact = _expected(voted, n)
        if n == ALL_VOTES:  # as c10h score has them: only halves are of the sample
            exact |= _measure(voted)
            halves = split_half(sample.voted.counts, seed)
            exact |= {(metric, SPLIT_HALF): value for metric, value in halves.items()}
        values = {key: (value, 0.0) for key, value in exact.items()}
        if n < ALL_VOTES:
            values |= sample.with_votes(n, draws)
        for key, value in values.items():
            found.setdefault(key, []).append(value)
        advance(1)
    entropies = _entropies(counts)
    return Noise(
        votes=grid,
        curves=[
            Curve(metric, method, *(np.array(column) for column in zip(*values, strict=True)))
            for (metric, method), values in found.items()
        ],
        concentration={share: top_share(entropies, share) for share in SHARES},
        items=size,
        total=int(total.sum()),
        fewest=int(total.min()),
        most=int(total.max()),
        draws=draws,
        seed=seed,
        judged=people.known,
    )


def _row(curve: Curve) -> list[Cell]:
    cells = [
        Cell(number(value), f"±{number(error)}" if error > 0 else "")
        for value, error in zip(curve.values, curve.errors, strict=True)
    ]
    return [Cell(curve.name), *cells]


def vote_grid(labels: Labels, votes: Sequence[int] = ()) -> list[int]:
    """``votes``, else 1, 2, 5, 10, 20, ... below the most that an item has, and all votes.

    Raises InputError without vote counts, or for numbers below 1.
    """
    if any(n < 1 for n in votes):
        raise InputError(f"--votes: expected numbers of 1 or more, found {min(votes)}")
    most = int(_counts_of(labels).sum(axis=1).max())
    steps = [step * 10**power for power in range(len(str(most))) for step in STEPS]
    return [*(min(n, ALL_VOTES - 1) for n in votes or steps if votes or n < most), ALL_VOTES]


def _measure(voted: Voted) -> dict[tuple[str, str], float]:
    """What has no closed form over draws, of given votes, by metric and method."""
    found = drawn_ceilings(voted)
    found[f"entropy in top {TOP:.0%}", ""] = top_share(_entropies(voted.counts), TOP)
    return found


def _entropies(counts: Array) -> Float:
    """Plug-in entropies of votes (n, c), nats."""
    return entropy((counts / counts.sum(axis=1, keepdims=True)).T)


def _counts_of(labels: Labels) -> Array:
    if labels.counts is None:
        raise InputError("labels noise needs vote counts, found probabilities only")
    return np.asarray(labels.counts[0 : labels.counts.shape[0]])


def _expected(voted: Voted, n: int) -> dict[tuple[str, str], float]:
    """What needs no draws, by metric and method; NaN where no item has enough votes."""
    wanted = {(name, ""): expectation for name, (_, expectation) in LABELS.items()}
    wanted |= {key: one for key, one in CLOSED.items() if voted.allows(key[0])}
    sums = {key: np.zeros(2) for key in wanted}
    for block in blocks(voted):
        for key, expectation in wanted.items():
            sums[key] += expectation(block, n)
    return {key: total / items if items else float("nan") for key, (total, items) in sums.items()}
