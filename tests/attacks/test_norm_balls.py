"""Norms, steepest directions, projections and random starts, by hand and by their definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS
from c10h.attacks.norm_balls import project, random_start, size, steepest


def image(*values: float) -> Tensor:
    """One item of three channels with one row, (1, 3, 1, w)."""
    return torch.tensor(values).reshape(1, 3, 1, -1)


def test_sizes_by_hand() -> None:
    two = torch.cat([image(3, 0, -4), image(-1, 0.5, 0)])
    assert size(two, INFINITY).tolist() == [4, 1]
    assert size(two, EUCLIDEAN).tolist() == pytest.approx([5, 1.25**0.5])


def test_steepest_by_hand() -> None:
    two = torch.cat([image(3, 0, -4), image(0, 0, 0)])
    assert steepest(two, INFINITY).flatten().tolist() == [1, 0, -1, 0, 0, 0]
    assert steepest(two, EUCLIDEAN).flatten().tolist() == pytest.approx([0.6, 0, -0.8, 0, 0, 0])


@pytest.mark.parametrize("scale", [1e-40, 1e-30, 1e-12, 1e30])
def test_steepest_in_l2_has_norm_1_whatever_the_scale(scale: float) -> None:
    gradient = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    found = steepest(gradient * scale, EUCLIDEAN)
    torch.testing.assert_close(size(found, EUCLIDEAN), torch.ones(4))
    if scale > 1e-37:  # below, float32 has few digits
        torch.testing.assert_close(found, steepest(gradient, EUCLIDEAN))


@pytest.mark.parametrize("norm", NORMS)
def test_no_direction_is_steeper(norm: str) -> None:
    random = torch.Generator().manual_seed(0)
    gradient = torch.randn(1, 3, 4, 4, generator=random)
    most = float((gradient * steepest(gradient, norm)).sum())
    others = torch.randn(500, 3, 4, 4, generator=random)
    others /= size(others, norm)[:, None, None, None]
    assert float((others * gradient).sum(dim=(1, 2, 3)).max()) < most
    dual = {INFINITY: 1, EUCLIDEAN: 2}[norm]
    assert most == pytest.approx(np.linalg.norm(gradient.flatten().numpy(), dual), rel=1e-5)


def test_projections_by_hand() -> None:
    origin = image(0.5, 0.05, 0.5)
    moved = origin + image(0.3, -0.4, 0.0)  # of norm 0.5
    found = project(moved, origin, 0.1, INFINITY).flatten()
    assert found.tolist() == pytest.approx([0.6, 0.0, 0.5])
    found = project(moved, origin, 0.25, EUCLIDEAN).flatten()
    assert found.tolist() == pytest.approx([0.65, 0.0, 0.5])
    assert project(moved, origin, 0.6, EUCLIDEAN).flatten().tolist() == pytest.approx([0.8, 0, 0.5])


@pytest.mark.parametrize("norm", NORMS)
def test_what_is_inside_stays_and_each_item_is_its_own(norm: str) -> None:
    origin = torch.full((2, 3, 2, 2), 0.5)
    moved = origin.clone()
    moved[0] += 0.01
    moved[1] += 0.4
    found = project(moved, origin, 0.2, norm)
    assert torch.equal(found[0], moved[0])
    assert float(size(found - origin, norm)[1]) == pytest.approx(0.2)


@pytest.mark.parametrize("norm", NORMS)
def test_random_starts_fill_the_ball_evenly(norm: str) -> None:
    """The share within radius r of a ball of d dimensions is r^d, and no direction is preferred."""
    torch.manual_seed(0)
    origin = torch.full((20_000, 3, 1, 1), 0.5)
    noise = random_start(origin, 0.2, norm) - origin
    radius = size(noise, norm) / 0.2
    assert float(radius.max()) <= 1 + 1e-5
    for within in (0.5, 0.8, 0.95):
        share = float((radius <= within).float().mean())
        assert share == pytest.approx(within**3, abs=0.015)
    assert noise.mean(dim=0).abs().max() < 0.004
    deviations = noise.std(dim=0).flatten()
    variance = {INFINITY: 1 / 3, EUCLIDEAN: 1 / 5}[norm]  # of a coordinate in 3 dimensions
    assert deviations.tolist() == pytest.approx([0.2 * variance**0.5] * 3, rel=0.03)


@pytest.mark.parametrize("norm", NORMS)
def test_random_starts_stay_among_pixels(norm: str) -> None:
    torch.manual_seed(0)
    origin = torch.rand(50, 3, 6, 6).round()
    start = random_start(origin, 0.3, norm)
    assert float(start.min()) >= 0
    assert float(start.max()) <= 1
    assert float(size(start - origin, norm).max()) <= 0.3 + 1e-6
    assert not torch.equal(start, origin)
