from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from metrics.oracles import aurc
from metrics.scoring import (
    METRIC_NAMES,
    Case,
    figures,
    figures_of,
    labels_of,
    made_up,
    predictions_of,
    samples_of,
)
from scipy.stats import binomtest, entropy, spearmanr
from scipy.stats import bootstrap as scipy_bootstrap
from torchmetrics.functional.classification import multiclass_calibration_error

from c10h.errors import InputError, InSampleError, MismatchError
from c10h.files import Source
from c10h.formats.predictions_and_labels import open_predictions
from c10h.formats.truth_files import Truth
from c10h.metrics.bootstrap import MAX_GROUPS
from c10h.metrics.ceilings import SPLIT_ITEMS
from c10h.metrics.differences import Difference, differences, pairs_with
from c10h.metrics.estimates import scored_runs
from c10h.metrics.metrics import METRICS
from c10h.records import Array, Input, Lineage, Predictions, Scores
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs

QUICK = Options(resamples=0)
NAMES = ("cat", "dog", "bird", "frog")


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 60)


def one(case: Case, options: Options = QUICK, **more: Any) -> Scores:
    """Score the predictions of a case, with more datasets, against its labels."""
    return score_runs(
        [Run("net", predictions_of(case.logits, **more))], case.labels(), None, options
    )


def values_of(scores: Scores, row: int = 0) -> Array:
    return scores.value[row, :, 0]


class TestInputs:
    def test_the_truth_may_come_with_the_labels_the_predictions_or_alone(self, case: Case) -> None:
        plain = labels_of(counts=case.counts)
        own = predictions_of(case.logits, truth=case.truth)
        found = [
            one(case),
            score_runs([Run("net", predictions_of(case.logits))], plain, Truth(case.truth), QUICK),
            score_runs([Run("net", own)], plain, None, QUICK),
        ]
        for scores in found[1:]:
            np.testing.assert_array_equal(values_of(scores), values_of(found[0]))

    def test_predictions_with_their_truth_need_no_labels(self, case: Case) -> None:
        own = predictions_of(case.logits, truth=case.truth)
        found = figures_of(score_runs([Run("net", own)], None, None, QUICK))
        assert found["accuracy"].value == pytest.approx(case.right.mean())

    def test_nothing_to_score_against(self, case: Case) -> None:
        with pytest.raises(InputError, match="net: nothing to compare with: use --labels"):
            score_runs([Run("net", predictions_of(case.logits))], None, None, QUICK)

    def test_nothing_to_score(self) -> None:
        with pytest.raises(InputError, match="nothing to score"):
            score_runs([], None, Truth(np.array([0, 1])), QUICK)

    def test_truths_that_disagree(self, case: Case) -> None:
        other = (case.truth + 1) % 4
        with pytest.raises(MismatchError, match="differs from that of net on 60 items"):
            one(case, truth=other)
        with pytest.raises(MismatchError, match="differs from that of the labels on 60 items"):
            score_runs(
                [Run("net", predictions_of(case.logits))], case.labels(), Truth(other), QUICK
            )

    def test_other_numbers_of_items(self, case: Case) -> None:
        with pytest.raises(MismatchError, match="59 items in net and 60 in the labels"):
            score_runs([Run("net", predictions_of(case.logits[1:]))], case.labels(), None, QUICK)

    def test_other_numbers_of_classes(self, case: Case) -> None:
        with pytest.raises(MismatchError, match="net: expected 4 classes, found 3"):
            score_runs([Run("net", predictions_of(case.logits[:, 1:]))], case.labels(), None, QUICK)

    def test_an_index_scores_those_items_alone(self, case: Case) -> None:
        rows = np.array([40, 3, 17, 5])
        found = score_runs(
            [Run("net", predictions_of(case.logits[rows], index=rows))], case.labels(), None, QUICK
        )
        np.testing.assert_allclose(values_of(found), values_of(one(case.take(rows))), rtol=1e-12)

    def test_an_index_finds_the_truth_too(self, case: Case) -> None:
        rows = np.array([40, 3, 17, 5])
        net = predictions_of(case.logits[rows], index=rows)
        found = figures_of(score_runs([Run("net", net)], None, Truth(case.truth), QUICK))
        assert found["accuracy"].value == pytest.approx(case.right[rows].mean())

    def test_ids_are_matched_in_any_order(self, case: Case, random: np.random.Generator) -> None:
        ids, order = np.array([f"item-{i}" for i in range(60)]), random.permutation(60)
        net = predictions_of(case.logits[order], ids=ids[order])
        found = score_runs([Run("net", net)], case.labels(ids=ids), None, QUICK)
        np.testing.assert_allclose(values_of(found), values_of(one(case)), rtol=1e-9)

    def test_classes_are_matched_by_name(self, case: Case, random: np.random.Generator) -> None:
        order = random.permutation(4)
        net = predictions_of(
            case.logits[:, order],
            classes=tuple(NAMES[k] for k in order),
            truth=np.argsort(order)[case.truth],
        )
        found = score_runs([Run("net", net)], case.labels(classes=NAMES), None, QUICK)
        np.testing.assert_allclose(values_of(found), values_of(one(case)), rtol=1e-9)
        assert found.classes == NAMES

    def test_a_separate_truth_counts_classes_as_the_labels_do(self, case: Case) -> None:
        net = predictions_of(case.logits[:, ::-1], classes=NAMES[::-1])
        labels = labels_of(counts=case.counts, classes=NAMES)
        found = score_runs([Run("net", net)], labels, Truth(case.truth), QUICK)
        assert figures_of(found)["accuracy"].value == pytest.approx(case.right.mean())

    def test_classes_that_nobody_named_can_be_given_names(self, case: Case) -> None:
        found = score_runs(
            [Run("net", predictions_of(case.logits))], case.labels(), None, QUICK, NAMES
        )
        assert found.classes == NAMES
        np.testing.assert_array_equal(values_of(found), values_of(one(case)))

    def test_other_classes_are_refused(self, case: Case) -> None:
        net = predictions_of(case.logits, classes=(*NAMES[:3], "horse"))
        with pytest.raises(MismatchError, match=r"net: .*no class is called 'horse'"):
            score_runs([Run("net", net)], case.labels(classes=NAMES), None, QUICK)


