"""Charts for terminals without colour: lines by plotille in braille, bars in block letters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill

import numpy as np
import plotille

from c10h.views.figures.figure_type import BARS, CELLS, DIAGONAL, LINES, Figure, Panel
from c10h.views.forms.terminal_grid import (
    BETWEEN,
    LETTERS,
    cell_chart,
    diagonal_chart,
)
from c10h.views.table import interval, number, one_line, shortened

HEIGHT = 12
# What stands beside a chart besides the name of its axis; plotille puts a tick every ten columns.
AXIS, TICK = 19, 10
BARE = 15
# Steps of the other axis, how far its end has to be above what is drawn, and the characters that it
# has for a number.
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
HEADROOM = 1.02
LABEL = 10
# How much longer than its last number an axis may be for the sake of round numbers.
WASTE = 1.25
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


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


def step_chart(
    title: str, lines: Mapping[str, Sequence[float]], width: int, label: str = "step"
) -> str:
    """Lines over 0, 1, 2, …, with a number below at round ones only.

    Letters are at other places on each line, so that none hides another where lines meet. title,
    label: of the axes; none of either is for a chart that others say that of. NaN are left out.
    """
    last = max((len(values) for values in lines.values()), default=0) - 1
    if last < 1:
        return ""
    room = _ticks_within(width, label)
    rounds = (step * 10**power for power in itertools.count() for step in (1, 2, 5))
    every = next(step for step in rounds if last <= step * room)
    if every * -(-last // every) > WASTE * last:
        every = next(last // ticks for ticks in range(room, 0, -1) if last % ticks == 0)
    ticks = -(-last // every)
    apart = every if len(lines) == 1 else max(every, len(lines))
    axis = _Axis(label, ticks * every, TICK * (room // ticks) * ticks, str, every, apart)
    return _draw(title, axis, lines, width)


@dataclass(frozen=True)
class _Axis:
    """What is below a chart: 0 to ``last`` over ``width`` characters, a tick at each ``every``.

    name: what a tick at a whole number says. apart: how far the letters on one line are apart.
    """

    label: str
    last: int
    width: int
    name: Callable[[int], str]
    every: int = 1
    apart: int = 1

    def tick(self, place: float) -> str:
        """What is below a place: nothing where there is no tick."""
        nearest = round(place)
        is_tick = abs(place - nearest) < 1e-6 and nearest % self.every == 0
        return self.name(nearest) if is_tick else ""

    def letters(self, number: int, count: int) -> range:
        """Where the letters are on one of ``count`` lines."""
        return range(number * self.apart // count, self.last + 1, self.apart)

    @property
    def edge(self) -> float:
        """As far to the right as a letter may be, for one on the edge would be outside."""
        return self.last * (1 - 0.6 / self.width)


def _ticks_within(width: int, label: str) -> int:
    """How many ticks there may be after the first on an axis of this name."""
    return max(1, (width - (AXIS + len(label) if label else BARE)) // TICK)


def _draw(title: str, axis: _Axis, lines: Mapping[str, Iterable[float]], width: int) -> str:
    lines = {name: list(values) for name, values in lines.items()}
    figure = plotille.Figure()
    figure.width, figure.height = axis.width, HEIGHT
    figure.color_mode, figure.with_colors, figure.origin = "names", False, False
    known = [value for values in lines.values() for value in values if value == value]
    low, step = _rounded(min([0.0, *known]), max([*known, 1e-9]))
    figure.set_x_limits(0, axis.last)
    figure.set_y_limits(low, low + HEIGHT * step)
    figure.x_label, figure.y_label = axis.label, title
    figure.x_ticks_fkt = lambda place, _: axis.tick(place)
    figure.y_ticks_fkt = lambda value, _: _tick(value, step)
    for place, (letter, values) in enumerate(zip(LETTERS, lines.values(), strict=False)):
        points = [(x, y) for x, y in enumerate(values) if y == y]
        if points:
            figure.plot(*zip(*points, strict=True))
            marked = [(x, y) for x, y in points if x in axis.letters(place, len(lines))]
            xs, ys = zip(*(marked or points[-1:]), strict=True)
            figure.text([min(x, axis.edge) for x in xs], ys, [letter] * len(xs))
    rows = [line.rstrip() for line in figure.show().splitlines()]
    if not title and not axis.label:
        rows = [row.removesuffix(" ()") for row in rows[1:]]
    return "\n".join([*rows, *_legend(list(lines), width)]) + "\n"


def _legend(names: Sequence[str], width: int) -> Iterator[str]:
    """The letter of each line with its name, as many side by side as fit."""
    line = ""
    for entry in (
        f"{letter} {one_line(name)}" for letter, name in zip(LETTERS, names, strict=False)
    ):
        if line and len(line) + len(BETWEEN) + len(entry) > width:
            yield line
            line = ""
        line = f"{line}{BETWEEN}{entry}" if line else fill(entry, width, subsequent_indent="  ")
    yield line


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Where an axis of HEIGHT lines begins, and the round step of a line, to end above ``high``."""
    power = math.floor(math.log10((high - low) / HEIGHT))
    steps = (digit * 10.0**more for more in (power, power + 1) for digit in ROUND)
    return next(
        (start, step)
        for step in steps
        for start in [step * math.floor(low / step)]
        if (high - start) * HEADROOM <= HEIGHT * step
    )


