"""Describe the folder of a run: its networks, how far they are, and how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from c10h.run_folder import Run
from c10h.training import checkpoint as checkpoints

DONE, BEGUN, NOT_BEGUN = "done", "begun", "not begun"


@dataclass(frozen=True)
class Network:
    """One network of a run.

    fold: its number, or ALL of :mod:`c10h.run_folder`. state: DONE, BEGUN or NOT_BEGUN. epochs: how
    many are done. results: figures by name, of its held-out items.
    """

    fold: int
    state: str
    epochs: int = 0
    results: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RunDescription:
    """A run and its networks. files: what is in its folder, by name."""

    run: Run
    networks: Sequence[Network]
    files: Sequence[str]


def show_run(run: Run) -> RunDescription:
    """The networks of a run. Raises FileError or SchemaError for a broken checkpoint."""
    files = sorted(path.name for path in run.folder.iterdir() if not path.name.startswith("."))
    return RunDescription(run, [_network(run, number) for number in run.fold_numbers()], files)


def _network(run: Run, fold: int) -> Network:
    path = run.checkpoint(fold)
    if not path.is_file():
        return Network(fold, NOT_BEGUN)
    checkpoint = checkpoints.load(path)
    state = DONE if checkpoint.is_done else BEGUN
    return Network(fold, state, len(checkpoint.history), checkpoint.results)
