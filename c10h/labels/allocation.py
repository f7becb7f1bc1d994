"""Where further judgments reduce the error of soft labels most.

Labels are shares of votes. Of an item with N votes, given these, the squared error of its shares is
expected to be E now, and the chance that two more people differ V; after x more votes

    (N² E + x V) / (N + x)²

is expected to be left. Where N E is at least V, each vote helps less than the one before. Where it
is much less, as with people who agreed so far and probably go on so, the first votes do harm, since
one odd vote moves the shares: then an item is asked not at all, or so often that the mean gain of a
vote is largest. A plan gives votes, or these first portions, in the order of their gain; all of it
follows from one threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import digamma, polygamma

from c10h.labels.people_model import (
    expected_moments,
    fit_people,
    one_dirichlet,
    patterns_of,
)
from c10h.metrics.item_block import Float, entropy
from c10h.records import Array

# Bounds of the prior, in pseudo-votes a class.
PRIOR_RANGE = (1e-6, 1e3)
HALVINGS, NEWTON_STEPS = 200, 8
# Gains and errors below this, where people disagree by at most 1, are none.
LEAST_GAIN, LEAST_ERROR = 1e-40, 1e-300


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
class Expected:
    """The error that is expected of items, now and after further votes, by pattern of votes (m).

    votes: N; error: E; disagreement: V, as above. pattern: int64 (n), that of each item.
    """

    votes: Float
    error: Float
    disagreement: Float
    pattern: Array

    def after(self, further: Array | int) -> Float:
        """The error of each item (n) after ``further`` votes."""
        votes = self.votes[self.pattern]
        now = votes**2 * self.error[self.pattern]
        return np.asarray(
            (now + further * self.disagreement[self.pattern]) / (votes + further) ** 2
        )

    def mean(self, further: Array | int = 0) -> float:
        """The mean over items after ``further`` votes."""
        return float(self.after(further).mean())

    def mean_uniform(self, budget: int) -> float:
        """The mean after the budget is spread evenly, what is left over at random."""
        size = len(self.pattern)
        each, left = divmod(budget, size)
        return (1 - left / size) * self.mean(each) + left / size * self.mean(each + 1)


def expected_squared(counts: Array, prior: float | None = None) -> Expected:
    """Of the squared error of shares.

    People's distributions are those of :mod:`c10h.labels.people_model`, which is for MOST_CLASSES
    at most, or with ``prior`` pseudo-votes a class of one Dirichlet.
    """
    patterns, of_item = patterns_of(counts)
    model = fit_people(counts) if prior is None else one_dirichlet(counts.shape[1], prior)
    error, disagreement = expected_moments(model, patterns)
    return Expected(patterns.sum(axis=1).astype(np.float64), error, disagreement, of_item)


def expected_entropy(counts: Array, prior: float | None = None) -> Expected:
    """Of the entropy error under one Dirichlet (fitted if ``prior`` is None): exact now and after
    one more vote.

    Beyond that it is taken to fall as w / (v + x), which is the form above with E = w / v, V = w,
    N = v. It depends on the votes in any order of classes, so each pattern is computed once.
    """
    patterns, of_item = patterns_of(np.sort(counts, axis=1))
    posterior = patterns + (fit_prior(counts) if prior is None else prior)
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
    return Expected(votes, weight / votes, weight, of_item)


@dataclass(frozen=True)
class _Gains:
    """What votes for groups of like items (m) reduce: the first portion, and each vote after it.

    size: of the first portion; most: how many votes an item can get. excess: N (N E - V), which
    makes the error V / t + excess / t² at t votes in all.
    """

    votes: Float
    disagreement: Float
    excess: Float
    size: Float
    first: Float
    most: Array

    @classmethod
    def of(cls, votes: Float, error: Float, disagreement: Float, most: Array) -> _Gains:
        short = disagreement - votes * error
        # The mean gain of x votes is E / t - short / t², t = N + x, largest at t = 2 short / E.
        best = 2 * short / np.maximum(error, LEAST_ERROR) - votes
        size = np.clip(np.floor(best), 1, np.maximum(most, 1))

        def mean_gain(portion: Float) -> Float:
            total = votes + portion
            return error / total - short / total**2

        larger = np.minimum(size + 1, np.maximum(most, 1))
        size = np.where((best > 1) & (mean_gain(larger) > mean_gain(size)), larger, size)
        return cls(votes, disagreement, -votes * short, size, mean_gain(size), most)

    def take(self, group: Array) -> _Gains:
        """Of each item, by its group."""
        return _Gains(
            self.votes[group],
            self.disagreement[group],
            self.excess[group],
            self.size[group],
            self.first[group],
            self.most[group],
        )

    def next_vote(self, further: Array | int) -> Float:
        """The gain of one vote after ``further``."""
        total = self.votes + further
        both = total * (total + 1)
        return np.asarray(self.disagreement / both + self.excess * (2 * total + 1) / both**2)

    def wanted(self, gain: float) -> Array:
        """How many votes each gets, int64, where all portions and votes of this gain are given."""
        middle = (np.sqrt(1 + 4 * self.disagreement / gain)) / 2  # of t + 1/2, without excess
        for _ in range(NEWTON_STEPS if self.excess.any() else 0):
            over = self.disagreement / middle**2 + 2 * self.excess / middle**3 - gain
            slope = 2 * self.disagreement / middle**3 + 6 * self.excess / middle**4
            step = over / np.where(slope > 0, slope, np.inf)
            middle = np.maximum(middle + step, self.votes + self.size - 0.5)
        further = np.clip(np.floor(middle - 0.5 - self.votes) + 1, self.size, self.most)
        # Newton's steps are of a smooth gain; the last vote is of the gain itself.
        more = (self.next_vote(further) >= gain) & (further < self.most)
        fewer = (self.next_vote(further - 1) < gain) & (further > self.size)
        further = np.where(more, further + 1, np.where(fewer, further - 1, further))
        return np.asarray(np.where((self.first >= gain) & (self.most > 0), further, 0), np.int64)


def allocate(
    expected: Expected, budget: int, limit: Array | int | None = None, seed: int = 0
) -> Array:
    """How many of ``budget`` further votes each item gets, int64 (n).

    limit: the most that an item can get. Equal gains are settled at random by the seed, since
    files are often sorted.
    """
    most = np.asarray(budget if limit is None else limit)
    group, scale = expected.pattern, float(expected.disagreement.max())
    votes, error = expected.votes, expected.error
    # Only ratios of errors matter, and these can be of any size.
    scale = max(scale, np.finfo(np.float64).tiny)
    error, disagreement = error / scale, expected.disagreement / scale
    if most.ndim:
        votes, error, disagreement = votes[group], error[group], disagreement[group]
        group = np.arange(len(group))
    most = np.broadcast_to(np.minimum(most, budget), votes.shape).astype(np.int64)
    gains = _Gains.of(votes, error, disagreement, most)
    times = np.bincount(group, minlength=len(votes))
    budget = int(min(budget, (most * times.astype(np.float64)).sum()))
    further = gains.wanted(_threshold(gains, times, budget))[group]
    return _spend_rest(gains.take(group), further, budget, seed)


def _threshold(gains: _Gains, times: Array, budget: int) -> float:
    """The least gain of which all that are as large fit into the budget."""

    def spent(gain: float) -> float:
        return float(gains.wanted(gain) @ times.astype(np.float64))

    high = max(float(max(gains.first.max(), gains.next_vote(0).max())) * 2, LEAST_GAIN)
    low = high
    while spent(low) < budget and low > LEAST_GAIN:
        low /= 16
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low) * np.sqrt(high))
        if not low < middle < high:
            break
        total = spent(middle)
        low, high = (middle, high) if total > budget else (low, middle)
        if total == budget:
            break
    return high


def _spend_rest(gains: _Gains, further: Array, budget: int, seed: int) -> Array:
    """Spend what the threshold leaves: gains that are equal but for rounding, in a drawn order."""
    order = np.random.default_rng(seed).permutation(len(further))
    most, size = gains.most, gains.size.astype(np.int64)
    while left := budget - int(further.sum()):
        none = further == 0
        gain = np.where(none, gains.first, gains.next_vote(further))
        step = np.where(none, np.minimum(size, most), 1)
        fits = (further < most) & (step <= left)
        if not fits.any():  # portions alone are left, of which none fits
            fits, step = further < most, np.minimum(step, left)
        level = np.round(np.log(np.maximum(gain, LEAST_GAIN)), 9)
        best = order[(fits & (level == level[fits].max()))[order]]
        best = best[np.cumsum(step[best]) <= left]
        each = np.maximum(left // int(step[best].sum()), 1) * step[best]
        each = np.where(none[best] & (size[best] > 1), step[best], each)
        further[best] += np.minimum(each, most[best] - further[best])
    return further


def _exceeding(values: Array) -> Float:
    """How many of the values are more than 0, 1, 2, ... up to the largest less one."""
    times = np.bincount(values)
    return np.asarray(times[::-1].cumsum()[::-1][1:], dtype=np.float64)
