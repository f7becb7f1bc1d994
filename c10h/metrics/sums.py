"""Sums of terms over cells of items, from which every value and every resample is computed.

A cell is one bootstrap group within one fold and one stratum. Cells are numbered by stratum, then
fold, then group, and only those with items exist.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np

from c10h.metrics.item_block import Float
from c10h.metrics.metric_type import Binned
from c10h.records import Array

# What a term is known by: itself, or more where there are several networks.
Key = TypeVar("Key", bound=Hashable)
KeyOf = TypeVar("KeyOf", bound=Hashable, contravariant=True)


@dataclass(frozen=True)
class Cells:
    """A partition of items: the cell of each item, and group, fold and stratum of each cell."""

    of_item: Array
    group: Array
    fold: Array
    stratum: Array
    groups: int

    @classmethod
    def of(
        cls,
        group: Array,
        groups: int,
        stratum: Array,
        strata: int,
        fold: Array | None = None,
        folds: int = 1,
    ) -> Cells:
        """From group (of ``groups``), stratum (of ``strata``) and fold (of ``folds``) of items.

        Without ``fold`` all items are in one.
        """
        key = stratum.astype(np.int64)
        if fold is not None:
            key = key * folds + fold
        key = key * groups + group
        present = np.zeros(strata * folds * groups, dtype=bool)
        present[key] = True
        occupied = np.flatnonzero(present)
        number = np.cumsum(present, dtype=np.int32) - np.int32(1)
        within = occupied // groups
        return cls(number[key], occupied % groups, within % folds, within // folds, groups)

    def __len__(self) -> int:
        return len(self.group)

    def slice_of(self, stratum: int) -> slice:
        """The cells of one stratum, which are consecutive."""
        first, last = np.searchsorted(self.stratum, [stratum, stratum + 1])
        return slice(int(first), int(last))

    def of_fold(self, fold: int) -> Array:
        """The numbers of the cells of one fold."""
        return np.flatnonzero(self.fold == fold)


class Evaluates(Protocol[KeyOf]):
    """A block, or several of the same items: ``get`` gives the values of a term by its key."""

    def get(self, term: KeyOf, /) -> Float | Binned: ...


def evaluate_terms(
    terms: Iterable[Key], blocks: Iterable[Evaluates[Key]]
) -> dict[Key, Float | Binned]:
    """Every term over consecutive blocks, of which no more than one is kept at a time."""
    parts: dict[Key, list[Float | Binned]] = {term: [] for term in terms}
    for block in blocks:
        for term, values in parts.items():
            values.append(block.get(term))
    return {term: join(values) for term, values in parts.items()}


def sum_terms(
    values: Mapping[Key, Float | Binned], cells: Cells, items: slice
) -> Mapping[Key, Float]:
    """Sums by cell of terms of the items of a slice."""
    cell = cells.of_item[items]
    return {term: sum_by_cell(value, cell, len(cells)) for term, value in values.items()}


def sum_by_cell(value: Float | Binned, cell: Array, cells: int) -> Float:
    """Sum one term by cell: (cells), or (cells, bins) for a binned term."""
    if isinstance(value, Binned):
        key = cell.astype(np.int64) * value.bins + value.slot
        sums = np.bincount(key, value.value, cells * value.bins)
        return sums.reshape(cells, value.bins).astype(np.float64, copy=False)
    return np.bincount(cell, value, cells).astype(np.float64, copy=False)


def add_totals(total: dict[Key, Float], more: Mapping[Key, Float]) -> None:
    """Add sums to running sums, in place."""
    for term, sums in more.items():
        if term in total:
            total[term] += sums
        else:
            total[term] = sums


def join(parts: list[Float | Binned]) -> Float | Binned:
    """One term over consecutive blocks."""
    first = parts[0]
    if isinstance(first, Binned):
        binned = [part for part in parts if isinstance(part, Binned)]
        slots = np.concatenate([part.slot for part in binned])
        return Binned(first.bins, slots, np.concatenate([part.value for part in binned]))
    return np.concatenate([part for part in parts if not isinstance(part, Binned)])


class Formulas:
    """Metrics of one set of cells as formulas over the columns of one matrix of sums.

    The value of every metric is its formula at the columns' totals; a resample is the same formula
    at the product of the cells' weights with the matrix.
    """

    def __init__(self, group: Array, groups: int) -> None:
        """group: the bootstrap group of each cell, of ``groups``."""
        self.group = group
        self.groups = groups
        self._columns: list[Float] = []
        self._width = 0
        self._places: dict[object, slice | int] = {}
        self._formulas: dict[str, tuple[Callable[..., Float], tuple[slice | int, ...]]] = {}
        self._resampled: dict[str, Callable[..., Float]] = {}

    def add(
        self,
        name: str,
        combine: Callable[..., Float],
        sums: Mapping[Any, Float],
        resampled: Callable[..., Callable[..., Float]] | None = None,
    ) -> None:
        """Add a metric: its formula and the sums that it takes, in order, under unique keys.

        resampled: makes another formula for resamples, from the sums.
        """
        self._formulas[name] = combine, tuple(self._place(*item) for item in sums.items())
        if resampled is not None:
            self._resampled[name] = resampled(*sums.values())

    def evaluate(self, weights: Float | None = None) -> dict[str, tuple[Float, Float]]:
        """Value and n of every metric, for each row of group weights (b, groups).

        Without weights, of the items as they are (b = 1).
        """
        if not self._formulas:
            return {}
        others = {} if weights is None else self._resampled
        if weights is None:
            sums = self._matrix.sum(axis=0, keepdims=True)
        elif self._every_group_once:
            sums = weights @ self._matrix
        else:
            sums = weights[:, self.group] @ self._matrix
        return {
            name: (
                others.get(name, combine)(*(sums[:, place] for place in places)),
                sums[:, places[-1]],
            )
            for name, (combine, places) in self._formulas.items()
        }

    @cached_property
    def _matrix(self) -> Float:
        return np.concatenate(self._columns, axis=1)

    @cached_property
    def _every_group_once(self) -> bool:
        return np.array_equal(self.group, np.arange(self.groups))

    def _place(self, key: object, sums: Float) -> slice | int:
        if key not in self._places:
            columns = sums if sums.ndim == 2 else sums[:, None]
            start, self._width = self._width, self._width + columns.shape[1]
            self._places[key] = slice(start, self._width) if sums.ndim == 2 else start
            self._columns.append(columns)
        return self._places[key]
