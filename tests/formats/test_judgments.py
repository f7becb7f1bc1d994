"""Reading tables of judgments: recognised layouts, words and their codes, flags, times."""

from __future__ import annotations

import gzip
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.formats.hints import LONG
from c10h.formats.judgment_columns import (
    begin,
    begin_reading,
    holds_judgments,
)
from c10h.formats.judgments import Codes, Judgments, open_judgments, without_label
from c10h.formats.known_column_names import TRIAL_ITEMS, TRIALS, Columns
from c10h.items import whole_numbers
from c10h.records import Array
from formats.files import parquet, zipped
from formats.files import save_table as source_of

HEADER = "annotator,item,label"
CHECKS = Columns(check="check", correct="ok")
TABLE = f"{HEADER}\nann,0,1\nbob,0,0\nann,1,2\nbob,1,2\ncy,0,1\n"
# The same judgments, in other bytes.
FORMS = {
    "commas": TABLE.encode(),
    "tabs": TABLE.replace(",", "\t").encode(),
    "semicolons": TABLE.replace(",", ";").encode(),
    "pipes": TABLE.replace(",", "|").encode(),
    "byte order mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "byte order mark and quotes": b'\xef\xbb\xbf"annotator",' + TABLE.encode()[10:],
    "blank lines at the end": TABLE.encode() + b"\n,,\n\n",
    "crlf": TABLE.replace("\n", "\r\n").encode(),
    "cr": TABLE.replace("\n", "\r").encode(),
    "utf-16": TABLE.encode("utf-16"),
    "quotes": TABLE.replace("ann,", '"ann",').encode(),
    "spaces": TABLE.replace("ann,0", " ann , 0 ").encode(),
    "floats": re.sub(r"(\d)", r"\1.0", TABLE).encode(),
    "worker and task": TABLE.replace("annotator,item", "worker,task").encode(),
    "row numbers": re.sub(r"(?m)^(?=.)", "0,", TABLE).replace("0,", ",", 1).encode(),
    "gzip": gzip.compress(TABLE.encode()),
    "gzip of tabs": gzip.compress(TABLE.replace(",", "\t").encode()),
    "zip": zipped(("any.csv", TABLE)),
    "zip of a .txt": zipped(("t.txt", TABLE)),
    "parquet": parquet(
        annotator=["ann", "bob", "ann", "bob", "cy"], item=[0, 0, 1, 1, 0], label=[1, 0, 2, 2, 1]
    ),
}


def read(folder: Path, *lines: str, more: str = "", **columns: Any) -> Judgments:
    """A table with the three columns, those called ``more``, and these lines."""
    text = "\n".join([HEADER + more, *lines]) + "\n"
    return open_judgments(source_of(folder, text), Columns(**columns))


def words(codes: Codes | None) -> list[str | None]:
    assert codes is not None
    known = [*codes.words.tolist(), None]
    return [known[row] for row in codes.row.tolist()]


def trial_names(item: str = TRIAL_ITEMS[0]) -> list[str]:
    return list(replace(TRIALS, item=item).named().values())


