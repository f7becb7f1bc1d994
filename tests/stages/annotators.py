"""A table of judgments, and the annotators of such a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from c10h.files import Source
from c10h.formats.judgments import open_judgments
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.stages.labels_annotators import Annotators, describe_annotators

# a is attentive, b passes half of the checks, c has none, d fails all.
TABLE = """who,what,said,check,right,time,truth
a,0,0,0,,100,0
a,1,1,0,,300,1
a,2,1,0,,200,2
a,,,1,1,,
b,0,0,0,,50,0
b,1,0,0,,70,1
b,,,1,1,,
b,,,1,0,,
c,0,1,0,,,0
c,1,1,0,,10,1
d,0,0,0,,1,0
d,2,2,0,,2,2
d,,,1,0,,
"""
ALL = Columns("who", "what", "said", "check", "right", "time", "truth")


def describe_table(
    folder: Path,
    table: str = TABLE,
    columns: Columns = ALL,
    filters: Filters | None = None,
    **options: Any,
) -> Annotators:
    """Describe the annotators of a table."""
    path = folder / "t.csv"
    path.write_text(table)
    judgments = open_judgments(Source.open(str(path)), columns)
    return describe_annotators(judgments, filters or Filters(), ("x", "y", "z"), **options)
