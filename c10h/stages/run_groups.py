"""Which runs are of one network and training, and which data sets they are about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from c10h.datasets.catalogue import CATALOGUE
from c10h.files import STDIN
from c10h.metrics.averages import average
from c10h.metrics.differences import Pair, pairs_with
from c10h.metrics.estimates import ScoredRun
from c10h.records import Input, Lineage
from c10h.stages.attack_runs import AttackedNetwork

# What the role of a network among the inputs of a command begins with.
NETWORK = "network "


class Model(NamedTuple):
    """What was scored on one or more data sets."""

    network: str
    training: str

    @property
    def name(self) -> str:
        """Both in a word."""
        return f"{self.network} {self.training}".strip()


def model_of(run: ScoredRun) -> Model:
    """The tags of a run, or what its lineage says.

    Without a tag, the network is the architecture, and the training is the name of the one run
    folder that the predictions came from, else the name of the scored run.
    """
    lineage = run.scores.lineage
    predictions = [
        source.lineage
        for source in (() if lineage is None else lineage.inputs)
        if source.role == f"predictions {run.name}"
    ]
    behind = model_behind(predictions[0] if predictions else None)
    return Model(run.network or behind.network, run.training or behind.training or run.name)


def attacked_model(network: AttackedNetwork) -> Model:
    """The same of an attack: its architecture, and its run folder, else the name of the run."""
    return Model(network.network, model_behind(network.record.lineage).training or network.name)


def data_of(run: ScoredRun) -> str:
    """The data set: its tag, else the file that the scores are in."""
    return run.data or run.file


def data_sets(runs: Sequence[ScoredRun]) -> list[str]:
    """All data sets, in the order of the files."""
    return list(dict.fromkeys(map(data_of, runs)))


def by_model(runs: Sequence[ScoredRun]) -> dict[Model, dict[str, ScoredRun]] | None:
    """The runs by model and data set; models sorted by network, and else in order of the files.

    None where data sets are not named, where no model has two of them, or one has two runs on one.
    """
    cells = _cells(runs) if all(run.data for run in runs) else {}
    return cells if any(len(of_model) > 1 for of_model in cells.values()) else None


def pairs_to(name: str, runs: Sequence[ScoredRun]) -> list[Pair]:
    """The runs that have something to be compared with, and what that is.

    name: of a run, or of a training. With a training, runs are compared of their own network on
    their own data set. With a run they are compared with this one; or with several data sets, where
    models are told apart, with its model on their own data set. A name of both is of a run where
    there is one data set, of a training where there are several.
    """
    grouped = by_model(runs)
    named = next((run for run in runs if run.name == name), None)
    if grouped is None and named is not None:
        return pairs_with(named, runs)
    cells = _cells(runs) if grouped is None else grouped
    is_training = any(model.training == name for model in cells)
    pairs = []
    for model, of_model in cells.items():
        other = model._replace(training=name) if is_training else named and model_of(named)
        for data, run in of_model.items():
            baseline = cells.get(other, {}).get(data) if other else None
            if baseline is not None and baseline is not run:
                pairs.append(Pair(run, baseline))
    return pairs


def average_seeds(runs: Sequence[ScoredRun]) -> list[ScoredRun]:
    """The same with one mean run for those of a model on a data set that differ in their seed.

    It stands where the first of them stood. Runs whose seeds are unknown or equal stay apart.
    """
    groups: dict[tuple[Model, str], list[ScoredRun]] = {}
    for run in runs:
        groups.setdefault((model_of(run), data_of(run)), []).append(run)
    averaged: list[ScoredRun] = []
    for (model, _), alike in groups.items():
        seeds = [run.seed for run in alike]
        if len(alike) > 1 and "" not in seeds and len(set(seeds)) == len(seeds):
            labels = [f"seed {seed}" for seed in seeds]
            averaged.append(average(alike, labels, name=model.name, **model._asdict()))
        else:
            averaged += alike
    return averaged


def average_networks(runs: Sequence[ScoredRun]) -> list[ScoredRun]:
    """A mean run over networks, for each training and data set that several networks have.

    Only trainings that all of these networks have on all of their data sets: else means of
    different networks would stand side by side.
    """
    cells = _cells(runs)
    networks = list(dict.fromkeys(model.network for model in cells if model.network))
    if len(networks) < 2:
        return []
    name = f"mean of {len(networks)}"
    means = []
    for training in dict.fromkeys(model.training for model in cells):
        models = [Model(network, training) for network in networks]
        for data in data_sets(runs):
            alike = [cells.get(model, {}).get(data) for model in models]
            known = [run for run in alike if run is not None]
            if len(known) == len(networks):
                means.append(average(known, networks, name=f"{name} {training}", network=name,
                                     training=training))  # fmt: skip
    return means


def baselines(runs: Sequence[ScoredRun]) -> list[str]:
    """The names that :func:`pairs_to` knows."""
    trainings = [model.training for model in _cells(runs)]
    return list(dict.fromkeys([*(run.name for run in runs), *trainings]))


def run_folder_of(network: Input) -> str:
    """The run folder that an input is a network of; empty for any other input."""
    role = network.role.removeprefix("source ")
    if not role.startswith(NETWORK):
        return ""
    folder, _, name = role.removeprefix(NETWORK).rpartition("/")
    return folder or name  # which has no folds


def _cells(runs: Sequence[ScoredRun]) -> dict[Model, dict[str, ScoredRun]]:
    """The runs by model and data set; empty where two runs of a model are on one data set."""
    cells: dict[Model, dict[str, ScoredRun]] = {}
    for run in runs:
        of_model = cells.setdefault(model_of(run), {})
        if data_of(run) in of_model:
            return {}
        of_model[data_of(run)] = run
    return {model: cells[model] for model in sorted(cells, key=lambda model: model.network)}


def data_behind(lineage: Lineage | None) -> str:
    """The data set of predictions: the file of images, without suffix, or its catalogue name.

    Empty where it is not known, as of images that came through a pipe.
    """
    inputs = () if lineage is None else lineage.inputs
    names = [source.name for source in inputs if source.role == "images"]
    if len(names) != 1 or names[0] == STDIN:
        return ""
    name = names[0]
    sets = (data for data, known in CATALOGUE.items() if name in known.files.values())
    return next(sets, name.rpartition(".")[0] or name)


def seed_behind(lineage: Lineage | None) -> str:
    """The one seed that the networks behind predictions were trained with; empty for others."""
    seeds = {
        str(network.lineage.seed)
        for network in _networks_behind(lineage)
        if network.lineage is not None and network.lineage.seed is not None
    }
    return seeds.pop() if len(seeds) == 1 else ""


def model_behind(lineage: Lineage | None) -> Model:
    """The one architecture and run folder behind predictions; empty where there are others.

    Of a folder whose name ends in its seed, as human-seed1 does, the training is the rest: runs of
    other seeds have the same one.
    """
    networks = _networks_behind(lineage)
    folders = {run_folder_of(network) for network in networks}
    architectures = {
        network.lineage.architecture for network in networks if network.lineage is not None
    }
    if len(architectures) > 1:  # an ensemble, even where their folders have one name
        return Model("", "")
    folder = folders.pop() if len(folders) == 1 else ""
    return Model(
        (architectures.pop() if architectures else None) or "",
        re.sub(f"[-_.]seed[-_.]?{seed_behind(lineage) or '$.'}$", "", folder) or folder,
    )


def _networks_behind(lineage: Lineage | None) -> list[Input]:
    """The networks among the inputs of the command that predicted."""
    inputs = () if lineage is None else lineage.inputs
    return [source for source in inputs if source.role.startswith(NETWORK)]
