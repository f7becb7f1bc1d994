"""Panels of two equal axes for terminals: reliability diagrams and shaded cells."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

import numpy as np

from c10h.views.figures.figure_type import Panel, Series
from c10h.views.table import number, one_line, shortened

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BETWEEN = "   "
BLANK, SHADES = " ", "░▒▓█"
# Where both axes have the same number.
EQUAL = "/"
# The most characters that the name of a row has.
NAME = 14
# The least that is left for a scale from 0 to 1.
LEAST = 11


def diagonal_chart(panel: Panel, width: int) -> str:
    """A line a bin, from 0 to 1: "|" at the first series, letters at others, dots along intervals.

    Several on one place are a "*".
    """
    along, *others = panel.series
    name = max(map(len, panel.ticks))
    room = max(LEAST, width - name - 1)
    first = f"{one_line(along.name)} |{BETWEEN}"
    legend = first + BETWEEN.join(
        f"{letter} {one_line(one.name)}" for letter, one in zip(LETTERS, others, strict=False)
    )
    lines = [fill(f"{panel.y_name} by {panel.x_name}", width), ""]
    for at, tick in enumerate(panel.ticks):
        lines.append(f"{tick:>{name}} {_scale(along, others, at, room)}".rstrip())
    axis = f"0{'0.5':^{room - 2}}1"
    lines += [f"{'':{name}} {axis}", "", fill(f"{legend}{BETWEEN}* several", width)]
    return "\n".join(lines) + "\n"


def _scale(along: Series, others: list[Series], at: int, room: int) -> str:
    """One line of a diagonal_chart."""

    def place(value: float) -> int:
        return round(min(1.0, max(0.0, value)) * (room - 1))

    line = [" "] * room
    for one in others:
        low, high = one.ends(at)
        if low is not None and high is not None:
            line[place(low) : place(high) + 1] = "·" * (place(high) + 1 - place(low))
    taken = set[int]()
    for letter, one in zip("|" + LETTERS, [along, *others], strict=False):
        if one.y[at] == one.y[at]:
            here = place(one.y[at])
            line[here] = "*" if here in taken else letter
            taken.add(here)
    return "".join(line)


def cell_chart(panel: Panel, width: int, most: float) -> str:
    """Rows of shaded cells; columns of classes are called by letters, those of numbers by ends.

    most: the largest value of all panels that have one scale, which is logarithmic.
    """
    rows = list(reversed(panel.series)) if panel.edges is not None else list(panel.series)
    is_classes = panel.edges is None
    names = [
        (f"{letter} " if is_classes else "") + one_line(row.name)
        for letter, row in zip(LETTERS, rows, strict=False)
    ]
    name = min(max(map(len, names)), max(NAME, width - 2 * len(panel.ticks) - 1))
    wide = 2 if name + 1 + 2 * len(panel.ticks) <= width else 1
    steps = steps_of(panel.bottom, most)
    lines = [fill(f"{panel.rows_name} by {panel.x_name}, shades: {panel.y_name}", width), ""]
    for down, (text, row) in enumerate(zip(names, rows, strict=True)):
        cells = [wide * shade_of(float(value), steps) for value in row.y]
        if panel.edges is not None:
            at = len(rows) - 1 - down
            cells[at] = cells[at][1:] + EQUAL if wide > 1 or cells[at] == BLANK else cells[at]
        shades = "".join(cells)
        lines.append(f"{shortened(text, name):{name}} {shades}".rstrip())
    lines.append(f"{'':{name}} {_below(panel, wide)}".rstrip())
    return "\n".join([*lines, "", *_legend(panel, steps, width)]) + "\n"


def _below(panel: Panel, wide: int) -> str:
    if panel.edges is None:
        return "".join(f"{letter:{wide}}" for letter in LETTERS[: len(panel.ticks)])
    low, high = (f"{end:.2f}" for end in panel.edges[[0, -1]])
    return f"{low}{high:>{wide * len(panel.ticks) - len(low)}}"


def steps_of(bottom: float, most: float) -> list[float]:
    """The least value of each shade, in equal ratios from ``bottom`` to ``most``."""
    ratio = max(most / bottom, 1.0) ** (1 / len(SHADES))
    return [bottom * ratio**step for step in range(len(SHADES))]


def shade_of(value: float, steps: list[float]) -> str:
    """The shade of a value; blank below the first step."""
    return (BLANK + SHADES)[int(np.searchsorted(steps, value, side="right"))]


def _legend(panel: Panel, steps: list[float], width: int) -> Iterator[str]:
    """From where on each shade is."""
    texts = [number(step, panel.digits) for step in steps]
    if panel.digits == 0:
        texts = [f"{int(np.ceil(round(step, 6))):,}" for step in steps]
    words = [f"{shade} from {text}" for shade, text in zip(SHADES, texts, strict=True)]
    words += [f"{EQUAL} where both are equal"] if panel.edges is not None else []
    yield fill(f"blank: less than {texts[0]}{BETWEEN}{BETWEEN.join(words)}", width)
