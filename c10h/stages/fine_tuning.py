"""``--init``: where the first weights of a network come from, and what has to fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import InputError, InSampleError, MismatchError
from c10h.files import Source
from c10h.models.weights import load_weights
from c10h.run_folder import ALL, FILE, Run
from c10h.training import checkpoint as checkpoints
from c10h.training.checkpoint import Checkpoint
from c10h.training.fold_training import TrainingData, network_of
from c10h.training.folds import fold_rows

if TYPE_CHECKING:
    from torch.nn import Module


def parent_of(
    init: Run | Source,
    name: str,
    run: Run,
    fold_numbers: Sequence[int],
    data: TrainingData,
    network: Module,
) -> tuple[Run | Path, Source, Run | None, list[str]]:
    """What ``--init`` names: a run or a file of weights; then its file and lineage, and notes.

    name: what messages call a run, unless by its folder. numbers: the folds that are to be trained.
    network: one of the run's, which a file must fit.
    Raises InputError for what is not there or does not fit, InSampleError where a network would be
    tested on what its ancestor was trained on.
    """
    if isinstance(init, Source):
        taken = load_weights(network, init.path)
        note = f"note: what {init.name} was trained on is not known, and so not what is held out"
        return init.path, init, None, [*filter(None, [taken]), note]
    parent, argument = init, name or str(init.folder)
    if parent.architecture != run.architecture:
        raise MismatchError(
            f"--init {argument}: expected {run.architecture}, found {parent.architecture}"
        )
    if parent.classes != run.classes:
        raise MismatchError(
            f"--init {argument}: expected the classes {_brief(run)}, found {_brief(parent)}"
        )
    if parent.folds is not None and parent.folds != run.folds:
        raise MismatchError(
            f"--init {argument}: has {parent.folds} folds, and each network begins with that of "
            f"its own fold: expected --folds {parent.folds}, "
            + (f"found {run.folds}" if run.folds else "found none")
        )
    warning = ""
    for fold in fold_numbers if parent.folds else [ALL]:
        state = _done(parent, fold)
        warning = warning or _what_was_seen(argument, parent, state, run, fold, data)
    network_of(parent, fold_numbers[0] if parent.folds else ALL)
    return parent, Source.open(str(parent.folder / FILE)), parent, list(filter(None, [warning]))


def _done(parent: Run, fold: int) -> Checkpoint:
    path = parent.checkpoint(fold)
    if path.is_file():
        state = checkpoints.load(path)
        if state.is_done:
            return state
    what = "it" if fold == ALL else f"fold {fold}"
    raise InputError(f"--init {parent.folder}: {what} is not trained to the end")


def _what_was_seen(
    argument: str, parent: Run, state: Checkpoint, run: Run, fold: int, data: TrainingData
) -> str:
    """A warning where nothing is held out any more. Raises InSampleError where folds mix."""
    seen = state.trained.numpy().view(np.uint64)
    rows = fold_rows(run.split, fold, len(data.items)).held_out
    if parent.folds is not None:
        overlap = int(np.isin(data.items[rows], seen).sum())
        if overlap:
            raise InSampleError(
                f"--init {argument}: fold {fold} was trained on {overlap:,} of the {len(rows):,} "
                "images that this fold holds out: the split is another one (the same images, "
                "--folds and --seed make the same split)"
            )
        return ""
    overlap = int(np.isin(data.items, seen).sum())
    if run.folds is None or not overlap:
        return ""
    return (
        f"warning: --init {argument} was trained on {overlap:,} of these {len(data.items):,} "
        "images: no fold is held out from them"
    )


def _brief(run: Run) -> str:
    names = ", ".join(run.classes[:5])
    return names if len(run.classes) <= 5 else f"{names}, … ({len(run.classes)})"
