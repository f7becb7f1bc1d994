"""A gallery in a terminal: each picture beside its two distributions."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import set_cell_size
from rich.color import ColorSystem
from rich.style import Style

from c10h.stages.gallery import Gallery, Picture
from c10h.views.forms.terminal_pictures import (
    COLUMNS,
    LEAST_ROOM,
    SYSTEMS,
    beside,
    half_blocks,
)
from c10h.views.gallery import MOST_CLASSES, shown_classes, summary_of, title_of
from c10h.views.table import one_line

# Characters for a class name, a share and the longest bar.
NAME, SHARE, BAR = 14, 5, 20
PARTS = " ▏▎▍▌▋▊▉"
PEOPLE, MODEL, BOLD, DIM = (Style.parse(style) for style in ("#4a90d9", "#d9822b", "bold", "dim"))


def to_text(gallery: Gallery, width: int, colours: str | None) -> str:
    """Pictures and distributions in at most ``width`` characters.

    colours: what the terminal has, as rich calls it; see
    :func:`c10h.views.forms.terminal_pictures.half_blocks`. Without them there are the
    distributions alone.
    """
    system = SYSTEMS.get(colours or "")
    parts = [_wrapped([title_of(gallery)], width, BOLD, system)]
    for place, picture in enumerate(gallery.pictures, start=1):
        drawn = half_blocks(picture.pixels, colours, min(COLUMNS, width))
        columns = min(picture.pixels.shape[1], COLUMNS, width)
        is_beside = bool(drawn) and width - columns - 2 >= LEAST_ROOM
        room = width - columns - 2 if is_beside else width
        rows = max(len(drawn) - 5, 4) if drawn else MOST_CLASSES
        lines = _about(gallery, picture, place, room, rows, system)
        parts.append("\n".join(beside(drawn, columns, lines) if is_beside else [*drawn, *lines]))
    parts.append(_wrapped([summary_of(gallery), *gallery.notes], width, DIM, system))
    return "\n\n".join(parts) + "\n"


def _wrapped(texts: Sequence[str], width: int, style: Style, system: ColorSystem | None) -> str:
    lines = (line for text in texts for line in wrap(text, width, break_on_hyphens=False))
    return "\n".join(_styled(line, style, system) for line in lines)


def _about(
    gallery: Gallery, picture: Picture, place: int, room: int, rows: int, system: ColorSystem | None
) -> list[str]:
    """Lines of at most ``room`` characters; at most ``rows`` classes."""
    name = set_cell_size(f"{place}. {one_line(picture.name)}", room).rstrip()
    truth = [] if picture.truth is None else [f"true class {one_line(picture.truth)}"]
    about = f"divergence {picture.divergence:.3f}, H(people) {picture.entropy:.3f}"
    bar = max(4, min(BAR, (room - NAME - 2 * (SHARE + 2)) // 2))
    column = SHARE + 2 + bar
    header = f"{'':{NAME}}{'people':{column}}{set_cell_size(one_line(gallery.run), column)}"
    lines = [_styled(name, BOLD, system)]
    lines += [set_cell_size(line, room).rstrip() for line in [*truth, *wrap(about, room)]]
    lines += ["", set_cell_size(header, room).rstrip()]
    for k in shown_classes(picture)[:rows]:
        people = _bar(float(picture.people[k]), bar, PEOPLE, system)
        model = _bar(float(picture.model[k]), bar, MODEL, system)
        lines.append(f"{set_cell_size(one_line(gallery.classes[k]), NAME - 1)} {people}{model}")
    return lines


def _bar(share: float, width: int, style: Style, system: ColorSystem | None) -> str:
    """A share in digits and as a bar in eighths of a character, ``width`` + SHARE + 2 wide."""
    whole, part = divmod(round(share * width * 8), 8)
    drawn = ("█" * whole + PARTS[part].strip()).ljust(width)
    return f"{share:{SHARE}.2f} {_styled(drawn, style, system)} "


def _styled(text: str, style: Style, system: ColorSystem | None) -> str:
    return style.render(one_line(text) if not text.isprintable() else text, color_system=system)
