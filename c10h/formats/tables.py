"""Foreign tables: text with a separator, .parquet, .feather, .xlsx, .json and .jsonl.

Values of a text are read as text, lazily by polars: what is a number is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from c10h.errors import AmbiguousError, FileError
from c10h.files import Source
from c10h.formats import archives
from c10h.formats.detect_format import detect, plain
from c10h.formats.file_formats import FORMATS, TABLE
from c10h.formats.header_line import column_names_of
from c10h.formats.hints import AUTO
from c10h.formats.polars_failures import polars_failures
from c10h.formats.text_separators import SAMPLE_LINES, TextForm, refuse_encoding, text_form

if TYPE_CHECKING:
    import polars

NO_DTYPES: Mapping[str, type[polars.DataType]] = MappingProxyType({})
# What the values of a compressed table may take: this much, or so many times the size of its file.
UNPACKED_BYTES, UNPACKED_RATIO = 1 << 30, 200
VALUE_BYTES = 8


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

    @cached_property
    def schema(self) -> Mapping[str, polars.DataType]:
        """The types of the columns; polars makes it anew, of all columns, for each that asks."""
        return self.frame.collect_schema()

    @property
    def width(self) -> int:
        return len(self.schema)

    def is_nested(self, position: int) -> bool:
        """Whether a column holds lists or records."""
        return bool(self.schema[str(position)].is_nested())

    def column_name(self, position: int) -> str:
        """What messages call a column."""
        name = "" if self.names is None else self.names[position]
        return repr(name) if name else f"number {position}"

    def numbers(self, position: int) -> polars.Expr:
        """A column as float64; null for what is no number."""
        import polars

        column = polars.col(str(position))
        if self.schema[str(position)] == polars.String:
            column = column.str.strip_chars()
            if self.decimal_comma:
                column = column.str.replace(",", ".", literal=True)
        return column.cast(polars.Float64, strict=False)

    def words(self, position: int) -> polars.Expr:
        """A column as text without blanks at its ends; null where a cell is empty."""
        import polars

        text = polars.col(str(position)).cast(polars.String).str.strip_chars()
        return polars.when(text != "").then(text)

    def collect(self, columns: Sequence[polars.Expr]) -> polars.DataFrame:
        """Read some columns. Raises FileError where the table is broken."""
        return collect(self.frame.select(columns), self.source)


def open_table(source: Source, header: bool | None = None, layout: str = AUTO) -> Table:
    """A table in any of the formats.

    header: whether the first line of a text names columns; None decides by what is in it. layout:
    what a dictionary in JSON is, see :mod:`c10h.formats.json_tables`. Raises FileError for what is
    no table, AmbiguousError where the first line may be either.
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
            cells = text_form(file).rows[0]
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
    text = text_form(file)
    return _scan_text(text, source, dtypes, width=None if header else len(text.rows[0]))


def collect(frame: polars.LazyFrame, source: Source) -> polars.DataFrame:
    """Read a table, in pieces as far as its query allows. Raises FileError where it is broken."""
    try:
        return frame.collect(engine="streaming")
    except polars_failures() as error:
        refuse_encoding(source)
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error


def _open_text(source: Source, header: bool | None) -> Table:
    import polars

    form = text_form(source)
    width = max(map(len, form.rows))
    if width > 2 and not any(cell.strip() for row in form.rows for cell in row[width - 1 :]):
        frame = _scan_text(form, source, NO_DTYPES, width=width, skip=1)
        last = polars.col(str(width - 1)).str.strip_chars()
        if not collect(frame.select((last != "").sum()), source).item():
            width -= 1  # every line ends in a separator
    rows = [row[:width] for row in form.rows]
    names = column_names_of(rows, header, source, decimal_comma=form.decimal_comma)
    if names is not None and len(names) != width:
        raise FileError(
            f"{source.name}: not a readable table: its first line has {len(names)} cells, and "
            f"another one {width}"
        )
    skip = 0 if names is None else 1
    frame = _scan_text(form, source, NO_DTYPES, width=max(map(len, form.rows)), skip=skip)
    frame = frame.select(map(str, range(width)))
    if width == 1:  # blank lines at the end are no rows
        filled = frame.with_row_index("row").filter(polars.col("0").str.strip_chars() != "")
        last = collect(filled.select(polars.col("row").max()), source).item()
        frame = frame.head(0 if last is None else int(last) + 1)
    return Table(source, names, frame, _sample(rows[skip:], width), form.decimal_comma)


