"""Agreement of annotators against pairs of judgments written out, and scikit-learn's kappa."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TypeAlias

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from c10h.labels import agreement as module
from c10h.labels.agreement import agreement, median_by_annotator
from c10h.labels.votes import Votes
from c10h.metrics.proportions import wilson_interval
from c10h.records import Array, Labels

# Annotator, item, label.
Row: TypeAlias = tuple[int, int, int]


def votes_of(
    rows: Sequence[Row],
    classes: int = 3,
    *,
    annotators: int = 0,
    truth: Sequence[int] | None = None,
    right: Sequence[Sequence[int]] | None = None,
    rt: Sequence[float] | None = None,
) -> Votes:
    """Judgments of annotators 0, 1, ...; there can be more of them than have judged."""
    who, item, label = (np.array(column, dtype=np.uint32) for column in zip(*rows, strict=True))
    counts = np.zeros((item.max() + 1, classes), dtype=np.int32)
    np.add.at(counts, (item, label), 1)
    names = [f"annotator {number}" for number in range(max(annotators, int(who.max()) + 1))]
    return Votes(
        labels=Labels(
            classes=tuple("abcdefghijk"[:classes]),
            probs=counts / np.maximum(counts.sum(axis=1, keepdims=True), 1),
            counts=counts,
            truth=None if truth is None else np.array(truth),
            right=None if right is None else np.array(right, dtype=np.uint8),
            annotators={"id": np.array(names)},
        ),
        annotator=who,
        item=item,
        label=label,
        rt=None if rt is None else np.array(rt),
        trials=len(rows),
        checks=0,
        repeated=0,
        repeaters=0,
        excluded=(),
        late=np.empty(0, dtype=np.int64),
        late_rt=np.empty(0),
        dropped=0,
    )


def everybody(votes: Votes) -> Array:
    return np.ones(len(votes.labels.annotators["id"]), dtype=bool)


def pairs_of(
    rows: Sequence[Row], who: int, trusted: Array
) -> tuple[list[int], list[int], list[float]]:
    """Own label, other's label and weight: one over the number of the rest's votes on the item."""
    own, other, weight = [], [], []
    for annotator, item, label in rows:
        if annotator != who:
            continue
        rest = [k for a, i, k in rows if i == item and a != who and trusted[a]]
        own += [label] * len(rest)
        other += rest
        weight += [1 / len(rest) for _ in rest]
    return own, other, weight


def made_up(
    random: np.random.Generator, annotators: int = 8, items: int = 12, judgments: int = 90
) -> list[Row]:
    """Judgments in any order, some of them repeated, some items with one annotator."""
    rows = []
    for _ in range(judgments):
        item = int(random.integers(items))
        label = item % 3 if random.random() < 0.6 else int(random.integers(3))
        rows.append((int(random.integers(annotators)), item, label))
    return [*rows, *rows[:5], (0, items, 1), (1, items + 1, 2), (1, items + 1, 2)]


class TestInterval:
    @pytest.mark.parametrize(
        ("hits", "count"), [(0, 1), (1, 1), (0, 30), (30, 30), (3, 7), (199, 200)]
    )
    def test_of_shares_of_yeses(self, hits: int, count: int) -> None:
        wanted = binomtest(hits, count).proportion_ci(method="wilson")
        low, high = wilson_interval(np.array([hits / count]), np.array([float(count)]))
        assert low[0] == pytest.approx(wanted.low, abs=1e-12)
        assert high[0] == pytest.approx(wanted.high, abs=1e-12)
        assert (low[0] == 0) == (hits == 0)
        assert (high[0] == 1) == (hits == count)

    def test_of_two_annotators_is_of_items(self) -> None:
        # They agree on 4 items of 6; the second one's doubled judgments make no more items.
        rows = [(0, item, 0) for item in range(6)] + [(1, item, item // 4) for item in range(6)]
        found = agreement(votes := votes_of([*rows, *rows[6:]]), everybody(votes))
        wanted = binomtest(4, 6).proportion_ci(method="wilson")
        assert found.rest.tolist() == pytest.approx([4 / 6] * 2)
        assert found.low.tolist() == pytest.approx([wanted.low] * 2)
        assert found.high.tolist() == pytest.approx([wanted.high] * 2)

    def test_of_somebody_who_judged_alone(self) -> None:
        found = agreement(votes := votes_of([(0, 0, 0), (1, 1, 0), (2, 1, 1)]), everybody(votes))
        assert np.isnan([found.low[0], found.high[0]]).all()
        assert found.low[1] == 0

    @pytest.mark.parametrize("items", [8, 40])
    @pytest.mark.parametrize(("a", "b"), [(0.5, 0.1), (2, 1), (0.2, 0.3)])
    def test_holds_the_mean_of_shares_at_least_as_often_as_it_says(
        self, random: np.random.Generator, items: int, a: float, b: float
    ) -> None:
        shares = random.beta(a, b, (4000, items)).mean(axis=1)
        low, high = wilson_interval(shares, np.full(4000, float(items)))
        mean = a / (a + b)
        assert np.mean((low <= mean) & (mean <= high)) > 0.94


class TestByHand:
    def test_the_share_of_the_others(self) -> None:
        # Three people, one item: two say 0, one says 1.
        found = agreement(votes := votes_of([(0, 0, 0), (1, 0, 0), (2, 0, 1)]), everybody(votes))
        assert found.rest.tolist() == [0.5, 0.5, 0]
        assert found.n.tolist() == [1, 1, 1]
        assert found.truth is None

    def test_two_people_on_two_items(self) -> None:
        rows = [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)]
        found = agreement(votes := votes_of(rows), everybody(votes))
        assert found.rest.tolist() == [1, 1]
        assert found.kappa.tolist() == [1, 1]

    def test_two_people_who_always_differ(self) -> None:
        rows = [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 0)]
        found = agreement(votes := votes_of(rows), everybody(votes))
        assert found.rest.tolist() == [0, 0]
        assert found.kappa.tolist() == [-1, -1]

    def test_kappa_of_one_label_is_unknown(self) -> None:
        rows = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0), (1, 1, 0)]
        found = agreement(votes := votes_of(rows), everybody(votes))
        assert found.rest.tolist() == [1, 1, 1]
        assert np.isnan(found.kappa).all()

    def test_somebody_who_judged_alone_is_unknown(self) -> None:
        found = agreement(votes := votes_of([(0, 0, 0), (1, 1, 0), (2, 1, 1)]), everybody(votes))
        assert np.isnan(found.rest[0])
        assert np.isnan(found.kappa[0])
        assert found.n.tolist() == [0, 1, 1]

    def test_repeated_judgments_do_not_agree_with_themselves(self) -> None:
        # The first says 0 twice of one item; the only other vote is 1.
        found = agreement(votes := votes_of([(0, 0, 0), (0, 0, 0), (1, 0, 1)]), everybody(votes))
        assert found.rest.tolist() == [0, 0]
        assert found.n.tolist() == [2, 1]

    def test_contradicting_oneself(self) -> None:
        # 0 and 1 of one item; the others say 0 and 0: one judgment of two agrees.
        rows = [(0, 0, 0), (0, 0, 1), (1, 0, 0), (2, 0, 0)]
        found = agreement(votes := votes_of(rows), everybody(votes))
        assert found.rest.tolist() == pytest.approx([1 / 2, 2 / 3, 2 / 3])

    def test_the_true_class(self) -> None:
        rows = [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 1), (3, 0, 0)]
        found = agreement(votes := votes_of(rows, truth=[0, 2]), everybody(votes))
        assert found.truth is not None
        assert found.truth.tolist() == pytest.approx([1 / 2, 0, np.nan, 1], nan_ok=True)

    def test_an_annotator_without_judgments_is_unknown(self) -> None:
        votes = votes_of([(0, 0, 0), (1, 0, 0)], annotators=4, truth=[0])
        found = agreement(votes, everybody(votes))
        assert found.truth is not None
        for values in (found.rest, found.kappa, found.truth):
            assert np.isnan(values[2:]).all()
        assert found.n.tolist() == [1, 1, 0, 0]


class TestTruth:
    def test_over_the_items_whose_truth_is_known(self) -> None:
        rows = [(0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 0, 1), (1, 1, 1), (2, 1, 0)]
        votes = votes_of(rows, truth=[0, -1, 1])
        found = agreement(votes, everybody(votes)).truth
        # 0 is right on item 0, wrong on 2; 1 wrong on 0; 2 judged item 1 alone.
        np.testing.assert_array_equal(found, [0.5, 0, np.nan])


class TestUntrusted:
    ROWS = ((0, 0, 0), (1, 0, 0), (2, 0, 1), (0, 1, 1), (1, 1, 2), (2, 1, 1))

    def test_others_are_not_compared_with_them(self) -> None:
        trusted = np.array([True, True, False])
        found = agreement(votes_of(self.ROWS), trusted)
        # The third is still compared with the first two.
        assert found.rest.tolist() == [0.5, 0.5, 0.25]

    def test_where_nobody_is_trusted_nothing_is_known(self) -> None:
        found = agreement(votes_of(self.ROWS), np.zeros(3, dtype=bool))
        assert np.isnan(found.rest).all()
        assert np.isnan(found.kappa).all()

    def test_the_only_one_who_is_trusted_has_nobody(self) -> None:
        found = agreement(votes_of(self.ROWS), np.array([True, False, False]))
        assert np.isnan(found.rest[0])
        assert found.rest[1:].tolist() == [0.5, 0.5]

    def test_their_repeated_votes_do_not_count_for_them(self) -> None:
        rows = [(0, 0, 0), (0, 0, 0), (1, 0, 1), (2, 0, 0)]
        found = agreement(votes_of(rows), np.array([False, True, True]))
        assert found.rest.tolist() == [0.5, 0, 0]


class TestAgainstPairs:
    @pytest.mark.parametrize("seed", range(6))
    def test_agreement_and_kappa(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        rows = made_up(random)
        trusted = random.random(8) < (0.7 if seed % 2 else 2)
        found = agreement(votes_of(rows), trusted)
        for who in range(8):
            own, other, weight = pairs_of(rows, who, trusted)
            assert found.n[who] == pytest.approx(sum(weight))
            agreed = sum(w for a, b, w in zip(own, other, weight, strict=True) if a == b)
            assert found.rest[who] == pytest.approx(agreed / sum(weight))
            kappa = cohen_kappa_score(own, other, sample_weight=weight)
            assert found.kappa[who] == pytest.approx(kappa)

    def test_ten_classes_and_many_people(self, random: np.random.Generator) -> None:
        people = random.dirichlet(np.full(10, 0.3), 40)
        rows = [
            (who, item, int(random.choice(10, p=people[item])))
            for who in range(30)
            for item in random.permutation(40)[:15].tolist()
        ]
        votes = votes_of(rows, 10)
        found = agreement(votes, everybody(votes))
        for who in range(0, 30, 7):
            own, other, weight = pairs_of(rows, who, everybody(votes))
            kappa = cohen_kappa_score(own, other, sample_weight=weight)
            assert found.kappa[who] == pytest.approx(kappa)

    def test_the_order_of_judgments_does_not_matter(self, random: np.random.Generator) -> None:
        rows = made_up(random)
        turned = [rows[place] for place in random.permutation(len(rows))]
        first, second = (agreement(v, everybody(v)) for v in (votes_of(rows), votes_of(turned)))
        np.testing.assert_allclose(second.rest, first.rest, rtol=1e-12)
        np.testing.assert_allclose(second.kappa, first.kappa, rtol=1e-12)

    def test_random_answers_have_no_kappa_and_careful_ones_have(
        self, random: np.random.Generator
    ) -> None:
        rows = [
            (who, item, item % 3 if who else int(random.integers(3)))
            for who in range(5)
            for item in range(600)
        ]
        found = agreement(votes := votes_of(rows), everybody(votes))
        assert abs(found.kappa[0]) < 0.1
        assert (found.kappa[1:] > 0.7).all()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 97, 98, 99])
def test_blocks_do_not_matter(
    size: int, monkeypatch: pytest.MonkeyPatch, random: np.random.Generator
) -> None:
    rows = made_up(random)
    votes = votes_of(rows, annotators=11)
    trusted = random.random(11) < 0.8
    whole = agreement(votes, trusted)
    monkeypatch.setattr(module, "BLOCK_VOTES", size)
    parts = agreement(votes, trusted)
    for name in ("rest", "kappa", "n"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_blocks_where_the_first_annotators_have_no_judgments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [(2, 0, 0), (4, 0, 0), (4, 1, 1), (7, 1, 1), (7, 0, 2)]
    whole = agreement(votes := votes_of(rows, annotators=9), everybody(votes))
    monkeypatch.setattr(module, "BLOCK_VOTES", 2)
    np.testing.assert_array_equal(agreement(votes, everybody(votes)).rest, whole.rest)
    assert whole.n.tolist() == [0, 0, 1, 0, 2, 0, 0, 2, 0]


class TestMedian:
    def test_it_is_that_of_statistics(self, random: np.random.Generator) -> None:
        rows = made_up(random)
        times = random.gamma(2, 400, len(rows)).round()
        found = median_by_annotator(votes_of(rows, annotators=10, rt=times.tolist()))
        for who in range(8):
            mine = [time for (a, _, _), time in zip(rows, times, strict=True) if a == who]
            assert found[who] == median(mine)
        assert np.isnan(found[8:]).all()

    def test_missing_times_are_left_out(self) -> None:
        rows = [(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 0)]
        nan = float("nan")
        found = median_by_annotator(votes_of(rows, rt=[nan, 8.0, 2.0, nan]))
        assert found.tolist() == pytest.approx([5.0, nan], nan_ok=True)

    def test_a_table_without_times(self) -> None:
        assert np.isnan(median_by_annotator(votes_of([(0, 0, 0), (1, 0, 0)]))).all()

    def test_no_time_is_known(self) -> None:
        assert np.isnan(median_by_annotator(votes_of([(0, 0, 0)], rt=[float("nan")]))).all()


ROWS: list[Row] = [(0, 0, 1), (0, 1, 2), (0, 2, 0), (1, 0, 0), (1, 1, 1), (2, 1, 2)]


def test_accuracy_is_over_the_items_whose_truth_is_known() -> None:
    votes = votes_of(ROWS, truth=[1, -1, 2])
    found = agreement(votes, everybody(votes)).truth
    assert found is not None
    # The last annotator judged only item 1; class 2 there is the last class, not class -1.
    np.testing.assert_array_equal(found, [0.5, 0, np.nan])


def test_any_of_several_answers_is_right() -> None:
    votes = votes_of(ROWS, truth=[0, 1, -1], right=[[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    found = agreement(votes, everybody(votes)).truth
    assert found is not None
    np.testing.assert_array_equal(found, [0.5, 1, 0])