class TestResult:
    def test_the_same_inputs_give_the_same_scores(self, case: Case) -> None:
        options = Options(by="modal", resamples=60, per_item=True)
        first, second = one(case, options), one(case, options)
        for (name, _, value), (_, _, again) in zip(
            first.datasets(), second.datasets(), strict=True
        ):
            np.testing.assert_array_equal(value[:], again[:], err_msg=name)

    def test_metrics_that_are_not_chosen_change_nothing(self, case: Case) -> None:
        every = figures_of(one(case, Options(resamples=60)))
        few = figures_of(one(case, Options(metrics=("ce_human", "aurc"), resamples=60)))
        assert list(few) == ["ce_human", "aurc"]
        assert all(few[metric] == every[metric] for metric in few)

    def test_every_member_can_be_a_run(self, case: Case, random: np.random.Generator) -> None:
        noisy = case.logits + random.normal(size=case.logits.shape)
        net = predictions_of(np.stack([case.logits, noisy]))
        apart = Options(resamples=0, members=True)
        found = score_runs([Run("net", net, network="vgg")], case.labels(), None, apart)
        assert found.run.tolist() == ["net/network-0", "net/network-1"]
        assert found.network.tolist() == ["vgg", "vgg"]
        np.testing.assert_array_equal(values_of(found, 0), values_of(one(case)))
        alone = one(Case(noisy, case.counts, case.truth))
        np.testing.assert_array_equal(values_of(found, 1), values_of(alone))

    def test_values_per_item_average_to_the_value(self, case: Case) -> None:
        found = one(case, Options(resamples=0, per_item=True, metrics=METRIC_NAMES))
        per_item = np.asarray(found.per_item)[0]
        means = [q for q, metric in enumerate(found.metric) if METRICS[metric].per_item]
        assert len(means) == 14
        means_of_items = np.nanmean(per_item[means], axis=1)
        np.testing.assert_allclose(means_of_items, values_of(found)[means], rtol=1e-6)
        known = np.count_nonzero(~np.isnan(per_item), axis=1)
        assert known[means].tolist() == found.n[0, means, 0].tolist()
        assert known.sum() == known[means].sum()

    def test_values_per_item_are_those_of_the_items_alone(self, case: Case) -> None:
        found = one(case, Options(metrics=("ce_human", "sba"), resamples=0, per_item=True))
        alone = [values_of(one(case.take([i]), Options(metrics=("ce_human", "sba"), resamples=0)))
                 for i in range(60)]  # fmt: skip
        np.testing.assert_allclose(np.asarray(found.per_item)[0], np.transpose(alone), rtol=1e-6)

    def test_progress_counts_every_item_of_every_member(self, case: Case) -> None:
        done: list[int] = []
        net = predictions_of(np.stack([case.logits, case.logits]))
        score_runs([Run("net", net)], case.labels(), None, QUICK, advance=done.append)
        assert sum(done) == 120

    def test_strata_that_a_run_lacks_are_null_with_the_reason(self) -> None:
        counts = np.array([[4, 0], [0, 4], [3, 1], [2, 2]])
        runs = [
            Run("sure", predictions_of(np.zeros((2, 2)), index=np.array([0, 1]))),
            Run("all", predictions_of(np.zeros((4, 2)))),
        ]
        options = Options(by="human-entropy", resamples=5)
        found = score_runs(runs, labels_of(counts=counts), None, options)
        missing = figures_of(found, str(found.stratum[-1]), row=0)["ce_human"]
        assert (missing.n, missing.why) == (0, "the run has no such stratum")
        assert np.isnan([missing.value, missing.low, missing.high]).all()


