"""JSON of results, against what it is by hand."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from c10h.views.forms.json_text import plain, to_json_text

Pair = namedtuple("Pair", ("first", "second"))


@dataclass(frozen=True)
class Inner:
    metric: str
    values: np.ndarray


@dataclass(frozen=True)
class Outer:
    """Fields that are neither in the order of the alphabet nor of their types."""

    name: str
    curves: tuple[Inner, ...]
    by: dict[object, object]
    worst: float
    missing: float | None = None


RESULT = Outer(
    "é",
    (Inner("ce", np.array([[0.5, np.nan], [np.inf, -np.inf]])),),
    {"n": np.int32(3), 2: np.bool_(True), "who": np.str_("a")},
    float("nan"),
)
TEXT = """{
  "name": "é",
  "curves": [
    {
      "metric": "ce",
      "values": [
        [
          0.5,
          null
        ],
        [
          "inf",
          "-inf"
        ]
      ]
    }
  ],
  "by": {
    "n": 3,
    "2": true,
    "who": "a"
  },
  "worst": null,
  "missing": null
}
"""


def test_a_result_is_an_object() -> None:
    assert to_json_text(RESULT) == TEXT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (np.float32("inf"), "inf"),
        (float("-inf"), "-inf"),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.array([1, 2], dtype=np.uint8), [1, 2]),
        (np.array(["x", "y"]), ["x", "y"]),
        (np.array([], dtype=np.float64), []),
        (np.array(float("nan")), None),
        (Pair(1, (2.5, float("inf"))), [1, [2.5, "inf"]]),
        (MappingProxyType({"a": {"b": float("nan")}}), {"a": {"b": None}}),
        (True, True),
        (None, None),
        ("nan", "nan"),
    ],
)
def test_values(value: Any, expected: Any) -> None:
    made = plain(value)
    assert made == expected
    assert type(made) is type(expected)


def test_what_json_does_not_have_is_no_text() -> None:
    with pytest.raises(TypeError):
        to_json_text({"a": {1, 2}})
