"""Truth of some items only, and truth with several right answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from c10h.metrics.bootstrap import weights
from c10h.metrics.metric_type import Metric
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.strata import ALL
from c10h.records import Array, Scores
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs
from metrics.oracles import kappa, orders, votes_left_out
from metrics.scoring import (
    METRIC_NAMES,
    Case,
    figures,
    figures_of,
    fixed_examples,
    labels_of,
    made_up,
    predictions_of,
    samples_of,
)

LEFT_OUT = "leave-one-vote-out"
OF_TRUTH = [name for name in METRIC_NAMES if Needs.TRUTH in METRICS[name].needs]
OTHERS = [name for name in METRIC_NAMES if name not in OF_TRUTH]
UNKNOWN = "no item whose true class is known"
COUNTS = st.lists(
    st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any), min_size=4, max_size=4
)
ANSWERS = st.lists(
    st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=4, max_size=4
).filter(lambda rows: any(map(any, rows)))


def partly(case: Case, known: Array) -> Case:
    return Case(case.logits, case.counts, np.where(known, case.truth, -1))


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 150)


@pytest.fixture
def known(random: np.random.Generator) -> Array:
    return random.random(150) < 0.4


class TestSomeItems:
    @pytest.mark.parametrize("metric", OF_TRUTH)
    def test_metrics_of_the_truth_are_those_of_the_known_items_alone(
        self, metric: str, case: Case, known: Array
    ) -> None:
        found = partly(case, known).figures(metrics=(metric,))[metric]
        alone = case.take(known).figures(metrics=(metric,))[metric]
        assert found.n == alone.n
        assert found.value == pytest.approx(alone.value, rel=1e-12)
        assert found.ceilings == pytest.approx(alone.ceilings)

    def test_the_other_metrics_are_those_of_all_items(self, case: Case, known: Array) -> None:
        options = {"metrics": tuple(OTHERS), "resamples": 20}
        found, whole = partly(case, known).score(**options), case.score(**options)
        for (name, _, value), (_, _, other) in zip(found.datasets(), whole.datasets(), strict=True):
            if name != "items":
                np.testing.assert_array_equal(value[:], other[:], err_msg=name)

    def test_they_are_scikit_learns(self, case: Case, known: Array) -> None:
        found = partly(case, known).figures()
        part = case.take(known)
        assert found["accuracy"].n == known.sum()
        assert found["accuracy"].value == accuracy_score(part.truth, part.logits.argmax(axis=1))
        labels = list(range(4))
        assert found["ce_hard"].value == pytest.approx(
            log_loss(part.truth, part.model, labels=labels)
        )
        assert found["brier_hard"].value == pytest.approx(
            brier_score_loss(part.truth, part.model, labels=labels, scale_by_half=False)
        )

    @pytest.mark.parametrize("size", [150, 11_000])
    def test_resamples_are_over_the_known_items_that_are_drawn(
        self, size: int, random: np.random.Generator
    ) -> None:
        whole = made_up(random, size)
        known = random.random(size) < 0.4
        case = partly(whole, known)
        drawn = samples_of(case.score(metrics=("accuracy",), resamples=40), "accuracy")
        if size <= 10_000:
            weight = np.concatenate([block for _, block in weights(size, 40, 0)])
            expected = weight @ (case.right & known) / (weight @ known)
            np.testing.assert_allclose(drawn, expected, rtol=1e-6)
        spread = np.sqrt(case.right[known].var() / known.sum())
        assert drawn.std() == pytest.approx(spread, rel=0.5)
        for metric in ("aurc", "ece_adaptive"):
            options = {"metrics": (metric,), "resamples": 100}
            some = samples_of(case.score(**options), metric)
            alone = samples_of(whole.take(known).score(**options), metric)
            assert some.mean() == pytest.approx(alone.mean(), rel=0.1)
            assert some.std() == pytest.approx(alone.std(), rel=0.5)

    def test_values_of_items(self, case: Case, known: Array) -> None:
        scores = partly(case, known).score(per_item=True, resamples=0)
        assert scores.per_item is not None
        of_items = dict(zip(scores.metric.tolist(), scores.per_item[0], strict=True))
        for name in ("accuracy", "ce_hard", "brier_hard"):
            np.testing.assert_array_equal(~np.isnan(of_items[name]), known)
        assert not np.isnan(of_items["ce_human"]).any()

    def test_what_is_left_out_is_told(self, case: Case, known: Array) -> None:
        number = int(known.sum())
        assert partly(case, known).score(resamples=0).notes.tolist() == [
            f"the true class of {number} of 150 items is known: "
            "metrics that need it are over these items"
        ]
        assert partly(case, known).score(resamples=0, metrics=("kl",)).notes.tolist() == [""]
        assert case.score(resamples=0).notes.tolist() == [""]

    def test_no_item_at_all(self, case: Case) -> None:
        found = partly(case, np.zeros(150, dtype=bool)).figures(resamples=10)
        for name in OF_TRUTH:
            assert np.isnan([found[name].value, found[name].low, found[name].high]).all()
            assert (found[name].n, found[name].why, found[name].ceilings) == (0, UNKNOWN, {})
        for name in OTHERS:
            assert found[name].n > 0
            assert not found[name].why

    @pytest.mark.parametrize("by", ["modal", "human-entropy"])
    def test_a_stratum_without_any(self, by: str, case: Case) -> None:
        scores = case.score(by=by, resamples=0)
        stratum = str(scores.stratum[1])
        items = case.counts.argmax(axis=1) == 0
        if by == "human-entropy":
            items = np.count_nonzero(case.counts, axis=1) == 1
        found = partly(case, ~items).figures(stratum, by=by, resamples=10)
        for name in OF_TRUTH:
            assert np.isnan(found[name].value)
            assert (found[name].n, found[name].why, found[name].ceilings) == (0, UNKNOWN, {})
        assert found["ce_human"].n == figures_of(scores, stratum)["ce_human"].n > 0

    @pytest.mark.parametrize("metric", OF_TRUTH)
    def test_strata_of_partly_known_items(self, metric: str, case: Case, known: Array) -> None:
        case = partly(case, known)
        scores = case.score(by="modal", metrics=(metric,), resamples=0)
        tied = np.sort(case.counts, axis=1)[:, -1] == np.sort(case.counts, axis=1)[:, -2]
        alone = case.take(~tied & (case.counts.argmax(axis=1) == 1)).figures()[metric]
        assert figures_of(scores, "modal=1")[metric].n == alone.n
        assert figures_of(scores, "modal=1")[metric].value == pytest.approx(alone.value)


def right_of(random: np.random.Generator, size: int, classes: int = 4) -> Array:
    """Right answers: none, one or several an item."""
    return (random.random((size, classes)) < 0.35).astype(np.uint8)


def score_with(case: Case, right: Array, **options: Any) -> Scores:
    truth = np.where(right.any(axis=1), right.argmax(axis=1), -1)
    labels = labels_of(counts=case.counts, truth=truth, right=right)
    runs = [Run("model", predictions_of(case.logits))]
    defaults: dict[str, Any] = {"resamples": 0, "metrics": METRIC_NAMES}
    return score_runs(runs, labels, None, Options(**defaults | options))


class TestSeveralAnswers:
    @pytest.mark.parametrize(
        "metric", ["accuracy", "ece", "ece_adaptive", "aurc", "conf_right", "conf_wrong"]
    )
    def test_the_first_choice_is_right_if_it_is_any_of_them(
        self, metric: str, case: Case, random: np.random.Generator
    ) -> None:
        """As against the one truth that is the model's choice where that is right."""
        right = right_of(random, 150)
        choice = case.logits.argmax(axis=1)
        chosen = right[np.arange(150), choice] == 1
        truth = np.where(chosen, choice, np.where(right.any(axis=1), right.argmax(axis=1), -1))
        found = figures_of(score_with(case, right))[metric]
        same = figures(case.logits, counts=case.counts, truth=truth)[metric]
        assert found.n == same.n
        assert found.value == pytest.approx(same.value, rel=1e-12)

    @fixed_examples
    @given(st.lists(st.integers(0, 2), min_size=12, max_size=12), ANSWERS)
    def test_ties_count_in_expectation(self, logits: list[int], right: list[list[int]]) -> None:
        rows = np.reshape(logits, (4, 3))
        values = [
            np.mean([answers[order[0]] for order in orders(scores)])
            for scores, answers in zip(rows, right, strict=True)
            if any(answers)
        ]
        found = figures(rows, right=right)["accuracy"]
        assert found.value == pytest.approx(np.mean(values))
        assert found.n == len(values)

    @fixed_examples
    @given(
        st.lists(st.integers(0, 2), min_size=20, max_size=20),
        st.lists(
            st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=4, max_size=4
        ).filter(lambda rows: any(map(any, rows))),
        st.integers(1, 4),
    )
    def test_one_of_them_among_the_first_k_is_enough(
        self, logits: list[int], right: list[list[int]], k: int
    ) -> None:
        rows = np.reshape(logits, (4, 5))
        values = [
            np.mean([any(answers[place] for place in order[:k]) for order in orders(scores)])
            for scores, answers in zip(rows, right, strict=True)
            if any(answers)
        ]
        name = f"accuracy_top{k}"
        found = figures(rows, right=right, metrics=(name,))[name]
        assert found.value == pytest.approx(np.mean(values), abs=1e-12)
        assert found.n == len(values)

    def test_cross_entropy_is_with_any_of_them(
        self, case: Case, random: np.random.Generator
    ) -> None:
        right = right_of(random, 150)
        some = right.any(axis=1)
        mass = (case.model * right).sum(axis=1)[some]
        found = figures(case.logits, right=right)["ce_hard"]
        assert found.value == pytest.approx(-np.log(mass).mean())
        assert found.n == some.sum() < 150

    def test_cross_entropy_is_exact_where_probabilities_are_not(self) -> None:
        found = figures([[0.0, -2000.0, -2000.0]], right=[[0, 1, 1]])["ce_hard"]
        assert found.value == pytest.approx(2000 - np.log(2))
        found = figures([[2000.0, 0.0, 0.0]], right=[[1, 1, 0]])["ce_hard"]
        assert found.value == 0

    def test_by_hand(self) -> None:
        # Right, wrong, no right answer; confidences e/(e+2).
        logits, right = np.eye(3), [[1, 1, 0], [1, 0, 1], [0, 0, 0]]
        found = figures(logits, right=right)
        q, rest = np.e / (np.e + 2), 1 / (np.e + 2)
        assert (found["accuracy"].value, found["accuracy"].n) == (0.5, 2)
        assert found["ce_hard"].value == pytest.approx(-np.log([q + rest, 2 * rest]).mean())
        assert found["ece"].value == pytest.approx(abs(q - 0.5))
        assert found["conf_wrong"].value == pytest.approx(q)

    def test_a_distance_to_one_answer_does_not_exist(self, case: Case) -> None:
        right = np.eye(4, dtype=np.uint8)[case.truth]
        several = right.copy()
        several[3] = [1, 1, 0, 0]
        found = figures_of(score_with(case, several))["brier_hard"]
        assert np.isnan(found.value)
        assert (found.n, found.why, found.ceilings) == (0, "several right answers", {})

    def test_one_answer_each_is_the_truth(self, case: Case, known: Array) -> None:
        right = np.eye(4, dtype=np.uint8)[case.truth] * known[:, None].astype(np.uint8)
        found = figures_of(score_with(case, right))
        for name, figure in partly(case, known).figures().items():
            assert found[name].value == figure.value
            assert (found[name].n, found[name].ceilings) == (figure.n, figure.ceilings)

    @fixed_examples
    @given(
        st.lists(st.integers(0, 2), min_size=12, max_size=12),
        st.lists(st.integers(1, 3), min_size=12, max_size=12),
        ANSWERS,
    )
    def test_an_annotator_is_right_with_any_of_them(
        self, logits: list[int], votes: list[int], right: list[list[int]]
    ) -> None:
        rows, counts = np.reshape(logits, (4, 3)), np.reshape(votes, (4, 3))
        pairs = []
        for scores, count, answers in zip(rows, counts, right, strict=True):
            if any(answers):
                chance = float(np.mean([answers[order[0]] for order in orders(scores)]))
                pairs += [(chance, float(answers[k]), count[k] / count.sum()) for k in range(3)]
        found = figures(rows, counts=counts, right=right)["kappa_human"]
        sides = {(chance, other) for chance, other, _ in pairs}
        if sides <= {(1.0, 1.0)} or sides <= {(0.0, 0.0)}:
            assert found.why == "chance agreement is 1"
        else:
            assert found.value == pytest.approx(kappa(pairs), abs=1e-9)

    @fixed_examples
    @given(COUNTS, ANSWERS)
    def test_ceilings_take_each_vote_away_in_turn(
        self, votes: list[list[int]], right: list[list[int]]
    ) -> None:
        counts, values, pairs = np.array(votes), [], []
        for item, rest, vote, share in votes_left_out(counts):
            if any(right[item]):
                leaders = np.flatnonzero(rest == rest.max())
                chance = float(np.mean([right[item][k] for k in leaders]))
                values.append(share * chance)
                pairs.append((chance, float(right[item][vote]), share))
        several = np.count_nonzero((counts.sum(axis=1) > 1) & np.any(right, axis=1))
        found = figures(np.zeros((4, 3)), counts=counts, right=right)
        if not several:
            assert LEFT_OUT not in found["accuracy"].ceilings
            return
        assert found["accuracy"].ceilings[LEFT_OUT] == pytest.approx(sum(values) / several)
        sides = {(chance, other) for chance, other, _ in pairs}
        if not (sides <= {(1.0, 1.0)} or sides <= {(0.0, 0.0)}):
            assert found["kappa_human"].ceilings[LEFT_OUT] == pytest.approx(kappa(pairs), abs=1e-9)

    def test_metrics_without_truth_do_not_change(
        self, case: Case, random: np.random.Generator
    ) -> None:
        found = figures_of(score_with(case, right_of(random, 150), metrics=tuple(OTHERS)))
        plain = case.figures(metrics=tuple(OTHERS))
        for name, figure in plain.items():
            assert (found[name].value, found[name].n) == (figure.value, figure.n)

    def test_what_counts_is_told(self) -> None:
        labels = labels_of(counts=[[1, 2]] * 3, truth=[0, 1, -1], right=[[1, 1], [0, 1], [0, 0]])
        options = Options(metrics=("accuracy",), resamples=0)
        scores = score_runs([Run("net", predictions_of(np.eye(3)[:, :2]))], labels, None, options)
        assert scores.notes[0].splitlines() == [
            "the true class of 2 of 3 items is known: metrics that need it are over these items",
            "several right answers for 1 item: any of them is right",
        ]


