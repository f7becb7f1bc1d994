"""The one rule for JSON: what every result becomes, as plain values and as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
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
        return [plain(element) for element in value]
    if isinstance(value, Mapping):
        return {str(key): plain(element) for key, element in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    return value


@cache
def _names(of: Any) -> tuple[str, ...]:
    """The fields of a dataclass."""
    return tuple(field.name for field in fields(of))


def to_json_text(value: Any) -> str:
    """A result as the text of JSON by the rule of :func:`plain`, indented."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
