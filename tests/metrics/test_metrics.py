"""What holds for every row of the table of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from c10h.errors import InputError
from c10h.metrics.metrics import METRICS, choose
from c10h.metrics.needed_inputs import Needs
from metrics.scoring import METRIC_NAMES, figures, made_up

EVERY_METRIC = pytest.mark.parametrize("metric", METRIC_NAMES)
GIVEN = {
    "truth": {Needs.TRUTH},
    "probs": {Needs.PEOPLE},
    "counts": {Needs.PEOPLE, Needs.COUNTS},
}


@pytest.mark.parametrize("given", GIVEN)
@EVERY_METRIC
def test_a_metric_is_null_with_the_reason_where_its_inputs_are_missing(
    metric: str, given: str, random: np.random.Generator
) -> None:
    case = made_up(random, 40)
    inputs: dict[str, Any] = {"truth": case.truth, "probs": case.people, "counts": case.counts}
    found = figures(case.logits, resamples=10, **{given: inputs[given]})[metric]
    missing = [need for need in METRICS[metric].needs if need not in GIVEN[given]]
    if missing:
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == 0
        assert found.why == f"needs {missing[-1]}"
    else:
        assert np.isfinite([found.value, found.low, found.high]).all()
        assert found.why is None


def test_the_reasons_name_the_options() -> None:
    found = figures([[1.0, 0.0]], probs=[[0.5, 0.5]])
    assert found["ce_hard"].why == "needs the true classes (--truth)"
    assert found["equivalent_annotators"].why == "needs human labels with vote counts (--labels)"
    found = figures([[1.0, 0.0]], truth=[0])
    assert found["ce_human"].why == "needs human labels (--labels)"


@EVERY_METRIC
def test_the_level_of_logits_does_not_matter(metric: str, random: np.random.Generator) -> None:
    case = made_up(random, 80)
    shifted = figures(case.logits + 64, counts=case.counts, truth=case.truth)[metric]
    assert shifted.value == pytest.approx(case.figures()[metric].value, rel=1e-9)


@EVERY_METRIC
def test_the_order_of_items_does_not_matter(metric: str, random: np.random.Generator) -> None:
    case = made_up(random, 80)
    shuffled = case.take(random.permutation(80)).figures()[metric]
    assert shuffled.value == pytest.approx(case.figures()[metric].value, rel=1e-9)
    assert shuffled.n == case.figures()[metric].n


@EVERY_METRIC
def test_the_order_of_classes_does_not_matter(metric: str, random: np.random.Generator) -> None:
    case = made_up(random, 80)
    order = random.permutation(4)
    moved = figures(
        case.logits[:, order], counts=case.counts[:, order], truth=np.argsort(order)[case.truth]
    )
    assert moved[metric].value == pytest.approx(case.figures()[metric].value, rel=1e-9)


@EVERY_METRIC
def test_repeating_every_item_changes_no_value(metric: str, random: np.random.Generator) -> None:
    # AURC at twice the items has finer coverage, and nothing else counts items.
    case = made_up(random, 90)
    twice = case.take(np.repeat(np.arange(90), 2)).figures()[metric]
    tolerance = 0.05 if metric == "aurc" else 1e-9
    assert twice.value == pytest.approx(case.figures()[metric].value, rel=tolerance)
    assert twice.n == 2 * case.figures()[metric].n


@EVERY_METRIC
def test_a_single_item_is_scored_without_a_warning(metric: str) -> None:
    found = figures([[2.0, 1.0, 0.0]], counts=[[6, 3, 1]], truth=[0], resamples=20)[metric]
    undefined = metric in ("entropy_corr", "conf_wrong")
    assert bool(found.why) == np.isnan(found.value) == undefined


def test_choose_keeps_the_order_of_the_table() -> None:
    assert choose(["sba,ce_human", "accuracy"]) == ["accuracy", "ce_human", "sba"]
    assert choose([]) == list(METRICS)


def test_choose_knows_every_k() -> None:
    names = ["kl", "accuracy_top12", "accuracy_top5", "accuracy_top2", "accuracy"]
    assert choose(names) == ["accuracy", "accuracy_top2", "accuracy_top5", "accuracy_top12", "kl"]
    assert choose(["kl"], top=3) == ["accuracy_top3", "kl"]
    assert choose(["kl"], top=5) == ["accuracy_top5", "kl"]
    assert choose([], top=5) == list(METRICS)
    assert choose([], top=3) == [name.replace("top5", "top3") for name in METRICS]


@pytest.mark.parametrize("name", ["accuracy_top0", "accuracy_top", "accuracy_top05", "top5"])
def test_choose_refuses_what_is_no_k(name: str) -> None:
    with pytest.raises(InputError, match=f"unknown metric '{name}': "):
        choose([name])


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_best_k_of_k_classes_do_not_exist(k: int) -> None:
    logits = [[3.0, 2.0, 1.0]]
    found = figures(logits, truth=[1], metrics=(f"accuracy_top{k}",))[f"accuracy_top{k}"]
    if k < 3:
        assert (found.value, found.why) == (1, None)
    else:
        assert np.isnan(found.value)
        assert found.why == f"needs more than {k} classes"


def test_choose_refuses_other_names() -> None:
    with pytest.raises(InputError, match="unknown metric 'crossentropy': "):
        choose(["crossentropy"])
