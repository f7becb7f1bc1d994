"""Input gradients and c10h's own PGD."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import Tensor, nn

from c10h.attacks import cleverhans_adapter
from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS, Budget
from c10h.attacks.losses import cross_entropy, margin
from c10h.attacks.methods import LOSSES
from c10h.attacks.pgd import input_gradient, pgd

from .conftest import Examples
from .trained import Calls, assert_within, linear


def test_the_gradient_of_a_linear_network_by_hand() -> None:
    """Of cross-entropy it is the sum over classes of (softmax - onehot) times their weights."""
    network = linear(4, 3)
    pixels, truth = torch.rand(6, 3, 3, 3), torch.arange(6) % 4
    gradient, values, logits = input_gradient(network, pixels, Goal(truth), cross_entropy)
    weights, bias = network.layer.weight, network.layer.bias
    wanted = pixels.flatten(1) @ weights.T + bias
    torch.testing.assert_close(logits, wanted)
    shares = wanted.softmax(dim=1)
    torch.testing.assert_close(values, -shares[torch.arange(6), truth].log())
    pulls = (shares - nn.functional.one_hot(truth, 4)) @ weights
    torch.testing.assert_close(gradient.flatten(1), pulls)
    assert not any(one.requires_grad for one in (gradient, values, logits))


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_finite_differences(cnn: nn.Module, pictures: Examples, name: str) -> None:
    network = copy.deepcopy(cnn).double()
    pixels, truth = pictures[0][:5].double(), pictures[1][:5]
    loss, goal = LOSSES[name], Goal(truth)
    gradient, _, _ = input_gradient(network, pixels, goal, loss)
    random = torch.Generator().manual_seed(0)
    direction = torch.randn(pixels.shape, generator=random, dtype=torch.float64) * 1e-8
    with torch.no_grad():
        rise = loss(network(pixels + direction), goal) - loss(network(pixels - direction), goal)
    torch.testing.assert_close(
        (gradient * direction).sum(dim=(1, 2, 3)), rise / 2, rtol=1e-4, atol=0
    )


def test_frozen_parameters_get_no_gradients(cnn: nn.Module, pictures: Examples) -> None:
    pixels, truth = pictures[0][:4], pictures[1][:4]
    for attack in (pgd, cleverhans_adapter.pgd, cleverhans_adapter.fgsm):
        attack(cnn, pixels, Goal(truth), Budget.of(0.1, 2), cross_entropy)
    assert all(one.grad is None for one in cnn.parameters())
    assert not pixels.requires_grad
    assert pixels.grad is None


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ["margin", "dlr"])
def test_it_raises_its_loss_within_the_budget(
    cnn: nn.Module, pictures: Examples, norm: str, name: str
) -> None:
    pixels, truth = pictures
    epsilon = 4 / 255 if norm == INFINITY else 0.5
    budget = Budget.of(epsilon, 8, norm=norm, random_start=True)
    torch.manual_seed(0)
    found = pgd(cnn, pixels, Goal(truth), budget, LOSSES[name])
    assert_within(found, pixels, budget)
    before, after = (LOSSES[name](cnn(place), Goal(truth)) for place in (pixels, found))
    assert (after > before).float().mean() > 0.9


def test_in_l_infinity_it_is_cleverhans_with_cross_entropy(
    cnn: nn.Module, pictures: Examples
) -> None:
    pixels, truth = pictures
    budget = Budget.of(4 / 255, 5)
    ours = pgd(cnn, pixels, Goal(truth), budget, cross_entropy)
    theirs = cleverhans_adapter.pgd(cnn, pixels, Goal(truth), budget, cross_entropy)
    # Where a gradient is rounded to 0, a pixel may stay.
    assert ((ours - theirs).abs() < 1e-6).float().mean() > 0.999


@pytest.mark.parametrize("norm", NORMS)
def test_a_target_is_approached(cnn: nn.Module, pictures: Examples, norm: str) -> None:
    pixels, truth = pictures
    goal = Goal(truth, (truth + 1) % 10)
    assert goal.target is not None
    budget = Budget.of(16 / 255 if norm == INFINITY else 2.0, 10, norm=norm)
    found = pgd(cnn, pixels, goal, budget, margin)
    hits = [int((cnn(place).argmax(dim=1) == goal.target).sum()) for place in (pixels, found)]
    assert hits[0] < 20
    assert hits[1] > 60


def test_it_calls_the_network_once_a_step_with_what_there_is() -> None:
    network = Calls(linear(3, 4))
    pixels = 0.3 + 0.4 * torch.rand(2, 3, 4, 4)
    goal = Goal(torch.tensor([0, 1]))
    budget = Budget(0.2, EUCLIDEAN, steps=3, step_size=0.05)
    found = pgd(network, pixels, goal, budget, cross_entropy)
    assert len(network.pixels) == 3
    assert torch.equal(network.pixels[0], pixels)
    # A linear network of three classes: each step has its full length while nothing is clipped.
    places: list[Tensor] = [*network.pixels, found]
    for before, after in itertools.pairwise(places):
        lengths = (after - before).flatten(1).norm(dim=1)
        assert lengths.tolist() == pytest.approx([0.05, 0.05], rel=1e-4)
