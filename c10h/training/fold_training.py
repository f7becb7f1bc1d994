"""The training of a run's networks: one for each fold, or one on everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from c10h.decisions import decided
from c10h.errors import C10hError, MismatchError
from c10h.labels.majority import first_choice
from c10h.models.building import build, prepare
from c10h.models.weights import load_weights
from c10h.records import Array, History
from c10h.run_folder import ALL, Run, name_of
from c10h.training import checkpoint as checkpoints
from c10h.training.checkpoint import Checkpoint
from c10h.training.choices import TARGETS, chooser_of, is_shared
from c10h.training.distributed import World
from c10h.training.folds import fold_rows, make_folds
from c10h.training.inference import cross_entropy, predict
from c10h.training.loop import (
    DivergedError,
    Examples,
    Reports,
    Settings,
    Training,
    is_out_of_memory,
    largest_batch,
)
from c10h.training.recipes import Recipe

# Who is told of the training of one network: from its name and how many images it will see.
MakeReports: TypeAlias = Callable[[str, int], Reports]

# A tenth of the training items chooses among several --lr or --mixup.
INNER_FOLDS = 10
# An argument of runs, without which the first weights depend on the seed alone: of runs of older
# versions, and of those without folds.
FIRST_WEIGHTS = "first_weights"
BY_FOLD = "by seed and fold"
# How many training images a network may look at before its first step.
LOOKED_AT = 5000
# The share of a GPU's free memory that training images may take.
IMAGES_SHARE = 0.5


@dataclass(frozen=True)
class TrainingData:
    """What networks are trained on: n images, shares float64 (n, c), and what else is known.

    items: see ``hashes_of``. truth: int64 (n), -1 for items without one true class, None where
    nothing is known.
    """

    images: Array
    shares: Array
    truth: Array | None
    items: Array
    classes: tuple[str, ...]

    @property
    def strata(self) -> Array:
        """What folds are balanced by: the true class, where not known people's first choice."""
        if self.truth is not None and (self.truth >= 0).all():
            return self.truth
        first = np.asarray(self.shares.argmax(axis=1))
        return first if self.truth is None else np.where(self.truth < 0, first, self.truth)


@dataclass(frozen=True)
class Options:
    """How to train, the same for every fold. rates, mixups: several are a grid."""

    architecture: str
    recipe: Recipe
    target: str = "soft"
    rates: tuple[float, ...] = ()
    mixups: tuple[float, ...] = (0.0,)
    seed: int = 0
    precision: str = "fp32"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    world: World = field(default_factory=World)
    compiled: bool = False
    minutes: float | None = None
    parent: Run | Path | None = None

    def grid(self) -> list[tuple[float, float]]:
        """All pairs of a learning rate and a mixup."""
        return [(rate, mixup) for rate in self.rates for mixup in self.mixups]


@dataclass(frozen=True)
class Outcome:
    """One network: its fold, figures of its held-out items, and those of the grid that chose."""

    fold: int
    results: Mapping[str, float]
    grid: Sequence[Mapping[str, float]] = ()


def train_fold(
    run: Run,
    fold: int,
    data: TrainingData,
    options: Options,
    make_reports: MakeReports,
) -> Outcome:
    """Train one network, or resume; its checkpoint is in the run folder.

    Raises StoppedError on Ctrl-C, DivergedError where the loss is not finite.
    """
    path = run.checkpoint(fold)
    checkpoint = checkpoints.load(path) if path.is_file() else None
    if checkpoint is not None and checkpoint.is_done:
        return Outcome(fold, checkpoint.results, checkpoint.grid)
    part = fold_rows(run.split, fold, len(data.items))
    sizes = len(part.training), len(part.held_out)
    decided("%s: %d items to train on, %d held out", path.stem, *sizes)
    rate, mixup = options.grid()[0]
    tried = try_grid(run, fold, data, options, make_reports)
    if tried:
        by = TARGETS[options.target].chosen_by
        best = min(tried, key=lambda result: result[by] if np.isfinite(result[by]) else np.inf)
        rate, mixup = best["lr"], best["mixup"]
    trained = _train(run, fold, part.training, data, options, (rate, mixup), path, make_reports)
    if len(part.held_out):
        trained.results = _measure(run, fold, trained, part.held_out, data, options)
    trained.results |= {"lr": rate, "mixup": mixup}
    trained.grid = tried
    if options.world.is_first:
        checkpoints.save(trained, path)
    options.world.wait()
    return Outcome(fold, trained.results, tried)


