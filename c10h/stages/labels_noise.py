"""How noisy are labels? Their own quantities and people's ceilings against votes per item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import Tell, silent
from c10h.metrics.ceilings import SPLIT_HALF as HALVED
from c10h.metrics.ceilings import split_half, split_items, split_votes
from c10h.metrics.item_block import Float, entropy
from c10h.metrics.items_or_votes import Spread, accuracy, disagreement
from c10h.metrics.krippendorff import Alpha, alpha
from c10h.metrics.noise import (
    CLOSED,
    LABELS,
    Voted,
    blocks,
    drawn_ceilings,
    items_of,
    top_share,
)
from c10h.records import Array, Labels
from c10h.stages.label_requests import NoiseRequest
from c10h.stages.people import People
from c10h.stages.progress_callback import Show, show_nothing
from c10h.stages.voted_labels import voted_labels_in

# Shares of the most uncertain items.
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
TOP = 0.3
TOP_SHARE = (f"entropy in top {TOP:.0%}", "")
ROWS = 1 << 16
SPLIT_HALF = "split-half"
# More than any item has: all votes.
ALL_VOTES = 1 << 30
STEPS = (1, 2, 5)
RESAMPLES = 1000
# What the standard errors of designs are of.
DISAGREEMENT, ACCURACY = "disagreement", "accuracy"


@dataclass(frozen=True)
class Curve:
    """One quantity against numbers of votes.

    metric: its name, or that of a quantity of the labels themselves; method: "" for these. values:
    float64 (k), NaN where it does not exist. errors: standard errors (k), 0 for what is not drawn.
    items: over how many of them it is with all votes; None where that differs between draws.
    """

    metric: str
    method: str
    values: Float
    errors: Float
    items: int | None

    @property
    def name(self) -> str:
        return f"{self.metric} {self.method}".strip()


# Of as many votes little is left to chance, and what is takes as long as there are votes.
MOST_STEP = 10_000


@dataclass(frozen=True)
class Design:
    """As many judgments as there are, on other items with so many votes each.

    errors: standard error of the mean over items, by quantity; NaN where ``votes`` give no value.
    label_error: the squared error of one item's shares.
    """

    votes: int
    items: int
    errors: Mapping[str, float]
    label_error: float


@dataclass(frozen=True)
class Noise:
    """Curves over the numbers of votes an item, where the entropy is, and how far people agree.

    votes: the last is ALL_VOTES. curves: with a value for each of ``votes``. concentration: share
    of the entropy in each share of the most uncertain items. items, total: how many items and votes
    there are; several: how many items have two votes or more; halved: how many of these are split
    into halves; fewest, most: votes of an item; fewer: how many items have fewer than each of
    ``votes``. draws, seed: of what has no closed form. alpha:
    Krippendorff's. designs: more items or more votes; none where too few items have four votes.
    told_by: how many items tell the errors of designs, by quantity.
    """

    votes: Sequence[int]
    curves: Sequence[Curve]
    concentration: Mapping[float, float]
    items: int
    several: int
    halved: int
    total: int
    fewest: int
    most: int
    fewer: Sequence[int]
    draws: int
    seed: int
    alpha: Alpha
    designs: Sequence[Design]
    told_by: Mapping[str, int]


@dataclass(frozen=True)
class Sample:
    """Items whose votes are drawn, and the seed of all draws."""

    voted: Voted
    seed: int

    def with_votes(self, n: int, draws: int) -> dict[tuple[str, str], tuple[float, float]]:
        """Mean and standard error over draws of n votes an item."""
        by_draw: dict[tuple[str, str], list[float]] = {}
        counts = self.voted.counts
        size = np.minimum(counts.sum(axis=1), n)
        for draw in range(draws):
            random = np.random.default_rng([self.seed, n, draw])
            drawn = split_votes(counts, size, random)
            values = _measure(replace(self.voted, counts=drawn))
            for metric, value in split_half(drawn, self.seed + draw, splits=1).items():
                values[metric, SPLIT_HALF] = value
            for key, value in values.items():
                by_draw.setdefault(key, []).append(value)
        return {
            key: (float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(draws)))
            for key, values in by_draw.items()
        }


def labels_noise(request: NoiseRequest, show: Show = show_nothing, tell: Tell = silent) -> Noise:
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
    columns: dict[tuple[str, str], list[tuple[float, float]]] = {}
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
            columns.setdefault(key, []).append(value)
        advance(1)
    entropies = _entropies(counts)
    halved = int((sample.voted.counts.sum(axis=1) > 1).sum())
    items = _items_of(voted, halved)
    spreads = _spreads(counts, people)
    return Noise(
        votes=grid,
        curves=[
            _curve(metric, method, column, items[metric, method])
            for (metric, method), column in columns.items()
        ],
        concentration={share: top_share(entropies, share) for share in SHARES},
        items=size,
        several=int((total > 1).sum()),
        halved=halved,
        total=int(total.sum()),
        fewest=int(total.min()),
        most=int(total.max()),
        fewer=[int((total < n).sum()) for n in grid],
        draws=draws,
        seed=seed,
        alpha=alpha(counts, RESAMPLES, seed),
        designs=_designs(spreads, int(total.sum()), grid),
        told_by={name: spread.items for name, spread in spreads.items()},
    )


def vote_grid(labels: Labels, votes: Sequence[int] = ()) -> list[int]:
    """``votes``, else 1, 2, 5, 10, ..., 10,000 below the most that an item has, and all votes.

    Raises InputError without vote counts, or for numbers below 1.
    """
    if any(n < 1 for n in votes):
        raise InputError(f"--votes: expected numbers of at least 1, found {min(votes)}")
    most = min(MOST_STEP + 1, int(_counts_of(labels).sum(axis=1, dtype=np.int64).max()))
    steps = [step * 10**power for power in range(len(str(most))) for step in STEPS]
    return [*(min(n, ALL_VOTES - 1) for n in votes or steps if votes or n < most), ALL_VOTES]


def _spreads(counts: Array, people: People) -> dict[str, Spread]:
    """What the errors of designs are told from; nothing where too few items have four votes."""
    apart = disagreement(counts)
    if apart is None:
        return {}
    right = _accuracy_spread(counts, people)
    return {DISAGREEMENT: apart} | ({} if right is None else {ACCURACY: right})


def _designs(spreads: Mapping[str, Spread], budget: int, grid: Sequence[int]) -> list[Design]:
    """``budget`` votes, spread over items with each number of votes in ``grid``."""
    if not spreads:
        return []
    return [
        Design(
            votes,
            items := budget // votes,
            {name: spread.standard_error(items, votes) for name, spread in spreads.items()},
            label_error=spreads[DISAGREEMENT].mean / votes,
        )
        for votes in grid
        if votes <= budget // 2
    ]


def _accuracy_spread(counts: Array, people: People) -> Spread | None:
    """Of people's accuracy, over the items whose truth is known."""
    if people.truth is None:
        return None
    known = np.flatnonzero(people.truth >= 0)
    votes, truth = counts[known], people.truth[known]
    if people.right is None:
        hits = np.take_along_axis(votes, truth[:, None], axis=1)[:, 0]
    else:
        hits = np.where(people.right[known] > 0, votes, 0).sum(axis=1)
    return accuracy(hits, votes.sum(axis=1))


