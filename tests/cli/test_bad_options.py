"""Streams and options that cannot be used: one line, status 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .conftest import (
    PYTHON,
    Files,
    Refuse,
    Run,
    assert_refused,
    start,
)

pytestmark = pytest.mark.usefixtures("files")


class TestStreams:
    @pytest.mark.parametrize(
        "line",
        [
            ["score", "-", "--labels", "-"],
            ["score", "-", "--truth", "-"],
            ["score", "a=-", "b=-", "--truth", "truth.npy"],
            ["score", "a.npy", "--labels", "-", "--truth", "-"],
            ["labels", "build", "-", "--truth", "-"],
            ["labels", "build", "-", "-", "--as", "distill"],
            ["report", "-", "-"],
        ],
        ids=" ".join,
    )
    def test_stdin_twice(self, files: Files, refuses: Refuse, line: list[str]) -> None:
        content = files.path("counts.npy").read_bytes()
        refuses(*line, says="'-' (stdin) can be used for only one input", stdin=content)

    @pytest.mark.parametrize(
        "line", [["score", "-", "--labels", "labels.h5"], ["labels", "build", "-"], ["show", "-"]]
    )
    def test_stdin_that_is_empty(self, refuses: Refuse, line: list[str]) -> None:
        refuses(*line, says="-: expected data, found none")

    def test_stdin_that_is_text(self, refuses: Refuse) -> None:
        refuses("show", "-", says="stdin: expected an HDF5 file, found text", stdin=b"text")

    @pytest.mark.parametrize("closed", ["<&-", ">&-"])
    def test_streams_that_are_closed(self, files: Files, closed: str) -> None:
        line = " ".join([*PYTHON, "show", "-" if closed == "<&-" else "labels.h5", closed])
        result = start(["sh", "-c", line], files.folder)
        assert_refused(result, "closed")


class TestItem:
    """Arrays have no columns that --item could choose."""

    @pytest.mark.parametrize(
        "line",
        [
            ["score", "a.npy", "--labels", "counts.npy"],
            ["labels", "build", "counts.npy"],
            ["labels", "noise", "counts.npy"],
            ["labels", "plan", "counts.npy", "--budget", "9"],
        ],
    )
    def test_no_input_has_columns(self, refuses: Refuse, line: list[str]) -> None:
        refuses(*line, "--item", "face", says=["--item face: ", "an array called ids"])

    def test_one_input_has_columns(self, files: Files, c10h: Run) -> None:
        rows = "".join(f"{count[0]},{count[1]},{count[2]},i{n}\n"
                       for n, count in enumerate(files.counts))  # fmt: skip
        files.save("votes.csv", "cat,dog,bird,face\n" + rows)
        result = c10h("score", "a.npy", "--labels", "votes.csv", "--item", "face")
        assert result.status == 0
        assert "ids from column 'face'" in result.err


def test_the_same_in_a_process_of_its_own(files: Files, process: Run) -> None:
    files.save("x.npy", np.zeros((2, 3)) - 1)
    says = "2 items in x and 30 in the truth"
    assert_refused(process("score", "x.npy", "--truth", "truth.npy"), says)


def test_no_warning_beside_the_line(files: Files, process: Run) -> None:
    files.save("header.csv", "cat,dog,bird\n")
    assert_refused(process("score", "header.csv", "--truth", "truth.npy"), "found no rows")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("blank.csv", "\n\n", "expected a table, found an empty one"),
        ("remark.csv", "#\rt,.\r\n", "expected a table, found an empty one"),
        ("header.csv", "id,b,", "expected true classes, found none"),
        ("bytes.npy", np.array([b"cat", b"\xff"] * 15), "expected UTF-8 text: 'utf-8' codec"),
        ("nan.npy", np.full(30, np.nan), "expected true classes, found none"),
        ("stop.pt", ".", "expected .pt, found text that begins with '.'"),
    ],
)
def test_truth_that_is_broken(
    files: Files, refuses: Refuse, name: str, content: Any, says: str
) -> None:
    files.save(name, content)
    refuses("score", "a.npy", "--truth", name, says=f"{name}: {says}")


class TestOptions:
    @pytest.mark.parametrize("text", ["ce_human", "ce_human=1", "ce_human>", "> 1", "ce_human>x"])
    def test_a_gate_that_is_none(self, refuses: Refuse, text: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--fail-if", text]
        refuses(*line, says=[f"--fail-if {text!r}: expected METRIC", "'ce_human>0.6'"])

    @pytest.mark.parametrize("bound", ["nan", "NaN"])
    def test_a_gate_that_can_never_hold(self, refuses: Refuse, bound: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--fail-if", f"ce_human>{bound}"]
        refuses(*line, says=f"--fail-if 'ce_human>{bound}': expected METRIC")

    @pytest.mark.parametrize("option", ["--metrics", "--fail-if"])
    def test_a_metric_that_is_none(self, refuses: Refuse, option: str) -> None:
        name = "beauty" if option == "--metrics" else "beauty>1"
        line = ["score", "a.npy", "--labels", "labels.h5", option, name]
        refuses(*line, says="unknown metric 'beauty': expected one of accuracy, ")

    @pytest.mark.parametrize("tag", ["network", "colour=red", "=x"])
    def test_a_tag_that_is_none(self, refuses: Refuse, tag: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--tag", tag]
        refuses(*line, says=f"--tag {tag}: expected network=")

    @pytest.mark.parametrize(
        ("columns", "says"),
        [
            ("3", "--columns 3: expected START:STOP"),
            ("2:1", "--columns 2:1: expected START:STOP"),
            ("a:b", "--columns a:b: expected START:STOP"),
            ("0:4", "a.npy: expected columns up to 4, found 3"),
        ],
    )
    def test_columns_that_are_none(self, refuses: Refuse, columns: str, says: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--columns", columns]
        refuses(*line, says=says)

    def test_nothing_to_score_against(self, files: Files, refuses: Refuse) -> None:
        files.predictions("p.h5")
        refuses("score", "p.h5", says="p: nothing to compare with: use --labels, --truth or")
        refuses("score", "a.npy", says="a: nothing to compare with: use --labels, --truth or")

    @pytest.mark.parametrize("by", ["modal", "mode-shift", "human-entropy"])
    def test_strata_that_need_people(self, refuses: Refuse, by: str) -> None:
        line = ["score", "a.npy", "--truth", "truth.npy", "--by", by]
        refuses(*line, says=f"--by {by} needs human labels (--labels)")

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--prior", "-1"], "--prior -1: expected 0 or more pseudo-votes"),
            (["--prior", "nan"], "--prior nan: expected"),
            (["--prior", "inf"], "--prior inf: expected"),
            (["--prior", "1e308"], "--prior 1e+308: expected a number up to 1e+09"),
            (["--as", "smooth", "--smoothing", "1.5", "--truth", "truth.npy"], "--smoothing 1.5"),
            (["--as", "class"], "--as class needs the true classes: use --truth"),
            (["--as", "smooth"], "--as smooth needs the true classes: use --truth"),
            (["--as", "human", "b.npy"], "found 2 SOURCE arguments"),
        ],
    )
    def test_labels_that_cannot_be_built(
        self, refuses: Refuse, options: list[str], says: str
    ) -> None:
        refuses("labels", "build", "counts.npy", *options, says=says)

    def test_truth_twice(self, refuses: Refuse) -> None:
        line = ["labels", "build", "truth.npy", "--truth", "truth.npy", "--as", "hard"]
        refuses(*line, says="truth.npy already has the true classes")
