"""References beside the scores, against their definitions computed apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edits import edited
from metrics.scoring import METRIC_NAMES, Case, labels_of, made_up, predictions_of
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from c10h import h5
from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.truth_files import Truth
from c10h.metrics.differences import Difference, differences, pairs_with
from c10h.metrics.estimates import (
    Figure,
    ReferenceFigure,
    ScoredRun,
    SpreadFigure,
    scored_runs,
)
from c10h.metrics.references import FIRST_CHOICE, GROUPS, NO_UNCERTAINTY, RESCALED, groups_of
from c10h.records import Array, Scores
from c10h.stages import reference_fit
from c10h.stages.matched_runs import Run
from c10h.stages.people import People
from c10h.stages.reference_fit import item_keys
from c10h.stages.score_runs import Options, score_runs

QUICK = Options(metrics=METRIC_NAMES, resamples=0)


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 120)


def scored(case: Case, options: Options = QUICK, **more: Any) -> ScoredRun:
    return ScoredRun.of(one_run(case, options, **more), 0)


def one_run(case: Case, options: Options = QUICK, **more: Any) -> Scores:
    return score_runs(
        [Run("net", predictions_of(case.logits, **more))], case.labels(), None, options
    )


def reference(run: ScoredRun, name: str, metric: str) -> ReferenceFigure:
    return run.references(metric)[name]


def cross_entropy(log_model: Array, people: Array) -> float:
    return float(-(people * log_model).sum(axis=1).mean())


def best_temperature(logits: Array, labels: Array) -> float:
    """By scipy."""
    found = minimize_scalar(
        lambda power: cross_entropy(log_softmax(logits / np.exp(power), axis=1), labels),
        bounds=(-6, 6),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(np.exp(found.x))


def groups(items: int, seed: int = 0) -> Array:
    return groups_of(np.arange(items, dtype=np.uint64), seed)


def rescaled_logits(logits: Array, labels: Array) -> Array:
    """Each group divided by the temperature that scipy finds for the others."""
    scaled = np.array(logits)
    for number in range(GROUPS):
        others = groups(len(logits)) != number
        scaled[~others] /= best_temperature(logits[others], labels[others])
    return scaled


def first_choice_log(logits: Array, labels: Array) -> Array:
    """Item by item: the mean of the others' labels with the same first choice and one more item."""
    classes = labels.shape[1]
    first, group = logits.argmax(axis=1), groups(len(logits))
    rows = []
    for item in range(len(logits)):
        others = [i for i in range(len(logits)) if group[i] != group[item]]
        agreement = sum(labels[i, first[i]] for i in others) + 1 / classes
        share = agreement / (len(others) + 1)
        row = np.full(classes, (1 - share) / (classes - 1))
        row[first[item]] = share
        alike = [i for i in others if first[i] == first[item]]
        rows.append((row + sum(labels[i] for i in alike)) / (len(alike) + 1))
    return np.log(rows)


