"""The first items of images or labels, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.cells import set_cell_size

from c10h.stages.show import Item
from c10h.views.forms.terminal_pictures import COLUMNS, half_blocks
from c10h.views.gallery import in_words
from c10h.views.table import MISSING, Table, one_line, text_table

# Characters that the name of a picture has at least, and those between pictures.
CAPTION, GAP = 12, 2


def to_table(items: Sequence[Item], classes: Sequence[str]) -> Table:
    """One row an item: its true class, where any is known, and of labels the largest shares."""
    columns = {"item": [item.name for item in items]}
    if any(item.truth is not None for item in items):
        columns["true class"] = [MISSING if item.truth is None else item.truth for item in items]
    if all(item.probs is not None for item in items):
        columns["label"] = [
            in_words(item.probs, classes) for item in items if item.probs is not None
        ]
    return text_table(list(columns), list(zip(*columns.values(), strict=True)))


def in_a_row(items: Sequence[Item], width: int, colours: str | None) -> str:
    """As many pictures side by side as fit, name and class below; empty where nothing is drawn."""
    blocks: list[list[str]] = []
    for item in items:
        if item.pixels is None:
            return ""
        columns = min(item.pixels.shape[1], COLUMNS, width)
        drawn = half_blocks(item.pixels, colours, columns)
        if not drawn:
            return ""
        room = max(columns, CAPTION)
        if blocks and (len(blocks) + 1) * (room + GAP) - GAP > width:
            break
        below = [set_cell_size(one_line(text), room) for text in (item.name, item.truth or "")]
        blocks.append([line + " " * (room - columns) for line in drawn] + below)
    lines = ((" " * GAP).join(parts) for parts in zip_longest(*blocks, fillvalue=""))
    return "".join(f"{line.rstrip()}\n" for line in lines)
