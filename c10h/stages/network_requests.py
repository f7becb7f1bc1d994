"""What training, predicting and attacking are asked: requests, which are checked as they are made.

Nothing here imports torch or numpy, which a request that cannot be carried out does not wait for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from c10h.attacks.budget import INFINITY, NORMS, Budget
from c10h.attacks.methods import ATTACKS, LOSSES
from c10h.errors import InputError, unknown_name
from c10h.files import Source
from c10h.request_fields import bounded, check_bounds, given_as, parts, seeding, shaping, switch
from c10h.stages.attack_budgets import parse_budgets
from c10h.training.choices import (
    AUGMENTATIONS,
    EACH_FOLD,
    GRID_CHOICES,
    OPTIMIZERS,
    PADDINGS,
    PRECISIONS,
    SCHEDULES,
    TARGETS,
)
from c10h.training.recipes import DEFAULT, FORMER, RECIPES, Recipe, recipe_for

if TYPE_CHECKING:
    from c10h.records import Images, Labels
    from c10h.run_folder import Run

# Tables of what fields of requests can be, for the command line too, which imports neither training
# nor attacks.
__all__ = [
    "ATTACKS", "AUGMENTATIONS", "GRID_CHOICES", "LOSSES", "NORMS", "OPTIMIZERS", "PADDINGS",
    "PRECISIONS", "RECIPES", "SCHEDULES", "TARGETS",
]  # fmt: skip
CHANNELS = 3
# Which networks answer for an image.
HELD_OUT, ENSEMBLE, MEMBERS = "held-out", "ensemble", "members"
# What is settled during the work, and what it may come to where nobody said it, if not anything.
LEFT_OPEN: Mapping[str, tuple[str, ...]] = {
    "answer": (HELD_OUT, ENSEMBLE),
    "precision": (),
    "device": (),
}
# Fields that replace a part of the recipe, and what it is called there.
RECIPE_PARTS = {
    "optimizer": "optimizer",
    "nesterov": "nesterov",
    "schedule": "schedule",
    "decay": "decay",
    "epochs": "epochs",
    "batch_size": "batch_size",
    "weight_decay": "weight_decay",
    "augment": "augment",
    "padding": "padding_mode",
}


@dataclass(frozen=True)
class RunNetworks:
    """The networks of runs that c10h trained, each run once.

    held_out: demand that each image is answered for by a network that did not see it. members: each
    network by itself. names: what messages call the runs, unless by their folders. answer: which
    networks answer for an image, once that is settled. code: the callable that may make networks: a
    run folder names code, which anybody may have written there, and it is run only where the user
    names it as well. Raises InputError for a run that is there twice, and for other code.
    """

    runs: tuple[Run, ...] = given_as("", "network")
    held_out: bool = False
    members: bool = False
    names: tuple[str, ...] = ()
    code: str | None = shaping("arch", None)
    answer: str = shaping(
        "answer",
        "",
        unless="",
        flags={HELD_OUT: ["--held-out"], MEMBERS: ["--members"]},
        init=False,
    )

    def __post_init__(self) -> None:
        places = [run.folder.resolve() for run in self.runs]
        for number, place in enumerate(places):
            if place in places[:number]:
                raise InputError(f"{self._name(number)}: given twice")
        for number, run in enumerate(self.runs):
            if run.code not in (None, self.code):
                raise InputError(
                    f"{self._name(number)}: its network is code, {run.code}, which is run only "
                    f"where you name it: --arch {run.code}"
                )

    def _name(self, number: int) -> str:
        return self.names[number] if self.names else str(self.runs[number].folder)

    @property
    def architecture(self) -> str:
        return self.runs[0].architecture


@dataclass(frozen=True)
class ForeignNetwork:
    """A network that no run of c10h made.

    architecture: a name that :func:`c10h.models.building.build` knows. weights: a file of them;
    random ones without. classes: names as ``--classes`` has them; without, those of the images.
    probs: it returns probabilities, not logits. mean, std: what its pixels in [0, 1] are normalised
    by, as ``--mean`` and ``--std`` have it; without, as :func:`c10h.models.building.build` does.
    Raises InputError for the checkpoint of a run as weights, and for classes and statistics that
    cannot be.
    """

    architecture: str = shaping("arch")
    weights: Source | None = given_as("--weights", "weights", default=None)
    classes: str | None = shaping("classes", None)
    probs: bool = shaping("probs", False)
    mean: str | None = shaping("mean", None)
    std: str | None = shaping("std", None)

    @property
    def code(self) -> str:
        """What may make networks."""
        return self.architecture

    def __post_init__(self) -> None:
        from c10h.formats.class_names import parse_classes
        from c10h.run_folder import refuse_checkpoint

        if self.weights is not None:
            refuse_checkpoint("--weights", self.weights.path)
        if self.classes is not None:
            parse_classes(self.classes)
        if (self.mean is None) != (self.std is None):
            lacking = "--std" if self.std is None else "--mean"
            raise InputError(f"--mean and --std belong together: {lacking} is missing")
        parse_channels("--mean", self.mean)
        parse_channels("--std", self.std, above=0)


def parse_channels(option: str, words: str | None, above: float = -inf) -> tuple[float, ...] | None:
    """A number in [0, 1] for each channel, from one for all or R,G,B. Raises InputError."""
    if words is None:
        return None
    try:
        numbers = tuple(float(word) for word in words.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, CHANNELS) or not all(above < number <= 1 for number in numbers):
        hint = " (bytes? divide them by 255)" if any(number > 1 for number in numbers) else ""
        least = "of at most 1" if above < 0 else f"above {above:g}, of at most 1"
        raise InputError(
            f"{option} {words}: expected one number {least}, or {CHANNELS} with commas{hint}"
        )
    return numbers * (CHANNELS // len(numbers))


Networks: TypeAlias = RunNetworks | ForeignNetwork


def _settled(networks: Networks, device: str) -> dict[str, Any]:
    """What fields of a request for answers of networks come to, before the work."""
    kind = device.partition(":")[0]
    settled: dict[str, Any] = {"device": None if kind == "cpu" else kind}
    if isinstance(networks, RunNetworks) and (networks.members or networks.held_out):
        settled["answer"] = MEMBERS if networks.members else HELD_OUT
    return settled


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PredictRequest:
    """What to predict.

    networks: who answers. images, images_file: pictures, and the file that they are in.
    batch_size: images at a time. device: auto, or a name of torch's. precision: auto, fp32, bf16 or
    fp16, of the networks' products.
    """

    command: ClassVar[str] = "predict"
    left_open: ClassVar[Mapping[str, tuple[str, ...]]] = LEFT_OPEN

    networks: Networks = parts(RunNetworks, ForeignNetwork)
    images: Images
    images_file: Source = given_as("", "images")
    batch_size: int = shaping("batch-size", 500, least=1)
    device: str = shaping("device", "auto")
    precision: str = shaping("precision", "fp32", among=PRECISIONS)

    @property
    def settled(self) -> Mapping[str, Any]:
        """What fields come to, as far as that is known before the work."""
        return _settled(self.networks, self.device)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrainRequest:
    """What to train.

    images, labels: pictures and what people saw in them, and the files that these are in; without
    labels the true classes of the images. architecture: a name that
    :func:`c10h.models.building.build` knows; probs: it returns probabilities. folder: of the run,
    new or to resume. folds: how many, or None for one network of everything; fold_numbers: those to
    train, none for all. target: a name in TARGETS. rates, mixups: several are a grid; choose: a
    name in GRID_CHOICES, of what chooses among them. init: a run whose networks are the first ones,
    or a file of first weights; init_name: what messages call a run, unless by its folder. recipe: a
    name in RECIPES, or None for that of the network's authors; what follows replaces parts of it.
    milestones: epochs, ascending, after which a multistep rate is multiplied by decay; those of the
    recipe are shares of its epochs. compiled: compile the network first. parallel_folds: how many
    at a time, each in a process. checkpoint_minutes: between checkpoints, besides those after each
    epoch. tensorboard: write learning curves for it. notes: what is to be told of the inputs, once
    everything fits. settings: the recipe, with what replaces its parts.

    Raises InputError for an architecture or a recipe that there is not, for parts of a recipe that
    do not go together, and for what is not installed.
    """

    command: ClassVar[str] = "train"

    images: Images
    images_file: Source = given_as("", "images")
    architecture: str = shaping("arch")
    folder: Path
    labels: Labels | None = None
    labels_file: Source | None = given_as("", "labels", default=None)
    probs: bool = shaping("probs", False)
    folds: int | None = shaping("folds", None, least=2)
    fold_numbers: tuple[int, ...] = ()
    target: str = shaping("target", "soft", among=TARGETS)
    rates: tuple[float, ...] = shaping("lr", (), above=0)
    mixups: tuple[float, ...] = shaping("mixup", (), least=0)
    choose: str = shaping(
        "choose",
        EACH_FOLD,
        unless=EACH_FOLD,
        when=lambda request: len({*request.rates}) > 1 or len({*request.mixups}) > 1,
        among=GRID_CHOICES,
    )
    init: Run | Source | None = given_as("--init", "init", default=None)
    init_name: str = ""
    recipe: str | None = shaping("recipe", None)
    optimizer: str | None = shaping("optimizer", None, among=OPTIMIZERS)
    nesterov: bool | None = switch(None, nesterov=True, no_nesterov=False)
    schedule: str | None = shaping("schedule", None, among=SCHEDULES)
    milestones: tuple[float, ...] = shaping("milestones", (), above=0)
    decay: float | None = shaping("decay", None, above=0, most=1)
    epochs: float | None = shaping("epochs", None, above=0)
    batch_size: int | None = shaping("batch-size", None, least=1)
    weight_decay: float | None = shaping("weight-decay", None, least=0)
    augment: str | None = shaping("augment", None, among=AUGMENTATIONS)
    padding: str | None = shaping("padding", None, among=PADDINGS)
    seed: int = seeding(option="seed")
    device: str = "auto"
    precision: str = shaping("precision", "auto", among=PRECISIONS)
    compiled: bool = shaping("compile", False)
    parallel_folds: int = bounded("parallel-folds", 1, least=1)
    checkpoint_minutes: float | None = bounded("checkpoint-minutes", None, least=0)
    tensorboard: bool = False
    notes: tuple[str, ...] = ()
    settings: Recipe = field(init=False)

    def __post_init__(self) -> None:
        from c10h.run_folder import refuse_checkpoint

        check_bounds(self)
        if self.parallel_folds > 1 and self.folds is None:
            raise InputError("--parallel-folds: needs --folds")
        if self.tensorboard and find_spec("tensorboard") is None:
            raise InputError("--tensorboard: not installed: pip install 'c10h[tensorboard]'")
        if isinstance(self.init, Source):
            refuse_checkpoint("--init", self.init.path)
        object.__setattr__(self, "settings", _settings(self))


def _settings(request: TrainRequest) -> Recipe:
    """The recipe of the network's authors or the one asked for, with what replaces its parts."""
    from c10h.models.architectures import family_of

    family = family_of(request.architecture)
    name = request.recipe or (family if family in RECIPES else None) or DEFAULT
    if name not in RECIPES and name not in FORMER:
        raise InputError(f"--recipe: {unknown_name('recipe', name, RECIPES)}")
    asked = {part: getattr(request, field) for field, part in RECIPE_PARTS.items()}
    told = {part: value for part, value in asked.items() if value is not None}
    recipe = replace(recipe_for(name, family), **told)
    if request.milestones:
        shares = tuple(epoch / recipe.epochs for epoch in request.milestones)
        recipe = replace(recipe, milestones=shares)
    _check_parts(request, recipe)
    return recipe


