"""Sizes of an attack as words, and what is refused with a hint how to write it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from c10h.attacks.budget import EUCLIDEAN, INFINITY, NORMS, Budget
from c10h.attacks.methods import ATTACKS
from c10h.errors import InputError
from c10h.stages.attack_budgets import epsilon_name, parse_budgets, parse_size


def parsed(*epsilons: str, method: str = "pgd", **changes: Any) -> list[Budget]:
    given = {"norm": INFINITY, "steps": None, "step_size": None, "random_start": None}
    return parse_budgets(epsilons, method=ATTACKS[method], **{**given, **changes})


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("text", "value"),
    [("4/255", 4 / 255), ("0.5/255", 0.5 / 255), ("0.0157", 0.0157), ("1e-3", 1e-3), (".5", 0.5),
     ("254/255", 254 / 255), ("4/255.0", 4 / 255)],
)  # fmt: skip
def test_sizes(text: str, value: float, norm: str) -> None:
    assert parse_size(text, "--epsilon", norm) == value


@pytest.mark.parametrize("text", ["255/255", "510/255", "1000/255"])
def test_l2_may_be_above_1_in_levels(text: str) -> None:
    assert parse_size(text, "--epsilon", EUCLIDEAN) == float(text.partition("/")[0]) / 255
    with pytest.raises(InputError, match="larger than any change of a pixel"):
        parse_size(text, "--epsilon", INFINITY)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("4", r"\(4/255 = 0\.0157\?\)"),
        ("1.0", r"\(1\.0/255 = 0\.0039\?\)"),
        ("1", "larger than any change of a pixel"),
        ("-1", "expected more than 0"),
        ("-4/255", "expected more than 0"),
        ("0", "expected more than 0"),
        ("0/255", "expected more than 0"),
        ("abc", "write k/255"),
        ("", "write k/255"),
        ("/", "write k/255"),
        ("4/", "write k/255"),
        ("/255", "write k/255"),
        ("4/256", "write k/255"),
        ("4/0", "write k/255"),
        ("4/255/255", "write k/255"),
        ("4:255", "write k/255"),
        ("4/-255", "write k/255"),
        ("nan", "write k/255"),
        ("nan/255", "write k/255"),
        ("inf", "write k/255"),
        ("inf/255", "write k/255"),
        ("4/inf", "write k/255"),
        ("1e400", "write k/255"),
        ("4/nan", "write k/255"),
    ],
)
def test_what_is_refused_says_how_to_write_it(text: str, says: str, norm: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        parse_size(text, "--step-size", norm)
    message = str(caught.value)
    assert message.startswith(f"--step-size {text}:")
    assert "write k/255, as 4/255, or a decimal under 1, as 0.0157" in message
    assert "\n" not in message


def test_l2_above_1_without_levels_says_so() -> None:
    with pytest.raises(InputError, match="ℓ2 distances above 1 are written as k/255"):
        parse_size("2", "--epsilon", EUCLIDEAN)


def test_the_usual_step_is_a_quarter_of_epsilon_in_ten() -> None:
    (one,) = parsed("4/255")
    assert one.step_size == pytest.approx(1 / 255)
    assert one == Budget(4 / 255, INFINITY, 10, one.step_size, random_start=True)
    (few,) = parsed("4/255", steps=2)
    assert few.step_size == few.epsilon == 4 / 255
    (many,) = parsed("4/255", steps=100)
    assert many.step_size == pytest.approx(0.1 / 255)


def test_epsilons_keep_their_order_and_each_has_its_step() -> None:
    found = parsed("8/255", "2/255", "0.5", norm=EUCLIDEAN)
    assert [one.epsilon for one in found] == [8 / 255, 2 / 255, 0.5]
    assert [one.step_size for one in found] == pytest.approx([2 / 255, 0.5 / 255, 0.125])
    assert {one.norm for one in found} == {EUCLIDEAN}


@pytest.mark.parametrize("method", ATTACKS)
def test_methods_have_their_own_steps_and_start(method: str) -> None:
    (one,) = parsed("4/255", method=method)
    assert one.steps == ATTACKS[method].steps
    assert one.random_start == ATTACKS[method].starts_at_random


def test_what_is_said_of_the_step_and_the_start() -> None:
    (one,) = parsed("4/255", steps=7, step_size="2/255", random_start=False)
    assert one == Budget(4 / 255, INFINITY, 7, 2 / 255, random_start=False)
    (one,) = parsed("4/255", step_size="4/255")
    assert one.step_size == one.epsilon


@pytest.mark.parametrize("epsilons", [["4/255"], ["8/255", "4/255"]])
def test_a_step_larger_than_epsilon(epsilons: list[str]) -> None:
    with pytest.raises(InputError, match="--step-size 5/255: is larger than --epsilon 4/255"):
        parsed(*epsilons, step_size="5/255")


@pytest.mark.parametrize("other", ["0.01568627450980392", "4/255.0", "4.0/255"])
def test_an_epsilon_in_two_spellings(other: str) -> None:
    with pytest.raises(InputError, match=f"4/255 {other}: one of them was given twice"):
        parsed("4/255", other)


@pytest.mark.parametrize("changes", [{"steps": 2}, {"step_size": "1/255"}, {"random_start": True}])
def test_fgsm_is_one_step_from_the_image(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="fgsm: is one step of epsilon from the image itself"):
        parsed("4/255", method="fgsm", **changes)
    (one,) = parsed("4/255", method="fgsm", steps=1, random_start=False)
    assert (one.steps, one.step_size) == (1, one.epsilon)


@pytest.mark.parametrize(
    ("name", "changes", "flag"),
    [
        ("apgd", {"step_size": "1/255"}, "--step-size"),
        ("md", {"step_size": "1/255"}, "--step-size"),
        ("square", {"step_size": "1/255"}, "--step-size"),
        ("square", {"random_start": True}, "--random-start"),
    ],
)
def test_what_a_method_does_not_take(name: str, changes: dict[str, Any], flag: str) -> None:
    with pytest.raises(InputError, match=f"{flag}: this method does not take it"):
        parsed("4/255", method=name, **changes)


@pytest.mark.parametrize("levels", [0, 1, 4, 8, 16, 254, 255, 510])
def test_whole_levels(levels: int) -> None:
    assert epsilon_name(levels / 255) == f"{levels}/255"
    assert epsilon_name(float(np.float64(levels) * (1 / 255))) == f"{levels}/255"


@pytest.mark.parametrize(
    ("epsilon", "text"),
    [(0.5, "0.5"), (0.0157, "0.0157"), (1e-5, "0.00001"), (4.5 / 255, f"{4.5 / 255}")],
)
def test_other_sizes_are_decimals(epsilon: float, text: str) -> None:
    assert epsilon_name(epsilon) == text
    assert epsilon_name(np.float64(epsilon)) == text


def test_float32_is_no_whole_level() -> None:
    assert epsilon_name(float(np.float32(4 / 255))) != "4/255"


def test_sizes_that_differ_are_written_differently() -> None:
    assert epsilon_name(0.1) != epsilon_name(np.nextafter(0.1, 1))
