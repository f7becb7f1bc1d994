"""Small pictures in a terminal, two pixels a character, and as PNG in a text."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from itertools import groupby, zip_longest

from PIL import Image
from rich.color import Color, ColorSystem
from rich.style import Style

from c10h.records import Array

# The upper half of a character: its colour is one pixel, its background the one below.
HALF_BLOCK = "▀"
COLUMNS = 32
# Room beside a picture that the text needs.
LEAST_ROOM = 44
# What rich calls the sets of colours that are rich enough for a photograph.
SYSTEMS = {"256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}


def half_blocks(pixels: Array, colours: str | None, columns: int = COLUMNS) -> list[str]:
    """A picture as lines of half blocks, each as wide as the picture, colours reset at its end.

    pixels: uint8 (h, w, 3). A picture wider than ``columns`` is made smaller by a box filter,
    keeping its proportions. colours: what the terminal has, as rich calls it; no lines where that
    is not in SYSTEMS.
    """
    system = SYSTEMS.get(colours or "")
    if system is None:
        return []
    pixels = shrunk(pixels, columns)
    lines = []
    for upper in range(0, len(pixels), 2):
        top = [tuple(pixel) for pixel in pixels[upper].tolist()]
        under = pixels[upper + 1 : upper + 2]
        bottom = [tuple(pixel) for pixel in under[0].tolist()] if len(under) else [None] * len(top)
        runs = groupby(zip(top, bottom, strict=True))
        lines.append(
            "".join(
                _style(*pair).render(HALF_BLOCK * len(list(run)), color_system=system)
                for pair, run in runs
            )
        )
    return lines


def shrunk(pixels: Array, columns: int) -> Array:
    """The picture itself, or at most ``columns`` pixels wide."""
    import numpy as np

    height, width = pixels.shape[:2]
    if width <= columns:
        return pixels
    size = (columns, max(1, round(height * columns / width)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def beside(left: Sequence[str], width: int, right: Sequence[str]) -> list[str]:
    """Two columns of lines, two spaces apart; ``left`` shows ``width`` characters a line."""
    return [
        f"{one if one is not None else ' ' * width}  {other or ''}".rstrip()
        for one, other in zip_longest(left, right)
    ]


def png_uri(pixels: Array) -> str:
    """A picture, uint8 (h, w, 3), as the ``data:`` address of a PNG (RFC 2397)."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _style(top: tuple[int, ...], bottom: tuple[int, ...] | None) -> Style:
    return Style(
        color=Color.from_rgb(*top), bgcolor=None if bottom is None else Color.from_rgb(*bottom)
    )
