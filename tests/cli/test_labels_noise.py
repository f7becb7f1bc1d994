"""``c10h labels noise`` as a user runs it."""

from __future__ import annotations

import csv
import io
import re
import sys

import pytest

from .conftest import CLASSES, PYTHON, Files, Refuse, Run, start
from .special import SPECIAL, special

pytestmark = pytest.mark.usefixtures("files")
NOISE = ("labels", "noise")
FORMATS = ("terminal", "markdown", "latex", "csv", "json")


class TestForms:
    @pytest.mark.parametrize("form", FORMATS)
    def test_every_form(self, c10h: Run, form: str) -> None:
        result = c10h(*NOISE, "labels.h5", "--format", form)
        assert (result.status, result.err) == (0, "")
        assert "squared error" in result.out
        assert "miller-madow" in result.out
        assert not re.search(r"\bnan\b", result.out, re.IGNORECASE)
        assert "\x1b" not in result.out

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_file_has_what_stdout_has(self, files: Files, c10h: Run, form: str) -> None:
        wanted = c10h(*NOISE, "labels.h5", "--format", form).out
        result = c10h(*NOISE, "labels.h5", "--format", form, "-o", "out")
        assert (result.status, result.out, result.err) == (0, "", "")
        assert files.path("out").read_text() == wanted

    def test_json(self, c10h: Run) -> None:
        found = c10h(*NOISE, "labels.h5", "--json", "--votes", "5,2").json()
        assert found["n"] == ["2", "5", "all"]
        assert found["votes"] == {"total": 600, "fewest": 20, "most": 20}
        curves = {(one["metric"], one["method"]): one for one in found["curves"]}
        assert all(len(one["values"]) == 3 for one in curves.values())
        assert curves["squared error", None]["standard_errors"] == [None] * 3
        assert curves["accuracy", "leave-one-vote-out"]["standard_errors"][0] > 0

    def test_the_last_column_is_what_score_reports(self, c10h: Run) -> None:
        found = c10h(*NOISE, "labels.h5", "--json").json()
        score = c10h("score", "a.npy", "--labels", "labels.h5", "--json").json()
        (run,) = score["runs"]
        for one in found["curves"]:
            if one["method"]:
                ceilings = run["metrics"][one["metric"]]["ceilings"]
                (wanted,) = (v for name, v in ceilings.items() if name.startswith(one["method"]))
                assert one["values"][-1] == pytest.approx(wanted)

    def test_csv_has_a_row_a_number(self, c10h: Run) -> None:
        out = c10h(*NOISE, "counts.npy", "--format", "csv", "--votes", "3,10").out
        rows = list(csv.DictReader(io.StringIO(out)))
        votes = [row["votes"] for row in rows if row["metric"] == "squared error"]
        assert votes == ["3", "10", "all"]
        assert all(float(row["value"]) == float(row["value"]) for row in rows if row["value"])

    def test_the_terminal_has_charts_that_fit(self, c10h: Run) -> None:
        out = c10h(*NOISE, "labels.h5", "--detail").out
        charts = [line for line in out.splitlines() if "\u2800" in line or "---|" in line]
        assert len(charts) > 20
        assert max(map(len, charts)) <= 80


