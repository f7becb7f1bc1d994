"""How a text separates cells: commas, semicolons, tabs, bars or blanks, and decimal commas."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from c10h.errors import FileError
from c10h.files import Source
from c10h.formats import archives
from c10h.formats.detect_format import detect, plain
from c10h.formats.header_line import is_number

# In the order in which they are tried: a comma may be a decimal one where another is there.
SEPARATORS = "\t;|,"
BLANKS = " "
# How much of a text shows its form; of lines as long as those of 20,000 classes, a few whole ones.
SAMPLE_BYTES, MOST_SAMPLE_BYTES = 1 << 16, 1 << 24
SAMPLE_LINES, FEWEST_LINES = 64, 4
MOST_COLUMNS = 100_000
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?", re.ASCII)
NUMBERS_WITH_BLANKS = re.compile(r"\s*\d+(\s+[+-]?\d+)+\s*", re.ASCII)


@dataclass(frozen=True)
class TextForm:
    """How a text separates cells. rows: the first ones, as csv reads them, the line of names in it.

    path: the text, or a copy that is separated by tabs rather than blanks.
    """

    path: Path
    separator: str
    rows: Sequence[list[str]]
    decimal_comma: bool


def text_form(source: Source) -> TextForm:
    """The form of a text. Raises FileError where it has no line, or is no UTF-8."""
    status = source.path.stat()
    return _sniffed(source, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _sniffed(source: Source, _changed: int, _size: int) -> TextForm:
    with source.path.open("rb") as stream:
        data = stream.read(SAMPLE_BYTES)
        while data.count(b"\n") < FEWEST_LINES and len(data) < MOST_SAMPLE_BYTES:
            more = stream.read(len(data))
            data += more
            if not more:
                break
        is_all = not stream.read(1)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=is_all)
    except UnicodeDecodeError as error:
        refuse_encoding(source)
        raise FileError(f"{source.name}: expected UTF-8 text: {error}") from error
    if "\0" in text:
        raise FileError(f"{source.name}: expected text, found a zero byte")
    if "\r" in text and "\n" not in text:  # as old Macs wrote it
        path = _rewritten(source, lambda line: line.replace(b"\r", b"\n"))
        return text_form(replace(source, path=path))
    lines = text.splitlines(keepends=True) or [""]
    if not is_all and len(lines) > 1:
        lines = lines[:-1]
    if lines[0].lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
        return _without_first_line(source)  # Excel's own note
    if text.startswith("#") and _is_remark(lines):
        return _without_first_line(source)
    if text.startswith("#"):  # as numpy writes a line of names
        lines[0] = lines[0].lstrip("# ")
        path = _rewritten(source, lambda line: line.lstrip(b"# "), first_only=True)
        source = replace(source, path=path)
    sample = [line for line in lines[: SAMPLE_LINES + 1] if line.strip()]
    if not sample:
        raise FileError(f"{source.name}: expected a table, found an empty one")
    separator = _separator(sample)
    path = source.path
    if separator == BLANKS:
        path, separator = _without_blanks(source), "\t"
        sample = ["\t".join(cells) + "\n" for cells in _cells(sample, BLANKS)]
    rows = _cells(sample, separator)
    if len(rows[0]) > MOST_COLUMNS:
        raise FileError(
            f"{source.name}: expected at most {MOST_COLUMNS:,} columns, found {len(rows[0]):,} "
            "or more"
        )
    return TextForm(path, separator, rows, separator != "," and _has_decimal_comma(rows))


def _is_remark(lines: Sequence[str]) -> bool:
    """Whether the first line, which begins with #, is no line of names."""
    if len(lines) > 1 and lines[1].startswith("#"):
        return True
    below = lines[1 : SAMPLE_LINES + 1]
    widths = [len(cells) for cells in _cells(below, _separator(below))] if below else []
    separator = _separator(below) if below else ","
    return bool(widths) and widths[0] > len(_cells([lines[0].lstrip("# ")], separator)[0]) + 1


def _without_first_line(source: Source) -> TextForm:
    path = _rewritten(source, lambda line: b"", first_only=True)
    return text_form(replace(source, path=path))


def _separator(lines: Sequence[str]) -> str:
    """What separates the cells of a text: what every line has equally often, but not never."""
    counted = {mark: [len(cells) for cells in _cells(lines, mark)] for mark in SEPARATORS}
    by_commas = _cells(lines, ",")
    if all(any(map(NUMBERS_WITH_BLANKS.fullmatch, row)) for row in by_commas[1:] or by_commas):
        words = [word for line in lines[1:] or lines for word in line.split()]
        if all(word.count(",") <= 1 for word in words):
            counted[","] = [1]  # these are decimal commas in a text with blanks between its cells
    for mark, widths in counted.items():
        if widths[0] > 1 and len(set(widths)) == 1:
            return mark
    widest = max(SEPARATORS, key=lambda mark: counted[mark][0])
    if counted[widest][0] > 1:
        return widest
    by_blanks = _cells(lines, BLANKS)
    blank_widths = {len(cells) for cells in by_blanks[1:] or by_blanks}
    width = max(blank_widths)
    if len(blank_widths) == 1 and width > 1 and len(by_blanks[0]) in (width, width - 1):
        columns = zip(*by_blanks[1:], strict=True) if len(by_blanks) > 1 else [by_blanks[0]]
        # Two words may be one name, as "traffic light" is.
        if width > 2 or any(all(map(is_number, column)) for column in columns):
            return BLANKS
    return ","


def _cells(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        if separator == BLANKS:
            stripped = (line.strip().replace("\t", " ") for line in lines)
            return list(csv.reader(stripped, delimiter=" ", skipinitialspace=True))
        text = io.StringIO("".join(lines))
        return list(csv.reader(text, delimiter=separator, skipinitialspace=True)) or [[""]]
    except csv.Error:
        return [line.rstrip("\r\n").split(separator) for line in lines]


def _has_decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    """Whether cells are numbers with a decimal comma, and none has a point."""
    cells = [cell.strip() for row in rows[1:] or rows for cell in row]
    return any(DECIMAL_COMMA.fullmatch(cell) for cell in cells) and not any(
        "." in cell and is_number(cell) for cell in cells
    )


def _without_blanks(source: Source) -> Path:
    """A copy whose cells are separated by tabs."""
    return _rewritten(
        source,
        lambda line: (
            (
                "\t".join(_cells([line.decode("utf-8", "replace")], BLANKS)[0]).encode()
                if b'"' in line
                else re.sub(rb"[ \t]+", b"\t", line.strip())
            )
            + b"\n"
        ),
    )


def _rewritten(
    source: Source, change: Callable[[bytes], bytes], *, first_only: bool = False
) -> Path:
    """A temporary copy of a text with its lines changed."""
    with source.path.open("rb") as stream, archives.temporary() as target:
        for number, line in enumerate(stream):
            line = line.removeprefix(codecs.BOM_UTF8) if not number else line
            target.write(line if first_only and number else change(line))
        return Path(target.name)


def refuse_encoding(source: Source) -> None:
    """Raise FileError naming the first line of a text that is no UTF-8, if there is one."""
    file = plain(source)
    if detect(file) not in ("text", "json", "jsonl"):
        return
    decoder, number = codecs.getincrementaldecoder("utf-8")(), 1
    with file.path.open("rb") as stream:
        while block := stream.read(1 << 20):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                lines = number + error.object[: error.start].count(b"\n")
                byte = error.object[error.start : error.start + 1].hex()
                raise FileError(
                    f"{source.name}: line {lines}: expected UTF-8 text, found the byte {byte}"
                ) from error
            number += block.count(b"\n")
