"""Runs of several networks: means of their figures, against scores of each network alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from metrics.scoring import METRIC_NAMES, Case, made_up, predictions_of
from scipy import stats

from c10h.errors import InputError
from c10h.metrics.bootstrap import interval
from c10h.metrics.differences import Pair, differences
from c10h.metrics.estimates import ScoredRun, scored_runs
from c10h.records import Array, Predictions, Scores
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs

OPTIONS = Options(metrics=METRIC_NAMES, resamples=40, by="truth")
FOLDS = np.arange(60) % 3


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 60)


@pytest.fixture
def logits(case: Case, random: np.random.Generator) -> Array:
    return case.logits + random.normal(size=(3, *case.logits.shape))


def folds_of(logits: Array, folder: str = "run", **more: Any) -> Predictions:
    names = np.array([f"{folder}/fold-{fold}" for fold in range(len(logits))])
    return predictions_of(logits, member=names, member_fold=np.arange(len(logits), dtype="i2"),
                          **more)  # fmt: skip


def score(case: Case, options: Options = OPTIONS, **runs: Predictions) -> Scores:
    every = [Run(name, predictions) for name, predictions in runs.items()]
    return score_runs(every, case.labels(), None, options)


class TestMembers:
    def test_figures_are_means_of_the_networks_own(self, case: Case, logits: Array) -> None:
        together = score(case, net=folds_of(logits))
        alone = [score(case, net=predictions_of(member)) for member in logits]
        assert together.run.tolist() == ["net"]
        for field in ("value", "samples", "n"):
            expected = np.mean([getattr(one, field)[0] for one in alone], axis=0)
            tolerance = 0.5 if field == "n" else 1e-5
            np.testing.assert_allclose(getattr(together, field)[0], expected, atol=tolerance)
        values = [one.references[0, :, :, :, 0] for one in alone if one.references is not None]
        assert together.references is not None
        np.testing.assert_allclose(together.references[0, :, :, :, 0], np.mean(values, axis=0))

    def test_it_is_not_the_figure_of_the_mean(self, case: Case, logits: Array) -> None:
        probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        ensemble = score(case, net=predictions_of(np.log(probs.mean(axis=0))))
        at = METRIC_NAMES.index("ce_human")
        assert ensemble.value[0, at, 0] < score(case, net=folds_of(logits)).value[0, at, 0]

    def test_the_interval_is_over_items(self, case: Case, logits: Array) -> None:
        scores = score(case, net=folds_of(logits))
        alone = [score(case, net=predictions_of(member)).samples[0] for member in logits]
        low, high = interval(np.mean(alone, axis=0, dtype=np.float64))
        at = METRIC_NAMES.index("ce_human")
        assert scores.low[0, at, 0] == pytest.approx(low[at, 0], rel=1e-6)
        assert scores.high[0, at, 0] == pytest.approx(high[at, 0], rel=1e-6)

    def test_values_of_the_networks_are_kept(self, case: Case, logits: Array) -> None:
        (run,) = scored_runs([score(case, net=folds_of(logits))])
        assert list(run.networks) == ["fold-0", "fold-1", "fold-2"]
        alone = [score(case, net=predictions_of(member)).value[0] for member in logits]
        np.testing.assert_allclose(run.of_networks(), np.stack(alone))

    def test_values_of_items_are_means(self, case: Case, logits: Array) -> None:
        options = Options(metrics=("ce_human",), resamples=0, per_item=True)
        together = score(case, options, net=folds_of(logits)).per_item
        alone = [score(case, options, net=predictions_of(member)).per_item for member in logits]
        assert together is not None
        expected = np.mean(np.array(alone, "f8"), axis=0)
        np.testing.assert_allclose(np.asarray(together), expected, rtol=1e-6)

    def test_a_figure_that_one_network_lacks(self, case: Case, logits: Array) -> None:
        sure = logits.copy()
        sure[1] = 9.0 * np.eye(4)[case.truth]  # never wrong
        scores = score(case, net=folds_of(sure))
        at = METRIC_NAMES.index("conf_wrong")
        assert np.isnan(scores.value[0, at, 0])
        assert scores.why[0, at, 0] == "the model is wrong on no item"

    def test_two_networks_of_one_name(self, case: Case, logits: Array) -> None:
        with pytest.raises(InputError, match="two networks are called 'net/m'"):
            score(case, net=predictions_of(logits, member=np.array(["m", "m", "n"])))

    def test_notes_say_whose_they_are(self, case: Case, logits: Array) -> None:
        tied = logits.copy()
        tied[1, :5] = 0.0
        (run,) = scored_runs([score(case, net=folds_of(tied))])
        assert "sba breaks ties at random, in expectation (fold-1)" in run.notes


class TestHeldOut:
    """Each item by the network of its fold."""

    @pytest.fixture
    def scores(self, case: Case) -> Scores:
        return score(case, net=predictions_of(case.logits, fold=FOLDS.astype("i2")))

    def test_the_figures_are_those_of_all_items(self, case: Case, scores: Scores) -> None:
        plain = score(case, net=predictions_of(case.logits))
        np.testing.assert_allclose(scores.value, plain.value, rtol=1e-12)
        np.testing.assert_allclose(scores.samples[:], plain.samples[:], rtol=1e-5)

    def test_each_fold_has_the_figures_of_its_items(self, case: Case, scores: Scores) -> None:
        (run,) = scored_runs([scores])
        assert list(run.networks) == ["fold-0", "fold-1", "fold-2"]
        for fold in range(3):
            part = case.take(fold == FOLDS)
            alone = score(part, Options(metrics=METRIC_NAMES, resamples=0),
                          net=predictions_of(part.logits))  # fmt: skip
            np.testing.assert_allclose(
                run.of_networks()[fold, :, 0], alone.value[0, :, 0], rtol=1e-12
            )

    def test_folds_rescaled_have_the_temperatures_of_all_items(self, scores: Scores) -> None:
        """The mean over equal folds of what is a mean over items is the figure of all of them."""
        (run,) = scored_runs([scores])
        for metric in ("ce_human", "ce_hard", "brier_human", "tvd"):
            folds = run.network_values(metric, rescaled=True)
            assert folds.mean() == pytest.approx(run.value_of(metric, rescaled=True), rel=1e-9)

    def test_the_interval_over_folds(self, scores: Scores) -> None:
        (run,) = scored_runs([scores])
        spread = run.over_networks("ce_human")
        expected = stats.ttest_1samp(run.network_values("ce_human"), 0.0).confidence_interval()
        assert spread is not None
        assert (spread.low, spread.high) == pytest.approx(tuple(expected), abs=1e-4)
        assert spread.n == 3

    def test_strata_have_no_figures_by_fold(self, scores: Scores) -> None:
        (run,) = scored_runs([scores])
        assert run.over_networks("ce_human", "truth=0") is None

    def test_without_references_folds_have_none(self, case: Case) -> None:
        options = Options(metrics=("accuracy",), resamples=0, rescale="none")
        (run,) = scored_runs(
            [score(case, options, net=predictions_of(case.logits, fold=FOLDS.astype("i2")))]
        )
        assert run.network_values("accuracy").shape == (3,)
        assert np.isnan(run.network_values("accuracy", rescaled=True)).all()

    def test_one_fold_is_one_network(self, case: Case) -> None:
        scores = score(case, net=predictions_of(case.logits, fold=np.zeros(60, "i2")))
        assert scores.networks is None


def pair_of(scores: Scores) -> tuple[ScoredRun, ScoredRun]:
    first, second = scored_runs([scores])
    return first, second


class TestDifferences:
    def test_networks_of_two_runs_are_paired_by_fold(self, case: Case, logits: Array) -> None:
        a, b = pair_of(score(case, a=folds_of(logits, "a"), b=folds_of(logits[::-1] * 0.7, "b")))
        ((difference,),) = differences([Pair(a, b)], ["ce_human"])
        by_fold = a.network_values("ce_human") - b.network_values("ce_human")
        expected = stats.ttest_1samp(by_fold, 0.0).confidence_interval()
        spread = difference.over_networks
        assert spread is not None
        assert (spread.low, spread.high) == pytest.approx(tuple(expected), abs=1e-4)
        scaled = difference.at_equal_scale.over_networks
        assert scaled is not None
        assert scaled.value == pytest.approx(difference.at_equal_scale.value)

    def test_folds_of_other_items_are_not_paired(self, case: Case) -> None:
        other = np.roll(FOLDS, 1).astype("i2")
        a, b = pair_of(
            score(
                case,
                a=predictions_of(case.logits, fold=FOLDS.astype("i2")),
                b=predictions_of(case.logits * 2, fold=other),
            )
        )
        ((difference,),) = differences([Pair(a, b)], ["ce_human"])
        assert difference.value is not None
        assert difference.over_networks is None
