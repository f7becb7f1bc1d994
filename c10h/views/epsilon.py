"""How the size of an attack is written."""

from __future__ import annotations

from decimal import Decimal

LEVELS = 255
TOLERANCE = 1e-9


def epsilon_name(epsilon: float) -> str:
    """A size in pixels of [0, 1] as "4/255" where it is a whole number of levels, else "0.1"."""
    levels = round(epsilon * LEVELS)
    if abs(epsilon * LEVELS - levels) < TOLERANCE:
        return f"{levels}/{LEVELS}"
    return f"{Decimal(repr(float(epsilon))).normalize():f}"