class TestZeroProbabilities:
    def scored(self, folder: Path, probs: list[list[float]], truth: list[int]) -> Scores:
        np.save(folder / "probs.npy", np.array(probs))
        net = open_predictions(Source.open(str(folder / "probs.npy")))
        return score_runs([Run("net", net)], None, Truth(np.array(truth)), QUICK)

    def test_they_cost_the_log_of_the_smallest_normal_float32(self, tmp_path: Path) -> None:
        found = self.scored(tmp_path, [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], [1, 0])
        expected = (-np.log(np.finfo(np.float32).tiny) + np.log(2)) / 2
        assert figures_of(found)["ce_hard"].value == pytest.approx(expected)

    def test_their_number_is_told(self, tmp_path: Path) -> None:
        found = self.scored(tmp_path, [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], [1, 0])
        assert "3 probabilities of 0, raised to 1.2e-38" in found.notes[0]

    def test_nothing_is_told_without_them(self, tmp_path: Path) -> None:
        found = self.scored(tmp_path, [[0.6, 0.3, 0.1], [0.5, 0.3, 0.2]], [1, 0])
        assert "probabilities" not in found.notes[0]


HASHES = np.arange(60, dtype=np.uint64)


def trained(items: Array, fold: Array) -> dict[str, Array]:
    return {"item": items.astype(np.uint64), "fold": fold.astype(np.int16)}


def folded(case: Case, **more: Any) -> Predictions:
    """Held-out predictions of a network with three folds."""
    fold = (np.arange(60) % 3).astype(np.int16)
    given = {"fold": fold, "item": HASHES, "trained": trained(HASHES, fold), **more}
    return predictions_of(case.logits, **given)


