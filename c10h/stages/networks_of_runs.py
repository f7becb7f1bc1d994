"""Networks of runs: which answers for which image, and what all of them were trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import InputError, InSampleError, MismatchError
from c10h.formats.class_names import match_order
from c10h.formats.predictions_and_labels import FROM_PROBS
from c10h.images.hashes import hashes_of, item_hashes
from c10h.records import Array, Images, Predictions, Rows
from c10h.run_folder import ALL, Run
from c10h.stages.network_requests import ENSEMBLE, HELD_OUT, MEMBERS
from c10h.stages.seen_in_training import seen_in_training
from c10h.training import checkpoint as checkpoints
from c10h.training.fold_training import network_of
from c10h.training.lazy_logits import CommonRows, Machine, MemberRows
from c10h.truth import renumbered

if TYPE_CHECKING:
    from torch.nn import Module


@dataclass(frozen=True)
class TrainedNetwork:
    """One network of a run: its fold (or ALL), and the items that it was ever trained on."""

    run: Run
    fold: int
    items: Array

    @property
    def name(self) -> str:
        """What a member is called."""
        return self.run.name if self.fold == ALL else f"{self.run.name}/fold-{self.fold}"


def trained_networks(run: Run) -> list[TrainedNetwork]:
    """The networks of a run that are there and done. Raises InputError where there are none."""
    networks = []
    for fold in run.fold_numbers():
        if run.checkpoint(fold).is_file():
            state = checkpoints.load(run.checkpoint(fold))
            if state.is_done:
                networks.append(
                    TrainedNetwork(run, fold, np.sort(state.trained.numpy().view(np.uint64)))
                )
    if not networks:
        raise InputError(f"{run.folder}: none of its networks is fully trained")
    return networks


def how_to_answer(
    networks: Sequence[TrainedNetwork], items: Array, *, held_out: bool, members: bool
) -> str:
    """HELD_OUT where the images are those of the runs, else ENSEMBLE; MEMBERS where asked for.

    items: uint64 (n), ``hashes_of`` the images. Raises InputError for images of which only some
    were trained on, and for demands that exclude each other.
    """
    if held_out and members:
        raise InputError("--held-out and --members exclude each other")
    if members:
        return MEMBERS
    trained_on = np.zeros(len(items), dtype=bool)
    for network in networks:
        trained_on |= np.isin(items, network.items)
    if not trained_on.any():
        if held_out:
            raise InputError("--held-out: the runs were not trained on any of these images")
        return ENSEMBLE
    if any(network.fold == ALL for network in networks):
        if held_out:
            raise InSampleError(
                f"--held-out: a run without folds was trained on {int(trained_on.sum()):,} of the "
                "images"
            )
        return ENSEMBLE
    if not trained_on.all():
        raise InputError(
            f"{int(trained_on.sum()):,} of {len(items):,} images were trained on and the others "
            "were not: predict them separately, or with --members"
        )
    return HELD_OUT


def held_out_networks(networks: Sequence[TrainedNetwork], items: Array) -> Array:
    """For each run and image, the network that did not see it: rows of ``networks``, (r, n).

    Raises InSampleError where there is an image that all networks of a run saw.
    """
    chosen = []
    for run in dict.fromkeys(network.run.folder for network in networks):
        numbers = [number for number, network in enumerate(networks) if network.run.folder == run]
        unseen = np.stack([~np.isin(items, networks[number].items) for number in numbers])
        lacking = ~unseen.any(axis=0)
        if lacking.any():
            folds = ", ".join(str(networks[number].fold) for number in numbers)
            raise InSampleError(
                f"{run}: no network is held out from {int(lacking.sum()):,} of {len(items):,} "
                f"images, the first is image {int(np.argmax(lacking))}: only folds {folds} of "
                f"{networks[numbers[0]].run.folds} are trained, or an ancestor (--init) saw them; "
                "--members predicts with each network"
            )
        chosen.append(np.array(numbers)[unseen.argmax(axis=0)])
    return np.stack(chosen)


def predictions_of_networks(
    networks: Sequence[TrainedNetwork], images: Images, items: Array, how: str, machine: Machine
) -> Predictions:
    """The predictions, without lineage; their logits are computed as they are read.

    items: uint64 (n), ``hashes_of`` the images.
    Raises MismatchError for classes or sizes that do not fit, InSampleError for images without a
    network that did not see them.
    """
    run = networks[0].run
    for other in networks:
        _check_fits(other.run, run, images)
    modules = [network_of(network.run, network.fold) for network in networks]
    probs = any(network.run.probs for network in networks)
    classes = len(run.classes)
    if how == MEMBERS:
        members = MemberRows(modules, images.images, classes, machine)
        names = np.array([network.name for network in networks])
        folds = np.array([network.fold for network in networks], dtype=np.int16)
        predictions = _of_images(images, run.classes, members, names, items, probs=probs)
        return _with_trained(replace(predictions, member_fold=folds), networks)
    chosen = held_out_networks(networks, items) if how == HELD_OUT else None
    rows = CommonRows(modules, images.images, classes, machine, chosen)
    name = " + ".join(dict.fromkeys(network.run.name for network in networks))
    predictions = _of_images(images, run.classes, rows, np.array([name]), items, probs=probs)
    fold = None if chosen is None else _folds(networks, chosen)
    return _with_trained(replace(predictions, fold=fold), networks)


def predictions_of_network(
    network: Module,
    name: str,
    classes: tuple[str, ...],
    images: Images,
    machine: Machine,
    *,
    probs: bool = False,
) -> Predictions:
    """The predictions of anybody's network, of which nobody knows what it was trained on.

    probs: its logits are clipped logarithms of the probabilities that it returns.
    """
    rows = MemberRows([network], images.images, len(classes), machine)
    items = hashes_of(images)
    return _of_images(images, classes, rows, np.array([name]), items, probs=probs)


def _of_images(
    images: Images,
    classes: tuple[str, ...],
    logits: Rows,
    member: Array,
    items: Array,
    *,
    probs: bool,
) -> Predictions:
    """Predictions of images in their order. The truth is theirs if they have these classes.

    items: uint64 (n), ``hashes_of`` the images, which are those of their pixels but for copies.
    """
    truth = images.truth
    try:
        order = match_order(images.classes, classes, "images")
    except MismatchError:
        truth = None
    else:
        if truth is not None and order is not None:
            truth = renumbered(truth, order)
    return Predictions(
        classes=classes,
        settings={FROM_PROBS: True} if probs else {},
        logits=logits,
        member=member,
        index=np.arange(len(items)),
        ids=images.ids,
        truth=truth,
        item=items if images.original is None else item_hashes(images.images),
        original=images.original,
    )


def _folds(networks: Sequence[TrainedNetwork], chosen: Array) -> Array:
    folds = np.array([network.fold for network in networks], dtype=np.int16)[chosen]
    if (folds != folds[0]).any():
        raise MismatchError(
            "the runs split their items into different folds: predict them separately"
        )
    return np.asarray(folds[0])


def _with_trained(predictions: Predictions, networks: Sequence[TrainedNetwork]) -> Predictions:
    """Predictions that know what was trained on.

    Where a network began with a file of weights, not all of that is known: then they say nothing
    about images that would seem to be unseen, and keep what is known of seen ones.
    """
    with_trained = replace(predictions, trained=_trained(networks))
    if all(network.run.knows_its_ancestors for network in networks):
        return with_trained
    members = range(predictions.logits.shape[0])
    seen = [seen_in_training(with_trained, member) for member in members]
    return with_trained if any(items is not None and items.any() for items in seen) else predictions


def _trained(networks: Sequence[TrainedNetwork]) -> Mapping[str, Array]:
    """The items that networks were trained on: see :class:`Predictions`."""
    items = np.unique(np.concatenate([network.items for network in networks]))
    fold = np.full(len(items), -1, dtype=np.int16)
    for held_out_fold in sorted({network.fold for network in networks} - {ALL}):
        seen = np.zeros(len(items), dtype=bool)
        for network in networks:
            if network.fold == held_out_fold:
                seen |= np.isin(items, network.items)
        fold[~seen] = held_out_fold
    return {"item": items, "fold": fold}


def _check_fits(run: Run, first: Run, images: Images) -> None:
    if run.classes != first.classes:
        raise MismatchError(f"{run.folder}: its classes differ from those of {first.folder}")
    shape = images.images.shape[1:3]
    if shape != run.shape:
        expected, actual = (f"{height} x {width}" for height, width in (run.shape, shape))
        raise MismatchError(f"{run.folder}: expected images of {expected} pixels, found {actual}")