class TestSources:
    def test_truth_adds_its_ceilings(self, c10h: Run) -> None:
        without = c10h(*NOISE, "counts.npy", "--format", "csv").out
        wanted = c10h(*NOISE, "labels.h5", "--format", "csv").out
        assert "accuracy" not in without
        assert c10h(*NOISE, "counts.npy", "--truth", "truth.npy", "--format", "csv").out == wanted

    def test_a_pipe(self, files: Files, c10h: Run) -> None:
        wanted = c10h(*NOISE, "counts.npy", "--json").out
        content = files.path("counts.npy").read_bytes()
        assert c10h(*NOISE, "-", "--json", stdin=content).out == wanted

    def test_from_build_to_noise(self, files: Files, process: Run) -> None:
        built = process("labels", "build", "counts.npy", "--truth", "truth.npy", "-o", "-")
        found = process(*NOISE, "-", "--json", stdin=built.stdout)
        assert found.json() == process(*NOISE, "labels.h5", "--json").json()

    def test_a_reader_that_leaves(self, files: Files) -> None:
        line = " ".join([*PYTHON, *NOISE, "labels.h5", "--format", "csv"])
        result = start(["bash", "-c", f"{line} | head -1"], files.folder)
        assert (result.err, result.out) == ("", "metric,method,votes,value,standard_error\n")

    def test_a_terminal_without_unicode(self, files: Files) -> None:
        line = [*PYTHON, *NOISE, "labels.h5"]
        result = start(line, files.folder, environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
        assert (result.status, result.err) == (0, "")

    def test_columns_of_a_wide_table(self, files: Files, c10h: Run) -> None:
        rows = [f"{k},{','.join(map(str, row))}" for k, row in enumerate(files.counts.tolist())]
        files.save("x.csv", "\n".join([f"id,{','.join(CLASSES)}", *rows]))
        found = c10h(*NOISE, "x.csv", "--columns", "1:4", "--json")
        assert found.out == c10h(*NOISE, "counts.npy", "--json").out


class TestSeeds:
    def test_they_repeat(self, c10h: Run) -> None:
        outs = [c10h(*NOISE, "labels.h5", "--seed", seed).out for seed in (3, 3, 4)]
        assert outs[0] == outs[1] != outs[2]

    def test_processes_agree(self, files: Files, process: Run) -> None:
        first, second = (process(*NOISE, "labels.h5", "--json").stdout for _ in range(2))
        assert first == second

    def test_more_draws_are_more_precise(self, c10h: Run) -> None:
        errors = []
        for draws in (4, 64):
            found = c10h(*NOISE, "labels.h5", "--json", "--votes", "5", "--draws", draws).json()
            (one,) = (curve for curve in found["curves"] if curve["metric"] == "accuracy")
            errors.append(one["standard_errors"][0])
        assert errors[1] < errors[0]

    def test_a_seed_can_be_large(self, c10h: Run) -> None:
        assert c10h(*NOISE, "labels.h5", "--json", "--seed", 1 << 70).status == 0


@pytest.mark.parametrize("form", ["terminal", "json"])
@pytest.mark.parametrize("what", SPECIAL)
def test_labels_with_little_to_go_by(files: Files, c10h: Run, what: str, form: str) -> None:
    result = c10h(*NOISE, special(files, what), "--format", form)
    assert (result.status, result.err) == (0, "")
    assert not re.search(r"\bnan\b", result.out, re.IGNORECASE)
    if form == "json":
        result.json()


def test_an_output_that_exists(files: Files, c10h: Run, refuses: Refuse) -> None:
    files.path("out").write_text("old")
    refuses(*NOISE, "labels.h5", "-o", "out", says="out: exists already")
    assert files.path("out").read_text() == "old"
    assert c10h(*NOISE, "labels.h5", "-o", "out", "--force").status == 0


@pytest.mark.parametrize(
    ("votes", "says"),
    [
        ("a,b", "--votes a,b: expected numbers, such as 1,2,5,10"),
        ("1,,2", "--votes 1,,2: expected numbers"),
        ("1.5", "--votes 1.5: expected numbers"),
        (",", "expected numbers"),
        ("0", "--votes: expected numbers of at least 1, found 0"),
        ("5,-1", "--votes: expected numbers of at least 1, found -1"),
    ],
)
def test_votes_that_make_no_sense(refuses: Refuse, votes: str, says: str) -> None:
    refuses(*NOISE, "labels.h5", f"--votes={votes}", says=says)


@pytest.mark.parametrize("votes", [2**30, 2**31, 2**64, 10**30])
def test_any_number_of_votes(c10h: Run, votes: int) -> None:
    found = c10h(*NOISE, "labels.h5", "--votes", votes, "--json").json()
    for one in found["curves"]:
        if one["method"] != "split-half":
            assert one["values"][0] == pytest.approx(one["values"][1])


def test_probabilities(files: Files, refuses: Refuse) -> None:
    files.save("p.npy", files.shares)
    refuses(*NOISE, "p.npy", says="expected vote counts, found only probabilities")


def test_truth_of_another_size(files: Files, refuses: Refuse) -> None:
    files.save("y.npy", files.truth[:-1])
    refuses(
        *NOISE, "counts.npy", "--truth", "y.npy", says="30 items in the labels and 29 in the truth"
    )


def test_stdin_twice(refuses: Refuse) -> None:
    refuses(*NOISE, "-", "--truth", "-", says="'-' (stdin) can be used for only one input")


def test_a_file_that_is_not_there(refuses: Refuse) -> None:
    refuses(*NOISE, "none.npy", says="none.npy: no such file")


def test_a_table_of_judgments(files: Files, refuses: Refuse) -> None:
    files.save("j.csv", "annotator,item,label\na,0,0\nb,0,1\nc,1,1\n")
    refuses(*NOISE, "j.csv", says="c10h labels build j.csv -o labels.h5 makes labels")


@pytest.mark.parametrize(
    "options",
    [["--draws", "1"], ["--draws", "x"], ["--seed", "-1"], ["--format", "xml"], ["--none"]],
    ids=" ".join,
)
def test_usage_errors(c10h: Run, options: list[str]) -> None:
    result = c10h(*NOISE, "labels.h5", *options)
    assert (result.status, result.out) == (2, "")
    assert options[0] in result.err


def test_help_costs_no_numpy(files: Files) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "c10h", *NOISE, "--help"]
    result = start(line, files.folder)
    assert result.status == 0
    assert not any(part.endswith(" numpy") for part in result.err.splitlines())
