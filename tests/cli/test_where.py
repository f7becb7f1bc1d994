"""``--where`` of tables of judgments: rows that it leaves out might as well not be there."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Sequence

import numpy as np
import polars
import pytest
from formats.files import counts_of as as_array

from c10h.records import Labels

from .conftest import Files, Refuse, Run, read_file

BUTTONS = "trial_type=image-button-response"
CHOICES = ("--classes", "sad,glad,angry")


def rows_of_experiment() -> list[dict[str, object]]:
    """As jsPsych writes them: of five people, each sees twelve images, then answers two questions.

    One of the answers to the last question is that of a button, too.
    """
    rows: list[dict[str, object]] = []
    for person in range(5):
        kinds = ["image-button-response"] * 12 + ["survey-text", "survey-likert"]
        for trial, kind in enumerate(kinds):
            is_image = kind.startswith("image")
            rows.append({
                "subject_id": f"P{person}",
                "trial_index": 2 * trial + 1,
                "trial_type": kind,
                "stimulus": f"img/{(trial * 5 + person) % 8}.png" if is_image else "<p>Well?</p>",
                "response": str((trial + person) % 3) if is_image else ("no" if person else "1"),
                "rt": 400 + 10 * trial,
            })  # fmt: skip
    return rows


def save(files: Files, name: str, rows: Sequence[dict[str, object]]) -> None:
    frame = polars.DataFrame(rows)
    target = io.BytesIO()
    if name.endswith(".jsonl"):
        target.write("\n".join(map(json.dumps, rows)).encode())
    elif name.endswith(".parquet"):
        frame.write_parquet(target)
    elif name.endswith(".xlsx"):
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for line in (frame.columns, *frame.rows()):
            book.active.append(line)
        book.save(target)
    else:
        frame.write_csv(target, separator="\t" if name.endswith(".tsv") else ",")
    files.path(name).write_bytes(target.getvalue())


@pytest.fixture
def experiment(files: Files) -> Files:
    """Tables of the experiment, and of its images alone."""
    rows = rows_of_experiment()
    images = [row for row in rows if row["trial_type"] == "image-button-response"]
    save(files, "t.csv", rows)
    save(files, "images.csv", images)
    return files


def built(c10h: Run, *line: object, output: str = "out.h5") -> list[list[int]]:
    result = c10h("labels", "build", *line, "-o", output, "--force")
    assert result.status == 0, result.err
    return as_array(read_file(output, Labels)).tolist()


class TestRows:
    @pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.xlsx"])
    def test_the_labels_are_those_of_the_rows_alone(
        self, experiment: Files, c10h: Run, name: str
    ) -> None:
        save(experiment, name, rows_of_experiment())
        wanted = built(c10h, "images.csv", *CHOICES)
        assert sum(map(sum, wanted)) == 60
        assert len(wanted) == 8
        result = c10h("labels", "build", name, *CHOICES, "--where", BUTTONS, "-o", "w.h5")
        assert result.status == 0, result.err
        assert f"{name}: kept 60 of 70 rows where {BUTTONS}\n" in result.err
        assert f"{name}: 60 judgments by 5 annotators\n" in result.err
        labels = read_file("w.h5", Labels)
        assert as_array(labels).tolist() == wanted
        assert labels.annotators["trials"].tolist() == [12] * 5
        assert "items_left_out" not in labels.settings

    def test_what_they_are_not(self, experiment: Files, c10h: Run) -> None:
        wanted = built(c10h, "images.csv", *CHOICES)
        both = ("--where", "trial_type!=survey-text", "--where", "trial_type != survey-likert")
        assert built(c10h, "t.csv", *CHOICES, *both) == wanted

    def test_all_conditions_hold(self, experiment: Files, c10h: Run) -> None:
        rows = [row for row in rows_of_experiment() if str(row["trial_type"]).startswith("image")]
        save(experiment, "one.csv", [row for row in rows if row["subject_id"] != "P3"])
        line = ("t.csv", *CHOICES, "--where", BUTTONS, "--where", "subject_id!=P3")
        assert built(c10h, *line) == built(c10h, "one.csv", *CHOICES)

    def test_numbers_are_equal_however_they_are_written(self, experiment: Files, c10h: Run) -> None:
        first = [row for row in rows_of_experiment() if row["trial_index"] == 1]
        save(experiment, "first.csv", first)
        wanted = built(c10h, "first.csv", *CHOICES)
        for value in ("1", "1.0", "01"):
            assert built(c10h, "t.csv", *CHOICES, "--where", f"trial_index={value}") == wanted

    def test_an_empty_value_is_an_empty_cell(self, experiment: Files, c10h: Run) -> None:
        rows = [{**row, "flag": "bad" if n % 4 == 0 else ""} for n, row in enumerate(
            row for row in rows_of_experiment() if row["trial_type"] == "image-button-response"
        )]  # fmt: skip
        save(experiment, "f.csv", rows)
        save(experiment, "good.csv", [row for row in rows if not row["flag"]])
        wanted = built(c10h, "good.csv", *CHOICES)
        assert built(c10h, "f.csv", *CHOICES, "--where", "flag=") == wanted
        assert built(c10h, "f.csv", *CHOICES, "--where", "flag!=bad") == wanted

    def test_columns_by_number(self, experiment: Files, c10h: Run) -> None:
        text = experiment.path("t.csv").read_text().split("\n", 1)[1]
        experiment.save("bare.csv", text)
        wanted = built(c10h, "images.csv", *CHOICES)
        line = ("bare.csv", *CHOICES, "--annotator", 0, "--item", 3, "--label", 4)
        assert built(c10h, *line, "--no-header", "--where", f"2{BUTTONS[10:]}") == wanted
        assert built(c10h, *line, "--where", f"2{BUTTONS[10:]}") == wanted

    def test_annotators(self, experiment: Files, c10h: Run) -> None:
        wanted = c10h("labels", "annotators", "images.csv", "--json").json()
        found = c10h("labels", "annotators", "t.csv", "--where", BUTTONS, "--json")
        assert found.json() == wanted
        assert f"t.csv: kept 60 of 70 rows where {BUTTONS}\n" in found.err

    def test_the_trial_file_that_is_read_as_numbers(self, files: Files, c10h: Run) -> None:
        """CIFAR-10H's own columns, and a condition on words and on numbers among them."""
        header = "annotator_id,is_attn_check,chosen_label,correct_guess,cifar10_test_test_idx,group"
        rows = [f"{n % 7},0,{n * n % 3},1,{n // 7},{'ab'[n % 2]}" for n in range(70)]
        files.save("raw.csv", "\n".join([header, *rows]))
        some = [row for n, row in enumerate(rows) if n % 2 and n % 7 != 3]
        files.save("some.csv", "\n".join([header, *some]))
        where = ("--where", "group=b", "--where", "annotator_id!=3")
        line = ("--classes", 3)
        wanted = built(c10h, "some.csv", *line)
        assert sum(map(sum, wanted)) == len(some)
        assert built(c10h, "raw.csv", *line, *where) == wanted


