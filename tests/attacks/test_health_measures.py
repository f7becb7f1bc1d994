"""What is measured of honest networks, of those that round their gradients away, and of masks."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import Ensemble
from c10h.attacks.budget import EUCLIDEAN, INFINITY, Budget
from c10h.attacks.health_measures import (
    COMPARISONS,
    STEPS,
    Measures,
    Rescaled,
    measure,
    passes,
    zero_gradients,
    zero_gradients_in_float64,
)

from .trained import blobs, linear, trained

NAN = float("nan")


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
    given = {"temperature": NAN, "seed": 0, "precision": "fp32", "advance": lambda _: None}
    return measure(network, source, pixels, Goal(truth), budgets, **{**given, **changes})  # type: ignore[arg-type]


def mean(values: Tensor) -> float:
    return float(values.double().mean())


class TestZeroGradients:
    def test_by_hand(self) -> None:
        """Its size is σ(-gap): in float32 0 from a gap of 104 on, in float64 from one of 746."""

        class Gaps(nn.Module):
            def forward(self, pixels: Tensor) -> Tensor:
                gap = pixels[:, 0, 0, 0] * 1000
                return torch.stack([gap / 2, -gap / 2], dim=1)

        pixels = torch.tensor([0.01, 0.08, 0.12, 0.5, 0.8])[:, None, None, None].expand(5, 3, 2, 2)
        goal = Goal(torch.zeros(5, dtype=torch.int64))
        assert zero_gradients(Gaps(), pixels, goal).tolist() == [False, False, True, True, True]
        exact = zero_gradients_in_float64(Gaps(), pixels, goal)
        assert exact.tolist() == [False, False, False, False, True]

    def test_float64_tells_what_was_rounded_away(self) -> None:
        pixels, truth = blobs(100, 1)
        for network in (Scaled(30), Ensemble([Scaled(30), Scaled(30)])):
            goal = Goal(truth)
            assert mean(zero_gradients(network, pixels, goal)) > 0.5
            assert mean(zero_gradients_in_float64(network, pixels, goal)) < 0.05
        assert next(trained().parameters()).dtype == torch.float32  # a copy was changed

    def test_logits_may_be_too_large_for_float64_too(self) -> None:
        pixels, truth = blobs(100, 1)
        assert mean(zero_gradients_in_float64(Scaled(1e4), pixels, Goal(truth))) > 0.9

    def test_a_mask_has_none_in_either(self) -> None:
        pixels, truth = blobs(20, 1)
        assert zero_gradients(Quantised(), pixels, Goal(truth)).all()
        assert zero_gradients_in_float64(Quantised(), pixels, Goal(truth)).all()


class TestMeasures:
    def test_an_honest_network(self) -> None:
        found = measured(trained(), temperature=2.0)
        assert mean(found.shares["zero gradient, float32"]) == 0
        assert mean(found.shares["correct, wide"]) <= 0.01
        by = found.by_epsilon
        for k in range(2):
            assert mean(by["loss, cross-entropy"][k]) >= mean(by["loss, fgsm"][k])
            accuracies = [mean(by[f"correct, {name}"][k]) for name in COMPARISONS]
            assert max(accuracies) - min(accuracies) < 0.1
        assert (by["loss, cross-entropy"].mean(dim=1).diff() > 0).all()

    def test_rounded_gradients_stop_cross_entropy_and_not_the_margin(self) -> None:
        found = measured(Scaled(1e4), temperature=1e4)
        assert mean(found.shares["correct, wide"]) > 0.9
        by = found.by_epsilon
        assert mean(by["correct, cross-entropy"][1]) > 0.9
        honest = measured(trained()).by_epsilon["correct, cross-entropy"]
        assert mean(by["correct, margin"][1]) < 0.6
        assert mean(by["correct, common confidence"][1]) == pytest.approx(mean(honest[1]), abs=0.02)

    def test_a_mask_is_seen_through_by_transfer(self) -> None:
        found = measured(Quantised(), trained())
        by = found.by_epsilon
        assert mean(found.shares["zero gradient, float64"]) == 1
        assert mean(by["loss, transfer"][1]) > 2 * mean(by["loss, cross-entropy"][1])
        assert mean(by["correct, transfer"][1]) < mean(by["correct, cross-entropy"][1]) - 0.3

    def test_in_l2_the_wide_ball_holds_all_images(self) -> None:
        pixels, truth = blobs(30, 1)
        budgets = [Budget.of(0.5, 10, norm=EUCLIDEAN)]
        found = measure(
            trained(), None, pixels, Goal(truth), budgets, NAN, 0, "fp32", lambda _: None
        )
        assert mean(found.shares["correct, wide"]) <= 0.01
        assert mean(found.by_epsilon["correct, cross-entropy"]) < 1

    @pytest.mark.parametrize("source", [None, linear(5, 10)])
    @pytest.mark.parametrize("temperature", [NAN, 1.5])
    def test_progress_and_shapes(self, source: nn.Module | None, temperature: float) -> None:
        steps: list[int] = []
        found = measured(trained(), source, temperature=temperature, advance=steps.append)
        has_temperature = temperature == temperature
        assert steps == [60 * STEPS] * passes(2, source is not None, has_temperature)
        assert {tuple(values.shape) for values in found.shares.values()} == {(60,)}
        assert {tuple(values.shape) for values in found.by_epsilon.values()} == {(2, 60)}
        assert ("loss, transfer" in found.by_epsilon) == (source is not None)
        assert ("correct, common confidence" in found.by_epsilon) == has_temperature

    def test_targets_are_no_matter(self) -> None:
        pixels, truth = blobs(20, 1)
        goals = [Goal(truth), Goal(truth, (truth + 1) % 5)]
        budgets = [Budget.of(8 / 255, 5, norm=INFINITY)]
        one, other = (
            measure(trained(), None, pixels, goal, budgets, NAN, 0, "fp32", lambda _: None)
            for goal in goals
        )
        for name, values in one.by_epsilon.items():
            assert torch.equal(values, other.by_epsilon[name])


def test_rescaled_logits() -> None:
    pixels = blobs(4, 1)[0]
    network = trained()
    torch.testing.assert_close(Rescaled(network, 4.0)(pixels), network(pixels) / 4)
    exact = copy.deepcopy(network).double()
    assert Rescaled(exact, 2.0)(pixels.double()).dtype == torch.float64
