"""What calls return: a result with its values, and every form in which it is shown."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h import h5
from c10h.cli.output_forms import form_of_text
from c10h.errors import InputError
from c10h.files import Source, atomic_output, write_all
from c10h.metrics.estimates import scored_runs
from c10h.records import Array, Attack, Record, Scores
from c10h.stages.report import ReportRequest, report
from c10h.stages.show import show
from c10h.views import score as score_view
from c10h.views import show as file_view
from c10h.views.display import Display
from c10h.views.forms.html_tables import to_html_tables
from c10h.views.forms.json_text import plain
from c10h.views.item_table import item_table
from c10h.views.report import Report
from c10h.views.report_forms import REPORT_FORMS, report_bytes
from c10h.views.table import Cell, Table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class Result:
    """What a call returns.

    Of a c10h file, ``result["probs"]`` is a dataset as a numpy array and ``list(result)`` names
    them (docs/files.md says what they hold); ``result.record`` is all of it, large arrays read
    slice by slice. A result can be the input of any other call. notes: what was taken of the
    inputs and how they were matched, one line each, as the command line prints them.
    """

    def __init__(
        self,
        display: Display,
        source: Source | None = None,
        notes: Sequence[str] = (),
        report: Report | None = None,
    ) -> None:
        self.display = display
        self.source = source
        self.notes = tuple(notes)
        self._report = report

    @classmethod
    def of(
        cls, record: Record, name: str, notes: Sequence[str] = (), chosen: Sequence[str] = ()
    ) -> Result:
        """A record as the file that the command line would write, until nothing refers to it.

        chosen: metrics that somebody named, which scores then show.
        """
        folder = Path(tempfile.mkdtemp(prefix="c10h-"))
        try:
            h5.write(record, str(folder / f"{name}.h5"))
            result = cls.of_file(Source.open(str(folder / f"{name}.h5")), notes, chosen)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
        return result

    @classmethod
    def of_file(
        cls, source: Source, notes: Sequence[str] = (), chosen: Sequence[str] = ()
    ) -> Result:
        """A c10h file. Raises FileError or SchemaError for any other."""
        return cls(display_of(h5.read(source), source.stem, chosen), source, notes)

    @cached_property
    def record(self) -> Record:
        """The c10h file that this is. Raises InputError for a report, which is none."""
        if self.source is None:
            raise InputError("a report has no record: its values are in to_dict() and to_frame()")
        return h5.read(self.source)

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets) if self.source is not None else iter(())

    def __getitem__(self, name: str) -> Array:
        """A dataset, whole. Raises KeyError for one that the file does not have."""
        return np.asarray(self._datasets[name][...])

    @cached_property
    def _datasets(self) -> dict[str, Any]:
        return {name: rows for name, _, rows in self.record.datasets()}

    def to_dict(self) -> Any:
        """Plain lists, dictionaries, numbers and text, equal to what ``--json`` prints."""
        return plain(self.display.json())

    def to_frame(self) -> pl.DataFrame:
        """A row for each value, as CSV has them; for labels and predictions a row for each item."""
        import polars

        if self.display.rows is None:
            raise InputError("this result has no rows: its values are in to_dict()")
        rows = [dict(row) for row in self.display.rows()]
        return polars.DataFrame(rows, infer_schema_length=None).fill_nan(None)

    def to_pandas(self) -> pd.DataFrame:
        """The same as :meth:`to_frame`, for which pandas has to be installed."""
        import pandas

        return pandas.DataFrame(self.to_frame().to_dict(as_series=False))

    def write(self, file: str) -> None:
        """Write the file that this is, or the report in the form that the suffix names."""
        if self.source is not None:
            with atomic_output(file) as stream, self.source.path.open("rb") as copied:
                shutil.copyfileobj(copied, stream)
        elif self._report is not None:
            form = form_of_text(file, None, False, *REPORT_FORMS)
            with atomic_output(file) as stream:
                write_all(stream, report_bytes(self._report, form))
        else:
            raise InputError("a run is written in its folder already")

    def __repr__(self) -> str:
        text = self.display.text("terminal")
        told = " ".join(text.split())  # an answer says some of the notes, in lines of its own
        return "\n".join([text, *(note for note in self.notes if note not in told)])

    def _repr_html_(self) -> str:
        notes = [Table("", ["notes"], [[Cell(note)] for note in self.notes])] if self.notes else []
        return to_html_tables([*self.display.tables(), *notes])


def display_of(record: Record, name: str, chosen: Sequence[str] = ()) -> Display:
    """What a c10h file looks like: scores and attacks as a report has them, others as they are."""
    if isinstance(record, Scores):
        return score_view.display(scored_runs([record], [name]), name, chosen)
    if isinstance(record, Attack):
        return Report(report(ReportRequest(attacks={name: record}))).display
    display = file_view.display(show(record), name)
    return replace(display, rows=lambda: item_table(record).rows(named=True))
