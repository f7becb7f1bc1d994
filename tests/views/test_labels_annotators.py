"""Who judged, and how well, as it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from stages.annotators import describe_table

from c10h.formats.known_column_names import Columns
from c10h.views.labels_annotators import display, table


def test_people_see_a_dash_for_what_is_missing(tmp_path: Path) -> None:
    shown = table(describe_table(tmp_path, sort="annotator"))
    cells = {row[0].text: [cell.text for cell in row] for row in shown.rows}
    assert cells["c"][2] == "-"
    assert cells["b"][-1] == "x"
    assert cells["a"][-1] == ""


def test_json_has_null_and_csv_nothing(tmp_path: Path) -> None:
    shown = display(describe_table(tmp_path, sort="annotator"))
    row = json.loads(shown.text("json"))[2]
    assert (row["annotator"], row["attention"], row["excluded"]) == ("c", None, False)
    header, *lines = (line.split(",") for line in shown.text("csv").splitlines())
    assert dict(zip(header, lines[2], strict=True))["attention"] == ""


def test_how_many_are_shown(tmp_path: Path) -> None:
    assert table(describe_table(tmp_path, limit=2)).notes[0] == "2 of 4 annotators"
    without_checks = describe_table(
        tmp_path, "who,what,said\na,0,0\nb,0,1\n", Columns("who", "what", "said")
    )
    assert table(without_checks).notes == ["2 of 2 annotators"]


def test_accuracy_tells_the_items_that_it_is_on(tmp_path: Path) -> None:
    assert not any("accuracy" in note for note in table(describe_table(tmp_path)).notes)
    partly = replace(describe_table(tmp_path), judged=2)
    assert table(partly).notes[-1] == "accuracy: on 2 of 3 items, whose true class is known"
