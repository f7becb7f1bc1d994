"""The files that a report is of, sorted by their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from c10h import h5
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import IMAGES, LABELS
from c10h.errors import FileError, InputError
from c10h.files import HDF5, Source, check_single_stdin, describe_head
from c10h.formats.predictions_and_labels import open_attack, open_labels, open_predictions
from c10h.records import Attack, History, Images, Input, Labels, Predictions, Record, Scores
from c10h.run_folder import HISTORY
from c10h.stages.arguments import is_run
from c10h.stages.progress_callback import Show, show_nothing
from c10h.stages.report import ReportRequest

# Files of which the reading shows how far it is.
MANY = 200
# How the kinds are read besides scores: with what their readers check.
READERS: Mapping[type[Record], Callable[[Source], Record]] = {
    Attack: open_attack,
    Labels: open_labels,
    Predictions: open_predictions,
}


def read_files(
    named: Sequence[tuple[str | None, str]],
    show: Show = show_nothing,
    *,
    with_images: bool = False,
) -> ReportRequest:
    """All files, each with its name where it is given one; labels of the catalogue go by theirs.

    show: how the reading of many is shown, with numbers of files. with_images: images are taken,
    too; after labels, the name of a data set is that of its images. Raises FileError for a file
    that is of no such kind, InputError for two of one name.
    """
    check_single_stdin([path for _, path in named])
    scores: list[tuple[str, Scores]] = []
    by_kind: dict[str, dict[str, Any]] = {
        record.kind: {} for record in (Attack, History, Labels, Predictions, Images)
    }
    files: list[Input] = []
    forms = (LABELS, IMAGES) if with_images else (LABELS,)
    with (show if len(named) > MANY else show_nothing)("reading", len(named)) as advance:
        for name, path in named:
            source, record = _open(path, forms[::-1] if by_kind[Labels.kind] else forms)
            files.append(
                Input(
                    role="file",
                    name=source.name,
                    sha256=source.sha256,
                    kind=record.kind,
                    lineage=record.lineage,
                )
            )
            if not isinstance(record, Scores):
                _keep(by_kind[record.kind], name or _called(path, source), record)
            elif name is not None:
                raise InputError(
                    f"{name}={path}: scores already have names; NAME= is for the "
                    "other kinds of file"
                )
            else:
                scores.append((source.stem, record))
            advance(1)
    return ReportRequest(
        scores,
        by_kind[Attack.kind],
        by_kind[History.kind],
        by_kind[Labels.kind],
        by_kind[Predictions.kind],
        by_kind[Images.kind],
        files,
    )


def _called(path: str, source: Source) -> str:
    """What a file without a NAME is called: a history.h5, as all runs have one, by its folder."""
    folder = Path(path).parent.name
    return folder if source.name == HISTORY and folder not in ("", "..") else source.stem


def _open(path: str, forms: Sequence[str]) -> tuple[Source, Record]:
    """A file of a kind that reports are made of; of scores the large arrays stay in the file.

    forms: of a data set, the first of these that it has is meant.
    """
    if is_run(path):
        raise InputError(
            f"{path} is a run folder: c10h show {path} shows its contents, and {HISTORY} in it "
            "has its learning curves"
        )
    source = open_input(path, *forms)
    if not source.head(len(HDF5)).startswith(HDF5):
        raise FileError(
            f"{source.name}: expected a file of scores, an attack or another c10h file, found "
            f"{describe_head(source)}; c10h score makes scores of predictions (-o scores.h5)"
        )
    kinds: list[type[Record]] = [Scores, Attack, History, Labels, Predictions]
    if IMAGES in forms:
        kinds.append(Images)
    record = h5.read(source, *kinds, late=("samples", "rescaled_samples", "per_item"))
    reader = READERS.get(type(record))
    return source, record if reader is None else reader(source)


def _keep(records: dict[str, Any], name: str, record: Record) -> None:
    """Put a record under its name. Raises InputError where there is one of that name and kind."""
    if name in records:
        kinds = {"attack": "attacks", "history": "histories"}
        what = kinds.get(record.kind, f"{record.kind} files")
        raise InputError(f"two {what} are called {name!r}: name them with NAME=FILE")
    records[name] = record