class TestLayouts:
    @pytest.mark.parametrize("item", TRIAL_ITEMS)
    def test_the_trial_file_whatever_the_order_and_more_columns(
        self, tmp_path: Path, item: str
    ) -> None:
        names = ["x", *sorted(trial_names(item), reverse=True), "y"]
        source = source_of(tmp_path, ",".join(names) + "\n" + ",".join("0" * len(names)) + "\n")
        assert holds_judgments(source, Columns())
        reading = begin_reading(source, Columns())
        assert reading.columns == replace(TRIALS, item=item)
        assert list(reading.unused) == ["x", "y"]
        assert len(open_judgments(reading)) == 1

    @pytest.mark.parametrize(
        "header",
        [
            "Annotator,Item,Label",
            "worker_id,Task ID,answer",
            "choice,userId,image-id,x",
            "HIT,WORKERID,vote",
        ],
    )
    @pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.tsv", "T.CSV", "t.csv.gz"])
    def test_names_of_any_case_and_order(self, tmp_path: Path, header: str, name: str) -> None:
        content = (header + "\n" + "1," * header.count(",") + "1\n").encode()
        if "tsv" in name:
            content = content.replace(b",", b"\t")
        source = source_of(tmp_path, gzip.compress(content) if "gz" in name else content, name)
        assert holds_judgments(source, Columns())
        assert len(open_judgments(source)) == 1

    @pytest.mark.parametrize(
        "header",
        [
            "annotator,item",
            "who,image,answer",
            "rater,thing,answer",
            "cat,dog,bird",
            "1,2,3",
            "label",
            "item,class 1,class 2",
            "annotation_id,response_id,answer_id",
        ],
    )
    def test_anything_else_is_not(self, tmp_path: Path, header: str) -> None:
        source = source_of(tmp_path, header + "\n1,2,3\n")
        assert not holds_judgments(source, Columns())

    @pytest.mark.parametrize("name", ["t.npy", "t.h5", "t.pt"])
    def test_nor_a_file_that_is_called_otherwise(self, tmp_path: Path, name: str) -> None:
        source = source_of(tmp_path, HEADER + "\na,0,1\n", name)
        assert not holds_judgments(source, Columns())

    def test_a_named_column_makes_it_a_table_of_judgments(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, "a,b,c\n1,2,3\n")
        assert holds_judgments(source, Columns(annotator="b"))
        assert holds_judgments(source, Columns(label="b"))

    def test_unless_other_tables_have_it_too(self, tmp_path: Path) -> None:
        wide = source_of(tmp_path, "pic,cat,dog,right\nx,1,2,0\n")
        assert not holds_judgments(wide, Columns(item="pic", true_label="right"))
        long = source_of(tmp_path, "pic,worker,answer,right\nx,1,2,0\n")
        assert holds_judgments(long, Columns(item="pic", true_label="right"))

    def test_a_layout_decides(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, HEADER + "\na,0,1\n")
        assert begin(source, Columns(), layout="wide") is None
        assert begin(source, Columns(), layout="matrix") is not None
        assert begin(source, Columns(), header=False) is None
        other = source_of(tmp_path, "a,b,c\n1,2,3\n")
        assert begin(other, Columns()) is None
        with pytest.raises(InputError, match="which column is the annotator"):
            begin(other, Columns(), layout="long")
        with pytest.raises(InputError, match="--layout matrix: --label applies only to"):
            begin(other, Columns(label="c"), layout="matrix")

    def test_two_columns_for_a_part_are_asked_about(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, "worker,image,question,answer\na,0,q,1\n")
        assert holds_judgments(source, Columns())
        says = r"t\.csv: which column is the item, image or question\? --item names it$"
        with pytest.raises(AmbiguousError, match=says):
            open_judgments(source)
        assert words(open_judgments(source, Columns(item="image")).item) == ["0"]

    def test_so_are_those_of_other_parts(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, HEADER + ",true_label,gold_label\na,0,1,1,1\n")
        says = r"the true_label, true_label or gold_label\? --true-label names it \(--true-label ''"
        with pytest.raises(AmbiguousError, match=says):
            open_judgments(source)
        assert open_judgments(source, Columns(true_label="")).true_label is None

    def test_a_plain_name_is_not_asked_about(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, "annotator,user,item,image,label,answer\na,b,0,1,x,y\n")
        judgments = open_judgments(source)
        assert words(judgments.annotator) == ["a"]
        assert words(judgments.item) == ["0"]
        assert words(judgments.label) == ["x"]
        assert judgments.taken.endswith("; not used: 'user', 'image', 'answer'")

    def test_a_column_that_is_named_is_nothing_else(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, "worker,image,question,answer\na,0,q,1\n")
        judgments = open_judgments(source, Columns(label="question"))
        assert words(judgments.item) == ["0"]
        assert words(judgments.label) == ["q"]

    def test_named_columns_come_before_the_layout(self, tmp_path: Path) -> None:
        judgments = read(tmp_path, "a,0,1,x", more=",other", label="other")
        assert words(judgments.label) == ["x"]
        assert words(judgments.item) == ["0"]

    def test_a_named_column_of_the_trial_file_keeps_its_leading_zeros(self, tmp_path: Path) -> None:
        names = [*trial_names(), "code"]
        rows = [",".join([*"0" * (len(names) - 1), code]) for code in ("007", "7")]
        source = source_of(tmp_path, "\n".join([",".join(names), *rows]) + "\n")
        assert words(open_judgments(source, Columns(item="code")).item) == ["007", "7"]

    @pytest.mark.parametrize("form", ["{}", "{}.0", " {} ", '"{}"'])
    def test_numbers_of_the_trial_file_in_any_form(self, tmp_path: Path, form: str) -> None:
        names = trial_names()
        row = ",".join(form.format(1) for _ in names)
        judgments = open_judgments(source_of(tmp_path, f"{','.join(names)}\n{row}\n"), Columns())
        for codes in (judgments.annotator, judgments.item, judgments.label):
            assert whole_numbers(codes.words) is not None
        assert judgments.check is not None
        assert judgments.rt is not None
        assert (judgments.check.tolist(), judgments.rt.tolist()) == ([True], [1])

    @pytest.mark.parametrize("missing", ["annotator", "item", "label"])
    def test_a_part_that_no_option_names(self, tmp_path: Path, missing: str) -> None:
        parts = ("annotator", "item", "label")
        named: dict[str, Any] = {part: part[0] for part in parts if part != missing}
        source = source_of(tmp_path, "a,i,l\n1,2,3\n")
        says = rf"t\.csv: which column is the {missing}\? --{missing} names it.*; found a, i, l"
        with pytest.raises(InputError, match=says):
            open_judgments(source, Columns(**named))

    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        says = r"t\.csv: expected a column 'y' \(--true-label\), found annotator, item, label"
        with pytest.raises(InputError, match=says):
            read(tmp_path, "a,0,1", true_label="y")

    def test_a_column_whose_name_is_there_twice_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(
            InputError, match=r"expected one column 'label' \(--label\), found annot"
        ):
            read(tmp_path, "a,0,1,0", more=",label")

    def test_a_wide_table_is_told_in_short(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, ",".join(f"c{n}" for n in range(500)) + "\n")
        with pytest.raises(InputError, match=r"c19, \.\.\. .--layout matrix"):
            open_judgments(source, Columns(item="c1"))


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_the_same_judgments(self, tmp_path: Path, form: str) -> None:
        source = source_of(tmp_path, FORMS[form])
        assert holds_judgments(source, Columns())
        judgments = open_judgments(source, Columns())
        assert words(judgments.annotator) == ["ann", "bob", "ann", "bob", "cy"]
        for codes, numbers in (
            (judgments.item, [0, 0, 1, 1, 0]),
            (judgments.label, [1, 0, 2, 2, 1]),
        ):
            assert [float(word or "nan") for word in words(codes)] == numbers


