"""What fields say of options and inputs, and what becomes of it in lineages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from c10h.errors import InputError
from c10h.lineage import lineage_of
from c10h.request_fields import (
    INPUT,
    OPTION,
    Bounds,
    Given,
    bounded,
    check_bounds,
    declared,
    given_as,
    parts,
    seeding,
    shaping,
    switch,
)


@dataclass(frozen=True, kw_only=True)
class Part:
    header: bool | None = switch(None, header=True, no_header=False)
    size: int = shaping("item-size", 0, unless=0)


@dataclass(frozen=True, kw_only=True)
class Request:
    command: ClassVar[str] = "cook soup"

    file: str = given_as("", "food", default="")
    salt: str | None = given_as("--salt", "salt", default=None)
    rate: float = shaping("rate", 1.0)
    names: tuple[str, ...] = shaping("name", ())
    joined: tuple[str, ...] | None = shaping("joined", None, recorded=",".join)
    quick: bool = shaping("quick", False)
    part: Part | None = parts(Part, default=None)
    folder: str = ""
    seed: int = seeding()


def options(**asked: Any) -> dict[str, Any]:
    return dict(lineage_of(Request(**asked), []).options)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"rate": 1.0}),
        ({"rate": None, "folder": "x"}, {}),
        ({"rate": 0.0}, {"rate": 0.0}),
        ({"names": ("a", "b"), "quick": True}, {"rate": 1.0, "name": ["a", "b"], "quick": True}),
        ({"joined": ("a", "b")}, {"rate": 1.0, "joined": "a,b"}),
        ({"part": Part()}, {"rate": 1.0}),
        ({"part": Part(header=True, size=3)}, {"rate": 1.0, "header": True, "item-size": 3}),
        ({"part": Part(header=False)}, {"rate": 1.0, "no-header": True}),
    ],
)
def test_options_of_a_lineage(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    assert options(**asked) == expected


def test_what_a_request_came_to() -> None:
    request = Request(rate=2.0, part=Part(size=3), seed=4)
    lineage = lineage_of(request, [], settled={"rate": 0.5, "size": 0, "quick": True})
    assert lineage.options == {"rate": 0.5, "quick": True}
    assert (lineage.command, lineage.seed) == ("c10h cook soup", 4)
    assert lineage_of(request, [], settled={"seed": None}).seed is None


def test_a_request_without_a_seed() -> None:
    @dataclass(frozen=True)
    class Other:
        command: ClassVar[str] = "other"

    assert lineage_of(Other(), []).seed is None


def test_what_a_kind_of_request_declares() -> None:
    names = [option.name or set(option.switches.values()) for option in declared(Request, OPTION)]
    assert names == ["rate", "name", "joined", "quick", {"header", "no-header"}, "item-size"]
    assert list(declared(Request, INPUT)) == [Given("", ("food",)), Given("--salt", ("salt",))]


@pytest.mark.parametrize(
    ("value", "bounds", "says"),
    [
        (0, {"least": 1}, "--size 0: expected a number of at least 1"),
        (0, {"above": 0, "most": 9}, "--size 0: expected a number above 0 and up to 9"),
        (9.5, {"most": 9}, "--size 9.5: expected a number up to 9"),
        (float("nan"), {"least": 0}, "--size nan"),
        (float("inf"), {"least": 0}, "--size inf"),
        ("3", {"least": 0}, "--size 3: expected a number"),
        ((1, -1), {"least": 0}, "--size -1"),
        ("smal", {"among": ("small", "large")}, "--size: unknown value 'smal': did you mean small"),
    ],
)
def test_values_out_of_bounds(value: object, bounds: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(says)}"):
        Bounds("size", **bounds).check(value)


@pytest.mark.parametrize(
    ("value", "bounds"),
    [
        (1, {"least": 1}),
        (0.5, {"above": 0, "most": 1}),
        (None, {"least": 1}),
        ((), {"least": 1}),
        ("small", {"among": ("small", "large")}),
    ],
)
def test_values_within_bounds(value: object, bounds: dict[str, Any]) -> None:
    Bounds("size", **bounds).check(value)


def test_bounds_of_parts_are_checked() -> None:
    @dataclass
    class Part:
        count: int = bounded("count", 1, least=1)

    @dataclass
    class Whole:
        part: Part = parts(Part)

    check_bounds(Whole(Part()))
    with pytest.raises(InputError, match="--count 0"):
        check_bounds(Whole(Part(0)))
