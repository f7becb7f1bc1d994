"""What ``c10h train`` settles before it trains: inputs, recipe, folds and the run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.cli.console import say
from c10h.cli.fine_tuning import parent_of
from c10h.cli.meant import open_images
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import LABELS
from c10h.errors import InputError, MismatchError, unknown_name
from c10h.files import Source, check_single_stdin
from c10h.formats.readers import open_labels
from c10h.lineage import Made, lineage_of
from c10h.models import build, family_of
from c10h.records import Images, Labels
from c10h.run_folder import FILE, Run, begin_or_resume, chosen, open_run
from c10h.stages.train import join, split
from c10h.training.distributed import world_of_environment
from c10h.training.folds import item_hashes, part_of
from c10h.training.networks import Material, Options
from c10h.training.precision import choose_device, choose_precision
from c10h.training.recipes import DEFAULT, RECIPES, Recipe, recipe_for
from c10h.training.targets import check_truth_for

if TYPE_CHECKING:
    import torch
    from torch.nn import Module

# Options that replace a part of the recipe.
PARTS = ("optimizer", "schedule", "epochs", "batch_size", "weight_decay", "augment")


@dataclass
class Prepared:
    """A run, which folds of it to train, on what, and how. ``begin`` makes its folder.

    files: the images and the labels, which need not be what the command line calls them.
    notes: what people should know, one line each.
    """

    run: Run
    numbers: Sequence[int]
    material: Material
    options: Options
    files: Sequence[Source]
    tensorboard: bool
    notes: Sequence[str] = ()

    def begin(self) -> None:
        """Make the run folder, or find it as it was; the first of all processes does.

        Raises OutputError or MismatchError where that is not possible.
        """
        if not self.options.world.is_first:
            return
        found = begin_or_resume(self.run)
        others = [
            f"{name} {found.machine.get(name)}, now {value}"
            for name, value in self.run.machine.items()
            if found.machine.get(name) != value
        ]
        for note in self.notes:
            say(note)
        if others:
            say(f"note: begun with {'; '.join(others)}: last digits may differ from one go")
        # A process that was killed while it wrote a checkpoint leaves a large file without a name.
        for number in self.numbers:
            for left in found.folder.glob(f".{self.run.checkpoint(number).stem}.*"):
                left.unlink(missing_ok=True)
        self.run = found


def prepare(arguments: Mapping[str, Any]) -> Prepared:
    """Open the inputs of a command line and settle everything that it leaves open.

    Raises C10hError (one line) for whatever cannot be.
    """
    import torch

    world = world_of_environment()
    device = choose_device(arguments["device"])
    if world.size > 1 and device.type == "cuda":
        device = torch.device("cuda", world.local_rank)
    if arguments["tensorboard"] and find_spec("tensorboard") is None:
        raise InputError("--tensorboard: not installed: pip install 'c10h[tensorboard]'")
    recipe = _recipe(arguments)
    told: list[str] = []
    files, images, labels = _open(arguments, told)
    height, width = images.images.shape[1:3]
    network = _network(arguments, len(images.classes), (height, width))
    material = join(images, labels, item_hashes(images.images), told.append)
    options = Options(
        architecture=arguments["arch"],
        recipe=recipe,
        # Without labels there is the true class alone, whatever the target.
        target=arguments["target"] if labels is not None else "hard",
        rates=tuple(dict.fromkeys(arguments["lr"] or [recipe.lr])),
        mixups=tuple(dict.fromkeys(arguments["mixup"] or [0.0])),
        seed=arguments["seed"],
        precision=_precision(arguments["precision"], Path(arguments["output"]), device),
        device=device,
        world=world,
        compiled=arguments["compile_"],
        minutes=arguments["checkpoint_minutes"],
    )
    run = _run(arguments, options, material, files)
    numbers = chosen(run, arguments["fold"] or [])
    notes = [
        *told,
        _what_is_trained(run, options, sum(one.numel() for one in network.parameters())),
    ]
    sources = [source for _, source, _ in files]
    if arguments["init"] is not None:
        parent, file, made, more = parent_of(arguments["init"], run, numbers, material, network)
        options = replace(options, parent=parent)
        run = _run(arguments, options, material, [*files, ("init", file, made)])
        notes += more
    _check(run, numbers, material, options, network)
    return Prepared(run, numbers, material, options, sources, arguments["tensorboard"], notes)


def _network(arguments: Mapping[str, Any], classes: int, size: tuple[int, int]) -> Module:
    """A network of the run, to check it by; where it returns probabilities, in training, too."""
    name, probs = arguments["arch"], arguments["probs"]
    network = build(name, classes, size, probs=probs)
    if probs:
        from c10h.models.own import check

        check(name, network, classes, size, in_training=True)
    return network


def _recipe(arguments: Mapping[str, Any]) -> Recipe:
    """The recipe of the network's authors or the one asked for, with what options replace."""
    family = family_of(arguments["arch"])
    name: str = arguments["recipe"] or (family if family in RECIPES else None) or DEFAULT
    if name not in RECIPES:
        raise InputError(f"--recipe: {unknown_name('recipe', name, RECIPES)}")
    told = {part: arguments[part] for part in PARTS if arguments[part] is not None}
    return replace(recipe_for(name, family), **told)


