"""Restarts, the curve of what was kept, transfer, precision and the guard of the budget."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import EUCLIDEAN, NORMS, Budget
from c10h.attacks.methods import ATTACKS, Method
from c10h.attacks.restarts import Outcome, Plan, attack, call_on_clean
from c10h.errors import C10hError, InputError

from .conftest import Examples

EPSILON = 4 / 255


def losses_of(network: nn.Module, pixels: Tensor, truth: Tensor) -> Tensor:
    with torch.no_grad():
        return functional.cross_entropy(network(pixels), truth, reduction="none")


def assert_tells_the_truth(found: Outcome, network: nn.Module, pictures: Examples) -> None:
    """Ends of the curve, logits and norm are of the pixels that came out."""
    pixels, truth = pictures
    torch.testing.assert_close(found.logits, network(found.pixels))
    torch.testing.assert_close(found.losses[0], losses_of(network, pixels, truth))
    torch.testing.assert_close(found.losses[-1], losses_of(network, found.pixels, truth))
    assert torch.equal(found.correct[0], network(pixels).argmax(dim=1) == truth)
    assert torch.equal(found.correct[-1], found.logits.argmax(dim=1) == truth)


class TestCurve:
    @pytest.mark.parametrize("norm", NORMS)
    @pytest.mark.parametrize("loss", ["ce", "margin"])
    def test_step_i_is_the_end_of_an_attack_with_i_steps(
        self, cnn: nn.Module, pictures: Examples, norm: str, loss: str
    ) -> None:
        step = EPSILON / 3 if norm != EUCLIDEAN else 0.1
        goal, plan = Goal(pictures[1]), Plan("pgd", loss)

        def attacked(steps: int) -> Outcome:
            budget = Budget(step * 3, norm, steps, step, random_start=True)
            return attack(cnn, pictures[0], goal, budget, plan, [5])

        whole = attacked(5)
        assert_tells_the_truth(whole, cnn, pictures)
        assert whole.losses.shape == whole.correct.shape == (6, len(pictures[1]))
        for steps in (1, 2, 4):
            shorter = attacked(steps)
            assert_tells_the_truth(shorter, cnn, pictures)
            torch.testing.assert_close(whole.losses[steps], shorter.losses[-1])
            assert torch.equal(whole.correct[steps], shorter.correct[-1])

    @pytest.mark.parametrize("method", ATTACKS)
    @pytest.mark.parametrize("steps", [1, 2, 7])
    def test_every_method_has_one(
        self, cnn: nn.Module, pictures: Examples, method: str, steps: int
    ) -> None:
        few = pictures[0][:20], pictures[1][:20]
        row = ATTACKS[method]
        steps = 1 if row.steps == 1 else steps
        plan = Plan(method, row.losses[0])
        found = attack(cnn, few[0], Goal(few[1]), Budget.of(EPSILON, steps), plan, [0])
        assert found.losses.shape == found.correct.shape == (steps + 1, 20)
        assert_tells_the_truth(found, cnn, few)
        if row.by_best:
            assert (found.losses[:-1].diff(dim=0) >= 0).all()
            assert (found.correct.int().diff(dim=0) <= 0).all()


class TestRestarts:
    @pytest.mark.parametrize("target", [False, True])
    def test_each_item_keeps_its_worst_with_its_own_curve(
        self, cnn: nn.Module, pictures: Examples, target: bool
    ) -> None:
        pixels, truth = pictures
        goal = Goal(truth, (truth + 1) % 10 if target else None)
        budget, plan = Budget.of(EPSILON, 2, random_start=True), Plan("pgd", restarts=4)
        each = [attack(cnn, pixels, goal, budget, plan, [seed]) for seed in range(4)]
        kept = attack(cnn, pixels, goal, budget, plan, range(4))
        taken = set()
        for item in range(len(truth)):
            worths = [worth(one, goal, item) for one in each]
            best = max(range(4), key=worths.__getitem__)
            taken.add(best)
            for name in ("pixels", "logits", "norm"):
                assert torch.equal(getattr(kept, name)[item], getattr(each[best], name)[item])
            for name in ("losses", "correct"):
                assert torch.equal(getattr(kept, name)[:, item], getattr(each[best], name)[:, item])
        assert taken == set(range(4))

    def test_an_error_is_worse_than_a_loss(self) -> None:
        """A wrong answer by a hair has less loss than a right one among three equals."""
        right = torch.tensor([[1.01, 1.0, 1.0]])
        wrong = torch.tensor([[3.0, 3.01, -9.0]])
        truth = torch.tensor([0])
        goal = Goal(truth)
        outcomes = []
        for logits in (right, wrong):
            loss = functional.cross_entropy(logits, truth, reduction="none")
            correct = logits.argmax(dim=1) == truth
            pixels = torch.full((1, 3, 1, 1), float(correct))
            outcomes.append(Outcome(pixels, logits, loss[None], correct[None], torch.zeros(1)))
        one, other = outcomes
        assert float(one.losses) > float(other.losses)
        assert torch.equal(one.worse(other, goal).logits, wrong)
        assert torch.equal(other.worse(one, goal).logits, wrong)

    def test_the_same_seed_gives_the_same(self, cnn: nn.Module, pictures: Examples) -> None:
        plan, budget = Plan("pgd"), Budget.of(EPSILON, 2, random_start=True)
        goal = Goal(pictures[1])
        found = [attack(cnn, pictures[0], goal, budget, plan, [seed]) for seed in (3, 3, 4)]
        assert torch.equal(found[0].pixels, found[1].pixels)
        assert not torch.equal(found[0].pixels, found[2].pixels)


def worth(found: Outcome, goal: Goal, item: int) -> tuple[bool, float]:
    """What an attacker has of it: whether it is where it was wanted, and its loss."""
    logits, truth = found.logits[item], int(goal.truth[item])
    logs = logits.log_softmax(dim=0)
    if goal.target is None:
        return int(logits.argmax()) != truth, -float(logs[truth])
    target = int(goal.target[item])
    return int(logits.argmax()) == target, float(logs[target])


def test_a_source_has_the_middle_of_the_curve(
    cnn: nn.Module, other_cnn: nn.Module, pictures: Examples
) -> None:
    pixels, truth = pictures
    goal, budget = Goal(truth), Budget.of(EPSILON, 4)
    found = attack(cnn, pixels, goal, budget, Plan("pgd", source=other_cnn), [0])
    direct = attack(other_cnn, pixels, goal, budget, Plan("pgd"), [0])
    assert torch.equal(found.pixels, direct.pixels)
    assert_tells_the_truth(found, cnn, pictures)
    torch.testing.assert_close(found.losses[1:-1], direct.losses[1:-1])
    white = attack(cnn, pixels, goal, budget, Plan("pgd"), [0])
    assert found.losses[0].mean() < found.losses[-1].mean() < white.losses[-1].mean()


def test_less_precision_is_told_in_float32(cnn: nn.Module, pictures: Examples) -> None:
    goal, budget = Goal(pictures[1]), Budget.of(EPSILON, 3)
    half = attack(cnn, pictures[0], goal, budget, Plan("pgd", precision="bf16"), [0])
    whole = attack(cnn, pictures[0], goal, budget, Plan("pgd"), [0])
    for values in (half.pixels, half.logits, half.losses, half.norm):
        assert values.dtype == torch.float32
    assert not torch.equal(half.losses, whole.losses)
    torch.testing.assert_close(half.losses.mean(dim=1), whole.losses.mean(dim=1), rtol=0.03, atol=0)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), 255.0])
def test_other_pixels_are_refused(cnn: nn.Module, pictures: Examples, value: float) -> None:
    pixels = pictures[0].clone()
    pixels[3, 1, 2, 2] = value
    with pytest.raises(InputError, match=r"images: expected pixels in \[0, 1\], found"):
        call_on_clean(cnn, pixels, Goal(pictures[1]), "fp32")


def _add(amount: float) -> Callable[[Network, Tensor, Goal, Budget, Loss], Tensor]:
    def run(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
        network(pixels)
        return pixels + amount

    return run


@pytest.mark.parametrize(
    ("amount", "start", "says"),
    [
        (0.11, 0.5, r"left its budget: a perturbation of norm 0.11, epsilon is 0.1"),
        (float("nan"), 0.5, r"left its budget"),
        (0.05, 1.0, r"left \[0, 1\]"),
        (-0.05, 0.0, r"left \[0, 1\]"),
    ],
)
def test_what_leaves_its_budget_ends_the_attack(
    monkeypatch: pytest.MonkeyPatch, cnn: nn.Module, amount: float, start: float, says: str
) -> None:
    monkeypatch.setitem(ATTACKS, "wild", Method("", _add(amount)))
    pixels = torch.full((2, 3, 32, 32), start)
    goal, budget = Goal(torch.zeros(2, dtype=torch.int64)), Budget(0.1, steps=1)
    with pytest.raises(C10hError, match=says):
        attack(cnn, pixels, goal, budget, Plan("wild"), [0])


def test_rounding_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The float32 norm of many pixels that change alike is off by 1e-4."""

    class Brightness(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            mean = pixels.mean(dim=(1, 2, 3))
            return torch.stack([0 * mean, mean], dim=1)

    pixels = torch.full((1, 3, 224, 224), 0.6)
    goal, budget = Goal(torch.tensor([0])), Budget(0.5, EUCLIDEAN, 1, 0.5)
    found = attack(Brightness(), pixels, goal, budget, Plan("fgsm"), [0])
    exact = float((found.pixels.double() - pixels.double()).norm())
    assert exact == pytest.approx(0.5, rel=1e-4)
    assert float(found.norm) == pytest.approx(exact, rel=1e-3)
