"""Where rebuilt counts differ from published ones, as a table."""

from __future__ import annotations

import numpy as np

from c10h.records import Labels
from c10h.stages.count_comparison import Comparison
from c10h.views.table import Cell, Table

SHOWN = 20


def table(comparison: Comparison, rebuilt: Labels) -> Table:
    """The first differences, one row a class of an item of the ``rebuilt`` labels."""
    item = comparison.item[:SHOWN]
    names = item if rebuilt.ids is None else rebuilt.ids[item]
    classes = np.array(rebuilt.classes)[comparison.label]
    columns = (names, classes, comparison.rebuilt, comparison.published)
    rows = [[Cell(str(value)) for value in row] for row in zip(*columns, strict=False)]
    more = len(comparison.item) - len(rows)
    notes = [f"and {more:,} more"] if more else []
    return Table("", ["item", "class", "rebuilt", "published"], rows, 2, notes)
