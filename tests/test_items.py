"""Who is who: the one alignment that every join uses."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from c10h.errors import MismatchError
from c10h.items import (
    IDS,
    INDEX,
    POSITION,
    Alignment,
    Items,
    agreed_truth,
    align,
    whole_numbers,
)


def asked(size: int = 3, ids: ArrayLike | None = None, index: ArrayLike | None = None) -> Items:
    return items("net", size, ids, index)


def known(size: int = 3, ids: ArrayLike | None = None, index: ArrayLike | None = None) -> Items:
    return items("the labels", size, ids, index)


def items(what: str, size: int, ids: ArrayLike | None, index: ArrayLike | None) -> Items:
    return Items(
        what,
        size,
        None if ids is None else np.array(ids, dtype=np.str_),
        None if index is None else np.array(index, dtype=np.int64),
    )


def rows(found: Alignment) -> list[int] | None:
    return None if found.rows is None else found.rows.tolist()


class TestHow:
    def test_by_position_where_nothing_else_is_known(self) -> None:
        assert align(asked(), known()) == Alignment(None, POSITION)

    def test_by_index(self) -> None:
        found = align(asked(2, index=[2, 0]), known())
        assert (rows(found), found.by, found.note) == ([2, 0], INDEX, "")

    def test_by_ids_before_index(self) -> None:
        found = align(asked(2, ["c", "a"], [0, 1]), known(3, ["a", "b", "c"]))
        assert (rows(found), found.by) == ([2, 0], IDS)

    @pytest.mark.parametrize(
        ("names", "others", "places", "whose"),
        [
            (["x/c.png", "y/a.png"], ["a.png", "b.png", "c.png"], [2, 0], "net"),
            (["c.png", "a.png"], ["x/a.png", "x/b.png", "y/z/c.png"], [2, 0], "the labels"),
        ],
    )
    def test_folders_do_not_count_where_one_side_has_none(
        self, names: list[str], others: list[str], places: list[int], whose: str
    ) -> None:
        found = align(asked(2, names), known(3, others))
        assert (rows(found), found.by) == (places, IDS)
        assert found.note == f"the folders in the names of {whose} do not count"

    @pytest.mark.parametrize(
        ("names", "others"),
        [
            (["x/a", "y/a"], ["a", "b"]),  # two of one name
            (["x/a", "b"], ["a", "c"]),  # some are in no folder
            (["x/a", "x/b"], ["y/a", "y/b"]),  # both have folders
            (["x/a", "x/b"], ["c", "d"]),  # other names
        ],
    )
    def test_folders_count_otherwise(self, names: list[str], others: list[str]) -> None:
        with pytest.raises(MismatchError, match=f"net: 2 of 2 ids are not in .* '{names[0]}'"):
            align(asked(2, names), known(2, others))

    @pytest.mark.parametrize(
        ("names", "others", "note"),
        [
            (["c/2", "b/1"], ["x/y/b/1", "x/y/c/2"], "x/y/ in the names of the labels does"),
            (["/x/c/2", "/x/b/1"], ["b/1", "c/2"], "/x/ in the names of net does"),
            (["2/c", "1/b"], ["x/1/b", "x/2/c", "x/2/d"], "x/ in the names of the labels does"),
        ],
    )
    def test_folders_that_all_of_one_side_are_in_do_not_count(
        self, names: list[str], others: list[str], note: str
    ) -> None:
        found = align(asked(2, names), known(len(others), others))
        assert (rows(found), found.by) == ([1, 0], IDS)
        assert found.note == f"{note} not count"

    def test_folders_of_classes_count(self) -> None:
        """All of one side are birds and all of the other cats: their numbers say nothing."""
        with pytest.raises(MismatchError, match="2 of 2 ids are not in the labels"):
            align(asked(2, ["bird/1", "bird/2"]), known(2, ["cat/1", "cat/2"]))

    def test_ids_that_are_the_same_keep_their_folders(self) -> None:
        found = align(asked(2, ["x/b", "x/a"]), known(2, ["x/a", "x/b"]))
        assert (rows(found), found.note) == ([1, 0], "")

    def test_by_the_index_of_both(self) -> None:
        found = align(asked(2, index=[7, 5]), known(3, index=[5, 6, 7]))
        assert (rows(found), found.by) == ([2, 0], INDEX)

    @pytest.mark.parametrize(("index", "places"), [([0, 7, 10], [0, 1, 2]), ([10, 0], [2, 0])])
    def test_an_index_counts_ids_that_are_numbers(
        self, index: list[int], places: list[int]
    ) -> None:
        found = align(asked(len(index), index=index), known(3, ["0", "7", "10"]))
        assert (rows(found), found.by) == (places, INDEX)

    def test_ids_that_are_numbers_are_found_in_an_index(self) -> None:
        found = align(asked(2, ["7", "0"]), known(3, index=[0, 10, 7]))
        assert rows(found) == [2, 0]

    @pytest.mark.parametrize("names", [["a", "b", "c"], ["00", "07", "10"]])
    def test_an_index_counts_rows_where_ids_are_names(self, names: list[str]) -> None:
        found = align(asked(2, index=[2, 0]), known(3, names))
        assert rows(found) == [2, 0]
        assert found.by == INDEX
        assert found.note.endswith("names are not compared")

    def test_items_in_order_are_found_by_number_where_some_were_left_out(self) -> None:
        found = align(asked(4), known(2, ["1", "3"]), may_lack=inf)
        assert (rows(found), found.by, found.absent) == ([-1, 0, -1, 1], INDEX, 2)

    def test_names_that_are_all_numbers_of_rows_are_an_index(self) -> None:
        found = align(asked(3), known(3, ["2", "0", "1"]))
        assert (rows(found), found.by) == ([1, 2, 0], INDEX)
        assert found.note.endswith("the names are exactly 0 to 2, so items are matched by number")
        found = align(asked(3, ["2", "0", "1"]), known(3))
        assert (rows(found), found.by) == ([2, 0, 1], INDEX)
        assert found.note.startswith("items have names in net but not in the labels")
        assert align(asked(2), known(2, ["0", "1"])).note == ""

    @pytest.mark.parametrize("names", [None, ["0", "7", "10"]])
    def test_without_an_index_the_order_decides(self, names: list[str] | None) -> None:
        assert rows(align(asked(), known(3, names))) is None


class TestNotes:
    def test_names_that_only_one_side_has_are_not_compared(self) -> None:
        found = align(asked(), known(3, ["a", "b", "c"]))
        assert found.note == (
            "items have names in the labels but not in net: names are not compared"
        )
        assert align(asked(3, ["a", "b", "c"]), known()).note.startswith("items have names in net")

    @pytest.mark.parametrize("names", [["a", "b", "c"], ["7", "8", "9"]])
    def test_an_index_of_all_images_may_not_count_the_rows_of_more(self, names: list[str]) -> None:
        found = align(asked(3, names, index=[0, 1, 2]), known(10))
        assert rows(found) == [0, 1, 2]
        assert found.note == (
            "items have names in net but not in the labels: names are not compared: are they the "
            "first 3 of 10 items in the labels, in the same order?"
        )
        assert "?" not in align(asked(3, names, index=[0, 1, 2]), known(3)).note

    @pytest.mark.parametrize("ending", [".png", ".JPEG"])
    def test_endings_that_only_one_side_has_do_not_count(self, ending: str) -> None:
        with_endings = [f"{name}{ending}" for name in ("05", "c.v2", "a")]
        found = align(asked(2, ["a", "05"]), known(3, with_endings))
        assert (rows(found), found.by) == ([2, 0], IDS)
        assert found.note == "the endings in the names of the labels do not count"
        found = align(asked(3, with_endings), known(3, ["a", "05", "c.v2"]))
        assert rows(found) == [1, 2, 0]
        assert found.note == "the endings in the names of net do not count"

    @pytest.mark.parametrize("others", [["a.png", "b.jpg", "c"], ["a.png", "a.jpg", "b.png"]])
    def test_endings_count_where_some_lack_them_or_names_would_be_one(
        self, others: list[str]
    ) -> None:
        with pytest.raises(MismatchError, match="ids are not in the labels"):
            align(asked(2, ["a", "b"]), known(3, others))

    def test_which_way_it_went(self) -> None:
        names = ["a", "b", "c"]
        ours, theirs = asked(3, names), known(3, names)
        assert (
            align(ours, theirs).describe(ours, theirs) == "3 items matched with the labels by ids"
        )
        ours = asked()
        assert align(ours, theirs).describe(ours, theirs) == (
            "3 items matched with the labels by position; items have names in the labels "
            "but not in net: names are not compared"
        )

    @pytest.mark.parametrize(
        ("names", "is_odd"),
        [
            (["0", "1", "3"], True),
            (["7", "8", "9"], True),
            (["3", "2", "1"], True),
            (["1", "2", "3"], False),
        ],
    )
    def test_numbers_that_are_not_those_of_the_rows(self, names: list[str], is_odd: bool) -> None:
        ours, theirs = asked(3, names), known()
        said = align(ours, theirs).describe(ours, theirs)
        low, high = min(names), max(names)
        asks = f"numbers from {low} to {high}: are both the same items in the same order?"
        assert said.endswith(asks) == is_odd

    def test_numbers_as_names_on_one_side(self) -> None:
        how = r"none in the labels: .*ids=np\.arange\(5\)\) puts names"
        with pytest.raises(MismatchError, match=how):
            align(asked(3, ["2", "3", "4"]), known(5))

    def test_nothing_is_noted_where_nothing_is_lost(self) -> None:
        names = ["a", "b", "c"]
        assert align(asked(3, names), known(3, names)).note == ""
        assert align(asked(), known()).note == ""


class TestRefused:
    def test_ids_that_are_unknown(self) -> None:
        with pytest.raises(MismatchError) as caught:
            align(asked(3, ["a", "x", "y"]), known(3, ["k/a", "a", "b"]))
        assert str(caught.value) == (
            "net: 2 of 3 ids are not in the labels (3 items), the first is 'x'"
        )

    def test_nothing_in_common_is_refused_also_where_some_may_be_absent(self) -> None:
        one_of_each_side = r"2 of 2 ids .* \(2 items\), the first is 'x1.png'; an id there is '1'"
        with pytest.raises(MismatchError, match=one_of_each_side):
            align(asked(2, ["x1.png", "x2.png"]), known(2, ["1", "2"]), may_lack=inf)

    def test_more_unknown_ids_than_were_left_out(self) -> None:
        items, others = asked(4, ["a", "b", "x", "y"]), known(2, ["a", "b"])
        found = align(items, others, may_lack=2)
        assert found.describe(items, others) == "2 of 4 items matched with the labels by ids"
        with pytest.raises(MismatchError, match=r"2 of 4 ids .* the first is 'x' \(do so\)$"):
            align(items, others, may_lack=1, remedy="do so")

    def test_more_numbers_than_were_left_out(self) -> None:
        """Of 4 items in order the labels have 1 and 3."""
        assert align(asked(4), known(2, ["1", "3"]), may_lack=2).absent == 2
        with pytest.raises(MismatchError, match="2 of 4 ids are not in the labels"):
            align(asked(4), known(2, ["1", "3"]), may_lack=1)

    def test_ids_that_repeat(self) -> None:
        with pytest.raises(MismatchError, match="net: its ids are not unique"):
            align(asked(3, ["a", "a", "b"]), known(3, ["a", "b", "c"]))
        with pytest.raises(MismatchError, match="the ids in the labels are not unique"):
            align(asked(2, ["a", "b"]), known(3, ["a", "b", "a"]))

    def test_a_row_that_does_not_exist(self) -> None:
        with pytest.raises(MismatchError, match=r"net: index: row 3 .*: 3 items in the labels"):
            align(asked(2, index=[0, 3]), known())

    @pytest.mark.parametrize("size", [2, 11])
    def test_other_numbers_of_items(self, size: int) -> None:
        with pytest.raises(MismatchError, match=f"{size} items in net and 3 in the labels, and no"):
            align(asked(size), known())

    def test_what_lacks_names_is_told_with_how_arrays_get_them(self) -> None:
        how = (
            r"none in net: --item COLUMN takes a column of a table, "
            r'np\.savez\("named\.npz", array, ids=names\) puts names of items beside'
        )
        with pytest.raises(MismatchError, match=how):
            align(asked(2), known(3, ["a", "b", "c"]))

    def test_a_number_that_was_left_out(self) -> None:
        with pytest.raises(MismatchError, match=r"1 of 2 ids are not in the labels.*'1'"):
            align(asked(2, index=[0, 1]), known(3, ["0", "7", "10"]))


@settings(derandomize=True, deadline=None, max_examples=60, database=None)
@given(st.permutations(list(range(12))), st.integers(1, 12))
def test_every_way_of_matching_finds_the_same_items(order: list[int], size: int) -> None:
    values = np.arange(100, 112)
    names = np.array([f"item-{number}" for number in range(12)])
    chosen = np.array(order[:size])
    by_ids = align(Items("a", size, ids=names[chosen]), Items("b", 12, ids=names))
    by_index = align(Items("a", size, index=chosen), Items("b", 12))
    for found in (by_ids, by_index):
        np.testing.assert_array_equal(found.take(values), values[chosen])


class TestTruth:
    def test_equal_truths_agree(self) -> None:
        assert agreed_truth(np.array([0, 1]), np.array([0, 1]), "the labels").tolist() == [0, 1]

    def test_other_truths(self) -> None:
        with pytest.raises(MismatchError, match="the labels on 2 items, the first is item 1"):
            agreed_truth(np.array([0, 1, 2]), np.array([0, 2, 1]), "the labels")

    def test_truths_of_another_length(self) -> None:
        with pytest.raises(MismatchError, match="expected 2 items as in the labels, found 3"):
            agreed_truth(np.zeros(2, dtype=int), np.zeros(3, dtype=int), "the labels")


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["0", "12", "3"], [0, 12, 3]),
        (["4.0", "7.0"], [4, 7]),
        (["007", "1"], None),
        (["a", "1"], None),
        (["-1"], None),
        (["٣"], None),
        ([], []),
    ],
)
def test_words_that_are_whole_numbers(words: list[str], numbers: list[int] | None) -> None:
    found = whole_numbers(np.array(words, dtype=np.str_))
    assert (None if found is None else found.tolist()) == numbers


class TestAgreedTruth:
    def test_gaps_are_filled_from_the_other(self) -> None:
        found = agreed_truth(np.array([0, -1, 2, -1]), np.array([0, 1, -1, -1]), "the labels")
        assert found.tolist() == [0, 1, 2, -1]

    def test_only_what_both_know_is_compared(self) -> None:
        with pytest.raises(MismatchError, match="on 1 item, the first is item 2"):
            agreed_truth(np.array([0, -1, 2, 1]), np.array([-1, 1, 1, 1]), "the labels")
