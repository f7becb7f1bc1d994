"""Logits over many pictures against the plain forward pass, and scipy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch import nn

from c10h.errors import InputError
from c10h.records import Array
from c10h.training import lazy_logits
from c10h.training.inference import cross_entropy, predict
from c10h.training.lazy_logits import CommonRows, Machine, MemberRows
from training.small import Tiny, pictures

CPU = torch.device("cpu")


def machine(batch: int = 4, advance: Any = lambda done: None) -> Machine:
    return Machine(CPU, "fp32", batch, advance)


def plain(network: nn.Module, images: Array) -> Array:
    """All at once, as in torch's tutorials."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        return network.eval()(pixels).numpy()


@pytest.fixture
def networks() -> list[nn.Module]:
    """Three, whose batch normalisation has statistics of its own."""
    found: list[nn.Module] = []
    for _ in range(3):
        network = Tiny()
        network(torch.rand(10, 3, 8, 8) * 3)
        found.append(network)
    return found


class Disk:
    """Pictures that are only ever read slice by slice, of a few."""

    def __init__(self, images: Array, most: int) -> None:
        self.images, self.most = images, most
        self.shape, self.dtype = images.shape, images.dtype

    def __getitem__(self, key: slice) -> Array:
        found = self.images[key]
        assert len(found) <= self.most
        return found


def test_predicting_is_the_forward_pass(networks: list[nn.Module]) -> None:
    images = pictures(23)
    wanted = plain(networks[0], images)
    for batch in (1, 4, 23, 500):
        found = predict(networks[0].train(), images, CPU, "fp32", batch)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_predicting_changes_no_weights(networks: list[nn.Module]) -> None:
    before = {name: value.clone() for name, value in networks[0].state_dict().items()}
    predict(networks[0].train(), pictures(9), CPU, "fp32")
    for name, value in networks[0].state_dict().items():
        assert torch.equal(value, before[name])


def test_bf16_is_near(networks: list[nn.Module]) -> None:
    images = pictures(9)
    found = predict(networks[0], images, CPU, "bf16")
    wanted = plain(networks[0], images)
    assert not np.array_equal(found, wanted)
    np.testing.assert_allclose(found, wanted, atol=0.1)


@pytest.mark.parametrize("rows", [slice(0, 23), slice(5, 6), slice(7, 20), slice(20, None)])
def test_members_are_forward_passes(
    networks: list[nn.Module], rows: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy_logits, "BLOCK", 5)
    images = pictures(23)
    done: list[int] = []
    members = MemberRows(networks, Disk(images, 5), 3, machine(advance=done.append))
    assert members.shape == (3, 23, 3)
    assert members.dtype == np.float32
    for number, network in enumerate(networks):
        wanted = plain(network, images)[rows]
        np.testing.assert_allclose(members[number, rows], wanted, rtol=1e-5, atol=1e-6)
    assert sum(done) == 3 * len(range(23)[rows])


def common(
    networks: Sequence[nn.Module], images: Array, rows: slice, chosen: Array | None
) -> Array:
    answers = CommonRows(networks, Disk(images, 5), 3, machine(), chosen)
    assert answers.shape == (1, len(images), 3)
    return answers[0, rows]


@pytest.mark.parametrize("rows", [slice(0, 23), slice(7, 20)])
def test_an_ensemble_is_the_mean_of_probabilities(
    networks: list[nn.Module], rows: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy_logits, "BLOCK", 5)
    images = pictures(23)
    logs = log_softmax(np.stack([plain(one, images) for one in networks]).astype("f8"), axis=2)
    wanted = np.log(np.exp(logs).mean(axis=0))[rows]
    found = common(networks, images, rows, None)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rows", [slice(0, 23), slice(7, 20)])
def test_each_picture_by_its_network(
    networks: list[nn.Module], rows: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy_logits, "BLOCK", 5)
    images = pictures(23)
    chosen = np.random.default_rng(0).integers(0, 3, 23)
    every = np.stack([plain(one, images) for one in networks])
    wanted = every[chosen, np.arange(23)][rows]
    found = common(networks, images, rows, chosen[None])
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_the_networks_of_two_runs_are_averaged(networks: list[nn.Module]) -> None:
    images = pictures(5)
    chosen = np.array([[0, 0, 1, 1, 0], [2, 2, 2, 2, 2]])
    every = np.stack([log_softmax(plain(one, images), axis=1) for one in networks])
    both = np.stack([every[row, np.arange(5)] for row in chosen])
    found = common(networks, images, slice(0, 5), chosen)
    np.testing.assert_allclose(found, np.log(np.exp(both).mean(axis=0)), rtol=1e-4, atol=1e-6)


def test_cross_entropy_is_torchs(random: np.random.Generator) -> None:
    logits = random.normal(0, 100, (40, 5)).astype("f4")
    shares = random.dirichlet(np.ones(5), 40)
    wanted = nn.functional.cross_entropy(
        torch.from_numpy(logits).double(), torch.from_numpy(shares)
    )
    assert cross_entropy(logits, shares) == pytest.approx(wanted.item())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_not_finite(networks: list[nn.Module], value: float) -> None:
    with torch.no_grad():
        next(networks[1].parameters()).fill_(value)
    members = MemberRows(networks, pictures(7), 3, machine())
    assert members[0, slice(0, 7)].shape == (7, 3)
    with pytest.raises(InputError, match=r"a network has no finite logits for \d images of "):
        members[1, slice(0, 7)]
