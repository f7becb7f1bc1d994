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
from dataclasses import replace
from itertools import pairwise
from textwrap import fill
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from c10h.errors import InputError, unknown_name
from c10h.metrics.item_block import Float
from c10h.views.figures.figure_type import BARS, CELLS, DIAGONAL, LINES, Figure, Panel, Series
from c10h.views.forms.figure_look import STANDARD, Look
from c10h.views.forms.terminal_pictures import shrunk
from c10h.views.table import one_line, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
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
# Inches of a panel beside others, at least.
NARROW = 1.7
BACKGROUNDS: Sequence[Any] = ("figure.facecolor", "savefig.facecolor", "axes.facecolor")
# Panels side by side on a page of HTML, and the inches of each.
ACROSS, EACH = 4, 1.9
# Height of a panel whose axes are alike, and the end of axes of shares, beyond markers at 1.
SQUARE, EDGE = 2.6, 1.03
DPI = 300
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")
# Square points around a value of a line that are part of it for who touches them.
TOUCHED = 40
# Markers of a line at most.
MOST_MARKERS = 12
# Shades of cells, from light to dark, which stay apart in grey.
SHADES, LIGHTEST = "Blues", 0.15
# Letters of a name beside cells, how many names of full size there can be, and the size of more.
MOST_LETTERS, MANY, SMALL = 16, 12, 4.5
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


