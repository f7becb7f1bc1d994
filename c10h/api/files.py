"""``c10h.read`` and ``c10h.write``: files, and folders of runs, as results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from c10h import h5
from c10h.api.results import Result
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import IMAGES, LABELS
from c10h.files import check_output
from c10h.records import Record
from c10h.run_folder import open_run
from c10h.stages.arguments import is_run
from c10h.views import show_run as run_view


def read(file: str | Path) -> Result:
    """A c10h file, or the folder of a run, as a result: what ``c10h show`` shows.

    Raises FileError for any other file; :func:`score` and :func:`build_labels` read foreign ones.
    """
    if is_run(str(file)):
        return of_run(file)
    return Result.of_file(open_input(str(file), IMAGES, LABELS))


def write(result: Result | Record, file: str | Path, *, force: bool = False) -> None:
    """Write a result to a file, atomically, as the command line does with ``-o``.

    A c10h file is HDF5; a report has the form that the suffix names. An existing file needs force.
    Raises OutputError where nothing can be written.
    """
    check_output(str(file), force=force)
    if isinstance(result, Record):
        h5.write(result, str(file))
    else:
        result.write(str(file))


def of_run(folder: str | Path, notes: Sequence[str] = ()) -> Result:
    """The run in a folder, as c10h show shows it."""
    from c10h.stages.show_run import show_run  # which imports torch

    return Result(run_view.display(show_run(open_run(Path(folder))), None), notes=notes)
