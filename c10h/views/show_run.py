"""A run folder: the table of its networks and the lineage below it, and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from c10h.run_folder import ALL, KIND, name_of
from c10h.views.display import Display
from c10h.views.lineage import to_lines
from c10h.views.table import Cell, Table, number

if TYPE_CHECKING:
    from c10h.stages.show_run import Network, RunDescription

# Results that the table has; the others are in the JSON.
COLUMNS = {
    "accuracy": "accuracy",
    "loss": "cross-entropy",
    "ce_hard": "ce_hard",
    "ce_majority": "ce_majority",
}
# Arguments that the table or the lineage has: the network, its folds, and hashes of the inputs.
ELSEWHERE = ("arch", "folds", "source", "images", "labels", "init")


def display(description: RunDescription, width: int | None) -> Display:
    """The networks, and how they were made. width: of a terminal, None where there is none."""
    lines = to_lines(description.run.lineage, width)
    return Display(
        lambda: [table(description)],
        lambda: to_json(description),
        charts=lambda _: "\n".join(lines) + "\n",
    )


def table(description: RunDescription) -> Table:
    """A row a network, and below it what they have in common."""
    run, networks = description.run, description.networks
    known = [key for key in COLUMNS if any(key in network.results for network in networks)]
    rows = [
        [
            *map(Cell, (name_of(network.fold), network.state, str(network.epochs))),
            *(Cell(number(network.results.get(key))) for key in known),
        ]
        for network in networks
    ]
    height, width = run.shape
    settings = ", ".join(
        f"{name} {_text(value)}"
        for name, value in run.arguments.items()
        if value not in (None, [], False) and name not in ELSEWHERE
    )
    notes = [
        f"network: {run.architecture}, for images of {height} x {width} pixels",
        f"classes: {', '.join(run.classes)}",
        f"settings: {settings}",
        f"files: {', '.join(description.files)}",
    ]
    header = ["network", "state", "epochs", *(COLUMNS[key] for key in known)]
    return Table(f"{run.name}: {KIND}", header, rows, 2, notes)


def to_json(description: RunDescription) -> dict[str, Any]:
    """Everything as one object."""
    run = description.run
    return {
        "kind": KIND,
        "architecture": run.architecture,
        "classes": run.classes,
        "image_size": run.shape,
        "folds": run.folds,
        "arguments": run.arguments,
        "machine": run.machine,
        "networks": [_network(network) for network in description.networks],
        "files": description.files,
        "lineage": run.lineage.to_dict(),
    }


def _network(network: Network) -> dict[str, Any]:
    """fold is null for a network on everything."""
    return {
        "fold": None if network.fold == ALL else network.fold,
        "state": network.state,
        "epochs": network.epochs,
        "results": network.results,
    }


def _text(value: object) -> str:
    if isinstance(value, list):
        return "/".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
