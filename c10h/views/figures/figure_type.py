"""Figures as numbers: what is drawn, before anything is. Terminals and pictures draw the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from c10h.metrics.item_block import Float
from c10h.records import Array
from c10h.views.forms.json_text import plain
from c10h.views.table import Cell, Table, interval, number, of_columns

LINES, BARS, DIAGONAL, CELLS = "lines", "bars", "diagonal", "cells"
# The colour of people, so that networks have those that they have in other figures.
BLACK = 6


@dataclass(frozen=True)
class Series:
    """One line, or the bars of one colour.

    x: float64 (k), whole numbers from 0; in a panel with ticks, the tick that each value is of.
    y: float64 (k), NaN where there is none. low, high: float64 (k), ends of an interval, or None.
    colour: which of a row of colours a drawing takes, with its marker; else the next
    one for each name. dash: the same of line styles and hatching, where it differs from the colour.
    is_ceiling: what people reach, a mark across the bars of each tick.
    """

    name: str
    x: Float
    y: Float
    low: Float | None = None
    high: Float | None = None
    colour: int | None = None
    dash: int | None = None
    is_ceiling: bool = False

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
    """A coordinate system. form: LINES, BARS, DIAGONAL or CELLS; all but lines need ticks.

    DIAGONAL: the values of the first series are where those of the others are, from left to right.
    CELLS: a row of cells a series, in shades of a logarithmic scale; y_name is what they count.

    ticks: what is below x = 0, 1, 2, …; none for an axis of numbers.
    digits: decimals of a value that is written out. top: the most that a value can be, if there is.
    logarithmic: whether the axis of the bars is.
    rows_name: of cells, what their rows are. edges: of bars and cells whose axes are numbers,
    float64 (ticks + 1); a bar that ends at 0 is of the value 0 alone. Cells have them on both axes:
    rows go up, and a diagonal is drawn. bottom: of cells, what those with less are blank.
    picture: of what the values are, uint8 (h, w, 3), where it is shown.
    """

    title: str
    x_name: str
    y_name: str
    series: Sequence[Series]
    form: str = LINES
    ticks: Sequence[str] = ()
    digits: int = 4
    top: float | None = None
    logarithmic: bool = False
    rows_name: str = ""
    edges: Float | None = None
    bottom: float = 1.0
    picture: Array | None = None

    def place(self, x: float) -> str:
        """What an x is called."""
        return self.ticks[int(x)] if self.ticks else f"{x:g}"

    def table(self) -> Table:
        """The values as a table: places down, series across; of cells as they are drawn."""
        if self.form == CELLS:
            return self._table_of_cells()
        places = list(dict.fromkeys(x for series in self.series for x in series.x.tolist()))
        columns = [(series.name, [self._cell(series, x) for x in places]) for series in self.series]
        title = f"{self.title}: {self.y_name}" if self.title else self.y_name
        return of_columns(title, [(self.x_name or "", list(map(self.place, places)))], columns)

    def _table_of_cells(self) -> Table:
        title = f"{self.title}: {self.y_name}, {self.rows_name} down, {self.x_name} across"
        columns = [
            (tick, [Cell(number(float(row.y[at]), self.digits)) for row in self.series])
            for at, tick in enumerate(self.ticks)
        ]
        return of_columns(title, [(self.rows_name, [row.name for row in self.series])], columns)

    def _cell(self, series: Series, x: float) -> Cell:
        places = np.flatnonzero(series.x == x)
        if not len(places):
            return Cell(number(None))
        at = int(places[0])
        low, high = series.ends(at)
        return Cell(number(float(series.y[at]), self.digits), interval(low, high))


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
        *others, last = [panel.table() for panel in self.panels]
        return [*others, replace(last, notes=[self.title, *self.notes])]

    def rows(self) -> list[dict[str, object]]:
        """One row a value, in full precision."""
        return [
            {
                "figure": self.name,
                "panel": panel.title,
                "series": series.name,
                "x": panel.place(x),
                "metric": panel.y_name,
                "value": series.y[at],
                **dict(zip(("low", "high"), series.ends(at), strict=True)),
            }
            for panel in self.panels
            for series in panel.series
            for at, x in enumerate(series.x.tolist())
        ]

    def to_json(self) -> dict[str, Any]:
        """The figure as plain JSON."""
        values: dict[str, Any] = plain(
            {
                "name": self.name,
                "title": self.title,
                "notes": self.notes,
                "panels": [
                    {
                        "title": panel.title,
                        "x": panel.x_name,
                        "y": panel.y_name,
                        "form": panel.form,
                        **({"rows": panel.rows_name} if panel.form == CELLS else {}),
                        "series": [_series_to_json(panel, series) for series in panel.series],
                    }
                    for panel in self.panels
                ],
            }
        )
        return values


def _series_to_json(panel: Panel, series: Series) -> dict[str, Any]:
    ends = [series.ends(at) for at in range(len(series.y))]
    return {
        "name": series.name,
        "x": [panel.place(x) for x in series.x.tolist()] if panel.ticks else series.x,
        "y": series.y,
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }
