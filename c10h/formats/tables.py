"""Foreign tables: text with a separator, .parquet, .feather, .xlsx, .json and .jsonl.

Values of a text are read as text, lazily by polars: what is a number is for the caller to say.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from c10h.errors import AmbiguousError, FileError
from c10h.files import Source
from c10h.formats import archives
from c10h.formats.column_names import is_known
from c10h.formats.detect import FORMATS, TABLE, detect, plain
from c10h.formats.hints import AUTO
from c10h.formats.json_tables import read_json

if TYPE_CHECKING:
    import polars

NO_DTYPES: Mapping[str, type[polars.DataType]] = MappingProxyType({})
# In the order in which they are tried: a comma may be a decimal one where another is there.
SEPARATORS = "\t;|,"
BLANKS = " "
# How much of a text shows its form.
SAMPLE_BYTES = 1 << 16
SAMPLE_LINES = 64
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?", re.ASCII)
NUMBERS_WITH_BLANKS = re.compile(r"\s*\d+(\s+[+-]?\d+)+\s*", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
MISSING = ("", "na", "n/a", "nan", "null", "none")


@dataclass(frozen=True)
class Table:
    """A foreign table, not yet read.

    names: of the columns; None where the first line is no line of names. frame: columns "0", "1",
    …, by position. sample: the first rows as text, None for what is missing. decimal_comma:
    whether numbers are written as 0,5.
    """

    source: Source
    names: tuple[str, ...] | None
    frame: polars.LazyFrame
    sample: Sequence[Sequence[str | None]]
    decimal_comma: bool = False

    @property
    def width(self) -> int:
        return len(self.frame.collect_schema())

    def is_nested(self, place: int) -> bool:
        """Whether a column holds lists or records."""
        return bool(self.frame.collect_schema()[str(place)].is_nested())

    def column_name(self, place: int) -> str:
        """What messages call a column."""
        name = "" if self.names is None else self.names[place]
        return repr(name) if name else f"number {place}"

    def numbers(self, place: int) -> polars.Expr:
        """A column as float64; null for what is no number."""
        import polars

        column = polars.col(str(place))
        if self.frame.collect_schema()[str(place)] == polars.String:
            column = column.str.strip_chars()
            if self.decimal_comma:
                column = column.str.replace(",", ".", literal=True)
        return column.cast(polars.Float64, strict=False)

    def words(self, place: int) -> polars.Expr:
        """A column as text without blanks at its ends; null where a cell is empty."""
        import polars

        text = polars.col(str(place)).cast(polars.String).str.strip_chars()
        return polars.when(text != "").then(text)

    def collect(self, columns: Sequence[polars.Expr]) -> polars.DataFrame:
        """Read some columns. Raises FileError where the table is broken."""
        return collect(self.frame.select(columns), self.source)


def open_table(source: Source, header: bool | None = None, layout: str = AUTO) -> Table:
    """A table in any of the formats.

    header: whether the first line of a text names columns; None decides by what is in it. layout:
    what a dictionary in JSON is, see :func:`read_json`. Raises FileError for what is no table,
    AmbiguousError where the first line may be either.
    """
    file = plain(source)
    form = detect(file)
    if form == "text":
        return _open_text(file, header)
    if form == "xlsx":
        return _open_excel(file, header)
    return _open_typed(file, form, layout)


def header_of(source: Source, header: bool = True, layout: str = AUTO) -> list[str] | None:
    """The names of a table's columns: of its first line, or "0", "1", … where that has none.

    None where the file is no table. layout: what a dictionary in JSON is. Raises FileError for a
    damaged or refused archive.
    """
    try:
        file = plain(source)
        form = detect(file)
    except FileError:
        if source.head(4) == archives.ZIP or archives.is_compressed(source):
            raise
        return None
    if FORMATS[form].holds != TABLE:
        return None
    try:
        if form == "text":
            cells = _text_form(file).rows[0]
        elif form == "xlsx":
            cells = _rows_of_sheet(file)[1][0]
        else:
            cells = _typed(file, form, layout)[0].collect_schema().names()
    except AmbiguousError:
        return None  # which the reader of wide tables tells
    except FileError:
        if form != "text":
            raise
        return None
    return [cell.strip() for cell in cells] if header else [str(n) for n in range(len(cells))]


def is_text(source: Source) -> bool:
    """Whether a table is a text."""
    return detect(plain(source)) == "text"


def may_lack_names(source: Source) -> bool:
    """Whether the first line of a table may have names or not, as in a text or a sheet."""
    return detect(plain(source)) in ("text", "xlsx")


def scan(
    source: Source,
    dtypes: Mapping[str, type[polars.DataType]] = NO_DTYPES,
    header: bool = True,
    layout: str = AUTO,
) -> polars.LazyFrame:
    """The table, not yet read. Raises FileError where it is none.

    dtypes: what to read some columns of a text table as; the others are text. header: whether the
    first line names columns; those of a sheet are called "0", "1", … in any case. layout: what a
    dictionary in JSON is.
    """
    import polars

    file = plain(source)
    form = detect(file)
    if form == "xlsx":
        return _open_excel(file, header).frame
    if form != "text":
        floats = polars.selectors.float()
        return _typed(file, form, layout)[0].with_columns(floats.fill_nan(None))
    text = _text_form(file)
    return _scan_text(text, source, dtypes, width=None if header else len(text.rows[0]))


def collect(frame: polars.LazyFrame, source: Source) -> polars.DataFrame:
    """Read a table, in pieces as far as its query allows. Raises FileError where it is broken."""
    import polars

    try:
        return frame.collect(engine="streaming")
    except (polars.exceptions.PolarsError, OSError) as error:
        refuse_encoding(source)
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error


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


def is_number(cell: str, *, decimal_comma: bool = False) -> bool:
    """Whether a cell of a text is a number."""
    try:
        float(cell.replace(",", ".", 1) if decimal_comma else cell)
    except ValueError:
        return False
    return "_" not in cell


# Text.


@dataclass(frozen=True)
class _TextForm:
    """How a text separates cells. rows: the first ones, as csv reads them, the line of names in it.

    path: the text, or a copy that is separated by tabs rather than blanks.
    """

    path: Path
    separator: str
    rows: Sequence[list[str]]
    decimal_comma: bool


def _open_text(source: Source, header: bool | None) -> Table:
    import polars

    form = _text_form(source)
    names = _names(form.rows, header, source, decimal_comma=form.decimal_comma)
    width = max(map(len, form.rows))
    skip = 0 if names is None else 1
    frame = _scan_text(form, source, NO_DTYPES, width=width, skip=skip)
    if width == 1:  # blank lines at the end are no rows
        filled = frame.with_row_index("row").filter(polars.col("0").str.strip_chars() != "")
        last = collect(filled.select(polars.col("row").max()), source).item()
        frame = frame.head(0 if last is None else int(last) + 1)
    return Table(source, names, frame, _sample(form.rows[skip:], width), form.decimal_comma)


def _open_excel(source: Source, header: bool | None) -> Table:
    """One sheet. FILE:SHEET names one of several."""
    import polars

    name, rows = _rows_of_sheet(source)
    names = _names(rows, header, source)
    # Numbers as text would have fewer digits.
    sheet = _sheets(source, has_header=False, skip_rows=0 if names is None else 1)[name]
    sheet.columns = [str(place) for place in range(sheet.width)]
    floats = sheet.with_columns(polars.selectors.float().fill_nan(None))
    skip = 0 if names is None else 1
    if source.member == name:
        source = replace(source, member="")  # it names no column, too
    return Table(source, names, floats.lazy(), _sample(rows[skip:], sheet.width))


def _rows_of_sheet(source: Source) -> tuple[str, list[list[str]]]:
    """The name of the one sheet, or of the one that is meant, and its first rows as text."""
    heads = _sheets(source, has_header=False, n_rows=SAMPLE_LINES + 1, dtypes="string")
    heads = {name: sheet for name, sheet in heads.items() if sheet.height}
    if source.member in heads:
        heads = {source.member: heads[source.member]}
    if len(heads) != 1:
        shown = ", ".join(heads) or "none"
        example = f": {source.name}:{next(iter(heads))} would name one" if heads else ""
        raise AmbiguousError(f"{source.name}: expected one sheet, found {shown}{example}")
    (name, head), *_ = heads.items()
    return name, [[cell or "" for cell in row] for row in head.iter_rows()]


def _sheets(source: Source, *, has_header: bool, **options: Any) -> dict[str, polars.DataFrame]:
    """The sheets of an .xlsx file by name. Raises FileError."""
    import polars

    try:
        return polars.read_excel(
            source.path,
            sheet_id=0,
            has_header=has_header,
            raise_if_empty=False,
            infer_schema_length=None,
            read_options=options,
        )
    except ImportError as error:
        raise FileError(f"{source.name}: .xlsx needs: pip install 'c10h[excel]'") from error
    except Exception as error:  # a damaged file raises almost anything
        raise FileError(
            f"{source.name}: not a readable .xlsx file: {_first_line(error)}"
        ) from error


def _open_typed(source: Source, form: str, layout: str) -> Table:
    """A table whose columns have types, and names but for rows in JSON."""
    import polars

    frame, named = _typed(source, form, layout)
    schema = frame.collect_schema()
    names = tuple(name.strip() for name in schema.names())
    frame = frame.select(
        [polars.col(name).alias(str(place)) for place, name in enumerate(schema.names())]
    )
    text = [
        polars.lit(None).alias(str(place))
        if dtype.is_nested() or dtype == polars.Binary
        else polars.col(str(place)).cast(polars.String)
        for place, dtype in enumerate(schema.dtypes())
    ]
    sample = collect(frame.head(SAMPLE_LINES).select(text), source).rows()
    return Table(source, names if named else None, frame, sample)


def _sample(rows: Sequence[Sequence[str]], width: int) -> list[list[str | None]]:
    return [[cell.strip() or None for cell in row] + [None] * (width - len(row)) for row in rows]


def _names(
    rows: Sequence[Sequence[str]],
    header: bool | None,
    source: Source,
    *,
    decimal_comma: bool = False,
) -> tuple[str, ...] | None:
    """The names in the first line; None where it is the first row.

    Raises AmbiguousError where it may be either.
    """
    first, rest = rows[0], rows[1:]
    if header is None:
        header = first_line_names(first, rest, decimal_comma=decimal_comma)
    if header is None:
        raise AmbiguousError(
            f"{source.name}: the first line, {' | '.join(first)[:60]}, may name columns or be the "
            "first row: --header or --no-header says which"
        )
    wide = next((number for number, row in enumerate(rest) if len(row) > len(rest[0])), None)
    if wide is not None:
        raise FileError(
            f"{source.name}: not a readable table: row {wide + (not header)}: expected "
            f"{len(rest[0])} cells as in the row above, found {len(rest[wide])}"
        )
    if not header:
        return None
    names = tuple(cell.strip() for cell in first)
    # R writes no name above the names of rows.
    return ("", *names) if rest and len(first) == max(map(len, rest)) - 1 else names


def first_line_names(
    first: Sequence[str], rows: Sequence[Sequence[str]], *, decimal_comma: bool = False
) -> bool | None:
    """Whether the first line of a text names its columns; None where it may do so or not.

    It does where it has words above numbers, or counts 0, 1, … or 1, 2, … in any order beside a
    word or an empty cell; it does not where all of it is of the kind that is below.
    """

    def numeric(cell: str) -> bool:
        return is_number(cell, decimal_comma=decimal_comma)

    cells = [cell.strip() for cell in first]
    numbers = [cell for cell in cells if cell and numeric(cell)]
    words = [place for place, cell in enumerate(cells) if cell and not numeric(cell)]
    counted = ([str(n + start) for n in range(len(numbers))] for start in (0, 1))
    counts = sorted(numbers) in map(sorted, counted)
    columns = [
        [row[place].strip() for row in rows if place < len(row)] for place in range(len(cells))
    ]
    below = [[cell for cell in column if cell.lower() not in MISSING] for column in columns]
    above_numbers = [place for place in words if below[place] and all(map(numeric, below[place]))]
    if not words:
        if not numbers or (counts and len(numbers) > 1 and "" in cells[:1]):
            return True
        if not (counts and len(numbers) > 1):
            return False
        if not rows:
            return False
        return None if all(cell.isdecimal() for column in below for cell in column) else True
    if any(THOUSANDS.fullmatch(cells[place]) for place in words) and not decimal_comma:
        return None
    if numbers and not counts:
        return None if above_numbers or any(is_known(cells[place]) for place in words) else False
    if above_numbers or (numbers and len(numbers) > 1):
        return True
    if numbers:  # one number beside words, and words below words: a row like the others
        return False
    again = any(cells[place] in below[place] for place in words)
    if any(is_known(cells[place]) for place in words):
        return None if again else True
    if len(cells) == 1:
        return False
    return None if rows else True


def _text_form(source: Source) -> _TextForm:
    status = source.path.stat()
    return _sniffed(source, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _sniffed(source: Source, _changed: int, _size: int) -> _TextForm:
    """The form of a text. Raises FileError where it has no line, or is no UTF-8."""
    with source.path.open("rb") as stream:
        data = stream.read(SAMPLE_BYTES)
        is_all = not stream.read(1)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=is_all)
    except UnicodeDecodeError as error:
        refuse_encoding(source)
        raise FileError(f"{source.name}: expected UTF-8 text: {error}") from error
    if "\0" in text:
        raise FileError(f"{source.name}: expected text, found a byte 0")
    if "\r" in text and "\n" not in text:  # as old Macs wrote it
        path = _rewritten(source, lambda line: line.replace(b"\r", b"\n"))
        return _text_form(replace(source, path=path))
    lines = text.splitlines(keepends=True)
    if not is_all and len(lines) > 1:
        lines = lines[:-1]
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
    return _TextForm(path, separator, rows, separator != "," and _has_decimal_comma(rows))


def _separator(lines: Sequence[str]) -> str:
    """What separates the cells of a text: what every line has equally often, but not never."""
    counted = {mark: [len(cells) for cells in _cells(lines, mark)] for mark in SEPARATORS}
    by_commas = _cells(lines, ",")
    if all(any(map(NUMBERS_WITH_BLANKS.fullmatch, row)) for row in by_commas[1:] or by_commas):
        counted[","] = [1]  # these are decimal commas in a text with blanks between its cells
    for mark, widths in counted.items():
        if widths[0] > 1 and len(set(widths)) == 1:
            return mark
    widest = max(SEPARATORS, key=lambda mark: counted[mark][0])
    if counted[widest][0] > 1:
        return widest
    by_blanks = _cells(lines, BLANKS)
    found = {len(cells) for cells in by_blanks[1:] or by_blanks}
    width = max(found)
    if len(found) == 1 and width > 1 and len(by_blanks[0]) in (width, width - 1):
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


def _scan_text(
    form: _TextForm,
    source: Source,
    dtypes: Mapping[str, type[polars.DataType]],
    *,
    width: int | None,
    skip: int = 0,
) -> polars.LazyFrame:
    """width: how many columns there are, which get their numbers as names; None has a header."""
    import polars

    numbered = None if width is None else [str(number) for number in range(width)]
    try:
        return polars.scan_csv(
            form.path,
            separator=form.separator,
            has_header=width is None,
            skip_lines=skip,
            infer_schema=False,
            schema=None if numbered is None else dict.fromkeys(numbered, polars.String),
            schema_overrides=dict(dtypes),
        )
    except (polars.exceptions.PolarsError, OSError) as error:
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error


# Other formats.


def _typed(source: Source, form: str, layout: str = AUTO) -> tuple[polars.LazyFrame, bool]:
    """A table whose columns have types, and whether they have names.

    Raises FileError where it is broken.
    """
    import polars

    try:
        if form == "parquet":
            frame = polars.scan_parquet(source.path)
        elif form == "feather":
            frame = polars.scan_ipc(source.path)
        else:
            content, named = read_json(source, form == "jsonl", layout)
            return content.lazy(), named
        frame.collect_schema()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error
    return frame, True


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
