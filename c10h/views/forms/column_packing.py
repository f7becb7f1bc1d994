"""Which columns of a table stand side by side where there is no room for all."""

from __future__ import annotations

from collections.abc import Sequence


def pack(sizes: Sequence[float], labels: int, width: float) -> list[list[int]]:
    """The columns of each part of a table, in order; the first ``labels`` ones are in every part.

    sizes: what each column takes, the gap beside it included. A part is at most ``width`` wide, but
    has at least one column besides its labels.
    """
    names = list(range(labels))
    room = width - sum(sizes[:labels])
    parts: list[list[int]] = [[]]
    left = room
    for column in range(labels, len(sizes)):
        if sizes[column] > left and parts[-1]:
            parts.append([])
            left = room
        parts[-1].append(column)
        left -= sizes[column]
    return [names + part for part in parts]