def draw(figure: Figure, form: str, about: Sequence[str] = (), look: Look = STANDARD) -> bytes:
    """The figure in one of FORMS. about: lines that its metadata hold, such as how it was made.

    Raises InputError for a font that is not installed.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of caches and of fonts
    import matplotlib as mpl

    unsaid, told = FORMS[form]
    metadata = {unsaid: None, **({told: "\n".join(about)} if about else {})}
    stream = io.BytesIO()
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")  # letters that the font lacks
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        mpl.rcParams["font.family"] = _font(look.font)
        if look.is_for_page:
            mpl.rcParams.update(dict.fromkeys(BACKGROUNDS, "none"))
        _canvas(figure, look).savefig(stream, format=form, dpi=DPI, metadata=metadata)
    return stream.getvalue()


def _font(name: str | None) -> str:
    """The font of this name, or the one that comes with matplotlib, or the best that there is.

    Raises InputError for a name that no font has, and where there is no font at all.
    """
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    known = sorted({font.name for font in fontManager.ttflist})
    if name is not None:
        if name not in known:
            raise InputError(f"--font: {unknown_name('font', name, known)}")
        return name
    wanted: list[str] = [name for kind in FONTS for name in mpl.rcParams[kind]]
    font = next((name for name in [*wanted, *known] if name in known), None)
    if font is None:
        raise InputError("matplotlib finds no font: install one, such as DejaVu Sans")
    return font


def _canvas(figure: Figure, look: Look) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    width, columns = _width_and_columns(figure, look)
    rows = -(-len(figure.panels) // columns)
    names = list(dict.fromkeys(
        series.name for panel in figure.panels if panel.form != CELLS for series in panel.series
    ))  # fmt: skip
    # What an axis says itself.
    said = {panel.series[0].name for panel in figure.panels
            if len(panel.series) == 1 and panel.series[0].name == panel.y_name}  # fmt: skip
    legend = [name for name in names if name not in said]
    has_legend = len(legend) > 1
    longest = max(map(len, map(one_line, legend)), default=0)
    legend_columns = max(1, int(width * 14) // (longest + 8))
    lines = -(-len(legend) // legend_columns) if has_legend else 0
    turned = max(_turned(panel, width / columns) for panel in figure.panels)
    heights = [_height(panel, width / columns) for panel in figure.panels]
    each = [max(heights[row * columns :][:columns]) for row in range(rows)]
    picture = PICTURE if any(panel.picture is not None for panel in figure.panels) else 0
    height = sum(each) + (turned + picture) * rows + 0.14 * lines
    canvas = Canvas(figsize=(width, height), layout="constrained")
    parts = [part for one in each for part in (picture, one + turned) if part]
    grid = canvas.add_gridspec(len(parts), columns, height_ratios=parts)
    shades = _shades(figure)
    for at, panel in enumerate(figure.panels):
        row, column = divmod(at, columns)
        if picture:
            _picture(canvas.add_subplot(grid[2 * row, column]), panel)
            axes = canvas.add_subplot(grid[2 * row + 1, column])
        else:
            axes = canvas.add_subplot(grid[row, column], title=_title(panel))
        mark = f"mark-{at}" if look.is_for_page else None
        _panel(axes, panel, names, shades, mark, is_turned=turned > 0)
        _leave_out(axes, figure.panels, at, columns)
    canvas.align_labels()
    if shades is not None:
        bar = canvas.colorbar(
            shades, ax=canvas.axes, label=figure.panels[0].y_name, extend="min", format=_plain
        )
        bar.minorticks_off()
    if has_legend:
        _legend(canvas, legend, legend_columns)
    return canvas


def _width_and_columns(figure: Figure, look: Look) -> tuple[float, int]:
    """Inches, and panels side by side."""
    wanted = ACROSS if look.is_for_page and figure.columns == 1 else figure.columns
    columns = min(wanted, len(figure.panels))
    width = look.width
    if width is None:
        broad = max(PAGE, EACH * columns) if look.is_for_page else PAGE
        width = COLUMN if columns == 1 else broad
    return width, min(columns, max(1, int(width / NARROW)))


def _picture(axes: Axes, panel: Panel) -> None:
    """What stands above the axes of a panel: its title, and its picture where it has one."""
    axes.set_axis_off()
    axes.set_title(_title(panel))
    if panel.picture is not None:
        # No more pixels than are seen in print; fewer are drawn as squares.
        axes.imshow(shrunk(panel.picture, round(PICTURE * DPI)), interpolation="none")


def _title(panel: Panel) -> str:
    return fill(one_line(panel.title), TITLE)


def _legend(canvas: Canvas, names: Sequence[str], columns: int) -> None:
    """Below all panels, each name once."""
    known: dict[str, Any] = {}
    for axes in canvas.axes:
        handles, labels = axes.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    shown = [label for label in known if label in set(map(one_line, names))]
    canvas.legend([known[label] for label in shown], shown, loc="outside lower center",
                  ncols=columns)  # fmt: skip


def _leave_out(axes: Axes, panels: Sequence[Panel], at: int, columns: int) -> None:
    """Leave out what is the same everywhere, or on the same kind of axes beside: edges have it."""
    panel, left = panels[at], panels[at - at % columns]
    below = panels[at + columns].form if at + columns < len(panels) else None
    if below == panel.form and _alike(panel.x_name for panel in panels):
        axes.set_xlabel("")
    if not at % columns:
        return
    if _alike(panel.y_name for panel in panels) or (
        panel.form != LINES and (panel.y_name, panel.rows_name) == (left.y_name, left.rows_name)
    ):
        axes.set_ylabel("")
    if panel.form == CELLS and panel.edges is None:
        axes.tick_params(labelleft=False)


def _alike(names: Iterable[str]) -> bool:
    return len(set(names)) == 1


def _plain(value: float, _: object) -> str:
    """A number on a logarithmic axis, without a power that would have to be set as mathematics."""
    return f"{value:,.10g}"


def _height(panel: Panel, width: float) -> float:
    return min(SQUARE, width) if panel.form in (CELLS, DIAGONAL) else HEIGHT


def _shades(figure: Figure) -> ScalarMappable | None:
    """The scale that the cells of all panels have; None where there are no cells."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm

    cells = [panel for panel in figure.panels if panel.form == CELLS]
    if not cells:
        return None
    most = max(float(row.y.max()) for panel in cells for row in panel.series)
    bottom = cells[0].bottom
    # Without the lightest, which would look blank.
    colours = colormaps[SHADES](np.linspace(LIGHTEST, 1, 256))
    shades = ListedColormap(colours).with_extremes(under="white", bad="white")
    return ScalarMappable(LogNorm(bottom, max(most, 2 * bottom)), shades)


