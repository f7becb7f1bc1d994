"""The worst case over several attacks on one network, by hand: which of four items stay right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import CORRECT, LARGE, LOSS, SMALL, by_hand, made_attack, shuffled
from scipy.stats import binomtest

from c10h.records import Attack, Input, Lineage
from c10h.stages.attack_runs import attacked_networks
from c10h.stages.worst_case import WorstCase, worst_cases

RIGHT, WRONG = 0.3, 1.0


def leaving(*right: int, epsilon: float = SMALL, **settings: Any) -> Attack:
    """An attack on the network of by_hand() that leaves only some of its items right."""
    correct, loss = CORRECT.copy(), LOSS.copy()
    correct[0, 0, -1] = np.isin(np.arange(4), right)
    loss[0, 0, -1] = np.where(correct[0, 0, -1] == 1, RIGHT, WRONG)
    made = by_hand(loss=loss, correct=correct, settings=settings)
    return replace(made, epsilon=np.array([epsilon]))


def cases_of(**files: Attack) -> list[WorstCase]:
    return worst_cases(attacked_networks(files))


def test_an_image_counts_where_it_is_right_under_every_attack() -> None:
    """Of items 0, 1, 2 that are right at first, one attack leaves 0 and 1, the other 1 and 2."""
    (case,) = cases_of(a=leaving(0, 1), b=leaving(1, 2, method="square"))
    assert (case.names, case.norm, case.budget, case.n) == (("a", "b"), "inf", "4/255", 4)
    assert case.value == 0.25
    wilson = binomtest(1, 4).proportion_ci(method="wilson")
    assert [case.low, case.high] == pytest.approx([wilson.low, wilson.high], rel=1e-12)


def test_an_image_that_was_wrong_before_is_not_right_by_the_attack() -> None:
    (case,) = cases_of(a=leaving(3), b=leaving(3))
    assert case.value == 0


def test_items_in_another_order_are_matched() -> None:
    rows = np.array([2, 0, 3, 1])
    (case,) = cases_of(a=leaving(0, 1), b=shuffled(leaving(1, 2), rows))
    assert case.value == 0.25
    (case,) = cases_of(a=shuffled(leaving(0, 1), rows), b=leaving(0, 1, 2))
    assert case.value == 0.5


@pytest.mark.parametrize("named", [False, True])
def test_items_that_both_have_count(named: bool) -> None:
    """One has items 0 to 3, of which it leaves 0, 1, 2; the other 3, 1, 2 and leaves 1."""
    a, b = leaving(0, 1, 2), leaving(1)
    if named:
        names = np.array(["w", "x", "y", "z"])
        a, b = replace(a, ids=names), replace(b, ids=names, index=np.arange(4) + 9)
    (case,) = cases_of(a=a, b=shuffled(b, np.array([3, 1, 2])))
    assert (case.n, case.value) == (3, pytest.approx(1 / 3))


def test_a_smaller_attack_is_within_a_larger_size() -> None:
    """At 4/255 there is one attack alone, which is no worst of several."""
    (case,) = cases_of(small=leaving(0), large=leaving(1, 2, epsilon=LARGE))
    assert (case.budget, case.value) == ("8/255", 0)


def test_another_network_norm_or_other_items_have_none() -> None:
    other = leaving(0, 1)
    other = replace(other, clean_logits=np.asarray(other.clean_logits) * np.float32(1.01))
    assert cases_of(a=leaving(0), b=other) == []
    assert cases_of(a=leaving(0), b=leaving(1, norm="2")) == []
    a, b = (
        replace(
            leaving(0),
            lineage=Lineage(
                command="c10h attack",
                inputs=(Input(role="images", name="i.h5", sha256=images),
                        Input(role="network run", name="fold-0.pt", sha256=weights)),
            ),
        )
        for images, weights in (("1" * 64, "2" * 64), ("3" * 64, "4" * 64))
    )  # fmt: skip
    assert cases_of(a=a, b=b) == []
    assert len(cases_of(a=a, b=a)) == 1
    assert cases_of(a=leaving(0), b=made_attack(items=5)) == []
    elsewhere = replace(leaving(1), index=np.arange(4) + 7)
    assert cases_of(a=leaving(0), b=elsewhere) == []
    assert cases_of(a=leaving(0)) == []


def test_classes_in_another_order_are_one_network() -> None:
    a, b = leaving(0, 1), leaving(1, 2)
    assert b.truth is not None
    order = [2, 0, 1]
    turned = replace(
        b,
        classes=tuple(b.classes[c] for c in order),
        clean_logits=np.asarray(b.clean_logits)[..., order],
        logits=np.asarray(b.logits)[..., order],
        truth=np.argsort(order)[b.truth],
    )
    (case,) = cases_of(a=a, b=turned)
    assert case.value == 0.25


def test_each_network_of_a_file_has_its_own() -> None:
    record = made_attack(members=2)
    cases = cases_of(a=record, b=record)
    assert [(case.names, case.budget) for case in cases] == [
        (("a/fold-0", "b/fold-0"), "4/255"),
        (("a/fold-0", "b/fold-0"), "8/255"),
        (("a/fold-1", "b/fold-1"), "4/255"),
        (("a/fold-1", "b/fold-1"), "8/255"),
    ]
    for case, (member, budget) in zip(cases, np.ndindex(2, 2), strict=True):
        steps = np.asarray(record.correct)[member, : budget + 1, [0, -1]]
        assert case.value == steps.reshape(-1, 12).all(axis=0).mean()