class TestDefinitions:
    def test_rescaled_is_by_scipys_temperatures_of_the_other_groups(self, case: Case) -> None:
        run = scored(case)
        scaled = rescaled_logits(case.logits, case.people)
        expected = cross_entropy(log_softmax(scaled, axis=1), case.people)
        assert reference(run, RESCALED, "ce_human").value == pytest.approx(expected, rel=1e-7)
        temperatures = [
            best_temperature(case.logits[others], case.people[others])
            for others in (groups(120) != number for number in range(GROUPS))
        ]
        assert run.temperature is not None
        assert run.temperature.value == pytest.approx(np.mean(temperatures), rel=1e-5)
        assert run.temperature.spread == pytest.approx(np.ptp(temperatures), rel=1e-3)

    def test_first_choice_is_the_mean_of_others_with_the_same(self, case: Case) -> None:
        expected = cross_entropy(first_choice_log(case.logits, case.people), case.people)
        value = reference(scored(case), FIRST_CHOICE, "ce_human").value
        assert value == pytest.approx(expected, rel=1e-12)

    def test_no_uncertainty_is_one_class(self, case: Case) -> None:
        run = scored(case)
        certain = np.eye(4)[case.logits.argmax(axis=1)]
        distance = ((certain - case.people) ** 2).sum(axis=1).mean()
        assert reference(run, NO_UNCERTAINTY, "brier_human").value == pytest.approx(distance)
        assert reference(run, NO_UNCERTAINTY, "accuracy").value == pytest.approx(case.right.mean())
        assert reference(run, NO_UNCERTAINTY, "conf_wrong").value == 1
        assert reference(run, NO_UNCERTAINTY, "ece").value == pytest.approx(1 - case.right.mean())

    @pytest.mark.parametrize("metric", ["ce_hard", "ce_human", "kl"])
    def test_no_uncertainty_has_no_finite_logarithm(self, metric: str, case: Case) -> None:
        expected = ReferenceFigure(why="infinite where a probability is 0", difference=Figure())
        assert reference(scored(case), NO_UNCERTAINTY, metric) == expected

    def test_what_depends_on_the_order_of_classes_is_as_it_was(self, case: Case) -> None:
        run = scored(case)
        for metric in ("accuracy", "accuracy_top2", "sba", "sba_unique", "kappa_human"):
            estimate = run.estimate(metric)
            assert estimate is not None
            assert reference(run, RESCALED, metric).value == estimate.value

    def test_every_metric_of_the_rescaled_network_is_that_of_its_logits(self, case: Case) -> None:
        run = scored(case)
        by_hand = scored(Case(rescaled_logits(case.logits, case.people), case.counts, case.truth))
        for metric in run.metrics:
            estimate = by_hand.estimate(metric)
            assert estimate is not None
            expected = pytest.approx(estimate.value, rel=1e-5)
            assert reference(run, RESCALED, metric).value == expected

    def test_every_metric_of_first_choices_is_that_of_their_logits(self, case: Case) -> None:
        run = scored(case)
        by_hand = scored(Case(first_choice_log(case.logits, case.people), case.counts, case.truth))
        for metric in run.metrics:
            estimate = by_hand.estimate(metric)
            assert estimate is not None
            expected = pytest.approx(estimate.value, rel=1e-9)
            assert reference(run, FIRST_CHOICE, metric).value == expected

    def test_classes_that_tie_for_the_first_choice_share_an_item(self) -> None:
        people = np.random.default_rng(0).dirichlet(np.ones(3), 40)
        logits = np.zeros((40, 3))
        logits[:, 2] = -5  # the first two tie, for all items
        run = ScoredRun.of(
            score_runs([Run("net", predictions_of(logits))], labels_of(probs=people), None, QUICK),
            0,
        )
        group, expected = groups(40), 0.0
        for item in range(40):
            others = people[group != group[item]]
            share = (others[:, :2].mean(axis=1).sum() + 1 / 3) / (len(others) + 1)
            tables = []
            for first in (0, 1):
                row = np.full(3, (1 - share) / 2)
                row[first] = share
                tables.append((row + others.sum(axis=0) / 2) / (len(others) / 2 + 1))
            expected -= people[item] @ np.log(np.mean(tables, axis=0)) / 40
        assert reference(run, FIRST_CHOICE, "ce_human").value == pytest.approx(expected)
        certain = np.array([0.5, 0.5, 0])
        distance = ((certain - people) ** 2).sum(axis=1).mean()
        assert reference(run, NO_UNCERTAINTY, "brier_human").value == pytest.approx(distance)

    def test_the_share_of_scale_is_of_the_distance_above_people(self, case: Case) -> None:
        run = scored(case, Options(resamples=200))
        estimate, rescaled = run.estimate("ce_human"), reference(run, RESCALED, "ce_human")
        assert estimate is not None
        assert rescaled.value is not None
        assert run.scale is not None
        floor = estimate.ceilings["miller-madow"]
        expected = (estimate.value - rescaled.value) / (estimate.value - floor)
        assert run.scale.value == pytest.approx(expected)
        assert run.scale.low is not None
        assert run.scale.high is not None
        assert run.scale.low < expected < run.scale.high