class TestWords:
    def test_codes_are_in_the_order_of_code_points(self, tmp_path: Path) -> None:
        judgments = read(tmp_path, "z,10,b", "ä,9,a", "Z,10,b")
        assert judgments.annotator.words.tolist() == ["Z", "z", "ä"]
        assert judgments.annotator.row.tolist() == [1, 2, 0]
        assert judgments.item.words.tolist() == ["10", "9"]
        assert words(judgments.label) == ["b", "a", "b"]

    def test_spaces_around_a_word_are_no_part_of_it(self, tmp_path: Path) -> None:
        judgments = read(tmp_path, " a , 0 ,x", "a,0,x ", "a\u00a0,0 ,x")
        assert words(judgments.annotator) == ["a"] * 3
        assert words(judgments.item) == ["0"] * 3
        assert words(judgments.label) == ["x"] * 3

    def test_leading_zeros_and_case_are(self, tmp_path: Path) -> None:
        judgments = read(tmp_path, "007,Cat,1", "7,cat,1")
        assert words(judgments.annotator) == ["007", "7"]
        assert words(judgments.item) == ["Cat", "cat"]

    def test_numbers_of_parquet_are_words(self, tmp_path: Path) -> None:
        content = parquet(annotator=[1, 2], item=[4.0, 5.5], label=[True, False])
        judgments = open_judgments(source_of(tmp_path, content, "t.parquet"), Columns())
        assert words(judgments.annotator) == ["1", "2"]
        assert words(judgments.item) == ["4.0", "5.5"]
        assert words(judgments.label) == ["true", "false"]

    def test_categories_of_parquet_are_words(self, tmp_path: Path) -> None:
        text = polars.Series(["b", "a", "b"], dtype=polars.Categorical)
        content = parquet(annotator=text, item=text, label=[1, 0, 1])
        judgments = open_judgments(source_of(tmp_path, content, "t.parquet"), Columns())
        assert words(judgments.item) == ["b", "a", "b"]
        assert judgments.item.words.tolist() == ["a", "b"]

    def test_one_column_may_have_two_parts(self, tmp_path: Path) -> None:
        judgments = read(tmp_path, "a,0,1", true_label="label")
        assert words(judgments.true_label) == words(judgments.label) == ["1"]

    @pytest.mark.parametrize("line", [",0,1", "a,,1", '"",0,1', "  ,0,1", "a"])
    def test_a_missing_word_is_refused_with_its_row(self, tmp_path: Path, line: str) -> None:
        part = "item" if line[0] == "a" else "annotator"
        with pytest.raises(SchemaError, match=f"row 1: expected the {part}, found nothing"):
            read(tmp_path, "a,0,1", line)

    @pytest.mark.parametrize("line", ["a,0,", "a,0", 'a,0,""', "a,0, "])
    def test_a_missing_label_is_for_the_filters(self, tmp_path: Path, line: str) -> None:
        assert words(read(tmp_path, "a,0,1", line).label)[1] in (None, "")

    @pytest.mark.parametrize("part", ["annotator", "item"])
    def test_a_null_of_parquet_is_missing(self, tmp_path: Path, part: str) -> None:
        columns = {"annotator": [1, 2], "item": [1, 2], "label": [0, 1]} | {part: [None, 1]}
        with pytest.raises(SchemaError, match=f"row 0: expected the {part}, found nothing"):
            open_judgments(source_of(tmp_path, parquet(**columns), "t.parquet"), Columns())

    @pytest.mark.parametrize("part", ["annotator", "item"])
    def test_a_nan_of_parquet_is_missing(self, tmp_path: Path, part: str) -> None:
        columns = {"annotator": [1, 2], "item": [1, 2], "label": [0, 1]}
        content = parquet(**columns | {part: [float("nan"), 1.0]})
        with pytest.raises(SchemaError, match=f"row 0: expected the {part}"):
            open_judgments(source_of(tmp_path, content, "t.parquet"), Columns())

    @pytest.mark.parametrize(
        "content",
        [
            f"{HEADER}\n".encode(),
            gzip.compress(f"{HEADER}\n".encode()),
            parquet(annotator=[], item=[], label=[]),
        ],
        ids=["text", "gzip", "parquet"],
    )
    def test_a_header_only(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(SchemaError, match="expected judgments, found only a header"):
            open_judgments(source_of(tmp_path, content), Columns())

    def test_a_blank_line_among_judgments(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="row 1: expected the annotator, found nothing"):
            read(tmp_path, "a,0,1", "", "b,0,1")

    @pytest.mark.parametrize("columns", [Columns(), Columns(rt="rt")], ids=["no time", "time"])
    def test_a_line_with_too_many_fields_is_never_read_shifted(
        self, tmp_path: Path, columns: Columns
    ) -> None:
        rows = "0,fine,a,0,5\n1,fine,b,0,5\n1,a comment, with a comma,b,1,5\n"
        source = source_of(tmp_path, f"label,comment,annotator,item,rt\n{rows}")
        with pytest.raises(FileError, match=r"t\.csv: not a readable table"):
            open_judgments(source, columns)

    def test_no_table(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, b"\x00\x01\x02 no table")
        with pytest.raises(FileError, match=r"t\.csv: expected .*, found bytes"):
            open_judgments(source, Columns(item="x"))

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", r"expected \.csv, \.tsv or \.txt, found an empty file"),
            (gzip.compress(b""), r"expected \.csv, \.tsv or \.txt, found an empty file"),
            (
                TABLE.encode("utf-16-le"),
                r"expected \.csv, \.tsv or \.txt, found bytes that begin with 61 00 6e 00",
            ),
            (gzip.compress(TABLE.encode()) + b"junk", "a damaged archive"),
            (zipped(), r"expected \.csv, \.tsv or \.txt, found bytes that begin with 50 4b 05 06"),
            (
                parquet(annotator=["a"], item=[[1, 2]], label=[0]),
                "not a readable table: cannot cast List type",
            ),
        ],
        ids=["empty", "gzip of nothing", "utf-16-le", "gzip with junk", "empty zip", "lists"],
    )
    def test_what_the_bytes_are_is_told(self, tmp_path: Path, content: bytes, says: str) -> None:
        with pytest.raises(FileError, match=rf"t\.csv: {says}"):
            open_judgments(begin_reading(source_of(tmp_path, content), Columns(), layout=LONG))


