"""Which items predictions are about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from c10h.errors import SchemaError
from c10h.stages.people import People
from c10h.stages.predicted_items import digest_items, some_items
from stages.three_items import LABELS, NAMES, network, people


class TestItems:
    @pytest.mark.parametrize(
        ("index", "message"), [([0, -1], "row -1 is out of range"), ([1, 1], "row 1 appears twice")]
    )
    def test_an_index_that_no_predictions_can_have(self, index: list[int], message: str) -> None:
        with pytest.raises(SchemaError, match=message):
            network(2, index=np.array(index))

    def test_some_items_keep_what_is_known_of_them(self) -> None:
        hashes = np.array([5, 6, 7], dtype=np.uint64)
        known = {"item": hashes, "original": hashes + 10, "fold": np.array([0, 1, 1], np.int16)}
        found = network(3, ids=np.array(["a", "b", "c"]), truth=np.array([0, 1, 2]), **known)
        some = some_items(found, np.array([2, 0]))
        assert some.ids is not None
        assert some.truth is not None
        assert (some.ids.tolist(), some.truth.tolist()) == (["c", "a"], [2, 0])
        for name, wanted in (("item", [7, 5]), ("original", [17, 15]), ("fold", [1, 0])):
            assert getattr(some, name).tolist() == wanted
        assert some.logits[0, 0:2].tolist() == [[6, 7, 8], [0, 1, 2]]


class TestDigest:
    def test_is_of_the_items_and_their_order(self) -> None:
        known = people(ids=["a", "b", "c"])
        orders = [np.array(rows) for rows in ([0, 1, 2], [0, 2, 1], [0, 1])]
        found = [digest_items(known.take(rows), rows, "") for rows in orders]
        assert len(set(found)) == 3
        assert found[0] == digest_items(known, None, "")

    def test_is_of_the_labels(self) -> None:
        assert digest_items(people(), None, "x") != digest_items(people(), None, "y")

    def test_is_of_rows_where_there_are_no_ids(self) -> None:
        known, rows = people(), np.array([0, 2])
        first = digest_items(known.take(rows), rows, "")
        assert first != digest_items(known.take(rows[::-1]), rows[::-1], "")

    def test_does_not_care_whether_all_rows_are_numbered(self) -> None:
        known, rows = people(), np.arange(3)
        assert digest_items(known.take(rows), rows, "") == digest_items(known, None, "")

    def test_they_tell_runs_apart(self) -> None:
        known = People.of(LABELS, None, NAMES)
        assert digest_items(known, None, "") != digest_items(replace(known, right=None), None, "")
