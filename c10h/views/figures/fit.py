"""The distributions of people and networks on single items, as the paper's figure 3B."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from c10h.errors import InputError
from c10h.metrics.item_block import entropy
from c10h.records import Array
from c10h.stages.people_and_networks import Compared, compare_people
from c10h.stages.pictured_items import PicturedItems, picture_items
from c10h.stages.report import Results
from c10h.views.figures.figure_type import BARS, BLACK, Figure, Panel, Series
from c10h.views.notes import exposure_notes

ITEMS, CLASSES = 6, 5
# Probability under which a class is left out of a panel.
SMALL = 0.01


def fit(results: Results) -> Figure:
    """The figure of two predictions files and the labels of people, with images if there are."""
    results.expect("--figure fit", "images", predictions=2, labels=1)
    (labels,) = results.labels.values()
    compared = compare_people(labels, results.predictions)
    if not results.images:
        return distributions(compared)
    (images,) = results.images.values()
    sha256 = next((file.sha256 for file in results.files if file.kind == images.kind), None)
    return distributions(compared, picture_items(compared, results.predictions, images, sha256))


def distributions(compared: Compared, pictured: PicturedItems | None = None) -> Figure:
    """People beside networks, on the ITEMS items that people are least sure about.

    Of items with the same first choice by people and both networks: those show what accuracy does
    not. They are chosen without a look at which network is closer to people.
    """
    rows = chosen(compared)
    if not len(rows):
        raise InputError(
            "--figure fit: no item where people and both networks have the same first choice"
        )
    panels = [_panel(compared, int(row)) for row in rows]
    if pictured is not None:
        panels = [
            replace(panel, picture=pictured.pixels(int(row)))
            for panel, row in zip(panels, rows, strict=True)
        ]
    notes = [
        f"Items with the same first choice by people and both networks, the {len(rows)} with the "
        f"largest entropy of people. Classes with {SMALL:g} or more, at most {CLASSES}.",
        *exposure_notes(compared.exposure.items()),
        *([pictured.note] if pictured is not None and pictured.note else []),
    ]
    return Figure("fit", "Distributions of people and networks", panels, notes, columns=3)


def chosen(compared: Compared) -> Array:
    """Rows of the items, by falling entropy of people; of equal ones the first in the file.

    A tie of people's for the first place is no first choice.
    """
    people = compared.people
    first = people.argmax(axis=1)
    agree = (people == people.max(axis=1, keepdims=True)).sum(axis=1) == 1
    for network in compared.networks.values():
        agree &= network.argmax(axis=1) == first
    rows = np.flatnonzero(agree)
    return rows[np.argsort(-entropy(people[rows].T), kind="stable")][:ITEMS]


def _panel(compared: Compared, row: int) -> Panel:
    of = {"people": compared.people[row]} | {n: q[row] for n, q in compared.networks.items()}
    order = np.lexsort((-np.max(list(of.values()), axis=0), -of["people"]))
    kept = [c for c in order if max(q[c] for q in of.values()) >= SMALL][:CLASSES]
    series = [
        Series(
            name,
            np.arange(len(kept), dtype=np.float64),
            np.array([q[c] for c in kept]),
            colour=place - 1 if place else BLACK,
        )
        for place, (name, q) in enumerate(of.items())
    ]
    title = compared.names[row]
    if compared.truth is not None and compared.truth[row] >= 0:
        title += f", {compared.classes[int(compared.truth[row])]}"
    ticks = [compared.classes[c] for c in kept]
    return Panel(title, "class", "probability", series, BARS, ticks, digits=2, top=1.0)
