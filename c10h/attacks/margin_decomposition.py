"""The margin decomposition attack: Jiang et al. (2020), Imbalanced gradients: a subtle cause of
overestimated adversarial robustness, arXiv 2006.13726, algorithm 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import Budget
from c10h.attacks.losses import largest_other, margin, picked
from c10h.attacks.norm_balls import project, random_start, steepest
from c10h.attacks.pgd import input_gradient


def margin_decomposition(
    network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss
) -> Tensor:
    """One term of the margin alone in the first half of the steps, then the margin.

    Where the gradient of one term hides that of the other, the margin's leads nowhere. The paper
    takes one term in odd restarts and the other in even ones. One call is one restart and does not
    know which; so each item draws its term, and a batch has both: with r restarts all but 1 in
    2^(r - 1) items have had both.

    Steps are 2ε at the beginning of each half, and then as a cosine to 0 (budget.step_size is not
    used). The authors' code has one step before, away from what is wanted; here it is left out,
    since with it more items stayed right. loss: the margin, whatever is said. Returns of each
    item's states the one with the largest margin. One call of the network more than there are
    steps.
    """
    epsilon, norm = budget.epsilon, budget.norm
    current = random_start(pixels, epsilon, norm) if budget.random_start else pixels
    takes_own = torch.rand(len(pixels), device=pixels.device) < 0.5
    first = budget.steps // 2
    best = current
    largest = torch.full((len(pixels),), -torch.inf, device=pixels.device)
    for step in range(budget.steps):
        aim = _one_term(takes_own) if step < first else margin
        gradient, _, logits = input_gradient(network, current, goal, aim)
        best, largest = _better(best, largest, current, margin(logits, goal))
        size = step_size(step, first, budget.steps, epsilon)
        current = project(current + size * steepest(gradient, norm), pixels, epsilon, norm)
    with torch.no_grad():
        last = margin(network(current), goal)
    best, _ = _better(best, largest, current, last)
    return best


def step_size(step: int, first: int, steps: int, epsilon: float) -> float:
    """From 2ε towards 0 as half a cosine wave, in each part: ε (1 + cos(π k / K)), k < K.

    step: from 0. first: how many steps the first part has.
    """
    begins, length = (0, first) if step < first else (first, steps - first)
    return epsilon * (1 + math.cos(math.pi * (step - begins) / length))


def _one_term(takes_own: Tensor) -> Loss:
    """Of the margin's two terms one an item: that of the class, bool (n), or of the largest other.

    The class is the true one, which is to fall, or the target, which is to rise; largest others go
    the other way.
    """

    def term(logits: Tensor, goal: Goal) -> Tensor:
        if goal.target is None:
            own, largest = -picked(logits, goal.truth), largest_other(logits, goal.truth)
        else:
            own, largest = picked(logits, goal.target), -largest_other(logits, goal.target)
        return torch.where(takes_own, own, largest)

    return term


def _better(best: Tensor, largest: Tensor, new: Tensor, margins: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels and margin of each item, where the margin is larger."""
    takes = margins.detach() > largest
    pixels = torch.where(takes[:, None, None, None], new, best)
    return pixels, torch.where(takes, margins.detach(), largest)
