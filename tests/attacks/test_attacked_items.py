"""Images of a batch, where they are led to, and which networks stand for which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from c10h.attacks import attacked_items as module
from c10h.attacks.attacked_items import AttackedItems, attack_items
from c10h.attacks.attacked_network import Ensemble, RecordingNetwork
from c10h.attacks.budget import Budget
from c10h.attacks.restarts import Plan, attack
from c10h.errors import InputError
from c10h.records import Array

from .test_attacked_network import Steps
from .trained import linear

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3)).astype("u1")
ROWS = np.array([31, 2, 3, 17, 0, 39])
TRUTH = np.array([0, 1, 2, 0, 1, 2])


def attacked_items(**changes: Any) -> AttackedItems:
    fields: dict[str, Any] = {"images": IMAGES, "rows": ROWS, "truth": TRUTH}
    return AttackedItems(**{**fields, "networks": [linear(3, 4)], **changes})


class Read:
    """Rows that note what was asked for."""

    def __init__(self) -> None:
        self.slices: list[slice] = []
        self.shape, self.dtype = IMAGES.shape, IMAGES.dtype

    def __getitem__(self, key: Any, /) -> Array:
        self.slices.append(key)
        return np.asarray(IMAGES[key])


class TestPixels:
    @pytest.mark.parametrize("block", [1, 5, 16, 4096])
    def test_they_are_those_of_the_items(self, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
        monkeypatch.setattr(module, "BLOCK", block)
        items = np.array([4, 0, 3])
        found = attacked_items().pixels(items)
        assert found.shape == (3, 3, 4, 4)
        wanted = IMAGES[[0, 31, 17]].astype(np.float32) / np.float32(255)
        assert np.array_equal(found.numpy().transpose(0, 2, 3, 1), wanted)

    def test_ends_are_exact(self) -> None:
        ends = np.array([0, 255], dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), "u1")
        found = attacked_items(images=ends, rows=np.arange(2), truth=TRUTH[:2]).pixels(np.arange(2))
        assert found.unique().tolist() == [0, 1]

    def test_what_is_far_apart_is_not_read_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "BLOCK", 10)
        rows = Read()
        attacked_items(images=rows).pixels(np.arange(6))
        assert rows.slices == [slice(0, 4), slice(17, 18), slice(31, 40)]


class TestGoals:
    def test_away_from_the_truth_of_some_items(self) -> None:
        assert attacked_items().away(np.array([2, 0])).truth.tolist() == [2, 0]

    def test_targets_are_those_of_the_items(self) -> None:
        one = attacked_items(targets=np.array([1, 2, 0, 2, 0, 1]))
        items = np.array([5, 3])
        found = one.goal(items, watched(one, items))
        assert found.target is not None
        assert found.truth.tolist() == [2, 0]
        assert found.target.tolist() == [1, 2]

    def test_what_is_least_likely_is_never_the_truth(self) -> None:
        one = attacked_items(least_likely=True)
        items = np.arange(6)
        clean = watched(one, items)
        clean.logits = torch.tensor(
            [[0.0, 1, 2], [0, 1, 2], [0, 1, 2], [9, 3, 3.5], [2, 0, 1], [2, 1, 0]]
        )
        found = one.goal(items, clean)
        assert found.target is not None
        assert found.target.tolist() == [1, 0, 0, 1, 2, 1]


def watched(one: AttackedItems, items: Array) -> RecordingNetwork:
    clean = RecordingNetwork(one.networks[0], one.away(items).truth)
    clean(one.pixels(items))
    return clean


class TestNetworks:
    def test_one_is_itself_and_several_are_together(self) -> None:
        networks = [linear(3, 4, seed) for seed in range(3)]
        one = attacked_items(networks=networks, sources=[linear(3, 4, 9)])
        assert one.network((1,)) is networks[1]
        both = one.network((0, 2))
        assert isinstance(both, Ensemble)
        assert list(both.networks) == [networks[0], networks[2]]
        assert one.network((0, 2)) is both
        assert one.network((0,), source=True) is one.sources[0]
        assert one.network((0, 2)) is both  # a source does not push it out

    def test_networks_are_frozen(self) -> None:
        training = nn.Sequential(nn.Dropout(), nn.Flatten(), nn.Linear(48, 3)).train()
        found = attacked_items(networks=[training]).network((0,))
        assert not found.training
        assert not any(one.requires_grad for one in found.parameters())


class TestChecks:
    def test_the_network_that_fails_is_named(self) -> None:
        one = attacked_items(networks=[linear(3, 4), Steps()])
        with pytest.raises(InputError, match=r"^second: .*no gradient"):
            one.check(["first", "second"], needs_gradient=True)
        with pytest.raises(InputError, match=r"^both: .*no gradient"):
            one.check(["both"], needs_gradient=True)

    def test_so_is_a_source(self) -> None:
        one = attacked_items(sources=[Steps()])
        with pytest.raises(InputError, match=r"^other: .*no gradient"):
            one.check(["mine"], "other", needs_gradient=True)
        one.check(["mine"], "other", needs_gradient=False)


def test_each_budget_begins_from_the_same_random_numbers() -> None:
    one, items = attacked_items(), np.array([1, 4, 5])
    budgets = [Budget.of(epsilon, 2, random_start=True) for epsilon in (0.1, 0.02)]
    plan = Plan("pgd", restarts=2)
    both = attack_items(one, one.networks[0], items, budgets, plan, [7, 8])
    for budget, outcome in zip(budgets, both.outcomes, strict=True):
        pixels = one.pixels(items)
        alone = attack(one.networks[0], pixels, one.away(items), budget, plan, [7, 8])
        assert torch.equal(outcome.pixels, alone.pixels)
    assert both.goal.truth.tolist() == TRUTH[items].tolist()
    assert torch.equal(both.clean.logits, one.networks[0](one.pixels(items)))
