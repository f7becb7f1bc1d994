"""What soft labels and people's ceilings would have been with n votes an item.

A draw of n of an item's N votes without replacement is multivariate hypergeometric; items with
fewer votes keep all of theirs. Where a mean over such draws has a closed form it is computed, and
estimated from seeded draws otherwise. Counts are (m, c), n is a number of votes, and sums are over
the items that a quantity is defined for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from scipy.special import gammaln

from c10h.metrics.brier import several_votes, vote_variance
from c10h.metrics.ceilings import (
    CEILINGS,
    LEAVE_ONE_OUT,
    MILLER_MADOW,
    PLUG_IN,
    several_and_known,
)
from c10h.metrics.item_block import Block, Float, x_log_x
from c10h.metrics.metric_type import Term
from c10h.records import Array

# A sum over items, and over how many.
Sum: TypeAlias = tuple[float, float]
# Elements of the table of hypergeometric probabilities that are in memory at once.
TABLE_ELEMENTS = 1 << 22


def expected_entropy(block: Block, n: int) -> Sum:
    """The plug-in entropy of n votes, nats: Σ_k E[f(K/n)], f(x) = -x log x, K hypergeometric."""
    return _sum_over_classes(block, n, _mean_of_surprise)


def expected_miller_madow(block: Block, n: int) -> Sum:
    """Miller's (1955) correction with n votes: (expected classes with votes - 1) / 2n, nats."""
    drawn = _drawn(block, n)
    seen, items = _sum_over_classes(block, n, _chance_of_any, lambda total: 1 / (2 * total))
    return max(seen - float((1 / (2 * drawn)).sum()), 0.0), items


def expected_unanimous(block: Block, n: int) -> Sum:
    """The chance that all n votes are for one class: Σ_k C(c_k, n) / C(N, n).

    Over items with two votes or more, and more than one of them: one vote agrees with none.
    """
    chance, _ = _sum_over_classes(block, n, _chance_of_all, lambda drawn: drawn > 1)
    some = float((_drawn(block, n) > 1).sum())
    return min(chance, some), some


def squared_error(block: Block, n: int) -> Sum:
    """Σ (share of n votes - population)²: V/n, unbiased; over items with two votes or more.

    The population is what an endless number of such people would choose, so V/n is more than the
    distance to the shares of the N votes that there are.
    """
    some = block.get(several_votes)
    return float((block.get(vote_variance) / _drawn(block, n)).sum()), float(some.sum())


def leave_one_out_brier_human(block: Block, n: int) -> Sum:
    """V/(n - 1) + V/n, as the ceiling of ``brier_human`` with n votes."""
    drawn, variance = _drawn(block, n), block.get(vote_variance)
    some = (drawn > 1) * block.get(several_votes)
    rest = np.maximum(drawn - 1, 1)
    return float((some * variance * (1 / rest + 1 / drawn)).sum()), float(some.sum())


def leave_one_out_brier_hard(block: Block, n: int) -> Sum:
    """Σ (p_rest - onehot y)² for n - 1 votes: their distance to all N shares, and of these to y.

    The first is V (1/(n-1) - 1/N) for draws without replacement.
    """
    drawn, variance = _drawn(block, n), block.get(vote_variance)
    some = (drawn > 1) * block.get(several_and_known)
    onehot = np.zeros_like(block.vote_shares)
    onehot[block.truth, block.columns] = 1
    bias = ((block.vote_shares - onehot) ** 2).sum(axis=0)
    spread = variance * (1 / np.maximum(drawn - 1, 1) - 1 / block.totals)
    return float((some * (spread + bias)).sum()), float(some.sum())


Expectation: TypeAlias = Callable[[Block, int], Sum]

# The labels themselves: name, meaning and closed form.
LABELS: Mapping[str, tuple[str, Expectation]] = {
    "squared error": ("Σ (share of votes - population)², unbiased", squared_error),
    "unanimous": (
        "share of the items with two votes or more whose votes are all for one class",
        expected_unanimous,
    ),
}
# Ceilings of metrics with a closed form. The others are drawn.
CLOSED: Mapping[tuple[str, str], Expectation] = {
    ("ce_human", PLUG_IN): expected_entropy,
    ("ce_human", MILLER_MADOW): lambda block, n: _plus(
        expected_entropy(block, n), expected_miller_madow(block, n)
    ),
    ("kl", PLUG_IN): lambda block, n: (0.0, float(block.size)),
    ("kl", MILLER_MADOW): expected_miller_madow,
    ("entropy_gap", MILLER_MADOW): expected_miller_madow,
    ("brier_human", LEAVE_ONE_OUT): leave_one_out_brier_human,
    ("brier_hard", LEAVE_ONE_OUT): leave_one_out_brier_hard,
}
# Metrics whose ceiling is about the truth, and those of one right answer an item alone.
NEED_TRUTH = ("accuracy", "brier_hard", "kappa_human")
NEED_ONE_ANSWER = ("brier_hard",)


