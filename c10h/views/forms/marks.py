"""What the marks of a figure are, in words: bars, points and cells, by the names that drawings use.

``mark-PANEL-SERIES-NUMBER`` is a bar, ``mark-PANEL-SERIES`` the points of a line in their order, or
what people reach, and ``mark-PANEL`` the cells of a panel, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from c10h.records import Array
from c10h.views.figures.figure_type import BARS, CELLS, DIAGONAL, Figure, Panel, Series
from c10h.views.table import interval, number


def texts_of_marks(figure: Figure) -> Mapping[str, Sequence[str]]:
    """The text of each mark, in the order in which they are drawn."""
    texts: dict[str, Sequence[str]] = {}
    for place, panel in enumerate(figure.panels):
        name = f"mark-{place}"
        if panel.form == CELLS:
            texts[name] = _cells(panel)
            continue
        for at, series in enumerate(panel.series):
            if panel.form == DIAGONAL and at == 0:
                continue  # the diagonal itself
            told = [_text(panel, series, k) for k in range(len(series.y))]
            if panel.form == BARS and not series.is_ceiling:
                texts |= {f"{name}-{at}-{k}": [text] for k, text in enumerate(told)}
            else:
                drawn = _drawn(panel, series)
                texts[f"{name}-{at}"] = [told[k] for k in np.flatnonzero(drawn)]
    return texts


def _drawn(panel: Panel, series: Series) -> Array:
    """Which values of a line there are, bool (k)."""
    along = panel.series[0].y if panel.form == DIAGONAL else series.x
    return np.isfinite(series.y) & np.isfinite(along)


def _text(panel: Panel, series: Series, at: int) -> str:
    """Whose value it is, where, and with its interval."""
    low, high = series.ends(at)
    value = number(float(series.y[at]), panel.digits)
    ends = interval(low, high)
    where = f"{panel.x_name} {panel.place(float(series.x[at]))}".strip()
    return f"{series.name}, {where}: {value}{f' ({ends})' if ends else ''}"


def _cells(panel: Panel) -> list[str]:
    return [
        f"{panel.rows_name} {row.name}, {panel.x_name} {tick}: "
        f"{number(float(row.y[at]), panel.digits)}"
        for row in panel.series
        for at, tick in enumerate(panel.ticks)
    ]