class TestCrossFitting:
    def test_first_choices_of_single_items_tell_nothing_of_them(self) -> None:
        """Every item has a first choice of its own: its own label would fit it perfectly."""
        items = 40
        people = np.random.default_rng(1).dirichlet(np.full(items, 0.1), items)
        logits = 9 * np.eye(items)
        scores = score_runs(
            [Run("net", predictions_of(logits))], labels_of(probs=people), None, QUICK
        )
        run = ScoredRun.of(scores, 0)
        expected = cross_entropy(first_choice_log(logits, people), people)
        entropy = -(people * np.log(np.maximum(people, 1e-300))).sum(axis=1).mean()
        value = reference(run, FIRST_CHOICE, "ce_human").value
        assert value == pytest.approx(expected)
        assert value is not None
        assert value > entropy + 1

    def test_a_group_that_was_memorised_is_scored_by_the_others(self) -> None:
        """One group has labels that its network is sure of, the others are at chance."""
        random = np.random.default_rng(2)
        logits = random.normal(0, 3, (200, 3))
        memorised = groups(200) == 0
        truth = np.where(memorised, logits.argmax(axis=1), random.integers(0, 3, 200))
        run = ScoredRun.of(
            score_runs([Run("net", predictions_of(logits))], None, Truth(truth), QUICK), 0
        )
        scaled = rescaled_logits(logits, np.eye(3)[truth])
        loss = -log_softmax(scaled, axis=1)[np.arange(200), truth].mean()
        assert reference(run, RESCALED, "ce_hard").value == pytest.approx(loss, rel=1e-6)
        own = -log_softmax(scaled[memorised], axis=1).max(axis=1).mean()
        assert own > 0.8  # the others say that nothing is sure

    def test_groups_go_by_item_not_by_position(self, case: Case) -> None:
        names = np.array([f"item {number}.png" for number in range(120)])
        order = np.random.default_rng(3).permutation(120)
        plain = score_runs(
            [Run("net", predictions_of(case.logits, ids=names))],
            labels_of(counts=case.counts, truth=case.truth, ids=names),
            None,
            QUICK,
        )
        moved = score_runs(
            [Run("net", predictions_of(case.logits[order], ids=names[order]))],
            labels_of(counts=case.counts[order], truth=case.truth[order], ids=names[order]),
            None,
            QUICK,
        )
        assert plain.references is not None
        assert moved.references is not None
        np.testing.assert_allclose(moved.references, plain.references, rtol=1e-6)

    def test_names_that_are_numbers_are_rows(self) -> None:
        people = People(("a", "b"), 3, ids=np.array(["10", "7", "0"]))
        assert item_keys(people, None).tolist() == [10, 7, 0]
        assert item_keys(People(("a", "b"), 3), np.array([5, 1, 2])).tolist() == [5, 1, 2]

    def test_names_have_their_number_whatever_is_beside_them(self) -> None:
        short = item_keys(People(("a", "b"), 2, ids=np.array(["a", "b1"])), None)
        long = item_keys(People(("a", "b"), 2, ids=np.array(["b1", "a much longer name"])), None)
        assert short[1] == long[0]
        assert len({*short.tolist(), *long.tolist()}) == 3

    def test_another_seed_makes_other_groups(self) -> None:
        assert (groups(1000, 0) != groups(1000, 1)).mean() > 0.5
        np.testing.assert_allclose(np.bincount(groups(1000)), 200, atol=50)


