"""One pass over the predictions of one network: everything that a score is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np

from c10h.metrics.bootstrap import MAX_GROUPS, groups
from c10h.metrics.ceilings import split_items
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import OF_FIRST_CHOICE, OF_ITEMS, Binned, Metric, Term, count, divide
from c10h.metrics.ranks import Ranked
from c10h.metrics.references import REFERENCES, Fitted
from c10h.metrics.strata import STRATA
from c10h.metrics.sums import Cells, add_totals, evaluate_terms, sum_terms
from c10h.parallel import in_order
from c10h.records import Array, Rows
from c10h.stages.people import People

# Elements (items times classes) that are worked on at once, so that they stay in the cache.
BLOCK_ELEMENTS = 1 << 16
# Items whose terms are summed by cell at once, and elements that they may have.
TASK_ITEMS = 1 << 16
TASK_ELEMENTS = 1 << 23

# Up to so many items, values that are ranked are kept in double precision. Ranks of more are those
# of quantiles, which need fewer digits.
DOUBLE_ITEMS = 1_000_000

# The network itself, beside its references.
NETWORK = ""


class Key(NamedTuple):
    """A term of the network, or of one of its references by name."""

    model: str
    term: Term


def key(model: str, term: Term) -> Key:
    """The key under which a term of a model is kept: the network's where it is the same."""
    same = term in OF_ITEMS or (
        term in OF_FIRST_CHOICE and model != NETWORK and REFERENCES[model].same_first_choice
    )
    return Key(NETWORK if same else model, term)


@dataclass(frozen=True)
class Part:
    """A part of the items: a stratum or a fold by its number; all of them without either."""

    stratum: int | None = None
    fold: int | None = None

    @property
    def is_everything(self) -> bool:
        return self.stratum is None and self.fold is None

    def cells(self, cells: Cells) -> slice | Array:
        """The cells of its items."""
        if self.fold is not None:
            return cells.of_fold(self.fold)
        return slice(0, len(cells)) if self.stratum is None else cells.slice_of(self.stratum)


@dataclass(frozen=True)
class Tally:
    """What one pass gathers.

    totals: sums of each term by cell. retained: (n) of each term that ranks need, float64, or
    float32 above DOUBLE_ITEMS. votes, voters: counts of the items that split halves are of, and
    which items they are.
    """

    cells: Cells
    totals: Mapping[Key, Float]
    retained: dict[Key, Ranked]
    per_item: Mapping[str, Array]
    votes: Array | None
    voters: Array

    def ranked_in(self, over: Key, part: Part) -> Array | None:
        """Which items of a part a metric of ranks is over; None for all items.

        over: retained, unless it is ``count``.
        """
        inside = None if part.is_everything else self.items_in(part)
        if over.term is count:
            return inside
        counted = self.retained[over].values > 0
        return counted if inside is None else counted & inside

    def forget(self, model: str) -> None:
        """Free what was retained of a model, which for large sets is most of the memory."""
        for term in [term for term in self.retained if term.model == model]:
            del self.retained[term]

    def items_in(self, part: Part) -> Array:
        """Whether each item is in a part."""
        inside = np.zeros(len(self.cells), dtype=bool)
        inside[part.cells(self.cells)] = True
        return inside[self.cells.of_item]


