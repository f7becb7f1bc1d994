"""Curves against votes: what is drawn, what is exact, and that "all" is what score reports."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from metrics.oracles import plurality_is, votes_left_out
from metrics.scoring import Case, figures, labels_of, made_up
from scipy.stats import entropy

from c10h.errors import InputError
from c10h.metrics import ceilings
from c10h.metrics.ceilings import split_half
from c10h.stages.labels_noise import ALL_VOTES, Curve, Noise, noise_by_votes, vote_grid
from c10h.views.forms.json_text import plain
from stages.noise import SPECIAL, noise_of

LEFT_OUT = "leave-one-vote-out"


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 40, votes=(1, 30))


def curve(found: Noise, metric: str, method: str = "") -> Curve:
    (only,) = (one for one in found.curves if (one.metric, one.method) == (metric, method))
    return only


class TestGrid:
    @pytest.mark.parametrize(
        ("most", "grid"),
        [(1, []), (2, [1]), (3, [1, 2]), (51, [1, 2, 5, 10, 20, 50]), (100, [1, 2, 5, 10, 20, 50])],
    )
    def test_steps_below_the_most_votes_and_all(self, most: int, grid: list[int]) -> None:
        labels = labels_of(counts=[[most - 1, 1], [1, 0]])
        assert vote_grid(labels) == [*grid, ALL_VOTES]

    def test_numbers_that_are_asked_for_can_be_more_than_there_are(self, case: Case) -> None:
        assert vote_grid(case.labels(), [3, 700]) == [3, 700, ALL_VOTES]

    @pytest.mark.parametrize("votes", [[0], [-1], [3, 0]])
    def test_less_than_one_vote(self, case: Case, votes: list[int]) -> None:
        with pytest.raises(InputError, match="--votes: expected numbers of at least 1"):
            vote_grid(case.labels(), votes)

    def test_probabilities_without_votes(self) -> None:
        labels = labels_of(probs=[[0.5, 0.5]])
        with pytest.raises(InputError, match="needs vote counts, found only probabilities"):
            vote_grid(labels)
        with pytest.raises(InputError, match="needs vote counts, found only probabilities"):
            noise_by_votes(labels, [ALL_VOTES])

    def test_one_draw_has_no_standard_error(self, case: Case) -> None:
        with pytest.raises(InputError, match="--draws 1: expected 2 or more"):
            noise_of(case.labels(), 3, draws=1)


class TestAllVotes:
    def check(self, found: Noise, case: Case, seed: int = 0) -> None:
        scored = case.figures(seed=seed)
        for one in found.curves:
            if one.method:
                limits = scored[one.metric].ceilings
                name = next((n for n in limits if n.startswith(one.method)), None)
                wanted = limits[name] if name else float("nan")
                assert one.values[-1] == pytest.approx(wanted, rel=1e-9, nan_ok=True), one.name
                assert one.errors[-1] == 0

    @pytest.mark.parametrize("seed", [0, 3])
    def test_it_is_what_score_reports(self, case: Case, seed: int) -> None:
        self.check(noise_of(case.labels(), 2, seed=seed), case, seed)

    def test_of_large_sets_too(
        self, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # As with 100,000 items, above which score splits the votes of a part of the items only.
        monkeypatch.setattr(ceilings, "SPLIT_ITEMS", 300)
        case = made_up(random, 1000, votes=(2, 9))
        self.check(noise_of(case.labels(), 1, draws=2), case)

    def test_real_people(self, real_data: Path) -> None:
        counts = np.load(real_data / "cifar10h-counts.npy").astype(np.int32)
        truth = np.load(real_data / "cifar10_test_labels.npy")
        found = noise_of(labels_of(counts=counts, truth=truth), 5, draws=2)
        values = {one.name: one.values[-1] for one in found.curves}
        assert values["entropy in top 30%"] == pytest.approx(0.8264, abs=0.00005)
        assert values["unanimous"] == pytest.approx(0.4393)
        assert values["squared error"] == pytest.approx(0.0015, abs=0.00005)
        assert values["accuracy leave-one-vote-out"] == pytest.approx(0.9922, abs=0.0005)
        scored = figures(np.zeros(counts.shape), counts=counts, truth=truth)
        assert values["kappa_human leave-one-vote-out"] == pytest.approx(
            scored["kappa_human"].ceilings[LEFT_OUT]
        )
        assert found.concentration[0.3] == pytest.approx(0.8264, abs=0.00005)


class TestDrawn:
    def test_accuracy_is_near_its_mean_over_all_draws(self, random: np.random.Generator) -> None:
        counts = random.integers(0, 3, (12, 3)) + np.eye(12, 3, dtype=int)
        truth = random.integers(0, 3, 12)
        values = []
        for votes, right in zip(counts, truth, strict=True):
            people = np.repeat(np.arange(3), votes)
            if len(people) < 2:
                continue
            draws = [
                np.bincount(one, minlength=3) for one in combinations(people, min(3, len(people)))
            ]
            left = [list(votes_left_out(draw[None])) for draw in draws]
            values.append(
                np.mean([sum(s * plurality_is(rest, right) for _, rest, _, s in one)
                         for one in left])
            )  # fmt: skip
        found = curve(
            noise_of(labels_of(counts=counts, truth=truth), 3, draws=300), "accuracy", LEFT_OUT
        )
        assert found.values[0] == pytest.approx(np.mean(values), abs=4 * found.errors[0])
        assert 0 < found.errors[0] < 0.02

    def test_entropy_in_the_top_is_near_its_mean_over_draws(
        self, case: Case, random: np.random.Generator
    ) -> None:
        totals = case.counts.sum(axis=1)
        values = []
        for _ in range(200):
            drawn = np.array([
                random.multivariate_hypergeometric(c, min(6, t))
                for c, t in zip(case.counts, totals, strict=True)
            ])  # fmt: skip
            entropies = np.sort(entropy(drawn, axis=1))[::-1]
            values.append(entropies[:12].sum() / entropies.sum())
        found = curve(noise_of(case.labels(), 6, draws=100), "entropy in top 30%")
        error = np.hypot(np.std(values) / 200**0.5, found.errors[0])
        assert found.values[0] == pytest.approx(np.mean(values), abs=4 * error)

    def test_the_standard_error_is_the_spread_of_other_seeds(self, case: Case) -> None:
        found = [
            curve(noise_of(case.labels(), 6, draws=8, seed=seed), "jsd", "split-half")
            for seed in range(25)
        ]
        spread = np.std([one.values[0] for one in found], ddof=1)
        told = np.sqrt(np.mean([one.errors[0] ** 2 for one in found]))
        assert told == pytest.approx(spread, rel=0.5)

    def test_more_votes_than_there_are_leave_nothing_to_draw(self, case: Case) -> None:
        found = noise_of(case.labels(), 30, 10**6)
        for one in found.curves:
            if one.method == "split-half":
                assert one.values[:2] == pytest.approx(one.values[-1], abs=0.2)
            else:
                assert one.values[:2] == pytest.approx(one.values[-1], nan_ok=True)
                assert one.errors[:2].max() < 1e-12

    def test_any_number_of_votes_is_taken(self, case: Case) -> None:
        found = noise_of(case.labels(), 10**25, draws=2)
        error = curve(found, "squared error")
        assert error.values[0] == error.values[-1]


class TestCurves:
    def test_items_with_fewer_votes_keep_all_of_theirs(self) -> None:
        # Of V / N: 1 / 2 for the first whatever n is from 2 on.
        labels = labels_of(counts=[[1, 1], [10, 10]])
        found = curve(noise_of(labels, 1, 2, 5), "squared error")
        variance = 20 / 19 / 2
        wanted = [
            (1 / min(n, 2) + variance / min(n, 20)) / 2 for n in (1, 2, 5, 20)
        ]  # fmt: skip
        assert found.values == pytest.approx(wanted)

    def test_more_votes_are_less_noisy_and_show_more_uncertainty(self, case: Case) -> None:
        found = noise_of(case.labels(), 1, 2, 4, 8, 16)
        for name, way in (("squared error", -1), ("unanimous", -1), ("ce_human", 1)):
            for one in (one for one in found.curves if one.metric == name):
                # One vote agrees with none, and has no such share.
                assert np.isnan(one.values[0]) == (name == "unanimous")
                steps = np.diff(one.values[np.isfinite(one.values)])
                assert len(steps) >= 4
                assert (steps * way >= -1e-12).all()

    def test_items_of_one_vote_tell_no_error(self) -> None:
        """Two of five items: what needs pairs of votes is over the other three."""
        counts = [[1, 0], [0, 1], [3, 0], [2, 2], [5, 1]]
        found = noise_of(labels_of(counts=counts), 2)
        assert (found.items, found.several, found.halved) == (5, 3, 3)
        over = {one.name: one.items for one in found.curves}
        assert over["squared error"] == over["unanimous"] == over["jsd split-half"] == 3
        assert over["ce_human plug-in"] == over["entropy in top 30%"] == 5
        assert over["sba split-half"] is None
        assert curve(found, "unanimous").values[-1] == pytest.approx(1 / 3)
        # V / N of 2 2 and of 5 1: (2/3) / 4 and (1/3) / 6; the other has none.
        error = ((2 / 3) / 4 + (1 / 3) / 6) / 3
        assert curve(found, "squared error").values[-1] == pytest.approx(error)

    def test_without_truth_nothing_is_about_it(self, case: Case) -> None:
        found = noise_of(labels_of(counts=case.counts), 3)
        metrics = {one.metric for one in found.curves}
        assert not metrics & {"accuracy", "brier_hard", "kappa_human"}
        assert {"accuracy", "brier_hard", "kappa_human"} < {
            one.metric for one in noise_of(case.labels(), 3).curves
        }

    def test_the_order_of_items_matters_to_what_is_drawn_alone(self, case: Case) -> None:
        first, second = (
            noise_of(one.labels(), 3) for one in (case, case.take(np.arange(39, -1, -1)))
        )
        for one, other in zip(first.curves, second.curves, strict=True):
            if one.errors.max() == 0:
                assert one.values == pytest.approx(other.values, nan_ok=True)

    def test_a_seed_repeats(self, case: Case) -> None:
        first, again = (plain(noise_of(case.labels(), 3, seed=1)) for _ in range(2))
        other = plain(replace(noise_of(case.labels(), 3, seed=2), seed=1))
        assert first == again != other

    def test_progress_is_told_a_column(self, case: Case) -> None:
        steps: list[int] = []
        noise_by_votes(case.labels(), [2, 5, ALL_VOTES], draws=2, advance=steps.append)
        assert steps == [1, 1, 1]

    def test_a_prior_in_the_probabilities_does_not_matter(self, case: Case) -> None:
        smooth = (case.counts + 1) / (case.counts + 1).sum(axis=1, keepdims=True)
        labels = labels_of(counts=case.counts, probs=smooth, truth=case.truth)
        assert plain(noise_of(labels, 3)) == plain(noise_of(case.labels(), 3))


@pytest.mark.parametrize("what", SPECIAL)
def test_labels_with_little_to_go_by(what: str) -> None:
    counts = SPECIAL[what]
    right = np.zeros(len(counts), dtype=int)
    found = noise_of(labels_of(counts=counts, truth=right))
    assert found.items == len(counts)
    assert all(len(one.values) == len(one.errors) == len(found.votes) for one in found.curves)


def test_split_half_of_one_split_is_the_first_of_many(random: np.random.Generator) -> None:
    counts = made_up(random, 50, votes=(4, 30)).counts
    one = split_half(counts, 5, splits=1)
    assert one == split_half(counts, 5, splits=1)
    assert one != split_half(counts, 6, splits=1)


class TestTruthOfSome:
    METRICS = ("accuracy", "brier_hard", "kappa_human")

    def test_ceilings_of_the_truth_are_of_the_items_that_have_one(
        self, case: Case, random: np.random.Generator
    ) -> None:
        known = random.random(40) < 0.5
        truth = np.where(known, case.truth, -1)
        found = noise_of(labels_of(counts=case.counts, truth=truth), 3)
        alone = noise_of(case.take(known).labels(), 3)
        for metric in self.METRICS:
            mine, theirs = (curve(one, metric, LEFT_OUT).values for one in (found, alone))
            assert mine[-1] == pytest.approx(theirs[-1])
        drawn = curve(found, "brier_hard", LEFT_OUT).values
        assert drawn == pytest.approx(curve(alone, "brier_hard", LEFT_OUT).values)
        several = case.counts[known].sum(axis=1) > 1
        assert {curve(found, metric, LEFT_OUT).items for metric in self.METRICS} == {several.sum()}

    def test_without_any_they_do_not_exist(self, case: Case) -> None:
        found = noise_of(labels_of(counts=case.counts, truth=np.full(40, -1)), 3)
        without = noise_of(labels_of(counts=case.counts), 3)
        assert [one.name for one in found.curves] == [one.name for one in without.curves]

    def test_several_answers(self, case: Case, random: np.random.Generator) -> None:
        right = (random.random((40, 4)) < 0.4).astype(np.uint8)
        truth = np.where(right.any(axis=1), right.argmax(axis=1), -1)
        found = noise_of(labels_of(counts=case.counts, truth=truth, right=right), 3)
        scored = figures(np.zeros((40, 4)), counts=case.counts, right=right)
        for metric in ("accuracy", "kappa_human"):
            expected = scored[metric].ceilings[LEFT_OUT]
            assert curve(found, metric, LEFT_OUT).values[-1] == pytest.approx(expected)
        assert "brier_hard" not in {one.metric for one in found.curves}
