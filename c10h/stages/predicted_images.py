"""The images that predictions are of: matched with them, and checked to be these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c10h.errors import MismatchError
from c10h.images.hashes import item_hashes
from c10h.items import Items, align
from c10h.records import Array, Images, Predictions
from c10h.stages.predicted_items import items_of

UNCHECKED = "the predictions do not record the hashes of their images: images not checked"


@dataclass(frozen=True)
class PredictedImages:
    """Images by the items of predictions.

    places: int64 (n), the image of each item; None for all in order. run: what messages call the
    predictions.
    """

    predictions: Predictions
    images: Images
    places: Array | None
    run: str

    @classmethod
    def match(
        cls, predictions: Predictions, images: Images, run: str, sha256: str | None = None
    ) -> PredictedImages:
        """By ids, index or position. sha256: of the file of the images.

        Raises MismatchError where an item has no image and, if sha256 is of another file than was
        predicted, where any image is another one or the predictions do not tell.
        """
        pictures = Items("the images", images.images.shape[0], images.ids)
        places = align(items_of(predictions, run), pictures).rows
        matched = cls(predictions, images, places, run)
        if sha256 is not None:
            matched.check_file(sha256)
        return matched

    def check_file(self, sha256: str) -> None:
        """Where the images' file is not the one that was predicted, compare all images.

        It may be of the same ones, in another order or under other names.
        """
        lineage, item = self.predictions.lineage, self.predictions.item
        inputs = () if lineage is None else lineage.inputs
        predicted = [file.sha256 for file in inputs if file.role == "images"]
        if not predicted or sha256 in predicted:
            return
        if item is None:
            raise MismatchError(
                f"images: not the file that {self.run} predicted: its SHA-256 begins with "
                f"{sha256[:12]}, expected {predicted[0][:12]}"
            )
        hashes = item_hashes(self.images.images)
        wrong = np.flatnonzero((hashes if self.places is None else hashes[self.places]) != item)
        if len(wrong):
            raise self._another_image(self.place(int(wrong[0])))

    @property
    def note(self) -> str:
        """What could not be checked; "" where nothing is left unchecked."""
        return UNCHECKED if self.predictions.item is None else ""

    def place(self, row: int) -> int:
        """Which image an item of the predictions is."""
        return row if self.places is None else int(self.places[row])

    def places_of(self, rows: Array) -> Array:
        """Which images items of the predictions are, int64."""
        return rows if self.places is None else np.asarray(self.places[rows])

    def pixels(self, row: int) -> Array:
        """The pixels of an item, uint8 (h, w, 3).

        Raises MismatchError where another image was predicted.
        """
        place, item = self.place(row), self.predictions.item
        pixels = self.images.images[place : place + 1]
        if item is not None and item_hashes(pixels)[0] != item[row]:
            raise self._another_image(place)
        return np.asarray(pixels[0])

    def _another_image(self, place: int) -> MismatchError:
        return MismatchError(
            f"images: image {place} differs from the one that {self.run} predicted: the file has "
            "changed, or is not the one that was predicted"
        )
