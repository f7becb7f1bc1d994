"""The images of the items that people and networks were compared on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import MismatchError
from c10h.formats.class_names import match_order
from c10h.formats.truth_files import check_truth
from c10h.items import agreed_truth
from c10h.records import Array, Images, Predictions
from c10h.stages.people_and_networks import Compared
from c10h.stages.predicted_images import UNCHECKED, PredictedImages
from c10h.truth import renumbered


@dataclass(frozen=True)
class PicturedItems:
    """Images by item. networks: those that each network predicted, with the row of each item."""

    networks: Sequence[tuple[PredictedImages, Array]]

    @property
    def note(self) -> str:
        """What no network can tell of the images; "" where one can."""
        return UNCHECKED if all(predicted.note for predicted, _ in self.networks) else ""

    def pixels(self, item: int) -> Array:
        """The pixels of an item, uint8 (h, w, 3).

        Raises MismatchError where a network predicted another image.
        """
        *_, pixels = [predicted.pixels(int(rows[item])) for predicted, rows in self.networks]
        return pixels


def picture_items(
    compared: Compared,
    networks: Mapping[str, Predictions],
    images: Images,
    sha256: str | None = None,
) -> PicturedItems:
    """Images by the items of a comparison, which was made of these networks.

    sha256: of the file of the images, see :meth:`PredictedImages.match`, which says how they are
    matched. Raises MismatchError for images of other items: true classes tell them where no network
    knows the pixels.
    """
    matched = [
        (PredictedImages.match(record, images, name, sha256), compared.places[name])
        for name, record in networks.items()
    ]
    (first, rows), *others = matched
    places = first.places_of(rows)
    for other, rows_of_other in others:
        differs = other.places_of(rows_of_other) != places
        if differs.any():
            item = compared.names[int(np.argmax(differs))]
            raise MismatchError(
                f"{item} is not the same one of the images by {first.run} and by {other.run}"
            )
    pictured = PicturedItems(matched)
    if pictured.note and compared.truth is not None and images.truth is not None:
        agreed_truth(compared.truth, _truth(images, compared.classes)[places], "the images")
    return pictured


def _truth(images: Images, classes: tuple[str, ...]) -> Array:
    """True classes of images, as numbers in ``classes``."""
    assert images.truth is not None
    check_truth(images.truth, len(images.classes), "images")
    order = match_order(images.classes, classes, "images")
    return images.truth if order is None else renumbered(images.truth, order)
