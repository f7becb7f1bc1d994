"""Reading tables of judgments: recognised layouts, words and their codes, flags, times."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c10h.errors import FileError, InputError, SchemaError
from c10h.files import Source
from c10h.formats.columns import LAYOUTS, Columns, holds_judgments, recognise
from c10h.formats.judgments import Codes, Judgments, open_judgments
from c10h.items import whole_numbers
from c10h.records import Array

HEADER = "annotator,item,label"
CHECKS = Columns(check="check", correct="ok")


def source_of(folder: Path, content: str | bytes, name: str = "t.csv") -> Source:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source.open(str(path))


def read(folder: Path, *lines: str, more: str = "", **columns: str) -> Judgments:
    """A table with the three columns, those called ``more``, and these lines."""
    text = "\n".join([HEADER + more, *lines]) + "\n"
    return open_judgments(source_of(folder, text), Columns(**columns))


def words(codes: Codes | None) -> list[str | None]:
    assert codes is not None
    known = [*codes.words.tolist(), None]
    return [known[row] for row in codes.row.tolist()]


def parquet(**columns: object) -> bytes:
    target = io.BytesIO()
    polars.DataFrame(columns).write_parquet(target)
    return target.getvalue()


class TestLayouts:
    @pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.item))
    def test_recognised_whatever_the_order_and_more_columns(
        self, tmp_path: Path, layout: Columns
    ) -> None:
        names = ["x", *sorted(layout.named().values(), reverse=True), "y"]
        source = source_of(tmp_path, ",".join(names) + "\n" + ",".join("0" * len(names)) + "\n")
        assert recognise(source) == layout
        assert holds_judgments(source, Columns())
        assert len(open_judgments(source, Columns())) == 1

    @pytest.mark.parametrize(
        "header", ["annotator,item", "Annotator,Item,Label", "cat,dog,bird", "1,2,3", "label"]
    )
    def test_anything_else_is_not(self, tmp_path: Path, header: str) -> None:
        source = source_of(tmp_path, header + "\n1,2,3\n")
        assert recognise(source) is None
        assert not holds_judgments(source, Columns())

    def test_a_named_column_makes_it_a_table_of_judgments(self, tmp_path: Path) -> None:
        assert holds_judgments(source_of(tmp_path, "a,b,c\n1,2,3\n"), Columns(item="b"))

    def test_named_columns_come_before_the_layout(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a,0,1,x", more=",other", label="other")
        assert words(found.label) == ["x"]
        assert words(found.item) == ["0"]

    def test_a_named_column_of_the_trial_file_keeps_its_leading_zeros(self, tmp_path: Path) -> None:
        names = [*LAYOUTS[0].named().values(), "code"]
        rows = [",".join([*"0" * (len(names) - 1), code]) for code in ("007", "7")]
        source = source_of(tmp_path, "\n".join([",".join(names), *rows]) + "\n")
        assert words(open_judgments(source, Columns(item="code")).item) == ["007", "7"]

    @pytest.mark.parametrize("form", ["{}", "{}.0", " {} ", '"{}"'])
    def test_numbers_of_the_trial_file_in_any_form(self, tmp_path: Path, form: str) -> None:
        names = list(LAYOUTS[0].named().values())
        row = ",".join(form.format(1) for _ in names)
        found = open_judgments(source_of(tmp_path, f"{','.join(names)}\n{row}\n"), Columns())
        for codes in (found.annotator, found.item, found.label):
            assert whole_numbers(codes.words) is not None
        assert found.check is not None
        assert found.rt is not None
        assert (found.check.tolist(), found.rt.tolist()) == ([True], [1])

    @pytest.mark.parametrize("missing", ["annotator", "item", "label"])
    def test_a_part_that_no_option_names(self, tmp_path: Path, missing: str) -> None:
        named = {part: part[0] for part in ("annotator", "item", "label") if part != missing}
        source = source_of(tmp_path, "a,i,l\n1,2,3\n")
        says = rf"t\.csv: which column is the {missing}\? --{missing} names it; found a, i, l"
        with pytest.raises(InputError, match=says):
            open_judgments(source, Columns(**named))

    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        says = r"t\.csv: expected a column 'y' \(--true-label\), found annotator, item, label"
        with pytest.raises(InputError, match=says):
            read(tmp_path, "a,0,1", true_label="y")

    def test_a_column_whose_name_is_there_twice_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="label"):
            read(tmp_path, "a,0,1,0", more=",label")

    def test_a_wide_table_is_told_in_short(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, ",".join(f"c{n}" for n in range(500)) + "\n")
        with pytest.raises(InputError, match=r"c19, \.\.\.$"):
            open_judgments(source, Columns(item="c1"))


class TestWords:
    def test_codes_are_in_the_order_of_code_points(self, tmp_path: Path) -> None:
        found = read(tmp_path, "z,10,b", "ä,9,a", "Z,10,b")
        assert found.annotator.words.tolist() == ["Z", "z", "ä"]
        assert found.annotator.row.tolist() == [1, 2, 0]
        assert found.item.words.tolist() == ["10", "9"]
        assert words(found.label) == ["b", "a", "b"]

    def test_spaces_around_a_word_are_no_part_of_it(self, tmp_path: Path) -> None:
        found = read(tmp_path, " a , 0 ,x", "a,0,x ", "a\u00a0,0 ,x")
        assert words(found.annotator) == ["a"] * 3
        assert words(found.item) == ["0"] * 3
        assert words(found.label) == ["x"] * 3

    def test_leading_zeros_and_case_are(self, tmp_path: Path) -> None:
        found = read(tmp_path, "007,Cat,1", "7,cat,1")
        assert words(found.annotator) == ["007", "7"]
        assert words(found.item) == ["Cat", "cat"]

    def test_numbers_of_parquet_are_words(self, tmp_path: Path) -> None:
        content = parquet(annotator=[1, 2], item=[4.0, 5.5], label=[True, False])
        found = open_judgments(source_of(tmp_path, content, "t.parquet"), Columns())
        assert words(found.annotator) == ["1", "2"]
        assert words(found.item) == ["4.0", "5.5"]
        assert words(found.label) == ["true", "false"]

    def test_categories_of_parquet_are_words(self, tmp_path: Path) -> None:
        text = polars.Series(["b", "a", "b"], dtype=polars.Categorical)
        content = parquet(annotator=text, item=text, label=[1, 0, 1])
        found = open_judgments(source_of(tmp_path, content, "t.parquet"), Columns())
        assert words(found.item) == ["b", "a", "b"]
        assert found.item.words.tolist() == ["a", "b"]

    def test_one_column_may_have_two_parts(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a,0,1", true_label="label")
        assert words(found.true_label) == words(found.label) == ["1"]

    @pytest.mark.parametrize("line", [",0,1", "a,,1", "a,0,", '"",0,1', "  ,0,1", "a,0"])
    def test_a_missing_word_is_refused_with_its_row(self, tmp_path: Path, line: str) -> None:
        part = {",": "annotator", "a,,1": "item"}.get(line, "label")
        part = "annotator" if line[0] in ', "' else part
        with pytest.raises(SchemaError, match=f"row 1: expected the {part}, found nothing"):
            read(tmp_path, "a,0,1", line)

    @pytest.mark.parametrize("part", ["annotator", "item", "label"])
    def test_a_null_of_parquet_is_missing(self, tmp_path: Path, part: str) -> None:
        columns = {"annotator": [1, 2], "item": [1, 2], "label": [0, 1]} | {part: [None, 1]}
        with pytest.raises(SchemaError, match=f"row 0: expected the {part}, found nothing"):
            open_judgments(source_of(tmp_path, parquet(**columns), "t.parquet"), Columns())

    @pytest.mark.parametrize("part", ["annotator", "item", "label"])
    def test_a_nan_of_parquet_is_missing(self, tmp_path: Path, part: str) -> None:
        columns = {"annotator": [1, 2], "item": [1, 2], "label": [0, 1]}
        content = parquet(**columns | {part: [float("nan"), 1.0]})
        with pytest.raises(SchemaError, match=f"row 0: expected the {part}"):
            open_judgments(source_of(tmp_path, content, "t.parquet"), Columns())

    def test_a_header_only(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="expected judgments, found a header only"):
            read(tmp_path)

    def test_no_table(self, tmp_path: Path) -> None:
        source = source_of(tmp_path, b"\x00\x01\x02 no table")
        with pytest.raises(FileError, match=r"t\.csv: expected a table, found"):
            open_judgments(source, Columns(item="x"))


class TestChecks:
    @pytest.mark.parametrize("yes", ["1", "1.0", "true", "True", "TRUE", " 1 "])
    @pytest.mark.parametrize("no", ["0", "0.0", "false", "False"])
    def test_ways_to_say_yes_and_no(self, tmp_path: Path, yes: str, no: str) -> None:
        found = read(tmp_path, f"a,0,1,{yes}", f"a,0,1,{no}", more=",check", check="check")
        assert found.check is not None
        assert found.check.tolist() == [True, False]
        assert found.correct is None

    def test_a_missing_correct_is_no(self, tmp_path: Path) -> None:
        lines = ["a,0,1,1,1", "a,0,1,1,", "a,0,1,0,NaN", "a,0,1,0,None"]
        found = read(tmp_path, *lines, more=",check,ok", check="check", correct="ok")
        assert found.correct is not None
        assert found.correct.tolist() == [True, False, False, False]

    def test_booleans_and_nulls_of_parquet(self, tmp_path: Path) -> None:
        parts = {"annotator": ["a"] * 3, "item": [0, 0, None], "label": [0, 1, None]}
        content = parquet(**parts, check=[False, False, True], ok=[None, False, True])
        found = open_judgments(source_of(tmp_path, content, "t.parquet"), CHECKS)
        assert found.check is not None
        assert found.check.tolist() == [False, False, True]

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
        found = read(tmp_path, *lines, more=",check,ok", check="check", correct="ok")
        assert words(found.item) == ["0", None]

    def test_but_an_annotator(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="row 1: expected the annotator"):
            read(tmp_path, "a,0,1,0", ",,,1", more=",check", check="check")


class TestReactionTimes:
    def times(self, folder: Path, *values: str) -> Array:
        found = read(folder, *(f"a,0,1,{value}" for value in values), more=",rt", rt="rt").rt
        assert found is not None
        assert found.dtype == np.float64
        return found

    def test_numbers_of_any_form(self, tmp_path: Path) -> None:
        found = self.times(tmp_path, "250", "1.5e3", " 7 ", "-1", "0.25", "inf")
        assert found.tolist() == [250, 1500, 7, -1, 0.25, np.inf]

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
        found = open_judgments(source_of(tmp_path, content, "t.parquet"), Columns(rt="rt")).rt
        np.testing.assert_array_equal(found, [0.1, np.nan, np.nan])


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
        found = whole_numbers(np.array(given, dtype=np.str_))
        assert found is not None
        assert found.dtype == np.int64
        assert found.tolist() == wanted

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
        found = whole_numbers(np.array(["4", "4.0", "3"]))
        assert found is not None
        assert found.tolist() == [4, 4, 3]

    @given(st.sets(st.integers(0, 10**18 - 1), max_size=30))
    def test_every_set_of_numbers_survives(self, numbers: set[int]) -> None:
        found = whole_numbers(np.array([str(one) for one in numbers], dtype=np.str_))
        assert found is not None
        assert found.tolist() == list(numbers)
