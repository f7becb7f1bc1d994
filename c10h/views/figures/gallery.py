"""A gallery as a figure for papers: each picture above people's and the network's distribution."""

from __future__ import annotations

import numpy as np

from c10h.stages.gallery import Gallery, Picture
from c10h.views.figures.figure_type import BARS, BLACK, Figure, Panel, Series
from c10h.views.gallery import MOST_CLASSES, shown_classes, summary_of, title_of

COLUMNS = 4


def gallery_figure(gallery: Gallery) -> Figure:
    """A panel a picture, the classes with the largest shares, people in black."""
    panels = [_panel(gallery, picture) for picture in gallery.pictures]
    notes = [summary_of(gallery), *gallery.notes]
    return Figure("gallery", title_of(gallery), panels, notes, columns=COLUMNS)


def _panel(gallery: Gallery, picture: Picture) -> Panel:
    shown = shown_classes(picture)[:MOST_CLASSES]
    x = np.arange(len(shown), dtype=np.float64)
    series = [
        Series("people", x, picture.people[shown], colour=BLACK),
        Series(gallery.run, x, picture.model[shown], colour=0),
    ]
    title = picture.name if picture.truth is None else f"{picture.name}, {picture.truth}"
    ticks = [gallery.classes[k] for k in shown]
    return Panel(
        title, "class", "probability", series, BARS, ticks, 2, top=1.0, picture=picture.pixels
    )
