"""Training settings as data: each network's authors' for CIFAR-10, and those around the paper.

RECIPES has a row for each family of :data:`c10h.models.architectures.ARCHITECTURES`, the default of
its networks; ``hysts``, of the code whose networks the paper took; and ``paper``, its text. A
published number of iterations is given in epochs of 50,000 images. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Lookahead:
    """A slow average of the weights and running statistics that they are set back to.

    It begins as the first weights. Every ``every`` steps: slow = rho slow + (1 - rho) weights,
    weights = slow, where rho = decay ** every x (step / steps) ** power, step counted from 1. After
    the last step the weights become slow.
    """

    every: int = 5
    decay: float = 0.95
    power: float = 3.0


@dataclass(frozen=True)
class Recipe:
    """How to train.

    source: paper and section. lr: of the mean loss over a batch, at its highest. weight_decay:
    coupled, added to the gradient as in torch.optim.SGD and Adam. milestones: shares of the epochs
    after each of which a multistep rate is multiplied by ``decay``; one of 1 or more is never
    reached. warmup_epochs: in which the rate rises in a straight line. translate, padding_mode: of
    augment "standard": the pixels by which images move at most, and what moves in from outside.
    alternating_flips: not a new draw for each image and epoch, but one draw before the first epoch,
    and each image turned round in every other one. bias_lr_factor: what multiplies the rate and
    divides the weight decay of batch normalisations' shifts. whitening_bias_epochs: after how many
    the bias of a first layer that whitens is fixed. A "onecycle" rate rises in a straight line from
    0.2 of ``lr`` to it at 0.23 of the steps, and falls in one to 0.07 of it (Jordan 2024, listing
    4). optimizer, schedule, augment, padding_mode: names of :mod:`c10h.training.choices`.
    """

    source: str
    lr: float
    epochs: float
    optimizer: str = "sgd"
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 1e-4
    batch_size: int = 128
    schedule: str = "multistep"
    milestones: tuple[float, ...] = (0.5, 0.75)
    decay: float = 0.1
    warmup_epochs: int = 0
    augment: str = "standard"
    translate: int = 4
    padding_mode: str = "constant"
    alternating_flips: bool = False
    label_smoothing: float = 0.0
    lookahead: Lookahead | None = None
    bias_lr_factor: float = 1.0
    whitening_bias_epochs: int | None = None


_HYSTS = "hysts, pytorch_image_classification, github.com/hysts/pytorch_image_classification"

RECIPES: Mapping[str, Recipe] = {
    "vgg": Recipe(
        f"{_HYSTS}, configs/cifar/vgg.yaml: VGG's own paper has no CIFAR-10",
        lr=0.1,
        epochs=160,
    ),
    # 64,000 iterations of 128, the rate divided at 32,000 and 48,000; the first 400 at 0.01.
    "resnet": Recipe(
        "He, Zhang, Ren & Sun (2016), Deep residual learning, CVPR, section 4.2",
        lr=0.1,
        epochs=164,
        nesterov=False,
        warmup_epochs=1,
    ),
    # Images padded by reflection, not with zeros.
    "wrn": Recipe(
        "Zagoruyko & Komodakis (2016), Wide residual networks, BMVC, section 3",
        lr=0.1,
        epochs=200,
        weight_decay=5e-4,
        milestones=(0.3, 0.6, 0.8),
        decay=0.2,
        padding_mode="reflect",
    ),
    "resnet_preact": Recipe(
        "He, Zhang, Ren & Sun (2016), Identity mappings, ECCV, appendix",
        lr=0.1,
        epochs=164,
        nesterov=False,
        warmup_epochs=1,
    ),
    # Nesterov's momentum is in the authors' code, the rest in the paper.
    "resnext": Recipe(
        "Xie, Girshick, Dollár, Tu & He (2017), Aggregated residual transformations, CVPR, "
        "section 5.3",
        lr=0.1,
        epochs=300,
        weight_decay=5e-4,
    ),
    "densenet": Recipe(
        "Huang, Liu, van der Maaten & Weinberger (2017), Densely connected convolutional "
        "networks, CVPR, section 4.2",
        lr=0.1,
        epochs=300,
        batch_size=64,
    ),
    "pyramidnet": Recipe(
        "Han, Kim & Kim (2017), Deep pyramidal residual networks, CVPR, section 4.1",
        lr=0.1,
        epochs=300,
    ),
    "shake_shake": Recipe(
        "Gastaldi (2017), Shake-Shake regularization, arXiv 1705.07485, section 2.1",
        lr=0.2,
        epochs=1800,
        schedule="cosine",
        milestones=(),
    ),
    # There the rate is 11.5 for 1,024 images and the decay 0.0153, both of steps with momentum:
    # 11.5 / (1 + 1 / (1 - 0.85)) = 1.5 is torch's rate of the mean loss, 0.0153 / 11.5 its decay.
    "airbench94": Recipe(
        "Jordan (2024), 94% on CIFAR-10 in 3.29 seconds, arXiv 2404.00498, section 3 and listing 4",
        lr=1.5,
        epochs=9.9,
        momentum=0.85,
        weight_decay=0.0153 / 11.5,
        batch_size=1024,
        schedule="onecycle",
        milestones=(),
        translate=2,
        padding_mode="reflect",
        alternating_flips=True,
        label_smoothing=0.2,
        lookahead=Lookahead(),
        bias_lr_factor=64.0,
        whitening_bias_epochs=3,
    ),
    # What the configurations of that code share; HYSTS has the families that differ.
    "hysts": Recipe(_HYSTS, lr=0.1, epochs=160),
    # Of the rates 0.2, 0.1, 0.01 and 0.001 0.1 was best; for the rest it refers to that code.
    "paper": Recipe(
        "Peterson, Battleday, Griffiths & Russakovsky (2019), Human uncertainty makes "
        "classification more robust, ICCV, arXiv 1908.07086, the text; the rest as in "
        "pytorch_image_classification by hysts",
        optimizer="adam",
        lr=0.1,
        epochs=150,
        milestones=(80 / 150, 120 / 150),
    ),
}

# Families that differ from the row "hysts", after configs/cifar/FAMILY.yaml of that code.
HYSTS: Mapping[str, Recipe] = {
    "wrn": replace(
        RECIPES["hysts"], epochs=200, weight_decay=5e-4, milestones=(0.3, 0.6, 0.8), decay=0.2
    ),
    "resnext": replace(RECIPES["hysts"], epochs=300, weight_decay=5e-4),
    "densenet": replace(RECIPES["hysts"], epochs=300, batch_size=64),
    "pyramidnet": replace(RECIPES["hysts"], epochs=300),
    "shake_shake": replace(RECIPES["hysts"], lr=0.2, epochs=1800, schedule="cosine", milestones=()),
}

# For networks of a user's own: nobody's settings for CIFAR-10, but those that most here have.
DEFAULT = "hysts"

# What run folders and lineages of older versions call a recipe; new runs are not to begin with it.
FORMER: Mapping[str, Recipe] = {"paper-code": replace(RECIPES["hysts"], epochs=150)}


def recipe_for(name: str, family: str | None) -> Recipe:
    """The settings that a recipe gives to a family; None stands for a network of a user's own.

    name: a key of RECIPES or FORMER.
    """
    in_that_code = HYSTS.get(family or "", RECIPES["hysts"])
    if name == "hysts":
        return in_that_code
    if name == "paper":
        return _as_the_text(in_that_code)
    if name in FORMER:
        return replace(FORMER[name], weight_decay=in_that_code.weight_decay)
    return RECIPES[name]


def _as_the_text(recipe: Recipe) -> Recipe:
    """The paper's optimizer, rate and epochs, with the schedule and all else of a recipe.

    The milestones keep their epochs; those that are later than the last one have no effect.
    """
    text = RECIPES["paper"]
    return replace(
        recipe,
        source=text.source,
        optimizer=text.optimizer,
        lr=text.lr,
        epochs=text.epochs,
        milestones=tuple(
            milestone * recipe.epochs / text.epochs for milestone in recipe.milestones
        ),
    )
