"""The files that a report is of, told apart by their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from c10h import h5
from c10h.cli.console import progress
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import LABELS
from c10h.errors import InputError
from c10h.files import Source, check_single_stdin, split_name
from c10h.formats.predictions_and_labels import open_attack, open_labels, open_predictions
from c10h.records import Attack, History, Labels, Predictions, Record, Scores
from c10h.run_folder import HISTORY
from c10h.stages.arguments import is_run
from c10h.stages.report import Others
from c10h.views.given import File

# Files of which the reading shows how far it is.
MANY = 200
# How the kinds are read besides scores: with what their readers check.
READERS: Mapping[type[Record], Callable[[Source], Record]] = {
    Attack: open_attack,
    Labels: open_labels,
    Predictions: open_predictions,
}


@dataclass
class Read:
    """The files by kind; those besides scores by name. names: what the scores files are called."""

    scores: list[Scores] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    attacks: dict[str, Attack] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)
    predictions: dict[str, Predictions] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    @property
    def others(self) -> Others:
        """All but scores and attacks."""
        return Others(self.histories, self.labels, self.predictions, self.names, self.files)


def read(arguments: Sequence[str]) -> Read:
    """All files, which are NAME=FILE or FILE; a set of labels of the catalogue goes by its name.

    Raises FileError for a file that is of no such kind, InputError for two of one name.
    """
    named = [split_name(argument) for argument in arguments]
    check_single_stdin([path for _, path in named])
    found = Read()
    with (
        progress("reading", len(named), "files") if len(named) > MANY else nullcontext() as advance
    ):
        for name, path in named:
            _add(found, name, path)
            if advance is not None:
                advance(1)
    return found


def _add(found: Read, name: str | None, path: str) -> None:
    if is_run(path):
        raise InputError(
            f"{path} is a run folder: c10h show {path} tells what is in it, and {HISTORY} in it "
            "has its learning curves"
        )
    source = open_input(path, LABELS)
    record = _open(source)
    found.files.append(File(source.name, record.kind, source.sha256, record.lineage))
    if not isinstance(record, Scores):
        _keep(found, name or _called(path, source), record)
        return
    if name is not None:
        raise InputError(f"{name}={path}: scores have names; NAME= is for other files")
    found.scores.append(record)
    found.names.append(source.stem)


def _called(path: str, source: Source) -> str:
    """What a file without a NAME is called: a history.h5, as all runs have one, by its folder."""
    folder = Path(path).parent.name
    return folder if source.name == HISTORY and folder not in ("", "..") else source.stem


def _open(source: Source) -> Record:
    """A file of a kind that reports are made of; of scores the large arrays stay in the file."""
    kinds = (Scores, Attack, History, Labels, Predictions)
    record = h5.read(source, *kinds, late=("samples", "per_item"))
    reader = READERS.get(type(record))
    return record if reader is None else reader(source)


def _keep(found: Read, name: str, record: Record) -> None:
    """Put a record under its name. Raises InputError where there is one of that name and kind."""
    places: dict[type[Record], dict[str, Any]] = {
        Attack: found.attacks,
        History: found.histories,
        Labels: found.labels,
        Predictions: found.predictions,
    }
    place = places[type(record)]
    if name in place:
        what = {"attack": "attacks", "history": "histories"}.get(
            record.kind, f"{record.kind} files"
        )
        raise InputError(f"two {what} are called {name!r}: name them with NAME=FILE")
    place[name] = record
