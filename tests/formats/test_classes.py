"""Names of classes: where they come from, and how two orders of them are matched."""

from __future__ import annotations

from pathlib import Path

import pytest

from c10h.errors import InputError, MismatchError
from c10h.formats.classes import CLASS_LISTS, are_default, default_names, match_order, parse_classes

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
        with pytest.raises(InputError, match="--classes"):
            parse_classes("a" * 5000)

    @pytest.mark.parametrize("content", [b"", b"cat\n", b"\xff\xfe\x00", b"cat\ncat\n"])
    def test_a_file_that_holds_no_names(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "names.txt").write_bytes(content)
        with pytest.raises(InputError, match=r"names\.txt: "):
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
        says = "x: its classes are cat, dog, fish, .* cat, dog, bird: no class is called 'fish'"
        with pytest.raises(MismatchError, match=says):
            match_order(("cat", "dog", "fish"), NAMES, "x")

    @pytest.mark.parametrize("names", [NAMES[:2], ("0", "1"), (*NAMES, "fish")])
    def test_another_number_of_classes(self, names: tuple[str, ...]) -> None:
        with pytest.raises(MismatchError, match=f"x: expected 3 classes, found {len(names)}"):
            match_order(names, NAMES, "x")
