"""The alternative annotator test against its definition written out, scipy and hand computation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, ttest_1samp

from c10h.labels import agreement as agreement_module
from c10h.labels.alternative_annotator import (
    LEAST_ITEMS,
    Alternative,
    alternative_annotator,
    discoveries,
)
from c10h.records import Array
from labels.test_agreement import Row, everybody, votes_of


def written_out(
    rows: Sequence[Row], choices: Sequence[int], who: int, trusted: Sequence[int], epsilon: float
) -> tuple[float, float]:
    """Advantage and p-value of the model against one annotator, item by item."""
    model_ahead, differences = [], []
    for item in sorted({item for a, item, _ in rows if a == who}):
        own = [label for a, i, label in rows if a == who and i == item]
        rest = [label for a, i, label in rows if a != who and i == item and a in trusted]
        if not rest or choices[item] < 0:
            continue
        human = np.mean([np.mean([label == other for other in rest]) for label in own])
        model = np.mean([choices[item] == other for other in rest])
        tie = abs(human - model) < 1e-9
        model_ahead.append(model > human or tie)
        differences.append(int(human > model or tie) - int(model > human or tie))
    test = ttest_1samp(differences, epsilon, alternative="less")
    return float(np.mean(model_ahead)), float(test.pvalue)


def made_up(
    random: np.random.Generator, annotators: int = 6, items: int = 60, skill: float = 0.8
) -> tuple[list[Row], list[int]]:
    """Judgments of about three quarters of the items by each, some twice, and a model's choices."""
    rows = []
    for who in range(annotators):
        for item in range(items):
            for _ in range(int(random.choice([0, 1, 1, 1, 1, 2]))):
                right = random.random() < skill
                rows.append((who, item, item % 3 if right else int(random.integers(3))))
    choices = [
        item % 3 if random.random() < 0.85 else int(random.integers(3)) for item in range(items)
    ]
    return [rows[place] for place in random.permutation(len(rows))], choices


def found_of(
    rows: Sequence[Row], choices: Sequence[int], trusted: Array | None = None, **options: float
) -> Alternative:
    votes = votes_of(rows)
    chosen = np.array(choices)[: votes.labels.probs.shape[0]]
    who = everybody(votes) if trusted is None else trusted
    return alternative_annotator(votes, who, chosen, **{"epsilon": 0.1, "resamples": 40} | options)  # type: ignore[arg-type]


