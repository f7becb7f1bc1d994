"""Which networks answer for which image: those of runs, or one that no run made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from c10h.errors import InputError, counted
from c10h.files import Source
from c10h.formats.class_names import MOST_TOLD, parse_classes
from c10h.formats.hints import Tell, brief
from c10h.images.hashes import hashes_of
from c10h.lineage import HasLineage
from c10h.models.building import build
from c10h.models.network_code import code_inputs
from c10h.models.weights import load_weights
from c10h.records import Array, Images, Predictions
from c10h.run_folder import Run
from c10h.stages.network_requests import (
    ENSEMBLE,
    HELD_OUT,
    MEMBERS,
    ForeignNetwork,
    Networks,
    RunNetworks,
    parse_channels,
)
from c10h.stages.networks_of_runs import (
    TrainedNetwork,
    how_to_answer,
    predictions_of_network,
    predictions_of_networks,
    trained_networks,
)
from c10h.training.lazy_logits import Machine


@dataclass(frozen=True)
class RequestedNetworks:
    """Networks that are ready to answer for images.

    predict: makes predictions on a machine, whose logits are computed as they are read. inputs: the
    files behind the networks, with their roles. how: HELD_OUT, ENSEMBLE or MEMBERS; None for a
    network that no run made. notes: for people, one line each.
    """

    predict: Callable[[Machine], Predictions]
    inputs: Sequence[tuple[str, Source, HasLineage | None]]
    how: str | None = None
    notes: Sequence[str] = ()


def requested_networks(networks: Networks, images: Images, tell: Tell) -> RequestedNetworks:
    """The networks of a request. tell: called with a line on folds that are not trained.

    Raises C10hError for networks that cannot answer for these images.
    """
    if isinstance(networks, ForeignNetwork):
        return _by_foreign_network(networks, images)
    return _by_runs(networks, images, tell)


def _by_runs(request: RunNetworks, images: Images, tell: Tell) -> RequestedNetworks:
    """The answers of runs, which their checkpoints are the inputs of."""
    networks = [network for run in request.runs for network in trained_networks(run)]
    items = hashes_of(images)
    if not request.members:
        _check_complete(request.runs, networks, items, tell)
    how = how_to_answer(networks, items, held_out=request.held_out, members=request.members)
    inputs: list[tuple[str, Source, HasLineage | None]] = []
    listed: set[Path] = set()
    for network in networks:
        run = network.run
        record = None if run.folder in listed else run  # the networks of a run have one lineage
        inputs.append(
            (f"network {network.name}", Source.open(str(run.checkpoint(network.fold))), record)
        )
        listed.add(run.folder)
    notes = _notes(how, networks, items)
    for run in request.runs:
        if run.code is not None:
            code = code_inputs(run.code)
            inputs += [each for each in code if each not in inputs]
            notes += _changed_code(run, code)
    return RequestedNetworks(
        lambda machine: predictions_of_networks(networks, images, items, how, machine),
        inputs,
        how,
        notes,
    )


def _changed_code(run: Run, code: Sequence[tuple[str, Source, HasLineage | None]]) -> list[str]:
    """That files of a run's code are not those of its training; none where that is not known."""
    now = {role: file.sha256 for role, file, _ in code}
    was = run.code_digests
    names = [
        role.partition(" ")[2] for role in sorted({*now, *was}) if now.get(role) != was.get(role)
    ]
    if not was or not names:
        return []
    return [f"warning: {run.folder}: {brief(names, 3)} not as when its networks were trained"]


def _check_complete(
    runs: Sequence[Run], networks: Sequence[TrainedNetwork], items: Array, tell: Tell
) -> None:
    """Tell which folds are not trained. Raises InputError where their images need them."""
    for run in runs:
        trained = [network for network in networks if network.run is run]
        lacking = sorted(set(run.fold_numbers()) - {network.fold for network in trained})
        if not lacking:
            continue
        names = ", ".join(map(str, lacking))
        word = "folds" if len(lacking) > 1 else "fold"
        what = f"{run.folder}: training not finished: {word} {names} of {run.folds}"
        if np.all([np.isin(items, network.items) for network in trained], axis=0).any():
            raise InputError(f"{what}, and no other network is held out for these images")
        tell(f"warning: {what}; the other folds predict")


def _notes(how: str, networks: Sequence[TrainedNetwork], items: Array) -> list[str]:
    """Who answers, and whether that is in-sample."""
    descriptions = {
        HELD_OUT: "each image by the fold that did not see it",
        ENSEMBLE: "averaged" if len(networks) > 1 else "alone",
        MEMBERS: "each separately",
    }
    notes = [f"{how}: {counted(len(networks), 'network')}, {descriptions[how]}"]
    if how != HELD_OUT:
        seen = max(int(np.isin(items, network.items).sum()) for network in networks)
        if seen:
            notes.append(
                f"warning: in-sample: a network was trained on {seen:,} of these "
                f"{len(items):,} images"
            )
    return notes


def _by_foreign_network(request: ForeignNetwork, images: Images) -> RequestedNetworks:
    """The answers of a network that no run made, which its weights are the input of."""
    import torch

    name, probs = request.architecture, request.probs
    classes = parse_classes(request.classes) if request.classes is not None else images.classes
    torch.manual_seed(0)
    size = (images.images.shape[1], images.images.shape[2])
    mean, std = parse_channels("--mean", request.mean), parse_channels("--std", request.std)
    network = build(name, len(classes), size, mean=mean, std=std, probs=probs)
    given = network.describe()
    inputs = code_inputs(name)
    notes: list[str] = []
    if request.weights is not None:
        notes += filter(None, [load_weights(network, request.weights.path)])
        inputs.append(("weights", request.weights, None))
        if (mean or std) and network.describe() != given:
            raise InputError(
                f"{request.weights.name}: has its own --mean and --std: with these, the network "
                f"{network.describe()}"
            )
    else:
        notes.append(f"warning: {name} has random weights: --weights names a file of them")
    notes.append(f"{name}: {network.describe()}; its outputs are {brief(classes, MOST_TOLD)}")
    return RequestedNetworks(
        lambda machine: predictions_of_network(
            network, name, classes, images, machine, probs=probs
        ),
        inputs,
        notes=notes,
    )