class TestInSample:
    def test_training_items_are_refused(self, case: Case) -> None:
        net = predictions_of(case.logits, item=HASHES, trained=trained(HASHES[:7], np.full(7, -1)))
        with pytest.raises(
            InSampleError, match=r"net: .* trained on 7 of these 60 items.*--in-sam"
        ):
            score_runs([Run("net", net)], case.labels(), None, QUICK)

    def test_they_are_scored_when_asked_for_and_marked(self, case: Case) -> None:
        net = predictions_of(case.logits, item=HASHES, trained=trained(HASHES[:7], np.full(7, -1)))
        options = Options(resamples=0, in_sample=True)
        found = score_runs([Run("net", net)], case.labels(), None, options)
        assert found.exposure.tolist() == ["in-sample"]
        np.testing.assert_array_equal(values_of(found), values_of(one(case)))

    def test_held_out_predictions_are_scored(self, case: Case) -> None:
        found = score_runs([Run("net", folded(case))], case.labels(), None, QUICK)
        assert found.exposure.tolist() == ["held-out"]

    def test_held_out_predictions_of_a_network_with_an_ancestor_are_refused(
        self, case: Case
    ) -> None:
        items, fold = np.append(HASHES, 33), np.append(np.arange(60) % 3, -1)
        runs = [Run("net", folded(case, trained=trained(items, fold)))]
        with pytest.raises(InSampleError, match="trained on 1 of these 60 items"):
            score_runs(runs, case.labels(), None, QUICK)

    def test_an_ensemble_of_folds_is_refused(self, case: Case) -> None:
        with pytest.raises(InSampleError, match="trained on 60 of these 60 items"):
            score_runs([Run("net", folded(case, fold=None))], case.labels(), None, QUICK)

    def test_a_member_that_saw_the_items_is_named(self, case: Case) -> None:
        net = predictions_of(
            np.stack([case.logits, case.logits]),
            item=HASHES,
            member_fold=np.array([0, 1], dtype=np.int16),
            trained=trained(HASHES, np.zeros(60)),
        )
        with pytest.raises(InSampleError, match=r"net/network-1: .* 60 of these 60"):
            score_runs([Run("net", net)], case.labels(), None, QUICK)
        options = Options(resamples=0, in_sample=True)
        found = score_runs([Run("net", net)], case.labels(), None, options)
        assert found.exposure.tolist() == ["in-sample"]
        apart = score_runs([Run("net", net)], case.labels(), None, replace(options, members=True))
        assert apart.exposure.tolist() == ["held-out", "in-sample"]

    def test_foreign_logits_are_unknown(self, case: Case) -> None:
        assert one(case).exposure.tolist() == ["unknown"]

    def test_other_items_than_those_of_training_are_scored(self, case: Case) -> None:
        net = predictions_of(
            case.logits, item=HASHES, trained=trained(HASHES + np.uint64(60), np.full(60, -1))
        )
        found = score_runs([Run("net", net)], case.labels(), None, QUICK)
        assert found.exposure.tolist() == ["held-out"]
        assert "edited or saved again are not recognised" in found.notes[0]

    def test_items_of_a_fold_need_no_word_on_copies(self, case: Case) -> None:
        found = score_runs([Run("net", folded(case))], case.labels(), None, QUICK)
        assert "saved again" not in found.notes[0]

    def test_a_network_that_learned_from_networks_is_told(self, case: Case) -> None:
        teacher = lineage_from("c10h predict")
        labels = lineage_from("c10h labels build", ("predictions", "predictions", teacher))
        training = lineage_from("c10h train", ("labels", "labels", labels))
        student = lineage_from("c10h predict", ("network", "run", training))
        for lineage, is_told in ((student, True), (teacher, False)):
            run = Run("net", replace(folded(case), lineage=lineage))
            notes = score_runs([run], case.labels(), None, QUICK).notes[0]
            assert ("predictions of networks" in notes) is is_told


def lineage_from(command: str, *inputs: tuple[str, str, Lineage]) -> Lineage:
    """A lineage with inputs, each with a role, a kind and a lineage of its own."""
    return Lineage(
        command=command,
        version="0.1.0",
        inputs=tuple(
            Input(role=role, name="file.h5", sha256="0" * 64, kind=kind, lineage=lineage)
            for role, kind, lineage in inputs
        ),
    )


