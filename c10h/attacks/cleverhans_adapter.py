"""FGSM and PGD through cleverhans, as the paper ran them, without what is wrong with 4.0.0."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cleverhans.torch.attacks.fast_gradient_method import fast_gradient_method
from cleverhans.torch.attacks.projected_gradient_descent import projected_gradient_descent
from torch import Tensor

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import EUCLIDEAN, INFINITY, Budget
from c10h.attacks.losses import cross_entropy
from c10h.attacks.methods import LOSSES
from c10h.attacks.norm_balls import steepest
from c10h.attacks.pgd import pgd as pgd_on_any_loss

_ORDER = {INFINITY: np.inf, EUCLIDEAN: 2}


class _OwnScale(torch.autograd.Function):
    """Its input; the gradient of each item has ℓ2 norm 1.

    cleverhans averages losses over the batch and takes squared norms below 1e-12 for zero, so that
    its ℓ2 step shrinks in large batches and vanishes for confident networks.
    """

    @staticmethod
    def forward(ctx: Any, pixels: Tensor) -> Tensor:
        return pixels.view_as(pixels)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return steepest(gradients[0], EUCLIDEAN)


def fgsm(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
    """The fast gradient sign method: Goodfellow, Shlens & Szegedy (2015), section 4.

    One step of ε; in ℓ2 along the gradient itself. loss: cross-entropy, whatever is said.
    """
    perturbed: Tensor = fast_gradient_method(
        _model(network, budget),
        pixels,
        budget.epsilon,
        _ORDER[budget.norm],
        clip_min=0.0,
        clip_max=1.0,
        **_labels(goal),
    )
    return perturbed.detach()


def pgd(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
    """Projected gradient descent: Madry et al. (2018), section 2.1.

    cleverhans has cross-entropy alone; other losses go by :func:`c10h.attacks.pgd.pgd`.
    """
    if loss not in (LOSSES["ce"], cross_entropy):
        return pgd_on_any_loss(network, pixels, goal, budget, loss)
    perturbed: Tensor = projected_gradient_descent(
        _model(network, budget),
        pixels,
        budget.epsilon,
        budget.step_size,
        budget.steps,
        _ORDER[budget.norm],
        clip_min=0.0,
        clip_max=1.0,
        rand_init=budget.random_start,
        sanity_checks=False,  # they compare tensors by numpy, which fails on GPUs
        **_labels(goal),
    )
    return perturbed.detach()


def _model(network: Network, budget: Budget) -> Network:
    if budget.norm == INFINITY:
        return network
    return lambda pixels: network(_OwnScale.apply(pixels))


def _labels(goal: Goal) -> dict[str, Any]:
    """Always given: without them cleverhans attacks the prediction."""
    if goal.target is None:
        return {"y": goal.truth, "targeted": False}
    return {"y": goal.target, "targeted": True}
