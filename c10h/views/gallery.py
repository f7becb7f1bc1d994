"""A gallery in words: its table, its rows and its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from c10h.metrics.item_block import Float
from c10h.stages.gallery import Gallery, Picture
from c10h.views.forms.json_text import plain
from c10h.views.table import Cell, Table, number, of_columns, one_line

# Classes with less in both distributions are not shown.
LEAST = 0.005
MOST_CLASSES = 5


def title_of(gallery: Gallery) -> str:
    """What is to be seen."""
    return f"{one_line(gallery.run)} and people: same first choice, largest difference otherwise"


def summary_of(gallery: Gallery) -> str:
    """Which items these are."""
    return (
        f"{len(gallery.pictures)} of the {gallery.agreed:,} items (of {gallery.items:,}) with the "
        "same single first choice, by Jensen-Shannon divergence in nats"
    )


def gallery_table(gallery: Gallery) -> Table:
    """One row a picture, distributions as the largest shares in words."""
    pictures, classes = gallery.pictures, gallery.classes
    names = [
        ("item", [picture.name for picture in pictures]),
        ("true class", [picture.truth or "-" for picture in pictures]),
        ("people", [in_words(picture.people, classes) for picture in pictures]),
        (one_line(gallery.run), [in_words(picture.model, classes) for picture in pictures]),
    ]
    columns = [
        ("divergence", [Cell(number(picture.divergence)) for picture in pictures]),
        ("H(people)", [Cell(number(picture.entropy)) for picture in pictures]),
    ]
    return of_columns(title_of(gallery), names, columns, [summary_of(gallery), *gallery.notes])


def shown_classes(picture: Picture) -> list[int]:
    """The classes that either distribution gives some share, the largest first."""
    most = np.maximum(picture.people, picture.model)
    return [int(k) for k in np.argsort(-most, kind="stable") if most[k] >= LEAST]


def to_rows(gallery: Gallery) -> list[dict[str, object]]:
    """One row a class of each picture, in full precision."""
    return [
        {
            "item": picture.name,
            "truth": picture.truth,
            "class": name,
            "people": people,
            "model": model,
            "divergence": picture.divergence,
            "entropy": picture.entropy,
        }
        for picture in gallery.pictures
        for name, people, model in zip(gallery.classes, picture.people, picture.model, strict=True)
    ]


def to_json(gallery: Gallery) -> dict[str, Any]:
    """Everything but the pixels as plain JSON."""
    keys = ("truth", "people", "model", "divergence", "entropy")
    values: dict[str, Any] = plain(
        {
            "name": "gallery",
            "run": gallery.run,
            "classes": gallery.classes,
            "items": gallery.items,
            "agreed": gallery.agreed,
            "notes": gallery.notes,
            "pictures": [
                {"item": picture.name, **{key: getattr(picture, key) for key in keys}}
                for picture in gallery.pictures
            ],
        }
    )
    return values


def in_words(distribution: Float, classes: Sequence[str]) -> str:
    """The largest shares of a distribution (c)."""
    largest = np.argsort(-distribution, kind="stable")[:MOST_CLASSES]
    return ", ".join(
        f"{one_line(classes[k])} {distribution[k]:.2f}" for k in largest if distribution[k] >= LEAST
    )
