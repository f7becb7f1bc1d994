"""The kinds of record: what each one holds, and what is refused when one is made."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest

from c10h.errors import SchemaError
from c10h.records import KINDS, Array, Column, Group, Input, Lineage, Predictions, Record

CLASSES = ("chat", "Hund", "鳥")
SIZES = {"n": 5, "c": len(CLASSES), "h": 4, "w": 6, "b": 7}
LINEAGE = Lineage(command="c10h made up", options={"as": "human"}, seed=3, version="9")


def sample(kind: str, *, optional: bool = True, **changes: Any) -> Record:
    """A small record of a kind with every dataset filled, or only those that must be there."""
    fields: dict[str, Any] = {"classes": CLASSES, "lineage": LINEAGE}
    for name, declared in KINDS[kind].schema().items():
        if isinstance(declared, Group):
            fields[name] = _members(declared) if optional else {}
        elif optional or not declared.optional:
            values = _values(declared.dtype, declared.dims)
            most = declared.most
            if most is not None:
                values = values % (SIZES.get(most, 2) if isinstance(most, str) else most + 1)
            fields[name] = values
    return KINDS[kind](**{**fields, **changes})


def columns() -> list[tuple[str, str]]:
    """Every (kind, dataset) that is declared."""
    return [
        (kind, name)
        for kind, record in KINDS.items()
        for name, declared in record.schema().items()
        if isinstance(declared, Column)
    ]


def _members(declared: Group) -> dict[str, Array]:
    if declared.is_whole:
        return {name: _values(dtype, declared.dims) for name, dtype in declared.numbers}
    return {"skill": _values("float64", declared.dims), "who": _values("str", declared.dims)}


def _values(dtype: str, dims: tuple[str, ...]) -> Array:
    shape = tuple(int(dim) if dim.isdigit() else SIZES.get(dim, 2) for dim in dims)
    numbers = np.arange(math.prod(shape)).reshape(shape)
    if dtype == "str":
        return np.array([f"naïve 猫 {number}" for number in numbers.flat]).reshape(shape)
    return numbers.astype(dtype) if np.dtype(dtype).kind in "iu" else (numbers / 7).astype(dtype)


@pytest.mark.parametrize(
    ("kind", "name", "value", "range_"),
    [
        ("images", "truth", 3, "-1 to 2"),
        ("labels", "truth", -2, "-1 to 2"),
        ("attack", "correct", 2, "0 to 1"),
        ("attack", "epsilon", -0.1, "0 or more"),
        ("attack", "examined", 5, "0 to 4"),
        ("history", "accuracy", 5, "0 to 1"),
        ("history", "fold", -2, "-1 or more"),
        ("scores", "network_run", 2, "0 to 1"),
    ],
)
def test_values_that_mean_nothing(kind: str, name: str, value: float, range_: str) -> None:
    values = getattr(sample(kind), name).copy()
    values[-1] = value
    says = f"{name}: row {len(values) - 1}: expected {range_}, found {value}"
    with pytest.raises(SchemaError, match=f"^{re.escape(says)}"):
        sample(kind, **{name: values})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optional", [True, False])
def test_a_record_yields_the_datasets_that_it_was_given(kind: str, optional: bool) -> None:
    found = {name.split("/")[0] for name, _, _ in sample(kind, optional=optional).datasets()}
    declared = KINDS[kind].schema()
    wanted = {name for name, one in declared.items() if optional or not one.optional}
    assert found == wanted


@pytest.mark.parametrize(("kind", "name"), columns())
def test_another_dtype_is_refused(kind: str, name: str) -> None:
    values = getattr(sample(kind), name)
    wrong: Any = np.zeros(values.shape, "int8") if values.dtype.kind != "i" else values.astype("f4")
    with pytest.raises(SchemaError, match=rf"^{name}: expected .*, found {wrong.dtype.name}$"):
        sample(kind, **{name: wrong})


@pytest.mark.parametrize(("kind", "name"), columns())
def test_another_number_of_dimensions_is_refused(kind: str, name: str) -> None:
    values = getattr(sample(kind), name)
    with pytest.raises(SchemaError, match=rf"^{name}: expected dimensions \(.*, found shape"):
        sample(kind, **{name: values[None]})


@pytest.mark.parametrize(
    ("kind", "name", "axis", "symbol"),
    [
        ("images", "truth", 0, "n"),
        ("labels", "counts", 0, "n"),
        ("labels", "probs", 1, "c"),
        ("predictions", "member", 0, "m"),
        ("predictions", "ids", 0, "n"),
        ("attack", "correct", 2, "s+1"),
        ("attack", "epsilon", 0, "k"),
        ("attack", "logits", 3, "c"),
        ("scores", "stratum", 0, "t"),
        ("scores", "samples", 1, "q"),
        ("history", "loss", 0, "e"),
    ],
)
def test_sizes_that_disagree_are_refused(kind: str, name: str, axis: int, symbol: str) -> None:
    values = getattr(sample(kind), name)
    longer: Any = np.repeat(values, 3, axis=axis)
    with pytest.raises(SchemaError) as caught:
        sample(kind, **{name: longer})
    assert f"expected {symbol} = " in str(caught.value)


def test_images_have_three_colours() -> None:
    with pytest.raises(SchemaError, match="images: expected 3 = "):
        sample("images", images=np.zeros((5, 4, 6, 4), np.uint8))


@pytest.mark.parametrize(("kind", "shape"), [("labels", (0, 3)), ("predictions", (0, 5, 3))])
def test_nothing_at_all_is_refused(kind: str, shape: tuple[int, ...]) -> None:
    name = "probs" if kind == "labels" else "logits"
    with pytest.raises(SchemaError, match=f"^{name}: expected one or more, found shape"):
        sample(kind, optional=False, **{name: np.zeros(shape)})


def test_datasets_of_a_group_share_their_size() -> None:
    annotators = {"skill": np.zeros(3), "attention": np.zeros(4)}
    with pytest.raises(SchemaError, match=r"^annotators/skill: expected a = 4, found shape"):
        sample("labels", annotators=annotators)


@pytest.mark.parametrize("classes", [(), ("cat",), ("cat", "dog", "cat")])
def test_classes_are_two_or_more_different_names(classes: tuple[str, ...]) -> None:
    with pytest.raises(SchemaError, match="two or more different names"):
        sample("history", classes=classes)


@pytest.mark.parametrize("kind", ["predictions", "attack"])
@pytest.mark.parametrize(
    ("index", "says"),
    [
        ([0, 1, 2, 3, 1], "index: row 1 appears twice"),
        ([0, 1, 2, 3, -4], "index: row -4 is out of range"),
    ],
)
def test_an_index_names_each_row_once(kind: str, index: list[int], says: str) -> None:
    with pytest.raises(SchemaError, match=says):
        sample(kind, index=np.array(index))


def test_logits_may_be_float64_in_memory() -> None:
    record = sample("predictions", logits=np.zeros((2, 5, 3)))
    assert isinstance(record, Predictions)
    assert record.logits.dtype == np.float64


def test_lineage_survives_json() -> None:
    source = Input(role="labels", name="l.h5", sha256="ab", kind="labels", lineage=LINEAGE)
    lineage = Lineage(command="c10h x", options={"tag": ["a", "b"]}, inputs=(source, source))
    assert Lineage.from_dict(json.loads(json.dumps(lineage.to_dict()))) == lineage


@pytest.mark.parametrize(
    "data", [{}, {"command": "x"}, "text", 3, [1], {**LINEAGE.to_dict(), "inputs": [3]}]
)
def test_lineage_of_another_form_is_refused(data: Any) -> None:
    with pytest.raises(SchemaError, match=r"^lineage: not in the form that c10h writes"):
        Lineage.from_dict(data)


@pytest.mark.parametrize("kind", ["predictions", "attack"])
@pytest.mark.parametrize("names", [["item"], ["fold"], ["item", "fold", "who"], ["item", "fald"]])
def test_what_networks_were_trained_on_is_whole(kind: str, names: list[str]) -> None:
    trained = {name: np.zeros(3, "i2" if name == "fold" else "u8") for name in names}
    with pytest.raises(SchemaError, match="trained: expected item and fold, found "):
        sample(kind, trained=trained)
    assert not sample(kind, trained={}).trained  # type: ignore[attr-defined]