def _tick(value: float, step: float) -> str:
    """A value on an axis, with the decimals of its steps."""
    decimals = next((d for d in range(LABEL) if math.isclose(round(step, d), step)), LABEL)
    text = f"{value + 0.0:.{decimals}f}"
    return text if len(text) <= LABEL else f"{value:.3g}"


def figure_chart(figure: Figure, width: int, colours: str | None = None) -> str:
    """A whole figure, its panels one below the other, in at most ``width`` characters a line.

    colours: what the terminal has, as rich calls it; see
    :func:`c10h.views.forms.terminal_pictures.half_blocks`. Without them there are no pictures.
    """
    parts = [fill(one_line(figure.title), width)]
    most = max((float(row.y.max()) for panel in figure.panels if panel.form == CELLS
                for row in panel.series), default=0.0)  # fmt: skip
    forms: Mapping[str, Callable[[Panel, int], str]] = {
        LINES: _lines_of,
        BARS: bar_chart,
        DIAGONAL: diagonal_chart,
        CELLS: partial(cell_chart, most=most),
    }
    for panel in figure.panels:
        title = f"{fill(one_line(panel.title), width)}\n\n" if panel.title else ""
        parts.append(title + _pictured(forms[panel.form], panel, width, colours).rstrip("\n"))
    parts += [fill(one_line(note), width) for note in figure.notes]
    return "\n\n".join(parts) + "\n"


def _pictured(
    draw: Callable[[Panel, int], str], panel: Panel, width: int, colours: str | None
) -> str:
    """A panel beside its picture where there is room for both, else below it."""
    if panel.picture is None or colours is None:
        return draw(panel, width)
    from c10h.views.forms.terminal_pictures import COLUMNS, LEAST_ROOM, beside, half_blocks

    columns = min(panel.picture.shape[1], COLUMNS, width)
    picture = half_blocks(panel.picture, colours, columns)
    if not picture:
        return draw(panel, width)
    room = width - columns - 2
    if room < LEAST_ROOM:
        return "\n".join([*picture, "", draw(panel, width)])
    return "\n".join(beside(picture, columns, draw(panel, room).splitlines()))


def _lines_of(panel: Panel, width: int) -> str:
    """Lines over whole numbers, which need not begin with 0."""
    lines = {}
    for one in panel.series[: len(LETTERS)]:
        values = np.full(int(one.x.max(initial=0)) + 1, np.nan)
        values[one.x.astype(np.int64)] = np.where(np.isfinite(one.y), one.y, np.nan)
        lines[one.name] = values.tolist()
    drawn = step_chart("", lines, width, "")
    left = len(panel.series) - len(lines)
    more = f"{left} more lines are not drawn\n" if left > 0 else ""
    return f"{panel.y_name} by {panel.x_name}\n\n{drawn}{more}"


def bar_chart(panel: Panel, width: int) -> str:
    """Bars from 0, one below the other: for each tick those of all series, with their values.

    Intervals are written where the width has room for bars of half of it.
    """
    rows = [
        (tick, one.name, float(y), one.ends(at))
        for tick, name in enumerate(panel.ticks)
        for one in panel.series
        for at, (x, y) in enumerate(zip(one.x, one.y, strict=True))
        if x == tick
    ]
    texts = [number(y, panel.digits) for _, _, y, _ in rows]
    written = [f"{t} ({i})" if (i := interval(*ends)) else t
               for t, (_, _, _, ends) in zip(texts, rows, strict=True)]  # fmt: skip
    alone = len(panel.series) == 1
    names = [one_line(panel.ticks[tick] if alone else name) for tick, name, _, _ in rows]
    indent = "" if alone else "  "
    label = min(max(map(len, names), default=0), max(8, width // 3))
    if width - label - max(map(len, written), default=0) - 4 >= width // 3:
        texts = written
    space = max(map(len, texts), default=0)
    room = max(1, width - label - space - 2 - len(indent))
    most = panel.top or max((y for _, _, y, _ in rows if np.isfinite(y)), default=0.0)
    name = panel.series[0].name if alone else panel.y_name
    whose = "" if name == panel.y_name else f", {one_line(name)}"
    lines, above = [fill(f"{panel.y_name} by {panel.x_name}{whose}", width)], -1
    for (tick, _, y, _), name, text in zip(rows, names, texts, strict=True):
        if not alone and tick != above:
            lines.append(shortened(panel.ticks[tick], width))
        above = tick
        bar = _bar(y / most if most > 0 and y == y else 0.0, room)
        lines.append(f"{indent}{shortened(name, label):{label}} {bar:{room}} {text:>{space}}")
    return "\n".join(lines) + "\n"


def _bar(share: float, room: int) -> str:
    """A bar over a share of ``room`` characters, in eighths; something wherever there is any."""
    eighths = round(min(1.0, share) * room * 8)
    whole, part = divmod(max(eighths, 1 if share > 0 else 0), 8)
    return "█" * whole + EIGHTHS[part]
