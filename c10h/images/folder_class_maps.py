"""Tables that tell which folder of pictures is which class.

Two come with the package, for folders of ImageNet: MAPS. docs tell how they were made.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from c10h.errors import FileError, SchemaError, nearest
from c10h.files import Source

FOLDER = Path(__file__).with_name("maps")
MAPS = ("cinic10", "imagenet-far")
HEADER = ("folder", "class")


def find_map(argument: str) -> Source:
    """The file of a map, which may be one of MAPS; a local file of that name comes first."""
    if argument in MAPS and not Path(argument).is_file():
        return Source.open(str(FOLDER / f"{argument}.csv"))
    near = nearest(argument, MAPS)
    if near and not Path(argument).exists():
        raise FileError(f"--map {argument}: no such file: did you mean {near}?")
    return Source.open(argument)


def read_map(source: Source) -> Mapping[str, str]:
    """Class names by folder: the first two columns of a .csv, below a header "folder,class" or not.

    The order of the classes is that of their first rows. Raises FileError for no such table,
    SchemaError for a folder that is there twice, or a row without a folder and a class.
    """
    try:
        text = source.path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{source.name}: expected UTF-8 text, folder,class a line") from error
    class_of: dict[str, str] = {}
    for number, row in enumerate(_rows(text, source.name), start=1):
        if not any(row) or (not class_of and row[:2] == HEADER):
            continue
        if len(row) < 2 or not row[0] or not row[1] or "\0" in row[1]:
            raise SchemaError(f"{source.name}: line {number}: expected folder,class")
        if row[0] in class_of:
            raise SchemaError(f"{source.name}: line {number}: folder {row[0]!r} is there twice")
        class_of[row[0]] = row[1]
    if len(set(class_of.values())) < 2:
        raise SchemaError(f"{source.name}: expected folders of two or more classes")
    return class_of


def _rows(text: str, name: str) -> Iterator[tuple[str, ...]]:
    reader = csv.reader(text.splitlines())
    try:
        for row in reader:
            yield tuple(word.strip() for word in row)
    except csv.Error as error:
        raise SchemaError(f"{name}: line {reader.line_num}: not readable: {error}") from error
