"""Reliability diagrams: confidence against the truth and against people, bin by bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from c10h.metrics.bootstrap import expansion, interval, means
from c10h.metrics.calibration import BINS, bin_of, people_of_top
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import divide
from c10h.records import Array
from c10h.stages.people_and_networks import compare_people
from c10h.stages.report import Results
from c10h.stages.rescaled_networks import SEED, BeforeAndAfter, rescale_networks
from c10h.views.figures.figure_type import BARS, DIAGONAL, Figure, Panel, Series
from c10h.views.figures.rescaled_notes import rescaled_notes

RESAMPLES = 1000
CONFIDENCE, RIGHT, PEOPLE, ITEMS = "mean confidence", "share right", "people's share", "items"
# Colours of what is measured; networks have a panel each.
COLOURS = {RIGHT: 0, PEOPLE: 1, ITEMS: 5}


def reliability(results: Results) -> Figure:
    """The figure of predictions of one or more networks and the labels of people."""
    results.expect("--figure reliability", predictions=0, labels=1)
    (labels,) = results.labels.values()
    compared = compare_people(labels, results.predictions)
    networks = rescale_networks(compared)
    notes = [
        f"Bins of confidence of width 1/{BINS}. People's share: of people's distribution, on the "
        "network's first choice. Bands: 95 %, bootstrap over items; none for a single item, "
        "nor where all or none are right.",
        *_truth_notes(next(iter(networks.values())).before),
        *rescaled_notes(compared, networks),
    ]
    panels = [panel for name in networks for panel in _panels(name, networks)]
    columns = 1 if all(network.missing for network in networks.values()) else 2
    return Figure("reliability", "Confidence against truth and people", panels, notes, columns)


def _truth_notes(block: Block) -> list[str]:
    known = int(_is_known(block).sum())
    if not known:
        return ["The true classes are not known."]
    if known == block.size:
        return []
    return [f"Share right: of the {known:,} items whose true class is known."]


def _panels(name: str, networks: Mapping[str, BeforeAndAfter]) -> list[Panel]:
    """Shares of a network and below them the number of items, before and after side by side."""
    both = networks[name].both()
    binned = {which: by_bin(block) for which, block in both.items()}
    full = np.flatnonzero(sum(bins.items for bins in binned.values()))
    shown = slice(int(full[0]), int(full[-1]) + 1)
    ticks = [f"{low / BINS:.2f}–{(low + 1) / BINS:.2f}" for low in range(BINS)][shown]
    edges = np.arange(shown.start, shown.stop + 1) / BINS
    shares, items = [], []
    most = 2 * max(float(bins.items.max()) for bins in binned.values())
    for which, bins in binned.items():
        title, of = f"{name}, {which}", bins.series(shown)
        shares.append(Panel(title, "confidence", "share", of, DIAGONAL, ticks, top=1.0))
        counts = [_series(ITEMS, bins.items[shown])]
        items.append(
            Panel(
                title,
                "confidence",
                ITEMS,
                counts,
                BARS,
                ticks,
                0,
                most,
                logarithmic=True,
                edges=edges,
            )
        )
    return [*shares, *items]


@dataclass(frozen=True)
class Bins:
    """The items of a network by bin of confidence: (BINS) each, NaN where a bin has none.

    right, people: value, low, high (3, BINS); right is None without a truth.
    """

    items: Float
    confidence: Float
    people: Float
    right: Float | None

    def series(self, shown: slice) -> list[Series]:
        """Mean confidence first, which is where the others are."""
        values = {PEOPLE: self.people} if self.right is None else {RIGHT: self.right,
                                                                  PEOPLE: self.people}  # fmt: skip
        return [
            _series(CONFIDENCE, self.confidence[shown]),
            *(_series(name, *of[:, shown]) for name, of in values.items()),
        ]


def _series(name: str, y: Float, low: Float | None = None, high: Float | None = None) -> Series:
    x = np.arange(len(y), dtype=np.float64)
    return Series(name, x, y, low, high, colour=COLOURS.get(name))


def by_bin(block: Block) -> Bins:
    """Mean confidence, the share that is right and people's share of the first choice, by bin."""
    inside = (bin_of(block)[:, None] == np.arange(BINS)).astype(np.float64)
    items = inside.sum(axis=0)
    known = _is_known(block)
    right = None
    if known.any():
        right = _means(inside * known[:, None], block.where_known(block.correct))
    confidence = divide(inside.T @ block.confidence, items)
    return Bins(items, confidence, _means(inside, people_of_top(block)), right)


def _is_known(block: Block) -> Array:
    return block.is_known if hasattr(block, "truth") else np.zeros(block.size, dtype=bool)


def _means(inside: Float, values: Float) -> Float:
    """Means over the items of each bin with the ends of their intervals: (3, BINS).

    inside: 1 where an item (m) is in a bin, (m, BINS). Percentile intervals of few items are too
    short and are expanded, see :func:`~c10h.metrics.bootstrap.expansion`; a share ends at 0 and 1.
    """
    items = inside.sum(axis=0)
    mean = divide(inside.T @ values, items)
    totals = means(np.concatenate([inside * values[:, None], inside], axis=1), RESAMPLES, SEED)
    resampled = divide(totals[:, :BINS], totals[:, BINS:])
    factor = np.array([expansion(count) for count in items])
    low, high = interval((mean + factor * (resampled - mean)).T)
    return np.stack([mean, np.clip(low, 0, 1), np.clip(high, 0, 1)])
