"""What networks have seen in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from metrics.scoring import predictions_of

from c10h.records import Array
from c10h.stages.seen_in_training import seen_in_training

HASHES = np.array([11, 12, 13, 14], dtype=np.uint64)


def trained(items: list[int], folds: list[int]) -> dict[str, Array]:
    return {"item": np.array(items, dtype=np.uint64), "fold": np.array(folds, dtype=np.int16)}


def folds(*numbers: int) -> Array:
    return np.array(numbers, dtype=np.int16)


class TestSeenInTraining:
    def seen(self, member: int = 0, **more: Any) -> list[bool]:
        found = seen_in_training(predictions_of(np.zeros((2, 4, 2)), item=HASHES, **more), member)
        assert found is not None
        return [bool(one) for one in found]

    def test_items_that_every_network_saw(self) -> None:
        assert self.seen(trained=trained([12, 14, 99], [-1] * 3)) == [False, True, False, True]

    def test_held_out_folds_are_unseen(self) -> None:
        seen = self.seen(fold=folds(0, 0, 1, 1), trained=trained([11, 12, 13, 14], [0, 0, 1, 1]))
        assert seen == [False] * 4

    def test_a_prediction_by_the_network_of_another_fold_is_seen(self) -> None:
        seen = self.seen(fold=folds(0, 1, 1, 1), trained=trained([11, 12, 13, 14], [0, 0, 1, 1]))
        assert seen == [False, True, False, False]

    def test_an_ancestor_saw_what_the_folds_hold_out(self) -> None:
        seen = self.seen(fold=folds(0, 0, 1, 1), trained=trained([11, 14, 13], [0, 1, -1]))
        assert seen == [False, False, True, False]

    def test_a_picture_that_is_in_two_folds_is_seen_by_both(self) -> None:
        seen = self.seen(fold=folds(0, 0, 1, 1), trained=trained([11, 11, 12, 14], [0, 1, 0, 1]))
        assert seen == [True, False, False, False]

    @pytest.mark.parametrize("fold", [None, folds(-1, -1, -1, -1)])
    def test_an_ensemble_of_folds_saw_every_item(self, fold: Array | None) -> None:
        seen = self.seen(fold=fold, trained=trained([11, 12, 13], [0, 0, 1]))
        assert seen == [True, True, True, False]

    @pytest.mark.parametrize(
        ("member", "expected"), [(0, [False, False, True, True]), (1, [True, True, False, False])]
    )
    def test_each_member_by_its_own_fold(self, member: int, expected: list[bool]) -> None:
        own = {"member_fold": folds(0, 1), "trained": trained([11, 12, 13, 14], [0, 0, 1, 1])}
        assert self.seen(member, **own) == expected

    def test_a_member_without_folds_saw_all(self) -> None:
        own = {"member_fold": folds(-1, 0), "trained": trained([11, 12], [0, 0])}
        assert self.seen(0, **own) == [True, True, False, False]
        assert self.seen(1, **own) == [False] * 4

    @pytest.mark.parametrize(
        "own", [{"trained": trained([11], [-1])}, {"item": HASHES}, {}], ids=str
    )
    def test_unknown_without_hashes_of_both_sides(self, own: dict[str, Any]) -> None:
        assert seen_in_training(predictions_of(np.zeros((4, 2)), **own), 0) is None
