"""Where further judgments reduce the error of soft labels most.

People's distribution of an item has a Dirichlet prior with A pseudo-votes a class; with its counts
c the posterior is Dirichlet(c + A), of s = N + A·c pseudo-votes in all, and its mean is the label.
What is expected to be left of an item's error after x more votes is w / (s + x), so that the best
next vote is always that of the item with the largest w / ((s + x)(s + x + 1)): a greedy plan is
optimal, and all of it follows from one threshold on these gains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import digamma, polygamma

from c10h.metrics.item_block import Float, entropy
from c10h.records import Array

# Bounds of the prior, in pseudo-votes a class.
PRIOR_RANGE = (1e-6, 1e3)
HALVINGS = 200
# Gains below this, of weights that are at most 1, are none.
LEAST_GAIN = 1e-40


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
    optimum = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(optimum.x))


def squared_error(posterior: Float) -> Float:
    """E[Σ (p - mean)²], p ~ Dirichlet(a): (1 - Σ m²) / (s + 1); of posteriors a (n, c)."""
    total = posterior.sum(axis=1)
    mean = posterior / total[:, None]
    return np.asarray((1 - (mean**2).sum(axis=1)) / (total + 1))


def entropy_variance(posterior: Float) -> tuple[Float, Float]:
    """E[H(p)] in nats and Var[H(p)] in nats², p ~ Dirichlet(a), of posteriors a (n, c).

    Wolpert & Wolf 1995, Phys. Rev. E 52, section VI.
    """
    total = posterior.sum(axis=1)
    expected = digamma(total + 1) - (posterior * digamma(posterior + 1)).sum(axis=1) / total
    # Σ over pairs of different classes, then over classes with themselves.
    first = posterior * (digamma(posterior + 1) - digamma(total + 2)[:, None])
    pairs = first.sum(axis=1) ** 2 - (first**2).sum(axis=1)
    others = total**2 - (posterior**2).sum(axis=1)
    second = posterior * (posterior + 1)
    same = (digamma(posterior + 2) - digamma(total + 2)[:, None]) ** 2 + polygamma(1, posterior + 2)
    own = (second * same).sum(axis=1)
    trigamma = polygamma(1, total + 2) * (others + second.sum(axis=1))
    square = (pairs + own - trigamma) / (total * (total + 1))
    return expected, np.maximum(square - expected**2, 0.0)


def entropy_error(posterior: Float) -> Float:
    """E[(H(mean) - H(p))²], p ~ Dirichlet(a), in nats²: variance, and the squared bias of H(mean).

    The entropy of a label made of few votes is too large by what its prior adds, or too small.
    """
    expected, variance = entropy_variance(posterior)
    mean = posterior / posterior.sum(axis=1, keepdims=True)
    return np.asarray(variance + (entropy(mean.T) - expected) ** 2)


@dataclass(frozen=True)
class Remaining:
    """The expected error of each item against further votes x: weight / (votes + x), (n)."""

    weight: Float
    votes: Float

    def mean(self, further: Array | int = 0) -> float:
        """The mean over items after ``further`` votes."""
        return float((self.weight / (self.votes + further)).mean())

    def mean_uniform(self, budget: int) -> float:
        """The mean after the budget is spread evenly, what is left over at random."""
        each, left = divmod(budget, len(self.weight))
        share = left / len(self.weight)
        return (1 - share) * self.mean(each) + share * self.mean(each + 1)


def remaining_squared(counts: Array, prior: float) -> Remaining:
    """Of the squared error. It falls as s / (s + x) exactly, s being votes and pseudo-votes."""
    posterior = counts + prior
    total = posterior.sum(axis=1)
    return Remaining(squared_error(posterior) * total, total)


def remaining_entropy(counts: Array, prior: float) -> Remaining:
    """Of the entropy error: exact now and after one more vote, beyond that by the same hyperbola.

    It depends on the votes in any order of classes, so each pattern is computed once.
    """
    patterns, of_item = _patterns(np.sort(counts, axis=1))
    posterior = patterns + prior
    now = entropy_error(posterior)
    mean = posterior / posterior.sum(axis=1, keepdims=True)
    after = np.zeros(len(posterior))
    for column in range(posterior.shape[1]):
        posterior[:, column] += 1
        after += mean[:, column] * entropy_error(posterior)
        posterior[:, column] -= 1
    # now = w / v and after = w / (v + 1); where a vote does not help, none is wanted.
    helps = after < now
    votes = np.where(helps, after / np.where(helps, now - after, 1.0), 1.0)
    weight = np.where(helps, now * votes, 0.0)
    return Remaining(weight[of_item], votes[of_item])


def allocate(
    remaining: Remaining, budget: int, limit: Array | int | None = None, seed: int = 0
) -> Array:
    """How many of ``budget`` further votes each item gets, int64 (n).

    limit: the most that an item can get. Equal gains are settled at random by the seed, since
    files are often sorted. Minimises Σ weight / (votes + x) over all such x.
    """
    votes = remaining.votes
    # Only ratios of weights matter, and these can be of any size.
    weight = remaining.weight / max(float(remaining.weight.max()), np.finfo(np.float64).tiny)
    most = np.broadcast_to(np.asarray(budget if limit is None else limit), votes.shape)
    budget = int(min(budget, most.sum(dtype=np.float64)))

    def plan(gain: float) -> Array:
        """All votes whose gain weight / ((s + x)(s + x + 1)) is at least this."""
        further = np.floor((np.sqrt(1 + 4 * weight / gain) - 1) / 2 - votes) + 1
        return np.asarray(np.clip(further, 0, most).astype(np.int64))

    high = max(float((weight / (votes * (votes + 1))).max()) * 2, LEAST_GAIN)
    low = high
    while plan(low).sum() < budget and low > LEAST_GAIN:
        low /= 16
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low) * np.sqrt(high))
        if not low < middle < high:
            break
        low, high = (middle, high) if plan(middle).sum() > budget else (low, middle)
    further = plan(high)
    # What is left has one gain but for rounding; the order among equals is drawn.
    order = np.random.default_rng(seed).permutation(len(votes))
    while left := budget - int(further.sum()):
        gain = weight / ((votes + further) * (votes + further + 1))
        rounded = np.round(np.log(np.maximum(gain[order], LEAST_GAIN)), 9)
        best = order[np.argsort(-rounded, kind="stable")]
        best = best[further[best] < most[best]][:left]
        further[best] += np.minimum(max(left // len(best), 1), most[best] - further[best])
    return np.asarray(further)


def _patterns(rows: Array) -> tuple[Array, Array]:
    """The different rows, and which of them each row is; as np.unique with an axis, but fast.

    Columns are put into one number an item, which is made small again before it overflows.
    """
    code, limit = np.zeros(len(rows), dtype=np.int64), 1
    for column in rows.T:
        width = int(column.max()) + 1
        if limit > np.iinfo(np.int64).max // width:
            codes, code = np.unique(code, return_inverse=True)
            limit = len(codes)
        code, limit = code * width + column, limit * width
    _, first, of_row = np.unique(code, return_index=True, return_inverse=True)
    return rows[first], of_row


def _exceeding(values: Array) -> Float:
    """How many of the values are more than 0, 1, 2, ... up to the largest less one."""
    times = np.bincount(values)
    return np.asarray(times[::-1].cumsum()[::-1][1:], dtype=np.float64)