def _panel(
    axes: Axes,
    panel: Panel,
    names: list[str],
    shades: ScalarMappable | None,
    mark: str | None,
    *,
    is_turned: bool,
) -> None:
    """mark: what the marks of the panel are called, see :mod:`.marks`; None for no names."""
    if panel.form == CELLS:
        assert shades is not None
        _cells(axes, panel, shades, mark, is_turned=is_turned)
        return
    if panel.form == DIAGONAL:
        _diagonal(axes, panel, mark)
        return
    count = sum(not one.is_ceiling for one in panel.series)
    for place, one in enumerate(panel.series):
        name = None if mark is None else f"{mark}-{place}"
        colour = names.index(one.name) if one.colour is None else one.colour
        if one.is_ceiling:
            known = np.isfinite(one.y)
            lines = axes.hlines(
                one.y[known], one.x[known] - 0.45, one.x[known] + 0.45, "black", linewidth=1.2,
                label=one_line(one.name),
            )  # fmt: skip
            lines.set_gid(name)
        elif panel.form == BARS:
            _bars(axes, panel, one, colour, place, count, name)
        else:
            _line(axes, one, colour, name)
    axes.set_xlabel(panel.x_name)
    axes.set_ylabel(panel.y_name)
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.set_ylim(0.5, panel.top)
        axes.yaxis.set_major_formatter(_plain)
    else:
        axes.set_ylim(0, panel.top)
    if panel.edges is not None:
        _numbers(axes, panel.edges)
    elif len(panel.ticks) == 1:
        axes.set_xlim(-1, 1)  # bars of one tick are no wider than others
    if panel.ticks and panel.edges is None:
        _ticks(axes, panel, is_turned=is_turned)
    if panel.form == LINES and all((one.x == np.round(one.x)).all() for one in panel.series):
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))


def _numbers(axes: Axes, edges: Float) -> None:
    """Numbers below bars that have edges; what ends at 0 is 0 itself."""
    axes.set_xlim(edges[0], edges[-1])
    if edges[0] < 0:
        ticks = [tick for tick in axes.get_xticks() if 0 < tick <= edges[-1]]
        axes.set_xticks([edges[0] / 2, *ticks], ["0", *(f"{tick:.2g}" for tick in ticks)])


def _ticks(axes: Axes, panel: Panel, *, is_turned: bool) -> None:
    ticks = [one_line(tick) for tick in panel.ticks]
    axes.set_xticks(range(len(ticks)), ticks, rotation=45 if is_turned else 0,
                    ha="right" if is_turned else "center", rotation_mode="anchor")  # fmt: skip


def _classes(axes: Axes, panel: Panel, *, is_turned: bool) -> None:
    """Names of both axes of cells, smaller and upright where there are many."""
    names = [shortened(name, MOST_LETTERS) for name in panel.ticks]
    _ticks(axes, replace(panel, ticks=names), is_turned=is_turned)
    axes.set_yticks(range(len(panel.series)), names)
    if len(names) > MANY:
        axes.tick_params(labelsize=SMALL)
        for label in axes.get_xticklabels():
            label.set(rotation=90, ha="right", va="center")


def _diagonal(axes: Axes, panel: Panel, mark: str | None) -> None:
    """Each series by the first, which the diagonal stands for."""
    along, *others = panel.series
    axes.plot([0, 1], [0, 1], ":", color="0.4", linewidth=0.8, label=one_line(along.name))
    for place, one in enumerate(others):
        colour = place if one.colour is None else one.colour
        _line(
            axes, replace(one, x=along.y), colour, None if mark is None else f"{mark}-{place + 1}"
        )
    axes.set(xlim=(0, EDGE), ylim=(0, EDGE), aspect="equal")
    axes.set(xlabel=one_line(along.name), ylabel=panel.y_name)


