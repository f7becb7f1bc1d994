"""Which networks a command line names, and which of them answers for which image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from c10h.cli.console import say
from c10h.cli.fine_tuning import refuse_checkpoint
from c10h.cli.meant import is_run
from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.classes import parse_classes
from c10h.lineage import Made
from c10h.models import build, load_weights
from c10h.records import Array, Images, Predictions
from c10h.run_folder import Run, open_run
from c10h.stages.predict import (
    ENSEMBLE,
    HELD_OUT,
    MEMBERS,
    Trained,
    how_to_answer,
    predict,
    predict_with,
    trained_networks,
)
from c10h.training.folds import item_hashes
from c10h.training.prediction import Machine


@dataclass(frozen=True)
class Asked:
    """What is to be predicted: by what inputs, how, in how many passes over the images.

    notes: for people, one line each.
    """

    answer: Callable[[Machine], Predictions]
    inputs: Sequence[tuple[str, Source, Made | None]]
    how: str | None = None
    passes: int = 1
    notes: Sequence[str] = ()


def check_named(
    paths: Sequence[str],
    arch: str | None,
    weights: str | None,
    classes: str | None,
    *,
    held_out: bool,
    probs: bool = False,
) -> None:
    """Raise InputError unless a command line names runs or a network of anybody's, not both.

    paths: the RUN folders and, last, IMAGES.
    """
    *folders, images = paths
    if is_run(images):
        raise InputError(f"{images} is a run folder: runs come first, and IMAGES last")
    if bool(folders) == bool(arch):
        raise InputError("expected RUN folders and then IMAGES, or --arch and IMAGES")
    for option, value in (("--weights", weights), ("--classes", classes), ("--probs", probs)):
        if value and not arch:
            raise InputError(f"{option}: is for --arch; a run has its own")
    if held_out and arch:
        raise InputError("--held-out: nobody knows what the network of --arch was trained on")
    if weights:
        refuse_checkpoint("--weights", Path(weights))


def opened(folders: Sequence[str]) -> list[Run]:
    """The runs, each once. Raises InputError where that is not so."""
    runs = [open_run(Path(folder)) for folder in folders]
    places = [run.folder.resolve() for run in runs]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise InputError(f"{folders[number]}: was given twice")
    return runs


def of_runs(runs: Sequence[Run], images: Images, *, held_out: bool, members: bool) -> Asked:
    """The predictions of runs, which their checkpoints are the inputs of."""
    networks = [one for run in runs for one in trained_networks(run)]
    items = item_hashes(images.images)
    if not members:
        _check_complete(runs, networks, items)
    how = how_to_answer(networks, items, held_out=held_out, members=members)
    inputs: list[tuple[str, Source, Made | None]] = []
    told: set[Path] = set()
    for one in networks:
        made = None if one.run.folder in told else one.run  # the networks of a run have one lineage
        file = Source.open(str(one.run.checkpoint(one.fold)))
        inputs.append((f"network {one.name}", file, made))
        told.add(one.run.folder)
    notes = _notes(how, networks, items)
    passes = len(networks) if how == MEMBERS else 1
    return Asked(
        lambda machine: predict(networks, images, items, how, machine), inputs, how, passes, notes
    )


def _check_complete(runs: Sequence[Run], networks: Sequence[Trained], items: Array) -> None:
    """Say which folds are not trained. Raises InputError where their images need them."""
    for run in runs:
        mine = [one for one in networks if one.run is run]
        lacking = sorted(set(run.numbers()) - {one.fold for one in mine})
        if not lacking:
            continue
        names = ", ".join(map(str, lacking))
        word = "folds" if len(lacking) > 1 else "fold"
        what = f"{run.folder}: not trained to the end: {word} {names} of {run.folds}"
        if np.all([np.isin(items, one.items) for one in mine], axis=0).any():
            raise InputError(f"{what}, which no other network is held out for")
        say(f"warning: {what}; the others answer")


def _notes(how: str, networks: Sequence[Trained], items: Array) -> list[str]:
    """Who answers, and whether that is in-sample."""
    words = {
        HELD_OUT: "each image by the fold that did not see it",
        ENSEMBLE: "all together" if len(networks) > 1 else "on its own",
        MEMBERS: "each by itself",
    }
    count = f"{len(networks)} network" + ("s" if len(networks) > 1 else "")
    notes = [f"{how}: {count}, {words[how]}"]
    if how != HELD_OUT:
        seen = max(int(np.isin(items, one.items).sum()) for one in networks)
        if seen:
            notes.append(
                f"warning: in-sample: a network was trained on {seen:,} of these "
                f"{len(items):,} images"
            )
    return notes


def of_anybody(
    arch: str, weights: str | None, classes: str | None, images: Images, *, probs: bool = False
) -> Asked:
    """The predictions of a network that no run made, which its weights are the input of.

    probs: the network returns probabilities.
    """
    import torch

    names = parse_classes(classes) if classes else images.classes
    torch.manual_seed(0)
    size = (images.images.shape[1], images.images.shape[2])
    network = build(arch, len(names), size, probs=probs)
    inputs: list[tuple[str, Source, Made | None]] = []
    notes: list[str] = []
    if weights:
        file = Source.open(weights)
        notes += filter(None, [load_weights(network, file.path)])
        inputs.append(("weights", file, None))
    else:
        notes.append(f"warning: {arch} has random weights: --weights names a file of them")
    return Asked(
        lambda machine: predict_with(network, arch, names, images, machine, probs=probs),
        inputs,
        notes=notes,
    )
