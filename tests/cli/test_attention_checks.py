"""Attention checks: which rows they are, which answers are right, and what is said without that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from c10h.records import Labels

from .conftest import Refuse, Run, read_file

BUILD = ("labels", "build", "t.csv", "-o", "l.h5", "--force")
# Three see four pictures; eve fails three of her four checks, and bob one of his.
RIGHT = {"check1": "cat", "check2": "dog", "check3": "cat", "check4": "dog"}
FAILS = {"eve": ("check1", "check2", "check3"), "bob": ("check1",), "ann": (), "cy": ()}


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = ["worker,picture,answer,trial_type,gold"]
    for who, fails in FAILS.items():
        lines += [f"{who},p{n},{('cat', 'dog')[n % 2]},main," for n in range(4)]
        for name, right in RIGHT.items():
            answer = {"cat": "dog", "dog": "cat"}[right] if name in fails else right
            lines.append(f"{who},{name},{answer},attention,{right}")
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_checks_by_a_value_against_the_majority(c10h: Run) -> None:
    line = (*BUILD, "--check", "trial_type=attention", "--correct", "majority")
    result = c10h(*line)
    assert "16 judgments by 4 annotators, and 16 attention checks" in result.err
    assert "left out 1 annotator (attention below 0.75) with 4 judgments: eve" in result.err
    assert "l.h5: 4 items, 2 classes, human labels with 12 votes" in result.err


def test_checks_against_their_true_labels(c10h: Run) -> None:
    line = (*BUILD, "--check", "trial_type=attention", "--true-label", "gold")
    shown = c10h("labels", "annotators", *line[2:3], *line[-4:], "--format", "csv").out
    rows = [line.split(",") for line in shown.splitlines()]
    place = rows[0].index("attention")
    assert {row[0]: float(row[place]) for row in rows[1:]} == {
        "eve": 0.25, "bob": 0.75, "ann": 1.0, "cy": 1.0,
    }  # fmt: skip
    assert "left out 1 annotator" in c10h(*line).err
    eve = next(row for row in rows if row[0] == "eve")
    assert float(eve[rows[0].index("agreement")]) == 1  # with the others, which are kept


def test_what_ties_for_the_majority_is_right(c10h: Run, table: Path) -> None:
    table.write_text(
        "worker,picture,answer,kind\n"
        "ann,p,cat,main\nbob,p,cat,main\nann,q,cat,check\nbob,q,dog,check\n"
    )
    line = (*BUILD, "--check", "kind=check", "--correct", "majority", "--min-attention", "1")
    assert "left out" not in c10h(*line).err


def test_checks_without_right_answers_are_told(c10h: Run) -> None:
    result = c10h(*BUILD, "--check", "trial_type=attention")
    assert "and nobody is left out: --true-label COLUMN for their right answers" in result.err
    assert "l.h5: 4 items, 2 classes, human labels with 16 votes" in result.err


@pytest.mark.parametrize("command", ["build", "annotators"])
def test_rows_that_a_column_calls_checks_are_asked_about(c10h: Run, command: str) -> None:
    line = ("labels", command, "t.csv", *(BUILD[3:] if command == "build" else ()))
    result = c10h(*line)
    assert (
        "warning: t.csv: trial_type calls 16 of 32 rows 'attention' (16): --check "
        "trial_type=attention if these are attention checks, --where 'trial_type!=attention' to "
        "leave them out and nobody examined"
    ) in result.err
    for more in (("--where", "trial_type=main"), ("--check", "trial_type=attention")):
        assert "trial_type calls" not in c10h(*line, *more).err


def test_other_kinds_of_rows_are_not_asked_about(c10h: Run, table: Path) -> None:
    table.write_text(table.read_text().replace("attention", "picture"))
    assert "warning" not in c10h(*BUILD).err


def test_the_wrong_value(c10h: Run, table: Path) -> None:
    lines = table.read_text().splitlines()
    table.write_text("\n".join(line for line in lines if "check1" not in line) + "\n")
    table.write_text(table.read_text().replace("attention,", "extra,", 4))
    result = c10h(*BUILD, "--check", "trial_type!=extra")
    assert "warning: t.csv: more attention checks than judgments" in result.err


MATRIX = """picture,ann,bob,cy,eve
p1,0,0,0,1
p2,1,,1,0
catch_1,1,1,1,0
catch_2,0,0,0,1
catch_3,1,0,1,0
catch_4,1,1,,0
"""
WITH_ANSWERS = """picture,ann,bob,cy,eve,gold
p1,0,0,0,1,
p2,1,,1,0,
catch_1,1,1,1,0,1
catch_2,0,0,0,1,0
catch_3,1,0,1,0,1
catch_4,1,1,,0,1
"""
WITH_FLAGS = """picture,is_check,ann,bob,cy,eve
p1,0,0,0,0,1
p2,0,1,,1,0
catch_1,1,1,1,1,0
catch_2,1,0,0,0,1
catch_3,1,1,0,1,0
catch_4,1,1,1,,0
"""


@pytest.mark.parametrize(
    ("text", "line", "attention"),
    [
        (MATRIX, ("--check", "picture=catch_*", "--correct", "majority"), [1, 1, 1, 0.25]),
        (WITH_ANSWERS, ("--check", "picture=catch_*", "--true-label", "gold"), [1, 0.75, 1, 0]),
        (WITH_FLAGS, ("--check", "is_check", "--correct", "majority"), [1, 1, 1, 0.25]),
    ],
)
def test_rows_of_a_matrix(
    c10h: Run, text: str, line: tuple[str, ...], attention: list[float]
) -> None:
    """eve is right on none of four, bob on three, cy on all of three; catch_3 ties by majority."""
    Path("m.csv").write_text(text)
    matrix = ("labels", "build", "m.csv", "--layout", "matrix", "-o", "m.h5", *line)
    result = c10h(*matrix)
    assert "m.csv: 7 judgments by 4 annotators, and 15 attention checks" in result.err
    assert "left out 1 annotator (attention below 0.75) with 2 judgments: eve" in result.err
    labels = read_file("m.h5", Labels)
    assert labels.ids is not None
    assert labels.ids.tolist() == ["p1", "p2"]
    assert labels.counts is not None
    assert np.asarray(labels.counts[0:2]).tolist() == [[3, 0], [0, 2]]
    assert np.asarray(labels.annotators["attention"]).tolist() == attention


def test_bad_checks_of_a_matrix(refuses: Refuse) -> None:
    Path("m.csv").write_text(MATRIX)
    line = ("labels", "build", "m.csv", "--layout", "matrix")
    refuses(*line, "--correct", "majority", says="m.csv: --correct needs --check")
    refuses(*line, "--check", "kind=catch_*", says="expected one column 'kind' (--check), found")
    says = "--check: expected 0 or 1, found 'catch_1' (--check picture=catch_1 if that is one)"
    refuses(*line, "--check", "picture", says=says)
    says = "--layout matrix: --correct applies only to tables with one judgment per row"
    refuses(*line, "--check", "picture=catch_*", "--correct", "ann", says=says)


def test_bad_checks(refuses: Refuse) -> None:
    refuses(*BUILD, "--correct", "majority", says="--correct needs --check")
    refuses(*BUILD, "--correct", "gold", says="--correct needs --check")
    says = (
        "--check: expected 0 or 1, found 'attention' (--check trial_type=attention if that is one)"
    )
    refuses(*BUILD, "--check", "trial_type", says=says)
    says = "--correct: expected 0 or 1, found 'cat' (--true-label gold if these are the right"
    refuses(*BUILD, "--check", "trial_type=attention", "--correct", "gold", says=says)
    refuses(*BUILD, "--check", "trial_type=atention", says="did you mean attention?")
    refuses(*BUILD, "--check", "kind=attention", says="expected a column 'kind' (--check)")