def _cells(
    axes: Axes, panel: Panel, shades: ScalarMappable, mark: str | None, *, is_turned: bool
) -> None:
    """A row a series: upward where axes are numbers, else from the top as in a table."""
    edges = panel.edges
    corners = np.arange(len(panel.ticks) + 1) - 0.5 if edges is None else edges
    values, norm = np.array([row.y for row in panel.series]), cast("Normalize", shades.norm)
    axes.pcolormesh(
        corners, corners, values, norm=norm, cmap=shades.cmap, linewidth=0, edgecolors="none",
        antialiased=False, gid=mark,
    )  # fmt: skip
    if edges is None:
        _classes(axes, panel, is_turned=is_turned)
        axes.invert_yaxis()
    else:
        axes.plot(edges[[0, -1]], edges[[0, -1]], ":", color="black", linewidth=0.8)
    axes.set(xlabel=panel.x_name, ylabel=panel.rows_name, aspect="equal")


def _turned(panel: Panel, width: float) -> float:
    """The inches that what is below the bars takes more when turned; 0 where it need not be."""
    if panel.form == DIAGONAL or panel.edges is not None:
        return 0  # their axes are numbers
    sizes = [len(tick) + 1 for tick in panel.ticks]
    if panel.form == CELLS:
        sizes = [min(size, MOST_LETTERS) for size in sizes]
    room = (width - BESIDE) / LETTER / max(1, len(sizes))
    if all((one + other) / 2 <= room for one, other in pairwise(sizes)):
        return 0
    return min(HEIGHT, max(sizes) * LETTER * math.sin(math.pi / 4))


def _bars(
    axes: Axes,
    panel: Panel,
    one: Series,
    colour: int,
    place: int,
    count: int,
    mark: str | None,
) -> None:
    """Bars side by side around each tick, or between edges; an infinite one is a word."""
    width: Any = 0.8 / count
    x = one.x + (place - (count - 1) / 2) * width
    if panel.edges is not None:
        x, width = (panel.edges[1:] + panel.edges[:-1]) / 2, np.diff(panel.edges) * 0.9
    height = np.where(np.isfinite(one.y), one.y, 0)
    drawn = axes.bar(
        x, height, width, label=one_line(one.name), color=COLOURS[colour % len(COLOURS)],
        hatch=HATCHES[_dash(one, colour) % len(HATCHES)], edgecolor="white", linewidth=0,
    )  # fmt: skip
    for number, bar in enumerate(drawn.patches if mark is not None else []):
        bar.set_gid(f"{mark}-{number}")
    if one.low is not None and one.high is not None:
        known = np.isfinite(one.low) & np.isfinite(one.high) & np.isfinite(one.y)
        y = one.y[known]
        # The interval of a biased figure need not hold its value.
        ends = np.maximum(0, [y - one.low[known], one.high[known] - y])
        axes.errorbar(x[known], y, ends, fmt="none", ecolor="black", elinewidth=0.7, capsize=1.5)
    for at in np.flatnonzero(np.isinf(one.y)):
        axes.text(x[at], 0, "inf", rotation=90, ha="center", va="bottom")


def _line(axes: Axes, one: Series, colour: int, mark: str | None) -> None:
    step = max(1, -(-len(one.x) // MOST_MARKERS))
    y = np.where(np.isfinite(one.y), one.y, np.nan)
    axes.plot(
        one.x, y, STYLES[_dash(one, colour) % len(STYLES)], label=one_line(one.name),
        # Markers of equal lines stand beside each other where there is room.
        markevery=(colour % step, step), color=COLOURS[colour % len(COLOURS)],
        marker=MARKERS[colour % len(MARKERS)],
    )  # fmt: skip
    if mark is not None:
        known = np.isfinite(y) & np.isfinite(one.x)
        axes.scatter(one.x[known], y[known], s=TOUCHED, alpha=0, gid=mark)
    if one.low is not None and one.high is not None:
        axes.fill_between(one.x, one.low, one.high, alpha=0.2, linewidth=0,
                          color=COLOURS[colour % len(COLOURS)])  # fmt: skip


def _dash(one: Series, colour: int) -> int:
    return colour if one.dash is None else one.dash
