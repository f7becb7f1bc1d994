"""Gradients of the input, and projected gradient descent on any loss."""

from __future__ import annotations

import torch
from torch import Tensor

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import Budget
from c10h.attacks.norm_balls import project, random_start, steepest


def input_gradient(
    network: Network, pixels: Tensor, goal: Goal, loss: Loss
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradient (n, 3, h, w) of each item's loss, the losses (n) and the logits (n, c).

    Losses are summed, so that an item's gradient does not depend on the others in its batch. One
    call of the network.
    """
    leaf = pixels.detach().requires_grad_(True)
    logits = network(leaf)
    values = loss(logits, goal)
    (gradient,) = torch.autograd.grad(values.sum(), leaf)
    return gradient, values.detach(), logits.detach()


def pgd(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
    """Projected gradient descent: Madry et al. (2018), section 2.1, with any loss."""
    epsilon, norm = budget.epsilon, budget.norm
    current = random_start(pixels, epsilon, norm) if budget.random_start else pixels
    for _ in range(budget.steps):
        gradient, _, _ = input_gradient(network, current, goal, loss)
        moved = current + budget.step_size * steepest(gradient, norm)
        current = project(moved, pixels, epsilon, norm)
    return current.detach()
