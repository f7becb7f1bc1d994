"""What attacks say on one screen; values of the attack made by hand are in made_attacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_attacks import SMALL, by_hand, examined, health, made_attack

from c10h.records import Attack
from c10h.stages.attack_runs import attacked_networks
from c10h.views.answer import Answer
from c10h.views.attack_answer import attack_answers

from .made_results import texts


def answer_of(baseline: str = "", /, **files: Attack) -> Answer:
    networks = attacked_networks(files)
    named = next((network for network in networks if network.name == baseline), None)
    (answer,) = attack_answers(networks, named, "source")
    return answer


def test_before_and_after() -> None:
    """By hand: three of four right, then one; losses 0.25 and 2 in the mean."""
    answer = answer_of(a=by_hand())
    assert answer.sentences[0].startswith("a: at 4/255 accuracy falls from 0.750 to 0.250")
    assert "cross-entropy rises from 0.250 to 2.000" in answer.sentences[0]
    assert answer.table is not None
    assert [row[:3] for row in texts(answer.table)] == [
        ["accuracy", "clean", "0.750"],
        ["", "4/255", "0.250"],
        ["cross-entropy", "clean", "0.250"],
        ["", "4/255", "2.000"],
    ]
    assert answer.source == "source"


def test_people_where_it_was_compared_with_them() -> None:
    human = {
        "human cross-entropy": np.array([[1.25, 2.5]]),
        "items turned wrong, with a second": np.array([[2.0, 8.0]]),
        "landed on people's second": np.array([[0.5, 0.75]]),
    }
    assert (
        answer_of(a=made_attack(human=human))
        .sentences[0]
        .endswith(
            "Cross-entropy with people is 2.500 then; of 8 items that turn wrong and have a second "
            "choice of people's, 75 % become it."
        )
    )
    assert "people" not in answer_of(a=made_attack()).sentences[0]
    human["human cross-entropy before the attack"] = np.array([[1.0, 1.0]])
    sentence = answer_of(a=made_attack(human=human)).sentences[0]
    assert "Cross-entropy with people rises from 1.000 to 2.500; of 8 items" in sentence
    table = answer_of(a=made_attack(human=human)).table
    assert table is not None
    assert [row[:3] for row in texts(table)][-3:] == [
        ["cross-entropy with people", "clean", "1.000"],
        ["", "4/255", "1.250"],
        ["", "8/255", "2.500"],
    ]
    human["people's second was the runner-up before"] = np.array([[0.1, 0.625]])
    sentence = answer_of(a=made_attack(human=human)).sentences[0]
    assert sentence.endswith("75 % become it (before, it was the runner-up of 62 %).")


def test_checks_in_words() -> None:
    assert answer_of(a=made_attack()).sentences[-1] == (
        "Checks: no health checks were run (--health)."
    )


@pytest.mark.parametrize(("passed", "says"), [(1, "all passed."), (0, "judge by --method square")])
def test_a_check_that_failed_says_what_to_do(passed: int, says: str) -> None:
    record = replace(made_attack(), health=health(("accuracy, square", "", SMALL, 0.1, passed)))
    sentence = answer_of(a=record).sentences[-1]
    assert sentence.startswith("Checks: ")
    assert says in sentence


@pytest.mark.parametrize(("count", "is_few"), [(7, True), (49, True), (50, False)])
def test_how_many_items_the_checks_saw(count: int, is_few: bool) -> None:
    record = made_attack(items=60)
    record = replace(record, health=health(("accuracy, square", "", SMALL, 0.1, 1)))
    sentences = answer_of(a=examined(record, np.arange(count))).sentences
    few = "so few find only gross failures, and found none; --health 200 finds more"
    assert sentences[-1] == f"Checks on {count} items: {few if is_few else 'all passed'}."


@pytest.mark.parametrize(("passed", "says"), [(1, ", and found none"), (0, "")])
def test_checks_of_all_images_of_a_small_attack(passed: int, says: str) -> None:
    record = made_attack(items=12)
    record = replace(record, health=health(("accuracy, square", "", SMALL, 0.1, passed)))
    sentence = answer_of(a=examined(record, np.arange(12))).sentences[-1]
    assert sentence.endswith(f"o few find only gross failures{says}; attack more images.")


@pytest.mark.parametrize(
    ("items", "says"),
    [
        (19, None),
        (20, "which so few cannot tell from chance: attack more of them."),
        (99, "which so few cannot tell from chance: attack more of them."),
        (100, "which is at chance: an attack on it says nothing about robustness."),
    ],
)
def test_a_network_that_guesses(items: int, says: str | None) -> None:
    """Right about every third image, of three classes."""
    number = np.arange(items)
    truth = (number + (number // 3 % 3 > 0)) % 3
    record = replace(made_attack(items=items), truth=truth)
    told = [line for line in answer_of(a=record).sentences if "as they are" in line]
    assert [line.split("as they are, ")[1] for line in told] == ([says] if says else [])


def test_a_network_that_is_worse_than_guesses() -> None:
    """As one whose outputs stand for the classes in another order."""
    number = np.arange(60)
    record = made_attack(items=60)
    best = np.asarray(record.clean_logits[0]).argmax(axis=1)
    record = replace(record, truth=np.where(number < 2, best, (best + 1) % 3))
    (told,) = (line for line in answer_of(a=record).sentences if "as they are" in line)
    assert told == (
        "a is right on 2 of 60 images as they are, fewer than guesses would be: are the classes of "
        "the images in the order of its outputs?"
    )


def test_two_networks_are_compared() -> None:
    one = made_attack(0, item=np.arange(12, dtype="u8"))
    other = made_attack(1, item=np.arange(12, dtype="u8"))
    answer = answer_of("hard", hard=one, human=other)
    assert answer.sentences[0].startswith("human less hard after 8/255: ")
    assert answer.table is not None
    assert answer.table.header[:5] == ["metric", "ε", "hard", "human", "difference"]


def test_networks_that_cannot_be_compared_say_why() -> None:
    answer = answer_of(
        "hard",
        hard=made_attack(0, item=np.arange(12, dtype="u8")),
        human=made_attack(1, item=np.arange(20, 32, dtype="u8")),
    )
    assert any("not paired" in note for note in answer.notes)
    assert answer.table is not None
    assert "difference" not in answer.table.header


def test_many_networks_stand_down() -> None:
    names = [f"run{number}" for number in range(6)]
    answer = answer_of("", **{name: made_attack(0) for name in names})
    assert answer.table is not None
    assert [row[0] for row in texts(answer.table)] == names
    assert "3 more networks are in --detail." in answer.sentences
