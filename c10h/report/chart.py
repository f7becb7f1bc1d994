"""Charts for terminals, drawn by plotille in braille."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import plotille

HEIGHT = 12
# What the axis labels of a chart take beside it; plotille puts a tick every ten columns.
AXIS, TICK = 20, 10
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def line_chart(
    title: str, columns: Sequence[str], lines: Mapping[str, Iterable[float]], width: int
) -> str:
    """Lines over evenly spaced ``columns``, told apart by letters rather than by colour.

    NaN are left out. The chart is as wide as the columns need, at most ``width`` characters, and
    leaves out columns where there is no room for all.
    """
    if len(columns) < 2:
        return ""
    room = max(2, (width - AXIS) // TICK + 1)
    if len(columns) > room:
        kept = [round(place * (len(columns) - 1) / (room - 1)) for place in range(room)]
        columns = [columns[column] for column in kept]
        lines = {
            name: [value for column, value in enumerate(values) if column in kept]
            for name, values in lines.items()
        }
    step = TICK * max(1, (width - AXIS) // (TICK * max(1, len(columns) - 1)))
    figure = plotille.Figure()
    figure.width, figure.height = step * (len(columns) - 1), HEIGHT
    figure.color_mode, figure.with_colors, figure.origin = "names", False, False
    known = [value for values in lines.values() for value in values if value == value]
    low, high = min([0.0, *known]), max([*known, 1e-9])
    figure.set_x_limits(0, len(columns) - 1)
    figure.set_y_limits(low, high + 0.05 * (high - low))
    figure.x_label, figure.y_label = "n", title
    figure.x_ticks_fkt = lambda place, _: _tick(place, columns)
    figure.y_ticks_fkt = lambda value, _: f"{value:.4f}"
    for letter, values in zip(LETTERS, lines.values(), strict=False):
        points = [(x, y) for x, y in enumerate(values) if y == y]
        if points:
            xs, ys = zip(*points, strict=True)
            figure.plot(xs, ys)
            # A letter on the right edge would be outside.
            figure.text([min(x, len(columns) - 1.02) for x in xs], ys, [letter] * len(xs))
    legend = [f"{letter} {name}" for letter, name in zip(LETTERS, lines, strict=False)]
    together = "   ".join(legend)
    shown = together if len(together) <= width else "\n".join(legend)
    drawn = "\n".join(line.rstrip() for line in figure.show().splitlines())
    return f"{drawn}\n{shown}\n"


def _tick(place: float, columns: Sequence[str]) -> str:
    nearest = round(place)
    return columns[nearest] if abs(place - nearest) < 1e-6 else ""
