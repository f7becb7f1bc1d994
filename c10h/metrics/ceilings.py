"""What people themselves reach on each metric, by method, because methods mean different things.

plug-in, miller-madow: the least cross-entropy that any model can have is the entropy of people's
    distribution, estimated from the shares of votes, or with the bias correction of Miller (1955),
    (classes with votes - 1) / 2N. On kl and entropy_gap, which have the plug-in entropy taken off,
    the correction alone, and 0 for kl.
leave-one-vote-out: the other N - 1 votes of an item act as the model, each vote in turn as the
    annotator who is left out, in closed form.
split-half-V: half of an item's votes (V on average) act as the model, the other half as people,
    over SPLITS random splits of at most SPLIT_ITEMS items. Not corrected for the halved votes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from c10h.errors import InputError
from c10h.metrics.bootstrap import hash_rows
from c10h.metrics.brier import several_votes, vote_variance
from c10h.metrics.consistency import annotator_correct, error_consistency
from c10h.metrics.divergence import jsd, tvd
from c10h.metrics.item_block import Block, Float, entropy
from c10h.metrics.metric_type import Term, count, divide
from c10h.metrics.ranks import Ranked, fit_rank_correlation
from c10h.metrics.second_best import has_second, second_matches
from c10h.parallel import in_order
from c10h.records import Array

PLUG_IN, MILLER_MADOW, LEAVE_ONE_OUT = "plug-in", "miller-madow", "leave-one-vote-out"
SPLITS = 8
SPLIT_ITEMS = 100_000
# numpy draws of no more.
MOST_VOTES = 1_000_000_000


@dataclass(frozen=True)
class Ceiling:
    """A ceiling in closed form: sums of ``terms`` over items, and a formula, as in a metric."""

    terms: tuple[Term, ...]
    combine: Callable[..., Float]


def plug_in_entropy(block: Block) -> Float:
    """H(p) of the human distribution, in nats."""
    return block.people_entropy


def miller_madow_bias(block: Block) -> Float:
    """(classes with votes - 1) / 2N: the first-order bias of the plug-in entropy, in nats."""
    return np.asarray(((block.votes > 0).sum(axis=0) - 1) / (2 * block.totals))


def several_and_known(block: Block) -> Float:
    """1 for items with two votes or more whose true class is known."""
    return block.where_known(block.get(several_votes))


def rest_correct(block: Block) -> Float:
    """The chance that the plurality of the other N - 1 votes is right; 0 where N = 1.

    In expectation over the vote left out and over ties for the first place.
    """
    top, leaders, level = block.get(_leaders)
    first, near = block.get(_right_leaders)
    untouched = first / leaders
    # Leaving out a vote for the only leader lets the classes one vote behind draw level.
    overtaken = np.where(leaders == 1, near * level, untouched)
    share = leaders * top / block.totals
    chance = share * overtaken + (1 - share) * untouched
    return np.asarray(chance * block.get(several_votes))


def rest_and_vote_correct(block: Block) -> Float:
    """The chance that the plurality of the rest and the vote left out both are right.

    The vote left out is for a leader, or it changes no first place. One of several leaders that
    loses a vote leaves the place to the others; the only one shares it as in :func:`rest_correct`.
    """
    top, leaders, level = block.get(_leaders)
    first, near = block.get(_right_leaders)
    if_alone = top / block.totals * level * first * near
    if_shared = top / block.totals * first * (first - 1) / np.maximum(leaders - 1, 1)
    behind = (block.over_right(block.votes) - first * top) / block.totals * first / leaders
    return (np.where(leaders == 1, if_alone, if_shared) + behind) * block.get(several_votes)


def vote_correct(block: Block) -> Float:
    """The chance that the vote left out is right; 0 where N = 1."""
    return block.get(annotator_correct) * block.get(several_votes)


def rest_brier_human(block: Block) -> Float:
    """Σ (p_rest - p)² in expectation over populations: V/(N-1) + V/N; 0 where N = 1.

    The same number comes from the mean of ‖p_rest - vote‖² over the votes left out, less the
    1 - Σ (c/N)² by which the distance to single votes exceeds that to their shares.
    """
    total = np.maximum(block.totals, 2)
    return block.get(vote_variance) * (1 / (total - 1) + 1 / total)


def rest_brier_hard(block: Block) -> Float:
    """Σ (p_rest - onehot y)², the mean over the votes left out; 0 where N = 1."""
    total = np.maximum(block.totals, 2)
    votes = block.votes
    # Each p_rest is (c - e_v)/(N-1); its square and its entry at y, averaged over votes v.
    squares = (votes**2).sum(axis=0)
    mean_squares = (squares - 2 * squares / total + 1) / (total - 1) ** 2
    at_truth = block.over_right(votes)
    mean_at_truth = (at_truth - at_truth / total) / (total - 1)
    return np.asarray((mean_squares - 2 * mean_at_truth + 1) * block.get(several_and_known))


CEILINGS: Mapping[str, Mapping[str, Ceiling]] = {
    "ce_human": {
        PLUG_IN: Ceiling((plug_in_entropy, count), divide),
        MILLER_MADOW: Ceiling(
            (plug_in_entropy, miller_madow_bias, count),
            lambda entropy, bias, items: divide(entropy + bias, items),
        ),
    },
    "kl": {
        PLUG_IN: Ceiling((count,), lambda items: divide(0 * items, items)),
        MILLER_MADOW: Ceiling((miller_madow_bias, count), divide),
    },
    "entropy_gap": {MILLER_MADOW: Ceiling((miller_madow_bias, count), divide)},
    "accuracy": {LEAVE_ONE_OUT: Ceiling((rest_correct, several_and_known), divide)},
    "brier_human": {LEAVE_ONE_OUT: Ceiling((rest_brier_human, several_votes), divide)},
    "brier_hard": {LEAVE_ONE_OUT: Ceiling((rest_brier_hard, several_and_known), divide)},
    "kappa_human": {
        LEAVE_ONE_OUT: Ceiling(
            (rest_and_vote_correct, rest_correct, vote_correct, several_and_known),
            error_consistency,
        )
    },
}
# The plug-in entropy needs no votes; everything else does.
NEEDS_NO_VOTES = PLUG_IN

SPLIT_HALF = ("sba", "jsd", "tvd", "entropy_corr")


def split_items(size: int, seed: int) -> Array:
    """Which items are split, bool (n): all, or about SPLIT_ITEMS of them by a seeded hash."""
    if size <= SPLIT_ITEMS:
        return np.ones(size, dtype=bool)
    return np.asarray(hash_rows(size, seed + 1) < np.uint64(SPLIT_ITEMS / size * 2**64))


def split_half(counts: Array, seed: int, splits: int = SPLITS) -> dict[str, float]:
    """Split-half ceilings, by metric, of the items whose votes are ``counts`` (n, c).

    The mean over ``splits`` random splits. NaN for a metric without an item that it is defined for.
    """
    several = counts[counts.sum(axis=1) > 1]
    if not len(several):
        return dict.fromkeys(SPLIT_HALF, float("nan"))

    def split(number: int) -> tuple[float, ...]:
        random = np.random.default_rng([seed, number])
        half = split_votes(several, several.sum(axis=1) // 2, random)
        return _compare_halves(half, several - half)

    means = np.mean(list(in_order(split, range(splits))), axis=0)
    return dict(zip(SPLIT_HALF, means.tolist(), strict=True))


def split_half_name(counts: Array) -> str:
    """The name of the method, with the votes that half of an item has on average."""
    total = counts.sum(axis=1)
    halves = total[total > 1] // 2
    return f"split-half-{round(float(halves.mean())) if len(halves) else 0}"


def split_votes(counts: Array, sizes: Array, random: np.random.Generator) -> Array:
    """Draw ``sizes`` (n) of the votes (n, c) of each item without replacement.

    Multivariate hypergeometric, as one hypergeometric draw a class given the classes before it.
    Raises InputError for more votes than numpy can draw of.
    """
    left, wanted = counts.sum(axis=1, dtype=np.int64), np.array(sizes)
    if left.size and left.max() >= MOST_VOTES:
        raise InputError(
            f"expected fewer than {MOST_VOTES:,} votes for an item, found {int(left.max()):,}"
        )
    drawn = np.zeros_like(counts)
    for column in range(counts.shape[1]):
        good = counts[:, column]
        left = left - good
        open_items = np.flatnonzero((good > 0) & (wanted > 0))
        some = random.hypergeometric(good[open_items], left[open_items], wanted[open_items])
        drawn[open_items, column] = some
        wanted[open_items] -= some
    return drawn


def _compare_halves(first: Array, second: Array) -> tuple[float, ...]:
    """Metrics, in the order of SPLIT_HALF, of half of the votes as the model of the other half."""
    share = first / first.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        logits = np.maximum(np.log(share), -1e4)
    people = second / second.sum(axis=1, keepdims=True)
    block = Block(logits=logits, probs=people, counts=second)
    known = has_second(block).sum()
    matches = float(second_matches(block).sum() / known) if known else float("nan")
    fit = fit_rank_correlation(Ranked(block.people_entropy), Ranked(entropy(share.T)))
    correlation = fit.combine(np.zeros(1), np.ones(1))
    return matches, float(jsd(block).mean()), float(tvd(block).mean()), float(correlation[0])


def _leaders(block: Block) -> tuple[Float, Float, Float]:
    """Votes of the first place, how many classes share it, and what a leader keeps of it.

    A leader that loses one vote shares the place with the classes that were one vote behind.
    """
    top = block.votes.max(axis=0)
    behind = (block.votes == top - 1).sum(axis=0)
    return top, block.ballots_ranking.first.sum(axis=0), 1 / (behind + 1)


def _right_leaders(block: Block) -> tuple[Float, Float]:
    """How many of the right classes are in the first place, and at most one vote behind it."""
    top = block.get(_leaders)[0]
    return (
        block.over_right(block.votes, lambda votes: votes == top),
        block.over_right(block.votes, lambda votes: votes >= top - 1),
    )
