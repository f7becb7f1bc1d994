"""What attacks maximise: one figure an item of its logits, larger where the attack is nearer.

z are logits, y is the true class, t the target of a targeted attack.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from c10h.attacks.attack_types import Goal


def cross_entropy(logits: Tensor, goal: Goal) -> Tensor:
    """-log softmax(z)_y in nats, or log softmax(z)_t: Goodfellow, Shlens & Szegedy (2015)."""
    if goal.target is None:
        return functional.cross_entropy(logits, goal.truth, reduction="none")
    return -functional.cross_entropy(logits, goal.target, reduction="none")


def margin(logits: Tensor, goal: Goal) -> Tensor:
    """max of z_i over i ≠ y, less z_y: Carlini & Wagner (2017), section IV, f6 without its bound.

    With a target, z_t less the largest other. Above 0 the attack has what it wants.
    """
    if goal.target is None:
        return largest_other(logits, goal.truth) - picked(logits, goal.truth)
    return picked(logits, goal.target) - largest_other(logits, goal.target)


def dlr(logits: Tensor, goal: Goal) -> Tensor:
    """The difference of logits ratio: Croce & Hein (2020), equations 6 and 7.

    (max of z_i over i ≠ y, less z_y) / (z_1 - z_3), of logits sorted from the largest; with a
    target, (z_t - z_y) / (z_1 - (z_3 + z_4) / 2). It does not change with the scale of logits. Two
    or three classes have no third and fourth; the last that there is stands in, and of two classes
    nothing is left: see c10h.attacks.methods.
    """
    ordered = logits.sort(dim=1, descending=True).values
    third = ordered[:, min(2, ordered.shape[1] - 1)]
    if goal.target is None:
        return margin(logits, goal) / (ordered[:, 0] - third + 1e-12)
    fourth = ordered[:, min(3, ordered.shape[1] - 1)]
    gap = picked(logits, goal.target) - picked(logits, goal.truth)
    return gap / (ordered[:, 0] - (third + fourth) / 2 + 1e-12)


def picked(logits: Tensor, classes: Tensor) -> Tensor:
    """The logit of one class an item, (n)."""
    return logits.gather(1, classes[:, None]).squeeze(1)


def largest_other(logits: Tensor, classes: Tensor) -> Tensor:
    """The largest logit of the classes besides one an item, (n)."""
    is_class = functional.one_hot(classes, logits.shape[1]).bool()
    return logits.masked_fill(is_class, -torch.inf).amax(dim=1)
