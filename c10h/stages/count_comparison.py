"""Compare rebuilt counts with published ones, vote for vote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.items import IDS, Items, align
from c10h.records import Array, Labels
from c10h.stages.class_order import labels_in_order

ROWS = 1 << 16


@dataclass(frozen=True)
class Comparison:
    """Where two tables of counts differ.

    item: rows of the rebuilt labels; label: numbers of classes; rebuilt, published: their votes;
    int (k), one entry a class of an item where these differ. size, votes, other_votes: items,
    rebuilt and published votes. by: how items were matched.
    """

    item: Array
    label: Array
    rebuilt: Array
    published: Array
    size: int
    votes: int
    other_votes: int
    by: str

    @property
    def items(self) -> int:
        """How many items differ."""
        return len(np.unique(self.item))


def compare_counts(rebuilt: Labels, published: Labels, name: str) -> Comparison:
    """Compare the counts of two labels: by ids where both have them, else by position.

    Raises InputError where one has no counts, MismatchError for other classes or items.
    """
    published = labels_in_order(published, rebuilt.classes, name)
    if rebuilt.counts is None or published.counts is None:
        raise InputError(f"{name}: --compare needs vote counts, found probabilities")
    size, other = rebuilt.probs.shape[0], published.probs.shape[0]
    if size != other:
        raise MismatchError(f"{name}: expected {size:,} items as rebuilt, found {other:,}")
    items = Items("rebuilt labels", size, rebuilt.ids)
    matched = align(items, Items(name, size, published.ids))
    by = matched.by
    if by == IDS:
        in_order = matched.take(np.asarray(published.counts[0:size]))
    parts: list[tuple[Array, ...]] = []
    votes = other_votes = 0
    for start in range(0, size, ROWS):
        block = slice(start, min(start + ROWS, size))
        mine = rebuilt.counts[block]
        theirs = in_order[block] if by == IDS else published.counts[block]
        votes, other_votes = votes + int(mine.sum()), other_votes + int(theirs.sum())
        item, label = np.nonzero(mine != theirs)
        parts.append((item + start, label, mine[item, label], theirs[item, label]))
    item, label, ours, others = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Comparison(item, label, ours, others, size, votes, other_votes, by)
