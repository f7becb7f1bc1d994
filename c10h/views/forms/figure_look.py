"""How wide figures for papers are, and the font of their text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from c10h.errors import InputError

INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
# Inches: narrower ones have no room for axes, and wider ones than A0 are a mistake.
LEAST, MOST = 1.5, 48.0


@dataclass(frozen=True)
class Look:
    """width: in inches, None for a column or a page, by the figure. font: None for matplotlib's.

    is_for_page: of HTML, whose drawings are broad, and have names for their marks.
    """

    width: float | None = None
    font: str | None = None
    is_for_page: bool = False

    @classmethod
    def of(cls, width: str | None, font: str | None) -> Look:
        """From words, as ``85mm``. Raises InputError for what is no length or out of bounds."""
        return cls(None if width is None else _inches(width), font)


STANDARD, PAGE_LOOK = Look(), Look(is_for_page=True)
SLIM_LOOK = Look(3.25, is_for_page=True)


def _inches(text: str) -> float:
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(in|cm|mm|pt)\s*", text)
    inches = float(match[1]) * INCHES[match[2]] if match else 0.0
    if not LEAST <= inches <= MOST:
        raise InputError(
            f"--width {text}: expected a length from {LEAST:g}in to {MOST:g}in, such as 3.25in, "
            "8.5cm, 85mm or 234pt"
        )
    return inches
