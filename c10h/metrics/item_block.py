"""A block of items, with the quantities that several metrics share computed once.

Arrays are class-major, (c, m) for m items, so that a sum over classes runs along memory. They are
float64, and logarithms are natural.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from c10h.records import Array

Float: TypeAlias = NDArray[np.float64]
Value = TypeVar("Value")


class of_model(cached_property[Value]):  # noqa: N801
    """A cached property that depends on the logits, and not on people and truth alone."""


@dataclass(frozen=True)
class Ranking:
    """The best and second-best classes of each item, ties kept as ties.

    first, second: booleans (c, m): the classes that share the first and the second place. After a
        tie for first all tied classes share both places.
    """

    first: Array
    second: Array

    @classmethod
    def of(cls, scores: Float) -> Ranking:
        """Rank the classes of each column of ``scores`` (c, m)."""
        first = scores == scores.max(axis=0)
        below = np.where(first, -np.inf, scores)
        second = below == below.max(axis=0)
        tied = first.sum(axis=0) > 1
        return cls(first, np.where(tied, first, second))


class Block:
    """Predictions, people and truth of m items.

    A metric may only ask for what is there: :mod:`c10h.metrics` declares what each one needs.
    """

    def __init__(
        self,
        *,
        logits: Array | None = None,
        probs: Array | None = None,
        counts: Array | None = None,
        truth: Array | None = None,
        right: Array | None = None,
    ) -> None:
        """logits, probs, counts: (m, c) as in files; truth: class numbers (m), -1 where unknown.

        right: (m, c), 1 for each class that counts as right, where several can be.
        """
        self._values: dict[object, object] = {}
        self.size = next(len(x) for x in (logits, probs, counts, truth) if x is not None)
        if logits is not None:
            self.logits = _class_major(logits)
        if probs is not None:
            self.people = _class_major(probs)
        if counts is not None:
            self.votes = _class_major(counts)
        if truth is not None:
            self.truth = truth
        self.right = None if right is None else _class_major(right)

    def get(self, term: Callable[[Block], Value]) -> Value:
        """``term(block)``, computed once."""
        if term not in self._values:
            self._values[term] = term(self)
        return cast(Value, self._values[term])

    def beside(self, logits: Float, *same: str) -> Block:
        """The same items with other ``logits`` (c, m).

        What is known of people and truth is shared; same: the properties of the model that the
        logits leave as they are.
        """
        return self._share(Block.__new__(Block), same, logits=logits)

    def beside_rows(self, rows: Block, row: Array, *same: str) -> Block:
        """The same items with one of few distributions each: ``rows`` has them, ``row`` (m) which.

        same: as in :meth:`beside`.
        """
        return self._share(_BlockOfRows.__new__(_BlockOfRows), same, rows=rows, row=row)

    def _share(self, other: Block, same: Collection[str], **parts: object) -> Block:
        other.__dict__ = {
            name: value
            for name, value in self.__dict__.items()
            if name in same or not isinstance(getattr(Block, name, None), of_model)
        }
        other.__dict__.update(parts, _values={})
        return other

    @cached_property
    def columns(self) -> Array:
        """0 ... m - 1, to pick one class an item: ``x[block.truth, block.columns]``."""
        return np.arange(self.size)

    @cached_property
    def ones(self) -> Float:
        return np.ones(self.size)

    # The truth.

    @cached_property
    def is_known(self) -> Array:
        """Whether the true class of each item is known."""
        return np.asarray(self.truth >= 0)

    @cached_property
    def all_known(self) -> bool:
        return bool(self.is_known.all())

    def where_known(self, values: Float) -> Float:
        """``values`` (m), 0 for items whose true class is not known."""
        return values if self.all_known else np.where(self.is_known, values, 0.0)

    def over_right(
        self, values: Float, of: Callable[[Float], Array] = lambda values: values
    ) -> Float:
        """Σ of(values) over the classes that are right, of values (c, m); 0 where none is known.

        of: elementwise, so that the one class that is right is all that it is asked for.
        """
        if self.right is not None:
            return np.asarray((of(values) * self.right).sum(axis=0))
        return self.where_known(of(values[self.truth, self.columns]))

    # The model.

    @of_model
    def _shifted(self) -> Float:
        return np.asarray(self.logits - self.logits.max(axis=0))

    @of_model
    def _others(self) -> tuple[Float, Float]:
        """Σ e^z and Σ z e^z over all classes but the best, for which z = 0.

        Added up from the smallest, so that items with equal logits in another order of classes
        get the same bits: they have to tie.
        """
        ordered = np.sort(self._shifted, axis=0)[:-1]
        exponentials = np.exp(ordered)
        return exponentials.sum(axis=0), (ordered * exponentials).sum(axis=0)

    @of_model
    def _log_total(self) -> Float:
        return np.log1p(self._others[0])

    @of_model
    def log_model(self) -> Float:
        """log q by log-softmax, exact also where q underflows."""
        return self._shifted - self._log_total

    @of_model
    def model(self) -> Float:
        """q = softmax of the logits."""
        return np.asarray(np.exp(self._shifted) / (1 + self._others[0]))

    @of_model
    def model_ranking(self) -> Ranking:
        """Ranked by logits: two probabilities can both round to 0 or 1, logits do not."""
        return Ranking.of(self.logits)

    @of_model
    def scores(self) -> Float:
        """What the model orders the classes of each item by: its logits, (c, m)."""
        return self.logits

    @of_model
    def first_class(self) -> Array:
        """The model's first choice; of classes that tie for it the first."""
        return np.asarray(self.logits.argmax(axis=0))

    @of_model
    def tied(self) -> Array:
        """The items with several first choices."""
        return np.flatnonzero(self.model_ranking.first.sum(axis=0) > 1)

    @of_model
    def first_share(self) -> Float:
        """1 for the model's first choice; 1/k for each of k classes tied for it."""
        first = self.model_ranking.first
        return np.asarray(first / first.sum(axis=0))

    @of_model
    def confidence(self) -> Float:
        """max q."""
        return np.asarray(1 / (1 + self._others[0]))

    @of_model
    def doubt(self) -> Float:
        """1 - max q, exact also where max q rounds to 1."""
        others = self._others[0]
        return np.asarray(others / (1 + others))

    @of_model
    def correct(self) -> Float:
        """Whether the first choice is right; in expectation over orders where logits tie."""
        return self.over_right(self.first_share)

    @of_model
    def model_entropy(self) -> Float:
        """H(q) in nats."""
        total, weighted = self._others
        return self._log_total - weighted / (1 + total)

    # People.

    @cached_property
    def people_entropy(self) -> Float:
        """H(p) in nats, 0 log 0 being 0."""
        return entropy(self.people)

    @cached_property
    def ballots(self) -> Float:
        """Votes (c, m) where there are any, else probabilities: what people's order comes from.

        A prior or smoothing in the probabilities would give every item a second choice.
        """
        return self.votes if hasattr(self, "votes") else self.people

    @cached_property
    def ballots_ranking(self) -> Ranking:
        return Ranking.of(self.ballots)

    @cached_property
    def totals(self) -> Float:
        """N_i, the votes of each item."""
        return np.asarray(self.votes.sum(axis=0))

    @cached_property
    def vote_shares(self) -> Float:
        """Votes as shares, without the prior that probabilities may have; else probabilities."""
        return np.asarray(self.ballots / self.ballots.sum(axis=0))


