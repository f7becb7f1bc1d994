"""What is measured of honest networks, of those that round their gradients away, and of masks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import Ensemble
from c10h.attacks.budget import EUCLIDEAN, INFINITY, Budget
from c10h.attacks.health_checks import COMPARISONS
from c10h.attacks.health_measures import (
    QUERIES,
    STEPS,
    Measures,
    answers_differ,
    measure,
    steps_an_image,
    without_gradient,
)

from .trained import blobs, linear, trained


class Scaled(nn.Module):
    """Logits that are larger."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.network, self.scale = trained(), scale

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels)
        return logits * self.scale


class Quantised(nn.Module):
    """Sees few levels, whose gradient is 0 everywhere and tells nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.network = trained()

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network((pixels * 16).round() / 16)
        return logits


def measured(network: nn.Module, source: nn.Module | None = None, **changes: object) -> Measures:
    pixels, truth = blobs(60, 1)
    budgets = [Budget.of(levels / 255, 10) for levels in (4, 8)]
    given = {"seed": 0, "precision": "fp32", "advance": lambda _: None}
    return measure(network, source, pixels, Goal(truth), budgets, **{**given, **changes})  # type: ignore[arg-type]


def mean(values: Tensor) -> float:
    return float(values.double().mean())


class Noisy(nn.Module):
    """Sees pixels through noise that is new each time."""

    def __init__(self, size: float = 0.05) -> None:
        super().__init__()
        self.network, self.size = trained(), size

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels + self.size * torch.randn_like(pixels))
        return logits


class Clamped(nn.Module):
    """Cuts off what is above a level: beyond it there is no gradient."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.network, self.level = trained(), level

    def forward(self, pixels: Tensor) -> Tensor:
        # At the level itself, versions of torch differ on the gradient of clamp.
        logits: Tensor = self.network(torch.where(pixels < self.level, pixels, self.level))
        return logits


class Saturating(nn.Module):
    """Passes logits through a tanh: in float32 it is flat from 9 on, in float64 from 19 on."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.network, self.scale = trained(), scale

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels)
        return torch.tanh(self.scale * logits.sign() + 1e-3 * logits)


def shares(network: nn.Module) -> list[float]:
    """How many items have no gradient: by the softmax, by float32, whatever the precision."""
    pixels, truth = blobs(60, 1)
    return [mean(values) for values in without_gradient(network, pixels, Goal(truth)).values()]


class TestWithoutGradient:
    def test_by_hand(self) -> None:
        """Its size is σ(-gap): in float32 0 from a gap of 104 on. The margin's is 1000."""

        class Gaps(nn.Module):
            def forward(self, pixels: Tensor) -> Tensor:
                gap = pixels[:, 0, 0, 0] * 1000
                return torch.stack([gap / 2, -gap / 2], dim=1)

        pixels = torch.tensor([0.01, 0.08, 0.12, 0.5, 0.8])[:, None, None, None].expand(5, 3, 2, 2)
        found = without_gradient(Gaps(), pixels, Goal(torch.zeros(5, dtype=torch.int64)))
        softmax, float32, float64 = found.values()
        assert softmax.tolist() == [False, False, True, True, True]
        assert not float32.any()
        assert not float64.any()

    def test_a_softmax_that_rounds(self) -> None:
        for network in (Scaled(1e4), Ensemble([Scaled(1e4), Scaled(1e4)])):
            softmax, float32, float64 = shares(network)
            assert softmax > 0.5 or float32 > 0.5  # an ensemble's logits are those of its softmax
            assert float64 <= float32
        assert shares(Scaled(1e4))[0] > 0.9
        assert shares(Scaled(1e4))[1:] == [0, 0]
        assert next(trained().parameters()).dtype == torch.float32  # a copy was changed

    def test_an_honest_network(self) -> None:
        assert shares(trained()) == [0, 0, 0]

    @pytest.mark.parametrize("network", [Quantised(), Clamped(0.0)])
    def test_a_front_end_that_cuts_gradients_off(self, network: nn.Module) -> None:
        """Whatever its softmax does: here it does not round."""
        assert shares(network) == [0, 1, 1]

    def test_one_that_clamps_what_is_there(self) -> None:
        assert shares(Clamped(0.99)) == [0, 0, 0]

    def test_what_float32_alone_rounds_in_the_network(self) -> None:
        assert shares(Saturating(12.0)) == [0, 1, 0]
        assert shares(Saturating(30.0)) == [0, 1, 1]


