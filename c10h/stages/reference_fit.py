"""Fit the references of a network: one pass over its predictions, before they are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from c10h.decisions import decided
from c10h.items import whole_numbers
from c10h.metrics.item_block import Float
from c10h.metrics.references import (
    FIRST_CHOICE,
    FIT_ELEMENTS,
    FIT_ITEMS,
    GROUPS,
    RESCALED,
    TABLE_ITEMS,
    Fitted,
    add_by_first_choice,
    drawn,
    exchanged_classes,
    fit_temperatures,
    groups_of,
    hash_names,
    tables_from,
    truth_shares,
)
from c10h.parallel import in_order
from c10h.records import Array, Rows
from c10h.stages.people import People
from c10h.stages.prediction_pass import blocks_of, cut, task_items

# Tables of first choices have the square of as many numbers as there are classes.
MOST_CLASSES = 1_000


@dataclass(frozen=True)
class FittedReferences:
    """What could be fitted of a network.

    missing: why a reference does not exist, by its name. exchanged: see
    :func:`~c10h.metrics.references.exchanged_classes`.
    """

    fitted: Fitted
    missing: Mapping[str, str] = field(default_factory=dict)
    exchanged: Sequence[tuple[int, int]] = ()


def item_keys(people: People, rows: Array | None) -> Array:
    """A number that names each item, uint64 (n): of its name, else its row in the labels.

    Names that are whole numbers are what a row is, so that items keep their number however they are
    ordered and named.
    """
    if people.ids is not None:
        numbers = whole_numbers(people.ids)
        return hash_names(people.ids) if numbers is None else numbers.astype(np.uint64)
    return (np.arange(people.size) if rows is None else rows).astype(np.uint64)


def fit_references(
    logits: Rows,
    member: int,
    people: People,
    keys: Array,
    *,
    to_people: bool,
    seed: int,
) -> FittedReferences:
    """Fit temperatures and tables of first choices to the labels of the items, group by group.

    to_people: whether temperatures are fitted to people's labels, not to the truth. Tables are of
    people where there are any, else of the truth. keys: see :func:`item_keys`.
    """
    classes = len(people.classes)
    has_tables = classes <= MOST_CLASSES
    shape = (GROUPS, classes, classes) if has_tables else (1, 1, 1)
    group = groups_of(keys, seed)
    in_tables = drawn(keys, TABLE_ITEMS, seed)
    in_fit = drawn(keys, min(FIT_ITEMS, max(1, FIT_ELEMENTS // classes)), seed)

    def work(items: slice) -> tuple[Float, Array, Array]:
        chosen = items.start + np.flatnonzero(in_tables[items])
        read = {"logits": logits[member, items], **people.read(items)}
        read = {name: values[in_tables[items]] for name, values in read.items()}
        sums, fit_to = np.zeros(shape), [np.empty((0, classes))]
        for block in blocks_of(read, people):
            here, chosen = chosen[: block.size], chosen[block.size :]
            labels = block.people if people.probs is not None else truth_shares(block)
            if has_tables:
                add_by_first_choice(sums, block, labels, group[here])
            labels = labels if to_people else truth_shares(block)
            fit_to.append(labels.T[in_fit[here]])
        fitted = in_fit[items][in_tables[items]]
        return sums, read["logits"][fitted], np.concatenate(fit_to)

    sums, sampled, labelled = np.zeros(shape), [], []
    for part in in_order(work, cut(people.size, task_items(people))):
        sums += part[0]
        sampled.append(part[1])
        labelled.append(part[2])
    labels = np.concatenate(labelled)
    known = labels.any(axis=1)
    temperatures = fit_temperatures(
        np.concatenate(sampled)[known], labels[known], group[in_fit][known]
    )
    decided(
        "temperatures of the groups of items, each fitted to %s of the others: %s",
        "people's labels" if to_people else "the true classes",
        ", ".join(f"{temperature:.4g}" for temperature in temperatures),
    )
    tables = tables_from(sums) if has_tables else np.zeros((1, 1, 1))
    return FittedReferences(
        Fitted(group, temperatures, tables),
        _why_missing(group, temperatures, has_tables=has_tables),
        exchanged_classes(sums) if has_tables else (),
    )


def _why_missing(group: Array, temperatures: Float, *, has_tables: bool) -> dict[str, str]:
    present = np.unique(group)
    missing = {}
    if np.isnan(temperatures[present]).any():
        missing[RESCALED] = "too few items to fit a temperature on others"
    if not has_tables:
        missing[FIRST_CHOICE] = f"more than {MOST_CLASSES:,} classes"
    elif len(present) < 2:
        missing[FIRST_CHOICE] = "too few items to take a mean over others"
    return missing
