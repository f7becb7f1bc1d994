"""Losses against numbers by hand and against torchattacks' and foolbox's own formulas."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from c10h.attacks.attack_types import Goal
from c10h.attacks.losses import cross_entropy, dlr, largest_other, margin, picked
from c10h.attacks.methods import LOSSES

LOGITS = torch.tensor([[3.0, 1.0, 0.0, -2.0], [1.0, 2.0, 5.0, 0.0]])
TRUTH, TARGET = torch.tensor([0, 0]), torch.tensor([1, 3])
AWAY, TOWARD = Goal(TRUTH), Goal(TRUTH, TARGET)


def drawn(classes: int = 10, scale: float = 3.0) -> tuple[Tensor, Goal, Goal]:
    """Logits of 200 items, and goals away from the truth and to another class."""
    random = torch.Generator().manual_seed(0)
    logits = scale * torch.randn(200, classes, generator=random)
    truth = torch.randint(classes, (200,), generator=random)
    other = (truth + torch.randint(1, classes, (200,), generator=random)) % classes
    return logits, Goal(truth), Goal(truth, other)


def test_margin_by_hand() -> None:
    assert margin(LOGITS, AWAY).tolist() == [1 - 3, 5 - 1]
    assert margin(LOGITS, TOWARD).tolist() == [1 - 3, 0 - 5]


def test_dlr_by_hand() -> None:
    assert dlr(LOGITS, AWAY).tolist() == pytest.approx([-2 / (3 - 0), 4 / (5 - 1)])
    wanted = [(1 - 3) / (3 - (0 - 2) / 2), (0 - 1) / (5 - (1 + 0) / 2)]
    assert dlr(LOGITS, TOWARD).tolist() == pytest.approx(wanted)


def test_cross_entropy_by_hand() -> None:
    sums = LOGITS.double().exp().sum(dim=1)
    away = [float(sums[0].log()) - 3, float(sums[1].log()) - 1]
    toward = [1 - float(sums[0].log()), 0 - float(sums[1].log())]
    assert cross_entropy(LOGITS, AWAY).tolist() == pytest.approx(away)
    assert cross_entropy(LOGITS, TOWARD).tolist() == pytest.approx(toward)


def test_picked_and_largest_other_by_hand() -> None:
    assert picked(LOGITS, TARGET).tolist() == [1, 0]
    assert largest_other(LOGITS, torch.tensor([0, 2])).tolist() == [1, 2]


@pytest.mark.parametrize("name", LOSSES)
def test_the_attack_has_what_it_wants_where_the_margin_is_above_0(name: str) -> None:
    """More of the class that is to fall lowers the loss; more of the one that is to rise does not.

    DLR's sign is the margin's away from the truth.
    """
    logits, away, toward = drawn()
    assert torch.equal(margin(logits, away) > 0, logits.argmax(dim=1) != away.truth)
    assert toward.target is not None
    assert torch.equal(margin(logits, toward) > 0, logits.argmax(dim=1) == toward.target)
    loss = LOSSES[name]
    wrong = margin(logits, away) > 0
    assert (
        loss(logits[wrong], away.take(wrong)).mean()
        > loss(logits[~wrong], away.take(~wrong)).mean()
    )
    if name == "dlr":
        assert torch.equal(loss(logits, away) > 0, wrong)


def test_margin_is_foolbox_s(foolbox: Any) -> None:
    from eagerpy.astensor import astensor
    from foolbox.attacks.carlini_wagner import best_other_classes

    logits, away, toward = drawn()
    items = torch.arange(len(logits))
    for goal, classes, sign in ((away, away.truth, 1), (toward, toward.target, -1)):
        assert classes is not None
        others = best_other_classes(astensor(logits), astensor(classes)).raw
        wanted = sign * (logits[items, others] - logits[items, classes])
        assert torch.equal(margin(logits, goal), wanted)


def test_dlr_is_torchattacks_s() -> None:
    pytest.importorskip("torchattacks")
    from torchattacks.attacks.apgd import APGD
    from torchattacks.attacks.apgdt import APGDT

    logits, away, toward = drawn()
    wanted = APGD.dlr_loss(SimpleNamespace(), logits, away.truth)
    torch.testing.assert_close(dlr(logits, away), wanted)
    wanted = APGDT.dlr_loss_targeted(SimpleNamespace(), logits, toward.truth, toward.target)
    torch.testing.assert_close(dlr(logits, toward), wanted)


@pytest.mark.parametrize("scale", [1e-3, 7.0, 1e4])
def test_dlr_does_not_change_with_scale_and_shift(scale: float) -> None:
    logits, *goals = drawn()
    for goal in goals:
        torch.testing.assert_close(dlr(scale * logits, goal), dlr(logits, goal))
        torch.testing.assert_close(
            dlr(logits.double() + 5, goal), dlr(logits.double(), goal), rtol=1e-9, atol=1e-9
        )
        assert not torch.allclose(margin(scale * logits, goal), margin(logits, goal))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_few_classes_have_losses_too(name: str, classes: int) -> None:
    logits, *goals = drawn(classes)
    for goal in goals:
        assert LOSSES[name](logits, goal).isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_equal_logits_are_no_division_by_zero(name: str) -> None:
    logits = torch.zeros(3, 5, requires_grad=True)
    loss = LOSSES[name](logits, Goal(torch.arange(3)))
    assert loss.isfinite().all()
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_an_item_does_not_depend_on_the_others(name: str) -> None:
    logits, *goals = drawn()
    rows = torch.tensor([3, 100, 7])
    for goal in goals:
        assert torch.equal(
            LOSSES[name](logits[rows], goal.take(rows)), LOSSES[name](logits, goal)[rows]
        )