class TestAnswersThatDiffer:
    def test_noise(self) -> None:
        pixels, _ = blobs(30, 1)
        assert answers_differ(Noisy(), pixels).all()
        assert answers_differ(Noisy(1e-3), pixels).all()

    def test_none(self) -> None:
        pixels, _ = blobs(30, 1)
        for network in (trained(), Scaled(1e4), Quantised(), Noisy(0.0)):
            assert not answers_differ(network, pixels).any()

    def test_what_the_order_of_sums_does_is_no_randomness(self) -> None:
        pixels, _ = blobs(30, 1)
        assert not answers_differ(Noisy(1e-8), pixels).any()

    def test_one_item_among_others(self) -> None:
        class Sometimes(nn.Module):
            def forward(self, pixels: Tensor) -> Tensor:
                noise = torch.rand(len(pixels)) * (torch.arange(len(pixels)) == 3)
                return torch.stack([pixels.mean(dim=(1, 2, 3)), noise], dim=1)

        assert answers_differ(Sometimes(), blobs(6, 1)[0]).nonzero().tolist() == [[3]]


class TestMeasures:
    def test_an_honest_network(self) -> None:
        found = measured(trained())
        assert mean(found.shares["correct, wide"]) <= 0.01
        by = found.by_epsilon
        for k in range(2):
            assert mean(by["loss, cross-entropy"][k]) >= mean(by["loss, fgsm"][k])
            accuracies = [mean(by[f"correct, {name}"][k]) for name in COMPARISONS]
            assert max(accuracies) - min(accuracies) < 0.1
            assert mean(by["correct, square"][k]) <= min(accuracies)
        assert (by["loss, cross-entropy"].mean(dim=1).diff() > 0).all()

    def test_rounded_gradients_stop_cross_entropy_and_not_the_margin(self) -> None:
        found = measured(Scaled(1e4))
        assert mean(found.shares["correct, wide"]) > 0.9
        by = found.by_epsilon
        assert mean(by["correct, cross-entropy"][1]) > 0.9
        assert mean(by["correct, margin"][1]) < 0.6

    def test_a_mask_is_seen_through_by_transfer_and_without_gradients(self) -> None:
        found = measured(Quantised(), trained())
        by = found.by_epsilon
        assert mean(by["correct, square"][1]) < mean(by["correct, cross-entropy"][1]) - 0.1
        assert mean(by["loss, transfer"][1]) > 2 * mean(by["loss, cross-entropy"][1])
        assert mean(by["correct, transfer"][1]) < mean(by["correct, cross-entropy"][1]) - 0.3

    def test_in_l2_the_wide_ball_holds_all_images(self) -> None:
        pixels, truth = blobs(30, 1)
        budgets = [Budget.of(0.5, 10, norm=EUCLIDEAN)]
        found = measure(trained(), None, pixels, Goal(truth), budgets, 0, "fp32", lambda _: None)
        assert mean(found.shares["correct, wide"]) <= 0.01
        assert mean(found.by_epsilon["correct, cross-entropy"]) < 1

    @pytest.mark.parametrize("source", [None, linear(5, 10)])
    def test_progress_and_shapes(self, source: nn.Module | None) -> None:
        steps: list[int] = []
        found = measured(trained(), source, advance=steps.append)
        has_source = source is not None
        assert sum(steps) == 60 * steps_an_image(2, has_source)
        assert sorted(set(steps)) == [60 * 1, 60 * 4, 60 * STEPS, 60 * QUERIES]
        assert {tuple(values.shape) for values in found.shares.values()} == {(60,)}
        assert {tuple(values.shape) for values in found.by_epsilon.values()} == {(2, 60)}
        assert ("loss, transfer" in found.by_epsilon) == has_source

    def test_targets_are_no_matter(self) -> None:
        pixels, truth = blobs(20, 1)
        goals = [Goal(truth), Goal(truth, (truth + 1) % 5)]
        budgets = [Budget.of(8 / 255, 5, norm=INFINITY)]
        one, other = (
            measure(trained(), None, pixels, goal, budgets, 0, "fp32", lambda _: None)
            for goal in goals
        )
        for name, values in one.by_epsilon.items():
            assert torch.equal(values, other.by_epsilon[name])
