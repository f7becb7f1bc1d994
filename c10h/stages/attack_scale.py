"""Networks at equal scale: each with its logits divided by the temperature that fits it best.

A difference in cross-entropy may be one of confidence scale alone. At equal scale each network has
the temperature that minimises its cross-entropy with the true classes of the clean images that are
attacked (Guo et al. 2017, section 4.2), and it is attacked as such: no temperature applied to
images that were found at another scale would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from c10h.metrics import bootstrap
from c10h.metrics.item_block import Float
from c10h.metrics.temperature import fit_temperature
from c10h.records import Array

ALL_RIGHT = "no temperature fits best where all clean images are right"
GUESSING = "no temperature fits best where clean images are no better than guessed"


class Scale(NamedTuple):
    """The temperature of a network; NaN where there is none, and why."""

    temperature: float
    why: str | None = None


def scale_of(clean: Array, truth: Array) -> Scale:
    """The temperature that fits the true classes best, of clean logits (n, c).

    truth: int64 (n); items of which it is not known, -1, are left out. The cross-entropy is convex
    in 1/T. It falls without end where each true class has the largest logit, and only rises where
    the true classes' logits are on average no larger than those of all classes.
    """
    known = truth >= 0
    logits, right = np.asarray(clean, dtype=np.float64)[known], truth[known]
    own = logits[np.arange(len(right)), right]
    if (own == logits.max(axis=1)).all():
        return Scale(np.nan, ALL_RIGHT)
    if (own - logits.mean(axis=1)).mean() <= 0:
        return Scale(np.nan, GUESSING)
    return Scale(fit_temperature(logits, np.eye(logits.shape[1])[right]))


class Losses(NamedTuple):
    """Of each item the cross-entropy with its true class in nats, and how it moves: float64 (n).

    slope, curvature: the first and second derivative by s at s = 1, if all logits were multiplied
    by s. NaN for items that are not known.
    """

    loss: Float
    slope: Float
    curvature: Float


def losses(logits: Array, truth: Array) -> Losses:
    """The losses of logits (n, c). truth: int64 (n), -1 where it is not known."""
    scores = np.asarray(logits, dtype=np.float64)
    scores = scores - scores.max(axis=1, keepdims=True)
    sums = np.exp(scores).sum(axis=1)
    weights = np.exp(scores) / sums[:, None]
    finite = np.where(weights > 0, scores, 0.0)
    mean = (weights * finite).sum(axis=1)
    own = np.where(truth >= 0, scores[np.arange(len(truth)), truth], np.nan)
    return Losses(np.log(sums) - own, mean - own, (weights * finite**2).sum(axis=1) - mean**2)


@dataclass(frozen=True)
class AtScale:
    """One network after an attack or before it. Items are those that were attacked, (n).

    loss: as it is. rescaled: at equal scale; NaN for items that were not attacked so. clean: at
    equal scale, before any attack.
    """

    loss: Float
    rescaled: Losses
    clean: Losses


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Remaining:
    """A difference in mean cross-entropy as it is, at equal scale, and the second by the first.

    n: the items that both networks were attacked on at equal scale.
    """

    as_it_is: Interval
    at_equal_scale: Interval
    share: Interval
    n: int


def remaining(first: AtScale, second: AtScale, resamples: int, seed: int) -> Remaining:
    """The difference of two networks on the same items, with a paired bootstrap over items.

    The temperatures are fitted to a sample, and a loss after an attack is nearly inverse to them:
    each resample has its own, by one Newton step from the clean losses, and losses to the second
    order of it. (That the attack would lead elsewhere is of no first order: at a maximum a loss
    moves by its partial derivative alone.)
    """
    both = ~(np.isnan(first.rescaled.loss) | np.isnan(second.rescaled.loss))
    pair = (first, second)
    of_both = [
        np.ones(len(both)),
        first.loss - second.loss,
        *(column for network in pair for column in network.rescaled),
    ]
    # An item whose true class is not known adds nothing to either sum.
    of_all = [np.nan_to_num(column) for network in pair for column in network.clean[1:]]
    columns = [*(np.where(both, column, 0.0) for column in of_both), *of_all]
    samples = np.vstack([
        np.mean(columns, axis=1), bootstrap.means(np.column_stack(columns), resamples, seed)
    ])  # fmt: skip
    known, as_it_is = samples[:, 0], samples[:, 1]
    after, clean = samples[:, 2:8].reshape(-1, 2, 3), samples[:, 8:].reshape(-1, 2, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = -clean[..., 0] / clean[..., 1]
        moved[0] = 0.0
        rescaled = after[..., 0] + moved * after[..., 1] + moved**2 / 2 * after[..., 2]
        difference = rescaled[:, 0] - rescaled[:, 1]
        as_it_is, difference, share = as_it_is / known, difference / known, difference / as_it_is
    return Remaining(
        _interval(as_it_is), _interval(difference), _interval(share), int(np.count_nonzero(both))
    )


def _interval(samples: Float) -> Interval:
    """That of a value that comes first, before its resamples."""
    low, high = bootstrap.interval(samples[1:])
    return Interval(float(samples[0]), float(low), float(high))
