from __future__ import annotations

import re

import numpy as np
import pytest

from c10h.stages.show import Item
from c10h.views.forms.plain import to_plain
from c10h.views.forms.terminal_preview import in_a_row, to_table

PIXELS = np.full((16, 16, 3), 90, np.uint8)


def shown(items: list[Item], width: int) -> list[str]:
    return re.sub(r"\x1b\[.*?m", "", in_a_row(items, width, "truecolor")).splitlines()


def test_pictures_side_by_side_with_name_and_class() -> None:
    lines = shown([Item("a.png", "cat", PIXELS), Item("b.png", "dog", PIXELS)], 80)
    assert lines == [*["▀" * 16 + "  " + "▀" * 16] * 8, "a.png" + " " * 13 + "b.png",
                     "cat" + " " * 15 + "dog"]  # fmt: skip


@pytest.mark.parametrize(("width", "count"), [(16, 1), (33, 1), (34, 2), (52, 3), (200, 5)])
def test_as_many_as_fit(width: int, count: int) -> None:
    lines = shown([Item(str(k), None, PIXELS) for k in range(5)], width)
    assert lines[0].count("▀" * 16) == count
    assert lines[-2].split() == [str(k) for k in range(count)]
    assert max(map(len, lines)) <= width


def test_long_and_hostile_names_stay_below_their_picture() -> None:
    name = "\x1b[2J" + "x" * 50
    lines = shown([Item(name, "cat", PIXELS)] * 2, 80)
    assert len(lines[8]) == 34
    assert "\x1b[2J" not in in_a_row([Item(name, "cat", PIXELS)], 80, "truecolor")


def test_nothing_is_drawn_without_colour_or_pixels() -> None:
    assert in_a_row([Item("a", "cat", PIXELS)], 80, None) == ""
    assert in_a_row([Item("a", "cat", probs=np.array([1.0, 0]))], 80, "truecolor") == ""


def test_a_table() -> None:
    labels = [Item("a", "cat", probs=np.array([0.6, 0.4])), Item("b", None, probs=np.eye(2)[1])]
    assert to_plain([to_table(labels, ("cat", "dog"))]).splitlines() == [
        "item  true class  label",
        "a     cat         cat 0.60, dog 0.40",
        "b     -           dog 1.00",
    ]
    assert to_table([Item("a", "cat", PIXELS)], ("cat", "dog")).header == ["item", "true class"]


def test_a_class_that_nobody_knows_takes_no_room() -> None:
    probs = np.array([0.25, 0.75])
    for truth in (None, "cat"):
        table = to_table([Item("a", None, probs=probs), Item("b", truth, probs=probs)], ["x", "y"])
        assert list(table.header) == ["item", *["true class"] * (truth is not None), "label"]
        assert [row[-1].text for row in table.rows] == ["y 0.75, x 0.25"] * 2
