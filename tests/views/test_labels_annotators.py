"""Who judged, and how well, as it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stages.annotators import describe_table

from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.records import Predictions
from c10h.stages.labels_annotators import Annotators
from c10h.stages.model_choices import Model
from c10h.views.labels_annotators import display, table, tables


def test_people_see_a_dash_for_what_is_missing(tmp_path: Path) -> None:
    shown = table(describe_table(tmp_path, sort="annotator"))
    cells = {row[0].text: [cell.text for cell in row] for row in shown.rows}
    assert cells["c"][2] == "-"
    assert cells["b"][-1] == "x"
    assert cells["a"][-1] == ""


def test_agreement_has_its_interval_beside_it(tmp_path: Path) -> None:
    shown = table(describe_table(tmp_path, sort="annotator"))
    assert list(shown.header)[3:5] == ["agreement", "kappa"]
    # Half of two items: 0.5 ± 0.4055 by Wilson's formula.
    assert shown.rows[0][3].plain() == "0.500 (.09–.91)"
    header, *lines = (
        line.split(",")
        for line in display(describe_table(tmp_path, sort="annotator")).text("csv").splitlines()
    )
    row = dict(zip(header, lines[0], strict=True))
    assert float(row["agreement_low"]) == pytest.approx(0.0945, abs=1e-4)
    assert float(row["agreement_high"]) == pytest.approx(0.9055, abs=1e-4)


@pytest.mark.parametrize(
    ("label", "wanted"), [(0, "1.000 (.21–1)"), (1, "0.000 (0–.79)")], ids=["all", "none"]
)
def test_ends_that_are_all_or_none(tmp_path: Path, label: int, wanted: str) -> None:
    """One item: Wilson's interval of 1 of 1 begins at 1 / (1 + 1.96²)."""
    columns = Columns("who", "what", "said")
    shown = table(describe_table(tmp_path, f"who,what,said\na,0,0\nb,0,{label}\n", columns))
    assert shown.rows[0][2].plain() == wanted


def test_who_is_below_the_median_for_certain_is_named(tmp_path: Path) -> None:
    """Two who answer something else than five others do, on 30 items."""
    rows = [f"{who},{item},{(item + (who in 'xy')) % 3}" for who in "abcdexy" for item in range(30)]
    columns, text = Columns("who", "what", "said"), "\n".join(["who,what,said", *rows, ""])
    notes = table(describe_table(tmp_path, text, columns, limit=1)).notes
    assert notes[1] == (
        "whole interval below the median, as that of one in forty is by chance: 2 (x, y); "
        "--drop-annotator NAME leaves one out"
    )
    dropped = table(
        describe_table(tmp_path, text, columns, Filters(drop_annotators=("x", "y")))
    ).notes
    assert not any("whole interval" in note for note in dropped)


def test_json_has_null_and_csv_nothing(tmp_path: Path) -> None:
    shown = display(describe_table(tmp_path, sort="annotator"))
    row = json.loads(shown.text("json"))[2]
    assert (row["annotator"], row["attention"], row["excluded"]) == ("c", None, False)
    header, *lines = (line.split(",") for line in shown.text("csv").splitlines())
    assert dict(zip(header, lines[2], strict=True))["attention"] == ""


def test_how_many_are_shown(tmp_path: Path) -> None:
    assert table(describe_table(tmp_path, limit=2)).notes[0] == (
        "2 of 4 annotators; the median agreement is 0.500"
    )
    without_checks = describe_table(
        tmp_path, "who,what,said\na,0,0\nb,0,1\n", Columns("who", "what", "said")
    )
    assert table(without_checks).notes == ["2 of 2 annotators; the median agreement is 0.000"]
    alone = describe_table(tmp_path, "who,what,said\na,0,0\n", Columns("who", "what", "said"))
    assert table(alone).notes == ["1 of 1 annotators"]


def test_accuracy_tells_the_items_that_it_is_on(tmp_path: Path) -> None:
    assert not any("accuracy" in note for note in table(describe_table(tmp_path)).notes)
    partly = replace(describe_table(tmp_path), judged=2)
    assert table(partly).notes[-1] == "accuracy: on 2 of 3 items, whose true class is known"


class TestModelAmongAnnotators:
    @pytest.fixture
    def annotators(self, tmp_path: Path) -> Annotators:
        rows = [f"w{who},{item},{item % 3}" for who in range(2) for item in range(40)]
        predictions = Predictions(
            classes=("0", "1", "2"),
            logits=np.eye(3)[None, np.arange(40) % 3],
            member=np.array(["m"]),
        )
        return describe_table(
            tmp_path,
            "\n".join(["who,what,said", *rows]) + "\n",
            Columns("who", "what", "said"),
            model=Model("net.npy", predictions),
            resamples=20,
        )

    def test_it_has_a_table_of_its_own(self, annotators: Annotators) -> None:
        people, model = tables(annotators)
        assert people.header[-3:] == ["advantage", "p_value", "replaced"]
        cells = {row[0].text: row[1] for row in model.rows}
        assert model.title == "net.npy"
        assert cells["agreement"].plain() == "1.0000 (1.0000 to 1.0000)"
        assert cells["rank among 2 annotators"].plain() == "1 (1 to 1)"
        assert cells["winning rate"].small == "0.3424 to 1.0000"  # Wilson's of 2 of 2
        assert "accuracy" not in cells
        assert "it can stand in for 2 of 2 annotators with 30 items or more" in model.notes[1]
        assert model.notes[2] == "fewer than 3 annotators: the test is not reliable"

    def test_json_has_both_and_csv_the_annotators(self, annotators: Annotators) -> None:
        shown = display(annotators)
        values = json.loads(shown.text("json"))
        assert values["model"]["winning_rate"]["value"] == 1
        assert [row["replaced"] for row in values["annotators"]] == [True, True]
        header, *lines = shown.text("csv").splitlines()
        assert header.endswith("advantage,p_value,replaced")
        assert len(lines) == 2
