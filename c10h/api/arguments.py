"""Arguments that are one thing or several."""

from __future__ import annotations

from collections.abc import Sequence

Names = str | Sequence[str]


def words(names: Names) -> tuple[str, ...]:
    """One word or several."""
    return (names,) if isinstance(names, str) else tuple(names)


def numbers(values: float | Sequence[float]) -> tuple[float, ...]:
    """One number or several."""
    return (values,) if isinstance(values, float | int) else tuple(values)
