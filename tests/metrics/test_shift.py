"""Changes of a difference between data sets, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from c10h.metrics.averages import average
from c10h.metrics.bootstrap import interval
from c10h.metrics.differences import Pair
from c10h.metrics.estimates import ScoredRun, scored_runs
from c10h.metrics.over_networks import mixed
from c10h.metrics.shift import Change
from c10h.records import Array
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.scoring import Case, made_up, predictions_of
from metrics.test_averages import ABOUT, LABELS

METRICS = ("accuracy", "ce_human", "entropy_corr")


def score(case: Case, *logits: Array) -> list[ScoredRun]:
    """Runs that are held-out by three folds."""
    fold = (np.arange(len(case.truth)) % 3).astype("i2")
    runs = [Run(f"run-{n}", predictions_of(of_run, fold=fold)) for n, of_run in enumerate(logits)]
    return scored_runs([score_runs(runs, case.labels(), None, Options(METRICS, resamples=400))])


@pytest.fixture
def change(random: np.random.Generator) -> Change:
    case = made_up(random, 90)
    logits = [case.logits + random.normal(size=case.logits.shape) for _ in range(4)]
    runs = score(case, *logits)
    return Change(Pair(runs[0], runs[1]), Pair(runs[2], runs[3]))


@pytest.mark.parametrize("rescaled", [False, True])
def test_it_is_the_difference_of_the_differences(change: Change, rescaled: bool) -> None:
    figure = change.of("ce_human", rescaled=rescaled)
    a, b, c, d = (
        run.value_of("ce_human", rescaled=rescaled) for run in (*change.there, *change.here)
    )
    assert figure.value == pytest.approx((a - b) - (c - d))
    draws = [r.draws_of("ce_human", "all", rescaled=rescaled)
             for r in (*change.there, *change.here)]  # fmt: skip
    low, high = interval((draws[0] - draws[1]) - (draws[2] - draws[3]))
    assert (figure.low, figure.high) == (float(low), float(high))


def test_over_networks(change: Change) -> None:
    a, b, c, d = (run.network_values("ce_human") for run in (*change.there, *change.here))
    expected = stats.ttest_1samp((a - b) - (c - d), 0.0).confidence_interval()
    spread = change.of("ce_human").over_networks
    assert spread is not None
    assert (spread.low, spread.high) == pytest.approx(tuple(expected), abs=1e-4)


def test_over_seeds(random: np.random.Generator) -> None:
    """Of means over two seeds: the change of each seed, as :func:`mixed` has them."""
    case = made_up(random, 90)
    logits = [case.logits + random.normal(size=case.logits.shape) for _ in range(8)]
    seeds = [replace(run, seed=str(number % 2)) for number, run in enumerate(score(case, *logits))]
    four = [average(seeds[2 * at : 2 * at + 2], LABELS, **ABOUT) for at in range(4)]
    spread = Change(Pair(*four[:2]), Pair(*four[2:])).of("ce_human").mixed

    def contrasts(of: Callable[[ScoredRun], Array]) -> list[Array]:
        """Of each seed: (a - b) - (c - d)."""
        return [(of(a) - of(b)) - (of(c) - of(d)) for a, b, c, d in (seeds[::2], seeds[1::2])]

    draws = contrasts(lambda run: run.draws_of("ce_human", "all", rescaled=False))
    values = contrasts(lambda run: np.asarray(run.value_of("ce_human")))
    assert spread == mixed(np.stack(draws), np.array(values), 0)


def test_means_over_other_seeds_have_no_interval_over_them(change: Change) -> None:
    assert change.of("ce_human").mixed is None


def test_other_items_are_drawn_independently(random: np.random.Generator) -> None:
    """The variance of the change is then the sum of both variances."""
    here, there = made_up(random, 400), made_up(random, 400)
    pairs = []
    for case in (there, here):
        runs = score(case, case.logits, case.logits * 0.3)
        pairs.append(Pair(runs[0], runs[1]))
    figure = Change(*pairs).of("ce_human")
    variances = [
        (p.run.draws_of("ce_human", "all", rescaled=False)
         - p.baseline.draws_of("ce_human", "all", rescaled=False)).var()
        for p in pairs
    ]  # fmt: skip
    assert figure.low is not None
    assert figure.high is not None
    assert (figure.high - figure.low) / 3.92 == pytest.approx(np.sqrt(sum(variances)), rel=0.15)


def test_the_same_difference_on_both_does_not_change(change: Change) -> None:
    figure = Change(change.there, change.there).of("accuracy")
    assert (figure.value, figure.low, figure.high) == (0.0, 0.0, 0.0)


def test_runs_that_cannot_be_paired_have_no_interval(change: Change) -> None:
    other = replace(change.there.run, items="others")
    figure = Change(Pair(other, change.there.baseline), change.here).of("accuracy")
    assert (figure.low, figure.why) == (None, "not paired: the runs have different items or labels")
    assert figure.value is not None


def test_a_metric_that_a_run_lacks(change: Change) -> None:
    assert change.of("sba").why == "one of the runs does not have this value"
