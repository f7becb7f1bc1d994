"""What the attributes of a c10h file say: version, classes, lineage, settings.

They may be a stranger's: whatever is not in the form that c10h writes is a SchemaError.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from c10h.digests import DIGEST
from c10h.errors import SchemaError
from c10h.records import Lineage, Setting

ROOT_ATTRIBUTES = ("kind", "schema", "c10h", "classes", "lineage", DIGEST)
# Letters of a lineage: one of thousands of inputs has a few hundred for each.
LONGEST = 1 << 24


def version_of(attributes: Mapping[str, Any], newest: int) -> int:
    """The version of the layout. Raises SchemaError for none, and for one after ``newest``."""
    schema = attributes.get("schema", 0)
    if not isinstance(schema, int | np.integer) or not 1 <= schema <= newest:
        versions = "1" if newest == 1 else f"1 to {newest}"
        raise SchemaError(
            f"expected schema version {versions}, found {schema} "
            f"(written by c10h {attributes.get('c10h')})"
        )
    return int(schema)


def classes_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the classes."""
    names = np.asarray(attributes["classes"])
    if names.ndim != 1 or not all(isinstance(name, str) for name in names.tolist()):
        raise SchemaError("classes: expected a list of names")
    return tuple(names.tolist())


def lineage_of_attributes(attributes: Mapping[str, Any]) -> Lineage:
    """How the file was made."""
    text = attributes["lineage"]
    if not isinstance(text, str):
        raise SchemaError("lineage: expected text")
    if len(text) > LONGEST:
        raise SchemaError(f"lineage: expected at most {LONGEST:,} letters, found {len(text):,}")
    try:
        content = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"lineage: not in the form that c10h writes ({error})") from error
    return Lineage.from_dict(content)


def settings_of(attributes: Mapping[str, Any]) -> dict[str, Setting]:
    """All other attributes: words, finite numbers, yes and no."""
    settings: dict[str, Setting] = {}
    for key, value in attributes.items():
        if key in ROOT_ATTRIBUTES:
            continue
        plain = value.item() if isinstance(value, np.generic) else value
        is_number = isinstance(plain, int | float) and math.isfinite(plain)
        if not (is_number or isinstance(plain, str)):
            raise SchemaError(f"{key}: expected a word or a finite number")
        settings[key] = plain
    return settings


def _refuse(name: str) -> NoReturn:
    """Of NaN and infinities, which are no JSON."""
    raise ValueError(f"found {name}")
