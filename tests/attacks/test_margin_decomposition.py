"""The margin decomposition attack where gradients are imbalanced, and where they are not."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from c10h.attacks.apgd import apgd
from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS, Budget
from c10h.attacks.losses import margin
from c10h.attacks.margin_decomposition import margin_decomposition, step_size
from c10h.attacks.methods import LOSSES
from c10h.attacks.pgd import pgd

from .trained import CLASSES, Calls, assert_within, blobs, correct, linear, of_brightness, trained

EPSILON = {INFINITY: 0.03, EUCLIDEAN: 0.45}
ITEMS = 32


def imbalanced(pixels: Tensor) -> Tensor:
    """Two classes whose logits rise together, that of the true class, 0, faster.

    The margin's gradient is the true class's against the other's: it leads to the dark, where the
    margin is -2. In the bright the other class's logit is bent upwards, and the margin is 1.
    """
    brightness = (pixels.mean(dim=(1, 2, 3)) - 0.5) / 0.1  # from -1 to 1 in a ball of 0.1
    other = brightness + 10 * (brightness - 0.5).clamp(min=0)
    return torch.stack([2 * brightness + 3, other], dim=1)


GREY = torch.full((ITEMS, 3, 4, 4), 0.5)
FIRST = torch.zeros(ITEMS, dtype=torch.int64)
BALL = Budget.of(0.1, 20)


@pytest.mark.parametrize("method", [pgd, apgd])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_margin_alone_misses_what_its_terms_hide(method: object, loss: str) -> None:
    found = method(imbalanced, GREY, Goal(FIRST), BALL, LOSSES[loss])  # type: ignore[operator]
    assert correct(imbalanced, found, FIRST) == ITEMS


def test_one_of_the_terms_finds_it() -> None:
    torch.manual_seed(0)
    found = margin_decomposition(imbalanced, GREY, Goal(FIRST), BALL, margin)
    assert_within(found, GREY, BALL)
    # Each item draws one of two terms, of which one leads there: half of them, within 4 sigma.
    assert ITEMS / 2 - 12 < correct(imbalanced, found, FIRST) < ITEMS / 2 + 12
    reached = imbalanced(found).argmax(dim=1) == 1
    torch.testing.assert_close(found[reached], GREY[reached] + 0.1)


def test_restarts_give_every_item_both_terms() -> None:
    never = torch.ones(ITEMS, dtype=torch.bool)
    for seed in range(12):
        torch.manual_seed(seed)
        found = margin_decomposition(imbalanced, GREY, Goal(FIRST), BALL, margin)
        never &= imbalanced(found).argmax(dim=1) == FIRST
    assert not never.any()


def test_a_target_is_found_by_its_own_term() -> None:
    torch.manual_seed(0)
    goal = Goal(FIRST, torch.ones_like(FIRST))
    found = margin_decomposition(imbalanced, GREY, goal, BALL, margin)
    assert ITEMS / 2 - 12 < correct(imbalanced, found, FIRST) < ITEMS / 2 + 12


def test_steps_fall_from_twice_the_radius_in_both_halves() -> None:
    sizes = [step_size(step, 10, 22, 0.5) for step in range(22)]
    assert sizes[0] == sizes[10] == 1.0
    assert sizes[5] == pytest.approx(0.5)
    assert sizes[16] == pytest.approx(0.5)
    for half in (sizes[:10], sizes[10:]):
        assert half == sorted(half, reverse=True)
        assert 0 < half[-1] < 0.03
    assert sizes[9] == pytest.approx(0.5 * (1 + math.cos(0.9 * math.pi)))


@pytest.mark.parametrize("starts_at_random", [False, True])
def test_a_linear_network_is_led_to_the_corner_of_the_ball(starts_at_random: bool) -> None:
    network, pixels = linear(2, 6), torch.rand(7, 3, 6, 6)
    truth = network(pixels).argmax(dim=1)
    budget = Budget(0.1, steps=60, random_start=starts_at_random)
    weights = network.weight[1 - truth] - network.weight[truth]
    best = (pixels + 0.1 * weights.sign().view_as(pixels)).clamp(0, 1)
    found = margin_decomposition(network, pixels, Goal(truth), budget, margin)
    torch.testing.assert_close(found, best)


@pytest.mark.parametrize("norm", NORMS)
def test_an_ordinary_network_is_fooled_as_often_as_by_pgd(norm: str) -> None:
    network, (pixels, truth) = trained(), blobs(60, 1)
    budget = Budget.of(EPSILON[norm], 30, norm=norm, random_start=True)
    torch.manual_seed(0)
    found = margin_decomposition(network, pixels, Goal(truth), budget, margin)
    torch.manual_seed(0)
    other = pgd(network, pixels, Goal(truth), budget, margin)
    assert_within(found, pixels, budget)
    right = correct(network, found, truth)
    assert right <= correct(network, other, truth) + 3
    assert right < 40 < 58 < correct(network, pixels, truth)


def test_a_target_is_approached() -> None:
    network, (pixels, truth) = trained(), blobs(40, 1)
    goal = Goal(truth, (truth + 2) % CLASSES)
    torch.manual_seed(0)
    found = margin_decomposition(network, pixels, goal, Budget(0.08, steps=20), margin)
    assert correct(network, pixels, goal.target) <= 2
    assert correct(network, found, goal.target) >= 30


def test_the_seed_decides() -> None:
    network, (pixels, truth) = trained(), blobs(8, 1)
    for starts_at_random in (False, True):
        found = []
        for seed in (0, 0, 1):
            torch.manual_seed(seed)
            budget = Budget(0.03, steps=5, random_start=starts_at_random)
            found.append(margin_decomposition(network, pixels, Goal(truth), budget, margin))
        assert torch.equal(found[0], found[1])
        assert not torch.equal(found[0], found[2])


def test_what_is_wrong_already_stays_wrong() -> None:
    network = of_brightness(lambda place: 0.01 - (place - 0.505).abs())
    pixels, truth = torch.full((8, 3, 4, 4), 0.5), torch.zeros(8, dtype=torch.int64)
    for steps in (1, 2, 5):
        torch.manual_seed(0)
        budget = Budget(0.1, steps=steps)
        found = margin_decomposition(network, pixels, Goal(truth), budget, margin)
        assert correct(network, found, truth) == 0


def test_the_network_is_called_once_a_step_and_once_after() -> None:
    pixels, truth = blobs(4, 1)
    network = Calls(trained())
    margin_decomposition(network, pixels, Goal(truth), Budget(0.03, steps=6), margin)
    assert len(network.pixels) == 7
    assert torch.equal(network.pixels[0], pixels)


def test_one_step_is_enough_to_ask_for() -> None:
    network, (pixels, truth) = trained(), blobs(4, 1)
    budget = Budget(0.03, steps=1)
    found = margin_decomposition(network, pixels, Goal(truth), budget, margin)
    before, after = (margin(network(place), Goal(truth)) for place in (pixels, found))
    assert (after > before).all()
