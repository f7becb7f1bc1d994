"""Could a model stand in for an annotator? The alternative annotator test.

Calderon, Reichart & Dror (ACL 2025), The Alternative Annotator Test for LLM-as-a-Judge, section 3.
One annotator after another is left out. On every item that the annotator judged, the others score
both the annotator's label and the model's by the share of them who chose it. The model has the
advantage where its score is at least the annotator's, and the annotator where it is the other way
round; after a tie both have it. Allowing the annotator a share ε for what judgments cost, the model
can stand in for an annotator if a one-sided t-test over items rejects that its advantage is at most
the annotator's less ε.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import stdtr

from c10h.formats.lazy_rows import shares
from c10h.labels.agreement import judged_items, votes_of_items
from c10h.labels.votes import Votes
from c10h.metrics.bootstrap import MAX_GROUPS, groups, interval, weights
from c10h.metrics.item_block import Float
from c10h.metrics.proportions import wilson_interval
from c10h.records import Array

# The t-test needs so many items (the paper's section 3.3), and false discoveries are kept below a
# share (Benjamini & Yekutieli 2001).
LEAST_ITEMS, FALSE_DISCOVERIES = 30, 0.05
# Sums of each annotator that all figures are made of.
_TERMS = ("judgments", "agreed", "items", "advantage", "difference", "square")


@dataclass(frozen=True)
class Estimate:
    """A figure and the ends of its 95 % interval; NaN where it has none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Alternative:
    """A model among annotators.

    agreement: the mean share of an item's annotators who chose the model's class, over ``items``
    that it has predictions for. rank: its place among ``ranked`` annotators by agreement with the
    others, 1 for the highest; its interval has the places at the ends of the agreement's.
    advantage, p_value: float64 (a), of each annotator that is tested, else NaN: how often the model
    scores at least as well, and the test's. replaced: bool (a), whom the model can stand in for.
    winning_rate: the share of ``tested`` annotators that it can, with Wilson's interval (1927) for
    other annotators; advantage_probability: their mean advantage. The other intervals are the
    bootstrap's over items: resampled items make annotators differ more, which would shift a rank
    and a rate of rejections.
    """

    agreement: Estimate
    rank: Estimate
    winning_rate: Estimate
    advantage_probability: Estimate
    advantage: Float
    p_value: Float
    replaced: Array
    items: int
    ranked: int
    tested: int


def alternative_annotator(
    votes: Votes,
    trusted: Array,
    choices: Array,
    *,
    epsilon: float,
    resamples: int = 1000,
    seed: int = 0,
) -> Alternative:
    """Rank a model among annotators, and test for which of them it can stand in.

    trusted: bool (a), who is tested and whose votes score. choices: the model's class of each item,
    int64 (n), -1 where it has none. Items that nobody else judged do not count. An annotator who
    judged an item several times has the mean score there.
    """
    sums = _Sums.of(votes, trusted, choices, seed)
    now = sums.totals(np.ones((1, sums.groups)), _TERMS)
    tested = trusted & (now["items"][0] >= LEAST_ITEMS)
    ranked = trusted & (now["judgments"][0] > 0)
    agreement, probability = sums.estimates(tested, resamples, seed)
    p_values = _p_values(now, epsilon)[0]
    replaced = np.zeros(len(trusted), dtype=bool)
    replaced[tested] = discoveries(p_values[tested])
    with np.errstate(invalid="ignore"):
        people = (now["agreed"][0] / now["judgments"][0])[ranked]
        advantage = now["advantage"][0] / now["items"][0]
    return Alternative(
        agreement=agreement,
        rank=_rank(agreement, people),
        winning_rate=_share(int(replaced.sum()), int(tested.sum())),
        advantage_probability=probability,
        advantage=np.where(tested, advantage, np.nan),
        p_value=np.where(tested, p_values, np.nan),
        replaced=replaced,
        items=int(sums.model[1].sum()),
        ranked=int(ranked.sum()),
        tested=int(tested.sum()),
    )


def discoveries(p_values: Float, level: float = FALSE_DISCOVERIES) -> Array:
    """Which of the hypotheses (m) the Benjamini-Yekutieli procedure rejects, bool (m).

    Those with the k smallest values, for the largest k of which the k-th is at most
    k level / (m Σ_{i ≤ m} 1/i).
    """
    ranks = np.arange(1, len(p_values) + 1)
    bounds = ranks * level / (len(p_values) * (1 / ranks).sum())
    within = np.flatnonzero(np.sort(p_values) <= bounds)
    limit = bounds[within[-1]] if len(within) else -np.inf
    return np.asarray(p_values <= limit)


