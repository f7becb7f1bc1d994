"""Differences at equal scale of attack files, whatever the order of their items."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import LARGE, SMALL, cross_entropy, examined, made_attack, shuffled

from c10h.records import Attack
from c10h.stages.attack_runs import attacked_networks
from c10h.stages.attack_scale import ALL_RIGHT, scale_of
from c10h.stages.attack_scale_differences import (
    NONE_SHARED,
    NOT_EXAMINED,
    ScaleDifference,
    scale_differences,
)

ITEMS = 60


def record(seed: int, rows: Any = range(ITEMS), **changes: Any) -> Attack:
    return examined(made_attack(seed, items=ITEMS, **changes), np.array(rows))


def found(a: Attack, b: Attack) -> dict[str, ScaleDifference]:
    """By what they are after."""
    network, baseline = attacked_networks({"a": a, "b": b})
    differences = scale_differences([network, baseline], baseline)
    assert {(difference.a, difference.b) for difference in differences} == {("a", "b")}
    return {difference.after: difference for difference in differences}


def test_means_over_the_items_examined_in_both() -> None:
    a, b = record(1, range(40)), record(2, range(20, 60))
    results = found(a, b)
    assert list(results) == ["clean", "4/255", "8/255"]
    common = slice(20, 40)
    for k, result in enumerate(("4/255", "8/255")):
        own, scaled = [], []
        for one, rows in ((a, slice(20, 40)), (b, slice(0, 20))):
            truth = np.arange(ITEMS)[common] % 3
            own.append(cross_entropy(np.asarray(one.logits, "f8")[0, k][common], truth).mean())
            logits = np.asarray(one.rescaled_logits, "f8")[0, k][rows]
            scaled.append(cross_entropy(logits, truth).mean())
        values = results[result].remaining
        assert values is not None
        assert values.n == 20
        assert values.as_it_is.value == pytest.approx(own[0] - own[1], rel=1e-5)
        assert values.at_equal_scale.value == pytest.approx(scaled[0] - scaled[1], rel=1e-5)
        assert values.at_equal_scale.low < values.at_equal_scale.value < values.at_equal_scale.high


def test_before_the_attack_all_items_count_even_in_a_file_without_checks() -> None:
    a, b = made_attack(1, items=ITEMS), made_attack(2, items=ITEMS)
    results = found(a, b)
    values = results["clean"].remaining
    assert values is not None
    assert values.n == ITEMS
    scaled = []
    for one in (a, b):
        assert one.truth is not None
        clean = np.asarray(one.clean_logits, "f8")[0]
        logits = clean / scale_of(clean, one.truth).temperature
        scaled.append(cross_entropy(logits, one.truth).mean())
    assert values.at_equal_scale.value == pytest.approx(scaled[0] - scaled[1])
    assert [results[after].why for after in ("4/255", "8/255")] == [NOT_EXAMINED] * 2


def test_items_are_matched_whatever_their_order(random: Any) -> None:
    a, b = record(1, range(40)), record(2, range(20, 60))
    order = random.permutation(ITEMS)
    where = np.argsort(order)
    assert b.examined is not None
    rows = np.argsort(where[b.examined])
    moved = replace(
        shuffled(b, order),
        examined=where[b.examined][rows],
        rescaled_logits=np.asarray(b.rescaled_logits)[:, :, rows],
    )
    plain, other = found(a, b), found(a, moved)
    for after, difference in plain.items():
        one, two = difference.remaining, other[after].remaining
        assert one is not None
        assert two is not None
        assert one.n == two.n
        assert two.at_equal_scale.value == pytest.approx(one.at_equal_scale.value, rel=1e-9)
        assert two.at_equal_scale.low == pytest.approx(one.at_equal_scale.low, rel=1e-6)


def test_a_network_against_itself_at_another_scale() -> None:
    a = record(1)
    b = replace(a, clean_logits=np.asarray(a.clean_logits) * 7, logits=np.asarray(a.logits) * 7)
    for difference in found(b, a).values():
        assert difference.remaining is not None
        assert difference.remaining.as_it_is.value != pytest.approx(0, abs=0.01)
        assert difference.remaining.at_equal_scale.value == pytest.approx(0, abs=1e-6)


def test_items_whose_class_one_file_does_not_know_do_not_count() -> None:
    a, b = record(1), record(2)
    assert b.truth is not None
    unknown = np.arange(ITEMS) % 10 == 3
    fewer = replace(b, truth=np.where(unknown, -1, b.truth))
    for difference in found(a, fewer).values():
        assert difference.remaining is not None
        assert difference.remaining.n == ITEMS - 6
        assert np.isfinite(difference.remaining.at_equal_scale.low)


def test_why_there_is_none() -> None:
    a, b = record(1), record(2)
    other = found(record(1, settings={"method": "md"}), b)
    assert {one.why for one in other.values()} == {"not paired: b is under a different attack"}
    assert found(a, record(2, budgets=(LARGE,)))["4/255"].why == "b was not attacked with 4/255"
    apart = found(record(1, range(30)), record(2, range(30, 60)))
    assert [apart[after].why for after in apart] == [None, NONE_SHARED, NONE_SHARED]
    right = replace(b, clean_logits=(9 * np.eye(3)[np.arange(ITEMS) % 3])[None].astype("f4"))
    assert {one.why for one in found(a, right).values()} == {f"b: {ALL_RIGHT}"}
    assert all(one.remaining is None for one in found(a, right).values())


def test_members_have_their_own(random: Any) -> None:
    a, b = (record(seed, members=2, budgets=(SMALL,)) for seed in (1, 2))
    networks = attacked_networks({"a": a, "b": b})
    differences = scale_differences(networks, networks[2])
    values = {(one.a, one.after): one.remaining for one in differences}
    assert list(values) == [
        (name, after)
        for name in ("a/fold-0", "a/fold-1", "b/fold-1")
        for after in ("clean", "4/255")
    ]
    truth = np.arange(ITEMS) % 3
    logits = [np.asarray(one.rescaled_logits, "f8")[m, 0] for one, m in ((a, 1), (b, 0))]
    wanted = [cross_entropy(one, truth).mean() for one in logits]
    found_values = values["a/fold-1", "4/255"]
    assert found_values is not None
    assert found_values.at_equal_scale.value == pytest.approx(wanted[0] - wanted[1], rel=1e-5)
