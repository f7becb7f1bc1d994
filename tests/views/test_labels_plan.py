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


def test_what_people_are_taken_to_be_is_told(random: np.random.Generator) -> None:
    labels = labels_of(counts=made_up(random, 60).counts)
    modelled, one = (table(spread_judgments(labels, 50, prior=prior)) for prior in (None, 0.25))
    assert any(note.startswith("people's distributions: a mixture") for note in modelled.notes)
    assert any(note.startswith("Dirichlet prior of 0.25 pseudo-votes") for note in one.notes)


def test_more_items_or_more_votes(plan: Plan) -> None:
    assert plan.choice is not None
    note = table(plan).notes[-1]
    assert note.startswith(
        f"more items or more votes: people's mean disagreement is known to ±{plan.choice.now:.5f}"
    )
    told = json.loads(display(plan).text("json"))["mean_disagreement"]
    assert told["standard_error"] == plan.choice.now
    assert told["more_items"]["standard_error"] < told["standard_error"]
    assert told["more_votes"]["votes"] == pytest.approx(1000 / 60)


def test_too_few_votes_do_not_tell(random: np.random.Generator) -> None:
    plan = spread_judgments(labels_of(counts=[[2, 1], [3, 0], [1, 1]]), 5)
    assert plan.choice is None
    assert not any("more items" in note for note in table(plan).notes)
    assert json.loads(display(plan).text("json"))["mean_disagreement"] is None
