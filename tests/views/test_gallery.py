from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from c10h.stages.gallery import Gallery, Picture
from c10h.views.forms.plain import to_plain
from c10h.views.forms.terminal_gallery import to_text
from c10h.views.gallery import gallery_table, to_json, to_rows

CLASSES = ("cat", "dog", "bird")


def gallery(**more: Any) -> Gallery:
    pictures = [
        Picture(
            name="one.png",
            truth="cat",
            pixels=np.full((8, 8, 3), 40 * number, np.uint8),
            people=np.array([0.6, 0.4, 0.0]),
            model=np.array([0.9, 0.001, 0.099]),
            divergence=0.25,
            entropy=0.673,
        )
        for number in range(2)
    ]
    return Gallery(**{"run": "net", "classes": CLASSES, "pictures": pictures, "agreed": 70,
                      "items": 90, "notes": ["a note"], **more})  # fmt: skip


class TestText:
    def test_without_colour_there_are_the_numbers(self) -> None:
        text = to_text(gallery(), 100, None)
        assert "\x1b" not in text
        assert "▀" not in text
        assert "\n1. one.png\ntrue class cat\ndivergence 0.250, H(people) 0.673\n" in text
        assert re.search(r"^dog +0\.40 █{8} +0\.00 *$", text, re.MULTILINE)

    def test_as_a_table(self) -> None:
        text = to_plain([gallery_table(gallery())])
        assert re.search(r"one\.png +cat +cat 0\.60, dog 0\.40 +cat 0\.90, bird 0\.10 ", text)
        assert "2 of the 70 items (of 90)" in text
        assert text.endswith("a note\n")

    def test_with_colour_pictures_stand_beside_their_numbers(self) -> None:
        text = to_text(gallery(), 100, "truecolor")
        plain = re.sub(r"\x1b\[.*?m", "", text)
        assert "▀" * 8 + "  1. one.png" in plain
        assert "▀" * 8 + "  true class cat\n" in plain
        assert "▀" * 8 + "  divergence 0.250, H(people) 0.673\n" in plain
        assert re.search(r"dog +0\.40 █{8} +0\.00 *\n", plain)
        assert re.search(r"bird +0\.00 +0\.10 █{2} *\n", plain)
        assert "a note" in plain

    @pytest.mark.parametrize("width", [37, 40, 54, 80, 200])
    def test_no_line_is_too_wide(self, width: int) -> None:
        found = gallery(run="a network with a long name", classes=("猫" * 12, "dog" * 9, "b"))
        for colours in ("truecolor", None):
            plain = re.sub(r"\x1b\[.*?m", "", to_text(found, width, colours))
            assert all(cell_len(line) <= width for line in plain.splitlines())

    def test_names_cannot_command_the_terminal(self) -> None:
        evil = "\x1b]0;owned\x07\n"
        one = gallery().pictures[0]
        hostile = Picture(evil, evil, one.pixels, one.people, one.model, 0.1, 0.1)
        found = gallery(run=evil, classes=(evil, "b" + evil, "c"), pictures=[hostile])
        for text in (to_text(found, 80, "truecolor"), to_plain([gallery_table(found)])):
            assert "\x1b]" not in text
            assert "\x07" not in text


def test_json_is_plain() -> None:
    found = to_json(gallery())
    assert found["pictures"][0]["people"] == [0.6, 0.4, 0.0]
    assert found["agreed"] == 70


def test_rows_are_one_a_class() -> None:
    rows = to_rows(gallery())
    assert len(rows) == 6
    assert rows[1] == {
        "item": "one.png", "truth": "cat", "class": "dog", "people": 0.4, "model": 0.001,
        "divergence": 0.25, "entropy": 0.673,
    }  # fmt: skip