class TestNumbersOfRows:
    """They stay those of the table, from 0 below its header."""

    TABLE = "who,item,label,part,ms\n" + "".join(
        f"{who},{item},{label},{part},{ms}\n"
        for who, item, label, part, ms in (
            ("ann", 0, 0, "try", 1), ("ann", 0, 1, "real", 5), ("bob", 0, 1, "try", 5),
            ("bob", 1, "", "real", 5), ("bob", 1, 1, "real", 900), ("ann", 1, 0, "real", 5),
        )
    )  # fmt: skip
    LINE = ("labels", "build", "p.csv", "--annotator", "who", "--where", "part=real")

    def test_in_errors(self, files: Files, refuses: Refuse) -> None:
        files.save("p.csv", self.TABLE)
        refuses(*self.LINE, says="1 of 4 judgments has no label, the first in row 3")
        files.save("p.csv", self.TABLE.replace("bob,1,1", "bob,,1"))
        refuses(*self.LINE, says="p.csv: row 4: expected the item, found nothing")

    def test_of_what_is_left_out(self, files: Files, c10h: Run) -> None:
        files.save("p.csv", self.TABLE)
        line = (*self.LINE, "--rt", "ms", "--rt-max", 100, "--missing", "drop")
        result = c10h(*line, "--excluded", "x.csv", "-o", "out.h5")
        assert result.status == 0, result.err
        assert files.path("x.csv").read_text().splitlines()[1:] == [
            "judgment,3,no label,,1",
            "judgment,4,reaction time outside the limits,900.0,1",
        ]


