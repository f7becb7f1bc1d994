"""What people's distributions are like, as far as their votes tell: a mixture of Dirichlets.

Each item has a class that people lean to, and its distribution comes from one of several kinds of
Dirichlet around it: a kind says how large a share of people chooses other classes on average (from
0.3 % to 70 %), and how alike the items of this kind are (a concentration of 1 to 100 votes). The
other classes share that in the proportions in which votes go to them where this class has votes,
too. How frequent each kind is among the items of each class is what the votes are to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.special import gammaln

from c10h.metrics.bootstrap import hash_rows
from c10h.metrics.item_block import Float
from c10h.records import Array

CONCENTRATIONS = (1.0, 3.0, 10.0, 30.0, 100.0)
SHARES_OF_OTHERS = (0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7)
# With more classes, single classes have too few items to tell anything.
MOST_CLASSES = 32
# EM begins with all kinds equally frequent; few steps keep those that no votes speak against.
STEPS = 120
# A class's kinds are taken towards those of all classes, as by so many items.
PSEUDO_ITEMS = 50
# Share of the votes for others that goes to all other classes alike, and votes added to each pair.
EVEN_SHARE, PSEUDO_VOTES = 0.2, 1.0
# Elements (patterns of votes, times classes, times kinds) that are fitted, and computed at once.
FITTED_ELEMENTS, BLOCK_ELEMENTS = 1 << 23, 1 << 21


@dataclass(frozen=True)
class PeopleModel:
    """Dirichlets around each class y of each kind k, and how frequent they are.

    alpha: pseudo-votes float64 (y, k, c). weights: float64 (y, k), which sum to 1.
    """

    alpha: Float
    weights: Float

    @cached_property
    def pseudo_votes(self) -> Float:
        """Of all classes together, (y·k)."""
        return np.asarray(self.alpha.sum(axis=2).ravel())


def fit_people(counts: Array) -> PeopleModel:
    """The model under which votes (n, c) are likely, by expectation maximisation.

    Items beyond a number that bounds the work are left out, by a hash of their rows.
    """
    size, classes = counts.shape
    kinds = len(CONCENTRATIONS) * len(SHARES_OF_OTHERS)
    most = FITTED_ELEMENTS // (classes * kinds)
    if size > most:
        counts = counts[np.sort(np.argsort(hash_rows(size, 0))[:most])]
    model = PeopleModel(_kinds(counts), np.full((classes, kinds), 1 / (classes * kinds)))
    patterns, of_item = patterns_of(counts)
    times = np.bincount(of_item)
    likelihood = _likelihood(model, patterns).reshape(len(patterns), classes, kinds)
    weights = (patterns / patterns.sum(axis=1, keepdims=True) * times[:, None]).sum(axis=0)
    weights = np.repeat(weights[:, None], kinds, axis=1) / kinds
    for _ in range(STEPS):
        chance = np.einsum("ijk,jk->i", likelihood, weights)
        found = weights * np.einsum("i,ijk->jk", times / chance, likelihood)
        weights = found + PSEUDO_ITEMS * found.sum(axis=0) / found.sum()
        weights /= weights.sum()
    return PeopleModel(model.alpha, weights)


def one_dirichlet(classes: int, prior: float) -> PeopleModel:
    """One Dirichlet for all items, with ``prior`` pseudo-votes a class."""
    return PeopleModel(np.full((1, 1, classes), prior), np.ones((1, 1)))


def expected_moments(model: PeopleModel, patterns: Array) -> tuple[Float, Float]:
    """E[Σ (c/N - p)²] and E[1 - Σ p²] given votes c (m, c): error of shares, and disagreement."""
    error, disagreement = np.empty(len(patterns)), np.empty(len(patterns))
    flat = model.alpha.reshape(-1, patterns.shape[1])
    squares, pseudo = (flat**2).sum(axis=1), model.pseudo_votes
    for rows in _blocks(len(patterns), len(flat)):
        votes = patterns[rows].astype(np.float64)
        weight = _likelihood(model, patterns[rows]) * model.weights.ravel()
        weight /= weight.sum(axis=1, keepdims=True)
        total = votes.sum(axis=1, keepdims=True)
        own = (votes**2).sum(axis=1, keepdims=True)
        mixed = own + votes @ flat.T  # Σ c (c + α)
        posterior = total + pseudo
        # Σ (c + α)(c + α + 1), with Σ (c + α)² = 2 Σ c (c + α) - Σ c² + Σ α².
        second = (2 * mixed - own + squares + posterior) / (posterior * (posterior + 1))
        gap = own / total**2 - 2 * mixed / (total * posterior) + second
        error[rows] = (weight * gap).sum(axis=1)
        disagreement[rows] = 1 - (weight * second).sum(axis=1)
    return np.maximum(error, 0.0), np.maximum(disagreement, 0.0)


def patterns_of(rows: Array) -> tuple[Array, Array]:
    """The different rows, and which of them each row is; as np.unique with an axis, but fast.

    Columns are put into one number an item, which is made small again before it overflows.
    """
    code, limit = np.zeros(len(rows), dtype=np.int64), 1
    for column in rows.T:
        width = int(column.max()) + 1
        if limit > np.iinfo(np.int64).max // width:
            codes, code = np.unique(code, return_inverse=True)
            limit = len(codes)
        code, limit = code * width + column, limit * width
    _, first, of_row = np.unique(code, return_index=True, return_inverse=True)
    return rows[first], of_row


def _kinds(counts: Array) -> Float:
    """Pseudo-votes of each class, kind and class, (y, k, c)."""
    classes = counts.shape[1]
    same = np.eye(classes, dtype=bool)
    shares = counts / counts.sum(axis=1, keepdims=True)
    pairs = np.where(same, 0.0, shares.T @ counts.astype(np.float64) + PSEUDO_VOTES)
    proportions = pairs / pairs.sum(axis=1, keepdims=True)
    others = np.where(same, 0.0, EVEN_SHARE / (classes - 1)) + (1 - EVEN_SHARE) * proportions
    concentration, share = np.meshgrid(CONCENTRATIONS, SHARES_OF_OTHERS, indexing="ij")
    own = concentration.ravel()[:, None] * (1 - share.ravel()[:, None])
    off = concentration.ravel()[:, None] * share.ravel()[:, None]
    return np.asarray(np.where(same[:, None, :], own, off * others[:, None, :]))


def _likelihood(model: PeopleModel, patterns: Array) -> Float:
    """Of votes (m, c) under each class and kind, (m, y·k), as parts of the largest.

    The Dirichlet-multinomial's Π Γ(c + α) / Γ(α) depends on each class and its votes alone, so that
    each pair of these is computed once.
    """
    classes = patterns.shape[1]
    item, column = np.nonzero(patterns)
    values, value = np.unique(patterns[item, column], return_inverse=True)
    pairs, pair = np.unique(column * len(values) + value, return_inverse=True)
    alpha = model.alpha.reshape(-1, classes)[:, pairs // len(values)].T
    rises = gammaln(values[pairs % len(values), None] + alpha) - gammaln(alpha)
    has_pair = csr_array(
        (np.ones(len(item)), pair, np.searchsorted(item, np.arange(len(patterns) + 1))),
        shape=(len(patterns), len(pairs)),
    )
    totals, total = np.unique(patterns.sum(axis=1), return_inverse=True)
    fall = gammaln(model.pseudo_votes) - gammaln(totals[:, None] + model.pseudo_votes)
    log = has_pair @ rises + fall[total]
    return np.asarray(np.exp(log - log.max(axis=1, keepdims=True)))


def _blocks(size: int, columns: int) -> Iterator[slice]:
    step = max(1, BLOCK_ELEMENTS // columns)
    for start in range(0, size, step):
        yield slice(start, start + step)