def _check_parts(request: TrainRequest, recipe: Recipe) -> None:
    """Raise InputError for a part that the recipe has no use for, or one that it lacks."""
    schedule = SCHEDULES[recipe.schedule]
    for option, value in (("milestones", request.milestones or None), ("decay", request.decay)):
        if value is not None and not schedule.has_milestones:
            raise InputError(f"--{option}: needs --schedule multistep, found {recipe.schedule}")
    if schedule.has_milestones and not recipe.milestones:
        raise InputError("--schedule multistep: the recipe has no milestones: add --milestones")
    if list(request.milestones) != sorted(set(request.milestones)):
        epochs = ", ".join(f"{epoch:g}" for epoch in request.milestones)
        raise InputError(f"--milestones: expected ascending epochs, found {epochs}")
    if request.nesterov and not OPTIMIZERS[recipe.optimizer].has_momentum:
        raise InputError(f"--nesterov: needs --optimizer sgd, found {recipe.optimizer}")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AttackRequest:
    """What to attack, and how.

    networks: who is attacked. images, images_file: pictures, and the file that they are in; labels,
    labels_file: what people saw in them, to compare with. method, loss, norm: names in ATTACKS,
    LOSSES (None for the method's own) and NORMS. epsilons, step_size: as 4/255, or decimals under
    1, of pixels in [0, 1]. steps, random_start: None for the method's own. toward: least-likely,
    human-second, a class, or empty for away from the truth. source: a run on whose networks the
    perturbations are made; source_name: what messages call it, unless by its folder.
    skip_unlabeled: leave images out that the labels do not have. limit: how
    many images, drawn by the seed. examined: how many the attack itself is examined on; None for as
    many as cost no more than the attack. parts: the
    folder where finished batches are kept, to resume from; None for a temporary one.
    notes: what is to be told of the inputs, once everything fits.

    budgets, maximised: how far the attack goes, and the loss that it maximises. Raises InputError
    for a loss, sizes or options that the method cannot have, and for too few classes.
    """

    command: ClassVar[str] = "attack"
    left_open: ClassVar[Mapping[str, tuple[str, ...]]] = {**LEFT_OPEN, "health": ()}

    networks: Networks = parts(RunNetworks, ForeignNetwork)
    images: Images
    images_file: Source = given_as("", "images")
    labels: Labels | None = None
    labels_file: Source | None = given_as("--labels", "labels", default=None)
    method: str = shaping("method", "pgd", among=ATTACKS)
    epsilons: tuple[str, ...] = shaping("epsilon", ("4/255",))
    norm: str = shaping("norm", INFINITY, among=NORMS)
    loss: str | None = shaping("loss", None)
    steps: int | None = shaping("steps", None, least=1)
    step_size: str | None = shaping("step-size", None)
    restarts: int = shaping("restarts", 1, least=1)
    random_start: bool | None = switch(None, random_start=True, no_random_start=False)
    toward: str = shaping("toward", "", unless="")
    source: Run | None = given_as("--from", "source network", default=None)
    source_name: str = ""
    skip_unlabeled: bool = shaping("skip-unlabeled", False)
    limit: int | None = shaping("limit", None, least=1)
    examined: int | None = shaping("health", None, least=0)
    save_images: bool = shaping("save-images", False)
    batch_size: int = shaping("batch-size", 250, least=1)
    seed: int = seeding()
    device: str = shaping("device", "auto")
    precision: str = shaping("precision", "fp32", among=PRECISIONS)
    parts: Path | None = None
    notes: tuple[str, ...] = ()
    budgets: Sequence[Budget] = field(init=False)
    maximised: str = field(init=False)

    @property
    def settled(self) -> Mapping[str, Any]:
        """What fields come to, as far as that is known before the work."""
        return {
            **_settled(self.networks, self.device),
            "loss": self.maximised,
            "steps": self.budgets[0].steps,
            "random_start": self.budgets[0].random_start,
        }

    def __post_init__(self) -> None:
        check_bounds(self)
        method = ATTACKS[self.method]
        loss = self.loss or method.losses[0]
        if loss not in method.losses:
            raise InputError(
                f"--loss {loss}: expected one of {', '.join(method.losses)} for --method "
                f"{self.method}"
            )
        limits = parse_budgets(
            self.epsilons, self.norm, method, self.steps, self.step_size, self.random_start
        )
        least, count = LOSSES[loss].least_classes, len(self.images.classes)
        if count < least:
            raise InputError(
                f"--loss {loss}: has no gradient with fewer than {least} classes, found {count}"
            )
        object.__setattr__(self, "budgets", limits)
        object.__setattr__(self, "maximised", loss)