@dataclass(frozen=True)
class Voted:
    """Votes (n, c), and what is known of the truth: see :class:`Block`."""

    counts: Array
    truth: Array | None = None
    right: Array | None = None

    def allows(self, metric: str) -> bool:
        """Whether a metric has a ceiling here."""
        if metric in NEED_TRUTH and (self.truth is None or (self.truth < 0).all()):
            return False
        return self.right is None or metric not in NEED_ONE_ANSWER

    def take(self, items: Array | slice) -> Voted:
        """Some of the items."""
        return Voted(
            self.counts[items],
            None if self.truth is None else self.truth[items],
            None if self.right is None else self.right[items],
        )


def drawn_ceilings(voted: Voted) -> dict[tuple[str, str], float]:
    """Ceilings in closed form for given votes, of which the mean over draws has none."""
    found = {}
    for metric, methods in CEILINGS.items():
        if not voted.allows(metric):
            continue
        for method, ceiling in methods.items():
            if (metric, method) in CLOSED:
                continue
            sums = np.zeros(len(ceiling.terms))
            for block in blocks(voted):
                sums += [float(np.sum(cast(Float, block.get(term)))) for term in ceiling.terms]
            found[metric, method] = float(ceiling.combine(*np.array(sums)[:, None])[0])
    return found


def items_of(voted: Voted) -> dict[tuple[str, str], int]:
    """Over how many items all votes tell of each quantity but those of halves."""
    terms: dict[tuple[str, str], Term] = dict.fromkeys(
        ((name, "") for name in LABELS), several_votes
    )
    for metric, methods in CEILINGS.items():
        if voted.allows(metric):
            terms |= {(metric, method): ceiling.terms[-1] for method, ceiling in methods.items()}
    parts = blocks(voted)
    return {
        key: int(sum(float(np.sum(cast(Float, block.get(term)))) for block in parts))
        for key, term in terms.items()
    }


def blocks(voted: Voted, elements: int = 1 << 18) -> list[Block]:
    """The items as blocks of bounded size."""
    rows = max(1, elements // voted.counts.shape[1])
    parts = [voted.take(slice(start, start + rows)) for start in range(0, len(voted.counts), rows)]
    return [
        Block(
            counts=part.counts,
            probs=part.counts / part.counts.sum(1, keepdims=True),
            truth=part.truth,
            right=part.right,
        )
        for part in parts
    ]


def top_share(entropies: Float, share: float) -> float:
    """The part of all entropy that is in the most uncertain ``share`` of the items.

    NaN where no item has any.
    """
    items = int(np.ceil(np.round(share * len(entropies), 6)))
    total = entropies.sum()
    return float(np.sort(entropies)[::-1][:items].sum() / total) if total else float("nan")


def _plus(one: Sum, other: Sum) -> Sum:
    return one[0] + other[0], one[1]


def _drawn(block: Block, n: int) -> Float:
    return np.minimum(block.totals, n)


def _sum_over_classes(
    block: Block,
    n: int,
    expectation: Callable[[Float, Float, Float], Float],
    weight: Callable[[Float], Array] = np.ones_like,
) -> Sum:
    """Σ over items and classes of an expectation that depends on N and c_k alone.

    Few pairs of N and c_k occur, each in many places, so that each is computed once.
    """
    key = (block.totals * (block.totals.max() + 1) + block.votes).ravel()
    pairs, times = np.unique(key, return_counts=True)
    total, votes = np.divmod(pairs, block.totals.max() + 1)
    drawn = np.minimum(total, n)
    value = expectation(total, votes, drawn) * weight(drawn)
    return float((times * value).sum()), float(block.size)


def _mean_of_surprise(total: Float, votes: Float, drawn: Float) -> Float:
    """E[-(K/n) log(K/n)] for K of n drawn votes, of N, being among c."""
    found = -x_log_x(votes / total)  # of all votes, which leave nothing to chance
    some = np.flatnonzero(drawn < total)
    rows = max(1, int(TABLE_ELEMENTS // (drawn[some].max(initial=0) + 1)))
    for start in range(0, len(some), rows):
        part = some[start : start + rows]
        n = drawn[part, None]
        k = np.arange(1, int(drawn[part].max()) + 1)
        share = k / n
        # Where k > n the chance is 0, and so is its summand.
        surprise = np.where(k <= n, -share * np.log(share), 0.0)
        found[part] = (_chance(total[part, None], votes[part, None], n, k) * surprise).sum(axis=1)
    return found


def _chance_of_any(total: Float, votes: Float, drawn: Float) -> Float:
    return 1 - _chance(total, votes, drawn, np.zeros(1))


def _chance_of_all(total: Float, votes: Float, drawn: Float) -> Float:
    return _chance(total, votes, drawn, drawn)


def _chance(total: Float, votes: Float, drawn: Float, k: Float | Array) -> Float:
    """P(K = k), hypergeometric: C(c, k) C(N - c, n - k) / C(N, n)."""
    possible = (k <= votes) & (k <= drawn) & (drawn - k <= total - votes)
    log = _log_choose(votes, k) + _log_choose(total - votes, drawn - k) - _log_choose(total, drawn)
    return np.where(possible, np.exp(np.where(possible, log, 0.0)), 0.0)


def _log_choose(n: Float, k: Float | Array) -> Float:
    """log C(n, k); anything where k is not in 0 ... n."""
    k = np.clip(k, 0, n)
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
