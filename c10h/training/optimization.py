"""Optimizers, learning rates over time, and the average of weights that Lookahead keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from c10h.training.choices import OPTIMIZERS, SCHEDULES
from c10h.training.recipes import Lookahead, Recipe

# Where the triangle of "onecycle" begins, peaks and ends (Jordan 2024, listing 4).
TRIANGLE = ((0.0, 0.2), (0.23, 1.0), (1.0, 0.07))


def learning_rate_factor(recipe: Recipe, step: int, steps: int, per_epoch: int) -> float:
    """What the learning rate is multiplied by at a step, in [0, 1].

    A recipe's warm-up comes first, unless its schedule has one of its own.
    """
    schedule = SCHEDULES[recipe.schedule]
    warmup = 0 if schedule.has_warmup else round(recipe.warmup_epochs * per_epoch)
    if step < warmup:
        return (step + 1) / warmup
    return schedule.factor(recipe, step, steps, warmup)


def multistep(recipe: Recipe, step: int, steps: int, warmup: int) -> float:
    """Multiplied by the recipe's ``decay`` at each of its milestones."""
    done = step / steps
    return float(recipe.decay ** sum(done >= milestone for milestone in recipe.milestones))


def cosine(recipe: Recipe, step: int, steps: int, warmup: int) -> float:
    """Half a cosine, from 1 after the warm-up to 0 (Loshchilov & Hutter 2017, eq. 5)."""
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def onecycle(recipe: Recipe, step: int, steps: int, warmup: int) -> float:
    """Straight lines up to the peak of TRIANGLE and down again."""
    done = step / steps
    for (x, y), (next_x, next_y) in pairwise(TRIANGLE):
        if done <= next_x:
            return y + (next_y - y) * (done - x) / (next_x - x)
    return TRIANGLE[-1][1]


def constant(recipe: Recipe, step: int, steps: int, warmup: int) -> float:
    """1 at every step."""
    return 1.0


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimizer of a recipe. Weight decay is on all trained parameters.

    The shifts of batch normalisation have the learning rate times ``recipe.bias_lr_factor``, and
    their weight decay divided by it, which keeps the product of both. Each group of parameters
    remembers its ``initial_lr``.
    """
    factor = recipe.bias_lr_factor
    shifts = [
        module.bias
        for module in network.modules()
        if factor != 1 and isinstance(module, nn.BatchNorm2d) and module.bias is not None
    ]
    known = {id(shift) for shift in shifts}
    others = [
        weight
        for weight in network.parameters()
        if weight.requires_grad and id(weight) not in known
    ]
    groups = [
        {"params": parameters, "lr": rate, "initial_lr": rate, "weight_decay": decay}
        for parameters, rate, decay in (
            (others, recipe.lr, recipe.weight_decay),
            (shifts, recipe.lr * factor, recipe.weight_decay / factor),
        )
        if parameters
    ]
    return OPTIMIZERS[recipe.optimizer].make(groups, recipe)


def sgd(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    """Stochastic gradient descent with the recipe's momentum."""
    momentum = recipe.momentum
    nesterov = recipe.nesterov and momentum > 0
    return torch.optim.SGD(groups, momentum=momentum, nesterov=nesterov, fused=True)


def adam(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba 2015), with weight decay in the gradient."""
    return torch.optim.Adam(groups, fused=True)


class SlowWeights:
    """A slow copy of the weights and running statistics, which the fast ones are set back to.

    Lookahead (Zhang et al. 2019) as Jordan (2024, section 3.4) has it: every few steps first
    slow = rho slow + (1 - rho) fast, then fast = slow, rho being
    decay ** every (step / steps) ** power; after the last step fast = slow.
    """

    def __init__(self, network: nn.Module, settings: Lookahead) -> None:
        self.settings = settings
        self.slow = {name: value.clone() for name, value in _floats(network)}

    @torch.no_grad()
    def step(self, network: nn.Module, step: int, steps: int) -> None:
        """Do what is due after ``step`` of ``steps`` steps."""
        settings = self.settings
        if step % settings.every == 0:
            rho = settings.decay**settings.every * (step / steps) ** settings.power
            for name, value in _floats(network):
                self.slow[name].lerp_(value, 1 - rho)
                value.copy_(self.slow[name])
        if step == steps:
            for name, value in _floats(network):
                value.copy_(self.slow[name])


def _floats(network: nn.Module) -> list[tuple[str, Tensor]]:
    state: Mapping[str, Tensor] = network.state_dict()
    return [(name, value) for name, value in state.items() if value.is_floating_point()]