def histories(run: Run) -> History | None:
    """The learning curves of all networks that there are; None where there is none."""
    rows = []
    for fold in run.fold_numbers():
        if run.checkpoint(fold).is_file():
            rows += [[fold, *row] for row in checkpoints.load(run.checkpoint(fold)).history]
    if not rows:
        return None
    table = np.array(rows)
    return History(
        classes=run.classes,
        fold=table[:, 0].astype(np.int16),
        epoch=table[:, 1].astype(np.int32),
        loss=table[:, 2],
        accuracy=table[:, 3],
        learning_rate=table[:, 4],
    )


def try_grid(
    run: Run,
    fold: int,
    data: TrainingData,
    options: Options,
    make_reports: MakeReports,
) -> list[dict[str, float]]:
    """Train with every setting on most of a training part, and measure on the rest of it.

    The training part is that of the fold which chooses for this one. A setting with which training
    diverges has an infinite loss. Empty where there is one setting.
    """
    if len(options.grid()) == 1:
        return []
    known = _known_grid(run) if is_shared(run) else []
    if known:
        return known
    fold = chooser_of(run, fold)
    rows = fold_rows(run.split, fold, len(data.items)).training
    items = data.items[rows]
    count = min(INNER_FOLDS, len(np.unique(items)))
    inner = make_folds(items, data.strata[rows], count, options.seed)
    training, validation = rows[inner != 0], rows[inner == 0]
    results = []
    for place, (rate, mixup) in enumerate(options.grid()):
        path = run.checkpoint(fold).with_suffix(f".grid-{place}.pt")
        state = checkpoints.load(path) if path.is_file() else None
        if state is None or not state.is_done:
            try:
                state = _train(
                    run, fold, training, data, options, (rate, mixup), path, make_reports
                )
                state.results = _measure(run, fold, state, validation, data, options)
            except DivergedError:
                infinite = {TARGETS[options.target].chosen_by: np.inf}
                state = Checkpoint({}, torch.zeros(0).long(), is_done=True, results=infinite)
            if options.world.is_first:
                checkpoints.save(state, path)
            options.world.wait()
        results.append({"lr": rate, "mixup": mixup, **state.results})
    return results


def _known_grid(run: Run) -> list[dict[str, float]]:
    """The grid of a run whose folds share it, from one that is trained; empty without one."""
    for path in map(run.checkpoint, run.fold_numbers()):
        if path.is_file() and (state := checkpoints.load(path)).is_done:
            return state.grid
    return []


def _train(
    run: Run,
    fold: int,
    rows: Array,
    data: TrainingData,
    options: Options,
    setting: tuple[float, float],
    path: Path,
    make_reports: MakeReports,
) -> Checkpoint:
    """Train on some rows with one learning rate and mixup, from where the checkpoint is."""
    rate, mixup = setting
    examples = _examples(rows, data, options)
    settings = Settings(
        recipe=replace(options.recipe, lr=rate),
        seed=options.seed,
        fold=fold,
        drawn=TARGETS[options.target].is_drawn,
        mixup=mixup,
        precision=options.precision,
        device=options.device,
        world=options.world,
        compiled=options.compiled,
    )
    state = checkpoints.load(path) if path.is_file() else None
    network, ancestors = new_network(run, fold, options)
    if state is None:
        items = torch.from_numpy(data.items[rows].view(np.int64).copy())
        state = Checkpoint({}, torch.unique(torch.cat([items, ancestors])))
        if options.parent is None:
            prepare(network, examples.images.permute(0, 3, 1, 2)[:LOOKED_AT].float().cpu() / 255)
    training = None
    try:
        training = Training(network, examples, settings, state, path, options.minutes)
        items_left = (training.steps - state.step) * training.batch
        return training.run(make_reports(name_of(fold), items_left))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    training = None  # The error is gone too, and what its frames kept in memory.
    hint = "a smaller one may fit"
    if options.world.size == 1:
        fits = largest_batch(network, settings, data.images.shape[1:])
        hint = f"--batch-size {fits} fits" if fits else "no batch size fits"
    raise C10hError(
        f"{run.architecture}: out of memory with --batch-size {options.recipe.batch_size}: {hint}"
    )


