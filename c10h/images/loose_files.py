"""Pictures whose folders tell no classes: a table of files does, or nothing.

The order of the items is that of their paths, by code points, whatever the order in an archive.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from c10h.errors import counted
from c10h.images.class_numbers import Numbered, number_classes
from c10h.images.file_class_tables import FileClassTable
from c10h.images.picture_listing import Arrangement, Listing, by_path, is_picture
from c10h.truth import UNKNOWN


@dataclass
class LooseFiles(Listing):
    """Pictures in any folders. table: their true classes; without it they have none.

    unlabeled: how many pictures were left out since the table does not have them. splits: those of
    ``--split`` that have pictures.
    """

    table: FileClassTable | None = None
    unlabeled: int = 0
    splits: set[str] = field(default_factory=set)
    order_of_classes: str = ""
    absent: list[str] = field(default_factory=list)

    def wants(self, path: str) -> bool:
        """Whether a file is a picture that was asked for."""
        skips = self.table is not None and self.request.choice.skip_unlabeled
        return (
            is_picture(path)
            and self._split_of(path) is not None
            and self.selects(path)
            and not (skips and self.table is not None and not self.table.tells(path))
        )

    def takes(self, path: str) -> bool:
        """Take note of a picture, and tell whether it was asked for."""
        split = self._split_of(path)
        if split is None or not self.selects(path):
            return False
        self.splits.add(split)
        if self.table is None:
            return True
        is_listed, skips = self.table.take(path) is not None, self.request.choice.skip_unlabeled
        if is_listed and (self.table.tells(path) or not skips):
            return True
        if not skips:
            raise self.table.lacks(path, self.name)
        self.unlabeled += 1
        return False

    def check(self, taken: int) -> None:
        """Raise InputError where there are no pictures, or none of a split."""
        choice = self.request.choice
        lacking = [split for split in choice.splits if split not in self.splits]
        if lacking or not taken:
            options = {
                f" in {', '.join(lacking)} (--split)": bool(lacking),
                " that match --select": choice.select is not None,
                " that are in the table": self.unlabeled > 0,
            }
            raise self.nothing(next((where for where, is_so in options.items() if is_so), ""))

    def arrange(self, paths: list[str]) -> Arrangement:
        """By path. Raises InputError for a table with fewer than two classes."""
        order, short = by_path(paths)
        if self.table is None:
            assert self.request.classes is not None
            return Arrangement(order, short, self.request.classes, None)
        rows = [self.table.row_of(paths[row]) for row in order]
        words = [self.table.classes[row] for row in rows if row is not None]
        if self.table.names is not None:
            places = {name: number for number, name in enumerate(self.table.names)}
            truth = np.array([places.get(word, UNKNOWN) for word in words], np.int64)
            numbered = Numbered(truth, self.table.names)
        else:
            numbered = number_classes(
                np.array(words, dtype=np.str_),
                self.request.classes,
                self.table.name,
                short,
                one_based=self.request.one_based,
            )
        self.order_of_classes = numbered.note
        present = set(numbered.truth.tolist())
        self.absent = [name for k, name in enumerate(numbered.classes) if k not in present]
        return Arrangement(order, short, numbered.classes, numbered.truth)

    def notes(self) -> list[str]:
        """What was left out, and what was assumed."""
        notes = super().notes()
        if self.table is not None:
            notes += self.table.notes()
            if self.order_of_classes:
                notes.append(f"{self.table.name}: {self.order_of_classes}")
        if self.unlabeled and self.table is not None:
            left = counted(self.unlabeled, "image")
            notes.append(f"left out {left} without a class in {self.table.name}")
        if self.absent:
            notes.append(f"no image of {', '.join(self.absent)}")
        return notes

    def _split_of(self, path: str) -> str | None:
        """The split that a picture is anywhere below; None where that is not asked for."""
        above = path.rpartition("/")[0]
        if not self.request.choice.splits:
            return ""
        for split in self.request.choice.splits:
            if f"/{split.strip('/')}/" in f"/{above}/" or (split == "." and not above):
                return split
        return None