class TestStrata:
    def test_items_without_one_true_class_are_apart(
        self, case: Case, random: np.random.Generator
    ) -> None:
        right = right_of(random, 150)
        scores = score_with(case, right, by="truth")
        parts = {f"truth={k}": (right.sum(axis=1) == 1) & (right[:, k] == 1) for k in range(4)}
        parts["truth=(several)"] = right.sum(axis=1) > 1
        parts["truth=(unknown)"] = ~right.any(axis=1)
        assert scores.stratum.tolist() == [ALL, *parts]
        for name, items in parts.items():
            found = figures_of(scores, name)
            assert found["ce_human"].n == items.sum() > 0
            assert found["accuracy"].n == (0 if name == "truth=(unknown)" else items.sum())
        assert figures_of(scores, "truth=(unknown)")["accuracy"].why == UNKNOWN

    def test_a_first_choice_that_is_any_of_them_is_no_shift(
        self, case: Case, random: np.random.Generator
    ) -> None:
        right = right_of(random, 150)
        scores = score_with(case, right, by="mode-shift")
        ordered = np.sort(case.counts, axis=1)
        tied, known = ordered[:, -1] == ordered[:, -2], right.any(axis=1)
        chosen = right[np.arange(150), case.counts.argmax(axis=1)] == 1
        wanted = {
            "mode-shift=no": known & ~tied & chosen,
            "mode-shift=yes": known & ~tied & ~chosen,
            "mode-shift=(tie)": known & tied,
            "mode-shift=(unknown)": ~known,
        }
        assert scores.stratum.tolist() == [ALL, *wanted]
        for name, items in wanted.items():
            assert figures_of(scores, name)["ce_human"].n == items.sum() > 0

    def test_they_are_there_only_where_there_are_any(self, case: Case, known: Array) -> None:
        names = [ALL, *(f"truth={k}" for k in range(4))]
        assert case.score(by="truth", resamples=0).stratum.tolist() == names
        found = partly(case, known).score(by="truth", resamples=0)
        assert found.stratum.tolist() == [*names, "truth=(unknown)"]


def test_every_metric_says_whether_it_takes_several_answers() -> None:
    alone = [name for name, one in METRICS.items() if isinstance(one, Metric) and one.one_answer]
    assert alone == ["brier_hard"]
