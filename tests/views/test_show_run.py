"""The networks of a run, as they are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_run_folder import run_in

from c10h.run_folder import ALL
from c10h.stages.show_run import BEGUN, DONE, NOT_BEGUN, Network, RunDescription
from c10h.views.show_run import display, table


@pytest.fixture
def description(tmp_path: Path) -> RunDescription:
    networks = [
        Network(0, DONE, 2, {"accuracy": 0.5, "loss": float("inf"), "lr": 0.1}),
        Network(1, BEGUN, 1, {"accuracy": 0.25}),
        Network(2, NOT_BEGUN),
    ]
    return RunDescription(run_in(tmp_path / "human"), networks, ["fold-0.pt", "run.json"])


def test_a_row_a_network(description: RunDescription) -> None:
    shown = table(description)
    assert shown.title == "human: run"
    assert shown.header == ["network", "state", "epochs", "accuracy", "cross-entropy"]
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["fold 0", "done", "2", "0.5000", "inf"],
        ["fold 1", "begun", "1", "0.2500", "-"],
        ["fold 2", "not begun", "0", "-", "-"],
    ]
    assert shown.notes == [
        "network: resnet_basic_8, for images of 32 x 32 pixels",
        "classes: cat, dög",
        "settings: lr 0.1/0.2, milestones (0.5, 0.75)",
        "files: fold-0.pt, run.json",
    ]


def test_json(description: RunDescription) -> None:
    found = json.loads(display(description, None).text("json"))
    assert found["image_size"] == [32, 32]
    assert found["networks"][0] == {
        "fold": 0,
        "state": "done",
        "epochs": 2,
        "results": {"accuracy": 0.5, "loss": "inf", "lr": 0.1},
    }
    assert found["lineage"]["command"] == "c10h train"


def test_a_network_on_everything_has_no_fold(tmp_path: Path) -> None:
    whole = RunDescription(run_in(tmp_path / "a", folds=None, split=None), [Network(ALL, DONE)], [])
    assert json.loads(display(whole, None).text("json"))["networks"][0]["fold"] is None
    assert table(whole).rows[0][0].text == "all items"


def test_lineage_is_below(description: RunDescription) -> None:
    assert display(description, None).text("terminal").split("\n\n")[-1].startswith("c10h train")
