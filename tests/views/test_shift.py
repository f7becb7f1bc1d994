"""Changes of differences as tables and JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from c10h.errors import InputError
from c10h.stages.report import Results
from c10h.views.report import Report

from .made_results import near_and_far, scored, texts


def shown(results: Results, shift_from: str = "near", table: str | None = "1") -> Report:
    chosen = replace(results, metrics=["ce_hard"], chosen=True, baseline="hard",
                     shift_from=shift_from)  # fmt: skip
    return Report(chosen, table=table)


def test_a_row_a_training() -> None:
    *_, table = shown(near_and_far()).tables()
    assert table.title == "Difference from hard: how it changes from near"
    assert table.header == ["network", "training", "ce_hard far"]
    # (3.0 - 4.0) - (0.2 - 0.3)
    assert texts(table) == [["", "human", "-0.9000"]]


def test_json_has_every_change() -> None:
    changes = shown(near_and_far(), table=None).to_json()["changes"]
    by_metric = {change["metric"]: change for change in changes}
    assert by_metric["accuracy"]["value"] == pytest.approx((0.6 - 0.5) - (0.8 - 0.9))
    about = {name: by_metric["ce_hard"][name] for name in ("training", "data", "from", "baseline")}
    assert about == {"training": "human", "data": "far", "from": "near", "baseline": "hard"}


def test_a_data_set_that_there_is_not() -> None:
    with pytest.raises(InputError, match=r"--shift-from: .*'moon'"):
        shown(near_and_far(), "moon").tables()


def test_nothing_to_compare() -> None:
    runs = [scored("a", {"ce_hard": 0.5}, training="hard", data="near"),
            scored("b", {"ce_hard": 0.5}, training="human", data="far")]  # fmt: skip
    *_, table = shown(Results(scored=runs)).tables()
    assert table.notes == ["No training is compared with hard on both."]
