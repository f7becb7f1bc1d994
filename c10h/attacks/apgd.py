"""Auto-PGD: Croce & Hein (2020), Reliable evaluation of adversarial robustness with an ensemble of
diverse parameter-free attacks, arXiv 2003.01690, section 3 and algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import Budget
from c10h.attacks.losses import margin
from c10h.attacks.norm_balls import project, random_start, steepest
from c10h.attacks.pgd import input_gradient

# α: how much of a step is the gradient's; the rest is the step before.
MOMENTUM = 0.75
# ρ: of the steps since the last checkpoint, how many must have raised the loss.
SUCCESSES = 0.75
# Checkpoints are at hundredths of the steps. The first, by how much the next interval is shorter
# than the one before, and how short it may become.
FIRST, SHORTER, SHORTEST = 22, 3, 6


def apgd(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
    """Projected gradient descent with momentum that halves its step where it gets no further.

    The step of each item is 2ε at first (budget.step_size is not used), and it is its own: no item
    depends on the others in its batch. Returns of each item's states the one with the largest loss,
    of those where the attack has what it wants if there are any. One call of the network more than
    there are steps.
    """

    def onto_ball(perturbed: Tensor) -> Tensor:
        return project(perturbed, pixels, budget.epsilon, budget.norm)

    start = random_start(pixels, budget.epsilon, budget.norm) if budget.random_start else pixels
    current = highest = best = _evaluate(network, start, goal, loss)
    before = current.pixels
    step_sizes = _StepSizes(2 * budget.epsilon, current.values)
    ends = checkpoints(budget.steps)
    for step in range(1, budget.steps + 1):
        share = MOMENTUM if step > 1 else 1.0
        along = steepest(current.gradient, budget.norm)
        plain = onto_ball(current.pixels + step_sizes.sizes[:, None, None, None] * along)
        change = share * (plain - current.pixels) + (1 - share) * (current.pixels - before)
        moved = _evaluate(network, onto_ball(current.pixels + change), goal, loss)
        step_sizes.count(moved.values > current.values)
        before, current = current.pixels, moved
        highest = highest.replaced(moved.values > highest.values, moved)
        best = best.replaced(_improves(moved, best), moved)
        if step in ends:
            current = current.replaced(step_sizes.halve(highest.values), highest)
    return best.pixels


def checkpoints(steps: int) -> tuple[int, ...]:
    """The steps, counted from 1, after which step sizes are looked at: section 3, W.

    w_j = ⌈p_j steps⌉ with p_0 = 0, p_1 = 0.22 and p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06).
    In whole hundredths, since rounding up does not forgive 57.000001. Few steps have some twice.
    """
    ends: list[int] = []
    percent, interval = FIRST, FIRST
    while percent <= 100:
        ends.append(-(-percent * steps // 100))
        interval = max(interval - SHORTER, SHORTEST)
        percent += interval
    return tuple(dict.fromkeys(ends))


@dataclass(frozen=True)
class _State:
    """Where n items are: pixels and the loss's gradient (n, 3, h, w), the loss (n), and whether the
    attack has what it wants, bool (n).
    """

    pixels: Tensor
    gradient: Tensor
    values: Tensor
    reached: Tensor

    def replaced(self, rows: Tensor, other: _State) -> _State:
        """With other states in some rows, bool (n)."""
        images = rows[:, None, None, None]
        return _State(
            torch.where(images, other.pixels, self.pixels),
            torch.where(images, other.gradient, self.gradient),
            torch.where(rows, other.values, self.values),
            torch.where(rows, other.reached, self.reached),
        )


def _evaluate(network: Network, pixels: Tensor, goal: Goal, loss: Loss) -> _State:
    gradient, values, logits = input_gradient(network, pixels, goal, loss)
    return _State(pixels, gradient, values, margin(logits, goal) > 0)


def _improves(new: _State, old: _State) -> Tensor:
    """Whether new is better, (n): a larger loss may still be the right class, so that is second."""
    return torch.where(new.reached == old.reached, new.values > old.values, new.reached)


class _StepSizes:
    """Step sizes (n), in pixels, and what decides on them: section 3, conditions 1 and 2."""

    def __init__(self, size: float, values: Tensor) -> None:
        self.sizes = torch.full_like(values, size)
        self.steps = 0  # since the last checkpoint, as the successes
        self.successes = torch.zeros_like(values)
        self.halved = torch.zeros_like(values, dtype=torch.bool)
        self.highest = values  # at the last checkpoint

    def count(self, successes: Tensor) -> None:
        """Note which items' loss a step has raised, bool (n)."""
        self.steps += 1
        self.successes += successes

    def halve(self, highest: Tensor) -> Tensor:
        """Halve sizes at a checkpoint; whose they were, bool (n). highest: losses so far, (n)."""
        rarely = self.successes < SUCCESSES * self.steps
        stuck = ~self.halved & (highest == self.highest)
        self.halved = rarely | stuck
        self.sizes = torch.where(self.halved, self.sizes / 2, self.sizes)
        self.highest = highest
        self.steps, self.successes = 0, torch.zeros_like(highest)
        return self.halved
