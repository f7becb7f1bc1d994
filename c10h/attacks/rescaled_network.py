"""One scale of confidence for networks that were trained on different labels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import at_least_float32
from c10h.attacks.budget import Budget
from c10h.attacks.restarts import Plan, attack


class Rescaled(nn.Module):
    """A network whose logits are divided by a temperature."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (n, c)."""
        return at_least_float32(self.network(pixels)) / self.temperature


def attack_rescaled(
    network: nn.Module,
    temperature: float,
    pixels: Tensor,
    goal: Goal,
    budgets: Sequence[Budget],
    plan: Plan,
    seeds: Sequence[int],
) -> Tensor:
    """Logits, divided by a temperature, after an attack that saw them so, float32 (k, n, c).

    Images that were found at the network's own scale won't do: where its softmax rounds, or where
    other classes compete, the attack leads elsewhere. Else as :func:`c10h.attacks.restarts.attack`.
    """
    victim = Rescaled(network, temperature)
    outcomes = [attack(victim, pixels, goal, budget, plan, seeds) for budget in budgets]
    return torch.stack([outcome.logits for outcome in outcomes])
