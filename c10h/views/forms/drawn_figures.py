"""Figures as pictures, by matplotlib: SVG, PNG and PDF for papers.

The same figure gives the same bytes under the same matplotlib: no dates, a fixed salt for names in
SVG. Text stays text in SVG and PDF. Series differ in colour (the palette of Okabe & Ito 2008, which
colour-blind people can tell apart), in marker and line style, and bars in hatching.
"""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.errors import InputError
from c10h.views.figures.figure_type import BARS, Figure, Panel, Series
from c10h.views.forms.terminal_pictures import shrunk
from c10h.views.table import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

# What each form must not say of when it was made, and what it calls a text about it.
FORMS: Mapping[str, tuple[str, str]] = {
    "svg": ("Date", "Description"),
    "png": ("Software", "Description"),
    "pdf": ("CreationDate", "Subject"),
}
# Inches: a column of a two-column page, all of it, the height of a panel, what stands beside its
# axes, a letter, and the height of a picture above the axes.
COLUMN, PAGE, HEIGHT, BESIDE, LETTER, PICTURE = 3.25, 6.875, 1.8, 0.5, 0.054, 0.9
DPI = 300
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")
# Markers of a line at most.
MOST_MARKERS = 12
# Letters of a title in a column.
TITLE = 46
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


def draw(figure: Figure, form: str, about: Sequence[str] = ()) -> bytes:
    """The figure in one of FORMS. about: lines that its metadata hold, such as how it was made."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of caches and of fonts
    import matplotlib as mpl

    unsaid, told = FORMS[form]
    metadata = {unsaid: None, **({told: "\n".join(about)} if about else {})}
    stream = io.BytesIO()
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")  # letters that the font lacks
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        mpl.rcParams["font.family"] = _font()
        _canvas(figure).savefig(stream, format=form, dpi=DPI, metadata=metadata)
    return stream.getvalue()


def _font() -> str:
    """The font that comes with matplotlib; where that was left out, the best that there is.

    Raises InputError where there is none at all.
    """
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    known = sorted({font.name for font in fontManager.ttflist})
    wanted: list[str] = [name for kind in FONTS for name in mpl.rcParams[kind]]
    font = next((name for name in [*wanted, *known] if name in known), None)
    if font is None:
        raise InputError("matplotlib finds no font: install one, such as DejaVu Sans")
    return font


def _canvas(figure: Figure) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    columns = min(figure.columns, len(figure.panels))
    rows = -(-len(figure.panels) // columns)
    names = list(dict.fromkeys(series.name for panel in figure.panels for series in panel.series))
    width = COLUMN if columns == 1 else PAGE
    has_legend = len(names) > 1
    legend_columns = max(1, int(width * 14) // (max(map(len, map(one_line, names))) + 8))
    lines = -(-len(names) // legend_columns) if has_legend else 0
    turned = max(_turned(panel, width / columns) for panel in figure.panels)
    picture = PICTURE if any(panel.picture is not None for panel in figure.panels) else 0
    height = (HEIGHT + turned + picture) * rows + 0.14 * lines
    canvas = Canvas(figsize=(width, height), layout="constrained")
    drawn = _axes(canvas, figure.panels, columns, picture / (HEIGHT + turned))
    for at, (axes, panel) in enumerate(zip(drawn, figure.panels, strict=True)):
        _panel(axes, panel, names, is_turned=turned > 0)
        # What is the same everywhere stands at the edges.
        if at + columns < len(figure.panels) and _alike(panel.x_name for panel in figure.panels):
            axes.set_xlabel("")
        if at % columns and _alike(panel.y_name for panel in figure.panels):
            axes.set_ylabel("")
    canvas.align_labels(drawn)
    if has_legend:
        found: dict[str, Any] = {}
        for axes in drawn:
            handles, labels = axes.get_legend_handles_labels()
            found |= dict(zip(labels, handles, strict=True))
        canvas.legend(
            found.values(), found.keys(), loc="outside lower center", ncols=legend_columns
        )
    return canvas


def _axes(canvas: Canvas, panels: Sequence[Panel], columns: int, picture: float) -> list[Axes]:
    """The axes of each panel with its title, below its picture where pictures are shown.

    picture: the height of a picture in heights of the axes; 0 where there are none.
    """
    rows = -(-len(panels) // columns)
    titles = [fill(one_line(panel.title), TITLE) for panel in panels]
    if not picture:
        return [canvas.add_subplot(rows, columns, at + 1, title=t) for at, t in enumerate(titles)]
    cells = canvas.add_gridspec(2 * rows, columns, height_ratios=[picture, 1] * rows)
    drawn = []
    for at, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        row, column = divmod(at, columns)
        above = canvas.add_subplot(cells[2 * row, column], title=title)
        above.set_axis_off()
        if panel.picture is not None:
            # No more pixels than are seen in print; fewer are drawn as squares.
            above.imshow(shrunk(panel.picture, round(PICTURE * DPI)), interpolation="none")
        drawn.append(canvas.add_subplot(cells[2 * row + 1, column]))
    return drawn


def _alike(names: Iterable[str]) -> bool:
    return len(set(names)) == 1


def _panel(axes: Axes, panel: Panel, names: list[str], *, is_turned: bool) -> None:
    for place, one in enumerate(panel.series):
        colour = names.index(one.name) if one.colour is None else one.colour
        if panel.form == BARS:
            _bars(axes, one, colour, place, len(panel.series))
        else:
            _line(axes, one, colour)
    axes.set_xlabel(panel.x_name)
    axes.set_ylabel(panel.y_name)
    axes.set_ylim(0, panel.top)
    if len(panel.ticks) == 1:
        axes.set_xlim(-1, 1)  # bars of one tick are no wider than others
    if panel.ticks:
        ticks = [one_line(tick) for tick in panel.ticks]
        axes.set_xticks(range(len(ticks)), ticks, rotation=45 if is_turned else 0,
                        ha="right" if is_turned else "center", rotation_mode="anchor")  # fmt: skip


def _turned(panel: Panel, width: float) -> float:
    """The inches that what is below the bars takes more when turned; 0 where it need not be."""
    sizes = [len(tick) + 1 for tick in panel.ticks]
    room = (width - BESIDE) / LETTER / max(1, len(sizes))
    if all((one + other) / 2 <= room for one, other in pairwise(sizes)):
        return 0
    return min(HEIGHT, max(sizes) * LETTER * math.sin(math.pi / 4))


def _bars(axes: Axes, one: Series, colour: int, place: int, count: int) -> None:
    """Bars side by side around each tick; an infinite one is a word."""
    width = 0.8 / count
    x = one.x + (place - (count - 1) / 2) * width
    height = np.where(np.isfinite(one.y), one.y, 0)
    axes.bar(
        x, height, width, label=one_line(one.name), color=COLOURS[colour % len(COLOURS)],
        hatch=HATCHES[_dash(one, colour) % len(HATCHES)], edgecolor="white", linewidth=0,
    )  # fmt: skip
    if one.low is not None and one.high is not None:
        known = np.isfinite(one.low) & np.isfinite(one.high) & np.isfinite(one.y)
        y = one.y[known]
        # The interval of a biased figure need not hold its value.
        ends = np.maximum(0, [y - one.low[known], one.high[known] - y])
        axes.errorbar(x[known], y, ends, fmt="none", ecolor="black", elinewidth=0.7, capsize=1.5)
    for at in np.flatnonzero(np.isinf(one.y)):
        axes.text(x[at], 0, "inf", rotation=90, ha="center", va="bottom")


def _line(axes: Axes, one: Series, colour: int) -> None:
    step = max(1, -(-len(one.x) // MOST_MARKERS))
    y = np.where(np.isfinite(one.y), one.y, np.nan)
    axes.plot(
        one.x, y, STYLES[_dash(one, colour) % len(STYLES)], label=one_line(one.name),
        # Markers of equal lines stand beside each other where there is room.
        markevery=(colour % step, step), color=COLOURS[colour % len(COLOURS)],
        marker=MARKERS[colour % len(MARKERS)],
    )  # fmt: skip
    if one.low is not None and one.high is not None:
        axes.fill_between(one.x, one.low, one.high, alpha=0.2, linewidth=0,
                          color=COLOURS[colour % len(COLOURS)])  # fmt: skip


def _dash(one: Series, colour: int) -> int:
    return colour if one.dash is None else one.dash
