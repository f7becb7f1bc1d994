"""Describe the folder of a run: its networks, how far they are, and how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from c10h.run_folder import ALL, KIND, Run, name_of
from c10h.training import checkpoint as checkpoints
from c10h.views.forms.json_text import plain
from c10h.views.table import MISSING, Cell, Table, number

DONE, BEGUN, NOT_BEGUN = "done", "begun", "not begun"
# Results that the table has; the others are in the JSON.
COLUMNS = {"accuracy": "accuracy", "loss": "cross-entropy", "ce_hard": "ce_hard"}
# Arguments that the table or the lineage tells: the network, its folds, and hashes of the inputs.
TOLD_ELSEWHERE = ("arch", "folds", "source", "images", "labels", "init")


@dataclass(frozen=True)
class Network:
    """One network of a run. results: figures by name, of its held-out items."""

    fold: int
    state: str
    epochs: int = 0
    results: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """The network as plain JSON; fold is null for one on everything."""
        return {
            "fold": None if self.fold == ALL else self.fold,
            "state": self.state,
            "epochs": self.epochs,
            "results": {name: plain(value) for name, value in (self.results or {}).items()},
        }


@dataclass(frozen=True)
class RunDescription:
    """What ``show`` tells of a run. files: what is in its folder, by name."""

    run: Run
    networks: Sequence[Network]
    files: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """The description as plain JSON."""
        run = self.run
        return {
            "kind": KIND,
            "architecture": run.architecture,
            "classes": list(run.classes),
            "image_size": list(run.shape),
            "folds": run.folds,
            "arguments": dict(run.arguments),
            "machine": dict(run.machine),
            "networks": [one.to_json() for one in self.networks],
            "files": list(self.files),
            "lineage": run.lineage.to_dict(),
        }

    def table(self) -> Table:
        """A row a network, and below it what they have in common."""
        run = self.run
        known = [key for key in COLUMNS if any(key in (one.results or {}) for one in self.networks)]
        rows = [
            [
                *map(Cell, (name_of(one.fold), one.state, str(one.epochs))),
                *(Cell(_figure(one, key)) for key in known),
            ]
            for one in self.networks
        ]
        height, width = run.shape
        settings = ", ".join(
            f"{name} {_text(value)}"
            for name, value in run.arguments.items()
            if value not in (None, [], False) and name not in TOLD_ELSEWHERE
        )
        notes = [
            f"network: {run.architecture}, for images of {height} x {width} pixels",
            f"classes: {', '.join(run.classes)}",
            f"settings: {settings}",
            f"files: {', '.join(self.files)}",
        ]
        header = ["network", "state", "epochs", *(COLUMNS[key] for key in known)]
        return Table(f"{run.name}: {KIND}", header, rows, 2, notes)


def show_run(run: Run) -> RunDescription:
    """The networks of a run. Raises FileError or SchemaError for a broken checkpoint."""
    files = sorted(path.name for path in run.folder.iterdir() if not path.name.startswith("."))
    return RunDescription(run, [_network(run, number) for number in run.numbers()], files)


def _network(run: Run, fold: int) -> Network:
    path = run.checkpoint(fold)
    if not path.is_file():
        return Network(fold, NOT_BEGUN)
    found = checkpoints.load(path)
    state = DONE if found.is_done else BEGUN
    return Network(fold, state, len(found.history), found.results)


def _figure(one: Network, key: str) -> str:
    value = (one.results or {}).get(key)
    return MISSING if value is None else number(value)


def _text(value: object) -> str:
    if isinstance(value, list):
        return "/".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