def tally(
    logits: Rows,
    member: int,
    people: People,
    cells: Cells,
    terms: Iterable[Key],
    *,
    fitted: Fitted | None,
    retain: Iterable[Key],
    per_item: Mapping[str, Metric],
    seed: int,
    advance: Callable[[int], None],
) -> Tally:
    """Read all items once, in threads, and sum, retain and sample what was asked for.

    fitted: what references among the terms' models are made from.
    """
    terms, retain = tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(retain))
    kept_as = np.float64 if people.size <= DOUBLE_ITEMS else np.float32
    retained: dict[Key, Array] = {term: np.empty(people.size, dtype=kept_as) for term in retain}
    values = {name: np.empty(people.size, dtype=np.float32) for name in per_item}
    voters = _voters(people, seed)
    votes: list[Array] = []
    everything = dict.fromkeys(
        [
            *terms,
            *retain,
            *(key(NETWORK, term) for metric in per_item.values() for term in metric.terms),
        ]
    )

    def work(items: slice) -> tuple[Mapping[Key, Float], Array | None, int]:
        read = {"logits": logits[member, items], **people.read(items)}
        term_values = evaluate_terms(everything, _models(read, people, fitted, items.start))
        for term, kept in retained.items():
            kept[items] = cast(Float, term_values[term])
        for name, metric in per_item.items():
            top, bottom = (cast(Float, term_values[key(NETWORK, term)]) for term in metric.terms)
            values[name][items] = divide(top, bottom)
        sample = read["counts"][voters[items]] if "counts" in read else None
        sums = sum_terms({term: term_values[term] for term in terms}, cells, items)
        return sums, sample, items.stop - items.start

    totals: dict[Key, Float] = {}
    for sums, sample, done in in_order(work, cut(people.size, task_items(people))):
        add_totals(totals, sums)
        if sample is not None:
            votes.append(sample)
        advance(done)
    sampled = np.concatenate(votes) if votes else None
    ranked = {term: Ranked(of_term) for term, of_term in retained.items()}
    return Tally(cells, totals, ranked, values, sampled, np.flatnonzero(voters))


def stratify(
    people: People, by: str | None, seed: int, fold: Array | None = None, folds: int = 1
) -> tuple[Cells, list[str]]:
    """Cells of the items and the names of their strata; no names without ``by``.

    fold: the number of each item's fold, of ``folds``; None for one.
    """
    names: list[str] = []
    stratum = np.zeros(people.size, dtype=np.int32)
    if by is not None:
        keys = [
            np.concatenate(
                [block.get(STRATA[by].key) for block in blocks_of(people.read(i), people)]
            )
            for i in cut(people.size, task_items(people))
        ]
        names, stratum = STRATA[by].divide(np.concatenate(keys), people.classes)
    group = groups(people.size, seed)
    groups_of_all = min(people.size, MAX_GROUPS)
    return Cells.of(group, groups_of_all, stratum, max(1, len(names)), fold, folds), names


def cut(items: int, size: int = TASK_ITEMS) -> Iterator[slice]:
    """Consecutive slices of at most ``size`` items."""
    for start in range(0, items, size):
        yield slice(start, min(start + size, items))


def task_items(people: People) -> int:
    """How many items are worked on in one task."""
    return max(1, min(TASK_ITEMS, TASK_ELEMENTS // len(people.classes)))


def blocks_of(read: Mapping[str, Array], people: People) -> Iterator[Block]:
    """Consecutive blocks of what was read of some items."""
    items = len(next(iter(read.values())))
    for part in cut(items, max(1, BLOCK_ELEMENTS // len(people.classes))):
        yield Block(**{name: values[part] for name, values in read.items()})


class _Models:
    """A block of the network and its references over the same items, made where a term asks."""

    def __init__(self, block: Block, fitted: Fitted | None, items: slice) -> None:
        self._blocks = {NETWORK: block}
        self._fitted, self._items = fitted, items

    def get(self, term: Key) -> Float | Binned:
        """A term of a model."""
        if term.model not in self._blocks:
            assert self._fitted is not None
            group = self._fitted.group[self._items]
            block = REFERENCES[term.model].of(self._blocks[NETWORK], self._fitted, group)
            self._blocks[term.model] = block
        return self._blocks[term.model].get(term.term)


def _models(
    read: Mapping[str, Array], people: People, fitted: Fitted | None, start: int
) -> Iterator[_Models]:
    """Consecutive blocks of what was read of items from ``start`` on."""
    for block in blocks_of(read, people):
        items = slice(start, start := start + block.size)
        yield _Models(block, fitted, items)


def _voters(people: People, seed: int) -> Array:
    """Which items' votes are kept for splitting."""
    if people.counts is None:
        return np.zeros(people.size, dtype=bool)
    return split_items(people.size, seed)
