"""Auto-PGD against closed forms, the paper's algorithm in scalars, PGD and torchattacks."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from c10h.attacks.apgd import apgd, checkpoints
from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS, Budget
from c10h.attacks.losses import cross_entropy, margin
from c10h.attacks.methods import LOSSES
from c10h.attacks.pgd import pgd

from .trained import CLASSES, Calls, assert_within, blobs, correct, linear, of_brightness, trained

EPSILON = {INFINITY: 0.03, EUCLIDEAN: 0.45}


def test_checkpoints_are_the_papers() -> None:
    assert checkpoints(100) == (22, 41, 57, 70, 80, 87, 93, 99)


@pytest.mark.parametrize("steps", [1, 2, 7, 10, 20, 40, 50, 1000])
def test_checkpoints_follow_the_recurrence(steps: int) -> None:
    places = [Fraction(0), Fraction(22, 100)]
    while places[-1] <= 1:
        shorter = places[-1] - places[-2] - Fraction(3, 100)
        places.append(places[-1] + max(shorter, Fraction(6, 100)))
    expected = {math.ceil(place * steps) for place in places[1:-1]}
    assert checkpoints(steps) == tuple(sorted(expected))


@pytest.mark.parametrize("starts_at_random", [False, True])
def test_a_linear_network_is_led_to_the_corner_of_the_ball(starts_at_random: bool) -> None:
    network, pixels = linear(2, 6), torch.rand(7, 3, 6, 6)
    truth = network(pixels).argmax(dim=1)
    budget = Budget(0.1, steps=20, random_start=starts_at_random)
    weights = network.weight[1 - truth] - network.weight[truth]
    best = (pixels + 0.1 * weights.sign().view_as(pixels)).clamp(0, 1)
    for loss in LOSSES.values():
        if loss is not LOSSES["dlr"]:  # is the same everywhere where there are two classes
            torch.testing.assert_close(apgd(network, pixels, Goal(truth), budget, loss), best)


@pytest.mark.parametrize("starts_at_random", [False, True])
def test_a_linear_network_is_led_along_its_weights_in_l2(starts_at_random: bool) -> None:
    network, pixels = linear(2, 6), 0.3 + 0.4 * torch.rand(7, 3, 6, 6)
    truth = network(pixels).argmax(dim=1)
    budget = Budget(0.5, EUCLIDEAN, steps=100, random_start=starts_at_random)
    weights = network.weight[1 - truth] - network.weight[truth]
    most = margin(network(pixels), Goal(truth)) + 0.5 * weights.norm(dim=1)
    found = apgd(network, pixels, Goal(truth), budget, margin)
    torch.testing.assert_close(margin(network(found), Goal(truth)), most, rtol=0, atol=1e-4)


def algorithm_1(start: float, radius: float, steps: int, function: object) -> list[float]:
    """The places that Auto-PGD looks at on a line: algorithm 1, written down once more."""
    value, slope = function.value, function.slope  # type: ignore[attr-defined]

    def clip(place: float) -> float:
        return min(max(place, start - radius), start + radius)

    places, ups, size = [start], 0, 2 * radius
    now, before = start, start
    best, halved, last_best, last = start, False, value(start), 0
    for step in range(1, steps + 1):
        target = clip(now + size * math.copysign(1, slope(now)))
        new = target if step == 1 else clip(now + 0.75 * (target - now) + 0.25 * (now - before))
        places.append(new)
        ups += value(new) > value(now)
        now, before = new, now
        best = new if value(new) > value(best) else best
        if step in checkpoints(steps):
            few = ups < 0.75 * (step - last)
            halved = few or (not halved and value(best) == last_best)
            if halved:
                size, now = size / 2, best
            last_best, last, ups = value(best), step, 0
    return places


class Waves:
    """A function of a line with several maxima."""

    @staticmethod
    def value(place: float) -> float:
        return math.sin(40 * place) + 3 * place - 20 * (place - 0.55) ** 2

    @staticmethod
    def slope(place: float) -> float:
        return 40 * math.cos(40 * place) + 3 - 40 * (place - 0.55)

    @staticmethod
    def of(places: Tensor) -> Tensor:
        return (40 * places).sin() + 3 * places - 20 * (places - 0.55) ** 2


@pytest.mark.parametrize("steps", [13, 40, 60])
def test_every_step_is_that_of_algorithm_1(steps: int) -> None:
    starts = [0.3, 0.41, 0.5, 0.68]
    pixels = torch.tensor(starts, dtype=torch.float64)[:, None, None, None].repeat(1, 3, 1, 1)
    network = Calls(of_brightness(lambda places: Waves.of(places) - 100))
    truth = torch.zeros(4, dtype=torch.int64)
    apgd(network, pixels, Goal(truth), Budget(0.2, steps=steps), margin)
    seen = torch.stack(network.pixels)[:, :, 0, 0, 0]
    expected = [algorithm_1(start, 0.2, steps, Waves) for start in starts]
    torch.testing.assert_close(seen.T, torch.tensor(expected, dtype=torch.float64))


def test_a_best_that_stays_the_best_is_gone_back_to_at_every_other_checkpoint() -> None:
    # The start is the best; after it the loss rises at every step, but never so far.
    values = [100.0, *range(100)]
    pixels, truth = torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, dtype=torch.int64)

    def scripted(logits: Tensor, goal: Goal) -> Tensor:
        slope = logits[:, 1]
        return slope - slope.detach() + values.pop(0)

    network = Calls(of_brightness(lambda place: place - 9))
    apgd(network, pixels, Goal(truth), Budget(0.2, steps=100), scripted)
    seen = [float(place[0, 0, 0, 0]) for place in network.pixels]
    falls = [step for step in range(2, 101) if seen[step] < seen[step - 1] - 1e-6]
    assert falls == [22 + 1, 57 + 1, 80 + 1, 93 + 1]  # not 41, 70, 87: halved just before
    assert seen[22] == pytest.approx(0.7)
    # From the best half of 2ε, as far as the ball goes, with a quarter of the step to the best.
    assert seen[23] == pytest.approx(0.5 + 0.75 * 0.2 - 0.25 * 0.2)
    assert seen[58] == pytest.approx(0.5 + 0.75 * 0.1 - 0.25 * 0.2)


@pytest.mark.parametrize("norm", NORMS)
def test_steps_shrink_until_a_maximum_inside_the_ball_is_met(norm: str) -> None:
    middle = 0.4 + 0.2 * torch.rand(5, 75, generator=torch.Generator().manual_seed(1))
    pixels = torch.full((5, 3, 5, 5), 0.5)

    def network(place: Tensor) -> Tensor:
        return torch.cat([torch.full((5, 1), 9.0), place.flatten(1)], dim=1)

    def nearness(logits: Tensor, goal: Goal) -> Tensor:
        return -(logits[:, 1:] - middle).square().sum(dim=1)

    budget = Budget(0.2 if norm == INFINITY else 1.0, norm, steps=100)
    found = apgd(network, pixels, Goal(torch.zeros(5, dtype=torch.int64)), budget, nearness)
    before, after = ((place.flatten(1) - middle).norm(dim=1) for place in (pixels, found))
    assert float((after / before).max()) < 0.1


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_no_worse_than_pgd(loss: str, norm: str) -> None:
    network, (pixels, truth) = trained(), blobs(60, 1)
    budget = Budget.of(EPSILON[norm], 25, norm=norm, random_start=True)
    found = []
    for method in (pgd, apgd):
        torch.manual_seed(0)
        found.append(method(network, pixels, Goal(truth), budget, LOSSES[loss]))
        assert_within(found[-1], pixels, budget)
    losses = [LOSSES[loss](network(place), Goal(truth)).mean() for place in found]
    assert losses[1] > losses[0] - 0.01
    assert correct(network, found[1], truth) <= correct(network, found[0], truth)
    assert correct(network, found[1], truth) < 40 < 58 < correct(network, pixels, truth)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("loss", ["ce", "dlr"])
def test_it_fools_as_often_as_torchattacks(loss: str, norm: str) -> None:
    torchattacks = pytest.importorskip("torchattacks")
    network, (pixels, truth) = trained(), blobs(60, 1)
    budget = Budget(EPSILON[norm], norm, steps=25, random_start=True)
    torch.manual_seed(0)
    found = apgd(network, pixels, Goal(truth), budget, LOSSES[loss])
    name = {INFINITY: "Linf", EUCLIDEAN: "L2"}[norm]
    other = torchattacks.APGD(network, name, budget.epsilon, steps=25, loss=loss)(pixels, truth)
    assert abs(correct(network, found, truth) - correct(network, other, truth)) <= 2


def test_a_target_is_approached() -> None:
    network, (pixels, truth) = trained(), blobs(40, 1)
    goal = Goal(truth, (truth + 2) % CLASSES)
    budget = Budget.of(0.08, 20)
    for loss in LOSSES.values():
        found = apgd(network, pixels, goal, budget, loss)
        plain = pgd(network, pixels, goal, budget, loss)
        hits = [correct(network, place, goal.target) for place in (pixels, plain, found)]
        assert hits[0] <= 2
        assert hits[2] >= max(hits[1], 30)


@pytest.mark.parametrize("norm", NORMS)
def test_items_do_not_depend_on_their_batch(norm: str) -> None:
    network = linear(4, 5).double()
    with torch.no_grad():
        network.weight.mul_(5)

    def bent(place: Tensor) -> Tensor:
        return network((7 * place).sin())

    pixels = torch.rand(16, 3, 5, 5, dtype=torch.float64)
    truth = bent(pixels).argmax(dim=1)
    budget = Budget(0.1 if norm == INFINITY else 1.0, norm, steps=30)
    together = apgd(bent, pixels, Goal(truth), budget, cross_entropy)
    for row in range(16):
        rows = slice(row, row + 1)
        alone = apgd(bent, pixels[rows], Goal(truth[rows]), budget, cross_entropy)
        torch.testing.assert_close(alone, together[rows])


def test_the_seed_decides() -> None:
    network, (pixels, truth) = trained(), blobs(8, 1)
    budget = Budget(0.03, steps=5, random_start=True)
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(apgd(network, pixels, Goal(truth), budget, cross_entropy))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_what_is_wrong_already_stays_wrong() -> None:
    # Wrong up to a little above the start, where every step that there is leads past.
    network = of_brightness(lambda place: 0.01 - (place - 0.505).abs())
    pixels, truth = torch.full((3, 3, 4, 4), 0.5), torch.zeros(3, dtype=torch.int64)
    for steps in (1, 2, 5):
        found = apgd(network, pixels, Goal(truth), Budget(0.1, steps=steps), cross_entropy)
        assert correct(network, found, truth) == 0


def test_a_wrong_class_comes_before_a_larger_loss() -> None:
    network = of_brightness(lambda place: 0.05 - (place - 0.5).abs())
    pixels, truth = torch.full((3, 3, 4, 4), 0.48), torch.zeros(3, dtype=torch.int64)

    def brightness(logits: Tensor, goal: Goal) -> Tensor:
        return -logits[:, 1]  # the darker the better; too dark is right again

    found = apgd(network, pixels, Goal(truth), Budget(0.2, steps=10), brightness)
    assert correct(network, found, truth) == 0
    assert (found == pixels).all()


def test_the_network_is_called_once_a_step_and_once_before() -> None:
    pixels, truth = blobs(4, 1)
    network = Calls(trained())
    apgd(network, pixels, Goal(truth), Budget(0.03, steps=6), cross_entropy)
    assert len(network.pixels) == 7
    assert torch.equal(network.pixels[0], pixels)
