"""Freezing, ensembles, what a recording network records, and what cannot be attacked."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.attacks.attacked_network import Ensemble, RecordingNetwork, check_attackable, freeze
from c10h.errors import InputError
from c10h.formats.lazy_rows import log_mean_softmax

from .conftest import Examples
from .trained import linear

CPU = torch.device("cpu")
PIXELS = torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def test_frozen_networks_evaluate_and_have_no_gradients() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.Flatten())
    assert network.training
    found = freeze(network, CPU)
    assert not any(module.training for module in found.modules())
    assert not any(one.requires_grad for one in found.parameters())
    leaf = PIXELS.clone().requires_grad_(True)
    found(leaf).sum().backward()
    assert leaf.grad is not None
    assert all(one.grad is None for one in found.parameters())


class TestTogether:
    def test_it_is_the_logarithm_of_the_mean_softmax(self) -> None:
        networks = [linear(5, 4, seed) for seed in range(3)]
        found = Ensemble(networks)(PIXELS)
        wanted = torch.stack([one(PIXELS).softmax(dim=1) for one in networks]).mean(dim=0).log()
        torch.testing.assert_close(found, wanted)

    def test_it_is_what_predict_answers(self) -> None:
        networks = [linear(5, 4, seed) for seed in range(3)]
        wanted = log_mean_softmax([one(PIXELS).numpy() for one in networks])
        torch.testing.assert_close(Ensemble(networks)(PIXELS), torch.from_numpy(wanted).float())

    def test_sure_networks_do_not_round_to_0(self) -> None:
        networks = [nn.Sequential(linear(5, 4, seed), Times(1e4)) for seed in range(2)]
        found = Ensemble(networks)(PIXELS)
        assert found.isfinite().all()
        assert float(found.min()) < -1000

    def test_float64_stays_float64(self) -> None:
        """So that the health block can tell what was only rounded away."""
        networks = [linear(5, 4, seed).double() for seed in range(2)]
        found = Ensemble(networks)(PIXELS.double())
        assert found.dtype == torch.float64
        wanted = torch.stack([one(PIXELS.double()).softmax(dim=1) for one in networks])
        torch.testing.assert_close(found, wanted.mean(dim=0).log(), rtol=1e-12, atol=1e-12)

    def test_bfloat16_is_added_up_in_float32(self) -> None:
        networks = [linear(5, 4, seed).bfloat16() for seed in range(2)]
        assert Ensemble(networks)(PIXELS.bfloat16()).dtype == torch.float32


class Times(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, logits: Tensor) -> Tensor:
        return logits * self.scale


class TestWatched:
    def test_the_first_calls_are_recorded(self, cnn: nn.Module, pictures: Examples) -> None:
        pixels, truth = pictures
        recorded = RecordingNetwork(cnn, truth, calls=2)
        calls = [pixels, pixels.flip(3), pixels * 0.5]
        for number, call in enumerate(calls):
            logits = recorded(call)
            assert torch.equal(logits, cnn(call))
            assert torch.equal(recorded.logits, logits)
            if number < 2:
                losses = functional.cross_entropy(logits, truth, reduction="none")
                assert torch.equal(recorded.losses[number], losses)
                assert torch.equal(recorded.correct[number], logits.argmax(dim=1) == truth)
        assert recorded.losses.shape == recorded.correct.shape == (2, len(truth))

    def test_gradients_pass_and_records_hold_none(self) -> None:
        network = linear(3, 4)
        recorded = RecordingNetwork(network, torch.zeros(6, dtype=torch.int64))
        leaf = PIXELS.clone().requires_grad_(True)
        logits = recorded(leaf)
        assert logits.requires_grad
        assert not recorded.logits.requires_grad
        assert not recorded.losses[0].requires_grad

    def test_less_precision_is_recorded_in_float32(
        self, cnn: nn.Module, pictures: Examples
    ) -> None:
        pixels, truth = pictures
        recorded = RecordingNetwork(cnn, truth, "bf16")
        logits = recorded(pixels)
        exact = cnn(pixels)
        assert logits.dtype == recorded.losses[0].dtype == torch.float32
        assert not torch.equal(logits, exact)
        torch.testing.assert_close(logits, exact, rtol=0.05, atol=0.1)
        assert torch.equal(logits, logits.bfloat16().float())  # its last layer was bfloat16


class Steps(nn.Module):
    """No gradient: its pixels are detached."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = linear(3, 4)

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.layers((pixels * 8).round().detach() / 8)
        return logits


class TestAttackable:
    def test_logits_are(self) -> None:
        check_attackable(linear(3, 4), PIXELS, "net")
        check_attackable(nn.Sequential(linear(3, 4), nn.LogSoftmax(dim=1)), PIXELS, "net")

    def test_a_network_without_gradients_is_not(self) -> None:
        with pytest.raises(
            InputError, match=r"net: .*its output has no gradient with respect to its input"
        ):
            check_attackable(Steps(), PIXELS, "net")

    def test_unless_it_needs_none(self) -> None:
        check_attackable(Steps(), PIXELS, "net", needs_gradient=False)

    def test_nothing_is_left_behind(self) -> None:
        network = linear(3, 4)
        before = copy.deepcopy(network.state_dict())
        with torch.no_grad():
            check_attackable(network, PIXELS, "net")
        assert all(one.grad is None for one in network.parameters())
        assert not PIXELS.requires_grad
        for name, values in network.state_dict().items():
            assert np.array_equal(values, before[name])