class TestLineage:
    def test_a_script_has_it(self, experiment: Files, c10h: Run) -> None:
        where = ("--where", BUTTONS, "--where", "subject_id!=P 3")
        built(c10h, "t.csv", *CHOICES, *where[:2], "--where", "subject_id!=P3", output="a.h5")
        (line,) = (
            line
            for line in c10h("report", "a.h5", "--script").out.splitlines()
            if line.startswith("c10h ")
        )
        assert f"--where {BUTTONS}" in line
        first = experiment.path("a.h5").read_bytes()
        experiment.path("a.h5").unlink()
        assert c10h(*shlex.split(line)[1:]).status == 0
        assert experiment.path("a.h5").read_bytes() == first

    def test_it_tells_two_builds_apart(self, experiment: Files, c10h: Run) -> None:
        line = ("labels", "build", "t.csv", *CHOICES, "--where", BUTTONS, "-o", "a.h5")
        assert c10h(*line).status == 0
        assert c10h(*line, "--skip-existing").status == 0
        other = c10h(*line, "--where", "subject_id!=P3", "--skip-existing")
        assert other.status == 1
        assert "--where" in other.err


class TestRefusals:
    @pytest.mark.parametrize(
        ("where", "says"),
        [
            ("trialtype=x", "unknown column 'trialtype': did you mean trial_type? expected one of "
             "subject_id, trial_index, trial_type, stimulus, response, rt"),
            ("trial_type=image-buton-response", "unknown value 'image-buton-response': did you "
             "mean image-button-response? expected one of image-button-response, survey-likert, "
             "survey-text"),
            ("trial_type!=survey", "unknown value 'survey': did you mean survey-text?"),
            ("trial_type=", "unknown value ''"),
            ("trial_type", "--where trial_type: expected COLUMN=VALUE or COLUMN!=VALUE"),
            ("=x", "expected COLUMN=VALUE"),
            ("!=x", "expected COLUMN=VALUE"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("command", ["build", "annotators"])
    def test_what_is_not_there(
        self, experiment: Files, refuses: Refuse, command: str, where: str, says: str
    ) -> None:
        refuses("labels", command, "t.csv", *CHOICES, "--where", where, says=says)

    def test_nothing_left(self, experiment: Files, refuses: Refuse) -> None:
        both = ("--where", "rt=400", "--where", "trial_type=survey-text")
        says = "t.csv: --where rt=400 --where trial_type=survey-text: no row is left of 70"
        refuses("labels", "build", "t.csv", *CHOICES, *both, says=says)

    @pytest.mark.parametrize(
        "line",
        [("counts.npy",), ("truth.npy", "--as", "hard", "--classes", 3),
         ("a.npy", "--as", "distill")],
    )  # fmt: skip
    def test_counts_have_no_judgments(
        self, files: Files, refuses: Refuse, line: tuple[object, ...]
    ) -> None:
        says = f"--drop-annotator apply only to tables of judgments, and {line[0]} is not one"
        refuses("labels", "build", *line, "--where", "a=b", says=("--where, ", says))

    def test_a_matrix(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        files.save("m.csv", "item,kind,a1,a2\nx,main,0,1\nz,try,0,0\ny,main,1,\n")
        line = ("labels", "build", "m.csv", "--layout", "matrix", "-o", "m.h5", "--force")
        result = c10h(*line, "--where", "kind=main")
        assert "m.csv: 3 judgments by 2 annotators" in result.err
        labels = read_file("m.h5", Labels)
        assert labels.ids is not None
        assert labels.ids.tolist() == ["x", "y"]
        assert labels.counts is not None
        assert np.asarray(labels.counts[0:2]).tolist() == [[1, 1], [0, 1]]
        refuses(*line, "--where", "kind=mian", says="unknown value 'mian': did you mean main?")
        both = ("--where", "kind=main", "--where", "item=z")
        refuses(*line, *both, says="--where kind=main --where item=z: no row is left of 3")

    def test_any_text_in_a_value(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        files.save("t.csv", "worker,item,label\na,x1,0\nb,x1,1\na,y.1,1\nb,y.1,1\na,yx1,0\n")
        line = ("labels", "build", "t.csv", "--classes", 2, "-o", "t.h5", "--force")
        for value, items in (("x*", ["x1"]), ("y.*", ["y.1"]), ("*x1", ["x1", "yx1"])):
            assert c10h(*line, "--where", f"item={value}").status == 0
            labels = read_file("t.h5", Labels)
            assert labels.ids is not None
            assert labels.ids.tolist() == items
        refuses(*line, "--where", "item=z*", says="--where 'item=z*': unknown value 'z*'")

    def test_a_column_that_is_there_twice(self, files: Files, refuses: Refuse) -> None:
        files.save("d.csv", "worker,item,label,x,x\na,0,0,1,1\nb,0,1,1,1\n")
        says = "--where x=1: expected one column 'x', found 2"
        refuses("labels", "build", "d.csv", "--where", "x=1", says=says)


class TestSuggestions:
    """An error at a row that is no judgment says which condition leaves such rows out."""

    def test_a_word_among_numbers(self, experiment: Files, refuses: Refuse) -> None:
        """Though one of five people answered the other questions by a number, too."""
        found = "row 26: expected a class number as in the other rows, found 'no'"
        told = f"; --where {BUTTONS} leaves such rows out"
        refuses("labels", "build", "t.csv", says=(found, told))

    def test_a_word_that_is_no_class(self, experiment: Files, refuses: Refuse) -> None:
        save(experiment, "w.jsonl", [r for r in rows_of_experiment() if r["subject_id"] != "P0"])
        found = "row 12: expected a label among sad, glad, angry, found 'no'"
        told = f"; --where {BUTTONS} leaves such rows out"
        refuses("labels", "build", "w.jsonl", *CHOICES, says=(found, told))

    def test_it_can_be_followed(self, files: Files, c10h: Run) -> None:
        """Where several kinds of rows are judgments, those are named that are not."""
        rows = ["a,x,0,my task,1", "b,x,1,my task,2", "a,y,1,other,3", "b,y,0,other,4"]
        rows += ["a,z,fine,the end,5", "b,z,good,the end,6"]
        files.save("k.csv", "\n".join(["worker,item,label,kind,n", *rows]))
        failed = c10h("labels", "build", "k.csv", "-o", "out.h5")
        assert failed.err.endswith("; --where 'kind!=the end' leaves such rows out\n")
        assert built(c10h, "k.csv", "--where", "kind!=the end") == [[1, 1], [1, 1]]

    def test_rows_without_an_item_or_a_label(self, files: Files, refuses: Refuse) -> None:
        rows = ["a,x,0,image", "b,x,1,image", "a,,,fixation", "b,,,fixation"]
        files.save("k.csv", "\n".join(["worker,item,label,trial_type", *rows]))
        told = "; --where trial_type=image leaves such rows out"
        says = ("row 2: expected the item, found nothing", told)
        refuses("labels", "build", "k.csv", says=says)
        files.save(
            "l.csv", "\n".join(["worker,item,label,trial_type", *rows]).replace("a,,", "a,w,")
        )
        files.save("l.csv", files.path("l.csv").read_text().replace("b,,", "b,w,"))
        refuses("labels", "build", "l.csv", says=("2 of 4 judgments have no label", told))

    @pytest.mark.parametrize(
        "extra",
        [
            lambda n: "same",  # does not separate
            lambda n: "odd" if n == 4 else "even" if n == 5 else "same",  # nor does this
            lambda n: f"v{n}",  # so many values that each row has its own
        ],
    )
    def test_nothing_is_said_where_no_column_tells(self, files: Files, c10h: Run, extra) -> None:  # type: ignore[no-untyped-def]
        labels = ["0", "1"] * 15
        labels[4] = labels[8] = "no"
        rows = [f"w{n % 5},i{n // 5},{label},{extra(n)}" for n, label in enumerate(labels)]
        files.save("k.csv", "\n".join(["worker,item,label,kind", *rows]))
        failed = c10h("labels", "build", "k.csv", "-o", "out.h5")
        assert failed.status == 1
        assert "found 'no'" in failed.err
        assert "--where" not in failed.err

    def test_what_says_the_kind_of_a_row_comes_first(self, files: Files, c10h: Run) -> None:
        rows = ["a,x,0,img,b", "b,x,1,img,b", "a,z,fine,form,t", "b,z,good,form,t"]
        files.save("k.csv", "\n".join(["worker,item,label,plugin_file,task_type", *rows]))
        failed = c10h("labels", "build", "k.csv", "-o", "out.h5")
        assert "--where plugin_file=img leaves" in failed.err
        files.save("k.csv", files.path("k.csv").read_text().replace("task_type", "trial_type"))
        failed = c10h("labels", "build", "k.csv", "-o", "out.h5")
        assert "--where trial_type=b leaves" in failed.err


def test_a_long_column_takes_no_more_memory_than_others(files: Files, refuses: Refuse) -> None:
    files.save("t.csv", f"worker,item,label,said\na,0,0,{'x' * 20_000}\nb,0,1,y\n")
    says = "expected names of at most 1,000 characters"
    refuses("labels", "build", "t.csv", "--where", "said=y", says=says)


def test_python(experiment: Files) -> None:
    import c10h

    found = c10h.build_labels("t.csv", classes="sad,glad,angry", where=BUTTONS)
    wanted = c10h.build_labels("images.csv", classes="sad,glad,angry")
    assert found["counts"].tolist() == wanted["counts"].tolist()
