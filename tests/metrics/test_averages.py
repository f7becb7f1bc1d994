"""Means of runs over seeds, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from c10h.errors import InputError
from c10h.metrics.averages import average
from c10h.metrics.bootstrap import interval
from c10h.metrics.differences import Pair, differences
from c10h.metrics.estimates import ScoredRun, scored_runs
from c10h.metrics.over_networks import mixed
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.scoring import Case, made_up, predictions_of

METRICS = ("accuracy", "ce_hard", "ce_human", "sba")
ABOUT = {"name": "mean", "network": "vgg", "training": "human"}
LABELS = ["seed 0", "seed 1"]


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 80)


@pytest.fixture
def seeds(case: Case, random: np.random.Generator) -> list[ScoredRun]:
    """Two runs, held-out by two folds, that differ in their seeds."""
    runs = [
        Run(f"run-{seed}", predictions_of(case.logits + random.normal(size=case.logits.shape),
                                          fold=(np.arange(80) % 2).astype("i2")), seed=str(seed))
        for seed in range(2)
    ]  # fmt: skip
    return scored_runs([score_runs(runs, case.labels(), None, Options(METRICS, resamples=50))])


def test_figures_are_means(seeds: list[ScoredRun]) -> None:
    mean = average(seeds, LABELS, **ABOUT)
    assert (mean.name, mean.network, mean.training) == ("mean", "vgg", "human")
    for metric in METRICS:
        for rescaled in (False, True):
            values = [run.value_of(metric, rescaled=rescaled) for run in seeds]
            assert mean.value_of(metric, rescaled=rescaled) == pytest.approx(np.mean(values))
    estimate = mean.estimate("ce_human")
    samples = np.mean([run.samples("all") for run in seeds], axis=0)[METRICS.index("ce_human")]
    assert estimate is not None
    low, high = map(float, interval(samples))
    assert (estimate.low, estimate.high) == pytest.approx((low, high), rel=1e-6)


def test_its_networks_are_those_of_all_seeds(seeds: list[ScoredRun]) -> None:
    mean = average(seeds, LABELS, **ABOUT)
    names = ["seed 0/fold-0", "seed 0/fold-1", "seed 1/fold-0", "seed 1/fold-1"]
    assert list(mean.networks) == names
    expected = np.concatenate([run.network_values("ce_hard") for run in seeds])
    np.testing.assert_array_equal(mean.network_values("ce_hard"), expected)


def test_a_run_without_networks_is_one(case: Case) -> None:
    options = Options(METRICS, resamples=5)
    runs = [Run("a", predictions_of(case.logits), seed="0"),
            Run("b", predictions_of(case.logits * 2), seed="1")]  # fmt: skip
    pair = scored_runs([score_runs(runs, case.labels(), None, options)])
    mean = average(pair, LABELS, **ABOUT)
    assert list(mean.networks) == LABELS
    for rescaled in (False, True):
        expected = [run.value_of("ce_human", rescaled=rescaled) for run in pair]
        assert mean.network_values("ce_human", rescaled=rescaled).tolist() == expected


def test_the_mixed_interval_of_a_difference(case: Case, seeds: list[ScoredRun]) -> None:
    others = [
        replace(run, name=f"other-{run.seed}", parts=(), scores=run.scores) for run in seeds[::-1]
    ]
    others = [replace(other, seed=run.seed) for other, run in zip(others, seeds, strict=True)]
    mean, other = (average(runs, LABELS, **ABOUT) for runs in (seeds, others))
    ((difference,),) = differences([Pair(mean, other)], ["ce_human"])
    draws = np.stack(
        [run.draws_of("ce_human", "all", rescaled=False)
         - base.draws_of("ce_human", "all", rescaled=False)
         for run, base in zip(seeds, others, strict=True)]
    )  # fmt: skip
    values = np.array([run.value_of("ce_human") - base.value_of("ce_human")
                       for run, base in zip(seeds, others, strict=True)])  # fmt: skip
    assert difference.mixed == mixed(draws, values, 0)
    assert not difference.is_clear  # two seeds that differ by as much in opposite directions


def test_ends_are_cut_to_what_a_metric_can_be(seeds: list[ScoredRun]) -> None:
    far = replace(seeds[1].scores, value=np.where(seeds[1].scores.value < 1, 0.01, 2.0))
    other = replace(seeds[1], scores=far)
    spread = average([seeds[0], other], LABELS, **ABOUT).mixed("accuracy")
    assert spread is not None
    assert (spread.low, spread.high) == (0.0, 1.0)


def test_seeds_that_differ_are_not_paired(seeds: list[ScoredRun]) -> None:
    later = [replace(run, seed=str(7 + number)) for number, run in enumerate(seeds)]
    mean, other = (average(runs, LABELS, **ABOUT) for runs in (seeds, later))
    ((difference,),) = differences([Pair(mean, other)], ["ce_human"])
    assert difference.value == 0.0
    assert difference.mixed is None


def test_runs_on_other_items_have_no_mean(seeds: list[ScoredRun]) -> None:
    with pytest.raises(InputError, match="run-0 and run-1 are on a data set with different items"):
        average([seeds[0], replace(seeds[1], items="others")], LABELS, **ABOUT)


def test_runs_resampled_otherwise_have_no_mean(seeds: list[ScoredRun]) -> None:
    settings = {**seeds[1].scores.settings, "seed": 1}
    other = replace(seeds[1], scores=replace(seeds[1].scores, settings=settings))
    with pytest.raises(InputError, match="scored with a different seed and have no mean"):
        average([seeds[0], other], LABELS, **ABOUT)
