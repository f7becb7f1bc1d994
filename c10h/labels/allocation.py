"""Where further judgments reduce the error of soft labels most.

People's distribution of an item has a Dirichlet prior with A pseudo-votes a class; with its counts
c the posterior is Dirichlet(c + A), of s = N + A·c pseudo-votes in all, and its mean is the label.
What is expected to be left of an item's error after x more votes is w / (s + x), so that the best
next vote is always that of the item with the largest w / ((s + x)(s + x + 1)): a greedy plan is
optimal, and all of it follows from one threshold on these gains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import digamma, polygamma

from c10h.metrics.block import Float
from c10h.records import Array

# Bounds of the estimated prior, in pseudo-votes a class.
PRIOR_RANGE = (1e-6, 1e3)
HALVINGS = 200


def fit_prior(counts: Array) -> float:
    """A, the pseudo-votes a class, under which the counts (n, c) are most likely.

    Maximises the likelihood of the symmetric Dirichlet-multinomial (Minka 2000, Estimating a
    Dirichlet distribution, eq. 53), whose logarithms of rising factorials are summed over votes:
    Σ_j M_j log(A + j) - Σ_j T_j log(A c + j), of which M_j and T_j count the counts and the totals
    that exceed j.
    """
    classes = counts.shape[1]
    above, above_total = _exceeding(counts.ravel()), _exceeding(counts.sum(axis=1))

    def cost(log_prior: float) -> float:
        prior = np.exp(log_prior)
        likelihood = (above * np.log(prior + np.arange(len(above)))).sum()
        total = (above_total * np.log(prior * classes + np.arange(len(above_total)))).sum()
        return float(total - likelihood)

    low, high = np.log(PRIOR_RANGE)
    found = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(found.x))


def squared_error(posterior: Float) -> Float:
    """E[Σ (p - mean)²], p ~ Dirichlet(a): (1 - Σ m²) / (s + 1); of posteriors a (n, c)."""
    total = posterior.sum(axis=1)
    mean = posterior / total[:, None]
    return np.asarray((1 - (mean**2).sum(axis=1)) / (total + 1))


def entropy_error(posterior: Float) -> Float:
    """Var[H(p)], p ~ Dirichlet(a), in nats² (Wolpert & Wolf 1995, Phys. Rev. E 52, section VI)."""
    total = posterior.sum(axis=1, keepdims=True)
    mean = posterior / total
    expected = digamma(total[:, 0] + 1) - (mean * digamma(posterior + 1)).sum(axis=1)
    first = digamma(posterior + 1) - digamma(total + 2)
    # Σ over all pairs of classes, then the pairs of a class with itself put right.
    weighted = posterior * first
    pairs = weighted.sum(axis=1) ** 2 - (weighted**2).sum(axis=1)
    others = total[:, 0] ** 2 - (posterior**2).sum(axis=1)
    same = digamma(posterior + 2) - digamma(total + 2)
    own = posterior * (posterior + 1) * (same**2 + polygamma(1, posterior + 2))
    own_sum = (posterior * (posterior + 1)).sum(axis=1)
    trigamma = polygamma(1, total[:, 0] + 2)
    square = pairs + own.sum(axis=1) - trigamma * (others + own_sum)
    scale = total[:, 0] * (total[:, 0] + 1)
    return np.asarray(np.maximum(square / scale - expected**2, 0.0))


@dataclass(frozen=True)
class Objective:
    """What a plan reduces. error: of posteriors (n, c), the expected error of each item now."""

    summary: str
    error: Callable[[Float], Float]


OBJECTIVES: Mapping[str, Objective] = {
    "squared": Objective("squared error of the distributions", squared_error),
    "entropy": Objective("squared error of their entropies, nats²", entropy_error),
}


@dataclass(frozen=True)
class Remaining:
    """The expected error of each item against further votes x: weight / (votes + x), (n)."""

    weight: Float
    votes: Float

    @classmethod
    def of(cls, counts: Array, prior: float, objective: str) -> Remaining:
        """From counts (n, c), pseudo-votes a class and a name in OBJECTIVES.

        The squared error falls as s / (s + x) exactly, the variance of the entropy to first order.
        """
        posterior = counts + prior
        votes = posterior.sum(axis=1)
        return cls(OBJECTIVES[objective].error(posterior) * votes, votes)

    def mean(self, further: Array | int = 0) -> float:
        """The mean over items after ``further`` votes."""
        return float((self.weight / (self.votes + further)).mean())

    def mean_uniform(self, budget: int) -> float:
        """The mean after the budget is spread evenly, what is left over at random."""
        each, left = divmod(budget, len(self.weight))
        share = left / len(self.weight)
        return (1 - share) * self.mean(each) + share * self.mean(each + 1)


def allocate(
    remaining: Remaining, budget: int, limit: Array | int | None = None, seed: int = 0
) -> Array:
    """How many of ``budget`` further votes each item gets, int64 (n).

    limit: the most that an item can get. Equal gains are settled at random by the seed, since
    files are often sorted. Minimises Σ weight / (votes + x) over all such x.
    """
    weight, votes = remaining.weight, remaining.votes
    most = np.broadcast_to(np.asarray(budget if limit is None else limit), votes.shape)

    def plan(gain: float) -> Array:
        """All votes whose gain weight / ((s + x)(s + x + 1)) is at least this."""
        further = np.floor((np.sqrt(1 + 4 * weight / gain) - 1) / 2 - votes) + 1
        return np.asarray(np.clip(further, 0, most).astype(np.int64))

    high = float((weight / (votes * (votes + 1))).max()) * 2
    low = high
    while plan(low).sum() < min(budget, most.sum()) and low > 0:
        low /= 16
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        if not low < middle < high:
            break
        low, high = (middle, high) if plan(middle).sum() > budget else (low, middle)
    found = plan(high)
    left = int(min(budget, most.sum()) - found.sum())
    # What is left has one gain but for rounding; the order among equals is drawn.
    order = np.random.default_rng(seed).permutation(len(votes))
    gain = weight / ((votes + found) * (votes + found + 1))
    gain[found >= most] = -1.0
    best = order[np.argsort(-np.round(np.log(np.maximum(gain[order], 1e-300)), 9), kind="stable")]
    found[best[:left]] += 1
    return np.asarray(found)


def _exceeding(values: Array) -> Float:
    """How many of the values are more than 0, 1, 2, ... up to the largest less one."""
    times = np.bincount(values)
    return np.asarray(times[::-1].cumsum()[::-1][1:], dtype=np.float64)
