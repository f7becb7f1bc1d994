"""What is in a file, as it is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

from c10h.records import Lineage
from c10h.stages.show import Dataset, Description, Item
from c10h.views.show import display, table

PROBS = Dataset("probs", "float64", ("n", "c"), (9, 2), [np.array([0.25, np.nan])] * 3)
NAMES = Dataset("ids", "str", ("n",), (9,), np.array(["a", "b", "c"]))
IMAGES = Dataset("images", "uint8", ("n", "h", "w", "3"), (9, 4, 5, 3), [np.arange(12)] * 3)


def described(*datasets: Dataset, lineage: Lineage | None = None) -> Description:
    settings = {"note": "n", "empty": ""}
    return Description("labels", ("cat", "dog"), settings, list(datasets), lineage)


def test_a_row_a_dataset() -> None:
    shown = table(described(PROBS, NAMES, IMAGES), "x.h5")
    assert shown.title == "x.h5: labels"
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["probs", "float64", "n=9 x c=2", "[0.25 -]  [0.25 -]  [0.25 -]"],
        ["ids", "str", "n=9", "a  b  c"],
        ["images", "uint8", "n=9 x h=4 x w=5 x 3", "[0 1 2 3 4 5 6 7 8 9 10 11]  …"],
    ]
    assert shown.notes == ["classes: cat, dog", "note: n"]


@pytest.mark.parametrize(
    ("width", "first"),
    [(57, "[0.25 -]  [0.25 -]  [0.25 -]"), (56, "[0.25 -]  [0.25 -]  …"), (20, "[0.25 -] …")],
)
def test_first_rows_have_the_room_that_a_terminal_leaves(width: int, first: str) -> None:
    assert table(described(PROBS), "x.h5", width).rows[0][3].text == first


def test_json() -> None:
    found = json.loads(display(described(PROBS, NAMES), "x.h5").text("json"))
    assert found == {
        "kind": "labels",
        "classes": ["cat", "dog"],
        "settings": {"note": "n", "empty": ""},
        "datasets": {
            "probs": {
                "dtype": "float64",
                "dims": ["n", "c"],
                "shape": [9, 2],
                "first": [[0.25, None]] * 3,
            },
            "ids": {"dtype": "str", "dims": ["n"], "shape": [9], "first": ["a", "b", "c"]},
        },
        "lineage": None,
    }


def test_first_items_are_a_table_where_nothing_is_drawn() -> None:
    items = [Item("a", "cat", probs=np.array([0.6, 0.4]))]
    tables = display(described(PROBS), "x.h5", items, 80).tables()
    assert [shown.header[0] for shown in tables] == ["dataset", "item"]


def test_pictures_are_above_the_lineage() -> None:
    pixels = np.full((4, 4, 3), 90, np.uint8)
    description = described(IMAGES, lineage=Lineage(command="c10h data import"))
    shown = display(description, "x.h5", [Item("a", "cat", pixels=pixels)], 80, "truecolor")
    assert len(shown.tables()) == 1
    below = shown.below([], 80)
    assert 0 < below.index("▀") < below.index("\ncat") < below.index("\n\nc10h data import")


def test_nothing_is_below_a_file_without_lineage() -> None:
    assert display(described(NAMES), "x.h5").text("terminal").endswith("note: n\n")
