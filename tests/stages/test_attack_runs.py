"""What attack files say: figures against sums by hand, and differences over the same items."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import LARGE, LOSS, by_hand, health, made_attack, shuffled

from c10h.errors import InputError
from c10h.metrics import bootstrap
from c10h.metrics.differences import Difference
from c10h.metrics.estimates import Estimate
from c10h.records import Attack, Input, Lineage
from c10h.stages import attack_runs
from c10h.stages.attack_runs import (
    METRICS,
    AttackedNetwork,
    attack_differences,
    attacked_networks,
)

NAN = float("nan")


def only(record: Attack) -> AttackedNetwork:
    """The one network of an attack."""
    (network,) = attacked_networks({"a": record})
    return network


def estimate(network: AttackedNetwork, metric: str, result: str) -> Estimate:
    found = network.runs[result].estimate(metric)
    assert found is not None
    return found


class TestEstimates:
    def test_means_before_and_after(self) -> None:
        network = only(by_hand())
        for metric, before, after in (("accuracy", 0.75, 0.25), ("ce_hard", 0.25, 2)):
            assert estimate(network, metric, "clean").value == pytest.approx(before)
            assert estimate(network, metric, "4/255").value == pytest.approx(after)

    def test_they_are_those_that_the_attack_recorded(self) -> None:
        record = made_attack(items=300)
        network = only(record)
        for metric, rows in (("accuracy", record.correct), ("ce_hard", record.loss)):
            means = np.asarray(rows, "f8")[0].mean(axis=-1)
            assert estimate(network, metric, "clean").value == pytest.approx(means[0, 0])
            for k, result in enumerate(("4/255", "8/255")):
                assert estimate(network, metric, result).value == pytest.approx(means[k, -1])

    def test_intervals_are_those_of_a_bootstrap_over_items(self) -> None:
        found = estimate(only(by_hand()), "ce_hard", "4/255")
        random, values = np.random.default_rng(3), LOSS[0, 0, -1].astype("f8")
        drawn = values[random.integers(0, 4, (200_000, 4))].mean(axis=1)
        expected = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
        np.testing.assert_allclose([found.low, found.high], expected, atol=0.26)
        assert found.low < found.value < found.high

    def test_an_interval_of_what_all_items_agree_in_is_wilsons(self) -> None:
        right = np.ones((1, 1, 3, 4), "u1")
        found = estimate(only(by_hand(loss=LOSS / 10, correct=right)), "accuracy", "clean")
        assert (found.value, found.high) == (1, 1)
        assert found.low == pytest.approx(4 / (4 + 1.959964**2), rel=1e-6)

    @pytest.mark.parametrize("block", [1, 9, 1 << 22])
    def test_curves_are_means_of_each_step(
        self, monkeypatch: pytest.MonkeyPatch, block: int
    ) -> None:
        monkeypatch.setattr(attack_runs, "BLOCK", block)
        network = only(by_hand())
        np.testing.assert_allclose(network.curve("ce_hard", 0), [0.25, 0.7, 2.0], rtol=1e-6)
        assert network.curve("accuracy", 0).tolist() == [0.75, 0.5, 0.25]

    def test_members_have_figures_of_their_own(self) -> None:
        record = made_attack(members=2, items=40)
        for member, network in enumerate(attacked_networks({"a": record})):
            assert network.name == f"a/fold-{member}"
            expected = np.asarray(record.loss)[member, 1, -1].mean(dtype="f8")
            assert estimate(network, "ce_hard", "8/255").value == pytest.approx(expected)
            assert network.curve("ce_hard", 1)[-1] == pytest.approx(expected)

    def test_a_file_without_true_classes(self) -> None:
        with pytest.raises(InputError, match="a: the file does not have the true classes"):
            only(made_attack(truth=None))


class TestAbout:
    def test_the_architecture_may_be_an_inputs(self) -> None:
        inner = Lineage(command="c10h train", architecture="wrn_28_10")
        other = Lineage(command="c10h data import")
        outer = Lineage(
            command="c10h attack",
            inputs=tuple(
                Input(role=role, name="x", sha256="", lineage=lineage)
                for role, lineage in (("images", other), ("network", inner))
            ),
        )
        assert only(made_attack(lineage=outer)).network == "wrn_28_10"
        assert only(made_attack(lineage=None)).network == ""

    def test_one_step(self) -> None:
        assert "1 step," in only(made_attack(steps=1)).attack

    def test_the_only_network_has_all_checks(self) -> None:
        record = made_attack(health=health(("x", "another name", NAN, 1.0, 1)))
        assert [check.label for check in only(record).checks] == ["x"]

    def test_checks_of_all_members(self) -> None:
        record = made_attack(members=2, health=health(("x", "", NAN, 1.0, 1)))
        assert [len(network.checks) for network in attacked_networks({"a": record})] == [1, 1]


class TestDifferences:
    def figures(self, a: Attack, b: Attack) -> dict[tuple[str, str], Difference]:
        """a - b by metric and result."""
        network, baseline = attacked_networks({"a": a, "b": b})
        found = attack_differences([network, baseline], baseline)
        assert list(found) == [run.key for run in network.runs.values()]
        by_key = {
            (difference.metric, result): difference
            for result, run in network.runs.items()
            for difference in found[run.key]
        }
        assert {(one.a, one.b) for one in by_key.values()} == {("a", "b")}
        assert list(dict.fromkeys(metric for metric, _ in by_key)) == list(METRICS)
        return by_key

    def test_values_and_intervals(self) -> None:
        a, b = made_attack(1, items=50), made_attack(2, items=50)
        one = self.figures(a, b)["ce_hard", "8/255"]
        paired = (np.asarray(a.loss, "f8") - np.asarray(b.loss, "f8"))[0, 1, -1]
        assert one.value == pytest.approx(paired.mean(), rel=1e-6)
        samples = bootstrap.means(paired[:, None], 1000, 0)[:, 0]
        ends = np.quantile(samples, [0.025, 0.975], method="inverted_cdf")
        assert [one.low, one.high] == pytest.approx(ends.tolist(), abs=1e-6)
        assert one.low is not None
        assert one.high is not None
        spread = paired.std() / np.sqrt(50)
        assert one.high - one.low == pytest.approx(2 * 1.96 * spread, rel=0.15)

    @pytest.mark.parametrize("by", ["index", "ids"])
    def test_items_are_matched_whatever_their_order(self, by: str, random: Any) -> None:
        names = np.array([f"i{row}" for row in random.permutation(12)])
        a = made_attack(1, index=np.arange(12) + 30, ids=names if by == "ids" else None)
        b = made_attack(2, index=np.arange(12) + 30, ids=names if by == "ids" else None)
        plain, moved = self.figures(a, b), self.figures(a, shuffled(b, random.permutation(12)))
        for key, one in plain.items():
            assert moved[key].value == pytest.approx(one.value, rel=1e-12)
            assert [moved[key].low, moved[key].high] == pytest.approx([one.low, one.high], abs=1e-6)

    @pytest.mark.parametrize(
        "changes",
        [
            {"index": np.arange(12) + 1},
            {"item": np.arange(12, dtype="u8") + 1},
            {"truth": (np.arange(12) + 1) % 3},
            {"classes": ("dog", "cat", "bird")},
            {"ids": np.array([f"j{row}" for row in range(12)])},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_other_items(self, changes: dict[str, Any]) -> None:
        ids = np.array([f"i{row}" for row in range(12)])
        known: dict[str, Any] = {"item": np.arange(12, dtype="u8"), "ids": ids}
        found = self.figures(made_attack(1, **known), made_attack(2, **{**known, **changes}))
        whys = {one.why for one in found.values()}
        if "index" in changes:  # the ids, which agree, go before
            assert whys == {None}
        else:
            assert whys == {"not paired: the runs have different items"}
            assert all(one.value is None for one in found.values())

    def test_fewer_items(self) -> None:
        found = self.figures(made_attack(items=12), made_attack(items=9))
        assert {one.why for one in found.values()} == {"not paired: the runs have different items"}

    def test_classes_in_another_order_are_the_same_items(self) -> None:
        a, b = made_attack(1), made_attack(2)
        assert b.truth is not None
        turned = replace(
            b,
            classes=("bird", "cat", "dog"),
            truth=(b.truth + 1) % 3,
            clean_logits=np.roll(np.asarray(b.clean_logits), 1, axis=-1),
            logits=np.roll(np.asarray(b.logits), 1, axis=-1),
        )
        assert self.figures(a, turned) == self.figures(a, b)

    def test_true_classes_that_one_of_them_does_not_know(self) -> None:
        b = made_attack(2)
        assert b.truth is not None
        truth = np.where(np.arange(12) == 3, -1, b.truth)
        found = self.figures(made_attack(1), replace(b, truth=truth))
        assert {one.why for one in found.values()} == {None}

    def test_another_attack(self) -> None:
        found = self.figures(made_attack(), made_attack(settings={"norm": "2"}))
        assert {one.why for one in found.values()} == {"not paired: b is under a different attack"}

    def test_a_budget_that_the_baseline_lacks(self) -> None:
        found = self.figures(made_attack(), made_attack(budgets=(LARGE,)))
        whys = {key[1]: one.why for key, one in found.items()}
        assert whys == {"clean": None, "4/255": "b was not attacked with 4/255", "8/255": None}
        assert found["accuracy", "8/255"].value == 0
