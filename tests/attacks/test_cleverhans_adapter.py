"""FGSM and PGD: by hand on linear networks, and against foolbox, torchattacks and cleverhans."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from cleverhans.torch.attacks.fast_gradient_method import fast_gradient_method
from cleverhans.torch.attacks.projected_gradient_descent import projected_gradient_descent
from torch import Tensor, nn
from torch.nn import functional

from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS, Budget
from c10h.attacks.cleverhans_adapter import fgsm, pgd
from c10h.attacks.losses import cross_entropy
from c10h.attacks.methods import ATTACKS, LOSSES
from c10h.attacks.norm_balls import size
from c10h.attacks.pgd import input_gradient
from c10h.attacks.pgd import pgd as pgd_on_any_loss

from .conftest import Examples
from .trained import correct

# ε that changes some of the predictions, by norm.
EPSILONS = {INFINITY: 4 / 255, EUCLIDEAN: 0.5}


class Weighted(nn.Module):
    """Two logits: w · x + b and 0."""

    def __init__(self, weights: Tensor, bias: float = 0.0) -> None:
        super().__init__()
        self.weights, self.bias = weights, bias

    def forward(self, pixels: Tensor) -> Tensor:
        value = (pixels * self.weights).sum(dim=(1, 2, 3)) + self.bias
        return torch.stack([value, torch.zeros_like(value)], dim=1)


# Class 0 is true, so that each pixel goes against its weight. Those at 0.02 and 0.95 meet the ends.
WEIGHTS = torch.tensor([3.0, -4.0, 0.0, 12.0, 0.0, 0.0]).reshape(3, 1, 2)
PIXELS = torch.tensor([0.5, 0.95, 0.3, 0.02, 0.0, 1.0]).reshape(1, 3, 1, 2)
# By hand with ε = 0.1 and, in ℓ2, ε = 0.13 along (-3, 4, 0, -12, 0, 0) / 13.
OPTIMA = {
    INFINITY: (0.1, [0.4, 1.0, 0.3, 0.0, 0.0, 1.0]),
    EUCLIDEAN: (0.13, [0.47, 0.99, 0.3, 0.0, 0.0, 1.0]),
}


@pytest.mark.parametrize("norm", NORMS)
def test_fgsm_by_hand(norm: str) -> None:
    epsilon, wanted = OPTIMA[norm]
    found = fgsm(
        Weighted(WEIGHTS), PIXELS, Goal(torch.tensor([0])), Budget(epsilon, norm), LOSSES["ce"]
    )
    assert found.flatten().tolist() == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize("norm", NORMS)
def test_fgsm_towards_a_class_by_hand(norm: str) -> None:
    epsilon, wanted = OPTIMA[norm]
    goal = Goal(torch.tensor([0]), torch.tensor([1]))
    found = fgsm(Weighted(WEIGHTS), PIXELS, goal, Budget(epsilon, norm), LOSSES["ce"])
    assert found.flatten().tolist() == pytest.approx(wanted, abs=1e-7)
    away_from_1 = Goal(torch.tensor([1]))
    found = fgsm(Weighted(WEIGHTS), PIXELS, away_from_1, Budget(0.01, norm), LOSSES["ce"])
    assert found.flatten()[0] > PIXELS.flatten()[0]


def test_no_change_within_the_budget_does_more_to_a_linear_network() -> None:
    network, goal = Weighted(WEIGHTS), Goal(torch.tensor([0]))
    found = fgsm(network, PIXELS, goal, Budget(0.1), LOSSES["ce"])
    noise = torch.empty(2000, 3, 1, 2).uniform_(
        -0.1, 0.1, generator=torch.Generator().manual_seed(0)
    )
    others = (PIXELS + noise).clamp(0, 1)
    most = network(others)[:, 0].min()
    assert network(found)[0, 0] < most


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("targeted", [False, True])
def test_fgsm_is_pgd_with_one_step(
    cnn: nn.Module, pictures: Examples, norm: str, targeted: bool
) -> None:
    pixels, truth = pictures
    goal = Goal(truth, (truth + 3) % 10 if targeted else None)
    epsilon = EPSILONS[norm]
    one = fgsm(cnn, pixels, goal, Budget(epsilon, norm, 1), LOSSES["ce"])
    budget = Budget(epsilon, norm, steps=1, step_size=epsilon)
    other = pgd(cnn, pixels, goal, budget, LOSSES["ce"])
    if norm == INFINITY:
        assert torch.equal(one, other)
    else:  # PGD projects what is in the ball already
        torch.testing.assert_close(one, other, rtol=0, atol=2e-7)
    assert Budget.of(epsilon, 1, norm=norm) == budget


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("random", [False, True])
@pytest.mark.parametrize("levels", [1, 8])
def test_the_mean_loss_never_falls(
    cnn: nn.Module, pictures: Examples, norm: str, random: bool, levels: int
) -> None:
    pixels, truth = pictures
    epsilon = EPSILONS[norm] * levels / 4
    torch.manual_seed(0)
    budget = Budget.of(epsilon, 5, norm=norm, random_start=random)
    for name in ATTACKS["pgd"].losses:
        found = pgd(cnn, pixels, Goal(truth), budget, LOSSES[name])
        before, after = (functional.cross_entropy(cnn(one), truth) for one in (pixels, found))
        assert after > before


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("method", ATTACKS)
def test_every_method_stays_within_its_budget(
    cnn: nn.Module, pictures: Examples, method: str, norm: str
) -> None:
    row, goal = ATTACKS[method], Goal(pictures[1])
    pixels = pictures[0].clone()
    pixels[:10] = pixels[:10].round()  # many at the ends
    for name in row.losses:
        for epsilon in (1e-4, EPSILONS[norm], 0.9):
            torch.manual_seed(0)
            budget = Budget.of(
                epsilon, min(row.steps, 4), norm=norm, random_start=row.starts_at_random
            )
            found = row.run(cnn, pixels, goal, budget, LOSSES[name])
            assert_within(found, pixels, budget)
            if method != "square":
                assert float(size(found - pixels, norm).mean()) > 0.3 * epsilon


class TestTheBatchDoesNotMatter:
    """In ℓ2. cleverhans's own averages losses over the batch and takes small gradients for none."""

    @pytest.fixture
    def many(self, embedded: Examples) -> Examples:
        pixels, truth = embedded
        assert len(pixels) >= 1024
        return pixels[:1024, :, ::2, ::2], torch.zeros_like(truth[:1024])

    @staticmethod
    def network(gap: float) -> nn.Module:
        """Logits that are smooth in pixels, and as far apart as the gap."""
        torch.manual_seed(0)
        layers = nn.Sequential(
            nn.Flatten(), nn.Linear(3 * 16 * 16, 12), nn.Tanh(), nn.Linear(12, 10)
        )
        return Sure(layers, gap).requires_grad_(False)

    @staticmethod
    def by_batches(attack: Any, many: Examples, size: int) -> Tensor:
        pairs = zip(many[0].split(size), many[1].split(size), strict=True)
        return torch.cat([attack(pixels, truth) for pixels, truth in pairs])

    @pytest.mark.parametrize("gap", [0.0, 14.0, 40.0])
    def test_through_the_adapter(self, many: Examples, gap: float) -> None:
        network, budget = self.network(gap), Budget(0.5, EUCLIDEAN, 3, 0.2)
        for method in (fgsm, pgd):

            def attack(pixels: Tensor, truth: Tensor, method: Any = method) -> Tensor:
                found: Tensor = method(network, pixels, Goal(truth), budget, LOSSES["ce"])
                return found

            few, all_ = (self.by_batches(attack, many, size) for size in (8, 1024))
            torch.testing.assert_close(few, all_, rtol=0, atol=2e-6)
            norms = size(all_ - many[0], EUCLIDEAN)
            assert float(norms.median()) == pytest.approx(0.5, rel=0.05)

    def test_gradients_are_as_small_as_that(self, many: Examples) -> None:
        pixels, truth = many[0][:64], many[1][:64]
        for gap, low, high in ((14.0, 1e-8, 1e-5), (40.0, 1e-20, 1e-16)):
            found, _, _ = input_gradient(self.network(gap), pixels, Goal(truth), cross_entropy)
            norms = size(found, EUCLIDEAN)
            assert low < float(norms.median()) < high

    @pytest.mark.parametrize("gap", [14.0, 40.0])
    def test_cleverhans_by_itself_does_not(self, many: Examples, gap: float) -> None:
        network = self.network(gap)

        def attack(pixels: Tensor, truth: Tensor) -> Tensor:
            found: Tensor = fast_gradient_method(
                network, pixels, 0.5, 2, clip_min=0.0, clip_max=1.0, y=truth
            )
            return found.detach()

        few, all_ = (self.by_batches(attack, many, size) for size in (8, 1024))
        norms = [float(size(one - many[0], EUCLIDEAN).mean()) for one in (few, all_)]
        assert norms[1] < 0.1
        if gap < 20:
            assert norms[0] > 10 * norms[1]
        else:
            assert norms[0] < 1e-6  # it does nothing at all


