"""What is settled before anything is trained: data, recipe, folds and the run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from c10h.errors import InputError, MismatchError
from c10h.files import Source
from c10h.formats.hints import Tell
from c10h.images.hashes import hashes_of
from c10h.lineage import HasLineage, lineage_of
from c10h.locks import only_one
from c10h.models.building import build
from c10h.models.external_networks import check as check_own_network
from c10h.models.network_code import code_inputs
from c10h.run_folder import FILE, Run, begin_or_resume, chosen_folds, open_run
from c10h.stages.fine_tuning import parent_of
from c10h.stages.network_requests import TrainRequest
from c10h.stages.training_data import join, split
from c10h.training.choices import SCHEDULES, chooser_of
from c10h.training.device_and_precision import choose_device, choose_precision
from c10h.training.distributed import world_of_environment
from c10h.training.fold_training import BY_FOLD, FIRST_WEIGHTS, Options, TrainingData
from c10h.training.folds import fold_rows
from c10h.training.targets import check_truth_for

if TYPE_CHECKING:
    import torch
    from torch.nn import Module

    from c10h.training.recipes import Recipe

# What a run keeps of its lineage's options besides the recipe, to compare with when it is resumed,
# and what stands there where an option is not among them.
ARGUMENTS: Mapping[str, object] = {
    "arch": None,
    "folds": None,
    "target": None,
    "lr": None,
    "mixup": [],
    "seed": None,
    "precision": None,
    "compile": False,
}


@dataclass(frozen=True)
class TrainingPlan:
    """A run, which folds of it to train, on what, and how. ``begun`` makes its folder.

    tensorboard: whether learning curves are written for it. notes: what people should know, one
    line each.
    """

    run: Run
    fold_numbers: Sequence[int]
    data: TrainingData
    options: Options
    tensorboard: bool = False
    notes: Sequence[str] = ()

    @contextmanager
    def begun(self, tell: Tell) -> Iterator[TrainingPlan]:
        """Make the run folder, or find it as it was, and tell the notes; it is ours in the block.

        The first of all processes does. Raises OutputError or MismatchError where that is not
        possible, and where another command trains one of the networks.
        """
        if not self.options.world.is_first:
            yield self
            return
        run = begin_or_resume(self.run)
        changed = [
            f"{name} {run.machine.get(name)}, now {value}"
            for name, value in self.run.machine.items()
            if run.machine.get(name) != value
        ]
        for note in self.notes:
            tell(note)
        if changed:
            tell(
                f"note: started with {'; '.join(changed)}: the last digits may differ from an "
                "uninterrupted run"
            )
        with ExitStack() as stack:
            for path in map(run.checkpoint, self.fold_numbers):
                stack.enter_context(only_one(run.folder / f".{path.stem}.lock", str(path)))
                # What a process that was killed left of a checkpoint that it wrote.
                for left in run.folder.glob(f".{path.stem}.*pt.*"):
                    left.unlink(missing_ok=True)
            yield replace(self, run=run)


def plan_training(request: TrainRequest) -> TrainingPlan:
    """Settle everything that a request leaves open, and check it.

    Raises C10hError (one line) for whatever cannot be.
    """
    import torch

    world = world_of_environment()
    device = choose_device(request.device)
    if world.size > 1 and device.type == "cuda":
        device = torch.device("cuda", world.local_rank)
    images, notes = request.images, list(request.notes)
    network = _network(request)
    data = join(images, request.labels, hashes_of(images), notes.append)
    options = Options(
        architecture=request.architecture,
        recipe=request.settings,
        # Without labels there is the true class alone, whatever the target.
        target=request.target if request.labels is not None else "hard",
        rates=tuple(dict.fromkeys(request.rates or [request.settings.lr])),
        mixups=tuple(dict.fromkeys(request.mixups or [0.0])),
        seed=request.seed,
        precision=_precision(request, device),
        device=device,
        world=world,
        compiled=request.compiled,
        minutes=request.checkpoint_minutes,
    )
    files: list[tuple[str, Source, HasLineage | None]] = [("images", request.images_file, images)]
    if request.labels_file is not None:
        files.append(("labels", request.labels_file, request.labels))
    files += code_inputs(request.architecture)
    run = _run(request, options, data, files)
    fold_numbers = chosen_folds(run, list(request.fold_numbers))
    parameters = sum(values.numel() for values in network.parameters())
    notes.append(_what_is_trained(run, options, parameters))
    needed = sorted({*fold_numbers, *(chooser_of(run, fold) for fold in fold_numbers)})
    if request.init is not None:
        parent, file, record, parent_notes = parent_of(
            request.init, request.init_name, run, needed, data, network
        )
        options = replace(options, parent=parent)
        run = _run(request, options, data, [*files, ("init", file, record)])
        notes += parent_notes
    _check(run, needed, data, options, network)
    return TrainingPlan(run, fold_numbers, data, options, request.tensorboard, notes)


def _network(request: TrainRequest) -> Module:
    """A network of the run, to check it by; where it returns probabilities, in training, too."""
    name, classes = request.architecture, len(request.images.classes)
    height, width = request.images.images.shape[1:3]
    network = build(name, classes, (height, width), probs=request.probs)
    if request.probs:
        check_own_network(name, network, classes, (height, width), in_training=True)
    return network


def _precision(request: TrainRequest, device: torch.device) -> str:
    """The precision; a resumed run keeps its own, unless another one is asked for."""
    name = request.precision
    if name == "auto" and (request.folder / FILE).is_file():
        name = str(open_run(request.folder).arguments.get("precision", name))
    return choose_precision(name, device)


def _run(
    request: TrainRequest,
    options: Options,
    data: TrainingData,
    files: Sequence[tuple[str, Source, HasLineage | None]],
) -> Run:
    """The run as it is to be: see :class:`Run`."""
    import torch

    lineage = lineage_of(
        request,
        files,
        settled={
            "target": options.target,
            "rates": tuple(options.rates),
            "mixups": () if options.mixups == (0.0,) else tuple(options.mixups),
            "precision": options.precision,
        },
        architecture=options.architecture,
    )
    arguments = {name: lineage.options.get(name, value) for name, value in ARGUMENTS.items()}
    if request.probs:
        arguments["probs"] = True
    if "choose" in lineage.options:
        arguments["choose"] = lineage.options["choose"]
    if request.folds is not None and not _has_older_weights(request.folder):
        arguments[FIRST_WEIGHTS] = BY_FOLD
    hashes = {role: source.sha256 for role, source, _ in files}
    height, width = map(int, data.images.shape[1:3])
    return Run(
        folder=request.folder,
        architecture=options.architecture,
        classes=data.classes,
        image_size=height if height == width else (height, width),
        folds=request.folds,
        split=split(data, request.folds, options.seed),
        arguments={**dataclasses.asdict(options.recipe), **arguments, **hashes},
        lineage=lineage,
        machine={
            "device": str(options.device),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "processes": options.world.size,
        },
    )


def _has_older_weights(folder: Path) -> bool:
    """Whether a run was begun by a version whose folds all had the same first weights."""
    return (folder / FILE).is_file() and FIRST_WEIGHTS not in open_run(folder).arguments


def _check(
    run: Run, fold_numbers: Sequence[int], data: TrainingData, options: Options, network: Module
) -> None:
    """Raise InputError for what would fail only when networks are trained."""
    import torch

    check_truth_for(options.target, data.truth)
    processes = options.world.size
    for fold in fold_numbers:
        rows = fold_rows(run.split, fold, len(data.items)).training
        if len(options.grid()) > 1 and len(np.unique(data.items[rows])) < 2:
            raise InputError(
                "several --lr or --mixup: expected enough images to hold some back for the choice"
            )
        batch = min(options.recipe.batch_size, len(rows))
        if batch % processes:
            raise MismatchError(f"--batch-size {batch}: not divisible by the {processes} processes")
        if batch == processes:
            height, width = data.images.shape[1:3]
            try:
                network.train()(torch.zeros(1, 3, height, width))
            except ValueError as error:
                raise InputError(
                    f"--batch-size {options.recipe.batch_size}: {run.architecture} cannot be "
                    "trained on one image at a time: its batch normalisation needs several"
                ) from error


def _what_is_trained(run: Run, options: Options, parameters: int) -> str:
    """One line for people: the network, the recipe, the machine."""
    recipe = options.recipe
    rates = ", ".join(f"{rate:g}" for rate in options.rates)
    mixups = ", ".join(f"{mixup:g}" for mixup in options.mixups)
    clauses = [
        f"{parameters:,} parameters",
        f"target {options.target}" + (f" with mixup {mixups}" if any(options.mixups) else ""),
        f"{recipe.optimizer}, lr {rates} {_schedule(recipe)}, epochs {recipe.epochs:g}, "
        f"batch {recipe.batch_size}, weight decay {recipe.weight_decay:.4g}, "
        f"augment {recipe.augment}",
        f"{options.precision} on {options.device}",
    ]
    return f"{run.architecture}: {'; '.join(clauses)}; recipe: {recipe.source}"


def _schedule(recipe: Recipe) -> str:
    """The name of the schedule, and where there are milestones their epochs and the factor."""
    if not SCHEDULES[recipe.schedule].has_milestones:
        return recipe.schedule
    epochs = ", ".join(f"{milestone * recipe.epochs:.4g}" for milestone in recipe.milestones)
    return f"{recipe.schedule} (x {recipe.decay:g} at {epochs})"