@pytest.mark.parametrize("is_right", [False, True])
def test_shares_of_items_that_all_agree_have_wilsons_interval(is_right: bool) -> None:
    """Four items, of which people's second choice is the network's, and the truth, or none is."""
    counts = np.tile([5, 3, 0], (4, 1))
    logits = np.tile([3.0, 2.0, 1.0] if is_right else [3.0, 1.0, 2.0], (4, 1))
    truth = np.zeros(4, np.int64) if is_right else np.ones(4, np.int64)
    known = figures(logits, counts=counts, truth=truth, resamples=50)
    wanted = binomtest(4 * is_right, 4).proportion_ci(method="wilson")
    for metric in ("accuracy", "sba"):
        assert known[metric].value == is_right
        assert known[metric].low == pytest.approx(wanted.low)
        assert known[metric].high == pytest.approx(wanted.high)


def pair(case: Case, **second: Any) -> Scores:
    """Two networks that make much the same errors."""
    noisy = case.logits + np.random.default_rng(9).normal(0, 0.3, case.logits.shape)
    runs = [Run("a", predictions_of(case.logits)), Run("b", predictions_of(noisy, **second))]
    return score_runs(runs, case.labels(), None, Options(resamples=2000))


def difference_of(scores: Scores, metric: str) -> Difference:
    """The first run less the second."""
    runs = scored_runs([scores])
    ((found,),) = differences(pairs_with(runs[1], runs), [metric])
    return found


class TestPairs:
    @pytest.mark.parametrize("metric", ["ce_human", "brier_hard", "entropy_corr", "aurc"])
    def test_runs_on_the_same_items_are_paired(self, metric: str) -> None:
        scores = pair(made_up(np.random.default_rng(2), 200))
        found = difference_of(scores, metric)
        assert found.why is None
        assert found.low is not None
        assert found.high is not None
        alone = [figures_of(scores, row=row)[metric] for row in (0, 1)]
        first, second = (figure.high - figure.low for figure in alone)
        unpaired = np.hypot(first, second)
        assert found.high - found.low < 0.6 * unpaired
        assert found.value == pytest.approx(alone[0].value - alone[1].value)

    def test_the_interval_of_a_difference_is_scipys(self) -> None:
        scores = pair(made_up(np.random.default_rng(2), 100))
        found = difference_of(scores, "ce_human")
        assert found.low is not None
        assert found.high is not None
        case = made_up(np.random.default_rng(2), 100)
        noisy = case.logits + np.random.default_rng(9).normal(0, 0.3, case.logits.shape)
        logs = [torch.log_softmax(torch.from_numpy(z), 1).numpy() for z in (case.logits, noisy)]
        items = -(case.people * (logs[0] - logs[1])).sum(axis=1)
        expected = scipy_bootstrap((items,), np.mean, n_resamples=4000, method="percentile",
                                   rng=np.random.default_rng(0)).confidence_interval  # fmt: skip
        width = expected.high - expected.low
        assert [found.low, found.high] == pytest.approx(list(expected), abs=0.06 * width)

    def test_runs_scored_apart_are_paired_too(self, case: Case) -> None:
        both, alone = pair(case), one(case, Options(resamples=2000))
        np.testing.assert_array_equal(both.samples[0], alone.samples[0])
        assert both.items[0] == alone.items[0]

    def test_a_run_that_numbers_all_items_is_paired_with_one_that_does_not(
        self, case: Case
    ) -> None:
        scores = pair(case, index=np.arange(60))
        assert difference_of(scores, "ce_human").why is None

    def test_runs_in_another_order_are_paired(self, case: Case) -> None:
        """The same figures as in the order of the labels."""
        order = np.random.default_rng(3).permutation(60)
        noisy = case.logits + np.random.default_rng(9).normal(0, 0.3, case.logits.shape)
        runs = [
            Run("a", predictions_of(case.logits)),
            Run("b", predictions_of(noisy[order], index=order)),
        ]
        shuffled = score_runs(runs, case.labels(), None, Options(resamples=2000))
        for metric in ("ce_human", "sba", "accuracy"):
            assert difference_of(shuffled, metric) == difference_of(pair(case), metric)

    def test_runs_on_other_items_are_not_paired(self, case: Case) -> None:
        runs = [
            Run("a", predictions_of(case.logits)),
            Run("b", predictions_of(case.logits[:50], index=np.arange(50))),
        ]
        scores = score_runs(runs, case.labels(), None, Options(resamples=20))
        found = difference_of(scores, "ce_human")
        assert found.value is None
        assert found.why == "not paired: the runs have different items or labels"

    def test_the_truth_that_one_run_brings_is_that_of_the_other(self, case: Case) -> None:
        runs = [
            Run("a", predictions_of(case.logits, truth=case.truth)),
            Run("b", predictions_of(case.logits / 2)),
        ]
        labels = replace(case.labels(), truth=None)
        told: list[str] = []
        scores = score_runs(runs, labels, None, Options(resamples=20), tell=told.append)
        for run in scored_runs([scores]):
            right = case.logits.argmax(axis=1) == case.truth
            assert run.value_of("accuracy") == pytest.approx(right.mean())
        assert difference_of(scores, "ce_human").why is None
        assert "the labels: true classes from a" in told


