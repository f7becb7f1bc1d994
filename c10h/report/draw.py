"""Figures as pictures, by matplotlib: SVG, PNG and PDF for papers.

The same figure gives the same bytes under the same matplotlib: no dates, a fixed salt for names in
SVG. Text stays text in SVG and PDF. Series differ in colour (the palette of Okabe & Ito 2008, which
colour-blind people can tell apart), in marker and line style, and bars in hatching.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.errors import InputError
from c10h.report.figures.figure import BARS, Figure, Panel, Series
from c10h.report.table import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

# What each form must not say of when it was made.
FORMS: Mapping[str, Mapping[str, Any]] = {
    "svg": {"Date": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
}
# Inches: a column of a two-column page, all of it, the height of a panel, and what words below it
# take when they are turned.
COLUMN, PAGE, HEIGHT, TURNED = 3.25, 6.875, 1.9, 0.4
DPI = 300
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")
# Markers of a line at most.
MOST_MARKERS = 12
# Characters in a column: of titles, and of what is below bars before it is turned.
TITLE, LEVEL = 46, 34
# Kinds of font, the best first; which ones those are is for matplotlib to say, its own first.
FONTS: Sequence[Any] = ("font.sans-serif", "font.serif", "font.monospace")
SETTINGS: Mapping[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "c10h",
    "pdf.fonttype": 42,
}


def draw(figure: Figure, form: str) -> bytes:
    """The figure in one of FORMS."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of caches and of fonts
    import matplotlib as mpl

    stream = io.BytesIO()
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")  # letters that the font lacks
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        mpl.rcParams["font.family"] = _font()
        _canvas(figure).savefig(stream, format=form, dpi=DPI, metadata=dict(FORMS[form]))
    return stream.getvalue()


def _font() -> str:
    """The font that comes with matplotlib; where that was left out, the best that there is.

    Raises InputError where there is none at all.
    """
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    known = sorted({one.name for one in fontManager.ttflist})
    wanted: list[str] = [name for kind in FONTS for name in mpl.rcParams[kind]]
    found = next((name for name in [*wanted, *known] if name in known), None)
    if found is None:
        raise InputError("matplotlib has no font to write with: install one, as DejaVu Sans")
    return found


def _canvas(figure: Figure) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    columns = min(figure.columns, len(figure.panels))
    rows = -(-len(figure.panels) // columns)
    names = list(dict.fromkeys(one.name for panel in figure.panels for one in panel.series))
    width = COLUMN if columns == 1 else PAGE
    has_legend = len(names) > 1
    legend_columns = max(1, int(width * 14) // (max(map(len, map(one_line, names))) + 8))
    lines = -(-len(names) // legend_columns) if has_legend else 0
    height = HEIGHT + TURNED * any(_is_turned(panel) for panel in figure.panels)
    canvas = Canvas(figsize=(width, height * rows + 0.14 * lines), layout="constrained")
    for at, panel in enumerate(figure.panels):
        _panel(canvas.add_subplot(rows, columns, at + 1), panel, names)
    if has_legend:
        found: dict[str, Any] = {}
        for axes in canvas.axes:
            handles, labels = axes.get_legend_handles_labels()
            found |= dict(zip(labels, handles, strict=True))
        canvas.legend(
            found.values(), found.keys(), loc="outside lower center", ncols=legend_columns
        )
    return canvas


def _panel(axes: Axes, panel: Panel, names: list[str]) -> None:
    for place, one in enumerate(panel.series):
        if panel.form == BARS:
            _bars(axes, one, place, len(panel.series), names.index(one.name))
        else:
            _line(axes, one, names.index(one.name))
    axes.set_title(fill(one_line(panel.title), TITLE))
    axes.set_xlabel(panel.x_name)
    axes.set_ylabel(panel.y_name)
    axes.set_ylim(0, panel.top)
    if panel.ticks:
        ticks = [one_line(tick) for tick in panel.ticks]
        turned = _is_turned(panel)
        axes.set_xticks(range(len(ticks)), ticks, rotation=45 if turned else 0,
                        ha="right" if turned else "center", rotation_mode="anchor")  # fmt: skip


def _is_turned(panel: Panel) -> bool:
    """Whether what is below the bars has no room side by side."""
    return sum(map(len, panel.ticks)) > LEVEL


def _bars(axes: Axes, one: Series, place: int, count: int, style: int) -> None:
    """Bars side by side around each tick; an infinite one is a word."""
    width = 0.8 / count
    x = one.x + (place - (count - 1) / 2) * width
    height = np.where(np.isfinite(one.y), one.y, 0)
    axes.bar(
        x, height, width, label=one_line(one.name), color=COLOURS[style % len(COLOURS)],
        hatch=HATCHES[style % len(HATCHES)], edgecolor="white", linewidth=0,
    )  # fmt: skip
    if one.low is not None and one.high is not None:
        known = np.isfinite(one.low) & np.isfinite(one.high) & np.isfinite(one.y)
        y = one.y[known]
        # The interval of a biased figure need not hold its value.
        ends = np.maximum(0, [y - one.low[known], one.high[known] - y])
        axes.errorbar(x[known], y, ends, fmt="none", ecolor="black", elinewidth=0.7, capsize=1.5)
    for at in np.flatnonzero(np.isinf(one.y)):
        axes.text(x[at], 0, "inf", rotation=90, ha="center", va="bottom")


def _line(axes: Axes, one: Series, style: int) -> None:
    step = max(1, -(-len(one.x) // MOST_MARKERS))
    y = np.where(np.isfinite(one.y), one.y, np.nan)
    axes.plot(
        one.x, y, STYLES[style % len(STYLES)], label=one_line(one.name), markevery=step,
        color=COLOURS[style % len(COLOURS)], marker=MARKERS[style % len(MARKERS)],
    )  # fmt: skip
    if one.low is not None and one.high is not None:
        axes.fill_between(one.x, one.low, one.high, alpha=0.2, linewidth=0,
                          color=COLOURS[style % len(COLOURS)])  # fmt: skip