class TestFirstLine:
    """Tables without a line of names."""

    ROWS = ("w1,u1,yes", "w1,u2,no", "w2,u1,yes")
    NUMBERED = Columns("0", "1", "2")

    def file(self, folder: Path, *lines: str) -> Source:
        return source_of(folder, "\n".join(lines or self.ROWS) + "\n")

    def open(self, source: Source, columns: Columns, header: bool | None = None) -> Judgments:
        return open_judgments(begin_reading(source, columns, header=header))

    @pytest.mark.parametrize("header", [None, False])
    def test_columns_by_number(self, tmp_path: Path, header: bool | None) -> None:
        judgments = self.open(self.file(tmp_path), self.NUMBERED, header)
        assert words(judgments.annotator) == ["w1", "w1", "w2"]
        assert words(judgments.item) == ["u1", "u2", "u1"]
        assert words(judgments.label) == ["yes", "no", "yes"]
        said = "annotator from column 0, item from column 1, label from column 2"
        judgment = "; its first line is a judgment" if header is None else ""
        assert judgments.taken == f"judgments, one per row: {said}{judgment}"

    def test_in_another_order_with_times(self, tmp_path: Path) -> None:
        lines = [f"{line},{time}" for line, time in zip(self.ROWS, (5, 7, 9), strict=True)]
        judgments = self.open(self.file(tmp_path, *lines), Columns("1", "0", "2", rt="3"))
        assert words(judgments.annotator) == ["u1", "u2", "u1"]
        assert judgments.rt is not None
        assert judgments.rt.tolist() == [5, 7, 9]

    @pytest.mark.parametrize(
        "numbers", [["7,0,1", "9,0,0"], ["0,0,0", "1,1,1", "0,1,1"], ["2,1,0", "4,3,1"]]
    )
    def test_of_numbers(self, tmp_path: Path, numbers: list[str]) -> None:
        judgments = self.open(self.file(tmp_path, *numbers), self.NUMBERED)
        rows = [line.split(",") for line in numbers]
        for place, codes in enumerate((judgments.annotator, judgments.item, judgments.label)):
            assert words(codes) == [row[place] for row in rows]

    def test_by_number_below_names(self, tmp_path: Path) -> None:
        source = self.file(tmp_path, "who,task,said", *self.ROWS)
        for header in (None, True):
            judgments = self.open(source, self.NUMBERED, header)
            assert words(judgments.annotator) == ["w1", "w1", "w2"]

    def test_names_of_more_columns_have_to_be_told(self, tmp_path: Path) -> None:
        """A check that is not known as one would be counted as a judgment."""
        lines = ["worker,task,answer,check", *(f"{line},0" for line in self.ROWS)]
        source = self.file(tmp_path, *lines)
        with pytest.raises(AmbiguousError, match="--header or --no-header"):
            self.open(source, self.NUMBERED)
        assert self.open(source, self.NUMBERED, True).check is not None

    @pytest.mark.parametrize(
        "lines",
        [
            ["who,pic,said", "a,x,yes", "b,x,no"],  # names that nobody knows
            ["a,x,yes"],
            ["worker,x,yes", "b,x,no"],  # a known name, and a word of its column
        ],
    )
    def test_what_is_unclear_is_asked(self, tmp_path: Path, lines: list[str]) -> None:
        source = self.file(tmp_path, *lines)
        first = lines[0].replace(",", ", ")
        says = rf"is the first line \({first}\) a header or a judgment\? Use --header"
        with pytest.raises(AmbiguousError, match=says):
            self.open(source, self.NUMBERED)
        assert len(self.open(source, self.NUMBERED, False)) == len(lines)
        if len(lines) > 1:
            assert len(self.open(source, self.NUMBERED, True)) == len(lines) - 1

    def test_words_of_judgments_are_no_names(self, tmp_path: Path) -> None:
        source = self.file(tmp_path, "w1,u1,correct", "w2,u1,wrong", "w2,u2,correct")
        judgments = self.open(source, self.NUMBERED)
        assert words(judgments.label) == ["correct", "wrong", "correct"]
        assert judgments.correct is None

    @pytest.mark.parametrize("part", ["annotator", "item", "label"])
    def test_a_name_that_is_a_cell_is_no_name(self, tmp_path: Path, part: str) -> None:
        lines = {"annotator": "w1,u4,no", "item": "w4,u1,no", "label": "w4,u4,yes"}
        again = self.file(tmp_path, *self.ROWS[:1], "w2,u2,no", lines[part])
        named = Columns("w1", "u1", "yes")
        says = f"'{dict(zip(lines, ('w1', 'u1', 'yes'), strict=True))[part]}' is read as the name"
        with pytest.raises(InputError, match=says) as caught:
            self.open(again, named)
        assert "--no-header" in str(caught.value)
        assert len(self.open(again, named, True)) == 2

    def test_nor_is_a_number_above_numbers(self, tmp_path: Path) -> None:
        source = self.file(tmp_path, "0,1,2", "3,1,0", "4,2,1")
        with pytest.raises(AmbiguousError, match=r"first line \(0, 1, 2\) a header or a judgment"):
            self.open(source, self.NUMBERED)
        with pytest.raises(InputError, match="seems to have no header: use --no-header"):
            self.open(self.file(tmp_path, "7,8,2", "9,5,0"), Columns("7", "8", "2"))
        source = self.file(tmp_path, "0,1,2", "3,1,0", "4,2,1")
        assert len(self.open(source, self.NUMBERED, False)) == 3
        assert len(self.open(source, self.NUMBERED, True)) == 2

    def test_a_known_name_among_the_cells(self, tmp_path: Path) -> None:
        source = self.file(tmp_path, "worker,task,label", "a,task,0", "b,x,1")
        with pytest.raises(InputError, match="'task' is read as the name of a column"):
            self.open(source, Columns())
        assert words(self.open(source, Columns(), True).item) == ["task", "x"]

    @pytest.mark.parametrize("header", [None, True])
    def test_a_second_line_of_names(self, tmp_path: Path, header: bool | None) -> None:
        """As in files that were put one behind the other."""
        source = self.file(tmp_path, HEADER, "a,0,1", HEADER, "b,0,1")
        with pytest.raises(SchemaError, match="row 1: repeats the header"):
            self.open(source, Columns(), header)

    @pytest.mark.parametrize(
        ("columns", "says"),
        [
            (
                Columns(),
                "which column is the annotator\\? --annotator gives its number, 0 to 2; the first",
            ),
            (
                Columns("0", "1"),
                "which column is the label\\? --label gives its number, 0 to 2; the first",
            ),
            (Columns("w1", "1", "2"), "--annotator w1: expected the number of a column, 0 to 2"),
            (Columns("0", "1", "3"), "--label 3: expected the number of a column, 0 to 2; the fir"),
        ],
    )
    def test_without_names_numbers_are_needed(
        self, tmp_path: Path, columns: Columns, says: str
    ) -> None:
        with pytest.raises(InputError, match=says) as caught:
            self.open(self.file(tmp_path), columns, False)
        assert str(caught.value).endswith("the first line is w1, u1, yes")

    def test_a_number_that_no_column_has(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="expected a column '3'"):
            self.open(self.file(tmp_path), Columns("0", "1", "3"))

    def test_columns_of_parquet_have_names(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, parquet(a=["a"], b=[0], c=[1]), "t.parquet")
        assert words(self.open(source, self.NUMBERED).annotator) == ["a"]
        numbers = parquet(**{"2": ["a"], "1": [0], "0": [1]})  # which are names here
        judgments = self.open(source_of(tmp_path, numbers, "n.parquet"), self.NUMBERED)
        assert (words(judgments.annotator), words(judgments.label)) == (["1"], ["a"])
        with pytest.raises(InputError, match="--no-header applies only to text"):
            self.open(source, self.NUMBERED, False)

    @settings(deadline=None)
    @given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=2, max_size=20), st.booleans())
    def test_the_judgments_that_went_in_or_a_question(
        self, rows: list[tuple[int, int, int]], names: bool
    ) -> None:
        lines = [",".join(f"{letter}{one}" for letter, one in zip("abc", row, strict=True))
                 for row in rows]  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            source = self.file(Path(folder), *(["worker,item,label"] if names else []), *lines)
            try:
                judgments = self.open(source, self.NUMBERED)
            except AmbiguousError:
                assert not names
                assert len({line.split(",")[0] for line in lines}) > 1
                return
            assert words(judgments.annotator) == [f"a{row[0]}" for row in rows]
            assert words(judgments.label) == [f"c{row[2]}" for row in rows]


