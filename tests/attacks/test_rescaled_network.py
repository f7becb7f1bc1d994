"""Networks whose logits are divided, and attacks on them."""

from __future__ import annotations

import copy

import torch

from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import Budget
from c10h.attacks.rescaled_network import Rescaled, attack_rescaled
from c10h.attacks.restarts import Plan, attack

from .trained import blobs, trained


def test_rescaled_logits() -> None:
    pixels = blobs(4, 1)[0]
    network = trained()
    torch.testing.assert_close(Rescaled(network, 4.0)(pixels), network(pixels) / 4)
    exact = copy.deepcopy(network).double()
    assert Rescaled(exact, 2.0)(pixels.double()).dtype == torch.float64


def test_at_its_own_scale_the_attack_is_the_attack() -> None:
    pixels, truth = blobs(20, 1)
    goal, budgets = Goal(truth), [Budget.of(k / 255, 5, random_start=True) for k in (2, 8)]
    plan = Plan("pgd", restarts=2)
    found = attack_rescaled(trained(), 1.0, pixels, goal, budgets, plan, [3, 4])
    for logits, budget in zip(found, budgets, strict=True):
        wanted = attack(trained(), pixels, goal, budget, plan, [3, 4])
        torch.testing.assert_close(logits, wanted.logits)


def test_another_scale_finds_other_images() -> None:
    """And does not only divide: at a large one PGD has no gradient to follow."""
    pixels, truth = blobs(60, 1)
    budgets = [Budget.of(8 / 255, 10, random_start=True)]
    correct = []
    for temperature in (1.0, 1e-5):
        logits = attack_rescaled(
            trained(), temperature, pixels, Goal(truth), budgets, Plan("pgd"), [0]
        )
        correct.append(int((logits[0].argmax(dim=1) == truth).sum()))
    assert correct[1] > correct[0] + 20
