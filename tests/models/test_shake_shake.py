"""Shake-Shake mixes its branches as in Gastaldi (2017)."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from c10h.models.building import build
from c10h.models.shake_shake import Shaken, ShakeShake, ShiftedShortcut, draw_shares

from .networks import SMALL, pictures


def shares(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


def test_forward_mixes_by_alpha_and_backward_by_beta() -> None:
    first = torch.full((2, 1, 1, 1), 10.0, requires_grad=True)
    second = torch.full((2, 1, 1, 1), 20.0, requires_grad=True)
    mixed = Shaken.apply(first, second, shares(0.25, 1.0), shares(0.75, 0.5))
    assert mixed.flatten().tolist() == [17.5, 10.0]
    mixed.backward(torch.full_like(mixed, 8.0))
    assert first.grad is not None
    assert second.grad is not None
    assert first.grad.flatten().tolist() == [6.0, 4.0]
    assert second.grad.flatten().tolist() == [2.0, 4.0]


def test_equal_shares_have_the_gradient_of_the_formula() -> None:
    alpha = torch.rand(3, 1, 1, 1, dtype=torch.float64)
    branches = [torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True) for _ in "ab"]
    assert torch.autograd.gradcheck(lambda *two: Shaken.apply(*two, alpha, alpha), branches)


def test_shares_differ_between_images_and_between_the_passes() -> None:
    alpha, beta = draw_shares(torch.zeros(1000, 4, 2, 2))
    assert alpha.shape == beta.shape == (1000, 1, 1, 1)
    for drawn in (alpha, beta):
        assert drawn.unique().numel() > 990
        assert drawn.min() >= 0
        assert drawn.max() <= 1
        assert drawn.mean().item() == pytest.approx(0.5, abs=0.05)
    assert abs(torch.corrcoef(torch.stack([alpha, beta]).flatten(1))[0, 1]) < 0.1


def unit() -> ShakeShake:
    """A unit whose branches are relu(x) and 3 relu(x)."""
    three = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(three.weight, 3.0)
    return ShakeShake(nn.Identity(), three, nn.Identity())


def test_evaluation_is_the_mean_of_the_branches() -> None:
    batch = torch.tensor([2.0, -2.0]).view(2, 1, 1, 1)
    assert unit().eval()(batch).flatten().tolist() == [2 + 4, -2]


def test_training_uses_a_share_of_each_image() -> None:
    batch = torch.ones(200, 1, 1, 1)
    output = unit()(batch).flatten()  # 1 + alpha + 3 (1 - alpha)
    assert output.unique().numel() > 190
    assert output.min() >= 2
    assert output.max() <= 4


def test_forward_and_backward_shares_of_a_network_differ() -> None:
    batch = torch.ones(200, 1, 1, 1, requires_grad=True)
    output = unit()(batch)
    output.sum().backward()
    assert batch.grad is not None
    # With one set of shares the gradient of x + (alpha + 3 (1 - alpha)) relu(x) is the output.
    forward, backward = (4 - output.flatten()) / 2, (4 - batch.grad.flatten()) / 2
    assert (forward - backward).abs().mean().item() == pytest.approx(1 / 3, abs=0.05)


def test_training_repeats_with_the_seed_alone() -> None:
    model = build(SMALL["shake_shake"])
    pixels = pictures(4, 16)
    logits = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        logits.append(model(pixels))
    assert torch.equal(logits[0], logits[1])
    assert not torch.allclose(logits[0], logits[2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_features_keep_their_type_and_layout(dtype: torch.dtype) -> None:
    batch = torch.randn(4, 8, 6, 6).to(dtype).contiguous(memory_format=torch.channels_last)
    mixed = Shaken.apply(batch, batch.clone(), *draw_shares(batch))
    assert mixed.dtype == dtype
    assert mixed.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("size", [4, 5])
def test_the_second_half_of_a_shortcut_sees_the_pixels_that_the_first_skips(size: int) -> None:
    shortcut = ShiftedShortcut(1, 2, 2).eval()
    for layer in (shortcut.straight, shortcut.shifted):
        nn.init.ones_(layer.weight)
    batch = torch.rand(1, 1, size, size)
    batch[0, 0, 2, 2] = -1
    halved = shortcut(batch) * (1 + 1e-5) ** 0.5
    torch.testing.assert_close(halved[0, 0], functional.relu(batch[0, 0, ::2, ::2]))
    half = halved.shape[-1]
    odd = torch.zeros(half, half)
    odd[: size // 2, : size // 2] = batch[0, 0, 1::2, 1::2]
    torch.testing.assert_close(halved[0, 1], odd)
