"""Intervals of shares of yeses and noes, which have a width where all are the same, too."""

from __future__ import annotations

import numpy as np

from c10h.metrics.bootstrap import NORMAL_POINT
from c10h.metrics.item_block import Float


def wilson_interval(share: Float, count: Float) -> tuple[Float, Float]:
    """The 95 % interval (Wilson 1927) of shares (a) of so many yeses and noes (a), NaN for none.

    It has a width at 0 and 1, too. Of means of values in [0, 1], which vary less than yeses and
    noes with the same mean, it is wider than need be.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = NORMAL_POINT**2 / count
        middle = (share + pull / 2) / (1 + pull)
        half = NORMAL_POINT * np.sqrt(share * (1 - share) / count + pull / (4 * count)) / (1 + pull)
    # The ends of no yes and of no no are exact; rounding would leave a little beside them.
    return np.where(share == 0, 0.0, middle - half), np.where(share == 1, 1.0, middle + half)