def _curve(
    metric: str, method: str, column: Sequence[tuple[float, float]], items: int | None
) -> Curve:
    """A curve of a value and its standard error for each number of votes."""
    values, errors = np.array(column).T
    return Curve(metric, method, values, errors, items)


def _items_of(voted: Voted, halved: int) -> dict[tuple[str, str], int | None]:
    """Over how many items each quantity is, by metric and method.

    A second choice is one of those halves alone in which two classes have votes.
    """
    items: dict[tuple[str, str], int | None] = {**items_of(voted), TOP_SHARE: len(voted.counts)}
    items |= dict.fromkeys(((metric, SPLIT_HALF) for metric in HALVED), halved)
    return items | {("sba", SPLIT_HALF): None}


def _measure(voted: Voted) -> dict[tuple[str, str], float]:
    """What has no closed form over draws, of given votes, by metric and method."""
    values = drawn_ceilings(voted)
    values[TOP_SHARE] = top_share(_entropies(voted.counts), TOP)
    return values


def _entropies(counts: Array) -> Float:
    """Plug-in entropies of votes (n, c), nats."""
    return entropy((counts / counts.sum(axis=1, keepdims=True)).T)


def _counts_of(labels: Labels) -> Array:
    if labels.counts is None:
        raise InputError("labels noise needs vote counts, found only probabilities")
    return np.asarray(labels.counts[0 : labels.counts.shape[0]])


def _expected(voted: Voted, n: int) -> dict[tuple[str, str], float]:
    """What needs no draws, by metric and method; NaN where no item has enough votes."""
    wanted = {(name, ""): expectation for name, (_, expectation) in LABELS.items()}
    wanted |= {key: expectation for key, expectation in CLOSED.items() if voted.allows(key[0])}
    sums = {key: np.zeros(2) for key in wanted}
    for block in blocks(voted):
        for key, expectation in wanted.items():
            sums[key] += expectation(block, n)
    return {key: total / items if items else float("nan") for key, (total, items) in sums.items()}