class TestNoLabel:
    @pytest.mark.parametrize("word", ["", "NA", "na", "N/A", "NaN", "null", "None", "NULL"])
    def test_words_for_no_answer(self, word: str) -> None:
        assert without_label(np.array([word, "x"])).tolist() == [True, False]
        assert without_label(np.array([word, "x"]), [word]).tolist() == [False, False]

    @pytest.mark.parametrize(
        ("labels", "missing"),
        [
            (["-1", "0", "1"], [True, False, False]),
            (["-1.0", "0.0", "NA"], [True, False, True]),
            (["-1", "x"], [False, False]),
            (["-1", "-2", "0"], [False, False, False]),
            (["-1"], [True]),
            ([], []),
        ],
    )
    def test_minus_1_among_whole_numbers(self, labels: list[str], missing: list[bool]) -> None:
        assert without_label(np.array(labels, dtype=np.str_)).tolist() == missing


class TestChecks:
    @pytest.mark.parametrize("yes", ["1", "1.0", "true", "True", "TRUE", " 1 "])
    @pytest.mark.parametrize("no", ["0", "0.0", "false", "False"])
    def test_ways_to_say_yes_and_no(self, tmp_path: Path, yes: str, no: str) -> None:
        judgments = read(tmp_path, f"a,0,1,{yes}", f"a,0,1,{no}", more=",check", check="check")
        assert judgments.check is not None
        assert judgments.check.tolist() == [True, False]
        assert judgments.correct is None

    def test_a_missing_correct_is_no(self, tmp_path: Path) -> None:
        lines = ["a,0,1,1,1", "a,0,1,1,", "a,0,1,0,NaN", "a,0,1,0,None"]
        judgments = read(tmp_path, *lines, more=",check,ok", check="check", correct="ok")
        assert judgments.correct is not None
        assert judgments.correct.tolist() == [True, False, False, False]

    def test_booleans_and_nulls_of_parquet(self, tmp_path: Path) -> None:
        parts = {"annotator": ["a"] * 3, "item": [0, 0, None], "label": [0, 1, None]}
        content = parquet(**parts, check=[False, False, True], ok=[None, False, True])
        judgments = open_judgments(source_of(tmp_path, content, "t.parquet"), CHECKS)
        assert judgments.check is not None
        assert judgments.check.tolist() == [False, False, True]

    @pytest.mark.parametrize("part", ["check", "correct"])
    @pytest.mark.parametrize("word", ["2", "yes", "-1", "0.5", "01"])
    def test_another_word_is_refused(self, tmp_path: Path, part: str, word: str) -> None:
        named = {"check": "label", "correct": "label"} | {part: "x"}
        with pytest.raises(SchemaError, match=f"--{part}: expected 0 or 1, found '{word}'"):
            read(tmp_path, "a,0,1,1", f"a,0,1,{word}", more=",x", **named)

    @pytest.mark.parametrize("word", ["", "nan", "NA"])
    def test_a_check_must_be_told(self, tmp_path: Path, word: str) -> None:
        with pytest.raises(SchemaError, match="row 1: --check: expected 0 or 1, found nothing"):
            read(tmp_path, "a,0,1,1", f"a,0,1,{word}", more=",check", check="check")

    def test_a_check_needs_no_item_and_no_label(self, tmp_path: Path) -> None:
        lines = ["a,0,1,0,1", "a,,,1,1"]
        judgments = read(tmp_path, *lines, more=",check,ok", check="check", correct="ok")
        assert words(judgments.item) == ["0", None]

    def test_but_an_annotator(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="row 1: expected the annotator"):
            read(tmp_path, "a,0,1,0", ",,,1", more=",check", check="check")


