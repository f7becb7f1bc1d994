"""What names of columns say: the parts of a judgment, and annotators side by side."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c10h.formats.known_column_names import (
    NUMBERED_ROWS,
    REQUIRED,
    SYNONYMS,
    Columns,
    names_suggest_matrix,
    part_of,
    recognise,
)

NAMES = [(name, part) for part, names in SYNONYMS.items() for name in names]


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


@pytest.mark.parametrize(("name", "part"), NAMES)
def test_a_name_in_any_case(name: str, part: str) -> None:
    for form in (
        name,
        name.upper(),
        name.title(),
        camel(name),
        name.replace("_", " "),
        f" {name} ",
    ):
        assert part_of(form) == part


@pytest.mark.parametrize(("name", "part"), NAMES)
@pytest.mark.parametrize("ending", ["_id", "-id", " id", "Id", "ID", "_idx", "_index", " (id)"])
def test_and_with_an_id(name: str, part: str, ending: str) -> None:
    wanted = part if part in REQUIRED and name not in NUMBERED_ROWS else None
    assert part_of(name + ending) == wanted


@pytest.mark.parametrize(
    "name",
    ["", "id", "index", "x", "cat", "workers", "gold", "truth", "total", "label2", "0", "idworker"],
)
def test_other_names(name: str) -> None:
    assert part_of(name) is None


@given(
    st.fixed_dictionaries({part: st.sampled_from(SYNONYMS[part]) for part in REQUIRED}),
    st.lists(st.sampled_from(["x", "Trial", "city", "n"]), unique=True),
    st.sampled_from([str.upper, str.title, camel, str]),
    st.randoms(use_true_random=False),
)
def test_any_names_in_any_order(
    chosen: dict[str, str], others: list[str], form: type[str], source: random.Random
) -> None:
    parts: dict[str, Any] = {part: form(name) for part, name in chosen.items()}
    names = [*parts.values(), *others]
    source.shuffle(names)
    found = recognise(names)
    assert found.columns == Columns(**parts)
    assert not found.lacking
    assert not found.several


def test_known_names_mix_with_options() -> None:
    found = recognise(["who", "image", "answer", "rt"], Columns(annotator="who"))
    assert found.columns == Columns("who", "image", "answer", rt="rt")
    assert recognise(["who", "image", "answer"]).lacking == ("annotator",)


def test_an_empty_option_leaves_a_column_out() -> None:
    assert recognise(["worker", "image", "answer", "rt"], Columns(rt="")).columns.rt == ""


@pytest.mark.parametrize(
    "names",
    [
        ["annotator_1", "annotator_2", "annotator_3"],
        ["worker2", "worker3"],
        ["image", "rater_3", "rater_7"],
        ["label_1", "label_2"],
        ["a1", "a2", "a3"],
        ["A1", "A2"],
        ["", "R1", "R2", "R3"],
        ["Rater A", "Rater B"],
        ["coder-1", "coder-2", "id", "truth"],
        ["random_label1", "random_label2", "random_label3", "worse_label", "clean_label"],
    ],
)
def test_annotators_side_by_side(names: list[str]) -> None:
    assert names_suggest_matrix(names)


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["cat", "dog"],
        ["0", "1", "2"],
        ["c1", "c2"],
        ["class_1", "class_2"],
        ["p0", "p1"],
        ["votes_1", "votes_2"],
        ["annotator", "item", "label"],
        ["annotator_1", "item", "label"],
        ["a1", "b1"],
        ["airplane", "automobile"],
        ["a", "b", "c"],
        ["label_1", "label_2", "x", "y", "z"],
    ],
)
def test_other_names_are_no_annotators(names: list[str]) -> None:
    assert not names_suggest_matrix(names)
