"""Names of classes: where they come from, and how two orders of them are matched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from c10h.errors import InputError, MismatchError
from c10h.formats.class_names import (
    CLASS_LISTS,
    are_default,
    are_matched_by_position,
    class_of_words,
    default_names,
    match_order,
    parse_classes,
)

NAMES = ("cat", "dog", "bird")


def test_default_names_are_numbers() -> None:
    assert default_names(3) == ("0", "1", "2")
    assert are_default(["0", "1", "2"])
    assert not are_default(["1", "0", "2"])
    assert not are_default(NAMES)


class TestParseClasses:
    def test_a_known_list(self) -> None:
        assert parse_classes("cifar10") == CLASS_LISTS["cifar10"]
        assert parse_classes("cifar10")[:3] == ("airplane", "automobile", "bird")

    def test_a_number(self) -> None:
        assert parse_classes("12") == default_names(12)

    def test_names_between_commas(self) -> None:
        assert parse_classes("cat, dog,bird") == NAMES

    def test_a_file_with_a_name_a_line(self, tmp_path: Path) -> None:
        (tmp_path / "names.txt").write_text("chat\n\n  Hund \n鳥\n", encoding="utf-8")
        assert parse_classes(str(tmp_path / "names.txt")) == ("chat", "Hund", "鳥")

    @pytest.mark.parametrize("argument", ["1", "0", "cat,cat", "cat,", ",", "nowhere.txt", "²"])
    def test_anything_else(self, argument: str) -> None:
        with pytest.raises(InputError, match=f"^--classes {argument}: expected "):
            parse_classes(argument)

    def test_a_text_too_long_for_a_file_name(self) -> None:
        with pytest.raises(InputError, match=r"^--classes a{40}: file name too long$"):
            parse_classes("a" * 5000)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "expected two or more names, found 0 names"),
            (b"cat\n", "expected two or more names, found 1 names"),
            (b"\xff\xfe\x00", "not a readable text file"),
            (b"cat\ncat\n", "expected distinct names, found 'cat' 2 times"),
        ],
    )
    def test_a_file_that_holds_no_names(self, tmp_path: Path, content: bytes, says: str) -> None:
        (tmp_path / "names.txt").write_bytes(content)
        with pytest.raises(InputError, match=rf"names\.txt: {says}$"):
            parse_classes(str(tmp_path / "names.txt"))


class TestMatchOrder:
    def test_the_same_order_needs_nothing(self) -> None:
        assert match_order(NAMES, NAMES, "x") is None

    def test_another_order_is_matched_by_name(self) -> None:
        order = match_order(("bird", "cat", "dog"), NAMES, "x")
        assert order == [1, 2, 0]
        assert [("bird", "cat", "dog")[column] for column in order] == list(NAMES)

    def test_names_nobody_gave_are_taken_by_position(self) -> None:
        assert match_order(("0", "1", "2"), NAMES, "x") is None
        assert match_order(NAMES, ("0", "1", "2"), "x") is None

    def test_numbers_in_another_order_are_matched_too(self) -> None:
        assert match_order(("2", "0", "1"), ("0", "1", "2"), "x") == [1, 2, 0]

    def test_another_class(self) -> None:
        says = (
            "expected the classes cat, dog, bird, found cat, dog, fish: no class is called 'fish', "
            "and 'bird' is missing"
        )
        with pytest.raises(MismatchError, match=says):
            match_order(("cat", "dog", "fish"), NAMES, "x")

    @pytest.mark.parametrize("names", [NAMES[:2], ("0", "1"), (*NAMES, "fish")])
    def test_another_number_of_classes(self, names: tuple[str, ...]) -> None:
        with pytest.raises(MismatchError, match=f"x: expected 3 classes, found {len(names)}"):
            match_order(names, NAMES, "x")

    @pytest.mark.parametrize(
        ("names", "says"),
        [
            ((*NAMES, "fish", "?"), "cat, dog, bird, also fish, ?"),
            (NAMES[1:], "dog, bird, without cat"),
            (("0", "1"), "0, 1 for cat, dog, bird"),
            (("cat", "fish"), "cat, fish for cat, dog, bird"),
        ],
    )
    def test_what_is_more_on_one_side(self, names: tuple[str, ...], says: str) -> None:
        with pytest.raises(MismatchError, match=rf"found {len(names)}: {re.escape(says)} \(--cl"):
            match_order(names, NAMES, "x")


def test_a_list_that_is_nearly_called_so() -> None:
    with pytest.raises(InputError, match=r"^--classes cifar01: did you mean cifar10\?"):
        parse_classes("cifar01")


class TestNamesByMeaning:
    WANTED = ("cat", "dog", "traffic light")

    @pytest.mark.parametrize(
        "names",
        [
            ("traffic light", "cat", "dog"),
            ("Traffic Light", "CAT", "Dog"),
            ("traffic_light", "cat", "dog"),
            ("trafficLight", "cat", "dog"),
            ("p_traffic_light", "p_cat", "p_dog"),
            ("traffic_light_prob", "cat_prob", "dog_prob"),
            ("prob(traffic light)", "prob(cat)", "prob(dog)"),
        ],
    )
    def test_equal_but_for_case_blanks_prefix_and_suffix(self, names: tuple[str, ...]) -> None:
        assert match_order(names, self.WANTED, "x") == [1, 2, 0]
        assert match_order(self.WANTED, names, "x") == [2, 0, 1]
        assert not are_matched_by_position(names, self.WANTED)

    def test_both_sides_may_be_decorated(self) -> None:
        names, wanted = ("n_dog", "n_cat"), ("cat_votes", "dog_votes")
        assert match_order(names, wanted, "x") == [1, 0]

    def test_what_the_classes_share_themselves_is_no_decoration(self) -> None:
        assert match_order(("p_cow", "p_cat"), ("cat", "cow"), "x") == [1, 0]
        assert match_order(("xa", "xaa"), ("aa", "a"), "x") == [1, 0]

    @pytest.mark.parametrize(
        ("names", "order"),
        [
            (("p0", "p1", "p2"), None),
            (("p3", "p1", "p2"), [1, 2, 0]),
            (("class 2", "class 0", "class 1"), [1, 2, 0]),
            (("1", "2", "3"), None),
        ],
    )
    def test_numbers_are_the_classes_in_order(
        self, names: tuple[str, ...], order: list[int] | None
    ) -> None:
        assert match_order(names, self.WANTED, "x") == order
        assert are_matched_by_position(names, self.WANTED)

    def test_ten_or_more_numbers_are_no_text(self) -> None:
        wanted = tuple(f"class {letter}" for letter in "abcdefghijkl")
        names = tuple(f"p{number}" for number in reversed(range(12)))
        assert match_order(names, wanted, "x") == list(reversed(range(12)))

    @pytest.mark.parametrize(
        "names",
        [("p1", "p2", "p4"), ("2", "3", "4"), ("cat", "dog", "tree"), ("Cat", "cat", "dog")],
    )
    def test_others_are_refused_with_both_lists(self, names: tuple[str, ...]) -> None:
        with pytest.raises(
            MismatchError, match=f"cat, dog, traffic light, found {', '.join(names)}:"
        ):
            match_order(names, self.WANTED, "x")

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            (["dog", "cat"], [1, 0]),
            (["Dog", "CAT"], [1, 0]),
            (["1", "0"], [1, 0]),
            (["dog", "0"], None),
            (["cats"], None),
            ([], []),
        ],
    )
    def test_words_are_names_or_numbers_of_classes(
        self, words: list[str], found: list[int] | None
    ) -> None:
        assert class_of_words(words, ("cat", "dog")) == found


def test_other_names_of_cifar_10() -> None:
    """As PyTorch's tutorial has them (beginner/blitz/cifar10_tutorial)."""
    names = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    assert match_order(names, CLASS_LISTS["cifar10"], "net") is None
    assert match_order(names[::-1], CLASS_LISTS["cifar10"], "net") == list(range(10))[::-1]
    assert match_order(("car", "automobile"), ("automobile", "car"), "net") == [1, 0]
    with pytest.raises(MismatchError):
        match_order(("car", "automobile"), ("car", "plane"), "net")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("prob_cta,prob_dog,prob_bird", "no class is called 'prob_cta', and 'cat' is missing"),
        ("prob_bird,prob_dgo,prob_cat", "no class is called 'prob_dgo', and 'dog' is missing"),
        ("cat,dog,brid", "no class is called 'brid', and 'bird' is missing"),
    ],
)
def test_a_misspelt_name_is_told_with_the_one_that_is_meant(names: str, says: str) -> None:
    with pytest.raises(MismatchError, match=says):
        match_order(names.split(","), ("cat", "dog", "bird"), "net")