def _examples(rows: Array, data: TrainingData, options: Options) -> Examples:
    """Some rows as a network is shown them."""
    truth = None if data.truth is None else data.truth[rows]
    targets = TARGETS[options.target].make(data.shares[rows], truth)
    return Examples(
        on_device(torch.from_numpy(data.images[rows]), options.device),
        torch.from_numpy(targets).float().to(options.device),
        torch.from_numpy(data.strata[rows]).to(options.device),
    )


def on_device(images: Tensor, device: torch.device) -> Tensor:
    """Images on the device, if they leave enough of its memory for the training; else as they are.

    Where they stay, batches go to the device one at a time.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if images.nbytes > IMAGES_SHARE * free:
            return images
    return images.to(device)


def new_network(run: Run, fold: int, options: Options) -> tuple[nn.Module, Tensor]:
    """A network with its first weights, and the items that its ancestors were trained on.

    Random weights depend on the seed and the fold, not on targets or on settings of training.
    """
    torch.manual_seed(_seed_of_weights(run, fold, options.seed))
    network = _build(run)
    nothing = torch.zeros(0, dtype=torch.int64)
    if options.parent is None:
        return network, nothing
    if isinstance(options.parent, Path):
        load_weights(network, options.parent)
        return network, nothing
    parent = options.parent
    state = checkpoints.load(parent.checkpoint(fold if parent.folds else ALL))
    _fill(network, state, parent)
    return network, state.trained


def _seed_of_weights(run: Run, fold: int, seed: int) -> int:
    if run.arguments.get(FIRST_WEIGHTS) != BY_FOLD:
        return seed
    return int(np.random.SeedSequence([seed, fold]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _measure(
    run: Run, fold: int, state: Checkpoint, rows: Array, data: TrainingData, options: Options
) -> dict[str, float]:
    """Accuracy and cross-entropies on some rows, by the network of a state.

    Those of the truth are over the rows whose true class is known. That of people's first choice is
    there where it chooses among settings.
    """
    network = _with_weights(run, state)
    logits = predict(network, data.images[rows], options.device, "fp32")
    shares = data.shares[rows]
    figures = {"items": float(len(rows)), "loss": cross_entropy(logits, shares)}
    if TARGETS[options.target].chosen_by == "ce_majority":
        figures["ce_majority"] = cross_entropy(logits, first_choice(shares))
    if data.truth is not None and (is_known := data.truth[rows] >= 0).any():
        truth, logits = data.truth[rows][is_known], logits[is_known]
        figures["accuracy"] = float((logits.argmax(axis=1) == truth).mean())
        figures["ce_hard"] = cross_entropy(logits, np.eye(shares.shape[1])[truth])
    return figures


def network_of(run: Run, fold: int) -> nn.Module:
    """A trained network of a run. Raises FileError or MismatchError for a broken checkpoint."""
    return _with_weights(run, checkpoints.load(run.checkpoint(fold)))


def _with_weights(run: Run, state: Checkpoint) -> nn.Module:
    network = _build(run)
    _fill(network, state, run)
    return network


def _build(run: Run) -> nn.Module:
    return build(run.architecture, len(run.classes), run.image_size, probs=run.probs)


def _fill(network: nn.Module, state: Checkpoint, run: Run) -> None:
    try:
        network.load_state_dict(state.network)
    except RuntimeError as error:
        raise MismatchError(
            f"{run.folder}: expected a checkpoint of {run.architecture}, found one of a different "
            "network"
        ) from error
