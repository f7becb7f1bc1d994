"""The pictures of a gallery as the cards of an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from c10h.stages.gallery import Gallery
from c10h.views.forms.terminal_pictures import png_uri
from c10h.views.gallery import shown_classes

# Classes a card has room for.
MOST_CLASSES = 6


@dataclass(frozen=True)
class Bar:
    """The shares of one class, from 0 to 1."""

    name: str
    people: float
    model: float


@dataclass(frozen=True)
class Card:
    """One picture. choice: the first choice of both; alt: the picture in words."""

    name: str
    alt: str
    uri: str
    truth: str | None
    choice: str
    divergence: float
    entropy: float
    bars: Sequence[Bar]


def cards(gallery: Gallery) -> list[Card]:
    """A card for each picture, in their order."""
    return [
        Card(
            name=one.name,
            alt=one.name if one.truth is None else f"{one.name}, true class {one.truth}",
            uri=png_uri(one.pixels),
            truth=one.truth,
            choice=gallery.classes[int(one.people.argmax())],
            divergence=one.divergence,
            entropy=one.entropy,
            bars=[
                Bar(gallery.classes[k], float(one.people[k]), float(one.model[k]))
                for k in shown_classes(one)[:MOST_CLASSES]
            ],
        )
        for one in gallery.pictures
    ]
