"""``c10h labels plan`` as a user runs it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from .conftest import PYTHON, Files, Refuse, Run, start
from .special import SPECIAL, special

pytestmark = pytest.mark.usefixtures("files")
PLAN = ("labels", "plan")
FORMATS = ("terminal", "markdown", "latex", "csv", "json")
OBJECTIVES = ("squared", "entropy")


class TestForms:
    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("objective", OBJECTIVES)
    def test_every_form(self, c10h: Run, form: str, objective: str) -> None:
        line = [*PLAN, "labels.h5", "--budget", 40, "--objective", objective, "--format", form]
        result = c10h(*line)
        assert (result.status, result.err) == (0, "")
        assert "judgments" in result.out
        assert "nan" not in result.out.lower()

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_file_has_what_stdout_has(self, files: Files, c10h: Run, form: str) -> None:
        line = [*PLAN, "labels.h5", "--budget", 500, "--format", form]
        wanted = c10h(*line).out
        result = c10h(*line, "-o", "out")
        assert (result.status, result.out) == (0, "")
        *expected, last = result.err.splitlines()
        assert last == "out: written"
        assert expected[0].startswith("500 judgments for 27 of 30 items")
        assert form in ("csv", "json") or expected[0].split(";")[0] in wanted
        assert files.path("out").read_text() == wanted

    @pytest.mark.parametrize("objective", OBJECTIVES)
    def test_json(self, c10h: Run, objective: str) -> None:
        line = [*PLAN, "labels.h5", "--budget", 40, "--objective", objective, "--json"]
        found = c10h(*line).json()
        assert found["objective"] == objective
        assert sum(one["judgments"] for one in found["items"]) == found["budget"] == 40
        assert {one["votes"] for one in found["items"]} == {20}
        errors = found["expected_error"]
        assert 0 < errors["planned"] <= errors["uniform"] < errors["now"]

    def test_csv_is_a_list_to_collect_by(self, c10h: Run) -> None:
        out = c10h(*PLAN, "counts.npy", "--budget", 1000, "--format", "csv").out
        rows = list(csv.DictReader(io.StringIO(out)))
        assert sum(int(row["judgments"]) for row in rows) == 1000
        given = [int(row["judgments"]) for row in rows]
        assert given == sorted(given, reverse=True)
        assert {row["item"] for row in rows} <= {str(item) for item in range(30)}

    def test_the_terminal_shows_20_items_and_says_how_to_get_the_rest(self, c10h: Run) -> None:
        line = [*PLAN, "labels.h5", "--budget", 1000]
        rest = len(c10h(*line, "--json").json()["items"]) - 20
        assert rest > 0
        assert f"and {rest} more items: --format csv lists all" in c10h(*line).out

    def test_items_have_their_names(self, files: Files, c10h: Run) -> None:
        names = np.array([f"naïve, {number}" for number in range(30)])
        files.labels("n.h5", ids=names)
        out = c10h(*PLAN, "n.h5", "--budget", 300, "--format", "csv").out
        assert {row["item"] for row in csv.DictReader(io.StringIO(out))} <= set(names.tolist())
        assert r"na\"{i}ve" in c10h(*PLAN, "n.h5", "--budget", 300, "--format", "latex").out


class TestOptions:
    def test_a_limit(self, c10h: Run) -> None:
        found = c10h(*PLAN, "labels.h5", "--budget", 55, "--max-per-item", 2, "--json").json()
        assert sum(one["judgments"] for one in found["items"]) == 55
        assert max(one["judgments"] for one in found["items"]) == 2

    def test_a_limit_of_any_size(self, c10h: Run) -> None:
        line = [*PLAN, "labels.h5", "--budget", 55, "--json"]
        assert c10h(*line, "--max-per-item", 10**30).out == c10h(*line).out

    def test_a_budget_that_hits_every_limit(self, c10h: Run) -> None:
        found = c10h(*PLAN, "labels.h5", "--budget", 60, "--max-per-item", 2, "--json").json()
        assert [one["judgments"] for one in found["items"]] == [2] * 30

    def test_one_judgment_goes_where_people_disagree_most(self, files: Files, c10h: Run) -> None:
        found = c10h(*PLAN, "labels.h5", "--budget", 1, "--json").json()
        (one,) = found["items"]
        even = ((files.shares - 1 / 3) ** 2).sum(axis=1)
        assert even[int(one["item"])] == even.min()

    def test_a_prior(self, c10h: Run) -> None:
        found = c10h(*PLAN, "labels.h5", "--budget", 5, "--prior", 0.25, "--json").json()
        assert found["prior"] == 0.25
        assert c10h(*PLAN, "labels.h5", "--budget", 5, "--json").json()["prior"] != 0.25

    def test_seeds_settle_ties_and_repeat(self, files: Files, c10h: Run) -> None:
        files.save("same.npy", np.tile(np.array([[3, 2]], dtype="i4"), (40, 1)))
        line = [*PLAN, "same.npy", "--budget", 10, "--format", "csv", "--seed"]
        outs = [c10h(*line, seed).out for seed in (1, 1, 2, 1 << 70)]
        assert outs[0] == outs[1]
        assert len(set(outs)) == 3

    def test_processes_agree(self, process: Run) -> None:
        line = [*PLAN, "labels.h5", "--budget", 45, "--json"]
        assert process(*line).stdout == process(*line).stdout


class TestPipes:
    def test_stdin(self, files: Files, c10h: Run) -> None:
        content = files.path("counts.npy").read_bytes()
        wanted = c10h(*PLAN, "counts.npy", "--budget", 9, "--json").out
        assert c10h(*PLAN, "-", "--budget", 9, "--json", stdin=content).out == wanted

    def test_a_reader_that_leaves(self, files: Files) -> None:
        line = " ".join([*PYTHON, *PLAN, "labels.h5", "--budget", "500", "--format", "csv"])
        result = start(["bash", "-c", f"{line} | head -1"], files.folder)
        assert (result.err, result.out) == ("", "item,votes,judgments\n")

    def test_from_judgments_to_a_plan(self, files: Files, process: Run) -> None:
        rows = [f"w{k % 7},{k % 30},{(k * k) % 3}" for k in range(200)]
        files.save("j.csv", "\n".join(["annotator,item,label", *rows]))
        built = process("labels", "build", "j.csv", "-o", "-")
        found = process(*PLAN, "-", "--budget", "12", "--json", stdin=built.stdout).json()
        assert sum(one["judgments"] for one in found["items"]) == 12

    def test_more_judgments_of_an_item_than_there_are_annotators(
        self, files: Files, c10h: Run
    ) -> None:
        """Three annotators answered every item, so that one more of any needs a fourth."""
        rows = [f"w{who},{item},{who * item % 2}" for who in range(3) for item in range(4)]
        files.save("j.csv", "\n".join(["annotator,item,label", *rows]))
        assert c10h("labels", "build", "j.csv", "-o", "j.h5").status == 0
        told = c10h(*PLAN, "j.h5", "--budget", 4, "--max-per-item", 1).err
        assert "j.h5: 4 items of the plan would have more judgments than the labels have" in told
        files.save(
            "k.csv",
            "\n".join(["annotator,item,label", *rows, *(f"w{who},4,0" for who in range(3, 12))]),
        )
        assert c10h("labels", "build", "k.csv", "-o", "k.h5").status == 0
        told = c10h(*PLAN, "k.h5", "--budget", 4, "--max-per-item", 1).err
        assert "than the labels have" not in told


class TestItemsWithoutVotes:
    PLANNED = "which may need judgments most"

    def test_items_that_build_left_out(self, files: Files, c10h: Run) -> None:
        rows = ["a,x,0", "b,x,1", "a,y,1", "b,y,1", "a,z,skip", "b,w,skip"]
        files.save("j.csv", "\n".join(["annotator,item,label", *rows]))
        line = ["labels", "build", "j.csv", "--drop-label", "skip", "--min-votes", 1, "-o", "j.h5"]
        built = c10h(*line)
        assert "j.csv: left out 2 items with too few judgments: w, z\n" in built.err
        assert "c10h labels plan will not ask for 2 items that are left out\n" in built.err
        for options in ([], ["--format", "csv"], ["-o", "next.csv"]):
            result = c10h(*PLAN, "j.h5", "--budget", 5, *options)
            assert result.status == 0
            told = "j.h5: not planned: 2 items left out of the labels with too few votes"
            assert f"{told}, {self.PLANNED}" in result.err.splitlines()
        found = c10h(*PLAN, "j.h5", "--budget", 5, "--json").json()
        assert found["items_left_out"] == 2
        assert {one["item"] for one in found["items"]} <= {"x", "y"}

    def test_items_of_counts(self, files: Files, c10h: Run) -> None:
        files.save("c.csv", "file,cat,dog\na,3,1\nb,0,0\nc,1,2\n")
        wide = ("c.csv", "--layout", "wide", "--min-votes", 1)
        result = c10h(*PLAN, *wide, "--budget", 5)
        assert "c.csv: left out 1 of 3 items with fewer than 1 vote: b\n" in result.err
        assert f"not planned: 1 item left out of the labels with too few votes, {self.PLANNED}" in (
            result.err
        )
        built = c10h("labels", "build", *wide, "-o", "c.h5")
        assert "c10h labels plan will not ask for 1 item that is left out\n" in built.err

    def test_nothing_is_said_where_none_is(self, c10h: Run) -> None:
        assert self.PLANNED not in c10h(*PLAN, "labels.h5", "--budget", 5).err
        built = c10h("labels", "build", "counts.npy", "-o", "out.h5")
        assert "labels plan" not in built.err


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("what", SPECIAL)
def test_labels_with_little_to_go_by(files: Files, c10h: Run, what: str, objective: str) -> None:
    line = [*PLAN, special(files, what, truth=None), "--budget", 50, "--objective", objective]
    if "vote" in what:  # single votes tell no prior
        line += ["--prior", 0.1]
    found = c10h(*line, "--json").json()
    assert sum(one["judgments"] for one in found["items"]) == 50
    assert c10h(*line).status == 0


@pytest.mark.parametrize("prior", ["1e-30", "1e300"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_any_prior_is_planned_with_or_refused(c10h: Run, prior: str, objective: str) -> None:
    line = [*PLAN, "labels.h5", "--budget", 50, "--objective", objective, "--json"]
    result = c10h(*line, "--prior", prior)
    if result.status == 1:
        assert result.err.startswith("error: --prior")
    else:
        assert sum(one["judgments"] for one in result.json()["items"]) == 50


@pytest.mark.parametrize("budget", [10**12, 10**18 - 1, 10**30])
def test_any_budget_is_spent_or_refused(c10h: Run, budget: int) -> None:
    result = c10h(*PLAN, "labels.h5", "--budget", budget, "--json")
    if result.status == 1:
        assert result.err.startswith("error: --budget")
    else:
        assert sum(one["judgments"] for one in result.json()["items"]) == budget


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--budget", "0"], "--budget 0: expected 1 to"),
        (["--budget", "-3"], "--budget -3: expected 1 to"),
        (["--budget", "31", "--max-per-item", "1"], "30 items with at most 1 judgment each"),
        (["--budget", "5", "--max-per-item", "0"], "--max-per-item 0"),
        (["--budget", "5", "--max-per-item", "-2"], "--max-per-item -2"),
        (["--budget", "5", "--prior", "0"], "--prior 0: expected 1e-06 to 1000"),
        (["--budget", "5", "--prior", "-1"], "--prior -1: expected 1e-06 to 1000"),
        (["--budget", "5", "--prior", "nan"], "--prior nan"),
        (["--budget", "5", "--prior", "inf"], "--prior inf"),
    ],
    ids=str,
)
def test_numbers_that_make_no_sense(refuses: Refuse, options: list[str], says: str) -> None:
    refuses(*PLAN, "labels.h5", *options, says=says)


def test_probabilities(files: Files, refuses: Refuse) -> None:
    files.save("p.npy", files.shares)
    refuses(*PLAN, "p.npy", "--budget", 5, says="expected vote counts, found only probabilities")


def test_a_file_that_is_not_there(refuses: Refuse) -> None:
    refuses(*PLAN, "none.npy", "--budget", 5, says="none.npy: no such file")


def test_predictions_are_no_labels(files: Files, refuses: Refuse) -> None:
    files.predictions("p.h5")
    refuses(*PLAN, "p.h5", "--budget", 5, says="p.h5: expected kind labels, found")


def test_an_output_that_exists(files: Files, refuses: Refuse, c10h: Run) -> None:
    files.path("out").write_text("old")
    refuses(*PLAN, "labels.h5", "--budget", 5, "-o", "out", says="out: exists already")
    assert files.path("out").read_text() == "old"
    assert c10h(*PLAN, "labels.h5", "--budget", 5, "-o", "out", "--force").status == 0


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--budget", "x"],
        ["--budget", "1.5"],
        ["--budget", "5", "--objective", "best"],
        ["--budget", "5", "--seed", "-1"],
        ["--budget", "5", "--format", "xml"],
        ["--budget", "5", "--max-per-item", "x"],
    ],
    ids=" ".join,
)
def test_usage_errors(c10h: Run, options: list[str]) -> None:
    result = c10h(*PLAN, "labels.h5", *options)
    assert (result.status, result.out) == (2, "")
    assert "Usage" in result.err
