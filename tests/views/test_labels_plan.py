"""Which items to show next, as it is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest
from metrics.scoring import labels_of, made_up

from c10h.stages.labels_plan import Plan, spread_judgments
from c10h.views.labels_plan import SHOWN, display, table


@pytest.fixture
def plan(random: np.random.Generator) -> Plan:
    return spread_judgments(labels_of(counts=made_up(random, 60).counts), 1000)


def test_the_table_shows_the_first_and_says_how_many_more(plan: Plan) -> None:
    shown = table(plan)
    assert len(plan.item) > SHOWN == len(shown.rows)
    assert f"and {len(plan.item) - SHOWN} more items" in shown.notes[0]
    assert "1,000 judgments for" in shown.notes[1]


def test_csv_and_json_list_all(plan: Plan) -> None:
    header, *lines = display(plan).text("csv").splitlines()
    assert header == "item,votes,judgments"
    assert sum(int(line.split(",")[2]) for line in lines) == 1000
    values = json.loads(display(plan).text("json"))
    assert [
        f"{item['item']},{item['votes']},{item['judgments']}" for item in values["items"]
    ] == lines
    assert values["expected_error"]["planned"] < values["expected_error"]["uniform"]