class TestDefinition:
    @pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.2])
    @pytest.mark.parametrize("skill", [0.55, 0.8])
    def test_every_annotator_written_out(
        self, random: np.random.Generator, epsilon: float, skill: float
    ) -> None:
        rows, choices = made_up(random, skill=skill)
        choices[7] = choices[11] = -1  # no predictions of these
        trusted = np.array([True, True, True, True, True, False])
        found = found_of(rows, choices, trusted, epsilon=epsilon)
        wanted = [written_out(rows, choices, who, range(5), epsilon) for who in range(5)]
        advantage, p_values = np.transpose(wanted)
        assert found.advantage[:5] == pytest.approx(advantage)
        assert found.p_value[:5] == pytest.approx(p_values, rel=1e-9)
        assert np.isnan(found.advantage[5])
        rejected = false_discovery_control(p_values, method="by") <= 0.05
        assert found.replaced.tolist() == [*rejected.tolist(), False]
        assert found.tested == 5
        assert found.winning_rate.value == pytest.approx(rejected.mean())
        assert found.advantage_probability.value == pytest.approx(advantage.mean())

    def test_agreement_and_rank_are_those_of_one_more_annotator(
        self, random: np.random.Generator
    ) -> None:
        rows, choices = made_up(random)
        found = found_of(rows, choices)
        with_model = votes_of([*rows, *((6, item, label) for item, label in enumerate(choices))])
        trusted = np.array([True] * 6 + [False])
        agreed = agreement_module.agreement(with_model, trusted).rest
        assert found.agreement.value == pytest.approx(agreed[6])
        assert found.rank.value == 1 + (agreed[:6] > agreed[6]).sum()
        assert found.ranked == 6

    def test_a_model_that_is_one_of_them_ties_with_that_one(
        self, random: np.random.Generator
    ) -> None:
        rows = [(who, item, int(random.integers(3))) for who in range(3) for item in range(40)]
        own = [label for who, _, label in rows if who == 0]
        found = found_of(rows, own)
        assert found.advantage[0] == 1
        assert found.p_value[0] == 0  # all differences are 0, which is less than 0.1
        assert found_of(rows, own, epsilon=0.0).p_value[0] == 1

    def test_an_opponent_of_everybody_stands_in_for_nobody(self) -> None:
        rows = [(who, item, 0) for who in range(4) for item in range(40)]
        found = found_of(rows, [1] * 40)
        assert found.advantage.tolist() == [0] * 4
        assert found.winning_rate.value == 0
        assert (found.rank.value, found.agreement.value) == (5, 0)

    def test_annotators_of_few_items_are_ranked_and_not_tested(
        self, random: np.random.Generator
    ) -> None:
        rows, choices = made_up(random)
        rows = [row for row in rows if row[0] != 2 or row[1] < LEAST_ITEMS // 2]
        found = found_of(rows, choices)
        assert (found.tested, found.ranked) == (5, 6)
        assert np.isnan(found.p_value[2])

    def test_without_anybody_to_test_there_is_no_rate(self) -> None:
        rows = [(who, item, item % 3) for who in range(3) for item in range(10)]
        found = found_of(rows, [0] * 10)
        assert found.tested == 0
        assert np.isnan(found.winning_rate.value)
        assert np.isnan(found.advantage_probability.value)
        assert found.agreement.value == pytest.approx(0.4)

    def test_a_model_without_predictions_has_no_agreement(self) -> None:
        rows = [(who, item, item % 3) for who in range(3) for item in range(40)]
        found = found_of(rows, [-1] * 40)
        assert np.isnan([found.agreement.value, found.rank.value, found.rank.low]).all()
        assert found.items == 0


class TestDiscoveries:
    def test_by_hand(self) -> None:
        # Σ 1/i of 4 is 25/12: bounds 0.006, 0.012, 0.018, 0.024; the third is too large for its own
        # bound, and all the same rejected since the fourth is within.
        assert discoveries(np.array([0.001, 0.023, 0.02, 0.011])).all()
        assert discoveries(np.array([0.001, 0.025, 0.02, 0.011])).tolist() == [
            True, False, False, True,
        ]  # fmt: skip

    @pytest.mark.parametrize("count", [1, 2, 7, 50])
    def test_scipys_adjusted_values(self, count: int, random: np.random.Generator) -> None:
        for _ in range(50):
            values = random.random(count) ** 6
            wanted = false_discovery_control(values, method="by") <= 0.05
            np.testing.assert_array_equal(discoveries(values), wanted)

    def test_none(self) -> None:
        assert discoveries(np.empty(0)).tolist() == []
        assert not discoveries(np.ones(3)).any()


class TestIntervals:
    def test_agreement_and_advantage_of_resampled_items(self, random: np.random.Generator) -> None:
        rows, choices = made_up(random, items=90)
        found = found_of(rows, choices, resamples=2000)
        agreements, advantages = [], []
        by_item: dict[int, list[Row]] = {}
        for row in rows:
            by_item.setdefault(row[1], []).append(row)
        for _ in range(200):
            drawn = random.integers(0, 90, 90)
            again = [
                (who, place, label)
                for place, item in enumerate(drawn)
                for who, _, label in by_item[int(item)]
            ]
            chosen = [choices[item] for item in drawn]
            other = found_of(again, chosen, resamples=0)
            agreements.append(other.agreement.value)
            advantages.append(other.advantage_probability.value)
        for estimate, values in (
            (found.agreement, agreements),
            (found.advantage_probability, advantages),
        ):
            ends = np.percentile(values, [2.5, 97.5])
            assert [estimate.low, estimate.high] == pytest.approx(ends, abs=0.02)
            assert estimate.low < estimate.value < estimate.high

    def test_the_rate_has_wilsons_interval(self, random: np.random.Generator) -> None:
        rows, choices = made_up(random, skill=0.6)
        found = found_of(rows, choices)
        hits = int(found.replaced.sum())
        wanted = binomtest(hits, 6).proportion_ci(method="wilson")
        assert found.winning_rate.low == pytest.approx(wanted.low)
        assert found.winning_rate.high == pytest.approx(wanted.high)

    def test_the_rank_is_between_those_of_the_ends(self, random: np.random.Generator) -> None:
        rows, choices = made_up(random, annotators=12)
        found = found_of(rows, choices, resamples=500)
        people = agreement_module.agreement(votes := votes_of(rows), everybody(votes)).rest
        assert found.rank.low == 1 + (people > found.agreement.high).sum()
        assert found.rank.high == 1 + (people > found.agreement.low).sum()

    def test_without_resamples_there_is_none(self, random: np.random.Generator) -> None:
        found = found_of(*made_up(random), resamples=0)
        assert np.isnan([found.agreement.low, found.advantage_probability.high]).all()


def test_the_order_of_rows_does_not_matter(random: np.random.Generator) -> None:
    rows, choices = made_up(random)
    first = found_of(rows, choices)
    again = found_of([rows[place] for place in random.permutation(len(rows))], choices)
    np.testing.assert_allclose(first.p_value, again.p_value)
    assert first.agreement.low == pytest.approx(again.agreement.low)


def test_blocks_do_not_matter(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, choices = made_up(random)
    wanted = found_of(rows, choices)
    monkeypatch.setattr(agreement_module, "BLOCK_VOTES", 30)
    np.testing.assert_allclose(found_of(rows, choices).p_value, wanted.p_value)


def test_people_of_cifar10h_against_one_of_themselves(real_data: Path) -> None:
    """A model that draws a vote of each item is as good as anybody: the truth of ε = 0 is a tie."""
    counts = np.load(real_data / "cifar10h-counts.npy")[:2000]
    random = np.random.default_rng(0)
    item = np.repeat(np.arange(2000), counts.sum(axis=1))
    label = np.concatenate([np.repeat(np.arange(10), row) for row in counts])
    order = np.lexsort((random.random(len(item)), item))
    item, label = item[order], label[order]
    rows = list(
        zip((np.arange(len(item)) % 500).tolist(), item.tolist(), label.tolist(), strict=True)
    )
    votes = votes_of(rows, 10)
    choices = np.array([random.choice(10, p=row / row.sum()) for row in counts])
    strict = alternative_annotator(votes, everybody(votes), choices, epsilon=0.0, resamples=0)
    lenient = alternative_annotator(votes, everybody(votes), choices, epsilon=0.1, resamples=0)
    assert strict.winning_rate.value < 0.05
    assert lenient.winning_rate.value > 0.5
