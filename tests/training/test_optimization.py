"""Learning rates against torch's schedulers, optimizers and Lookahead by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR

from c10h.training.choices import SCHEDULES
from c10h.training.optimization import SlowWeights, learning_rate_factor, make_optimizer
from c10h.training.recipes import RECIPES, Lookahead, Recipe
from training.small import Tiny


def factors(recipe: Recipe, steps: int, per_epoch: int) -> list[float]:
    return [learning_rate_factor(recipe, step, steps, per_epoch) for step in range(steps)]


def scheduled(steps: int, make: type, **how: object) -> list[float]:
    """The rates of one of torch's schedulers, a step of it each step."""
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer, **how)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("name", ["vgg", "wrn", "resnext", "hysts"])
def test_multistep_is_torchs(name: str) -> None:
    recipe = replace(RECIPES[name], warmup_epochs=0)
    per_epoch = 7
    steps = int(recipe.epochs * per_epoch)
    turns = [math.ceil(share * steps) for share in recipe.milestones]
    wanted = scheduled(steps, MultiStepLR, milestones=turns, gamma=recipe.decay)
    assert factors(recipe, steps, per_epoch) == pytest.approx(wanted)


def test_cosine_is_torchs() -> None:
    wanted = scheduled(90, CosineAnnealingLR, T_max=90)
    assert factors(RECIPES["shake_shake"], 90, 9) == pytest.approx(wanted, abs=1e-9)


def test_onecycle_by_hand() -> None:
    found = factors(RECIPES["airbench94"], 100, 10)
    assert found[0] == 0.2
    assert found[23] == pytest.approx(1.0)
    wanted = np.interp(np.arange(100), [0, 23, 100], [0.2, 1, 0.07])
    np.testing.assert_allclose(found, wanted)


def test_constant_stays() -> None:
    assert set(factors(replace(RECIPES["paper"], schedule="constant"), 20, 4)) == {1.0}


def test_onecycle_warms_up_once() -> None:
    recipe = replace(RECIPES["resnet"], schedule="onecycle")
    assert recipe.warmup_epochs == 1
    plain = replace(recipe, warmup_epochs=0)
    steps = range(100)
    assert [learning_rate_factor(recipe, step, 100, 10) for step in steps] == [
        learning_rate_factor(plain, step, 100, 10) for step in steps
    ]


@pytest.mark.parametrize(
    "schedule", [name for name, row in SCHEDULES.items() if not row.has_warmup]
)
def test_warming_up_rises_in_a_straight_line(schedule: str) -> None:
    recipe = replace(RECIPES["paper"], warmup_epochs=2, schedule=schedule)
    found = factors(recipe, 40, 4)
    np.testing.assert_allclose(found[:8], np.arange(1, 9) / 8)
    if schedule == "cosine":
        assert found[8] == 1
        assert found[24] == pytest.approx(0.5)  # half way between warm and end


def test_optimizers_are_those_of_the_recipe() -> None:
    sgd = make_optimizer(Tiny(), replace(RECIPES["wrn"], momentum=0.8))
    assert isinstance(sgd, SGD)
    (group,) = sgd.param_groups
    assert (group["lr"], group["momentum"], group["nesterov"], group["weight_decay"]) == (
        0.1, 0.8, True, 5e-4,
    )  # fmt: skip
    assert len(group["params"]) == 6
    adam = make_optimizer(Tiny(), RECIPES["paper"])
    assert isinstance(adam, torch.optim.Adam)
    assert (adam.param_groups[0]["lr"], adam.param_groups[0]["weight_decay"]) == (0.1, 1e-4)
    assert make_optimizer(Tiny(), replace(RECIPES["wrn"], momentum=0)).param_groups[0]["lr"] == 0.1


def test_shifts_of_batch_normalisation_learn_faster_and_decay_as_much() -> None:
    network = Tiny()
    network[1].weight.requires_grad_(False)
    others, shifts = make_optimizer(network, RECIPES["airbench94"]).param_groups
    assert [one is network[1].bias for one in shifts["params"]] == [True]
    assert shifts["lr"] == shifts["initial_lr"] == 64 * others["lr"] == 96
    assert shifts["weight_decay"] * 64 == others["weight_decay"]
    assert {id(one) for one in others["params"]} == {
        id(one) for layer in (network[0], network[5]) for one in layer.parameters()
    }


def test_airbenchs_steps_are_those_of_its_authors_code() -> None:
    """There losses are summed; ours are means, at another rate and decay."""
    batch, recipe = 16, replace(RECIPES["airbench94"], batch_size=16)
    pixels, truth = torch.rand(batch, 3, 8, 8), torch.arange(batch) % 3
    mine, theirs = Tiny().double(), Tiny().double()
    theirs.load_state_dict(mine.state_dict())
    scale = 1024 * (1 + 1 / (1 - 0.85))
    # For 1,024 images: 16 summed gradients are 1,024 summed ones, but for a factor.
    rate, decay = 11.5 / scale * 1024 / batch, 0.0153 / 11.5 * batch
    norm = [theirs[1].bias]
    rest = [one for name, one in theirs.named_parameters() if name != "1.bias"]
    groups = [
        {"params": norm, "lr": 64 * rate, "weight_decay": decay / 64},
        {"params": rest, "lr": rate, "weight_decay": decay},
    ]
    pairs = [
        (mine, make_optimizer(mine, recipe), "mean"),
        (theirs, SGD(groups, lr=1.0, momentum=0.85, nesterov=True), "sum"),
    ]
    for network, optimizer, reduction in pairs:
        for _ in range(5):
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] *= 0.5  # both the same; at the full rate this network explodes
            logits = network(pixels.double())
            nn.functional.cross_entropy(logits, truth, reduction=reduction).backward()
            optimizer.step()
    for key, value in mine.state_dict().items():
        torch.testing.assert_close(value, theirs.state_dict()[key])


def test_lookahead_by_hand() -> None:
    """Two parameters that each step moves by 1, 12 steps, set back after every fifth."""
    network = nn.Linear(1, 1)
    with torch.no_grad():
        network.weight.fill_(0.0)
        network.bias.fill_(100.0)
    slow = SlowWeights(network, Lookahead(every=5, decay=0.95, power=3.0))
    expected = slow_expected = 0.0
    for step in range(1, 13):
        with torch.no_grad():
            network.weight.add_(1.0)
            network.bias.add_(1.0)
        expected += 1
        slow.step(network, step, 12)
        if step % 5 == 0:
            rho = 0.95**5 * (step / 12) ** 3
            slow_expected = rho * slow_expected + (1 - rho) * expected
            expected = slow_expected
        if step == 12:
            expected = slow_expected
        assert network.weight.item() == pytest.approx(expected, rel=1e-5)
        assert network.bias.item() == pytest.approx(100 + expected, rel=1e-5)


def test_lookahead_averages_running_statistics_and_counts_nothing() -> None:
    layer = nn.BatchNorm2d(1)
    slow = SlowWeights(layer, Lookahead(every=1))
    layer.running_mean.fill_(8.0)  # type: ignore[union-attr]
    layer.num_batches_tracked.fill_(5)  # type: ignore[union-attr]
    slow.step(layer, 1, 2)
    rho = 0.95 / 8
    assert layer.running_mean.item() == pytest.approx((1 - rho) * 8)  # type: ignore[union-attr]
    assert layer.num_batches_tracked.item() == 5  # type: ignore[union-attr]
