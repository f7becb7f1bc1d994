"""Bad input ends with one line that says what is wrong, status 1, and no harm done."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from .conftest import CLASSES, PYTHON, Files, Refuse, Run, assert_refused, start

# A broken file and what is said of it: one function (files) -> path each.
Maker = Callable[[Files], Path]

# Every place where a command reads a file; {} is the file.
EVERYWHERE = {
    "score predictions": ["score", "{}", "--labels", "labels.h5"],
    "score labels": ["score", "a.npy", "--labels", "{}"],
    "score truth": ["score", "a.npy", "--truth", "{}"],
    "labels build": ["labels", "build", "{}"],
    "labels build truth": ["labels", "build", "counts.npy", "--truth", "{}"],
    "labels build hard": ["labels", "build", "{}", "--as", "hard", "--classes", "3"],
    "labels build distill": ["labels", "build", "a.npy", "{}", "--as", "distill"],
    "report": ["report", "{}"],
    "show": ["show", "{}"],
}
FOREIGN = {name: line for name, line in EVERYWHERE.items() if name not in ("report", "show")}


pytestmark = pytest.mark.usefixtures("files")


def filled(line: list[str], file: object) -> list[str]:
    return [str(file) if word == "{}" else word for word in line]


def missing(files: Files) -> Path:
    return files.path("nowhere.h5")


def folder(files: Files) -> Path:
    files.path("folder.h5").mkdir()
    return files.path("folder.h5")


def truncated(files: Files) -> Path:
    content = files.path("labels.h5").read_bytes()
    files.path("cut.h5").write_bytes(content[: len(content) // 2])
    return files.path("cut.h5")


def text(files: Files) -> Path:
    return files.save("text.h5", "these are not the bytes you are looking for\n")


def empty(files: Files) -> Path:
    return files.save("empty.h5", "")


def external_link(files: Files) -> Path:
    shutil.copy(files.path("labels.h5"), files.path("linked.h5"))
    with h5py.File(files.path("linked.h5"), "a") as file:
        file["extra"] = h5py.ExternalLink("/etc/hostname", "/")
    return files.path("linked.h5")


BROKEN: dict[Maker, tuple[str, str]] = {
    missing: ("nowhere.h5: ", "no such file or directory"),
    folder: ("folder.h5: ", "expected a file, found a folder"),
    truncated: ("cut.h5: ", "truncated"),
    text: ("text.h5: ", "found text that begins with 'these are not th'"),
    empty: ("empty.h5: ", "found an empty file"),
    external_link: ("linked.h5: ", "/extra is an external or soft link"),
}


@pytest.mark.parametrize("line", EVERYWHERE.values(), ids=EVERYWHERE)
@pytest.mark.parametrize(
    ("make", "says"), BROKEN.items(), ids=lambda one: getattr(one, "__name__", "")
)
def test_broken_files(
    files: Files, refuses: Refuse, make: Maker, says: tuple[str, str], line: list[str]
) -> None:
    refuses(*filled(line, make(files)), says=says)


@pytest.mark.parametrize("line", FOREIGN.values(), ids=FOREIGN)
class TestFilesWithCode:
    def test_pickled_npy(self, files: Files, refuses: Refuse, line: list[str]) -> None:
        bad = files.save("pickled.npy", np.array([[{}, 1]], dtype=object))
        says = ["pickled.npy: ", "expected numbers, found pickled objects"]
        refuses(*filled(line, bad), says=says)

    def test_pt_that_holds_code(self, files: Files, refuses: Refuse, line: list[str]) -> None:
        import torch

        torch.save(Code(), files.path("code.pt"))
        says = ["code.pt: ", "expected tensors", "holds code"]
        refuses(*filled(line, files.path("code.pt")), says=says)
        assert not files.path("it ran").exists()


class Code:
    """Unpickling this creates a folder."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("it ran",)


def test_truncated_npy(files: Files, refuses: Refuse) -> None:
    content = files.path("a.npy").read_bytes()
    files.path("a.npy").write_bytes(content[:-8])
    says = ["a.npy: ", f"expected {len(content)} bytes, found {len(content) - 8} bytes"]
    refuses("score", "a.npy", "--labels", "labels.h5", says=says)