class TestReactionTimes:
    def times(self, folder: Path, *values: str) -> Array:
        times = read(folder, *(f"a,0,1,{value}" for value in values), more=",rt", rt="rt").rt
        assert times is not None
        assert times.dtype == np.float64
        return times

    def test_numbers_of_any_form(self, tmp_path: Path) -> None:
        times = self.times(tmp_path, "250", "1.5e3", " 7 ", "-1", "0.25", "inf")
        assert times.tolist() == [250, 1500, 7, -1, 0.25, np.inf]

    @pytest.mark.parametrize("word", ["", " ", "NA", "NaN", "nan", "null", "None"])
    def test_missing_ones_are_nan(self, tmp_path: Path, word: str) -> None:
        assert np.isnan(self.times(tmp_path, "1", word)).tolist() == [False, True]

    @pytest.mark.parametrize("word", ["fast", "100ms", "0x10", "1_000", '"1,5"', "-", "12:30"])
    def test_what_is_no_number(self, tmp_path: Path, word: str) -> None:
        with pytest.raises(SchemaError, match="row 1: --rt: expected a number of time units"):
            self.times(tmp_path, "1", word)

    def test_numbers_of_parquet(self, tmp_path: Path) -> None:
        parts = {"annotator": ["a"] * 3, "item": [0] * 3, "label": [0, 1, 0]}
        content = parquet(**parts, rt=[0.1, None, float("nan")])
        times = open_judgments(source_of(tmp_path, content, "t.parquet"), Columns(rt="rt")).rt
        np.testing.assert_array_equal(times, [0.1, np.nan, np.nan])


