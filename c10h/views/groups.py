"""Which runs are of one network and training, and which data sets they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from c10h.records import Lineage
from c10h.views.attacks import Attacked
from c10h.views.scores import Entry, Pair, against
from c10h.views.steps import NETWORK, run_of


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


def by_model(found: Sequence[Entry]) -> dict[Model, dict[str, Entry]] | None:
    """The runs by model and data set; models sorted by network, and else in order of the files.

    None where data sets are not named, where no model has two of them, or one has two runs on one.
    """
    cells = _cells(found) if all(entry.data for entry in found) else {}
    return cells if any(len(of) > 1 for of in cells.values()) else None


def pairs_with(found: Sequence[Entry], name: str) -> list[Pair]:
    """The runs that have something to be held against, and what that is.

    name: of a run, or of a training. To a training, runs are held against it of their own network
    on their own data set. To a run they are held against this one; or with several data sets, where
    models are told apart, against its model on their own data set. A name of both is of a run where
    there is one data set, of a training where there are several.
    """
    grouped = by_model(found)
    run = next((entry for entry in found if entry.run == name), None)
    if grouped is None and run is not None:
        return against(found, run)
    cells = _cells(found) if grouped is None else grouped
    is_training = any(model.training == name for model in cells)
    pairs = []
    for model, of in cells.items():
        held = model._replace(training=name) if is_training else run and model_of(run)
        for data, entry in of.items():
            baseline = cells.get(held, {}).get(data) if held else None
            if baseline is not None and baseline is not entry:
                pairs.append(Pair(entry, baseline))
    return pairs


def baselines(found: Sequence[Entry]) -> list[str]:
    """The names that :func:`pairs_with` knows."""
    trainings = [model.training for model in _cells(found)]
    return list(dict.fromkeys([*(entry.run for entry in found), *trainings]))


def _cells(found: Sequence[Entry]) -> dict[Model, dict[str, Entry]]:
    """The runs by model and data set; empty where two runs of a model are on one data set."""
    cells: dict[Model, dict[str, Entry]] = {}
    for entry in found:
        of = cells.setdefault(model_of(entry), {})
        if data_of(entry) in of:
            return {}
        of[data_of(entry)] = entry
    networks = sorted({model.network for model in cells})
    return {m: cells[m] for network in networks for m in cells if m.network == network}


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
