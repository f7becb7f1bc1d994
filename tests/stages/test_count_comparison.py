"""Comparing rebuilt counts with published ones, vote for vote."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from c10h.errors import InputError, MismatchError
from c10h.formats.lazy_rows import computed, shares_of
from c10h.records import Array, Labels, Lineage
from c10h.stages import count_comparison
from c10h.stages.count_comparison import compare_counts

CLASSES = ("cat", "dog", "bird")
COUNTS = np.array([[3, 0, 1], [0, 4, 0], [1, 1, 1], [0, 0, 2]], dtype="i4")
NAMES = np.array(["a", "b", "c", "d"])


def labels(counts: Array = COUNTS, classes: tuple[str, ...] = CLASSES, **more: Any) -> Labels:
    """Labels of c10h's own, whose class names count."""
    probs = counts / counts.sum(axis=1, keepdims=True)
    own = Lineage(command="c10h labels build")
    return Labels(classes=classes, probs=probs, counts=counts, **{"lineage": own, **more})


def changed(*changes: tuple[int, int, int]) -> Array:
    counts = COUNTS.copy()
    for item, label, votes in changes:
        counts[item, label] += votes
    return counts


class TestEqual:
    def test_nothing_differs(self) -> None:
        found = compare_counts(labels(), labels(), "p")
        assert (found.items, found.size, found.votes, found.other_votes) == (0, 4, 13, 13)
        assert found.by == "position"
        assert found.item.tolist() == found.label.tolist() == []

    def test_classes_in_another_order_are_matched_by_name(self) -> None:
        other = labels(COUNTS[:, [2, 0, 1]], ("bird", "cat", "dog"))
        assert compare_counts(labels(), other, "p").items == 0

    def test_classes_without_names_are_taken_in_order(self) -> None:
        other = labels(classes=("0", "1", "2"), lineage=None)
        assert compare_counts(labels(), other, "p").items == 0
        assert compare_counts(other, labels(), "p").items == 0

    def test_items_are_matched_by_ids_where_both_have_them(self) -> None:
        order = [3, 1, 0, 2]
        found = compare_counts(labels(ids=NAMES), labels(COUNTS[order], ids=NAMES[order]), "p")
        assert (found.items, found.by) == (0, "ids")

    @pytest.mark.parametrize("whose", ["rebuilt", "published"])
    def test_and_by_position_where_one_has_none(self, whose: str) -> None:
        named, other = labels(ids=NAMES), labels()
        pair = (named, other) if whose == "rebuilt" else (other, named)
        found = compare_counts(*pair, "p")
        assert (found.items, found.by) == (0, "position")

    def test_dtypes_do_not_matter(self) -> None:
        other = replace(labels(), counts=computed(COUNTS.shape, "i4", lambda s: COUNTS[s]))
        assert compare_counts(labels(), other, "p").items == 0


class TestDifferent:
    def test_each_class_of_an_item_is_one_entry(self) -> None:
        found = compare_counts(labels(), labels(changed((0, 1, 2), (2, 0, -1), (2, 2, 1))), "p")
        assert found.item.tolist() == [0, 2, 2]
        assert found.label.tolist() == [1, 0, 2]
        assert found.rebuilt.tolist() == [0, 1, 1]
        assert found.published.tolist() == [2, 0, 2]
        assert (found.items, found.votes, found.other_votes) == (2, 13, 15)

    def test_equal_shares_of_other_counts_differ(self) -> None:
        found = compare_counts(labels(), labels(2 * COUNTS), "p")
        assert (found.items, found.other_votes) == (4, 26)

    def test_with_ids_the_rows_are_those_of_the_rebuilt(self) -> None:
        order = [3, 1, 0, 2]
        other = labels(changed((1, 0, 5))[order], ids=NAMES[order])
        found = compare_counts(labels(ids=NAMES), other, "p")
        assert (found.item.tolist(), found.label.tolist()) == ([1], [0])
        assert (found.rebuilt.tolist(), found.published.tolist()) == ([0], [5])

    @pytest.mark.parametrize("by", ["position", "ids"])
    def test_blocks_of_items_do_not_matter(
        self, monkeypatch: pytest.MonkeyPatch, random: np.random.Generator, by: str
    ) -> None:
        mine, theirs = random.integers(0, 3, (2, 50, 3)) + np.array([1, 0, 0])
        ids = None if by == "position" else np.array([f"i{n}" for n in random.permutation(50)])
        pair = labels(mine.astype("i4"), ids=ids), labels(theirs.astype("i4"), ids=ids)
        whole = compare_counts(*pair, "p")
        monkeypatch.setattr(count_comparison, "ROWS", 7)
        blocks = compare_counts(*pair, "p")
        for field in ("item", "label", "rebuilt", "published"):
            np.testing.assert_array_equal(getattr(whole, field), getattr(blocks, field))
        item, label = np.nonzero(mine != theirs)
        np.testing.assert_array_equal(whole.item, item)
        np.testing.assert_array_equal(whole.label, label)
        assert (blocks.votes, blocks.other_votes) == (mine.sum(), theirs.sum())

    def test_rows_are_read_once_a_block(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[tuple[int, int]] = []

        def rows(items: slice) -> Array:
            read.append((items.start, items.stop))
            return COUNTS[items]

        counts = computed(COUNTS.shape, "i4", rows)
        monkeypatch.setattr(count_comparison, "ROWS", 3)
        compare_counts(replace(labels(), counts=counts, probs=shares_of(counts)), labels(), "p")
        assert read == [(0, 3), (3, 4)]


class TestRefused:
    @pytest.mark.parametrize("whose", ["rebuilt", "published"])
    def test_probabilities(self, whose: str) -> None:
        pair = (labels(), replace(labels(), counts=None))
        pair = (pair[1], pair[0]) if whose == "rebuilt" else pair
        with pytest.raises(InputError, match="p: --compare needs vote counts, found probabilities"):
            compare_counts(*pair, "p")

    def test_other_sizes(self) -> None:
        with pytest.raises(MismatchError, match="p: expected 4 items as rebuilt, found 3"):
            compare_counts(labels(), labels(COUNTS[:3]), "p")

    def test_other_numbers_of_classes(self) -> None:
        with pytest.raises(MismatchError, match="p: expected 3 classes, found 2"):
            compare_counts(labels(), labels(COUNTS[:, :2] + 1, ("x", "y")), "p")

    def test_other_names_of_classes(self) -> None:
        with pytest.raises(MismatchError, match=r"p: its classes are .* no class is called 'fish'"):
            compare_counts(labels(), labels(classes=("cat", "dog", "fish")), "p")

    @pytest.mark.parametrize(
        ("ids", "says"), [("abcx", "1 of 4 ids are not in"), ("abca", "not unique")]
    )
    def test_other_items(self, ids: str, says: str) -> None:
        with pytest.raises(MismatchError, match=says):
            compare_counts(labels(ids=NAMES), labels(ids=np.array(list(ids))), "p")
