"""What an attack did, held against people: by hand on a few items."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_attacks import made_attack

from c10h.records import Attack
from c10h.stages.attack_human import compare
from c10h.stages.people import People

CLASSES = ("cat", "dog", "bird")
COUNTS = np.array([[6, 3, 1], [2, 4, 2], [0, 0, 5], [3, 7, 0]], dtype="i4")
TRUTH = np.array([0, 1, 2, 0])
SHARES = COUNTS / COUNTS.sum(axis=1, keepdims=True)
PEOPLE = People(CLASSES, 4, SHARES, COUNTS, TRUTH)
SAID_OF = "items turned wrong, with a second"
# Before the attack all are right. After it: people's second; one of two seconds; wrong where people
# were sure; a class that nobody saw.
AFTER = np.log(np.array([[2, 5, 1], [2, 1, 5], [5, 2, 1], [2, 1, 5]]) / 8).astype("f4")


def attack(after: Any = AFTER, before: Any = (1, 1, 1, 1), **changes: Any) -> Attack:
    after = np.asarray(after, dtype="f4")
    after = after[None, None] if after.ndim == 2 else after
    members, budgets = after.shape[:2]
    correct = np.ones((members, budgets, 4, 4), "u1")
    correct[:, :, 0] = before
    correct[:, :, -1] = after.argmax(axis=-1) == TRUTH
    given = {"logits": after, "truth": TRUTH, "correct": correct}
    sizes = [(k + 1) / 255 for k in range(budgets)]
    return made_attack(items=4, members=members, budgets=sizes, **{**given, **changes})


def test_figures_by_hand() -> None:
    found = compare(attack(), PEOPLE)
    logs = np.log(np.array([[2, 5, 1], [2, 1, 5], [5, 2, 1], [2, 1, 5]]) / 8)
    items = -(SHARES * logs).sum(axis=1)
    assert found["human cross-entropy"] == pytest.approx(np.array([[items.mean()]]), rel=1e-6)
    assert found[SAID_OF].tolist() == [[3]]
    assert found["landed on people's second"] == pytest.approx(np.array([[2 / 3]]))
    sure = {name: values.item() for name, values in found.items() if "human-entropy=0" in name}
    assert sure == {
        "items, human-entropy=0": 1,
        "accuracy, human-entropy=0": 0,
        "cross-entropy, human-entropy=0": pytest.approx(np.log(8), rel=1e-6),
        "human cross-entropy, human-entropy=0": pytest.approx(np.log(8), rel=1e-6),
    }


def test_strata_hold_all_items_and_come_together_to_the_mean() -> None:
    found = compare(attack(), PEOPLE)
    strata = [name.removeprefix("items, ") for name in found if name.startswith("items, ")]
    sizes = np.array([found[f"items, {name}"].item() for name in strata])
    assert sizes.sum() == 4
    values = np.array([found[f"human cross-entropy, {name}"].item() for name in strata])
    some = sizes > 0
    mean = (sizes[some] * values[some]).sum() / 4
    assert mean == pytest.approx(found["human cross-entropy"].item())


def test_whether_it_was_the_runner_up_before() -> None:
    """Of the three items in which people saw another class: of all, then not of the first."""
    seconds = np.argsort(np.where(np.arange(3) == TRUTH[:, None], -1, COUNTS), axis=1)[:, -1]
    clean = 9 * np.eye(3)[TRUTH] + 4 * np.eye(3)[seconds]
    found = compare(attack(clean_logits=clean[None].astype("f4")), PEOPLE)
    assert found["people's second was the runner-up before"].item() == 1
    clean[0] = [9, 0, 4]
    found = compare(attack(clean_logits=clean[None].astype("f4")), PEOPLE)
    assert found["people's second was the runner-up before"].item() == pytest.approx(2 / 3)


@pytest.mark.parametrize("second", [0, 2])
def test_of_people_s_ties_any_will_do(second: int) -> None:
    after = AFTER.copy()
    after[1] = np.where(np.arange(3) == second, 5, 0)
    found = compare(attack(after), PEOPLE)
    assert found["landed on people's second"].item() == pytest.approx(2 / 3)


def test_what_was_wrong_already_or_stays_right_does_not_count() -> None:
    found = compare(attack(before=(0, 1, 1, 1)), PEOPLE)
    assert found[SAID_OF].item() == 2
    assert found["landed on people's second"].item() == 0.5
    after = AFTER.copy()
    after[3] = [5, 0, 0]
    found = compare(attack(after), PEOPLE)
    assert found[SAID_OF].item() == 2
    assert found["landed on people's second"].item() == 1


def test_where_nothing_was_turned_there_is_no_share() -> None:
    found = compare(attack(5 * np.eye(3)[TRUTH]), PEOPLE)
    assert found[SAID_OF].item() == 0
    assert np.isnan(found["landed on people's second"].item())


def test_probabilities_stand_in_for_votes() -> None:
    found = compare(attack(), replace(PEOPLE, counts=None))
    assert found["landed on people's second"].item() == pytest.approx(2 / 3)


def test_each_member_and_budget_has_its_own() -> None:
    right = 5 * np.eye(3)[TRUTH]
    after = np.stack([np.stack([right, AFTER]), np.stack([AFTER, right])])
    found = compare(attack(after), PEOPLE)
    assert found[SAID_OF].tolist() == [[0, 3], [3, 0]]
    loss = found["human cross-entropy"]
    assert loss[0, 0] == loss[1, 1] != loss[0, 1] == loss[1, 0]
    assert {values.shape for values in found.values()} == {(2, 2)}
