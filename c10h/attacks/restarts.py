"""Attack a batch: restarts, the record of each step, and what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import RecordingNetwork
from c10h.attacks.budget import Budget
from c10h.attacks.losses import cross_entropy
from c10h.attacks.methods import ATTACKS, LOSSES
from c10h.attacks.norm_balls import size
from c10h.errors import C10hError, InputError

# By how much float32 sums may leave the ball, relative to ε and in pixels: the ℓ2 norm of 224 x 224
# pixels that all change alike is off by 1e-4.
RELATIVE_ROOM, ABSOLUTE_ROOM = 1e-3, 1e-6


@dataclass(frozen=True)
class Plan:
    """How to attack: a name in ATTACKS, one in LOSSES, and how often from other random numbers.

    source: a network that the perturbations are made on instead, to see whether they transfer.
    """

    method: str
    loss: str = "ce"
    restarts: int = 1
    precision: str = "fp32"
    source: nn.Module | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of n items.

    pixels: perturbed, float32 (n, 3, h, w), in [0, 1]. logits: float32 (n, c), of these. losses:
    cross-entropy with the true class in nats, float32 (s + 1, n), and correct, bool (s + 1, n):
    clean, then after each step. norm: of the perturbation, float32 (n).
    """

    pixels: Tensor
    logits: Tensor
    losses: Tensor
    correct: Tensor
    norm: Tensor

    def worse(self, other: Outcome, goal: Goal) -> Outcome:
        """Item by item the one of two that is worse for the network: reached first, then loss."""
        reached = [_reached(outcome, goal) for outcome in (self, other)]
        loss = [_final_loss(outcome, goal) for outcome in (self, other)]
        takes = (reached[1] & ~reached[0]) | ((reached[1] == reached[0]) & (loss[1] > loss[0]))
        rows = takes[:, None]
        return Outcome(
            torch.where(takes[:, None, None, None], other.pixels, self.pixels),
            torch.where(rows, other.logits, self.logits),
            torch.where(takes, other.losses, self.losses),
            torch.where(takes, other.correct, self.correct),
            torch.where(takes, other.norm, self.norm),
        )


def attack(
    network: nn.Module,
    pixels: Tensor,
    goal: Goal,
    budget: Budget,
    plan: Plan,
    seeds: Sequence[int],
    clean: RecordingNetwork | None = None,
) -> Outcome:
    """Perturb a batch, once for each seed, and keep the worst for the network of each item.

    network: frozen. pixels: float32 (n, 3, h, w) in [0, 1]. clean: the network when it was called
    with them, if it was. The curve is of the restart that was kept; with a source, it is the
    source's but for its ends. Each restart calls the network once a step, and once for what came
    out. Raises InputError for other pixels, C10hError where an attack leaves its budget.
    """
    clean = clean or call_on_clean(network, pixels, goal, plan.precision)
    outcomes = (_once(network, pixels, goal, budget, plan, clean, seed) for seed in seeds)
    return reduce(lambda worst, outcome: worst.worse(outcome, goal), outcomes)


def call_on_clean(
    network: nn.Module, pixels: Tensor, goal: Goal, precision: str
) -> RecordingNetwork:
    """The network after a call with clean pixels. Raises InputError for pixels outside [0, 1]."""
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 1):
        raise InputError(f"images: expected pixels in [0, 1], found {low:g} to {high:g}")
    clean = RecordingNetwork(network, goal.truth, precision)
    with torch.no_grad():
        clean(pixels)
    return clean


def _once(
    network: nn.Module,
    pixels: Tensor,
    goal: Goal,
    budget: Budget,
    plan: Plan,
    clean: RecordingNetwork,
    seed: int,
) -> Outcome:
    torch.manual_seed(seed)
    method = ATTACKS[plan.method]
    recorded = RecordingNetwork(plan.source or network, goal.truth, plan.precision, budget.steps)
    perturbed = method.run(recorded, pixels, goal, budget, LOSSES[plan.loss]).detach()
    last = RecordingNetwork(network, goal.truth, plan.precision)
    with torch.no_grad():
        logits = last(perturbed)
    # Call i was with what there was after i steps; call 0 with the start, whose place the clean
    # images take.
    curve = torch.cat([clean.losses, recorded.losses[1:], last.losses])
    right = torch.cat([clean.correct, recorded.correct[1:], last.correct])
    if method.by_best:
        curve[:-1] = curve[:-1].cummax(dim=0).values
        right[:-1] = right[:-1].int().cummin(dim=0).values.bool()
    norm = size(perturbed - pixels, budget.norm)
    _check_within(perturbed, norm, budget)
    return Outcome(perturbed, logits, curve, right, norm)


def _check_within(pixels: Tensor, norm: Tensor, budget: Budget) -> None:
    """Raise C10hError where a perturbation left its ball or [0, 1]: nothing may be said of it."""
    most = budget.epsilon * (1 + RELATIVE_ROOM) + ABSOLUTE_ROOM
    if not bool((norm <= most).all()):  # NaN too
        raise C10hError(
            f"the attack left its budget: a perturbation of norm {float(norm.max()):g}, "
            f"epsilon is {budget.epsilon:g}"
        )
    if float(pixels.min()) < 0 or float(pixels.max()) > 1:
        raise C10hError("the attack left [0, 1]")


def _reached(outcome: Outcome, goal: Goal) -> Tensor:
    """Whether each item is where the attack wanted it."""
    if goal.target is None:
        return ~outcome.correct[-1]
    return outcome.logits.argmax(dim=1) == goal.target


def _final_loss(outcome: Outcome, goal: Goal) -> Tensor:
    return cross_entropy(outcome.logits, goal)
