"""What networks were trained on, of the items that they are scored on, in a word."""

from __future__ import annotations

from collections.abc import Collection

HELD_OUT, IN_SAMPLE, UNKNOWN = "held-out", "in-sample", "unknown"


def of_all(exposures: Collection[str]) -> str:
    """What holds of several networks: in-sample where one is, held-out only where all are."""
    return next(word for word in (IN_SAMPLE, UNKNOWN, HELD_OUT) if word in exposures)
