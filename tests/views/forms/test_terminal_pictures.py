from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from c10h.records import Array
from c10h.views.forms.terminal_pictures import beside, half_blocks, png_uri, shrunk

COLOUR = re.compile(r"\x1b\[(.*?)m(▀*)")


def pixels(height: int, width: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def shown(line: str) -> str:
    return re.sub(r"\x1b\[.*?m", "", line)


@pytest.mark.parametrize("colours", [None, "standard", "windows"])
def test_nothing_is_drawn_without_enough_colours(colours: str | None) -> None:
    assert half_blocks(pixels(4, 4), colours) == []


def test_each_character_is_two_pixels() -> None:
    picture = pixels(4, 3)
    lines = half_blocks(picture, "truecolor")
    assert len(lines) == 2
    for row, line in enumerate(lines):
        drawn = [found for found in COLOUR.findall(line) if found[1]]
        expected = [
            "38;2;{};{};{};48;2;{};{};{}".format(*picture[2 * row, x], *picture[2 * row + 1, x])
            for x in range(3)
        ]
        assert [codes for codes, _ in drawn] == expected
        assert line.endswith("\x1b[0m")


def test_equal_neighbours_share_their_colour_codes() -> None:
    (line,) = half_blocks(np.full((2, 5, 3), 7, np.uint8), "truecolor")
    assert line == "\x1b[38;2;7;7;7;48;2;7;7;7m▀▀▀▀▀\x1b[0m"


def test_below_an_odd_row_is_the_terminals_own_background() -> None:
    line = half_blocks(np.full((1, 2, 3), 7, np.uint8), "truecolor")[0]
    assert line == "\x1b[38;2;7;7;7m▀▀\x1b[0m"


def test_with_256_colours_the_nearest_are_taken() -> None:
    (line,) = half_blocks(np.full((2, 1, 3), 255, np.uint8), "256")
    assert re.fullmatch(r"\x1b\[38;5;\d+;48;5;\d+m▀\x1b\[0m", line)


def test_a_wide_picture_is_made_smaller_by_means() -> None:
    picture = np.zeros((8, 16, 3), np.uint8)
    picture[:, 1::2] = 100
    small = shrunk(picture, 8)
    assert small.shape == (4, 8, 3)
    assert (small == 50).all()
    assert [len(shown(line)) for line in half_blocks(picture, "truecolor", 8)] == [8, 8]


def test_a_narrow_picture_stays() -> None:
    picture = pixels(3, 8)
    assert shrunk(picture, 8) is picture


def test_beside() -> None:
    assert beside(["ab", "cd"], 2, ["x", "", "y"]) == ["ab  x", "cd", "    y"]


def test_png_has_the_pixels() -> None:
    picture = pixels(5, 4)
    head, _, data = png_uri(picture).partition(",")
    assert head == "data:image/png;base64"
    opened = Image.open(io.BytesIO(base64.b64decode(data)))
    np.testing.assert_array_equal(np.asarray(opened), picture)
    assert png_uri(picture) == png_uri(picture.copy())
