"""Where counts differ, as a table."""

from __future__ import annotations

import numpy as np

from c10h.records import Labels
from c10h.stages.count_comparison import Comparison
from c10h.views.count_comparison import table

CLASSES = ("cat", "dog", "bird")


def labels(size: int, ids: list[str] | None = None) -> Labels:
    names = None if ids is None else np.array(ids)
    return Labels(classes=CLASSES, probs=np.full((size, 3), 1 / 3), ids=names)


def differing(item: list[int], label: list[int]) -> Comparison:
    """0 votes rebuilt and 3 published in a class of some items."""
    none = np.zeros(len(item), dtype=int)
    return Comparison(np.array(item), np.array(label), none, none + 3, 30, 0, 3, "ids")


def test_names_and_votes() -> None:
    shown = table(differing([1], [2]), labels(3, ["a", "b", "c"]))
    assert shown.header == ["item", "class", "rebuilt", "published"]
    assert [[cell.text for cell in row] for row in shown.rows] == [["b", "bird", "0", "3"]]
    assert shown.notes == []


def test_numbers_where_items_have_no_names() -> None:
    assert table(differing([1], [2]), labels(3)).rows[0][0].text == "1"


def test_the_first_twenty_and_how_many_more() -> None:
    shown = table(differing(list(range(30)), [0] * 30), labels(30))
    assert [row[0].text for row in shown.rows] == [str(item) for item in range(20)]
    assert shown.notes == ["and 10 more"]
