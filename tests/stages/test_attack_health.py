"""Networks that are honest pass the health block, and those that only look robust do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attacks.test_health_measures import Quantised, Scaled
from attacks.trained import linear, trained
from made_attacks import made_attack
from torch import nn

from c10h.attacks.budget import Budget
from c10h.attacks.health_checks import CHECKS, CheckResult
from c10h.attacks.health_measures import STEPS, Measures, passes
from c10h.attacks.restarts import Plan
from c10h.attacks.temperature_scaling import temperature_for
from c10h.records import Array, Attack
from c10h.stages import attack_health
from c10h.stages.attack_health import examine, join, work_of
from c10h.stages.attack_runs import attacked_networks
from c10h.views.attack import SOUND, verdict

from .attacking import ITEMS, TRUTH, answers, attack_data, attacked, options

BUDGETS = (8,)


def examined(folder: Path, *networks: nn.Module, count: int = 40, **how: Any) -> Attack:
    """Attack all items by PGD of cross-entropy, and examine that on some."""
    source, levels = how.pop("source", None), how.pop("levels", BUDGETS)
    given = attack_data(networks, source=None if source is None else answers([source]))
    settings = options(*levels, **how)
    found = attacked(folder, given, settings)
    health = examine(given, settings, found, count, lambda _: None)
    return Attack(**{**vars(found), "health": health})


def checks(found: Attack) -> dict[tuple[str, float], tuple[float, int]]:
    """Value and passed by name and levels of 255, 0 for all."""
    levels = np.nan_to_num(found.health["epsilon"] * 255).round()
    names = [(str(name), float(k)) for name, k in zip(found.health["name"], levels, strict=True)]
    values = zip(found.health["value"].tolist(), found.health["passed"].tolist(), strict=True)
    assert len(set(names)) == len(names)
    return dict(zip(names, values, strict=True))


def sentences(found: Attack) -> list[str]:
    return verdict(attacked_networks({"run": found})[0].checks)


class TestVerdicts:
    def test_nothing_speaks_against_an_honest_network(self, tmp_path: Path) -> None:
        found = examined(
            tmp_path, trained(), steps=20, plan=Plan("pgd", restarts=2), levels=(2, 20)
        )
        assert sentences(found) == [SOUND]
        tests = {name for (name, _), (_, passed) in checks(found).items() if passed == 1}
        every = {check.label for check in CHECKS.values() if check.passes is not None}
        assert tests == every - {"loss after transfer"}

    def test_nor_against_one_in_l2(self, tmp_path: Path) -> None:
        """Where a random start leaves PGD a little behind FGSM."""
        budgets = [Budget.of(0.1, 20, norm="2", random_start=True)]
        assert sentences(examined(tmp_path, trained(), budgets=budgets)) == [SOUND]

    def test_nor_against_a_linear_one(self, tmp_path: Path) -> None:
        """FGSM is the best that there is, so that rounding decides whether PGD is behind it."""
        for seed in range(2):
            network = linear(5, 10, seed)
            found = examined(tmp_path / str(seed), network, steps=20, source=network)
            wrong = {name for (name, _), (_, passed) in checks(found).items() if passed == 0}
            assert not wrong & {"loss after PGD", "loss after transfer"}

    def test_logits_that_a_softmax_rounds_away(self, tmp_path: Path) -> None:
        found = examined(tmp_path, Scaled(1e4))
        rows = checks(found)
        for name in ("zero gradient, float32", "zero gradient, float64"):
            assert rows[name, 0][0] > 0.9
            assert rows[name, 0][1] == 0
        assert rows["accuracy at a very large epsilon", 0] == pytest.approx((1, 0), abs=0.1)
        assert rows["accuracy, worst of all", 8][1] == 0
        assert rows["accuracy, worst of all", 8][0] < rows["accuracy of this attack", 8][0] - 0.3
        words = " ".join(sentences(found))
        assert "a softmax that rounds to 1 looks robust but is not" in words
        assert "this attack overestimates robustness" in words

    def test_float64_tells_what_was_only_rounded(self, tmp_path: Path) -> None:
        rows = checks(examined(tmp_path, Scaled(30)))
        assert rows["zero gradient, float32", 0][1] == 0
        assert rows["zero gradient, float64", 0][1] == 1

    def test_a_mask(self, tmp_path: Path) -> None:
        """By members, each of which has the other's perturbations tried on it."""
        given, how = attack_data([Quantised(), trained()], members=True), options(*BUDGETS)
        found = attacked(tmp_path, given, how)
        health = examine(given, how, found, 40, lambda _: None)
        found = Attack(**{**vars(found), "health": health})
        masked, honest = (
            " ".join(verdict(network.checks)) for network in attacked_networks({"run": found})
        )
        for words in (
            "100.0% of the images have no gradient in float64 either",
            "stay correct where any image is within reach",
            "at 8/255: perturbations made on another network did more than its own",
            "at 8/255: another loss or method leaves only",
        ):
            assert words in masked
        assert "gradient" not in honest

    def test_an_attack_that_is_too_weak(self, tmp_path: Path) -> None:
        """One tiny step: others do more. It says so of the attack, not of the network."""
        budgets = [Budget(levels / 255, steps=1, step_size=1e-5) for levels in BUDGETS]
        found = examined(tmp_path, trained(), budgets=budgets)
        rows = checks(found)
        assert rows["accuracy, worst of all", 8][1] == 0
        assert rows["zero gradient, float32", 0][1] == 1
        assert sentences(found)[-1].startswith("at 8/255: another loss or method leaves only")

    def test_an_attack_toward_a_class_is_not_held_against_others(self, tmp_path: Path) -> None:
        rows = checks(examined(tmp_path, trained(), toward="least-likely"))
        assert rows["accuracy, worst of all", 8][1] == 1
        assert ("loss gained", 8) not in rows


