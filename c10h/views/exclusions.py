"""What was left out of a table of judgments, as a list."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from c10h.views.forms.csv_rows import to_csv

if TYPE_CHECKING:
    from c10h.labels.votes import Votes


def exclusions_csv(votes: Votes) -> str:
    """Everything that was left out, one line each; a judgment is named by its row of the table."""
    rows: list[tuple[object, ...]] = [
        (left_out.what, left_out.name, left_out.reason, left_out.value, left_out.judgments)
        for left_out in chain(votes.excluded, votes.unanswered, votes.unwanted)
    ]
    rows += [
        ("judgment", row, "reaction time out of bounds", str(time), 1)  # nan for none
        for row, time in zip(votes.late.tolist(), votes.late_rt.tolist(), strict=True)
    ]
    return to_csv(["what", "name", "reason", "value", "judgments"], rows)
