"""What a figure needs besides the model's output. Nothing here imports numpy."""

from __future__ import annotations

from enum import StrEnum


class Needs(StrEnum):
    """Inputs that a metric or a stratum may need, with the reason that is given without them."""

    TRUTH = "the true classes (--truth)"
    PEOPLE = "human labels (--labels)"
    COUNTS = "human labels with vote counts (--labels)"