def _open_excel(source: Source, header: bool | None) -> Table:
    """One sheet. FILE:SHEET names one of several."""
    import polars

    name, rows = _rows_of_sheet(source)
    names = column_names_of(rows, header, source)
    # Numbers as text would have fewer digits.
    sheet = _sheets(source, has_header=False, skip_rows=0 if names is None else 1)[name]
    sheet.columns = [str(position) for position in range(sheet.width)]
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
        example = f": use {source.name}:{next(iter(heads))}" if heads else ""
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
        [polars.col(name).alias(str(position)) for position, name in enumerate(schema.names())]
    )
    text = [
        polars.lit(None).alias(str(position))
        if dtype.is_nested() or dtype == polars.Binary
        else polars.col(str(position)).cast(polars.String)
        for position, dtype in enumerate(schema.dtypes())
    ]
    sample = collect(frame.head(SAMPLE_LINES).select(text), source).rows()
    return Table(source, names if named else None, frame, sample)


def _sample(rows: Sequence[Sequence[str]], width: int) -> list[list[str | None]]:
    return [[cell.strip() or None for cell in row] + [None] * (width - len(row)) for row in rows]


def _scan_text(
    form: TextForm,
    source: Source,
    dtypes: Mapping[str, type[polars.DataType]],
    *,
    width: int | None,
    skip: int = 0,
) -> polars.LazyFrame:
    """width: how many columns there are, which get their numbers as names; None has a header."""
    import polars

    numbered = None if width is None else [str(number) for number in range(width)]
    if numbered is not None and len(form.rows) <= skip:  # about which polars complains
        return polars.LazyFrame(schema=dict.fromkeys(numbered, polars.String))
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
    except polars_failures() as error:
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error


# Other formats.


def _typed(source: Source, form: str, layout: str = AUTO) -> tuple[polars.LazyFrame, bool]:
    """A table whose columns have types, and whether they have names.

    Raises FileError where it is broken.
    """
    read = FORMATS[form].read_table
    if read is None:
        raise FileError(f"{source.name}: expected a table, found arrays ({FORMATS[form].title})")
    try:
        frame, named = read(source, layout)
        frame.collect_schema()
    except polars_failures() as error:
        raise FileError(f"{source.name}: not a readable table: {_first_line(error)}") from error
    return frame, named


def parquet_table(source: Source, layout: str) -> tuple[polars.LazyFrame, bool]:
    """A .parquet file, whose columns have names."""
    import polars

    return _not_far_larger(polars.scan_parquet(source.path), source), True


def feather_table(source: Source, layout: str) -> tuple[polars.LazyFrame, bool]:
    """A .feather file (Arrow's IPC), whose columns have names."""
    import polars

    return _not_far_larger(polars.scan_ipc(source.path), source), True


def _not_far_larger(frame: polars.LazyFrame, source: Source) -> polars.LazyFrame:
    """The table, unless its values take far more memory than its file. Raises FileError."""
    import polars

    rows = int(frame.select(polars.len()).collect().item())
    size = rows * len(frame.collect_schema()) * VALUE_BYTES
    if size > max(UNPACKED_BYTES, UNPACKED_RATIO * source.path.stat().st_size):
        raise FileError(
            f"{source.name}: {rows:,} rows take {size:,} bytes of memory, over {UNPACKED_RATIO} "
            "times the size of the file: refused"
        )
    return frame


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
