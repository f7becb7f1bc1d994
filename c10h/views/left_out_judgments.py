"""What was left out of a table of judgments, as a list."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from c10h.views.forms.csv_rows import to_csv

if TYPE_CHECKING:
    from c10h.labels.votes import Votes


def exclusions_csv(votes: Votes) -> str:
    """Everything that was left out, one line each; a judgment is named by its row of the table."""
    rows = [
        (left_out.what, left_out.name, left_out.reason, left_out.value, left_out.judgments)
        for left_out in chain(votes.excluded, votes.unanswered, votes.unwanted)
    ]
    late = zip(votes.late.tolist(), votes.late_rt.tolist(), strict=True)
    rows += [
        ("judgment", str(row), "reaction time outside the limits", time, 1) for row, time in late
    ]
    return to_csv(["what", "name", "reason", "value", "judgments"], rows)