class TestWholeNumbers:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            (["0", "10", "9"], [0, 10, 9]),
            (["4.0", "5.0"], [4, 5]),
            (["4", "5.0"], [4, 5]),
            (["999999999999999999"], [10**18 - 1]),
            ([], []),
        ],
    )
    def test_numbers(self, given: list[str], wanted: list[int]) -> None:
        values = whole_numbers(np.array(given, dtype=np.str_))
        assert values is not None
        assert values.dtype == np.int64
        assert values.tolist() == wanted

    @pytest.mark.parametrize(
        "word",
        [
            "007",
            "00",
            "-1",
            "+1",
            "1.5",
            "4.00",
            "1e3",
            "",
            " 1",
            "1\n",
            "x1",
            "²",
            "٣",
            "9" * 19,
            "0x1",
        ],
    )
    def test_names(self, word: str) -> None:
        assert whole_numbers(np.array(["1", word])) is None

    def test_one_number_can_be_two_words(self) -> None:
        values = whole_numbers(np.array(["4", "4.0", "3"]))
        assert values is not None
        assert values.tolist() == [4, 4, 3]

    @given(st.sets(st.integers(0, 10**18 - 1), max_size=30))
    def test_every_set_of_numbers_survives(self, numbers: set[int]) -> None:
        values = whole_numbers(np.array([str(one) for one in numbers], dtype=np.str_))
        assert values is not None
        assert values.tolist() == list(numbers)
