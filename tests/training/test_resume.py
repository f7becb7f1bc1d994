"""A training that was broken off at any step ends as if it had not been, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from c10h.errors import StoppedError
from c10h.models.building import build, prepare
from c10h.training.checkpoint import Checkpoint, load
from c10h.training.loop import Reports
from c10h.training.recipes import RECIPES
from training.small import RECIPE, Tiny, examples, same, settings, train


@dataclass(frozen=True)
class Case:
    """A way of training. changes: of the recipe; more: of the settings; size: of pictures."""

    changes: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    make: Callable[[], nn.Module] = Tiny
    size: int = 8
    recipe: str = ""


def airbench() -> nn.Module:
    network = build("airbench94_w16", 3, 9)
    prepare(network, torch.rand(20, 3, 9, 9))
    return network


def with_dropout() -> nn.Module:
    return nn.Sequential(*list(Tiny())[:-1], nn.Dropout(0.5), nn.Linear(24, 3))


CASES = {
    "sgd": Case({"warmup_epochs": 1}),
    "adam": Case({"optimizer": "adam", "lr": 0.01}),
    "cosine, strong": Case({"schedule": "cosine", "augment": "strong"}),
    "airbench": Case({"epochs": 5, "lr": 0.1}, {}, airbench, 9, "airbench94"),
    "shake-shake": Case({"epochs": 2}, {}, lambda: build("shake_shake_8_2x4d_SSI", 3, 8)),
    "dropout": Case({}, {}, with_dropout),
    "mixup": Case({}, {"mixup": 0.5}),
    "sample": Case({}, {"drawn": True}),
    "bf16": Case({}, {"precision": "bf16"}),
    "a part of an epoch": Case({"epochs": 2.5}),
}


def trained(case: Case, path: Path, **how: Any) -> Checkpoint:
    """Go on until the end, or until something stops it."""
    recipe = RECIPES[case.recipe] if case.recipe else RECIPE
    recipe = replace(recipe, **{"batch_size": 6, **case.changes})
    return train(
        settings(recipe, **case.more), examples(20, case.size), case.make, path=path, **how
    )


def always() -> Reports:
    return Reports(stop=lambda: True)


@pytest.mark.parametrize("name", CASES)
def test_stopped_after_each_step(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    whole, broken = tmp_path / "whole.pt", tmp_path / "broken.pt"
    unbroken = trained(case, whole)
    assert unbroken.step > 4
    for step in range(1, unbroken.step):
        with pytest.raises(StoppedError, match=f"after step {step} of {unbroken.step} of fold 0"):
            trained(case, broken, reports=always())
    found = trained(case, broken, reports=always())
    assert same(found.network, unbroken.network)
    assert found.history == unbroken.history
    # The last checkpoints have the optimizer and the slow weights too.
    for one in ("network", "optimizer", "slow", "running"):
        assert same(getattr(load(broken), one), getattr(load(whole), one)), one


class KilledError(Exception):
    """Stands for a process that ends without a word."""


@pytest.mark.parametrize(("minutes", "begins_at"), [(None, 3), (0.0, 4)])
def test_killed_within_an_epoch(minutes: float | None, begins_at: int, tmp_path: Path) -> None:
    """It goes on from the last checkpoint: of an epoch's end, or of each step."""
    unbroken = trained(CASES["sgd"], tmp_path / "whole.pt")
    path = tmp_path / "broken.pt"
    left = [5]

    def stop() -> bool:
        left[0] -= 1
        if not left[0]:
            raise KilledError
        return False

    with pytest.raises(KilledError):
        trained(CASES["sgd"], path, reports=Reports(stop=stop), minutes=minutes)
    assert load(path).step == begins_at
    found = trained(CASES["sgd"], path, minutes=minutes)
    assert same(found.network, unbroken.network)
    assert found.history == unbroken.history


def test_the_same_command_twice_is_the_same_file(tmp_path: Path) -> None:
    paths = [tmp_path / "a.pt", tmp_path / "b.pt"]
    for path in paths:
        trained(CASES["sgd"], path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_other_code_draws_changes_nothing(tmp_path: Path) -> None:
    first = trained(CASES["dropout"], tmp_path / "a.pt")
    disturbed = Reports(stop=lambda: bool(torch.rand(3).sum() < 0))
    second = trained(CASES["dropout"], tmp_path / "b.pt", reports=disturbed)
    assert same(first.network, second.network)


def test_stopping_in_the_last_step_is_the_end(tmp_path: Path) -> None:
    steps = []

    def stop() -> bool:
        steps.append(1)
        return len(steps) == 9

    state = trained(CASES["sgd"], tmp_path / "a.pt", reports=Reports(stop=stop))
    assert (state.step, len(steps), state.is_done) == (9, 9, True)
    assert not state.optimizer


@pytest.mark.full
def test_compiled_networks_learn_the_same_and_go_on(tmp_path: Path) -> None:
    """Their products may be rounded otherwise; going on is exact all the same."""
    case = Case({}, {"compiled": True})
    unbroken = trained(case, tmp_path / "whole.pt")
    with pytest.raises(StoppedError):
        trained(case, tmp_path / "broken.pt", reports=always())
    found = trained(case, tmp_path / "broken.pt")
    assert same(found.network, unbroken.network)
    eager = trained(Case(), tmp_path / "eager.pt")
    assert eager.network.keys() == unbroken.network.keys()
    torch.testing.assert_close(unbroken.history, eager.history, rtol=1e-3, atol=1e-4)