@dataclass(frozen=True)
class _Sums:
    """Sums over the items of each group, by annotator, and of the model.

    terms: sparse (a, groups) for each of _TERMS. model: agreement and items by group (2, groups).
    """

    terms: dict[str, csr_array]
    model: Float
    groups: int

    @classmethod
    def of(cls, votes: Votes, trusted: Array, choices: Array, seed: int) -> _Sums:
        counts = votes_of_items(votes, trusted)
        size = len(counts)
        group, count = groups(size, seed), min(size, MAX_GROUPS)
        parts = list(_compared(votes, trusted, counts, choices))
        who = np.concatenate([who for who, _, _ in parts])
        where = group[np.concatenate([item for _, item, _ in parts])]
        values = np.concatenate([terms for _, _, terms in parts], axis=1)
        shape = (len(trusted), count)
        terms = {
            name: csr_array((row, (who, where)), shape=shape)
            for name, row in zip(_TERMS, values, strict=True)
        }
        some = np.flatnonzero((choices >= 0) & counts.any(axis=1))
        share = shares(counts[some])[np.arange(len(some)), choices[some]]
        agreed = np.bincount(group[some], share, count)
        model = np.stack([agreed, np.bincount(group[some], minlength=count)]).astype(np.float64)
        return cls(terms, model, count)

    def totals(self, drawn: Float, names: Sequence[str]) -> dict[str, Float]:
        """Terms by name (b, a); groups count as often as ``drawn`` (b, groups)."""
        return {name: np.asarray((self.terms[name] @ drawn.T).T) for name in names}

    def estimates(self, tested: Array, resamples: int, seed: int) -> tuple[Estimate, Estimate]:
        """The model's agreement, and its mean advantage over the annotators that are tested."""

        def figures(drawn: Float) -> Float:
            totals = self.totals(drawn, ("advantage", "items"))
            with np.errstate(divide="ignore", invalid="ignore"):
                agreement = (drawn @ self.model[0]) / (drawn @ self.model[1])
                advantage = (totals["advantage"] / totals["items"])[:, tested]
            # An annotator of whom no item is drawn has none.
            known = ~np.isnan(advantage)
            count = known.sum(axis=1)
            mean = np.where(known, advantage, 0).sum(axis=1) / np.maximum(count, 1)
            return np.stack([agreement, np.where(count > 0, mean, np.nan)])

        value = figures(np.ones((1, self.groups)))[:, 0]
        samples = [figures(drawn) for _, drawn in weights(self.groups, resamples, seed)]
        low, high = interval(np.concatenate([np.empty((2, 0)), *samples], axis=1))
        first, second = (Estimate(*map(float, ends)) for ends in zip(value, low, high, strict=True))
        return first, second


def _compared(
    votes: Votes, trusted: Array, counts: Array, choices: Array
) -> Iterator[tuple[Array, Array, Float]]:
    """Annotators, items and terms (6, p) of pairs that others judged, too; in blocks."""
    for who, item, own in judged_items(votes, counts.shape[1]):
        rest = counts[item] - own
        some = trusted[who] & rest.any(axis=1)
        who, item, own, rest = who[some], item[some], own[some].astype(np.int64), rest[some]
        judged, choice = own.sum(axis=1), choices[item]
        has_choice = choice >= 0
        # Shares of the same votes are compared as whole numbers, so that ties are ties.
        human = (own * rest).sum(axis=1)
        model = rest[np.arange(len(rest)), np.maximum(choice, 0)] * judged
        difference = np.where(has_choice, np.sign(human - model), 0)
        terms = np.stack([
            judged.astype(np.float64),
            human / rest.sum(axis=1),
            has_choice,
            has_choice & (model >= human),
            difference,
            difference**2,
        ])  # fmt: skip
        yield who, item, terms


def _p_values(totals: dict[str, Float], epsilon: float) -> Float:
    """Of the one-sided t-test that the annotator's advantage less the model's is ε or more.

    Differences that are all the same decide without a test. NaN with fewer than two items.
    """
    items = totals["items"]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = totals["difference"] / items
        variance = np.maximum(totals["square"] - items * mean**2, 0.0) / (items - 1)
        # What rounding leaves of none is none.
        error = np.sqrt(np.where(variance > 1e-12, variance, 0.0) / items)
        t = np.where(error > 0, (mean - epsilon) / error, np.where(mean < epsilon, -np.inf, np.inf))
        return np.where(items > 1, stdtr(items - 1, t), np.nan)


def _rank(agreement: Estimate, people: Float) -> Estimate:
    """The place of an agreement among people's (m): one more than there are above it."""
    ends = (agreement.value, agreement.high, agreement.low)
    places = [
        1.0 + int((people > end).sum()) if len(people) and end == end else float("nan")
        for end in ends
    ]
    return Estimate(*places)


def _share(hits: int, count: int) -> Estimate:
    """A share with Wilson's interval."""
    share = hits / count if count else float("nan")
    low, high = wilson_interval(np.array(share), np.array(float(count)))
    return Estimate(share, float(low), float(high))
