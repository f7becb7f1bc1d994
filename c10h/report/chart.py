"""Charts for terminals, drawn by plotille in braille."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import plotille

HEIGHT = 12
# What stands beside a chart besides the name of its axis; plotille puts a tick every ten columns.
AXIS, TICK = 19, 10
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
    room = _ticks_within(width, "n")
    if len(columns) > room + 1:
        kept = [round(place * (len(columns) - 1) / room) for place in range(room + 1)]
        columns = [columns[column] for column in kept]
        lines = {
            name: [value for column, value in enumerate(values) if column in kept]
            for name, values in lines.items()
        }
    last = len(columns) - 1
    axis = _Axis("n", last, TICK * max(1, room // last) * last, lambda x: columns[x])
    return _draw(title, axis, lines, width)


def step_chart(title: str, lines: Mapping[str, Sequence[float]], width: int) -> str:
    """Lines over 0, 1, 2, …, with a number below and a letter on each at round ones only."""
    last = max((len(values) for values in lines.values()), default=0) - 1
    if last < 1:
        return ""
    room = _ticks_within(width, "step")
    rounds = (step * 10**power for power in itertools.count() for step in (1, 2, 5))
    every = next(step for step in rounds if last <= step * room)
    ticks = -(-last // every)
    axis = _Axis("step", ticks * every, TICK * (room // ticks) * ticks, str, every)
    return _draw(title, axis, lines, width)


@dataclass(frozen=True)
class _Axis:
    """What is below a chart: 0 to ``last`` over ``width`` characters, a tick at each ``every``.

    name: what a tick at a whole number says.
    """

    label: str
    last: int
    width: int
    name: Callable[[int], str]
    every: int = 1

    def tick(self, place: float) -> str:
        """What is below a place: nothing where there is no tick."""
        nearest = round(place)
        is_tick = abs(place - nearest) < 1e-6 and nearest % self.every == 0
        return self.name(nearest) if is_tick else ""

    @property
    def edge(self) -> float:
        """As far to the right as a letter may be, for one on the edge would be outside."""
        return self.last * (1 - 0.6 / self.width)


def _ticks_within(width: int, label: str) -> int:
    """How many ticks there may be after the first on an axis of this name."""
    return max(1, (width - AXIS - len(label)) // TICK)


def _draw(title: str, axis: _Axis, lines: Mapping[str, Iterable[float]], width: int) -> str:
    lines = {name: list(values) for name, values in lines.items()}
    figure = plotille.Figure()
    figure.width, figure.height = axis.width, HEIGHT
    figure.color_mode, figure.with_colors, figure.origin = "names", False, False
    known = [value for values in lines.values() for value in values if value == value]
    low, high = min([0.0, *known]), max([*known, 1e-9])
    figure.set_x_limits(0, axis.last)
    figure.set_y_limits(low, high + 0.05 * (high - low))
    figure.x_label, figure.y_label = axis.label, title
    figure.x_ticks_fkt = lambda place, _: axis.tick(place)
    figure.y_ticks_fkt = lambda value, _: f"{value:.4f}"
    for letter, values in zip(LETTERS, lines.values(), strict=False):
        points = [(x, y) for x, y in enumerate(values) if y == y]
        if points:
            figure.plot(*zip(*points, strict=True))
            marked = [(x, y) for x, y in points if x % axis.every == 0]
            xs, ys = zip(*(marked or points[-1:]), strict=True)
            figure.text([min(x, axis.edge) for x in xs], ys, [letter] * len(xs))
    legend = [f"{letter} {name}" for letter, name in zip(LETTERS, lines, strict=False)]
    together = "   ".join(legend)
    shown = together if len(together) <= width else "\n".join(legend)
    drawn = "\n".join(line.rstrip() for line in figure.show().splitlines())
    return f"{drawn}\n{shown}\n"
