"""Which runs are of one network and training, and which data sets they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from c10h.records import Lineage
from c10h.report.attacks import Attacked
from c10h.report.scores import Entry
from c10h.report.steps import NETWORK, run_of


class Model(NamedTuple):
    """What was scored on one or more data sets."""

    network: str
    training: str

    @property
    def name(self) -> str:
        """Both in a word."""
        return f"{self.network} {self.training}".strip()


def model_of(entry: Entry) -> Model:
    """The tags of a run, or what its lineage says.

    Without a tag, the network is the architecture, and the training is the name of the one run
    folder that the predictions came from, else the name of the scored run.
    """
    lineage = entry.scores.lineage
    predictions = [
        one.lineage
        for one in (() if lineage is None else lineage.inputs)
        if one.role == f"predictions {entry.run}"
    ]
    found = _model(predictions[0] if predictions else None)
    return Model(entry.network or found.network, entry.training or found.training or entry.run)


def attacked_model(one: Attacked) -> Model:
    """The same of an attack: its architecture, and its run folder, else the name of the run."""
    return Model(one.network, _model(one.record.lineage).training or one.run)


def data_of(entry: Entry) -> str:
    """The data set: its tag, else the file that the scores are in."""
    return entry.data or entry.file


def data_sets(found: Sequence[Entry]) -> list[str]:
    """All data sets, in the order of the files."""
    return list(dict.fromkeys(map(data_of, found)))


def _model(lineage: Lineage | None) -> Model:
    """The one architecture and run folder behind predictions; empty where there are others."""
    made = [
        one for one in (() if lineage is None else lineage.inputs) if one.role.startswith(NETWORK)
    ]
    folders = {run_of(one) for one in made}
    architectures = {one.lineage.architecture for one in made if one.lineage is not None}
    return Model(
        (architectures.pop() if len(architectures) == 1 else None) or "",
        folders.pop() if len(folders) == 1 else "",
    )