def of_attack(attack: Attack) -> dict[tuple[str, float], tuple[float, bool | None]]:
    found = list(attack_health._of_attack(attack, 0))
    return {
        (one.label, np.nan_to_num(one.epsilon * 255).round()): (one.value, one.passed)
        for one in found
    }


class TestOfTheAttackItself:
    def accuracies(self, *values: float, epsilon: tuple[float, ...]) -> Attack:
        """Of 200 items a share is right after each budget."""
        correct = np.ones((1, len(values), 4, 200), "u1")
        for k, value in enumerate(values):
            correct[0, k, -1, round(200 * value) :] = 0
        sizes = [one / 255 for one in epsilon]
        return made_attack(items=200, budgets=sizes, correct=correct)

    @pytest.mark.parametrize(
        ("values", "epsilon", "rise", "passed"),
        [
            ((0.5, 0.4), (2, 4), 0.0, 1),
            ((0.4, 0.5), (2, 4), 0.1, 0),
            ((0.4, 0.5), (4, 2), 0.0, 1),
            ((0.5, 0.4), (4, 2), 0.1, 0),
            ((0.5, 0.505), (2, 4), 0.005, 1),
            ((0.6, 0.3, 0.4), (2, 4, 8), 0.1, 0),
        ],
    )
    def test_a_larger_epsilon_leaves_no_more(
        self, values: tuple[float, ...], epsilon: tuple[float, ...], rise: float, passed: int
    ) -> None:
        found = of_attack(self.accuracies(*values, epsilon=epsilon))
        assert found["accuracy gained by a larger epsilon", 0] == (pytest.approx(rise), passed)

    def test_with_one_epsilon_there_is_nothing_to_compare(self) -> None:
        found = of_attack(self.accuracies(0.5, epsilon=(4,)))
        assert ("accuracy gained by a larger epsilon", 0) not in found

    def test_norms_and_losses_by_hand(self) -> None:
        loss = np.ones((1, 2, 4, 12), "f4")
        loss[0, 0, -1], loss[0, 1, -1] = 3, 0.5
        norm = np.full((1, 2, 12), 3 / 255, "f4")
        norm[0, 1, 5] = 8 / 255
        found = of_attack(made_attack(loss=loss, norm=norm))
        norms = [found["largest norm, in epsilon", level] for level in (4, 8)]
        assert norms == [pytest.approx((0.75, 1)), pytest.approx((1, 1))]
        assert [found["loss gained", level] for level in (4, 8)] == [(2, True), (-0.5, False)]