def _open(
    arguments: Mapping[str, Any], told: list[str]
) -> tuple[list[tuple[str, Source, Made | None]], Images, Labels | None]:
    """The inputs with their roles, for the lineage, and as records."""
    named = (arguments["images"], arguments["labels"], arguments["init"])
    check_single_stdin([one for one in named if one is not None])
    source, images = open_images(arguments["images"])
    files: list[tuple[str, Source, Made | None]] = [("images", source, images)]
    if arguments["labels"] is None:
        return files, images, None
    file = open_input(arguments["labels"], LABELS)
    labels = open_labels(file, tell=told.append)
    return [*files, ("labels", file, labels)], images, labels


def _precision(name: str, folder: Path, device: torch.device) -> str:
    """The precision; a run that goes on keeps the one that it began with, unless told another."""
    if name == "auto" and (folder / FILE).is_file():
        name = str(open_run(folder).arguments.get("precision", name))
    return choose_precision(name, device)


def _run(
    arguments: Mapping[str, Any],
    options: Options,
    material: Material,
    files: Sequence[tuple[str, Source, Made | None]],
) -> Run:
    """The run as it is to be: see :class:`Run`."""
    import torch

    shaping = {
        "arch": options.architecture,
        "folds": arguments["folds"],
        "target": options.target,
        "lr": list(options.rates),
        "mixup": [] if options.mixups == (0.0,) else list(options.mixups),
        "seed": options.seed,
        "precision": options.precision,
        "compile": options.compiled,
        **({"probs": True} if arguments["probs"] else {}),
    }
    told = {part.replace("_", "-"): arguments[part] for part in ("recipe", *PARTS)}
    lineage = lineage_of(
        "train", {**shaping, **told}, files, options.seed, architecture=options.architecture
    )
    hashes = {role: source.sha256 for role, source, _ in files}
    height, width = map(int, material.images.shape[1:3])
    return Run(
        folder=Path(arguments["output"]),
        architecture=options.architecture,
        classes=material.classes,
        image_size=height if height == width else (height, width),
        folds=arguments["folds"],
        split=split(material, arguments["folds"], options.seed),
        arguments={**dataclasses.asdict(options.recipe), **shaping, **hashes},
        lineage=lineage,
        machine={
            "device": str(options.device),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "processes": options.world.size,
        },
    )


def _check(
    run: Run, numbers: Sequence[int], material: Material, options: Options, network: Module
) -> None:
    """Raise InputError for what would fail only when networks are trained."""
    import torch

    check_truth_for(options.target, material.truth)
    processes = options.world.size
    for number in numbers:
        rows = part_of(run.split, number, len(material.items)).training
        if len(options.grid()) > 1 and len(np.unique(material.items[rows])) < 2:
            raise InputError("several --lr or --mixup: expected images of which some can choose")
        batch = min(options.recipe.batch_size, len(rows))
        if batch % processes:
            raise MismatchError(
                f"--batch-size {batch}: does not divide by the {processes} processes"
            )
        if batch == processes:
            height, width = material.images.shape[1:3]
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
    parts = [
        f"{parameters:,} parameters",
        f"target {options.target}" + (f" with mixup {mixups}" if any(options.mixups) else ""),
        f"{recipe.optimizer}, lr {rates} {recipe.schedule}, epochs {recipe.epochs:g}, "
        f"batch {recipe.batch_size}, weight decay {recipe.weight_decay:.4g}, "
        f"augment {recipe.augment}",
        f"{options.precision} on {options.device}",
    ]
    return f"{run.architecture}: {'; '.join(parts)}; recipe: {recipe.source}"
