"""Can the attack be believed? Measures of a network that only robustness should explain.

What to look at is from Carlini et al. (2019), On evaluating adversarial robustness, sections 3 to
5, and Athalye, Carlini & Wagner (2018), Obfuscated gradients, sections 3 and 4.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal, Loss
from c10h.attacks.attacked_network import at_least_float32
from c10h.attacks.budget import INFINITY, Budget
from c10h.attacks.health_checks import COMPARISONS, GRADIENT_FREE
from c10h.attacks.losses import cross_entropy, margin
from c10h.attacks.norm_balls import size
from c10h.attacks.pgd import input_gradient
from c10h.attacks.restarts import Outcome, Plan, attack

STEPS = 20
# Of the attack without gradients, on what those with them leave correct; each is about a third of
# a step's work.
QUERIES = 200
# Gradients that are looked at by themselves, each about a step's work.
GRADIENTS = 4
# An ℓ∞ ball around any image that holds all images; in ℓ2 it is the ball of its corners.
WIDE = 1.0
# Of ε a step, there: a large one would jump between corners.
WIDE_STEP = 0.05
# By how much two answers to the same pixels may differ, of their norm: GPUs add in any order.
SAME = 1e-4


@dataclass(frozen=True)
class Measures:
    """What was measured of n items.

    shares: of single items, bool (n), by name. by_epsilon: (k, n) by name.
    """

    shares: Mapping[str, Tensor]
    by_epsilon: Mapping[str, Tensor]


def measure(
    network: nn.Module,
    source: nn.Module | None,
    pixels: Tensor,
    goal: Goal,
    budgets: Sequence[Budget],
    seed: int,
    precision: str,
    advance: Callable[[int], None],
) -> Measures:
    """Measure a batch, whatever the attack that is looked at: always untargeted.

    network, source: frozen; perturbations made on the source are tried on the network. advance:
    called with images times steps, as many as :func:`steps_an_image` says.
    """
    goal = Goal(goal.truth)
    shares = {"changes": answers_differ(network, pixels), **without_gradient(network, pixels, goal)}
    norm = budgets[0].norm
    wide = WIDE if norm == INFINITY else WIDE * pixels[0].numel() ** 0.5
    advance(len(pixels) * GRADIENTS)

    def run_attack(budget: Budget, plan: Plan) -> Outcome:
        outcome = attack(network, pixels, goal, budget, replace(plan, precision=precision), [seed])
        advance(len(pixels) * budget.steps)
        return outcome

    def without_gradients(budget: Budget, left: Tensor) -> Tensor:
        """Which of the items that are left correct stay so, bool (n)."""
        rest = left.nonzero()[:, 0]
        if len(rest):
            queries = Budget.of(budget.epsilon, QUERIES, norm=norm)
            plan = Plan(GRADIENT_FREE, "margin", precision=precision)
            outcome = attack(network, pixels[rest], goal.take(rest), queries, plan, [seed])
            left = left.index_put((rest,), outcome.correct[-1])
        advance(len(pixels) * QUERIES)
        return left

    far = Budget(wide, norm, STEPS, WIDE_STEP * wide)
    shares["correct, wide"] = run_attack(far, Plan("pgd")).correct[-1]
    rows: dict[str, list[Tensor]] = {}
    for budget in budgets:
        strong = Budget.of(budget.epsilon, STEPS, norm=norm, random_start=True)
        single = Budget.of(budget.epsilon, 1, norm=norm)
        rows.setdefault("loss, fgsm", []).append(run_attack(single, Plan("fgsm")).losses[-1])
        for name, (method, loss) in COMPARISONS.items():
            outcome = run_attack(strong, Plan(method, loss))
            rows.setdefault(f"correct, {name}", []).append(outcome.correct[-1])
            rows.setdefault(f"loss, {name}", []).append(outcome.losses[-1])
        left = torch.stack([rows[f"correct, {name}"][-1] for name in COMPARISONS]).all(dim=0)
        rows.setdefault(f"correct, {GRADIENT_FREE}", []).append(without_gradients(budget, left))
        if source is not None:
            outcome = run_attack(strong, Plan("pgd", source=source))
            rows.setdefault("loss, transfer", []).append(outcome.losses[-1])
            rows.setdefault("correct, transfer", []).append(outcome.correct[-1])
    return Measures(shares, {name: torch.stack(values) for name, values in rows.items()})


def steps_an_image(budgets: int, has_source: bool) -> int:
    """By how many steps an image ``measure`` moves on."""
    by_budget = 1 + STEPS * (len(COMPARISONS) + has_source) + QUERIES
    return GRADIENTS + STEPS + budgets * by_budget


def answers_differ(network: nn.Module, pixels: Tensor) -> Tensor:
    """Whether each item's logits differ between two calls with the same pixels, bool (n)."""
    with torch.no_grad():
        first, second = (at_least_float32(network(pixels)) for _ in range(2))
    difference = second - first
    # What is added to all logits alike changes no answer.
    norm, moved = (
        torch.linalg.vector_norm(values - values.mean(dim=1, keepdim=True), dim=1)
        for values in (first, difference)
    )
    differ: Tensor = moved > SAME * norm
    return differ


def without_gradient(network: nn.Module, pixels: Tensor, goal: Goal) -> dict[str, Tensor]:
    """Of which items the cross-entropy has no gradient in float32, by the reason, bool (n).

    The margin of two logits has one wherever the logits have: where it is not 0, the softmax alone
    rounds. Else it is the network, in float32 or also as a copy in float64.
    """
    no_loss = zero_gradients(network, pixels, goal, cross_entropy)
    no_margin = zero_gradients(network, pixels, goal, margin)
    device = torch.device("cpu") if pixels.device.type == "mps" else pixels.device  # has none
    exact = copy.deepcopy(network).to(device).double()
    in_float64 = Goal(goal.truth.to(device))
    none_in_float64 = zero_gradients(exact, pixels.to(device).double(), in_float64, margin)
    return {
        "zero gradient, softmax": no_loss & ~no_margin,
        "zero gradient, float32": no_loss & no_margin,
        "zero gradient, float64": no_loss & no_margin & none_in_float64.to(pixels.device),
    }


def zero_gradients(network: nn.Module, pixels: Tensor, goal: Goal, loss: Loss) -> Tensor:
    """Whether the gradient of each item's loss is 0 in all its pixels, bool (n)."""
    gradient, _, _ = input_gradient(network, pixels, goal, loss)
    return size(gradient, INFINITY) == 0
