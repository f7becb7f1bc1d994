"""What people and networks take items of each class for: mean distributions by true class."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.metrics.item_block import Float
from c10h.records import Array
from c10h.stages.people_and_networks import compare_people
from c10h.stages.report import Results
from c10h.stages.rescaled_networks import rescale_networks
from c10h.views.figures.figure_type import CELLS, Figure, Panel, Series
from c10h.views.figures.rescaled_notes import rescaled_notes

# Classes that are shown at most, and the least share that is.
CLASSES = 20
SMALL = 0.001


def confusions(results: Results) -> Figure:
    """The figure of predictions of one or more networks and the labels of people."""
    results.expect("--figure confusions", predictions=0, labels=1)
    (labels,) = results.labels.values()
    compared = compare_people(labels, results.predictions)
    assert compared.known is not None
    truth = compared.known.one_answer
    if truth is None or (truth < 0).all():
        raise InputError(
            "--figure confusions needs true classes; neither the labels nor the predictions have "
            "any"
        )
    networks = rescale_networks(compared)
    people = mean_by_class(compared.people, truth)
    of = {
        name: {
            f"{name}, {which}": mean_by_class(block.model.T, truth)
            for which, block in network.both().items()
        }
        for name, network in networks.items()
    }
    kept = most_confused([people, *(next(iter(both.values())) for both in of.values())])
    names = [compared.classes[number] for number in kept]
    panels = [
        _panel(title, means[np.ix_(kept, kept)], names)
        for both in of.values()
        for title, means in {"people": people, **both}.items()
    ]
    notes = [
        f"Means over items by true class, which {int((truth >= 0).sum()):,} items have. Shares "
        f"under {SMALL:g} are blank; the scale is logarithmic.",
        *_left_out(len(kept), int(np.isfinite(people[:, 0]).sum())),
        *rescaled_notes(compared, networks),
    ]
    columns = max(len(both) for both in of.values()) + 1
    return Figure("confusions", "Mean distribution by true class", panels, notes, columns)


def mean_by_class(shares: Float, truth: Array) -> Float:
    """The mean of shares (n, c) over the items of each true class, (c, c); NaN where it has none.

    truth: class numbers (n), -1 for items that do not count.
    """
    classes = shares.shape[1]
    known = truth >= 0
    items = np.bincount(truth[known], minlength=classes).astype(np.float64)
    sums = np.stack(
        [np.bincount(truth[known], column[known], classes) for column in shares.T], axis=1
    )
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / items[:, None])


def most_confused(means: list[Float]) -> Array:
    """The classes with items, in order; of more than CLASSES those with most share elsewhere.

    means: as :func:`mean_by_class` gives them, of which the mean decides.
    """
    elsewhere = 1 - np.mean([np.diagonal(one) for one in means], axis=0)
    present = np.flatnonzero(np.isfinite(elsewhere))
    order = present[np.argsort(-elsewhere[present], kind="stable")]
    return np.sort(order[:CLASSES])


def _left_out(kept: int, present: int) -> list[str]:
    if kept == present:
        return []
    return [
        f"The {kept} of {present:,} classes with most confusion, by the mean of people and "
        "networks; what falls on other classes is not shown."
    ]


def _panel(title: str, means: Float, names: list[str]) -> Panel:
    places = np.arange(len(names), dtype=np.float64)
    rows = [Series(name, places, row) for name, row in zip(names, means, strict=True)]
    return Panel(
        title, "class", "mean share", rows, CELLS, names, rows_name="true class", bottom=SMALL
    )
