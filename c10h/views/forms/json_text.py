"""Plain values as the text of JSON."""

from __future__ import annotations

import json
from typing import Any


def to_json_text(value: Any) -> str:
    """JSON for people and programs: indented, and never the NaN that JSON does not have."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
