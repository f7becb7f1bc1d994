"""Folds against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.scoring import fixed_examples
from sklearn.model_selection import StratifiedKFold

from c10h.errors import InputError
from c10h.records import Array
from c10h.training.folds import fold_rows, make_folds


def counts_of(fold: Array, strata: Array, count: int) -> Array:
    """Items by fold and class, (k, c)."""
    found = np.zeros((count, strata.max() + 1), dtype=np.int64)
    np.add.at(found, (fold, strata), 1)
    return found


@fixed_examples
@given(
    size=st.integers(12, 80),
    count=st.integers(2, 12),
    classes=st.integers(1, 6),
    seed=st.integers(0, 9),
)
def test_folds_are_as_even_as_can_be(size: int, count: int, classes: int, seed: int) -> None:
    strata = np.random.default_rng(seed).integers(0, classes, size)
    fold = make_folds(np.arange(size, dtype=np.uint64), strata, count, seed)
    assert fold.dtype == np.int16
    found = counts_of(fold, strata, count)
    assert np.ptp(found, axis=0).max() <= 1
    assert np.ptp(found.sum(axis=1)) <= 1


@pytest.mark.parametrize("count", [2, 3, 10])
def test_as_many_of_each_class_as_scikit_learn_has(count: int) -> None:
    strata = np.repeat([0, 1, 2], [41, 57, 22])
    fold = make_folds(np.arange(120, dtype=np.uint64), strata, count, 0)
    theirs = np.empty(120, dtype=np.int64)
    splits = StratifiedKFold(count, shuffle=True, random_state=0).split(strata, strata)
    for number, (_, rows) in enumerate(splits):
        theirs[rows] = number
    mine, wanted = (np.sort(counts_of(one, strata, count), axis=0) for one in (fold, theirs))
    np.testing.assert_array_equal(mine, wanted)


def test_parts_are_disjoint_and_complete() -> None:
    fold = make_folds(np.arange(50, dtype=np.uint64), np.arange(50) % 3, 4, 0)
    parts = [fold_rows(fold, number, 50) for number in range(4)]
    held_out = np.concatenate([part.held_out for part in parts])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(50))
    for part in parts:
        together = np.sort(np.concatenate([part.training, part.held_out]))
        np.testing.assert_array_equal(together, np.arange(50))


def test_without_folds_everything_is_for_training() -> None:
    part = fold_rows(None, -1, 5)
    assert part.training.tolist() == [0, 1, 2, 3, 4]
    assert len(part.held_out) == 0


def test_a_seed_is_a_split() -> None:
    items, strata = np.arange(60, dtype=np.uint64), np.arange(60) % 3
    first, again, other = (make_folds(items, strata, 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.3


def test_equal_pictures_are_in_the_same_fold() -> None:
    kinds = np.random.default_rng(0).integers(0, 25, 100)
    fold = make_folds(kinds.astype(np.uint64), kinds % 4, 5, 0)
    for kind in np.unique(kinds):
        assert len(np.unique(fold[kinds == kind])) == 1
    assert len(np.unique(fold)) == 5


@pytest.mark.parametrize("count", [-1, 0, 1, 6])
def test_a_number_of_folds_that_cannot_be(count: int) -> None:
    items = np.array([1, 1, 2, 3, 4, 5], dtype=np.uint64)
    with pytest.raises(InputError, match=f"--folds {count}: expected 2 to 5"):
        make_folds(items, np.zeros(6, dtype=np.int64), count, 0)


def test_one_picture_many_times_has_no_folds() -> None:
    with pytest.raises(InputError, match="needs at least two different images"):
        make_folds(np.zeros(9, dtype=np.uint64), np.zeros(9, dtype=np.int64), 2, 0)


def test_more_folds_than_their_numbers_can_count() -> None:
    many = np.arange(40_000, dtype=np.uint64)
    with pytest.raises(InputError, match="2 to 32,767"):
        make_folds(many, np.zeros(40_000, dtype=np.int64), 33_000, 0)
