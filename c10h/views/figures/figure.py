"""Figures as numbers: what is drawn, before anything is. Terminals and pictures draw the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from c10h.metrics.block import Float
from c10h.views.forms.json_text import plain
from c10h.views.table import Cell, Table, interval, number

LINES, BARS = "lines", "bars"


@dataclass(frozen=True)
class Series:
    """One line, or the bars of one colour.

    x: float64 (k), whole numbers from 0; in a panel with ticks, the tick that each value is of.
    y: float64 (k), NaN where there is none. low, high: float64 (k), ends of an interval, or None.
    colour: which of a row of colours a drawing takes, with its marker; else the next
    one for each name. dash: the same of line styles and hatching, where it differs from the colour.
    """

    name: str
    x: Float
    y: Float
    low: Float | None = None
    high: Float | None = None
    colour: int | None = None
    dash: int | None = None

    @classmethod
    def over_ticks(
        cls,
        name: str,
        values: Sequence[tuple[float, float, float]],
        colour: int | None = None,
        dash: int | None = None,
    ) -> Series:
        """One (value, low, high) a tick, in order."""
        y, low, high = np.array(values, dtype=np.float64).reshape(-1, 3).T
        return cls(name, np.arange(len(y), dtype=np.float64), y, low, high, colour, dash)

    def ends(self, at: int) -> tuple[float | None, float | None]:
        """The interval of one value; None where there is none."""
        if self.low is None or self.high is None or np.isnan(self.low[at] + self.high[at]):
            return None, None
        return float(self.low[at]), float(self.high[at])


@dataclass(frozen=True)
class Panel:
    """A coordinate system. form: LINES or BARS; bars need ticks.

    ticks: what is below x = 0, 1, 2, …; none for an axis of numbers.
    digits: decimals of a value that is written out. top: the most that a value can be, if there is.
    """

    title: str
    x_name: str
    y_name: str
    series: Sequence[Series]
    form: str = LINES
    ticks: Sequence[str] = ()
    digits: int = 4
    top: float | None = None

    def place(self, x: float) -> str:
        """What an x is called."""
        return self.ticks[int(x)] if self.ticks else f"{x:g}"

    def table(self) -> Table:
        """The values as a table: places down, series across."""
        places = dict.fromkeys(x for one in self.series for x in one.x.tolist())
        rows = [[Cell(self.place(x)), *(self._cell(one, x) for one in self.series)] for x in places]
        title = f"{self.title}: {self.y_name}" if self.title else self.y_name
        return Table(title, [self.x_name or "", *(one.name for one in self.series)], rows)

    def _cell(self, one: Series, x: float) -> Cell:
        found = np.flatnonzero(one.x == x)
        if not len(found):
            return Cell(number(None))
        at = int(found[0])
        low, high = one.ends(at)
        return Cell(number(float(one.y[at]), self.digits), interval(low, high))


@dataclass(frozen=True)
class Figure:
    """Panels with one legend. columns: how many panels stand side by side where there is room."""

    name: str
    title: str
    panels: Sequence[Panel]
    notes: Sequence[str] = field(default_factory=tuple)
    columns: int = 1

    def tables(self) -> list[Table]:
        """Every value, a table a panel; the notes are below the last."""
        found = [panel.table() for panel in self.panels]
        last = found[-1]
        notes = [self.title, *self.notes]
        return [*found[:-1], Table(last.title, last.header, last.rows, last.labels, notes)]

    def rows(self) -> list[list[object]]:
        """One row a value under HEADER, in full precision."""
        return [
            [self.name, panel.title, one.name, panel.place(x), panel.y_name, plain(y),
             *map(plain, one.ends(at))]
            for panel in self.panels
            for one in panel.series
            for at, (x, y) in enumerate(zip(one.x.tolist(), one.y.tolist(), strict=True))
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The figure as plain JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "notes": list(self.notes),
            "panels": [
                {
                    "title": panel.title,
                    "x": panel.x_name,
                    "y": panel.y_name,
                    "form": panel.form,
                    "series": [_series_to_json(panel, one) for one in panel.series],
                }
                for panel in self.panels
            ],
        }


HEADER = ("figure", "panel", "series", "x", "metric", "value", "low", "high")


def _series_to_json(panel: Panel, one: Series) -> dict[str, Any]:
    ends = [one.ends(at) for at in range(len(one.y))]
    return {
        "name": one.name,
        "x": [panel.place(x) for x in one.x.tolist()] if panel.ticks else one.x.tolist(),
        "y": [plain(y) for y in one.y.tolist()],
        "low": [plain(low) for low, _ in ends],
        "high": [plain(high) for _, high in ends],
    }