class Sure(nn.Module):
    """A network that is sure of class 0, whatever it sees."""

    def __init__(self, network: nn.Module, gap: float) -> None:
        super().__init__()
        self.network, self.gap = network, gap

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels)
        return torch.cat([logits[:, :1] + self.gap, logits[:, 1:]], dim=1)


class TestOracles:
    """The same budget and step without a random start. cleverhans clips before it projects, so
    that ℓ2 pixels differ a little where images have blacks and whites.
    """

    STEPS = 10

    def found(self, cnn: nn.Module, pictures: Examples, budget: Budget) -> Tensor:
        method = fgsm if budget.steps == 1 else pgd
        return method(cnn, pictures[0], Goal(pictures[1]), budget, LOSSES["ce"])

    @pytest.mark.parametrize("levels", [2, 8])
    @pytest.mark.parametrize("steps", [1, STEPS])
    @pytest.mark.parametrize("norm", NORMS)
    def test_foolbox(
        self, cnn: nn.Module, pictures: Examples, foolbox: Any, norm: str, steps: int, levels: int
    ) -> None:
        epsilon = EPSILONS[norm] * levels / 4
        budget = Budget.of(epsilon, steps, norm=norm)
        prefix = {INFINITY: "Linf", EUCLIDEAN: "L2"}[norm]
        if steps == 1:
            other = getattr(foolbox.attacks, f"{prefix}FastGradientAttack")(random_start=False)
        else:
            other = getattr(foolbox.attacks, f"{prefix}ProjectedGradientDescentAttack")(
                abs_stepsize=budget.step_size, steps=steps, random_start=False
            )
        model = foolbox.PyTorchModel(cnn, bounds=(0, 1), device="cpu")
        _, theirs, fooled = other(model, *pictures, epsilons=epsilon)
        ours = self.found(cnn, pictures, budget)
        assert_alike(ours, theirs, cnn, pictures, epsilon)
        assert abs(correct(cnn, ours, pictures[1]) - int((~fooled).sum())) <= 1

    @pytest.mark.parametrize("levels", [2, 8])
    @pytest.mark.parametrize("name", ["FGSM", "PGD", "PGDL2"])
    def test_torchattacks(self, cnn: nn.Module, pictures: Examples, name: str, levels: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torchattacks = pytest.importorskip("torchattacks")
        norm = EUCLIDEAN if name == "PGDL2" else INFINITY
        epsilon = EPSILONS[norm] * levels / 4
        budget = Budget.of(epsilon, 1 if name == "FGSM" else self.STEPS, norm=norm)
        plain = copy.deepcopy(cnn).to(memory_format=torch.contiguous_format)  # it asks for it
        if name == "FGSM":
            other = torchattacks.FGSM(plain, eps=epsilon)
        else:
            other = getattr(torchattacks, name)(
                plain, eps=epsilon, alpha=budget.step_size, steps=self.STEPS, random_start=False
            )
        theirs = other(pictures[0].contiguous(), pictures[1])
        assert_alike(self.found(cnn, pictures, budget), theirs, cnn, pictures, epsilon)
        if name == "PGDL2":  # which projects before it clips, as c10h's own
            own = pgd_on_any_loss(cnn, pictures[0], Goal(pictures[1]), budget, cross_entropy)
            assert nearly_equal(own, theirs, 1e-5) > 0.999

    def test_plain_cleverhans(self, cnn: nn.Module, pictures: Examples) -> None:
        theirs = projected_gradient_descent(
            cnn, pictures[0], 4 / 255, 1 / 255, 7, np.inf, 0.0, 1.0, pictures[1], rand_init=False,
            sanity_checks=False,
        )  # fmt: skip
        ours = self.found(cnn, pictures, Budget(4 / 255, steps=7, step_size=1 / 255))
        assert torch.equal(ours, theirs.detach())


def assert_within(found: Tensor, pixels: Tensor, budget: Budget) -> None:
    """Up to the rounding of pixels to float32, half of 2^-24 each; and nothing but numbers."""
    change = found.double() - pixels.double()
    rounding = 2**-24 * (1 if budget.norm == INFINITY else pixels[0].numel() ** 0.5)
    assert float(size(change, budget.norm).max()) <= budget.epsilon * (1 + 1e-6) + rounding
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    assert not found.requires_grad


def nearly_equal(pixels: Tensor, others: Tensor, room: float) -> float:
    """The share of pixels that are."""
    return float(((pixels - others).abs() <= room).float().mean())


def assert_alike(
    ours: Tensor, theirs: Tensor, network: nn.Module, pictures: Examples, epsilon: float
) -> None:
    """Equal robust accuracy within one item, and almost all pixels within a hundredth of ε."""
    truth = pictures[1]
    assert abs(correct(network, ours, truth) - correct(network, theirs, truth)) <= 1
    assert correct(network, ours, truth) < correct(network, pictures[0], truth) - 5
    assert nearly_equal(ours, theirs, 0.01 * epsilon) > 0.99
