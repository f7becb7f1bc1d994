"""What people can choose of how networks are trained. Nothing here imports torch or numpy.

A row of TARGETS makes, from labels and truth of the training part, one distribution an item. With
``sample`` a label is drawn from it each time that an item is shown. A row of AUGMENTATIONS takes a
batch, uint8 (b, h, w, 3), what to mirror, the recipe and a generator of the batch's device, and
returns a batch of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from torch import Generator, Tensor
    from torch.optim import Optimizer

    from c10h.records import Array
    from c10h.run_folder import Run
    from c10h.training.recipes import Recipe


class Target(NamedTuple):
    """How to make a target.

    summary: one line for the help. make: distributions (n, c) from shares and truth. chosen_by: the
    figure of held-back items that chooses among learning rates; of no more of people's labels than
    the target has. needs_truth: of every item.
    """

    summary: str
    make: Callable[[Array, Array | None], Array]
    is_drawn: bool = False
    chosen_by: str = "loss"
    needs_truth: bool = False


_SOFT = Deferred("c10h.training.targets:soft")
TARGETS: Mapping[str, Target] = {
    "soft": Target("cross-entropy with the labels' distribution", _SOFT),
    "hard": Target(
        "the true class",
        Deferred("c10h.training.targets:hard"),
        chosen_by="ce_hard",
        needs_truth=True,
    ),
    "majority": Target(
        "people's first choice, shared equally where several classes tie for it",
        Deferred("c10h.training.targets:majority"),
        chosen_by="ce_majority",
    ),
    "class": Target(
        "the mean distribution of the true class, over the training part",
        Deferred("c10h.training.targets:by_class"),
        needs_truth=True,
    ),
    "sample": Target(
        "a label drawn from the distribution each time an image is shown", _SOFT, is_drawn=True
    ),
}


class Augmentation(NamedTuple):
    """summary: one line for the help. change: see the module; flips: bool (b), what to mirror."""

    summary: str
    change: Callable[[Tensor, Tensor, Recipe, Generator], Tensor]


AUGMENTATIONS: Mapping[str, Augmentation] = {
    "none": Augmentation("images as they are", Deferred("c10h.training.augmentation:unchanged")),
    "standard": Augmentation(
        "shifts by up to 4 pixels, horizontal flips of half the images",
        Deferred("c10h.training.augmentation:standard"),
    ),
    "strong": Augmentation(
        "standard, plus a black square of half the image side",
        Deferred("c10h.training.augmentation:strong"),
    ),
}


class Padding(NamedTuple):
    """pad: floats or bytes (b, c, h, w), by up to some pixels on each side, to wider ones."""

    summary: str
    pad: Callable[[Tensor, int], Tensor]


PADDINGS: Mapping[str, Padding] = {
    "constant": Padding("black", Deferred("c10h.training.augmentation:with_black")),
    "reflect": Padding(
        "what a mirror at the edge shows", Deferred("c10h.training.augmentation:mirrored")
    ),
}


class Schedule(NamedTuple):
    """How the learning rate changes over time.

    factor: what the rate is multiplied by, in [0, 1], from the recipe, the step from 0, all steps,
    and those of the warm-up, which are over. has_warmup: of its own, in place of the recipe's.
    has_milestones: it depends on those of the recipe.
    """

    summary: str
    factor: Callable[[Recipe, int, int, int], float]
    has_warmup: bool = False
    has_milestones: bool = False


SCHEDULES: Mapping[str, Schedule] = {
    "multistep": Schedule(
        "multiplied by the decay at each milestone",
        Deferred("c10h.training.optimization:multistep"),
        has_milestones=True,
    ),
    "cosine": Schedule("half a cosine, down to 0", Deferred("c10h.training.optimization:cosine")),
    "onecycle": Schedule(
        "up in the first 23 % of the steps, then down",
        Deferred("c10h.training.optimization:onecycle"),
        has_warmup=True,
    ),
    "constant": Schedule(
        "the same rate throughout", Deferred("c10h.training.optimization:constant")
    ),
}


class OptimizerChoice(NamedTuple):
    """make: the optimizer of groups of parameters, as torch.optim takes them, and of a recipe.

    has_momentum: it uses that of the recipe, and Nesterov's if the recipe says so.
    """

    summary: str
    make: Callable[[list[dict[str, Any]], Recipe], Optimizer]
    has_momentum: bool = False


OPTIMIZERS: Mapping[str, OptimizerChoice] = {
    "sgd": OptimizerChoice(
        "gradient descent with the recipe's momentum",
        Deferred("c10h.training.optimization:sgd"),
        has_momentum=True,
    ),
    "adam": OptimizerChoice(
        "Adam, with torch's usual betas", Deferred("c10h.training.optimization:adam")
    ),
}


class GridChoice(NamedTuple):
    """What chooses a setting of a grid. is_shared: the first fold's choice is that of all folds."""

    summary: str
    is_shared: bool = False


GRID_CHOICES: Mapping[str, GridChoice] = {
    "fold": GridChoice("each fold for itself, by a tenth of its training part"),
    "once": GridChoice(
        "one setting for all folds, by a tenth of the training part of fold 0; the images that "
        "other folds hold out may be in that tenth",
        is_shared=True,
    ),
}
EACH_FOLD = "fold"


def is_shared(run: Run) -> bool:
    """Whether one setting of the grid is chosen for all folds."""
    return GRID_CHOICES[run.arguments.get("choose", EACH_FOLD)].is_shared


def chooser_of(run: Run, fold: int) -> int:
    """The fold whose training part chooses the setting of a fold."""
    return run.fold_numbers()[0] if is_shared(run) else fold


class Precision(NamedTuple):
    """A number format of the networks' products.

    dtype: torch's name of what autocast computes in, empty for none. needs_gpu: it computes in this
    format nowhere else. needs_scaling: of the loss, since small gradients would be 0.
    """

    summary: str
    dtype: str = ""
    needs_gpu: bool = False
    needs_scaling: bool = False


PRECISIONS: Mapping[str, Precision] = {
    "auto": Precision("bf16 where the hardware supports it, otherwise fp32"),
    "fp32": Precision("single precision"),
    "bf16": Precision("bfloat16", "bfloat16"),
    "fp16": Precision("half precision, on a GPU", "float16", needs_gpu=True, needs_scaling=True),
}