ITEMS = 3 * MAX_GROUPS


@pytest.fixture(scope="module")
def large() -> Case:
    """More items than there are groups, sorted by class as files often are."""
    case = made_up(np.random.default_rng(4), ITEMS, classes=6, votes=(5, 30))
    return case.take(np.argsort(case.truth, kind="stable"))


@pytest.fixture(scope="module")
def large_scores(large: Case) -> Scores:
    return large.score()


def width_of(scores: Scores, metric: str) -> float:
    figure = figures_of(scores)[metric]
    return figure.high - figure.low


def normal_width(samples: Any) -> float:
    """The width of a 95 % interval of a normal variable."""
    return float(2 * 1.96 * np.std(samples))


class TestManyItems:
    @pytest.mark.parametrize("metric", ["ce_hard", "ce_human", "brier_human", "accuracy"])
    def test_means_are_exact_and_intervals_as_theory_has_them(
        self, metric: str, large: Case, large_scores: Scores
    ) -> None:
        truth, model = np.eye(6)[large.truth], large.model
        items = {
            "ce_hard": -(truth * np.log(model)).sum(axis=1),
            "ce_human": -(large.people * np.log(model)).sum(axis=1),
            "brier_human": ((model - large.people) ** 2).sum(axis=1),
            "accuracy": large.right,
        }[metric]
        assert figures_of(large_scores)[metric].value == pytest.approx(items.mean(), rel=1e-10)
        expected = normal_width(items) / np.sqrt(ITEMS)
        assert width_of(large_scores, metric) == pytest.approx(expected, rel=0.15)

    def test_calibration_error_is_exact(self, large: Case, large_scores: Scores) -> None:
        expected = multiclass_calibration_error(
            torch.from_numpy(large.model), torch.from_numpy(large.truth), num_classes=6, n_bins=15
        ).item()
        assert figures_of(large_scores)["ece"].value == pytest.approx(expected, abs=1e-6)

    def test_intervals_of_ratios_are_as_theory_has_them(
        self, large: Case, large_scores: Scores
    ) -> None:
        wrong = large.model.max(axis=1)[~large.right]
        assert figures_of(large_scores)["conf_wrong"].value == pytest.approx(wrong.mean())
        expected = normal_width(wrong) / np.sqrt(len(wrong))
        assert width_of(large_scores, "conf_wrong") == pytest.approx(expected, rel=0.15)

    @pytest.mark.parametrize("metric", ["aurc", "entropy_corr"])
    def test_ranks_are_close_and_intervals_as_by_resampling_items(
        self, metric: str, large: Case, large_scores: Scores
    ) -> None:
        if metric == "aurc":
            pairs = (large.model.max(axis=1), large.right)
            statistic: Callable[[Array, Array], float] = aurc
        else:
            people, model = (entropy(x, axis=1).round(12) for x in (large.people, large.model))
            pairs = (people, model)
            statistic = lambda x, y: spearmanr(x, y).statistic  # noqa: E731
        found = figures_of(large_scores)[metric]
        assert found.value == pytest.approx(statistic(*pairs), abs=1e-4)
        random = np.random.default_rng(0)
        drawn = [random.integers(0, ITEMS, ITEMS) for _ in range(200)]
        samples = [statistic(pairs[0][items], pairs[1][items]) for items in drawn]
        assert found.high - found.low == pytest.approx(normal_width(samples), rel=0.15)

    def test_strata_of_many_items_are_exact(self, large: Case) -> None:
        metrics = ("ce_human", "aurc", "ece")
        found = large.figures("truth=3", by="truth", metrics=metrics, resamples=100)
        alone = large.take(large.truth == 3).figures(metrics=metrics)
        for metric in metrics:
            assert found[metric].value == pytest.approx(alone[metric].value, rel=1e-9)
            assert found[metric].low < found[metric].value < found[metric].high

    def test_the_same_seed_groups_items_alike(self, large: Case, large_scores: Scores) -> None:
        again = large.score(metrics=("ce_human",))
        np.testing.assert_array_equal(
            samples_of(again, "ce_human"), samples_of(large_scores, "ce_human")
        )


