"""How well each annotator agrees with the others, leaving the annotator's own judgments out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from c10h.formats.lazy_rows import shares
from c10h.labels.votes import Votes
from c10h.metrics.proportions import wilson_interval
from c10h.records import Array
from c10h.truth import right_of

# How many judgments, times classes, are compared at a time.
BLOCK_VOTES = 1 << 22


@dataclass(frozen=True)
class Agreement:
    """One value an annotator, float64 (a); NaN for one who judged no item that others did.

    rest: mean share of the others' votes for the annotator's label. low, high: its 95 % interval,
    of other items like these: Wilson's, over the items that others judged too, as if the annotator
    agreed or not with one of the others on each; wider than need be where people share their votes.
    kappa: agreement corrected for chance. truth: share of judgments that are right, of items whose
    true class is known; None without any truth. n: judgments of items that others judged too.
    """

    rest: Array
    low: Array
    high: Array
    kappa: Array
    truth: Array | None
    n: Array


def agreement(votes: Votes, trusted: Array) -> Agreement:
    """Agreement of every annotator with the rest, who are the other annotators that are trusted.

    trusted: bool (a), whose votes are the rest's. For a judgment of label k of item i, the rest's
    share of votes for k, with all judgments of that annotator left out, is the chance to agree with
    one of them at random. Its mean o and the chance agreement e = Σ_k f_k r_k (f: shares of the
    annotator's labels, r: the mean of the rest's shares on the same items) give
    κ = (o - e) / (1 - e): Cohen's kappa (1960) with one random other annotator an item.
    """
    count = len(trusted)
    classes = votes.labels.probs.shape[1]
    counts = votes_of_items(votes, trusted)
    n, agreed, items = np.zeros(count), np.zeros(count), np.zeros(count)
    label_counts, rest_shares = np.zeros((classes, count)), np.zeros((classes, count))
    for who, item, own in judged_items(votes, classes):
        rest = counts[item] - own * trusted[who][:, None]
        some = rest.any(axis=1)
        who, own, share = who[some], own[some], shares(rest[some])
        judged = own.sum(axis=1)
        n += np.bincount(who, weights=judged, minlength=count)
        items += np.bincount(who, minlength=count)
        agreed += np.bincount(who, weights=(own * share).sum(axis=1), minlength=count)
        for k in range(classes):
            label_counts[k] += np.bincount(who, weights=own[:, k], minlength=count)
            rest_shares[k] += np.bincount(who, weights=judged * share[:, k], minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed, expected = agreed / n, (label_counts * rest_shares).sum(axis=0) / n**2
        kappa = np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)
    return Agreement(observed, *wilson_interval(observed, items), kappa, _right(votes, count), n)


def votes_of_items(votes: Votes, trusted: Array) -> Array:
    """Votes of the annotators that are trusted, by item and class (n, c)."""
    size, classes = votes.labels.probs.shape
    is_counted = trusted[votes.annotator]
    key = votes.item[is_counted].astype(np.int64) * classes + votes.label[is_counted]
    return np.bincount(key, minlength=size * classes).reshape(size, classes)


def judged_items(votes: Votes, classes: int) -> Iterator[tuple[Array, Array, Array]]:
    """Annotator, item and the one's votes for the other (p, c), for every pair with a judgment.

    In blocks that no annotator is split by, so that memory is bounded.
    """
    order = np.argsort(votes.annotator, kind="stable")
    ends = np.cumsum(np.bincount(votes.annotator))
    start = 0
    while start < len(order):
        fitting = np.searchsorted(ends, start + BLOCK_VOTES // classes, side="right") - 1
        stop = max(int(ends[fitting]) if fitting >= 0 else 0, int(ends[ends > start][0]))
        rows = order[start:stop]
        pair = votes.annotator[rows].astype(np.uint64) << np.uint64(32) | votes.item[rows]
        pairs, place = np.unique(pair, return_inverse=True)
        own = np.zeros((len(pairs), classes), dtype=np.int32)
        np.add.at(own, (place, votes.label[rows]), 1)
        who, item = pairs >> np.uint64(32), pairs & np.uint64(0xFFFFFFFF)
        yield who.astype(np.int64), item.astype(np.int64), own
        start = stop


def _right(votes: Votes, count: int) -> Array | None:
    """The share of judgments that are the true class, over items whose truth is known."""
    truth = votes.labels.truth
    if truth is None:
        return None
    judged = truth[votes.item] >= 0
    who, item, label = votes.annotator[judged], votes.item[judged], votes.label[judged]
    answers = right_of(votes.labels)
    is_right = truth[item] == label if answers is None else answers[item, label] > 0
    with np.errstate(invalid="ignore"):
        return np.bincount(who, weights=is_right, minlength=count) / np.bincount(
            who, minlength=count
        )


def median_by_annotator(votes: Votes) -> Array:
    """Median reaction time of each annotator's judgments that count, NaN without one."""
    count = len(votes.labels.annotators["id"])
    if votes.rt is None:
        return np.full(count, np.nan)
    has_time = ~np.isnan(votes.rt)
    who, times = votes.annotator[has_time], votes.rt[has_time]
    order = np.lexsort((times, who))
    times = times[order]
    sizes = np.bincount(who, minlength=count)
    first = np.cumsum(sizes) - sizes
    some = sizes > 0
    low = first[some] + (sizes[some] - 1) // 2
    high = first[some] + sizes[some] // 2
    medians = np.full(count, np.nan)
    medians[some] = (times[low] + times[high]) / 2
    return medians