class TestKinds:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            (["score", "labels.h5", "--labels", "labels.h5"], "predictions"),
            (["labels", "build", "labels.h5", "--as", "distill"], "predictions"),
            (["report", "labels.h5"], "scores"),
        ],
    )
    def test_labels_in_the_wrong_place(
        self, refuses: Refuse, line: list[str], expected: str
    ) -> None:
        refuses(*line, says=f"labels.h5: expected kind {expected}, found kind labels")

    @pytest.mark.parametrize(
        "line",
        [["score", "a.npy", "--labels", "p.h5"], ["labels", "build", "p.h5"]],
    )
    def test_predictions_in_place_of_labels(
        self, files: Files, refuses: Refuse, line: list[str]
    ) -> None:
        files.predictions("p.h5")
        refuses(*line, says="p.h5: expected kind labels, found kind predictions")

    @pytest.mark.parametrize("line", [["report", "x.h5"], ["show", "x.h5"]])
    @pytest.mark.parametrize("kind", [None, "pictures", [1, 2]])
    def test_hdf5_of_another_program(
        self, files: Files, refuses: Refuse, line: list[str], kind: Any
    ) -> None:
        with h5py.File(files.path("x.h5"), "w") as file:
            file["x"] = np.eye(3)
            if kind is not None:
                file.attrs["kind"] = kind
        refuses(*line, says="x.h5: an HDF5 file, but not one that c10h wrote")

    @pytest.mark.parametrize("line", [["report", "a.npy"], ["show", "a.npy"]])
    def test_foreign_files_where_only_ours_will_do(self, refuses: Refuse, line: list[str]) -> None:
        refuses(*line, says=["a.npy: expected an HDF5 file, found bytes that begin with 93 4e"])


