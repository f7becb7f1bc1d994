"""Figures over several networks: the mean of theirs, and how far it is known.

Three intervals answer three questions. Over items: other images, the same networks. Over networks:
other networks trained in the same way, the same images. Mixed: both. The networks of folds share
most of their training images, so theirs says nothing of other training images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c10h.metrics.bootstrap import expansion, interval, student_point
from c10h.metrics.item_block import Float

# How a run combines several networks, as in scores: the mean of their figures, or one network for
# each item.
MEAN, BY_FOLD = "mean", "held-out"


@dataclass(frozen=True)
class Spread:
    """A mean over n networks or runs, with the ends of its 95 % interval, None for none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


def over_networks(values: Float) -> Spread | None:
    """The mean of n values with the interval of Student's t, n - 1 degrees of freedom.

    Of values that do not exist (NaN) none counts. None for fewer than two.
    """
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return None
    mean, number = float(values.mean()), len(values)
    if not np.isfinite(mean):
        return Spread(mean, n=number)
    half = student_point(number - 1) * float(values.std(ddof=1)) / np.sqrt(number)
    return Spread(mean, mean - half, mean + half, number)


def mixed(samples: Float, values: Float, seed: int) -> Spread:
    """The mean over runs with the interval that has runs and items drawn anew.

    samples: bootstrap values of each run, items drawn alike in all, (runs, b). values: of each run
    (runs). A draw is the mean over all runs of what was scored on the items drawn, plus by how much
    runs drawn with replacement differ from all of them; this part is made as long as so few runs
    demand (:func:`~c10h.metrics.bootstrap.expansion`), as their spread is not known better.
    """
    runs, draws = samples.shape
    drawn = np.random.default_rng([seed, runs]).multinomial(runs, np.full(runs, 1 / runs), draws)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        of_runs = drawn / runs @ values - values.mean()
        low, high = interval(samples.mean(axis=0) + expansion(runs) * of_runs)
    return Spread(float(values.mean()), float(low), float(high), runs)
