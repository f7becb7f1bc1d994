"""The one rule for JSON: what every result becomes, as plain values and as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from operator import is_
from typing import Any

_AS_THEY_ARE = (str, int, bool, type(None))


def plain(value: Any) -> Any:
    """A result as JSON has it, all the way down.

    Dataclasses become objects with their fields in order, mappings objects, numpy's arrays, lists
    and tuples arrays, and numpy's scalars Python's. NaN is null; infinities are "inf" and "-inf".
    """
    if type(value) in _AS_THEY_ARE:  # most values, so that thousands of runs take no longer
        return value
    if hasattr(value, "tolist"):  # arrays and scalars of numpy, without a need to import it
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, list | tuple):
        elements = [plain(element) for element in value]
        return value if type(value) is list and all(map(is_, elements, value)) else elements
    if isinstance(value, Mapping):
        shaped = {str(key): plain(element) for key, element in value.items()}
        return value if _is_same(shaped, value) else shaped
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    return value


def _is_same(shaped: Mapping[str, Any], value: Mapping[Any, Any]) -> bool:
    """Whether a mapping is plain already, so that no second one is kept of thousands of runs."""
    return (
        type(value) is dict
        and all(type(key) is str for key in value)
        and all(map(is_, shaped.values(), value.values()))
    )


@cache
def _names(of: Any) -> tuple[str, ...]:
    """The fields of a dataclass."""
    return tuple(field.name for field in fields(of))


def to_json_text(value: Any) -> str:
    """A result as the text of JSON by the rule of :func:`plain`, indented."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
