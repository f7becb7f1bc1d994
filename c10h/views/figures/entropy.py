"""How uncertain people are: a histogram of the entropies of their distributions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from c10h.labels.summary import entropies
from c10h.metrics.item_block import Float
from c10h.records import Labels
from c10h.stages.report import Results
from c10h.views.figures.figure_type import BARS, Figure, Panel, Series

BINS = 12
UNANIMOUS = "0"


def entropy(results: Results) -> Figure:
    """Items by entropy in nats, a panel a file; items of entropy 0 have a bar of their own."""
    results.expect("--figure entropy", labels=0)
    panels = [_panel(name, labels) for name, labels in results.labels.items()]
    notes = ["Items with a single class have entropy 0; the others are in bins of equal width."]
    return Figure("entropy", "Entropy of the label distributions", panels, notes)


def _panel(name: str, labels: Labels) -> Panel:
    ticks, counts, edges = histogram(entropies(labels))
    series = Series("items", np.arange(len(counts), dtype=np.float64), counts)
    return Panel(name, "entropy, nats", "items", [series], BARS, ticks, digits=0, edges=edges)


def histogram(values: Float) -> tuple[list[str], Float, Float]:
    """Names of the bins, how many values are in each, and their edges.

    The first is of those that are 0, with edges below 0; then BINS up to the most.
    """
    above = values[values > 0]
    if not len(above):
        return [UNANIMOUS], np.array([float(len(values))]), np.array([-1.0, 0.0])
    counts, edges = np.histogram(above, BINS, (0, float(above.max())))
    names = [f"{low:.2f}–{high:.2f}" for low, high in pairwise(edges)]
    items = np.concatenate([[len(values) - len(above)], counts]).astype(np.float64)
    return [UNANIMOUS, *names], items, np.concatenate([[-edges[1]], edges])