class TestRows:
    """Rows that are no predictions, labels or truth; the row is named."""

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("meaning", [(), ("--logits",)])
    def test_logits_that_are_not_finite(
        self, files: Files, refuses: Refuse, bad: float, meaning: tuple[str, ...]
    ) -> None:
        values = files.logits["a"].copy()
        values[17, 1] = bad
        files.save("x.npy", values)
        says = "x.npy: row 17: expected a finite logit"
        refuses("score", "x.npy", "--labels", "labels.h5", *meaning, says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", *meaning, says=says)

    def test_recorded_logits_that_are_not_finite(self, files: Files, refuses: Refuse) -> None:
        logits = files.logits["a"][None].astype("f4")
        logits[0, 17] = np.nan
        files.predictions("p.h5", logits=logits)
        refuses("score", "p.h5", "--labels", "labels.h5", says="p.h5: row 17: expected a finite")

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ([0.5, 0.2, 0.2], "expected probabilities that sum to 1, found 0.9"),
            ([np.nan, 0.5, 0.5], "expected probabilities in [0, 1], found nan 0.5 0.5"),
            ([1.5, -0.3, -0.2], "expected probabilities in [0, 1], found 1.5 -0.3 -0.2"),
        ],
    )
    def test_labels_that_are_no_probabilities(
        self, files: Files, refuses: Refuse, row: list[float], says: str
    ) -> None:
        files.save("x.npy", np.vstack([files.shares[:17], row, files.shares[18:]]))
        says = f"x.npy: row 17: {says}"
        refuses("score", "a.npy", "--labels", "x.npy", says=says)
        refuses("labels", "build", "x.npy", says=says)
        refuses("labels", "build", "x.npy", "--truth", "truth.npy", "--as", "class", says=says)

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ([-1, 20, 1], "expected counts of 0 or more, found -1 20 1"),
            ([0, 0, 0], "expected at least one vote for the item, found 0 0 0"),
            ([1.5, 18.5, 0], "expected"),
            ([np.nan, 18, 2], "expected"),
        ],
    )
    def test_votes_that_are_none(
        self, files: Files, refuses: Refuse, row: list[float], says: str
    ) -> None:
        values = files.counts.astype("f8")
        values[17] = row
        files.save("x.npy", values)
        refuses("score", "a.npy", "--labels", "x.npy", says=f"x.npy: row 17: {says}")
        refuses("labels", "build", "x.npy", says=f"x.npy: row 17: {says}")

    @pytest.mark.parametrize("scale", [0.9, 0.5])
    def test_probabilities_or_logits_is_asked_for(
        self, files: Files, refuses: Refuse, scale: float
    ) -> None:
        files.save("x.npy", files.shares * scale)
        says = "x.npy: values in [0, 1] whose rows do not sum to 1: say --logits or --probs"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says=says)

    def test_both_at_once(self, refuses: Refuse) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--logits", "--probs"]
        refuses(*line, says="--logits and --probs exclude each other")

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (3, "expected a class from 0 to 2, found 3"),
            (-1, "expected a class from 0 to 2, found -1"),
            (0.5, "expected a class number, found 0.5"),
            (np.nan, "expected a class number, found nan"),
        ],
    )
    def test_truth_that_is_no_class(
        self, files: Files, refuses: Refuse, wrong: float, says: str
    ) -> None:
        truth = files.truth.astype("f8" if wrong not in (3, -1) else "i8")
        truth[17] = wrong
        files.save("y.npy", truth)
        says = f"y.npy: row 17: {says}"
        refuses("score", "a.npy", "--truth", "y.npy", says=says)
        refuses("labels", "build", "counts.npy", "--truth", "y.npy", says=says)
        refuses("labels", "build", "y.npy", "--as", "hard", "--classes", "3", says=says)

    @pytest.mark.parametrize("wrong", [3, -1])
    def test_recorded_truth_that_is_no_class(
        self, files: Files, refuses: Refuse, wrong: int
    ) -> None:
        truth = files.truth.copy()
        truth[17] = wrong
        files.predictions("p.h5", truth=truth)
        files.labels("l.h5", truth=truth)
        says = f"row 17: expected a class from 0 to 2, found {wrong}"
        refuses("score", "p.h5", says=["p.h5: ", says])
        refuses("score", "a.npy", "--labels", "l.h5", says=["l.h5: ", says])
        refuses("labels", "build", "l.h5", says=["l.h5: ", says])

    def test_no_rows(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", np.zeros((0, 3)))
        says = "x.npy: expected one row an item, found no rows"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("labels", "build", "x.npy", says=says)

    @pytest.mark.parametrize(
        ("shape", "member"), [((1, 0, 3), ["m"]), ((0, 30, 3), [])], ids=["items", "members"]
    )
    def test_recorded_files_without_items_or_members(
        self, files: Files, refuses: Refuse, shape: tuple[int, ...], member: list[str]
    ) -> None:
        files.predictions("p.h5")
        with h5py.File(files.path("p.h5"), "a") as file:
            del file["logits"], file["member"]
            file["logits"] = np.zeros(shape, "f4")
            file.create_dataset("member", data=member, dtype=h5py.string_dtype(), shape=shape[:1])
        says = ["p.h5: ", "expected one or more", f"found shape {shape}"]
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        refuses("show", "p.h5", says=says)


class TestSizes:
    def test_other_numbers_of_classes(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", files.logits["a"][:, :2])
        says = "x: expected 3 classes, found 2"
        refuses("score", "x.npy", "--labels", "labels.h5", says=says)
        refuses("score", "x.npy", "--labels", "counts.npy", says=says)
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says="found 2")

    def test_9_classes_against_10(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", np.random.default_rng(0).normal(size=(30, 9)))
        files.save("l.npy", np.ones((30, 10), "i4"))
        refuses("score", "x.npy", "--labels", "l.npy", says="x: expected 10 classes, found 9")

    def test_classes_that_are_more_than_the_columns(self, refuses: Refuse) -> None:
        says = ["expected 4 classes, found 3"]
        refuses("labels", "build", "counts.npy", "--classes", "a,b,c,d", says=says)
        line = ["score", "a.npy", "--truth", "truth.npy", "--classes", "4"]
        refuses(*line, says=says)

    def test_other_numbers_of_items(self, files: Files, refuses: Refuse) -> None:
        files.save("x.npy", files.logits["a"][:-1])
        says = "expected 30 items as in the labels, found 29"
        refuses("score", "x.npy", "--labels", "labels.h5", says=f"x: {says}")
        refuses("score", "a.npy", "x.npy", "--labels", "labels.h5", says=f"x: {says}")
        refuses("labels", "build", "a.npy", "x.npy", "--as", "distill", says="found 29")

    def test_other_numbers_of_true_classes(self, files: Files, refuses: Refuse) -> None:
        files.save("y.npy", files.truth[:-1])
        refuses("score", "a.npy", "--truth", "y.npy", says=["29", "30"])
        line = ["labels", "build", "counts.npy", "--truth", "y.npy"]
        refuses(*line, says="truth: expected 30 items, found 29")
        line = ["score", "a.npy", "--labels", "counts.npy", "--truth", "y.npy"]
        refuses(*line, says="truth: expected 30 items as in labels, found 29")

    def test_two_truths_that_differ(self, files: Files, refuses: Refuse) -> None:
        files.save("y.npy", np.roll(files.truth, 1))
        line = ["score", "a.npy", "--labels", "labels.h5", "--truth", "y.npy"]
        says = "truth: differs from that of the labels on 30 items, the first is item 0"
        refuses(*line, says=says)


class TestClassNames:
    """Names in another order are matched by name; other names are refused."""

    def permuted(self, files: Files, names: str) -> Path:
        order = [CLASSES.index(name) for name in names.split(",") if name in CLASSES]
        order = order if len(order) == 3 else [2, 0, 1]
        rows = "".join(
            ",".join(map(repr, row)) + "\n" for row in files.logits["a"][:, order].tolist()
        )
        return files.save("x.csv", f"{names}\n{rows}")

    def test_another_order_gives_the_same_figures(self, files: Files, c10h: Run) -> None:
        self.permuted(files, "bird,cat,dog")
        score = ["--labels", "labels.h5", "--json", "--resamples", "9"]
        found = c10h("score", "x=x.csv", *score).json()
        wanted = c10h("score", "x=a.npy", *score).json()
        for metric, figure in wanted["runs"][0]["metrics"].items():
            same = pytest.approx(figure["value"], rel=1e-12)
            assert found["runs"][0]["metrics"][metric]["value"] == same

    def test_one_other_name(self, files: Files, refuses: Refuse) -> None:
        self.permuted(files, "bird,cat,fish")
        says = "x: class 'fish' is not among the expected classes cat, dog, bird"
        refuses("score", "x.csv", "--labels", "labels.h5", says=says)
        refuses("score", "x.csv", "--truth", "truth.npy", "--classes", "cat,dog,bird", says=says)

    def test_columns_of_other_names_are_taken_in_order_and_told(
        self, files: Files, c10h: Run
    ) -> None:
        files.save("x.csv", "x0,x1,x2\n" + "1,0,-1\n" * 30)
        result = c10h("score", "x.csv", "--labels", "labels.h5")
        assert result.status == 0
        assert result.err == (
            "x: has no class names; its columns are taken as cat, dog, bird, in order\n"
        )

    def test_recorded_labels_in_another_order(self, files: Files, c10h: Run) -> None:
        order = [2, 0, 1]
        names = tuple(CLASSES[column] for column in order)
        probs, counts = files.shares[:, order], files.counts[:, order]
        files.labels("l.h5", classes=names, probs=probs, counts=counts, truth=(files.truth + 1) % 3)
        files.predictions("p.h5")
        line = ["score", "p.h5", "--json", "--metrics", "ce_human,accuracy", "--labels"]
        found, wanted = (c10h(*line, name).json() for name in ("l.h5", "labels.h5"))
        for metric, figure in wanted["runs"][0]["metrics"].items():
            assert found["runs"][0]["metrics"][metric]["value"] == pytest.approx(figure["value"])

    def test_recorded_classes_of_other_names(self, files: Files, refuses: Refuse) -> None:
        files.predictions("p.h5", classes=("cat", "dog", "fish"))
        says = "p: class 'fish' is not among the expected classes cat, dog, bird"
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        files.predictions("q.h5")
        line = ["labels", "build", "q.h5", "p.h5", "--as", "distill"]
        refuses(*line, says="class 'fish' is not among")

    def test_names_of_true_classes(self, files: Files, refuses: Refuse) -> None:
        files.save("y.csv", "cat\ndog\nfish\n" + "cat\n" * 27)
        says = "y.csv: row 2: expected one of cat, dog, bird, found 'fish'"
        refuses("score", "a.npy", "--labels", "labels.h5", "--truth", "y.csv", says=says)
        line = ["labels", "build", "y.csv", "--as", "hard", "--classes"]
        refuses(*line, "cat,dog,bird", says=says)

    def test_names_of_true_classes_need_an_order(self, files: Files, refuses: Refuse) -> None:
        files.save("y.csv", "cat\ndog\n" * 15)
        says = "y.csv: holds class names: give their order with --classes"
        refuses("score", "a.npy", "--truth", "y.csv", says=says)
        refuses("labels", "build", "y.csv", "--as", "hard", says=says)

    @pytest.mark.parametrize("names", ["cat", "cat,cat,dog", "nowhere.txt", "1", "²", "a" * 5000])
    def test_classes_that_are_none(self, refuses: Refuse, names: str) -> None:
        line = ["labels", "build", "counts.npy", "--classes", names]
        refuses(*line, says=f"--classes {names[:20]}")

    def test_hard_labels_need_a_number_of_classes(self, refuses: Refuse) -> None:
        refuses("labels", "build", "truth.npy", "--as", "hard", says="give --classes")


class TestItems:
    @pytest.mark.parametrize(
        ("row", "says"), [(0, "row 0 appears twice"), (-1, "row -1 is out of range")]
    )
    def test_an_index_that_is_broken(
        self, files: Files, refuses: Refuse, row: int, says: str
    ) -> None:
        files.predictions("p.h5", index=np.arange(30))
        with h5py.File(files.path("p.h5"), "a") as file:
            file["index"][17] = row
        refuses("score", "p.h5", "--labels", "labels.h5", says=f"p.h5: index: {says}")
        refuses("show", "p.h5", says=f"p.h5: index: {says}")

    def test_an_index_beyond_the_labels(self, files: Files, refuses: Refuse) -> None:
        files.predictions("p.h5", index=np.arange(1, 31))
        says = "p: index: row 30 is out of range: the labels have 30 items"
        refuses("score", "p.h5", "--labels", "labels.h5", says=says)
        refuses("score", "p.h5", "--truth", "truth.npy", says="p: index: row 30 is out of range")

    def test_ids_that_do_not_match(self, files: Files, refuses: Refuse) -> None:
        names = np.array([f"i{number}" for number in range(30)])
        files.labels("l.h5", ids=names)
        files.predictions("p.h5", ids=np.array([*names[:28], "x", "y"]))
        says = "p: 2 of 30 ids are not in the labels, the first is 'x'"
        refuses("score", "p.h5", "--labels", "l.h5", says=says)

    @pytest.mark.parametrize("whose", ["p", "l"])
    def test_ids_that_repeat(self, files: Files, refuses: Refuse, whose: str) -> None:
        names = np.array([f"i{number}" for number in range(30)])
        twice = np.array([*names[:29], "i0"])
        files.labels("l.h5", ids=twice if whose == "l" else names)
        files.predictions("p.h5", ids=twice if whose == "p" else names)
        refuses("score", "p.h5", "--labels", "l.h5", says="ids are not unique")

    def test_ids_of_predictions_that_are_averaged(self, files: Files, refuses: Refuse) -> None:
        names = np.array([f"i{number}" for number in range(30)])
        files.predictions("p.h5", ids=names)
        files.predictions("q.h5", ids=names[::-1])
        line = ["labels", "build", "p.h5", "q.h5", "--as", "distill"]
        refuses(*line, says="ids differ from the first file's")


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
        refuses(*line, says="'-' stands for stdin once; it was given for two", stdin=content)

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
        assert_refused(result, "")


def test_the_same_in_a_process_of_its_own(files: Files, process: Run) -> None:
    files.save("x.npy", np.zeros((2, 3)) - 1)
    says = "expected 30 items as in the labels, found 2"
    assert_refused(process("score", "x.npy", "--truth", "truth.npy"), says)


def test_no_warning_beside_the_line(files: Files, process: Run) -> None:
    files.save("header.csv", "cat,dog,bird\n")
    assert_refused(process("score", "header.csv", "--truth", "truth.npy"), "found no rows")


@pytest.mark.parametrize(
    ("name", "content"), [("blank.csv", "\n\n"), ("nan.npy", np.full(30, np.nan)), ("stop.pt", ".")]
)
def test_truth_that_is_broken(files: Files, refuses: Refuse, name: str, content: Any) -> None:
    files.save(name, content)
    refuses("score", "a.npy", "--truth", name, says=f"{name}: ")


class TestOptions:
    @pytest.mark.parametrize("text", ["ce_human", "ce_human=1", "ce_human>", "> 1", "ce_human>x"])
    def test_a_gate_that_is_none(self, refuses: Refuse, text: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--fail-if", text]
        refuses(*line, says=[f"--fail-if {text!r}: expected METRIC", "'ce_human>0.6'"])

    @pytest.mark.parametrize("bound", ["nan", "NaN"])
    def test_a_gate_that_can_never_hold(self, refuses: Refuse, bound: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--fail-if", f"ce_human>{bound}"]
        refuses(*line, says="--fail-if")

    @pytest.mark.parametrize("option", ["--metrics", "--fail-if"])
    def test_a_metric_that_is_none(self, refuses: Refuse, option: str) -> None:
        name = "beauty" if option == "--metrics" else "beauty>1"
        line = ["score", "a.npy", "--labels", "labels.h5", option, name]
        refuses(*line, says="there is no metric 'beauty': expected one of accuracy, ")

    @pytest.mark.parametrize("tag", ["network", "colour=red", "=x"])
    def test_a_tag_that_is_none(self, refuses: Refuse, tag: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--tag", tag]
        refuses(*line, says=f"--tag {tag}: expected network=")

    @pytest.mark.parametrize("columns", ["3", "2:1", "a:b", "0:4"])
    def test_columns_that_are_none(self, refuses: Refuse, columns: str) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "--columns", columns]
        refuses(*line, says="expected")

    def test_nothing_to_score_against(self, files: Files, refuses: Refuse) -> None:
        files.predictions("p.h5")
        refuses("score", "p.h5", says="p: nothing to score against: give --labels, --truth or")
        refuses("score", "a.npy", says="a: nothing to score against: give --labels, --truth or")

    @pytest.mark.parametrize("by", ["modal", "human-entropy"])
    def test_strata_that_need_people(self, refuses: Refuse, by: str) -> None:
        line = ["score", "a.npy", "--truth", "truth.npy", "--by", by]
        refuses(*line, says=f"--by {by} needs human labels (--labels)")

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--prior", "-1"], "--prior -1: expected 0 or more pseudo-votes"),
            (["--prior", "nan"], "--prior nan: expected"),
            (["--prior", "inf"], "--prior inf: expected"),
            (["--as", "smooth", "--smoothing", "1.5", "--truth", "truth.npy"], "--smoothing 1.5"),
            (["--as", "class"], "--as class needs the true classes: give --truth"),
            (["--as", "smooth"], "--as smooth needs the true classes: give --truth"),
            (["--as", "human", "b.npy"], "found 2 SOURCE arguments"),
        ],
    )
    def test_labels_that_cannot_be_built(
        self, refuses: Refuse, options: list[str], says: str
    ) -> None:
        refuses("labels", "build", "counts.npy", *options, says=says)

    def test_truth_twice(self, refuses: Refuse) -> None:
        line = ["labels", "build", "truth.npy", "--truth", "truth.npy", "--as", "hard"]
        refuses(*line, says="truth.npy holds the true classes already")


def without_root(line: list[str]) -> list[str]:
    """The command without the powers that let root read and write everything."""
    if os.geteuid() != 0:
        return line
    if shutil.which("setpriv") is None:
        pytest.skip("root ignores permissions, and there is no setpriv to stop it")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *line]


class TestPermissions:
    @pytest.mark.parametrize("line", [EVERYWHERE["score predictions"], EVERYWHERE["show"]])
    def test_a_file_that_may_not_be_read(self, files: Files, line: list[str]) -> None:
        files.path("labels.h5").rename(files.path("secret.h5"))
        files.labels("labels.h5")
        files.path("secret.h5").chmod(0)
        result = start(without_root(PYTHON + filled(line, "secret.h5")), files.folder)
        assert_refused(result, "secret.h5: permission denied")

    def test_a_folder_that_may_not_be_written(self, files: Files) -> None:
        files.path("closed").mkdir()
        files.path("closed/x.h5").write_bytes(b"old")
        files.path("closed").chmod(0o500)
        line = [*PYTHON, "labels", "build", "counts.npy", "-o", "closed/x.h5", "--force"]
        assert_refused(start(without_root(line), files.folder), "closed/x.h5: no permission")
        assert files.path("closed/x.h5").read_bytes() == b"old"

    @pytest.mark.parametrize("name", ["closed/x.h5", "closed/deeper/x.h5"])
    def test_a_folder_that_may_not_be_entered(self, files: Files, name: str) -> None:
        files.path("closed").mkdir(mode=0)
        line = [*PYTHON, "labels", "build", "counts.npy", "-o", name]
        assert_refused(start(without_root(line), files.folder), name)

    def test_class_names_that_may_not_be_read(self, files: Files) -> None:
        files.path("closed").mkdir(mode=0)
        line = [*PYTHON, "labels", "build", "counts.npy", "--classes", "closed/x", "-o", "x.h5"]
        assert_refused(start(without_root(line), files.folder), "--classes closed/x")


class TestOutputs:
    def test_a_folder(self, refuses: Refuse, tmp_path: Path) -> None:
        says = "expected a file name, found a folder"
        refuses("labels", "build", "counts.npy", "-o", tmp_path, says=says)

    def test_no_folder(self, refuses: Refuse) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "-o", "no/x.h5"]
        refuses(*line, says="no/x.h5: there is no folder no")

    def test_an_output_is_checked_before_any_work(self, refuses: Refuse) -> None:
        refuses("labels", "build", "nowhere.npy", "-o", "no/x.h5", says="there is no folder no")

    @pytest.mark.parametrize("line", [["labels", "build", "counts.npy"], ["score", "a.npy"]])
    def test_an_old_file_without_force(
        self, files: Files, refuses: Refuse, line: list[str]
    ) -> None:
        files.save("old.h5", "old")
        says = "old.h5: exists already (--force replaces it)"
        refuses(*line, "--truth", "truth.npy", "-o", "old.h5", says=says)
        assert files.path("old.h5").read_text() == "old"

    def test_a_file_whose_name_is_not_utf_8(self, files: Files, process: Run) -> None:
        name = os.fsdecode(b"caf\xe9.npy")
        shutil.copy(files.path("a.npy"), files.path(name))
        result = process("score", name, "--labels", "labels.h5", "-o", "x.h5", "--resamples", "9")
        assert "Traceback" not in result.err
        assert result.status == 0 or not files.path("x.h5").exists()


