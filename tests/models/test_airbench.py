"""The network made for speed, and its whitening layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from c10h.models.airbench import EPSILON, Airbench, whitening_filters
from c10h.models.building import build, prepare

from .networks import pictures


def correlated(count: int, size: int) -> torch.Tensor:
    """Normalised images whose neighbouring pixels and channels are alike."""
    grey = torch.randn(count, 1, size, size)
    noise = grey + 0.5 * torch.randn(count, 3, size, size)
    return functional.avg_pool2d(noise, 2, 1) + 0.2


def patches_of(images: torch.Tensor) -> np.ndarray:
    """All 2 x 2 patches, (patches, 12), with numpy alone."""
    windows = np.lib.stride_tricks.sliding_window_view(images.double().numpy(), (2, 2), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 12)


def test_whitened_patches_are_uncorrelated_and_of_size_one() -> None:
    images = correlated(40, 12)
    filters = whitening_filters(images)
    whitened = patches_of(images) @ filters[:12].reshape(12, 12).double().numpy().T
    moments = whitened.T @ whitened / len(whitened)
    np.testing.assert_allclose(moments, np.eye(12), atol=0.05)
    assert torch.equal(filters[12:], -filters[:12])


def test_whitening_is_numpys_up_to_signs() -> None:
    images = correlated(30, 9)
    patches = patches_of(images)
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    oracle = (vectors / np.sqrt(values + EPSILON)).T[::-1]
    filters = whitening_filters(images)[:12].reshape(12, 12).numpy()
    np.testing.assert_allclose(
        np.abs((filters * oracle).sum(axis=1)), (oracle**2).sum(axis=1), 1e-4
    )


def test_many_images_are_taken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    images = correlated(10, 8)
    at_once = whitening_filters(images)
    monkeypatch.setattr("c10h.models.airbench.IMAGES_AT_ONCE", 3)
    torch.testing.assert_close(whitening_filters(images).abs(), at_once.abs())


def test_images_without_variation_are_no_division_by_zero() -> None:
    assert whitening_filters(torch.zeros(4, 3, 8, 8)).isfinite().all()


def test_preparing_sets_the_first_layer_from_normalised_pixels() -> None:
    model = build("airbench94_w8")
    pixels = pictures(20, 16)
    prepare(model, pixels)
    assert isinstance(model.network, Airbench)
    expected = whitening_filters(model.normalise(pixels))
    assert torch.equal(model.network.whitening.weight, expected)
    assert not model.network.whitening.weight.requires_grad
    assert model.network.whitening.bias is not None
    assert model.network.whitening.bias.requires_grad


def test_preparing_looks_at_the_first_images_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Airbench, "wanted_images", 5)
    models = [build("airbench94_w8") for _ in "ab"]
    pixels = pictures(20, 16)
    prepare(models[0], pixels)
    prepare(models[1], pixels[:5])
    first, second = (model.state_dict()["network.whitening.weight"] for model in models)
    assert torch.equal(first, second)


def test_a_block_starts_as_the_identity_of_its_first_channels() -> None:
    model = build("airbench94_w8")
    assert isinstance(model.network, Airbench)
    second = model.network.blocks[1]
    assert isinstance(second, nn.Sequential)
    features = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(second[0](features)[:, :8], features)


def test_batch_normalisation_learns_no_scale_and_forgets_fast() -> None:
    layers = [one for one in build("airbench94_w8").modules() if isinstance(one, nn.BatchNorm2d)]
    assert len(layers) == 6
    for layer in layers:
        assert layer.momentum == pytest.approx(0.4)
        assert not layer.weight.requires_grad
        assert layer.bias.requires_grad


def test_logits_are_a_ninth_of_the_last_layers() -> None:
    model = build("airbench94_w8").eval()
    assert isinstance(model.network, Airbench)
    seen = []
    model.network.last.register_forward_hook(lambda *call: seen.append(call[2]))
    logits = model(pictures(2, 32))
    torch.testing.assert_close(logits, seen[0] / 9)


def test_images_of_32_pixels_are_pooled_as_in_the_paper() -> None:
    model = build("airbench94_w8").eval()
    network = model.network
    assert isinstance(network, Airbench)
    images = model.normalise(pictures(2, 32))
    features = network.blocks(functional.gelu(network.whitening(images)))
    assert features.shape == (2, 32, 3, 3)
    pooled = functional.max_pool2d(features, 3).flatten(1)
    torch.testing.assert_close(network(images), network.last(pooled) / 9)
