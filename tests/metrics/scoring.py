"""Small inputs, and one call that scores them: what all tests of metrics and stages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import settings
from numpy.typing import ArrayLike

from c10h.formats.class_names import default_names
from c10h.formats.truth_files import Truth
from c10h.metrics.estimates import Estimate, ScoredRun
from c10h.metrics.metrics import choose
from c10h.metrics.strata import ALL
from c10h.records import Array, Labels, Predictions, Scores
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from c10h.truth import first_right

# Every metric, with a top-k accuracy of the few classes that there are.
METRIC_NAMES = tuple(choose([], top=2))
# The same examples in every run, so that a failure is one for everybody.
fixed_examples = settings(derandomize=True, database=None, deadline=None, max_examples=60)


@dataclass(frozen=True)
class Case:
    """Made-up predictions, votes and truth of the same items."""

    logits: Array
    counts: Array
    truth: Array

    @property
    def model(self) -> Array:
        """Softmax of the logits."""
        odds = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    @property
    def people(self) -> Array:
        """Vote shares."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)

    @property
    def right(self) -> Array:
        return self.logits.argmax(axis=1) == self.truth

    def take(self, items: Any) -> Case:
        return Case(self.logits[items], self.counts[items], self.truth[items])

    def labels(self, **more: Any) -> Labels:
        return labels_of(counts=self.counts, truth=self.truth, **more)

    def score(self, **options: Any) -> Scores:
        return score_runs([Run("model", predictions_of(self.logits))], self.labels(), None,
                     Options(**{"metrics": METRIC_NAMES, **options}))  # fmt: skip

    def figures(self, stratum: str = ALL, **options: Any) -> dict[str, Estimate]:
        return figures_of(self.score(**{"resamples": 0, **options}), stratum)


def made_up(
    random: np.random.Generator, items: int, classes: int = 4, votes: tuple[int, int] = (1, 12)
) -> Case:
    """Items with 1 to 11 votes, some unanimous, and a model that is often right."""
    population = random.dirichlet(np.full(classes, 0.4), items)
    counts = random.multinomial(random.integers(*votes, items), population).astype(np.int32)
    truth = np.array([random.choice(classes, p=row) for row in population])
    logits = np.log(population + 0.05) + random.normal(0, 1, (items, classes))
    return Case(logits, counts, truth)


def predictions_of(logits: ArrayLike, **more: Any) -> Predictions:
    """Predictions of one network (n, c), or of several (m, n, c)."""
    values = np.asarray(logits, dtype=np.float64)
    values = values[None] if values.ndim == 2 else values
    members = np.array([f"network-{number}" for number in range(len(values))])
    given = {"classes": default_names(values.shape[2]), "member": members, **more}
    return Predictions(logits=values, **given)


def labels_of(
    *, counts: ArrayLike | None = None, probs: ArrayLike | None = None, **more: Any
) -> Labels:
    """Labels from votes, probabilities, or both."""
    votes = None if counts is None else np.asarray(counts, dtype=np.int32)
    if probs is None:
        assert votes is not None
        probs = votes / votes.sum(axis=1, keepdims=True)
    shares = np.asarray(probs, dtype=np.float64)
    truth, right = more.pop("truth", None), more.pop("right", None)
    return Labels(
        probs=shares,
        counts=votes,
        truth=None if truth is None else np.asarray(truth, dtype=np.int64),
        right=None if right is None else np.asarray(right, dtype=np.uint8),
        **{"classes": default_names(shares.shape[1]), **more},
    )


def figures(
    logits: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    probs: ArrayLike | None = None,
    truth: ArrayLike | None = None,
    right: ArrayLike | None = None,
    stratum: str = ALL,
    **options: Any,
) -> dict[str, Estimate]:
    """Every metric of one network against votes, probabilities or truth, with its right answers."""
    labels = None if counts is None and probs is None else labels_of(counts=counts, probs=probs)
    known = None if truth is None else Truth(np.asarray(truth, dtype=np.int64))
    if right is not None:
        answers = np.asarray(right, dtype=np.uint8)
        known = Truth(first_right(answers), right=answers)
    settings_ = Options(**{"resamples": 0, "metrics": METRIC_NAMES, **options})
    runs = [Run("model", predictions_of(logits))]
    return figures_of(score_runs(runs, labels, known, settings_), stratum)


def figures_of(scores: Scores, stratum: str = ALL, row: int = 0) -> dict[str, Estimate]:
    """The figures of one run by metric."""
    run = ScoredRun.of(scores, row)
    estimates = {metric: run.estimate(metric, stratum) for metric in run.metrics}
    return {metric: estimate for metric, estimate in estimates.items() if estimate is not None}


def samples_of(scores: Scores, metric: str) -> Array:
    """The bootstrap values of the first run, over all items."""
    run = ScoredRun.of(scores, 0)
    values: Array = run.samples(ALL)[run.metrics.index(metric)]
    return values


def log_odds(probs: ArrayLike) -> Array:
    """Logits with these probabilities; zeros become the log of the smallest normal float32."""
    return np.log(np.maximum(np.asarray(probs, dtype=np.float64), np.finfo(np.float32).tiny))