class TestFullDisk:
    """Bytes that may be written, by the limit on the size of a file."""

    @pytest.mark.parametrize(
        ("line", "limit"),
        [
            (["labels", "build", "wide.npy"], 0),
            (["labels", "build", "wide.npy"], 3_000),
            (["labels", "build", "wide.npy"], 150_000),
            (["score", "a.npy", "--labels", "counts.npy"], 0),
            (["score", "a.npy", "--labels", "counts.npy"], 30_000),
            (["report", "scores.h5", "--format", "json"], 1_000),
        ],
    )
    def test_a_limit(self, files: Files, c10h: Run, line: list[str], limit: int) -> None:
        files.save("wide.npy", np.random.default_rng(0).integers(1, 1 << 30, (20_000, 10)))
        c10h("score", "a.npy", "--labels", "labels.h5", "-o", "scores.h5")
        files.save("old.h5", "old")
        before = set(files.folder.iterdir())
        result = start(
            [*PYTHON, *line, "-o", "old.h5", "--force"],
            files.folder,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert_refused(result, "old.h5: file too large")
        assert files.path("old.h5").read_text() == "old"
        assert set(files.folder.iterdir()) == before

    @pytest.mark.parametrize(
        "line",
        [
            ["labels", "build", "counts.npy", "-o", "-"],
            ["score", "a.npy", "--labels", "counts.npy", "--json"],
            ["show", "labels.h5"],
            ["--help"],
        ],
        ids=" ".join,
    )
    def test_stdout(self, files: Files, line: list[str]) -> None:
        with Path("/dev/full").open("wb") as full:
            result = start([*PYTHON, *line], files.folder, stdout=full, stderr=subprocess.PIPE)
        assert_refused(result, "no space left on device")
