"""What tells the class of each picture: a table of a file name and a class a line, or any other
file of true classes that names its items.

Files are found by their path or, where that tells them apart, by the end of it: "0.png" in the
table is "faces/0.png" in an archive, and so is "data/faces/0.png", or "0" without the ending.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from c10h.errors import AmbiguousError, FileError, SchemaError, counted
from c10h.files import Source
from c10h.formats.detect_format import detect, plain
from c10h.formats.file_formats import ARRAYS, FORMATS
from c10h.formats.header_line import is_number
from c10h.formats.hints import Hints
from c10h.formats.predictions_and_labels import recorded_classes
from c10h.formats.tables import Table, open_table
from c10h.formats.truth_files import open_truth
from c10h.images.picture_file import SUFFIXES

# What columns are called, in small letters without anything between them.
FILES = (
    *("file", "filename", "filepath", "path", "image", "imagename", "imagepath", "imageid"),
    *("imagefile", "img", "imgname", "imgpath", "picture", "name", "id", "item"),
)
CLASSES = ("label", "class", "category", "target", "truth", "labels", "classname", "y")
# Columns that hold no classes, so that the second column of a table is not taken for them.
OTHERS = ("split", "usage", "subset", "set", "fold", "index", "width", "height", "url", "source")
# Ends of paths that several lines have.
SEVERAL = -1


class FileClassTable:
    """The class of each file that a table names.

    classes: the class in each line, "" where a file of true classes does not know it. names: of
    the classes in order, where the file has an order. taken: notes on what was read.
    """

    def __init__(
        self, source: Source, classes: tuple[str, ...] | None = None, *, one_based: bool = False
    ) -> None:
        """Read a table, with or without a line of names, or a c10h file or arrays with names.

        classes: their names in order, where they are known. Raises FileError for no such table,
        SchemaError for a line that lacks a file, and for a file that is there twice with different
        classes; AmbiguousError where no column is the class.
        """
        self.name = source.name
        self.classes: list[str] = []
        self.names: tuple[str, ...] | None = None
        self.taken: list[str] = []
        self._rows: dict[str, int] = {}
        self._ends: dict[str, int] = {}
        self._taken: dict[int, str] = {}
        table = _table(source) if _is_table(source) else None
        if table is None or table.source.member or not self._read(_lines(table)):
            self._read_truth(source, classes, Hints(one_based=one_based))

    def row_of(self, path: str) -> int | None:
        """The line of a picture, None where there is none, or several could be meant."""
        stem = next(
            (path[: -len(suffix)] for suffix in SUFFIXES if path.lower().endswith(suffix)), path
        )
        for end in (*_ends_of(path), *_ends_of(stem)):
            row = self._rows.get(end, self._ends.get(end))
            if row is not None:
                return None if row == SEVERAL else row
        return None

    def tells(self, path: str) -> bool:
        """Whether the class of a picture is known."""
        row = self.row_of(path)
        return row is not None and self.classes[row] != ""

    def take(self, path: str) -> int | None:
        """The same; a line that was taken for another picture raises AmbiguousError."""
        row = self.row_of(path)
        if row is not None and self._taken.setdefault(row, path) != path:
            raise AmbiguousError(
                f"{self.name}: which image is {self._file(row)!r}, {self._taken[row]} or {path}? "
                "Use paths in the table, or select fewer images with --select or --split"
            )
        return row

    def lacks(self, path: str, name: str) -> SchemaError:
        """An error that says that a picture is not in the table."""
        return SchemaError(
            f"{name}: {path}: expected a class in {self.name}, found none; a file name there is "
            f"{self._file(0)!r} (--skip-unlabeled leaves such images out)"
        )

    def notes(self) -> list[str]:
        """What was taken from the table, and what was not, one line each for people."""
        notes = [*self.taken]
        unused = sorted(set(range(len(self.classes))) - set(self._taken))
        if unused:
            notes.append(
                f"{self.name}: {counted(len(unused), 'line')} without an imported image, "
                f"the first is {self._file(unused[0])!r}"
            )
        return notes

    def _file(self, row: int) -> str:
        return next(file for file, place in self._rows.items() if place == row)

    def _read(self, lines: list[tuple[int, list[str]]]) -> bool:
        """Take a file and a class from each line; False for a table with a number for each class.

        Raises AmbiguousError where it has more than two columns, and none is called as the class.
        """
        if not lines:
            raise FileError(f"{self.name}: expected a table of file,class, found an empty one")
        rows = [cells for _, cells in lines]
        columns = self._choose_columns(rows)
        if columns is None and _has_numbers(rows):
            return False
        if columns is None:
            raise AmbiguousError(
                f"{self.name}: which column is the class? Name it label, or use "
                f"--labels {self.name}:COLUMN; found {', '.join(rows[0][:20])}"
            )
        file_column, class_column, has_header = columns
        for number, cells in lines[has_header:]:
            if len(cells) <= max(file_column, class_column) or not cells[file_column]:
                raise SchemaError(f"{self.name}: line {number}: expected a file and a class")
            if cells[class_column]:
                self._add(cells[file_column], cells[class_column], number)
        if not self.classes:
            raise FileError(f"{self.name}: expected a table of file,class, found no such line")
        return True

    def _read_truth(self, source: Source, classes: tuple[str, ...] | None, hints: Hints) -> None:
        """Take the classes from a file of true classes in any form, which must name its items."""
        try:
            truth = open_truth(
                source, classes or recorded_classes(source), hints, self.taken.append
            )
        except FileError as error:
            raise FileError(f"{error} (--no-truth leaves the classes out)") from error
        if truth.ids is None:
            raise SchemaError(
                f"{self.name}: expected the name of a file beside each class, found none: a table "
                "of file,class or an array called ids has them"
            )
        self.names = truth.classes
        name_of = dict(enumerate(truth.classes))
        for row, (file, number) in enumerate(
            zip(truth.ids.tolist(), truth.values.tolist(), strict=True)
        ):
            self._add(file, name_of.get(number, ""), row)

    def _add(self, file: str, class_name: str, number: int) -> None:
        file = file.replace("\\", "/").removeprefix("./").strip("/")
        row = self._rows.setdefault(file, len(self.classes))
        if row < len(self.classes):
            if self.classes[row] != class_name:
                raise SchemaError(
                    f"{self.name}: line {number}: {file} is listed as {self.classes[row]!r} and as "
                    f"{class_name!r}: expected one true class (c10h labels build reads judgments)"
                )
            return
        self.classes.append(class_name)
        for end in _ends_of(file):
            if self._ends.setdefault(end, row) != row:
                self._ends[end] = SEVERAL

    def _choose_columns(self, rows: Sequence[Sequence[str]]) -> tuple[int, int, bool] | None:
        """The columns of the file and of the class, and whether the first line has their names.

        None where there are more than two columns, and the class may be any.
        """
        first, *rows_below = rows
        if len(first) < 2:
            raise FileError(
                f"{self.name}: expected a table of file,class, found one column: {first[0][:40]!r}"
            )
        plain = [re.sub(r"[\W_]", "", word.lower()) for word in first]
        files = [plain.index(name) for name in FILES if name in plain]
        classes = [plain.index(name) for name in CLASSES if name in plain]
        column = slice(classes[0], classes[0] + 1) if classes else slice(0)
        if not files and any(first[column] == row[column] for row in rows_below if classes):
            classes = []  # a class that is called so
        if len(first) > 2 and not classes:
            known = (*FILES, *OTHERS, "")
            classes = [place for place, name in enumerate(plain) if files and name not in known]
            if len(classes) != 1:
                return None
        class_column = classes[0] if classes else 0 if files[:1] == [1] else 1
        file_column = next(place for place in (*files, 0, 1) if place != class_column)
        has_header = bool(files or classes)
        if has_header and not classes and plain[class_column] in (*OTHERS, *FILES, ""):
            return None
        shown = [repr(word) if has_header else str(k) for k, word in enumerate(first, start=1)]
        self.taken.append(
            f"{self.name}: files from column {shown[file_column]}, "
            f"classes from {shown[class_column]}"
        )
        return file_column, class_column, has_header


def _ends_of(path: str) -> Iterator[str]:
    """A path, and what is left of it without its first folder, its first two ..."""
    while path:
        yield path
        path = path.partition("/")[2]


def _is_table(source: Source) -> bool:
    """Whether a file is a table, or nothing that is known, which its reader tells."""
    try:
        return FORMATS[detect(plain(source))].holds != ARRAYS
    except FileError:
        return True


def _has_numbers(rows: Sequence[Sequence[str]]) -> bool:
    """Whether two or more columns hold numbers below the first line, as votes or shares."""
    width = min(map(len, rows))
    columns = [[row[place] for row in rows[1:]] for place in range(width)]
    return sum(bool(cells) and all(map(is_number, cells)) for cells in columns) > 1


def _table(source: Source) -> Table:
    try:
        return open_table(source, header=False)
    except FileError as error:
        raise FileError(f"{error} (expected a table of file,class)") from error


def _lines(table: Table) -> list[tuple[int, list[str]]]:
    """Rows that are not empty, with the numbers of their lines, the line of names first."""
    columns = [table.words(place).alias(str(place)) for place in range(table.width)]
    rows = [[word or "" for word in row] for row in table.collect(columns).rows()]
    if table.names is not None:
        rows.insert(0, list(table.names))
    if table.width == 1:  # as "1/0.png cat" in lists of pictures
        rows = [row[0].rsplit(None, 1) for row in rows]
    return [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