class TestWhatIsFitted:
    def test_without_people_the_truth_is_fitted(self, case: Case) -> None:
        scores = score_runs(
            [Run("net", predictions_of(case.logits))], None, Truth(case.truth), QUICK
        )
        run = ScoredRun.of(scores, 0)
        truth = np.eye(4)[case.truth]
        scaled = log_softmax(rescaled_logits(case.logits, truth), axis=1)
        expected = cross_entropy(scaled, truth)
        assert reference(run, RESCALED, "ce_hard").value == pytest.approx(expected, rel=1e-6)
        expected = cross_entropy(first_choice_log(case.logits, truth), truth)
        assert reference(run, FIRST_CHOICE, "ce_hard").value == pytest.approx(expected)
        estimate = run.estimate("ce_hard")
        assert estimate is not None
        assert run.scale is not None
        rescaled = reference(run, RESCALED, "ce_hard").value
        assert rescaled is not None
        assert run.scale.value == pytest.approx(1 - rescaled / estimate.value)

    def test_the_truth_can_be_fitted_although_there_are_people(self, case: Case) -> None:
        run = scored(case, Options(resamples=0, rescale="truth"))
        scaled = rescaled_logits(case.logits, np.eye(4)[case.truth])
        expected = cross_entropy(log_softmax(scaled, axis=1), case.people)
        assert reference(run, RESCALED, "ce_human").value == pytest.approx(expected, rel=1e-6)
        people = reference(scored(case), FIRST_CHOICE, "ce_human")
        assert reference(run, FIRST_CHOICE, "ce_human") == people

    def test_items_without_a_true_class_are_not_fitted(self, case: Case) -> None:
        truth = np.where(np.arange(120) % 3 == 0, -1, case.truth)
        run = ScoredRun.of(
            score_runs([Run("net", predictions_of(case.logits))], None, Truth(truth), QUICK), 0
        )
        known = truth >= 0
        temperatures = []
        for number in range(GROUPS):
            others = known & (groups(120) != number)
            labels = np.eye(4)[truth[others]]
            temperatures.append(best_temperature(case.logits[others], labels))
        assert run.temperature is not None
        assert run.temperature.value == pytest.approx(np.mean(temperatures), rel=1e-5)

    def test_several_right_answers_share_an_item(self, case: Case) -> None:
        right = np.eye(4, dtype=np.uint8)[case.truth]
        right[np.arange(120), (case.truth + 1) % 4] = np.arange(120) % 2
        truth = Truth(right.argmax(axis=1), right=right)
        scores = score_runs([Run("net", predictions_of(case.logits))], None, truth, QUICK)
        shares = right / right.sum(axis=1, keepdims=True)
        temperatures = [
            best_temperature(case.logits[others], shares[others])
            for others in (groups(120) != number for number in range(GROUPS))
        ]
        assert scores.temperature is not None
        assert scores.temperature[0, 0] == pytest.approx(np.mean(temperatures), rel=1e-5)

    def test_none_are_computed_when_none_are_wanted(self, case: Case) -> None:
        run = scored(case, Options(resamples=0, rescale="none"))
        assert run.references("ce_human") == {}
        assert run.temperature is None
        assert run.scale is None

    @pytest.mark.parametrize(
        ("rescale", "needs"), [("people", "human labels"), ("truth", "the true classes")]
    )
    def test_what_is_not_there_cannot_be_fitted(self, rescale: str, needs: str, case: Case) -> None:
        labels = labels_of(counts=case.counts) if rescale == "truth" else None
        truth = Truth(case.truth) if rescale == "people" else None
        with pytest.raises(InputError, match=f"net: --rescale {rescale} needs {needs}"):
            score_runs(
                [Run("net", predictions_of(case.logits))],
                labels,
                truth,
                Options(resamples=0, rescale=rescale),
            )

    def test_one_item_has_no_others(self) -> None:
        run = ScoredRun.of(
            score_runs(
                [Run("net", predictions_of([[1.0, 0.0]]))], labels_of(counts=[[3, 1]]), None, QUICK
            ),
            0,
        )
        assert run.temperature is None
        assert reference(run, RESCALED, "ce_human").why == (
            "too few items to fit a temperature on others"
        )
        assert reference(run, FIRST_CHOICE, "ce_human").why == (
            "too few items to take a mean over others"
        )

    def test_of_very_many_classes_there_are_no_tables(
        self, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reference_fit, "MOST_CLASSES", 3)
        run = scored(case)
        assert reference(run, FIRST_CHOICE, "ce_human").why == "more than 3 classes"
        assert reference(run, RESCALED, "ce_human").value is not None

    def test_of_many_items_some_are_fitted(
        self, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        many = made_up(random, 6000)
        exact = scored(many)
        monkeypatch.setattr(reference_fit, "TABLE_ITEMS", 3000)
        monkeypatch.setattr(reference_fit, "FIT_ITEMS", 1500)
        near = scored(many)
        assert exact.temperature is not None
        assert near.temperature is not None
        assert near.temperature.value != exact.temperature.value
        assert near.temperature.value == pytest.approx(exact.temperature.value, rel=0.05)
        for name in (RESCALED, FIRST_CHOICE):
            expected = reference(exact, name, "ce_human").value
            assert reference(near, name, "ce_human").value == pytest.approx(expected, rel=2e-3)


class TestStrata:
    def test_strata_share_the_fit_of_all_items(self, case: Case) -> None:
        run = scored(case, Options(resamples=0, by="truth"))
        losses = -(case.people * log_softmax(rescaled_logits(case.logits, case.people), 1)).sum(1)
        for number, stratum in enumerate(run.strata[1:]):
            expected = losses[case.truth == number].mean()
            value = run.references("ce_human", stratum)[RESCALED].value
            assert value == pytest.approx(expected, rel=1e-6)


class TestDifferences:
    @pytest.fixture
    def runs(self, case: Case, random: np.random.Generator) -> list[ScoredRun]:
        noisy = case.logits * 3 + random.normal(0, 1, case.logits.shape)
        both = [Run("a", predictions_of(noisy)), Run("b", predictions_of(case.logits))]
        scores = score_runs(both, case.labels(), None, Options(resamples=300))
        return scored_runs([scores])

    def of(self, runs: list[ScoredRun], metric: str) -> Difference:
        ((difference,),) = differences(pairs_with(runs[1], runs), [metric])
        return difference

    def test_at_equal_scale_is_between_the_rescaled_runs(self, runs: list[ScoredRun]) -> None:
        scaled = self.of(runs, "ce_human").at_equal_scale
        first, second = (reference(run, RESCALED, "ce_human").value for run in runs)
        assert first is not None
        assert second is not None
        assert scaled.value == pytest.approx(first - second)
        samples = [run.rescaled_samples("all")[run.metrics.index("ce_human")] for run in runs]
        low, high = np.quantile(samples[0] - samples[1], [0.025, 0.975])
        assert scaled.low == pytest.approx(low, abs=0.01)
        assert scaled.high == pytest.approx(high, abs=0.01)

    def test_a_network_with_other_logits_by_a_factor_is_the_same(self, case: Case) -> None:
        both = [Run("a", predictions_of(4 * case.logits)), Run("b", predictions_of(case.logits))]
        runs = scored_runs([score_runs(both, case.labels(), None, Options(resamples=100))])
        difference = self.of(runs, "ce_human")
        assert difference.is_clear
        scaled = difference.at_equal_scale
        assert [scaled.value, scaled.low, scaled.high] == pytest.approx([0, 0, 0], abs=1e-6)

    def test_runs_rescaled_to_other_labels_have_none(self, case: Case) -> None:
        records = [
            score_runs(
                [Run(name, predictions_of(case.logits))],
                case.labels(),
                None,
                Options(resamples=10, rescale=name),
            )
            for name in ("people", "truth")
        ]
        scaled = self.of(scored_runs(records), "ce_human").at_equal_scale
        assert scaled == SpreadFigure(why="the runs were rescaled to different labels")

    def test_a_difference_to_the_reference_is_paired(self, case: Case) -> None:
        run = scored(case, Options(resamples=400))
        figure, estimate = reference(run, RESCALED, "ce_human"), run.estimate("ce_human")
        difference = figure.difference
        assert estimate is not None
        assert figure.value is not None
        assert difference is not None
        assert difference.value == pytest.approx(estimate.value - figure.value)
        q = run.metrics.index("ce_human")
        samples = run.samples("all")[q] - run.rescaled_samples("all")[q]
        assert difference.low == pytest.approx(np.quantile(samples, 0.025), abs=0.01)
        assert difference.high == pytest.approx(np.quantile(samples, 0.975), abs=0.01)


class TestOlderFiles:
    def test_a_file_of_version_1_is_read_without_references(
        self, case: Case, tmp_path: Path
    ) -> None:
        path = tmp_path / "scores.h5"
        h5.write(one_run(case), str(path))
        with edited(path) as file:
            assert file.attrs["schema"] == 2
            file.attrs["schema"] = 1
            del file.attrs["rescale"]
            for name in ("reference", "references", "reference_why", "above", "temperature",
                         "scale", "rescaled_samples"):  # fmt: skip
                del file[name]
        record = h5.read(Source.open(str(path)), Scores)
        (run,) = scored_runs([record])
        assert run.references("ce_human") == {}
        newer = scored(case)
        pair = [newer, ScoredRun.of(record, 0)]
        ((difference,),) = differences(pairs_with(pair[1], pair), ["ce_human"])
        assert difference.at_equal_scale == SpreadFigure(
            why="one of the runs was scored without references"
        )

    def test_a_newer_version_is_refused(self, case: Case, tmp_path: Path) -> None:
        path = tmp_path / "scores.h5"
        h5.write(one_run(case), str(path))
        with edited(path) as file:
            file.attrs["schema"] = 3
        with pytest.raises(InputError, match="expected schema version 1 to 2, found 3"):
            h5.read(Source.open(str(path)))
