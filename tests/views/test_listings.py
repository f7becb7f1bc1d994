"""What can be listed: every row of its table, with what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from c10h.attacks.methods import ATTACKS
from c10h.metrics.metrics import METRICS
from c10h.models.architectures import ARCHITECTURES
from c10h.views import listings
from c10h.views.table import Table


@pytest.mark.parametrize(
    ("listing", "summaries"),
    [
        (listings.metrics, [metric.summary for metric in METRICS.values()]),
        (listings.architectures, [family.summary for family in ARCHITECTURES.values()]),
        (listings.methods, [method.summary for method in ATTACKS.values()]),
    ],
)
def test_every_row_is_there(listing: Callable[[], Table], summaries: list[str]) -> None:
    table = listing()
    assert len(table.rows) == len(summaries)
    for row, summary in zip(table.rows, summaries, strict=True):
        assert len(row) == len(table.header) == table.labels
        assert summary in [cell.text for cell in row]
