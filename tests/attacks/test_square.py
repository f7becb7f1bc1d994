"""The square attack against closed forms, torchattacks, and what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS, Budget
from c10h.attacks.losses import margin
from c10h.attacks.methods import LOSSES
from c10h.attacks.square import bumps, halvings, square

from .trained import CLASSES, Calls, assert_within, blobs, correct, linear, trained


def linear_of(pixels: Tensor) -> Any:
    weights = torch.randn(pixels[0].numel(), 3, generator=torch.Generator().manual_seed(0))
    return lambda place: place.flatten(1) @ weights


def boxes(changed: Tensor) -> list[tuple[slice, slice]]:
    """The smallest box that holds what has changed, bool (n, 3, h, w), of each item."""
    found = []
    for item in changed.any(dim=1):
        ends = [item.any(dim=axis).nonzero() for axis in (1, 0)]
        found.append(tuple(slice(int(end.min()), int(end.max()) + 1) for end in ends))
    return found  # type: ignore[return-value]


def with_best(calls: list[Tensor], network: Any, goal: Goal) -> Iterator[tuple[Tensor, Tensor]]:
    """Each candidate after the first, and before it the best of those before: algorithm 1."""
    best = calls[1]
    for candidate in calls[2:]:
        yield best, candidate
        values, new = (margin(network(place), goal) for place in (best, candidate))
        best = torch.where((new > values)[:, None, None, None], candidate, best)


def sides(pixels: int, share: float, queries: int) -> list[float]:
    """The sides of a square with the share of pixels that the schedule has at each change."""
    return [(share / 2 ** halvings(change, queries) * pixels) ** 0.5 for change in range(queries)]


def test_it_begins_with_vertical_stripes() -> None:
    pixels, truth = torch.full((6, 3, 5, 7), 0.5), torch.zeros(6, dtype=torch.int64)
    network = Calls(linear_of(pixels))
    square(network, pixels, Goal(truth), Budget(0.1, steps=1), margin)
    assert torch.equal(network.pixels[0], pixels)
    stripes = (network.pixels[1] - pixels) / 0.1
    torch.testing.assert_close(stripes.abs(), torch.ones_like(stripes))
    assert (stripes == stripes[:, :, :1]).all()
    assert not (stripes == stripes[:, :, :, :1]).all()
    assert len({tuple(one.flatten().sign().tolist()) for one in stripes}) == 6


def test_in_l2_it_begins_with_a_grid_of_bumps() -> None:
    pixels, truth = torch.full((20, 3, 15, 15), 0.5), torch.zeros(20, dtype=torch.int64)
    network = Calls(linear_of(pixels))
    torch.manual_seed(0)
    square(network, pixels, Goal(truth), Budget(0.6, EUCLIDEAN, steps=1), margin)
    bump = bumps(3, pixels)
    tiles = (network.pixels[1] - pixels).unfold(2, 3, 3).unfold(3, 3, 3) * (3 * 25) ** 0.5 / 0.6
    kinds = [is_near(tiles, one) for one in (bump, -bump, bump.T, -bump.T)]
    assert torch.stack(kinds).any(dim=0).all()
    assert all(0.15 < float(kind.float().mean()) < 0.35 for kind in kinds)
    is_turned = kinds[2] | kinds[3]
    assert (is_turned == is_turned[:, :1]).all()  # one direction a tile, a sign a channel


def is_near(windows: Tensor, bump: Tensor) -> Tensor:
    return (windows - bump).abs().amax(dim=(-2, -1)) < 1e-5


@pytest.mark.parametrize("norm", NORMS)
def test_what_it_tries_of_clean_pixels(norm: str) -> None:
    # Nothing is ever better, and the attack has what it wants: the best stays as it was.
    pixels, truth = torch.full((30, 3, 12, 12), 0.5), torch.zeros(30, dtype=torch.int64)
    network = Calls(lambda place: torch.tensor([[0.0, 1.0]]).expand(len(place), 2))
    torch.manual_seed(0)
    assert torch.equal(square(network, pixels, Goal(truth), Budget(0.3, norm, 60), margin), pixels)
    smallest = 1 if norm == INFINITY else 3
    corners, is_turned = [], []
    for candidate, wanted in zip(network.pixels[2:], sides(144, 0.8, 60), strict=False):
        side = max(round(wanted), smallest)
        side += norm == EUCLIDEAN and side % 2 == 0
        perturbation = (candidate - pixels) / 0.3
        for item, (rows, columns) in zip(perturbation, boxes(perturbation != 0), strict=True):
            assert rows.stop - rows.start == columns.stop - columns.start == side
            corners.append((rows.start == 0, rows.stop == 12, columns.start == 0))
            window = item[:, rows, columns]
            if norm == INFINITY:
                torch.testing.assert_close(window, window[:, :1, :1].sign().expand_as(window))
            else:
                bump = bumps(side, pixels) / 3**0.5
                near = [is_near(window, one) | is_near(window, -one) for one in (bump, bump.T)]
                is_turned.append(bool(near[1].all()))
                assert near[0].all() or near[1].all()
    assert all(any(edge) for edge in zip(*corners, strict=True))
    if norm == EUCLIDEAN:
        assert 0.4 < sum(is_turned) / len(is_turned) < 0.6


def test_each_query_changes_one_square_of_the_best_so_far() -> None:
    torch.manual_seed(0)
    pixels = 0.3 + 0.4 * torch.rand(5, 3, 8, 8)
    network = linear_of(pixels)
    goal, seen = Goal(network(pixels).argmax(dim=1)), Calls(network)
    square(seen, pixels, goal, Budget(0.1, steps=100), margin)
    pairs = list(with_best(seen.pixels, network, goal))
    for (best, candidate), wanted in zip(pairs, sides(64, 0.8, 100), strict=False):
        changed = best != candidate
        for item in range(5):
            if changed[item].any():
                rows, columns = boxes(changed[item : item + 1])[0]
                most = max(rows.stop - rows.start, columns.stop - columns.start)
                assert most <= max(round(wanted), 1)


def test_in_l2_each_query_changes_two_windows_and_uses_the_radius() -> None:
    torch.manual_seed(0)
    pixels = 0.3 + 0.4 * torch.rand(24, 3, 15, 15)
    pixels[:, :, :, :3] = 0  # where what goes down is cut off, so that some of the radius is left
    network = linear_of(pixels)
    goal, seen = Goal(network(pixels).argmax(dim=1)), Calls(network)
    square(seen, pixels, goal, Budget(0.6, EUCLIDEAN, steps=100), margin)
    was_left = 0
    pairs = list(with_best(seen.pixels, network, goal))
    for (best, candidate), wanted in zip(pairs, sides(225, 0.8, 100), strict=False):
        side = max(round(wanted) // 2 * 2 + 1, 3)
        changed = ((candidate - best).abs() > 1e-6).any(dim=1)
        assert int(changed.sum(dim=(1, 2)).max()) <= 2 * side**2
        norms = [(place - pixels).flatten(1).norm(dim=1) for place in (best, candidate)]
        is_whole = ~changed[:, :, :3].any(dim=(1, 2))
        was_left += int((is_whole & (norms[0] < 0.59)).sum())
        torch.testing.assert_close(
            norms[1][is_whole], torch.full_like(norms[1][is_whole], 0.6), rtol=0, atol=1e-5
        )
    assert was_left > 10


def test_it_stays_on_corners_of_the_ball_within_the_pixels() -> None:
    pixels, truth = blobs(30, 1)
    network = trained()
    right = network(pixels).argmax(dim=1) == truth
    budget = Budget(0.05, steps=60)
    torch.manual_seed(0)
    found = square(network, pixels, Goal(truth), budget, margin)
    assert_within(found, pixels, budget)
    corners = torch.stack([(pixels - 0.05).clamp(min=0), (pixels + 0.05).clamp(max=1)])
    nearest = (found - corners).abs().amin(dim=0)
    assert float(nearest[right].max()) < 1e-6
    assert int(((pixels < 0.05) | (pixels > 0.95)).sum()) > 0


def test_it_comes_near_the_best_corner_of_a_linear_network() -> None:
    network, pixels = linear(2, 4), 0.3 + 0.4 * torch.rand(6, 3, 4, 4)
    truth = network(pixels).argmax(dim=1)
    weights = network.weight[1 - truth] - network.weight[truth]
    torch.manual_seed(0)
    found = square(network, pixels, Goal(truth), Budget(0.1, steps=800), margin)
    gain = margin(network(found), Goal(truth)) - margin(network(pixels), Goal(truth))
    most = 0.1 * weights.abs().sum(dim=1)
    assert (gain <= most + 1e-5).all()
    assert (gain > 0.9 * most).all()


def test_in_l2_it_uses_the_whole_radius() -> None:
    network, pixels = linear(2, 10), 0.3 + 0.4 * torch.rand(6, 3, 10, 10)
    truth = network(pixels).argmax(dim=1)
    weights = network.weight[1 - truth] - network.weight[truth]
    seen = Calls(network)
    torch.manual_seed(0)
    budget = Budget(0.5, EUCLIDEAN, steps=800)
    found = square(seen, pixels, Goal(truth), budget, margin)
    assert_within(found, pixels, budget)
    for candidate in seen.pixels[1:]:
        norm = (candidate - pixels).flatten(1).norm(dim=1)
        torch.testing.assert_close(norm, torch.full((6,), 0.5), rtol=0, atol=1e-5)
    gains = [
        margin(network(place), Goal(truth)) - margin(network(pixels), Goal(truth))
        for place in (seen.pixels[1], found)
    ]
    assert (gains[1] <= 0.5 * weights.norm(dim=1) + 1e-5).all()
    assert (gains[1] > 0.4 * 0.5 * weights.norm(dim=1)).all()
    assert (gains[1] > gains[0]).all()


@pytest.mark.parametrize("norm", NORMS)
def test_the_loss_never_falls(norm: str) -> None:
    network, (pixels, truth) = trained(), blobs(20, 1)
    epsilon = 0.05 if norm == INFINITY else 1.0
    found = []
    for steps in (1, 150):
        torch.manual_seed(0)
        found.append(square(network, pixels, Goal(truth), Budget(epsilon, norm, steps), margin))
    first, last = (margin(network(place), Goal(truth)) for place in found)
    assert (last >= first).all()
    assert float(last.mean()) > float(first.mean()) + 1


def test_bumps_are_those_of_equation_2() -> None:
    middle, beside, edge = 1 + 1 / 4 + 1 / 9, 1 / 4 + 1 / 9, 1 / 9
    upper = torch.tensor(
        [[edge, beside, beside, beside, edge], [edge, beside, middle, beside, edge]]
    )
    lower = torch.stack([upper[0], upper[1], upper[0]])
    halves = torch.cat([upper / upper.norm(), -lower / lower.norm()]) / 2**0.5
    torch.testing.assert_close(bumps(5, torch.zeros(1)), halves)


def test_the_schedule_halves_where_the_paper_says() -> None:
    ends = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
    for count, end in enumerate(ends):
        assert (halvings(end, 10_000), halvings(end + 1, 10_000)) == (count, count + 1)
        assert (halvings(end // 10, 1000), halvings(end // 10 + 1, 1000)) == (count, count + 1)


@pytest.mark.parametrize("side", [2, 3, 5, 6, 11, 15])
def test_bumps_are_those_of_torchattacks(side: int) -> None:
    oracle = _torchattacks(trained(), INFINITY, 0.1, 1).eta(side)
    ours = bumps(side, torch.zeros(1))
    assert torch.linalg.vector_norm(ours) == pytest.approx(1)
    assert any(torch.allclose(one, oracle, atol=1e-6) for one in (ours, ours.T))


@pytest.mark.parametrize("queries", [1, 37, 300, 1000])
def test_the_schedule_is_that_of_torchattacks(queries: int) -> None:
    oracle = _torchattacks(trained(), INFINITY, 0.1, queries)
    for change in range(queries):
        # Their place in the schedule is a float that is cut off, as 57.99999.
        place = change * 10_000 / queries
        if place != int(place) or place == int(change / queries * 10_000):
            assert 0.8 / 2 ** halvings(change, queries) == oracle.p_selection(change)


@pytest.mark.parametrize(("norm", "epsilon"), [(INFINITY, 0.07), (EUCLIDEAN, 1.5)])
def test_it_fools_about_as_often_as_torchattacks(norm: str, epsilon: float) -> None:
    network, (pixels, truth) = trained(), blobs(60, 1)
    torch.manual_seed(0)
    found = square(network, pixels, Goal(truth), Budget(epsilon, norm, 100), margin)
    # All items of theirs share their windows, so that one seed may be far from another.
    others = [
        correct(network, _torchattacks(network, norm, epsilon, 100, seed)(pixels, truth), truth)
        for seed in range(4)
    ]
    assert abs(correct(network, found, truth) - sum(others) / 4) <= 6
    assert max(others) < 45


def _torchattacks(
    network: torch.nn.Module, norm: str, epsilon: float, queries: int, seed: int = 0
) -> Any:
    torchattacks = pytest.importorskip("torchattacks")
    name = {INFINITY: "Linf", EUCLIDEAN: "L2"}[norm]
    return torchattacks.Square(network, name, epsilon, queries, p_init=0.8, seed=seed)


@pytest.mark.parametrize("loss", ["ce", "margin"])
def test_a_target_is_approached(loss: str) -> None:
    network, (pixels, truth) = trained(), blobs(40, 1)
    goal = Goal(truth, (truth + 2) % CLASSES)
    torch.manual_seed(0)
    found = square(network, pixels, goal, Budget(0.15, steps=200), LOSSES[loss])
    assert correct(network, pixels, goal.target) <= 2
    assert correct(network, found, goal.target) >= 20


@pytest.mark.parametrize("norm", NORMS)
def test_what_is_wrong_already_stays_wrong(norm: str) -> None:
    network, pixels = linear(3, 6), 0.3 + 0.4 * torch.rand(40, 3, 6, 6)
    # The second class is true and behind by a hair: half of all perturbations would help it.
    first, second = network(pixels).topk(2, dim=1).indices.T
    logits = network(pixels)
    lead = (margin(logits, Goal(second)) - 1e-3)[:, None]
    shift = torch.nn.functional.one_hot(second, 3) * lead

    def near(place: Tensor) -> Tensor:
        return network(place) + shift

    assert correct(near, pixels, first) == 40
    budget = Budget(0.05 if norm == INFINITY else 0.5, norm, steps=1)
    torch.manual_seed(0)
    seen = Calls(near)
    for loss in LOSSES.values():
        found = square(seen, pixels, Goal(second), budget, loss)
        assert correct(near, found, second) == 0
        assert 10 < correct(near, seen.pixels[-1], second) < 30


@pytest.mark.parametrize("norm", NORMS)
def test_the_seed_decides(norm: str) -> None:
    network, (pixels, truth) = trained(), blobs(8, 1)
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        budget = Budget(0.05 if norm == INFINITY else 1.0, norm, 20)
        found.append(square(network, pixels, Goal(truth), budget, margin))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_it_asks_for_no_gradient_and_for_one_call_a_query() -> None:
    pixels, truth = blobs(4, 1)
    has_gradient = []

    def network(place: Tensor) -> Tensor:
        logits: Tensor = trained()(place)
        has_gradient.append(torch.is_grad_enabled())
        return logits

    square(network, pixels, Goal(truth), Budget(0.05, steps=12), margin)
    assert len(has_gradient) == 13
    assert not any(has_gradient)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (4, 3), (12, 5)])
def test_images_may_be_small_and_not_square(norm: str, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    pixels = torch.rand(3, 3, *shape)
    network = linear_of(pixels)
    goal = Goal(network(pixels).argmax(dim=1))
    budget = Budget(0.1, norm, 40)
    found = square(network, pixels, goal, budget, margin)
    assert_within(found, pixels, budget)
    assert (margin(network(found), goal) >= margin(network(pixels), goal)).float().mean() > 0.6
