"""Can the attack be believed? Measures of a network that only robustness should explain.

What to look at is from Carlini et al. (2019), On evaluating adversarial robustness, sections 3 to
5, and Athalye, Carlini & Wagner (2018), Obfuscated gradients, section 3.1.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import at_least_float32
from c10h.attacks.budget import INFINITY, Budget
from c10h.attacks.losses import cross_entropy
from c10h.attacks.norm_balls import size
from c10h.attacks.pgd import input_gradient
from c10h.attacks.restarts import Outcome, Plan, attack

STEPS = 20
# An ℓ∞ ball around any image that holds all images; in ℓ2 it is the ball of its corners.
WIDE = 1.0
# Of ε a step, there: a large one would jump between corners.
WIDE_STEP = 0.05
# Attacks that must agree with the one that is looked at, by what they maximise.
COMPARISONS: Mapping[str, tuple[str, str]] = {
    "cross-entropy": ("pgd", "ce"),
    "margin": ("pgd", "margin"),
    "dlr": ("pgd", "dlr"),
    "margin decomposition": ("md", "margin"),
}


@dataclass(frozen=True)
class Measures:
    """What was measured of n items.

    shares: of single items, float64 or bool (n), by name. by_epsilon: (k, n) by name.
    """

    shares: Mapping[str, Tensor]
    by_epsilon: Mapping[str, Tensor]


class Rescaled(nn.Module):
    """A network whose logits are divided by a temperature."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (n, c)."""
        return at_least_float32(self.network(pixels)) / self.temperature


def measure(
    network: nn.Module,
    source: nn.Module | None,
    pixels: Tensor,
    goal: Goal,
    budgets: Sequence[Budget],
    temperature: float,
    seed: int,
    precision: str,
    advance: Callable[[int], None],
) -> Measures:
    """Measure a batch, whatever the attack that is looked at: always untargeted.

    network, source: frozen; perturbations made on the source are tried on the network. temperature:
    see :func:`c10h.attacks.temperature_scaling.temperature_for`; NaN for none.
    """
    goal = Goal(goal.truth)
    shares = {
        "zero gradient, float32": zero_gradients(network, pixels, goal),
        "zero gradient, float64": zero_gradients_in_float64(network, pixels, goal),
    }
    norm = budgets[0].norm
    wide = WIDE if norm == INFINITY else WIDE * pixels[0].numel() ** 0.5
    advance(len(pixels) * STEPS)

    def run_attack(budget: Budget, plan: Plan, victim: nn.Module = network) -> Outcome:
        outcome = attack(victim, pixels, goal, budget, replace(plan, precision=precision), [seed])
        advance(len(pixels) * STEPS)
        return outcome

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
        if source is not None:
            outcome = run_attack(strong, Plan("pgd", source=source))
            rows.setdefault("loss, transfer", []).append(outcome.losses[-1])
            rows.setdefault("correct, transfer", []).append(outcome.correct[-1])
        if temperature == temperature:
            outcome = run_attack(strong, Plan("pgd"), Rescaled(network, temperature))
            rows.setdefault("loss, common confidence", []).append(outcome.losses[-1])
            rows.setdefault("correct, common confidence", []).append(outcome.correct[-1])
    return Measures(shares, {name: torch.stack(values) for name, values in rows.items()})


def passes(budgets: int, has_source: bool, has_temperature: bool) -> int:
    """How often ``measure`` moves on by STEPS steps an image."""
    return 2 + budgets * (1 + len(COMPARISONS) + has_source + has_temperature)


def zero_gradients(network: nn.Module, pixels: Tensor, goal: Goal) -> Tensor:
    """Whether the gradient of each item's cross-entropy is 0 in all its pixels, bool (n)."""
    gradient, _, _ = input_gradient(network, pixels, goal, cross_entropy)
    return size(gradient, INFINITY) == 0


def zero_gradients_in_float64(network: nn.Module, pixels: Tensor, goal: Goal) -> Tensor:
    """The same of a copy in float64, to tell what is only rounded to zero from what is zero."""
    device = torch.device("cpu") if pixels.device.type == "mps" else pixels.device  # has none
    exact = copy.deepcopy(network).to(device).double()
    are_zero = zero_gradients(exact, pixels.to(device).double(), Goal(goal.truth.to(device)))
    return are_zero.to(pixels.device)
