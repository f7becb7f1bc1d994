"""Read everything in a c10h file or a run folder, and say whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from c10h import h5
from c10h.errors import FileError, counted
from c10h.files import Source
from c10h.records import History, Record, Rows
from c10h.run_folder import FILE, HISTORY, Run

# Rows that are in memory at once, of the largest rows that there are.
BLOCK_BYTES = 1 << 25


@dataclass(frozen=True)
class CheckedFile:
    """A file that could be read whole. holds: what is in it. has_digest: and which agrees."""

    name: str
    holds: str
    has_digest: bool


def check_file(source: Source, *kinds: type[Record]) -> CheckedFile:
    """Check a file of one of some kinds, or of any, block by block.

    Raises FileError or SchemaError for one that is damaged or not of c10h.
    """
    record = h5.read(source, *kinds)
    count = 0
    for name, _, rows in record.datasets():
        try:
            _read(rows)
        except OSError as error:
            raise FileError(f"{source.name}: {name}: damaged: {error}") from error
        count += 1
    return CheckedFile(source.name, _held(record, count), source.check_digest())


def check_run(run: Run) -> Iterator[CheckedFile]:
    """Check the files of a run folder, one after the other. Raises as :func:`check_file` does."""
    from c10h.training import checkpoint as checkpoints  # which imports torch

    yield CheckedFile(FILE, "the run", run.has_digest)
    for path in map(run.checkpoint, run.fold_numbers()):
        if path.is_file():
            state = checkpoints.load(path)
            holds = f"a network, {counted(state.step, 'step')}{'' if state.is_done else ' so far'}"
            yield CheckedFile(path.name, holds, Source(path, path.name).check_digest())
    history = run.folder / HISTORY
    if history.is_file():
        yield check_file(Source.open(str(history)), History)


def _held(record: Record, datasets: int) -> str:
    return f"{record.kind}, {counted(datasets, 'dataset')}"


def _read(rows: Rows) -> None:
    """Read all values of a dataset; those that are in memory were read."""
    if len(rows.shape) < 2 or 0 in rows.shape:
        return
    axis = len(rows.shape) > 2  # as an item is sliced, the member before it
    row_bytes = rows.dtype.itemsize
    for size in rows.shape[axis + 1 :]:
        row_bytes *= size
    step = max(1, BLOCK_BYTES // row_bytes)
    for member in range(rows.shape[0]) if axis else [None]:
        for start in range(0, rows.shape[axis], step):
            items = slice(start, min(start + step, rows.shape[axis]))
            rows[items if member is None else (member, items)]