class TestExamination:
    def test_the_items_are_drawn_once_and_their_own_results_are_compared(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the batches and folds: here an item is right after the attack by its number."""
        folds = np.arange(ITEMS) % 3
        given = attack_data([linear(5, 10, seed) for seed in range(3)], folds[None])
        how = options(batch=7)
        found = attacked(tmp_path, given, how)
        seen: list[int] = []

        def measured(network: nn.Module, source: Any, pixels: torch.Tensor, *more: Any) -> Measures:
            truth = more[0].truth
            seen.extend(truth.tolist())
            zeros = torch.zeros(len(truth))
            shares = ("zero gradient, float32", "zero gradient, float64", "correct, wide")
            names = ("loss, fgsm", "loss, cross-entropy", "correct, cross-entropy")
            return Measures(dict.fromkeys(shares, zeros), dict.fromkeys(names, truth[None] == 0))

        monkeypatch.setattr(attack_health, "measure", measured)
        for k in range(len(how.budgets)):
            found.correct[0, k, -1] = TRUTH == 0  # type: ignore[index]
        rows = Attack(**{**vars(found), "health": examine(given, how, found, 31, lambda _: None)})
        assert len(seen) == 31
        share = pytest.approx(seen.count(0) / 31)
        assert 0 < seen.count(0) < 31
        found_rows = checks(rows)
        for name in (
            "accuracy of this attack",
            "accuracy, worst of all",
            "accuracy, cross-entropy",
        ):
            assert found_rows[name, 4][0] == share

    def test_measures_of_batches_are_joined_in_order(self) -> None:
        parts = [
            Measures({"a": torch.tensor([True, False])}, {"b": torch.tensor([[1.0, 2], [3, 4]])}),
            Measures({"a": torch.tensor([True])}, {"b": torch.tensor([[5.0], [6]])}),
        ]
        found = join(parts)
        assert found["a"].tolist() == [1, 0, 1]
        assert found["b"].tolist() == [[1, 2, 5], [3, 4, 6]]

    def test_members_have_their_own_rows(self, tmp_path: Path) -> None:
        given, how = attack_data([trained(), Quantised()], members=True), options(8)
        found = attacked(tmp_path, given, how)
        health = examine(given, how, found, 40, lambda _: None)
        masked = health["member"] == "m1"
        assert set(health["member"]) == {"m0", "m1"}
        zero = health["name"] == "zero gradient, float64"
        assert health["value"][zero & ~masked].tolist() == [0]
        assert health["value"][zero & masked].tolist() == [1]

    @pytest.mark.parametrize("members", [True, False])
    def test_progress_reaches_its_end(self, tmp_path: Path, members: bool) -> None:
        folds = None if members else np.arange(ITEMS)[None] % 2
        given = attack_data([trained(), linear(5, 10)], folds, members=members)
        how, steps = options(), list[int]()
        found = attacked(tmp_path, given, how)
        examine(given, how, found, 21, steps.append)
        assert sum(steps) == work_of(given, how, 21)
        assert sum(steps) == 21 * (1 + members) * STEPS * passes(1, True, True)


class TestCommonConfidence:
    def rows(self, clean: Array, after: Array) -> list[CheckResult]:
        one = made_attack(
            items=len(clean), budgets=(4 / 255,), clean_logits=clean[None].astype("f4"),
            logits=after[None, None].astype("f4"), correct=np.ones((1, 1, 4, len(clean)), "u1"),
        )  # fmt: skip
        return list(attack_health._at_common_confidence(one, 0, clean, temperature_for(clean)))

    def test_the_scale_of_logits_falls_out(self, random: np.random.Generator) -> None:
        clean, after = random.normal(size=(2, 30, 3)) * 3
        first, *losses = self.rows(clean, after)
        scaled, *others = self.rows(64 * clean, 64 * after)
        assert scaled.value == pytest.approx(64 * first.value)
        for one, other in zip(losses, others, strict=True):
            assert one.label == other.label
            assert one.value == pytest.approx(other.value, rel=1e-5)
            assert one.passed is None

    def test_where_there_is_none(self) -> None:
        (one,) = self.rows(np.zeros((12, 3)), np.zeros((12, 3)))
        assert np.isnan(one.value)
