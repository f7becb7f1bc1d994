"""Pictures with one folder a class, as ImageNet, CINIC-10 and others have: which class is which.

The order of the items is fixed, whatever the order in an archive: by class, and in a class by path,
in the order of code points. So a folder and archives of it give the same images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from c10h.errors import AmbiguousError, InputError, MismatchError
from c10h.images.import_request import SHOWN, counted
from c10h.images.picture_listing import Arrangement, Listing, by_path, is_picture

# What to do with pictures that no folder tells the class of.
REMEDY = (
    "--labels TABLE of file,class tells the classes, --no-truth with --classes takes pictures "
    "without them"
)


@dataclass
class ClassFolders(Listing):
    """Which class a path belongs to, and what was seen so far.

    prefixes: the folder above the class folders, by split. stocked: folders with pictures.
    chosen: pictures of each class. loose: the one folder that all pictures are in, where it is no
    class of ``--classes``; such pictures have no true class.
    """

    prefixes: dict[str, str] = field(default_factory=dict)
    other_prefixes: set[str] = field(default_factory=set)
    stocked: set[str] = field(default_factory=set)
    chosen: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    loose: str | None = None
    absent: list[str] = field(default_factory=list)

    def wants(self, path: str) -> bool:
        """Whether a file is a picture that was asked for."""
        prefix, folder, _ = _split_path(path)
        return (
            is_picture(path)
            and self._split_of(prefix) is not None
            and self._class_of(folder) is not None
            and self.selects(path)
        )

    def takes(self, path: str) -> bool:
        """Take note of a picture, and tell whether it was asked for."""
        prefix, folder, _ = _split_path(path)
        split = self._split_of(prefix)
        if split is None:
            self.other_prefixes.add(prefix)
            return False
        name = self._class_of(folder) if folder else ""
        if name is None:
            self.unmapped[folder] += 1
            return False
        classes = self.request.classes
        if not name or (classes is not None and name not in classes):
            self._take_loose(path)
            return self.selects(path)
        if self.loose is not None:
            raise self._is_no_class(self.loose)
        if self.prefixes.setdefault(split, prefix) != prefix:
            shown = " and ".join(
                repr(above or ".") for above in sorted({self.prefixes[split], prefix})
            )
            raise AmbiguousError(
                f"{self.name}: found class folders in {shown}: --split says which to take "
                "(--no-truth with --classes takes all, without classes)"
            )
        self.stocked.add(_join(prefix, folder))
        selected = self.selects(path)
        self.chosen[name] += selected
        return selected

    def check(self, taken: int) -> None:
        """Raise InputError for an empty class folder, and where nothing is left."""
        if self.loose is None:
            self._check_prefixes()
            self._check_folders()
            self._class_names()
        elif not taken:
            raise self.nothing(" that --select takes")

    def arrange(self, paths: list[str]) -> Arrangement:
        """By class, then by path."""
        if self.loose is not None:
            assert self.request.classes is not None
            order, short = by_path(paths)
            return Arrangement(order, short, self.request.classes, None)
        names = self._class_names()
        number = {name: place for place, name in enumerate(names)}
        labels = [number[self._class_of(_split_path(path)[1]) or ""] for path in paths]
        alone = len(set(self.prefixes.values())) == 1
        short = [_join(*_split_path(path)[1:]) if alone else path for path in paths]
        order = np.array(sorted(range(len(labels)), key=lambda row: (labels[row], short[row])))
        self.absent = [name for name in names if name not in self.chosen]
        truth = np.array(labels, dtype=np.int64)[order]
        return Arrangement(order, [short[row] for row in order], names, truth)

    def notes(self) -> list[str]:
        """What was left out, and what was assumed."""
        notes = super().notes()
        if self.unmapped:
            pictures = counted(self.unmapped.total(), "picture")
            folders = counted(len(self.unmapped), "folder")
            notes.append(f"left out {pictures} in {folders} not in --map")
        if self.absent:
            notes.append(f"no picture of {', '.join(self.absent)}")
        if self.loose is not None:
            where = f"in the folder {self.loose!r}" if self.loose else "in no class folder"
            notes.append(f"pictures {where}: without truth (--labels TABLE of file,class gives it)")
        return notes

    def _class_of(self, folder: str) -> str | None:
        """The class of a folder; None where the map does not have it."""
        to_class = self.request.choice.to_class
        return folder if to_class is None else to_class.get(folder)

    def _split_of(self, prefix: str) -> str | None:
        """The split that a folder above class folders is; None where that is not asked for."""
        if not self.request.choice.splits:
            return ""
        for split in self.request.choice.splits:
            if f"/{prefix}".endswith("/" + ("" if split == "." else split.strip("/"))):
                return split
        return None

    def _take_loose(self, path: str) -> None:
        """A picture in no class folder. Raises InputError unless it can be one of many such."""
        above = path.rpartition("/")[0]
        mapped = self.request.choice.to_class is not None
        if self.request.classes is None or (mapped and not above):
            raise InputError(
                f"{self.name}: {path}: expected a picture in a class folder ({REMEDY})"
            )
        if self.stocked or mapped or self.loose not in (None, above):
            raise self._is_no_class(above)
        self.loose = above

    def _is_no_class(self, folder: str) -> MismatchError:
        shown = f"folder {_split_path(f'{folder}/')[1]!r}" if folder else "pictures in no folder"
        return MismatchError(
            f"{self.name}: {shown}: expected a class of "
            f"{', '.join((self.request.classes or ())[:SHOWN])} (--map tells what folders are; "
            f"{REMEDY})"
        )

    def _class_names(self) -> tuple[str, ...]:
        """All classes in order. Raises InputError for fewer than two."""
        names = self.request.classes
        if names is None and self.request.choice.to_class is not None:
            names = tuple(dict.fromkeys(self.request.choice.to_class.values()))
        if names is None:
            names = tuple(sorted(self.chosen))
        if len(names) < 2:
            raise InputError(
                f"{self.name}: expected two or more class folders, found {names[0]} ({REMEDY})"
            )
        return names

    def _check_prefixes(self) -> None:
        """Raise InputError where there are no pictures, or none of a split."""
        lacking = [split for split in self.request.choice.splits if split not in self.prefixes]
        if self.prefixes and not lacking:
            return
        if self.unmapped:
            raise self.nothing(" in class folders that --map has", _listed(self.unmapped))
        if lacking:
            shown = _listed(repr(prefix or ".") for prefix in self.other_prefixes) or "none"
            raise self.nothing(f" in class folders in {lacking[0]}", shown)
        raise self.nothing(" in class folders")

    def _check_folders(self) -> None:
        """Raise InputError for class folders and classes of which there is no picture."""
        to_class = self.request.choice.to_class
        class_folders = self.request.classes if to_class is None else to_class
        for folder in sorted(self.folders - self.stocked - {"."}):
            prefix, _, name = folder.rpartition("/")
            is_above = any(f"{above}/".startswith(f"{folder}/") for above in self.other_prefixes)
            is_class = class_folders is None or name in class_folders
            if prefix in self.prefixes.values() and is_class and not is_above:
                raise InputError(
                    f"{self.name}: the class folder {folder} has no pictures{self._passed_in()}"
                )
        for name, count in self.chosen.items():
            if not count:
                raise InputError(
                    f"{self.name}: --select {self.request.choice.select}: "
                    f"no picture of {name} is called so"
                )

    def _passed_in(self) -> str:
        return f" (passed over {self.passed_over()})" if self.passed else ""


def _split_path(path: str) -> tuple[str, str, str]:
    """The folders above, the class folder and the file name; "" where there is none."""
    above, _, name = path.rpartition("/")
    prefix, _, folder = above.rpartition("/")
    return prefix, folder, name


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:SHOWN])