@pytest.fixture(scope="module")
def huge() -> tuple[Case, Scores]:
    """More items than are summed at once or split for ceilings, sorted by class, scored."""
    few = made_up(np.random.default_rng(5), 50_000, classes=3, votes=(6, 20))
    case = few.take(np.argsort(np.tile(few.truth, 3), kind="stable") % 50_000)
    case.counts[case.truth == 0] = [9, 0, 0]  # so that strata differ
    assert len(case.truth) > SPLIT_ITEMS
    metrics = ("ce_human", "jsd", "aurc")
    return case, case.score(metrics=metrics, by="truth", per_item=True, resamples=0)


class TestHugeFiles:
    def test_values_are_those_of_one_sum(self, huge: tuple[Case, Scores]) -> None:
        case, scores = huge
        items = -(case.people * np.log(case.model)).sum(axis=1)
        found = figures_of(scores)
        assert found["ce_human"].value == pytest.approx(items.mean(), rel=1e-10)
        assert found["aurc"].value == pytest.approx(
            aurc(case.model.max(axis=1), case.right), abs=1e-4
        )
        np.testing.assert_allclose(np.asarray(scores.per_item)[0, 0], items, rtol=1e-5)

    def test_strata_hold_their_own_items(self, huge: tuple[Case, Scores]) -> None:
        case, scores = huge
        mine = case.truth == 2
        items = -(case.people * np.log(case.model)).sum(axis=1)[mine]
        found = figures_of(scores, "truth=2")["ce_human"]
        assert (found.n, found.value) == (mine.sum(), pytest.approx(items.mean(), rel=1e-10))

    @pytest.mark.parametrize("stratum", ["all", "truth=0", "truth=2"])
    def test_ceilings_of_split_votes_come_from_a_fair_sample(
        self, stratum: str, huge: tuple[Case, Scores]
    ) -> None:
        case, scores = huge
        part = case if stratum == "all" else case.take(case.truth == int(stratum[-1]))
        few = part.take(slice(None, None, 4)).figures(metrics=("jsd",))["jsd"].ceilings
        found = figures_of(scores, stratum)["jsd"].ceilings
        assert list(found.values()) == pytest.approx(list(few.values()), rel=0.02)


def test_scoring_does_not_change_its_inputs(case: Case) -> None:
    before = case.logits.copy(), case.counts.copy()
    figures(case.logits, counts=case.counts, truth=case.truth, by="human-entropy")
    np.testing.assert_array_equal(case.logits, before[0])
    np.testing.assert_array_equal(case.counts, before[1])
