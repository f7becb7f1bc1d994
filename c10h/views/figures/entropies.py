"""How uncertain people and networks are about the same items: entropy by entropy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from c10h.metrics.item_block import Float
from c10h.stages.people_and_networks import compare_people
from c10h.stages.report import Results
from c10h.stages.rescaled_networks import rescale_networks
from c10h.views.figures.figure_type import CELLS, Figure, Panel, Series
from c10h.views.figures.rescaled_notes import rescaled_notes

BINS = 20


def entropies(results: Results) -> Figure:
    """The figure of predictions of one or more networks and the labels of people."""
    results.expect("--figure entropies", predictions=0, labels=1)
    (labels,) = results.labels.values()
    compared = compare_people(labels, results.predictions)
    networks = rescale_networks(compared)
    people = next(iter(networks.values())).before.people_entropy
    of = {
        f"{name}, {which}": block.model_entropy
        for name, network in networks.items()
        for which, block in network.both().items()
    }
    most = max(float(values.max()) for values in (people, *of.values()))
    edges = np.linspace(0, most if most > 0 else 1, BINS + 1)
    panels = [_panel(title, people, values, edges) for title, values in of.items()]
    agreed = int((people == 0).sum())
    notes = [
        f"{len(people):,} items, in bins of equal width; {agreed:,} have a people's entropy of 0. "
        "The diagonal is where both entropies are equal.",
        *rescaled_notes(compared, networks),
    ]
    return Figure("entropies", "Entropy of networks by entropy of people", panels, notes, 2)


def _panel(title: str, people: Float, network: Float, edges: Float) -> Panel:
    """Items by bin of both entropies; an entropy between two bins is in the upper one."""
    items, _, _ = np.histogram2d(network, people, [edges, edges])
    names = [f"{low:.2f}–{high:.2f}" for low, high in pairwise(edges)]
    places = np.arange(BINS, dtype=np.float64)
    rows = [Series(name, places, row) for name, row in zip(names, items, strict=True)]
    return Panel(
        title, "entropy of people, nats", "items", rows, CELLS, names, digits=0,
        rows_name="entropy of network, nats", edges=edges,
    )  # fmt: skip
