"""The tables of attacks and losses: a new one is a function and a row. Nothing here imports torch.

What losses are is told in :mod:`c10h.attacks.losses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from torch import Tensor

    from c10h.attacks.attack_types import Attack, Goal, Loss


@dataclass(frozen=True)
class AttackLoss:
    """A row of LOSSES, which is called as the loss itself is.

    least_classes: of fewer it is the same for all logits, and has no gradient.
    """

    summary: str
    loss: Loss
    least_classes: int = 2

    def __call__(self, logits: Tensor, goal: Goal) -> Tensor:
        """The loss of each item, (n)."""
        return self.loss(logits, goal)


LOSSES: Mapping[str, AttackLoss] = {
    "ce": AttackLoss("cross-entropy", Deferred("c10h.attacks.losses:cross_entropy")),
    "margin": AttackLoss(
        "the largest other logit minus that of the true class",
        Deferred("c10h.attacks.losses:margin"),
    ),
    "dlr": AttackLoss(
        "the margin divided by the gap between the first and third logits",
        Deferred("c10h.attacks.losses:dlr"),
        least_classes=3,
    ),
}


class Method(NamedTuple):
    """A row of ATTACKS.

    run: the attack. losses: names in LOSSES that it can maximise, the default first. steps: unless
    said; 1 where there is no other number. by_best: the curve is the best so far, since calls are
    with candidates. needs_gradient: whether it asks for more than logits. starts_at_random: unless
    said. takes: the options that change it.
    """

    summary: str
    run: Attack
    losses: tuple[str, ...] = ("ce",)
    steps: int = 10
    by_best: bool = False
    needs_gradient: bool = True
    starts_at_random: bool = True
    takes: tuple[str, ...] = ("--random-start",)


ATTACKS: Mapping[str, Method] = {
    "fgsm": Method(
        "one step along the gradient's sign: Goodfellow et al. 2015, by cleverhans",
        Deferred("c10h.attacks.cleverhans_adapter:fgsm"),
        steps=1,
        starts_at_random=False,
        takes=(),
    ),
    "pgd": Method(
        "projected gradient descent: Madry et al. 2018, by cleverhans (by c10h for losses other "
        "than ce)",
        Deferred("c10h.attacks.cleverhans_adapter:pgd"),
        tuple(LOSSES),
        takes=("--step-size", "--random-start"),
    ),
    "apgd": Method(
        "PGD with momentum and an adaptive step size: Croce & Hein 2020",
        Deferred("c10h.attacks.apgd:apgd"),
        tuple(LOSSES),
        steps=50,
    ),
    "md": Method(
        "one term of the margin, drawn for each image, then the margin: Jiang et al. 2020",
        Deferred("c10h.attacks.margin_decomposition:margin_decomposition"),
        ("margin",),
        steps=40,
    ),
    "square": Method(
        "random squares, kept where they help; needs no gradient: Andriushchenko et al. 2020",
        Deferred("c10h.attacks.square:square"),
        ("margin", "ce"),
        steps=1000,
        by_best=True,
        needs_gradient=False,
        starts_at_random=False,
        takes=(),
    ),
}
