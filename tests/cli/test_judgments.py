"""``labels build`` on tables of judgments, from the file to the labels, messages and lineage."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars
import pytest
from formats.files import counts_of as as_array
from formats.files import parquet, zipped

from c10h.files import Source
from c10h.formats.class_names import CLASS_LISTS
from c10h.records import Array, Labels

from .conftest import Files, Refuse, Run, read_file

TABLE = "annotator,item,label\nann,0,1\nbob,0,0\nann,1,2\nbob,1,2\ncy,0,1\n"
COUNTS = [[1, 2, 0], [0, 0, 2]]
TAKEN = "judgments, one per row: annotator from 'annotator', item from 'item', label from 'label'"
SAID = "5 judgments by 3 annotators"
OTHER = "who,file,said\nann,b.png,cat\nbob,b.png,dog\nbob,a.png,cat\n"
NAMED = ("--annotator", "who", "--item", "file", "--label", "said", "--classes", "cat,dog")
CHECKED = (
    "annotator,item,label,gold,right,ms\n"
    "ann,0,1,0,0,100\nann,1,0,0,1,200\nann,-99999,0,1,1,1\n"
    "bob,0,0,0,1,900\nbob,-99999,0,1,0,1\nbob,1,1,0,0,300\n"
)
CHECKS = ("--check", "gold", "--correct", "right")


def counts_of(path: Path) -> list[list[int]]:
    return as_array(read_file(path, Labels)).tolist()


class TestForms:
    def test_counts_and_messages(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", TABLE)
        result = c10h("labels", "build", "t.csv", "-o", "out.h5")
        assert (result.status, result.out) == (0, "")
        assert result.err == (
            f"t.csv: {TAKEN}\nt.csv: {SAID}\n"
            "out.h5: 2 items, 3 classes, human labels with 5 votes (2 to 3 per item), "
            "without truth\n"
        )
        assert counts_of(files.path("out.h5")) == COUNTS

    @pytest.mark.parametrize(
        "table",
        [
            TABLE.encode(),
            TABLE.replace(",", "\t").encode(),
            gzip.compress(TABLE.encode()),
            zipped(("any.csv", TABLE)),
            parquet(**polars.read_csv(TABLE.encode()).to_dict(as_series=False)),
        ],
        ids=["text", "tabs", "gzip", "zip", "parquet"],
    )
    def test_from_stdin_and_to_stdout(self, files: Files, c10h: Run, table: bytes) -> None:
        result = c10h("labels", "build", "-", "-o", "-", stdin=table)
        assert result.status == 0, result.err
        assert result.err.startswith(f"stdin: {TAKEN}\nstdin: {SAID}\n")
        files.path("out.h5").write_bytes(result.stdout)
        assert counts_of(files.path("out.h5")) == COUNTS

    def test_in_a_pipe_of_processes(self, files: Files, process: Run) -> None:
        built = process("labels", "build", "-", "-o", "-", stdin=TABLE.encode())
        shown = process("show", "-", "--json", stdin=built.stdout).json()
        assert shown["lineage"]["inputs"][0]["name"] == "stdin"

    def test_the_same_table_gives_the_same_bytes(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", TABLE)
        for name in ("a.h5", "b.h5"):
            assert c10h("labels", "build", "t.csv", "-o", name).status == 0
        assert files.path("a.h5").read_bytes() == files.path("b.h5").read_bytes()


class TestNames:
    def test_columns_by_option_and_items_by_name(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", OTHER)
        result = c10h("labels", "build", "t.csv", *NAMED, "-o", "out.h5")
        assert result.status == 0
        assert "t.csv: 2 items in the order of their names, written as ids" in result.err
        labels = read_file(files.path("out.h5"), Labels)
        assert labels.classes == ("cat", "dog")
        assert labels.ids is not None
        assert labels.ids.tolist() == ["a.png", "b.png"]
        assert counts_of(files.path("out.h5")) == [[1, 0], [1, 1]]
        assert labels.annotators["id"][:].tolist() == ["ann", "bob"]

    def test_names_of_any_script_and_with_any_sign(self, files: Files, c10h: Run) -> None:
        names = ["日本.png", 'a,"b"', "two\nlines", "Ünder", "007"]
        target = io.StringIO()
        csv.writer(target).writerows(
            [["annotator", "item", "label"], *([name, name, "Käse"] for name in names)]
        )
        files.save("t.csv", target.getvalue())
        result = c10h("labels", "build", "t.csv", "--classes", "Käse,Brot", "-o", "out.h5")
        assert result.status == 0, result.err
        labels = read_file(files.path("out.h5"), Labels)
        assert labels.ids is not None
        assert labels.ids.tolist() == sorted(names)

    def test_truth_from_a_column(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", OTHER.replace("\n", ",dog\n").replace("said,dog", "said,true"))
        line = ["labels", "build", "t.csv", *NAMED, "--true-label", "true", "-o", "out.h5"]
        assert "with truth" in c10h(*line).err
        truth = read_file(files.path("out.h5"), Labels).truth
        assert truth is not None
        assert truth.tolist() == [1, 1]

    def test_truth_from_a_file_with_ids(self, files: Files, c10h: Run) -> None:
        ids, truth = np.array(["b.png", "c.png", "a.png"]), np.array([1, 0, 0])
        shares = np.full((3, 2), 0.5)
        files.save("y.h5", Labels(classes=("cat", "dog"), probs=shares, truth=truth, ids=ids))
        files.save("t.csv", OTHER)
        line = ["labels", "build", "t.csv", *NAMED, "--truth", "y.h5", "-o", "out.h5"]
        assert c10h(*line).status == 0
        known = read_file(files.path("out.h5"), Labels).truth
        assert known is not None
        assert known.tolist() == [0, 1]

    def test_a_prior_leaves_the_votes_alone(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", TABLE)
        assert c10h("labels", "build", "t.csv", "--prior", "1", "-o", "out.h5").status == 0
        assert counts_of(files.path("out.h5")) == COUNTS
        probs = read_file(files.path("out.h5"), Labels).probs[0:2]
        np.testing.assert_allclose(probs, [[2 / 6, 3 / 6, 1 / 6], [1 / 5, 1 / 5, 3 / 5]])


class TestSwapped:
    """The columns of items and of labels the wrong way round."""

    @pytest.mark.parametrize(("item", "label", "is_told"), [("kind", "face", True),
                                                            ("face", "kind", False)])  # fmt: skip
    def test_many_classes_for_few_items(
        self, files: Files, c10h: Run, item: str, label: str, is_told: bool
    ) -> None:
        rows = "".join(f"w{n % 3},f{n % 12},{'xyz'[n % 7 % 3]}\n" for n in range(84))
        files.save("j.csv", f"worker,face,kind\n{rows}")
        result = c10h("labels", "build", "j.csv", "--item", item, "--label", label, "-o", "l.h5")
        assert result.status == 0
        assert ("12 classes for 3 items: are --item and --label" in result.err) == is_told


class TestLeftOut:
    def test_annotators_are_listed(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", CHECKED)
        line = ["labels", "build", "t.csv", *CHECKS, "-o", "out.h5", "--excluded", "x.csv"]
        result = c10h(*line)
        assert result.status == 0
        assert result.err.splitlines()[:3] == [
            f"t.csv: {TAKEN}, check from 'gold', correct from 'right'; not used: 'ms'",
            "t.csv: 4 judgments by 2 annotators, and 2 attention checks",
            "t.csv: left out 1 annotator (attention below 0.75) with 2 judgments: bob",
        ]
        assert counts_of(files.path("out.h5")) == [[0, 1], [1, 0]]
        annotators = read_file(files.path("out.h5"), Labels).annotators
        assert annotators["attention"][:].tolist() == [1, 0]
        assert annotators["excluded"][:].tolist() == [0, 1]
        assert files.path("x.csv").read_text() == (
            "what,name,reason,value,judgments\nannotator,bob,attention below 0.75,0.0,2\n"
        )

    def test_annotators_by_name(self, files: Files, c10h: Run) -> None:
        """As in a table without their rows."""
        lines = [f"w{n % 5},i{n % 7},{'xyz'[n * n % 3]}" for n in range(70)]
        rest = [line for line in lines if not line.startswith(("w1", "w3"))]
        for name, rows in (("all.csv", lines), ("some.csv", rest)):
            files.save(name, "\n".join(["worker,item,label", *rows]))
        drop = ("--drop-annotator", "w3", "--drop-annotator", "w1")
        result = c10h("labels", "build", "all.csv", *drop, "-o", "a.h5", "--excluded", "x.csv")
        assert "all.csv: left out 2 annotators (by name) with 28 judgments: w1, w3" in result.err
        assert c10h("labels", "build", "some.csv", "-o", "s.h5").status == 0
        assert counts_of(files.path("a.h5")) == counts_of(files.path("s.h5"))
        assert files.path("x.csv").read_text().splitlines()[1:] == [
            "annotator,w1,by name,,14",
            "annotator,w3,by name,,14",
        ]
        again = c10h("report", "a.h5", "--script").out
        assert "--drop-annotator w3 --drop-annotator w1" in again

    def test_annotators_by_name_and_by_attention(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", CHECKED + "cy,0,0,0,1,9\ncy,1,1,0,1,9\n")
        line = ["labels", "build", "t.csv", *CHECKS, "--drop-annotator", "cy", "-o", "out.h5"]
        result = c10h(*line)
        assert "left out 1 annotator (attention below 0.75) with 2 judgments: bob" in result.err
        assert "left out 1 annotator (by name) with 2 judgments: cy" in result.err
        assert counts_of(files.path("out.h5")) == [[0, 1], [1, 0]]

    def test_an_annotator_who_is_not_there(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", CHECKED)
        says = "--drop-annotator: unknown annotator 'bib': did you mean bob?"
        refuses("labels", "build", "t.csv", *CHECKS, "--drop-annotator", "bib", says=says)

    def test_nobody_is_left(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", CHECKED)
        says = "2 of 2 annotators have an attention below 0.75 or are left out by name"
        refuses("labels", "build", "t.csv", *CHECKS, "--drop-annotator", "ann", says=says)

    def test_columns_of_usual_names_need_no_options(self, files: Files, c10h: Run) -> None:
        usual = "annotator,item,label,check,correct,rt\n"
        files.save("t.csv", usual + CHECKED.split("\n", 1)[1])
        result = c10h("labels", "build", "t.csv", "--rt-max", "150", "--min-judgments", "1",
                      "--classes", "2", "-o", "out.h5")  # fmt: skip
        assert result.status == 0, result.err
        assert "left out 1 annotator (attention below 0.75)" in result.err
        assert counts_of(files.path("out.h5")) == [[0, 1]]

    def test_judgments_by_time_and_items(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", CHECKED + "ann,2,1,0,1,5000\nann,4,1,0,1,7\n")
        options = ["--min-attention", "0", "--rt", "ms", "--rt-max", "500", "--min-judgments", "2"]
        line = ["labels", "build", "t.csv", *CHECKS, *options, "-o", "out.h5"]
        result = c10h(*line, "--excluded", "x.csv", "--classes", "2")
        assert result.status == 0, result.err
        assert "t.csv: left out 2 judgments outside the reaction time limits\n" in result.err
        assert "t.csv: left out 3 items with too few judgments: " in result.err
        rows = list(csv.reader(files.path("x.csv").read_text().splitlines()))
        assert rows[1:] == [
            ["item", "0", "fewer than 2 judgments", "1.0", "1"],
            ["item", "2", "fewer than 2 judgments", "0.0", "0"],
            ["item", "4", "fewer than 2 judgments", "1.0", "1"],
            ["judgment", "3", "reaction time outside the limits", "900.0", "1"],
            ["judgment", "6", "reaction time outside the limits", "5000.0", "1"],
        ]
        assert counts_of(files.path("out.h5")) == [[1, 1]]

    def test_a_name_of_two_lines_does_not_break_the_message(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", CHECKED.replace("bob", '"bo\nb"'))
        result = c10h("labels", "build", "t.csv", *CHECKS, "-o", "out.h5")
        assert result.status == 0
        assert all(line.startswith(("t.csv: ", "out.h5: ")) for line in result.err.splitlines())

    def test_the_lineage_tells_options_inputs_and_what_was_left_out(
        self, files: Files, c10h: Run
    ) -> None:
        files.save("t.csv", CHECKED)
        options = ["--min-attention", "0.8", "--rt", "ms", "--rt-min", "50", "--excluded", "x.csv"]
        assert c10h("labels", "build", "t.csv", *CHECKS, *options, "-o", "out.h5").status == 0
        lineage = c10h("show", "out.h5", "--json").json()["lineage"]
        assert lineage["command"] == "c10h labels build"
        assert lineage["options"] == {
            "as": "human", "check": "gold", "correct": "right", "rt": "ms",
            "min-attention": 0.8, "rt-min": 50,
        }  # fmt: skip
        (used,) = lineage["inputs"]
        assert (used["role"], used["name"], used["kind"]) == ("judgments", "t.csv", None)
        assert used["sha256"] == Source.open("t.csv").sha256
        assert lineage["excluded"] == {
            "annotators": 1, "annotators-named": ["bob"], "judgments-of-annotators": 2,
        }  # fmt: skip


class TestUnanswered:
    """Judgments without a label, and those with one that is not wanted."""

    TEXT = "annotator,item,label\nw1,a,cat\nw2,a,\nw1,b,dog\nw2,b,NA\nw3,b,can't tell\n"
    DROP = ("--missing", "drop", "--drop-label", "can't tell")

    def test_left_out_counted_and_listed(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", self.TEXT)
        result = c10h("labels", "build", "t.csv", *self.DROP, "--excluded", "x.csv", "-o", "out.h5")
        assert result.status == 0, result.err
        assert result.err.splitlines() == [
            f"t.csv: {TAKEN}",
            "t.csv: 5 judgments by 3 annotators",
            "t.csv: left out 2 judgments without a label",
            "t.csv: left out 1 judgment by label: can't tell",
            "t.csv: classes: cat, dog (sorted; --classes sets a different order)",
            "t.csv: 2 items in the order of their names, written as ids",
            "out.h5: 2 items, 2 classes, human labels with 2 votes (1 per item), without truth",
        ]
        rows = list(csv.reader(files.path("x.csv").read_text().splitlines()))
        assert rows[1:] == [
            ["judgment", "1", "no label", "", "1"],
            ["judgment", "3", "label NA", "", "1"],
            ["judgment", "4", "label can't tell", "", "1"],
        ]
        lineage = c10h("show", "out.h5", "--json").json()["lineage"]
        assert lineage["excluded"] == {"judgments-without-label": 2, "judgments-by-label": 1}
        assert lineage["options"] == {
            "as": "human", "missing": "drop", "drop-label": ["can't tell"],
        }  # fmt: skip


class TestFirstLine:
    TEXT = "w1\tu1\tyes\nw1\tu2\tno\nw2\tu1\tyes\nw2\tu2\tyes\nw3\tu1\tno\nw3\tu2\tno\n"
    NUMBERS = ("--annotator", "0", "--item", "1", "--label", "2")

    def test_columns_by_number(self, files: Files, c10h: Run) -> None:
        files.save("t.txt", self.TEXT)
        result = c10h("labels", "build", "t.txt", *self.NUMBERS, "--no-header", "-o", "out.h5")
        assert result.status == 0, result.err
        assert "annotator from column 0, item from column 1, label from column 2" in result.err
        assert counts_of(files.path("out.h5")) == [[1, 2], [2, 1]]
        assert read_file(files.path("out.h5"), Labels).classes == ("no", "yes")
        options = c10h("show", "out.h5", "--json").json()["lineage"]["options"]
        assert options["no-header"] is True

    def test_explicit_names(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", "worker,item,label\nworker,0,1\nb,0,0\n")
        result = c10h("labels", "build", "t.csv", "--header", "-o", "out.h5")
        assert result.status == 0, result.err
        assert counts_of(files.path("out.h5")) == [[1, 1]]


class TestMatrix:
    TEXT = "image,annotator_1,annotator_2,annotator_3\nx,2,2,1\ny,0,,0\nz,-1,NA,1\n"
    COUNTS = ([0, 1, 2], [2, 0, 0], [0, 1, 0])

    def test_a_table(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", self.TEXT)
        result = c10h("labels", "build", "t.csv", "--layout", "matrix", "-o", "out.h5")
        assert result.status == 0, result.err
        assert result.err.splitlines()[:2] == [
            "t.csv: judgments as a matrix, 3 items by 3 annotators; item from 'image', annotators "
            "annotator_1, annotator_2, annotator_3",
            "t.csv: 6 judgments by 3 annotators",
        ]
        assert counts_of(files.path("out.h5")) == [*self.COUNTS]
        ids = read_file(files.path("out.h5"), Labels).ids
        assert ids is not None
        assert ids.tolist() == ["x", "y", "z"]
        lineage = c10h("show", "out.h5", "--json").json()["lineage"]
        assert lineage["options"] == {"as": "human", "layout": "matrix"}
        assert lineage["excluded"] == {}

    def test_the_same_as_a_long_table(self, files: Files, c10h: Run) -> None:
        random = np.random.default_rng(3)
        cells = random.integers(-1, 3, (30, 6))
        cells[:, 0] = np.arange(30) % 3
        names = [f"w{person}" for person in range(6)]
        lines = [",".join(names), *(",".join(map(str, row)) for row in cells.tolist())]
        files.save("m.csv", "\n".join(lines))
        item, who = np.nonzero(cells >= 0)
        rows = [f"w{b},{a},{cells[a, b]}" for a, b in zip(item.tolist(), who.tolist(), strict=True)]
        files.save("t.csv", "\n".join(["worker,item,label", *rows]))
        for name, layout in (("m", "matrix"), ("t", "auto")):
            line = ("labels", "build", f"{name}.csv", "--layout", layout, "-o", f"{name}.h5")
            assert c10h(*line).status == 0
        matrix, table = (read_file(files.path(name), Labels) for name in ("m.h5", "t.h5"))
        assert matrix.counts is not None
        assert table.counts is not None
        np.testing.assert_array_equal(matrix.counts[0:30], table.counts[0:30])
        for name, values in table.annotators.items():
            np.testing.assert_array_equal(matrix.annotators[name][:], values[:])

    def test_options_that_are_about_long_tables(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", self.TEXT)
        says = "--layout matrix: --label applies only to tables with one judgment per row"
        refuses("labels", "build", "t.csv", "--layout", "matrix", "--label", "image", says=says)

    def test_a_label_that_is_to_be_dropped(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", self.TEXT.replace("NA", "9"))
        line = ("labels", "build", "t.csv", "--layout", "matrix", "--drop-label", "9")
        result = c10h(*line, "--excluded", "x.csv", "-o", "out.h5")
        assert result.status == 0, result.err
        rows = files.path("x.csv").read_text().splitlines()
        assert rows[1:] == ['judgment,"2, column annotator_2",label 9,,1']
        assert counts_of(files.path("out.h5")) == [*self.COUNTS]


class TestClassesAndTruth:
    def test_counted_from_1(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", "worker,item,label,true_label\na,0,3,3\nb,0,1,3\na,1,2,1\n")
        assert c10h("labels", "build", "t.csv", "--one-based", "-o", "out.h5").status == 0
        assert counts_of(files.path("out.h5")) == [[1, 0, 1], [0, 1, 0]]

    @pytest.mark.parametrize("flag", ["--min-votes", "--min-judgments"])
    def test_two_names_of_one_option(self, files: Files, c10h: Run, flag: str) -> None:
        files.save("t.csv", TABLE + "cy,9,1\n")
        assert c10h("labels", "build", "t.csv", flag, "2", "-o", "out.h5").status == 0
        lineage = c10h("show", "out.h5", "--json").json()["lineage"]
        assert lineage["options"] == {"as": "human", "min-votes": 2}
        assert lineage["excluded"] == {"items": 1, "judgments-of-items": 1}

    def test_numbers_with_gaps_are_ids(self, files: Files, c10h: Run) -> None:
        keys = [900719925474099301, 12, 7]
        rows = "".join(f"a,{key},0\nb,{key},1\n" for key in keys)
        files.save("t.csv", f"annotator,item,label\n{rows}")
        result = c10h("labels", "build", "t.csv", "-o", "out.h5", "--excluded", "x.csv")
        assert result.status == 0, result.err
        said = "t.csv: 3 items in the order of their numbers, which are not 0 to 2 and are written"
        assert said in result.err
        assert len(files.path("x.csv").read_text().splitlines()) == 1
        ids = read_file(files.path("out.h5"), Labels).ids
        assert ids is not None
        assert ids.tolist() == ["7", "12", "900719925474099301"]


class TestCompare:
    def test_equal(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", TABLE)
        files.save("c.npy", np.array(COUNTS))
        result = c10h("labels", "build", "t.csv", "--compare", "c.npy", "-o", "out.h5")
        assert (result.status, result.out) == (0, "")
        last = result.err.splitlines()[-1]
        assert last == "c.npy: identical: 2 items, 5 votes, matched by position"

    @pytest.mark.parametrize("output", ["out.h5", "-"])
    def test_different(self, files: Files, c10h: Run, output: str) -> None:
        files.save("t.csv", TABLE)
        files.save("c.npy", np.array([[1, 2, 0], [0, 1, 1]]))
        result = c10h("labels", "build", "t.csv", "--compare", "c.npy", "-o", output)
        assert result.status == 3
        assert result.err.splitlines()[-1] == (
            "error: c.npy: 1 of 2 items differ: 5 votes built, 5 published "
            "(items matched by position)"
        )
        table = result.err if output == "-" else result.out
        rows = [line.split() for line in table.splitlines() if line.startswith(("item ", "1 "))]
        assert rows == [
            ["item", "class", "rebuilt", "published"], ["1", "1", "0", "1"], ["1", "2", "2", "1"],
        ]  # fmt: skip
        if output == "-":
            files.path("out.h5").write_bytes(result.stdout)
        assert counts_of(files.path("out.h5")) == COUNTS

    def test_by_ids_and_from_stdin(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", OTHER)
        assert c10h("labels", "build", "t.csv", *NAMED, "-o", "a.h5").status == 0
        line = ["labels", "build", "t.csv", *NAMED, "-o", "b.h5", "--compare", "-"]
        result = c10h(*line, stdin=files.path("a.h5").read_bytes())
        assert "stdin: identical: 2 items, 3 votes, matched by ids" in result.err

    def test_a_prior_does_not_matter(self, files: Files, c10h: Run) -> None:
        files.save("c.npy", np.array(COUNTS))
        line = ["labels", "build", "c.npy", "--prior", "3", "--compare", "c.npy", "-o", "out.h5"]
        assert c10h(*line).status == 0


@pytest.fixture(scope="module")
def trials(real_data: Path) -> dict[str, Array]:
    """A trial file of the size of CIFAR-10H's, from its published counts; 16 were inattentive."""
    random = np.random.default_rng(0)
    counts = np.load(real_data / "cifar10h-counts.npy").astype(np.int64)
    truth = np.load(real_data / "cifar10_test_labels.npy").astype(np.int64)
    item, label = np.nonzero(counts)
    times = counts[item, label]
    item, label = np.repeat(item, times), np.repeat(label, times)
    who = np.arange(len(item)) % (len(item) // 200)
    lazy = np.repeat(np.arange(16) + who.max() + 1, 200)
    people = np.arange(lazy[-1] + 1)
    check = np.repeat(people, 8)
    passed = np.where(people <= who.max(), 6, 5)[check] > np.tile(np.arange(8), len(people))
    extra, shown = random.integers(0, 10_000, len(lazy)), random.integers(0, 10, len(check))
    item = np.concatenate([item, extra, np.full(len(check), -99999)])
    true = np.concatenate([truth[item[: -len(check)]], shown])
    said = np.concatenate([label, random.integers(0, 10, len(lazy)), (shown + ~passed) % 10])
    order = random.permutation(len(item))
    columns = {
        "annotator_id": np.concatenate([who, lazy, check]),
        "is_attn_check": np.arange(len(item)) >= len(item) - len(check),
        "true_label": true,
        "chosen_label": said,
        "chosen_category": np.array(CLASS_LISTS["cifar10"])[said],
        "correct_guess": said == true,
        "index": item,
        "reaction_time": random.integers(300, 5000, len(item)),
    }
    return {name: values[order] for name, values in columns.items()}


class TestWords:
    def test_an_annotators_name_cannot_break_a_table(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", 'annotator,item,label\n"a\x1b[31m\nb",0,0\nc,0,1\n')
        for form in ("terminal", "markdown", "latex"):
            printed = c10h("labels", "annotators", "t.csv", "--format", form).out
            assert "\x1b" not in printed
            assert "[31m b" in printed
            assert "\nb" not in printed

    def test_annotators_need_no_order_of_classes(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", "annotator,item,label\na,0,no\nb,0,yes\nc,0,yes\n")
        rows = c10h("labels", "annotators", "t.csv", "--json").json()
        assert {row["annotator"]: row["agreement"] for row in rows} == {"a": 0, "b": 0.5, "c": 0.5}


class TestPublishedCounts:
    @staticmethod
    def write(path: Path, columns: Mapping[str, Array], flags: Sequence[str] = ()) -> None:
        frame = polars.DataFrame(dict(columns)).with_columns(polars.col(flags).cast(polars.Int8))
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(frame.write_csv().encode(), 1))
        else:
            frame.write_csv(path)

    def test_are_rebuilt_to_the_last_vote(
        self, files: Files, c10h: Run, real_data: Path, trials: dict[str, Array]
    ) -> None:
        columns = {"cifar10_test_test_idx" if n == "index" else n: v for n, v in trials.items()}
        self.write(files.path("raw.csv"), columns, ["is_attn_check", "correct_guess"])
        published = real_data / "cifar10h-counts.npy"
        result = c10h("labels", "build", "raw.csv", "-o", "out.h5", "--compare", published)
        assert result.status == 0, result.err
        taken, *lines = result.err.splitlines()
        assert taken.startswith(
            "raw.csv: judgments, one per row: annotator from 'annotator_id', "
            "item from 'cifar10_test_test_idx', label from 'chosen_label', check from "
        )
        assert lines[0].startswith("raw.csv: 514,200 judgments by 2,571 annotators, and 20,568 ")
        assert lines[1].startswith(
            "raw.csv: left out 16 annotators (attention below 0.75) with 3,200 judgments: 2555, "
        )
        assert lines[-1].endswith("identical: 10,000 items, 511,000 votes, matched by "
                                  "position")  # fmt: skip
        labels = read_file(files.path("out.h5"), Labels)
        assert labels.classes == CLASS_LISTS["cifar10"]
        assert labels.ids is None
        assert labels.truth is not None
        assert labels.counts is not None
        np.testing.assert_array_equal(labels.counts[0:10_000], np.load(published))
        truth = np.load(real_data / "cifar10_test_labels.npy")
        np.testing.assert_array_equal(labels.truth, truth)

    def test_by_other_names_and_options(
        self, files: Files, c10h: Run, real_data: Path, trials: dict[str, Array]
    ) -> None:
        names = polars.Series(trials["index"]).cast(polars.String).str.zfill(5)
        columns = {
            "worker id": trials["annotator_id"],
            "Image": ("test/" + names + ".png").to_numpy(),
            "answer": trials["chosen_category"],
            "gold?": trials["is_attn_check"],
            "gold ok": trials["correct_guess"],
        }
        self.write(files.path("crowd.csv.gz"), columns)
        options = ["--annotator", "worker id", "--item", "Image", "--label", "answer"]
        options += ["--check", "gold?", "--correct", "gold ok", "--classes", "cifar10"]
        published = real_data / "cifar10h-counts.npy"
        line = ["labels", "build", "crowd.csv.gz", *options, "-o", "out.h5"]
        result = c10h(*line, "--compare", published)
        assert result.status == 0, result.err
        assert "left out 16 annotators" in result.err
        assert "identical: 10,000 items, 511,000 votes" in result.err
        ids = read_file(files.path("out.h5"), Labels).ids
        assert ids is not None
        assert ids[[0, 9999]].tolist() == ["test/00000.png", "test/09999.png"]

    def test_counted_without_the_filter_they_differ(
        self, files: Files, c10h: Run, real_data: Path, trials: dict[str, Array]
    ) -> None:
        columns = {"cifar10_test_test_idx" if n == "index" else n: v for n, v in trials.items()}
        self.write(files.path("raw.csv"), columns)
        line = ["labels", "build", "raw.csv", "-o", "out.h5", "--min-attention", "0"]
        result = c10h(*line, "--compare", real_data / "cifar10h-counts.npy")
        assert result.status == 3
        assert "514,200 votes built, 511,000 published" in result.err
