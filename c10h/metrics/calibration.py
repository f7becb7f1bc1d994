"""Top-label calibration errors. All are biased upward when there are few items a bin."""

from __future__ import annotations

import numpy as np

from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Binned, divide

BINS = 15


def _equal_width(block: Block, gap: Float) -> Binned:
    """Bins (0, 1/15], (1/15, 2/15], ... of confidence, as Guo et al. (2017) define them."""
    slot = np.clip(np.ceil(block.confidence * BINS).astype(np.intp) - 1, 0, BINS - 1)
    return Binned(BINS, slot, gap)


def gap_to_truth(block: Block) -> Binned:
    """Confidence - correct, by bins of confidence."""
    return _equal_width(block, block.where_known(block.confidence - block.correct))


def gap_to_people(block: Block) -> Binned:
    """Confidence - p of the top label, by bins of confidence; the mean over labels that tie."""
    top = (block.first_share * block.people).sum(axis=0)
    return _equal_width(block, block.confidence - top)


def calibration_error(gaps: Float, items: Float) -> Float:
    """Σ over bins of |Σ gaps in the bin| / items: the bins' mean gaps, weighted by their size.

    Guo, Pleiss, Sun & Weinberger, ICML 2017, eq. 3.
    """
    return divide(np.abs(gaps).sum(axis=-1), items)