class _BlockOfRows(Block):
    """Items of which the model gives each one of few distributions, those of another block."""

    rows: Block
    row: Array

    @of_model
    def scores(self) -> Float:
        return self.rows.scores.take(self.row, axis=1)

    @of_model
    def log_model(self) -> Float:
        return self.rows.log_model.take(self.row, axis=1)

    @of_model
    def model(self) -> Float:
        return self.rows.model.take(self.row, axis=1)

    @of_model
    def model_ranking(self) -> Ranking:
        ranking = self.rows.model_ranking
        return Ranking(ranking.first.take(self.row, axis=1), ranking.second.take(self.row, axis=1))

    @of_model
    def first_share(self) -> Float:
        return self.rows.first_share.take(self.row, axis=1)

    @of_model
    def confidence(self) -> Float:
        return self.rows.confidence[self.row]

    @of_model
    def doubt(self) -> Float:
        return self.rows.doubt[self.row]

    @of_model
    def model_entropy(self) -> Float:
        return self.rows.model_entropy[self.row]


def x_log_x(x: Float) -> Float:
    """x log x, with 0 log 0 = 0."""
    return np.asarray(x * np.log(np.where(x > 0, x, 1.0)))


def entropy(x: Float) -> Float:
    """-Σ x log x over classes, the same bits for the same shares in any order of classes."""
    return np.asarray(-x_log_x(np.sort(x, axis=0)).sum(axis=0))


def _class_major(rows: Array) -> Float:
    return np.ascontiguousarray(rows.T, dtype=np.float64)
