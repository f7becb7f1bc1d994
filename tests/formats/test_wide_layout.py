"""Wide tables: a row an item, a column a class, and what else stands beside the classes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
import scipy.io

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.formats.hints import Hints
from c10h.formats.predictions_and_labels import open_labels
from c10h.formats.wide_layout import read_wide
from c10h.records import Array
from formats.files import everything, opened, save_text, source_of

VALUES = np.array([[0.5, -1.25, 3], [1e-3, 2, 0], [7, 8.5, 9]])
NAMES = ("cat", "dog", "bird")


def text_of(values: Array, separator: str = ",", header: str | None = None) -> str:
    first = "" if header is None else f"{header}\n"
    return first + "".join(separator.join(f"{value:g}" for value in row) + "\n" for row in values)


def refused(path: Path, says: str, error: type[InputError] = SchemaError, **hints: object) -> None:
    with pytest.raises(error, match=says) as caught:
        read_wide(source_of(path), Hints(**hints))  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{path.name}: ")


class TestNamesBeside:
    """Names of classes in an array of their own."""

    @pytest.mark.parametrize("key", ["classes", "class_names", "Classes", "label_names"])
    @pytest.mark.parametrize("suffix", ["npz", "mat"])
    def test_they_name_the_columns(self, tmp_path: Path, key: str, suffix: str) -> None:
        path, arrays = tmp_path / f"x.{suffix}", {"logits": VALUES, key: np.array(NAMES)}
        if suffix == "npz":
            np.savez(path, **arrays)  # type: ignore[arg-type]
        else:
            scipy.io.savemat(path, arrays)
        wide = opened(path)
        assert wide.names == NAMES
        assert "(cat, dog, bird)" in wide.describe("logits")

    @pytest.mark.parametrize(
        "names", [["cat", "dog"], ["cat", "cat", "bird"], ["cat", "", "bird"], [1, 2, 3]]
    )
    def test_others_do_not(self, tmp_path: Path, names: list[Any]) -> None:
        np.savez(tmp_path / "x.npz", logits=VALUES, classes=np.array(names))
        assert opened(tmp_path / "x.npz").names is None

    def test_columns_that_they_name_are_no_annotators(self, tmp_path: Path) -> None:
        """Numbers that would otherwise be as likely the choices of people."""
        votes = np.random.default_rng(1).integers(1, 9, (300, 3))
        np.savez(tmp_path / "x.npz", votes=votes)
        with pytest.raises(AmbiguousError, match="unlikely to be votes by class"):
            open_labels(source_of(tmp_path / "x.npz"))
        np.savez(tmp_path / "x.npz", votes=votes, classes=np.array(NAMES))
        counts = open_labels(source_of(tmp_path / "x.npz")).counts
        assert counts is not None
        np.testing.assert_array_equal(counts[0:300], votes)

    def test_of_some_columns(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "x.npz", logits=VALUES, classes=np.array(NAMES))
        wide = opened(tmp_path / "x.npz", columns=slice(1, 3))
        assert wide.names == ("dog", "bird")
        np.testing.assert_array_equal(everything(wide), VALUES[:, 1:])


class TestText:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", "   ", ", "])
    @pytest.mark.parametrize("names", [None, "cat dog bird", "0 1 2", '"cat" "dog" "bird"'])
    def test_separators_and_headers(
        self, tmp_path: Path, separator: str, names: str | None
    ) -> None:
        header = None if names is None else names.replace(" ", separator)
        wide = opened(save_text(tmp_path / "x.csv", text_of(VALUES, separator, header)))
        np.testing.assert_array_equal(everything(wide), VALUES)
        assert wide.names == (None if names is None else tuple(names.replace('"', "").split()))

    @pytest.mark.parametrize("separator", [";", "\t", "|", " "])
    def test_a_decimal_comma(self, tmp_path: Path, separator: str) -> None:
        text = text_of(VALUES, separator, separator.join(NAMES)).replace(".", ",")
        wide = opened(save_text(tmp_path / "x.csv", text))
        np.testing.assert_array_equal(everything(wide), VALUES)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
    @pytest.mark.parametrize("header", [None, "cat,dog,bird"])
    def test_encodings(self, tmp_path: Path, encoding: str, header: str | None) -> None:
        text = text_of(VALUES, ",", header)
        data = ("\ufeff" + text).encode("utf-16-le") if "le" in encoding else text.encode(encoding)
        (tmp_path / "x.csv").write_bytes(data)
        wide = opened(tmp_path / "x.csv")
        np.testing.assert_array_equal(everything(wide), VALUES)
        assert wide.names == (NAMES if header else None)

    def test_compressed(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv.gz").write_bytes(gzip.compress(text_of(VALUES).encode()))
        np.testing.assert_array_equal(everything(opened(tmp_path / "x.csv.gz")), VALUES)

    def test_quotes_and_line_ends_of_windows(self, tmp_path: Path) -> None:
        text = '"big cat","dog, wet",bird\r\n"1","2","3"\r\n"4","5","6"\r\n\r\n'
        wide = opened(save_text(tmp_path / "x.csv", text))
        assert everything(wide).tolist() == [[1, 2, 3], [4, 5, 6]]
        assert wide.names == ("big cat", "dog, wet", "bird")

    def test_line_ends_of_old_macs(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", "a,b\r1,2\r3,4\r"))
        assert (everything(wide).tolist(), wide.names) == ([[1, 2], [3, 4]], ("a", "b"))

    def test_a_line_of_names_as_numpy_writes_it(self, tmp_path: Path) -> None:
        np.savetxt(tmp_path / "x.txt", VALUES, header="cat dog bird")
        wide = opened(tmp_path / "x.txt")
        assert wide.names == NAMES
        np.testing.assert_allclose(everything(wide), VALUES)

    @pytest.mark.parametrize("text", ["1,2,3\n", "a,b,c\n1,2,3\n", "1 2 3", "1,2,3"])
    def test_one_row(self, tmp_path: Path, text: str) -> None:
        assert everything(opened(save_text(tmp_path / "x.csv", text))).tolist() == [[1, 2, 3]]

    def test_every_digit_counts(self, tmp_path: Path) -> None:
        values = np.random.default_rng(0).normal(size=(50, 3))
        text = "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
        np.testing.assert_array_equal(
            everything(opened(save_text(tmp_path / "x.csv", text))), values
        )

    def test_numbers_that_are_not_finite_stay_so(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", "a,b\n-inf,1\nnan,Infinity\n"))
        np.testing.assert_array_equal(everything(wide), [[-np.inf, 1], [np.nan, np.inf]])

    @pytest.mark.parametrize(
        ("text", "says", "error"),
        [
            ("7,2,3\n4,5\n", "row 1: expected a number in column number 2, found nothing", None),
            ("7,2,3\n3,4,5\n3,cat,1", "row 2: .* in column number 1, found 'cat'", None),
            ("a,b\n1,2\n\n3,\n", "row 1: expected a number in column 'a', found nothing", None),
            ("a,b\n1,2\n3,\n", "row 1: expected a number in column 'b', found nothing", None),
            ("a,b\n1,2\n1 000,4\n", "row 1: expected a number in column 'a', found '1 000'", None),
            ("cat,dog\n", "which are", AmbiguousError),
            ("\n\n", "expected a table, found an empty one", FileError),
            ("a,b\n1,2\n3,4,5\n", "not a readable table", FileError),
            ("7,2,3\n4,5,6,7\n", "x", InputError),
            ("7 2\n3 4 5\n", "x", InputError),
        ],
    )
    def test_broken_tables(
        self, tmp_path: Path, text: str, says: str, error: type[InputError] | None
    ) -> None:
        path = save_text(tmp_path / "x.csv", text)
        if text == "cat,dog\n":
            refused(path, "expected|may name", InputError)
        else:
            refused(path, says, error or InputError)

    def test_what_is_not_utf_8(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_bytes(b"a,b\n1,2\ncaf\xe9,2\n")
        refused(tmp_path / "x.csv", "line 3: expected UTF-8 text, found the byte e9", FileError)


class TestFirstLine:
    """What the first line is, where nothing says so."""

    @pytest.mark.parametrize(
        "first", ["cat,dog", "0,1", "1,2", "p0,p1", '"0","1"', "cat,1", "class 0,class 1"]
    )
    def test_names(self, tmp_path: Path, first: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"{first}\n0.25,0.75\n0.5,0.5\n"))
        assert (wide.size, wide.names) == (2, tuple(first.replace('"', "").split(",")))

    @pytest.mark.parametrize("first", ["0.5,0.5", "1,0", "-1,0", "nan,1", "1e5,2"])
    def test_numbers(self, tmp_path: Path, first: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"{first}\n0.25,0.75\n0.5,0.5\n"))
        assert (wide.size, wide.names) == (3, None)

    @pytest.mark.parametrize(
        "text",
        [
            '"1,000",20,3\n3,4,5\n3,4,5\n',  # a number as people write it
            "0,1,2\n3,0,0\n1,1,1\n",  # votes, or the names that pandas writes
            "x,7,9\n1,2,3\n4,5,6\n",  # a word above numbers, beside numbers
            "0,1\n0.25,0.75\n1,0\n",  # an item that is certain, or the names that pandas writes
            "2,0,1\n0.5,-1.5,0.25\n1.5,0.1,0.2\n",  # numbers of classes in another order
        ],
    )
    def test_what_may_be_either_is_asked_for(self, tmp_path: Path, text: str) -> None:
        path = save_text(tmp_path / "x.csv", text)
        refused(path, "--header or --no-header", AmbiguousError)
        assert opened(path, header=True).size == 2

    def test_no_header_reads_it_as_a_row(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "0,1,2\n3,0,0\n1,1,1\n")
        assert everything(opened(path, header=False)).tolist() == [[0, 1, 2], [3, 0, 0], [1, 1, 1]]

    def test_names_of_items_in_every_row_are_no_header(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "a.png,0.5,0.5\nb.png,0.25,0.75\n")
        wide = opened(path)
        assert (wide.size, wide.names) == (2, None)
        assert wide.ids is not None
        assert wide.ids.tolist() == ["a.png", "b.png"]

    def test_row_names_of_r_have_no_name_above_them(self, tmp_path: Path) -> None:
        text = '"cat" "dog"\n"1" 0.3 0.7\n"2" 0.6 0.4\n'
        wide = opened(save_text(tmp_path / "x.txt", text))
        assert everything(wide).tolist() == [[0.3, 0.7], [0.6, 0.4]]
        assert (wide.names, wide.ids, wide.index) == (("cat", "dog"), None, None)


class TestColumnsThatAreNoClasses:
    @pytest.mark.parametrize(
        "name", ["", "index", "Index", "__index_level_0__", "Unnamed: 0", "idx", "row"]
    )
    @pytest.mark.parametrize("start", [0, 1])
    def test_row_numbers(self, tmp_path: Path, name: str, start: int) -> None:
        text = f"{name},cat,dog\n{start},3,1\n{start + 1},0,4\n"
        wide = opened(save_text(tmp_path / "x.csv", text))
        assert everything(wide).tolist() == [[3, 1], [0, 4]]
        assert (wide.names, wide.ids, wide.index) == (("cat", "dog"), None, None)
        assert "row numbers" in wide.describe("votes")

    def test_numbers_from_0_with_gaps_are_an_index(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", ",cat,dog\n7,3,1\n0,0,4\n"))
        assert wide.index is not None
        assert (wide.index.tolist(), wide.ids) == ([7, 0], None)

    def test_other_numbers_of_rows_are_names(self, tmp_path: Path) -> None:
        """They may be counted from 0 or from 1."""
        wide = opened(save_text(tmp_path / "x.csv", ",cat,dog\n7,3,1\n3,0,4\n"))
        assert wide.ids is not None
        assert (wide.ids.tolist(), wide.index) == (["7", "3"], None)

    @pytest.mark.parametrize("values", [("3", "3"), ("0.5", "1"), ("-1", "0")])
    def test_what_does_not_number_rows(self, tmp_path: Path, values: tuple[str, str]) -> None:
        path = save_text(tmp_path / "x.csv", f"index,a,b\n{values[0]},3,1\n{values[1]},0,4\n")
        refused(path, "the column 'index' does not number the rows", AmbiguousError)

    @pytest.mark.parametrize(
        "name", ["id", "ID", "item", "Image", "file", "file_name", "image id", "imageId", "uid"]
    )
    @pytest.mark.parametrize("values", [("17", "18"), ("a.png", "b.png")])
    def test_names_of_items(self, tmp_path: Path, name: str, values: tuple[str, str]) -> None:
        text = f"{name},cat,dog\n{values[0]},3,1\n{values[1]},0,4\n"
        wide = opened(save_text(tmp_path / "x.csv", text))
        assert everything(wide).tolist() == [[3, 1], [0, 4]]
        assert wide.ids is not None
        assert (wide.names, wide.ids.tolist()) == (("cat", "dog"), list(values))
        assert f"ids from column {name!r}" in wide.describe("votes")

    def test_the_one_column_of_words(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", "cat,dog,picture\n3,1,x\n0,4,y\n"))
        assert wide.ids is not None
        assert (wide.names, wide.ids.tolist()) == (("cat", "dog"), ["x", "y"])

    @pytest.mark.parametrize("name", ["total", "N", "sum", "n_votes", "Total Votes"])
    def test_totals(self, tmp_path: Path, name: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"cat,dog,{name}\n3,1,4\n0,4,4\n"))
        assert everything(wide).tolist() == [[3, 1], [0, 4]]
        assert [values.tolist() for values in wide.totals.values()] == [[4, 4]]

    @pytest.mark.parametrize("name", ["label", "Truth", "split", "Usage", "true_label", "pred"])
    @pytest.mark.parametrize("values", [("0", "1"), ("x", "y")])
    def test_others_are_left_out_and_told(
        self, tmp_path: Path, name: str, values: tuple[str, str]
    ) -> None:
        text = f"cat,dog,{name}\n3,1,{values[0]}\n0,4,{values[1]}\n"
        wide = opened(save_text(tmp_path / "x.csv", text))
        assert everything(wide).tolist() == [[3, 1], [0, 4]]
        assert (wide.names, wide.ids) == (("cat", "dog"), None)
        assert f"left out: {name!r}" in wide.describe("votes")

    @pytest.mark.parametrize("name", ["annotator", "worker_id", "Rater", "user"])
    def test_people_make_it_no_wide_table(self, tmp_path: Path, name: str) -> None:
        path = save_text(tmp_path / "x.csv", f"{name},a,b\n0,1,0\n1,0,1\n")
        refused(path, "suggests a table of judgments", AmbiguousError)

    def test_several_columns_of_words(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "thing,note,cat,dog\np,x,3,1\nq,y,0,4\n")
        refused(path, "which column names the items, 'thing', 'note'", AmbiguousError)
        ids = opened(path, item="thing").ids
        assert ids is not None
        assert ids.tolist() == ["p", "q"]

    def test_a_slip_in_a_column_of_numbers_is_no_name(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "cat,dog\n" + "3,1\n" * 200 + "x,1\n")
        refused(path, "row 200: expected a number in column 'cat', found 'x'")

    @pytest.mark.parametrize("header", [True, False])
    def test_lines_of_thousands_of_classes(self, tmp_path: Path, header: bool) -> None:
        """As of ImageNet-21k's: a line alone is 200 kB."""
        names = [f"class_{number}" for number in range(21_841)]
        rows = np.random.default_rng(0).normal(size=(3, len(names))).round(4)
        lines = [",".join(names)] if header else []
        lines += [",".join(map(str, row)) for row in rows.tolist()]
        wide = opened(save_text(tmp_path / "x.csv", "\n".join(lines)))
        assert wide.names == (tuple(names) if header else None)
        np.testing.assert_array_equal(everything(wide), rows)

    def test_more_columns_than_there_can_be(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", ",".join(["1"] * 100_001) + "\n")
        refused(path, "expected at most 100,000 columns, found 100,001 or more", FileError)

    def test_one_class_is_left(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "truth,lie\n3,1\n0,4\n")
        refused(path, "found columns of classes: 'lie' next to 'truth' .--columns or --classes")
        assert opened(path, columns=("truth", "lie")).names == ("truth", "lie")

    def test_a_name_that_is_there_twice(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "crane,dog,crane\n3,1,0\n0,4,1\n")
        refused(path, "two columns are called 'crane'", AmbiguousError)
        assert opened(path, columns=slice(0, 3)).size == 2


class TestChoosing:
    TEXT = "id,file,cat,dog,note\n1,a.png,3,4,x\n2,b.png,5,6,y z\n"

    @pytest.mark.parametrize(
        "hints",
        [
            {"columns": slice(2, 4)},
            {"columns": ("cat", "dog")},
            {"columns": ("Cat", "DOG")},
            {"classes": ("cat", "dog")},
        ],
    )
    def test_columns_of_a_wide_table(self, tmp_path: Path, hints: dict[str, Any]) -> None:
        wide = opened(save_text(tmp_path / "x.csv", self.TEXT), **hints)
        assert everything(wide).tolist() == [[3, 4], [5, 6]]
        assert wide.names == ("cat", "dog")

    def test_their_order_is_that_of_the_option(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", self.TEXT), columns=("dog", "cat"))
        assert (everything(wide).tolist(), wide.names) == ([[4, 3], [6, 5]], ("dog", "cat"))

    def test_names_for_an_array_of_as_many_columns(self, tmp_path: Path) -> None:
        """They are for the table of people beside it, as ``--columns`` is for all inputs."""
        path = tmp_path / "x.npy"
        np.save(path, np.array([[1.5, -2], [0, 3]]))
        wide = opened(path, columns=("cat", "dog"))
        assert (everything(wide).tolist(), wide.names) == ([[1.5, -2], [0, 3]], None)
        refused(path, "--columns: the 2 columns of an array have no names", columns=("cat",))

    def test_ids_stay_beside_chosen_columns(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "file,a,b,c\nx,1,2,3\ny,4,5,6\n")
        ids = opened(path, columns=slice(1, 3)).ids
        assert ids is not None
        assert ids.tolist() == ["x", "y"]

    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", self.TEXT)
        refused(path, r"expected a column 'fish' \(--columns\), found id, file", InputError,
                columns=("cat", "fish"))  # fmt: skip
        refused(path, r"expected a column 'x' \(--item\)", InputError, item="x")
        refused(path, "expected columns up to 9, found 5", InputError, columns=slice(7, 9))


def write_records(path: Path) -> None:
    rows = [dict(zip(("file", *NAMES), ("abc"[n], *row), strict=True))
            for n, row in enumerate(VALUES.tolist())]  # fmt: skip
    if path.suffix == ".jsonl":
        save_text(path, "".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".json":
        save_text(path, json.dumps(rows))
    elif path.suffix == ".xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in (("file", *NAMES), *(row.values() for row in rows)):
            book.active.append(list(row))
        book.save(path)
    else:
        frame = polars.DataFrame(rows)
        frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_ipc(path)


@pytest.mark.parametrize("suffix", ["parquet", "feather", "json", "jsonl", "xlsx"])
class TestOtherTables:
    def test_names_numbers_and_ids(self, tmp_path: Path, suffix: str) -> None:
        write_records(tmp_path / f"x.{suffix}")
        wide = opened(tmp_path / f"x.{suffix}")
        np.testing.assert_array_equal(everything(wide), VALUES)
        assert wide.ids is not None
        assert (wide.names, wide.ids.tolist()) == (NAMES, ["a", "b", "c"])

    def test_damaged(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"x.{suffix}"
        write_records(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        refused(path, "readable|damaged|archive|expected", InputError)


class TestParquet:
    def test_an_index_that_pandas_kept(self, tmp_path: Path) -> None:
        frame = polars.DataFrame({"cat": [3, 0], "dog": [1, 4], "__index_level_0__": [5, 0]})
        frame.write_parquet(tmp_path / "x.parquet")
        wide = opened(tmp_path / "x.parquet")
        assert wide.index is not None
        assert (wide.names, wide.index.tolist()) == (("cat", "dog"), [5, 0])

    @pytest.mark.parametrize("dtype", [polars.List(polars.Float32), polars.Array(polars.Int64, 2)])
    def test_a_column_of_lists(self, tmp_path: Path, dtype: polars.DataType) -> None:
        frame = polars.DataFrame({"id": ["a", "b"], "votes": [[3, 1], [0, 4]]})
        frame.with_columns(polars.col("votes").cast(dtype)).write_parquet(tmp_path / "x.parquet")
        wide = opened(tmp_path / "x.parquet")
        assert wide.ids is not None
        assert (everything(wide).tolist(), wide.ids.tolist()) == ([[3, 1], [0, 4]], ["a", "b"])

    def test_one_of_two_columns_of_lists_is_named(self, tmp_path: Path) -> None:
        frame = polars.DataFrame({"a": [[3, 1], [0, 4]], "b": [[1, 1], [2, 2]]})
        frame.write_parquet(tmp_path / "x.parquet")
        refused(tmp_path / "x.parquet", "which of the columns 'a', 'b'", AmbiguousError)
        assert everything(opened(tmp_path / "x.parquet", "b")).tolist() == [[1, 1], [2, 2]]

    @pytest.mark.parametrize("lists", [[[1, 2], [3]], [[1, 2], None], [[1, None], [2, 3]]])
    def test_lists_of_other_lengths(self, tmp_path: Path, lists: list[object]) -> None:
        polars.DataFrame({"a": lists}).write_parquet(tmp_path / "x.parquet")
        refused(tmp_path / "x.parquet", "expected lists of equal length, without gaps")

    def test_missing_numbers(self, tmp_path: Path) -> None:
        polars.DataFrame({"cat": [1, None], "dog": [3, 4]}).write_parquet(tmp_path / "x.parquet")
        refused(tmp_path / "x.parquet", "row 1: .* column 'cat', found nothing", AmbiguousError)


class TestJson:
    def test_a_list_of_rows(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.json", json.dumps(VALUES.tolist())))
        np.testing.assert_array_equal(everything(wide), VALUES)
        assert wide.names is None

    def test_counts_by_class_as_chaosnli_has_them(self, tmp_path: Path) -> None:
        rows = [
            {"uid": "a", "label_counter": {"e": 7, "n": 3}, "label_count": [7, 3, 0],
             "label_dist": [0.7, 0.3, 0.0], "old_labels": ["e", "n"]},
            {"uid": "b", "label_counter": {"c": 9, "e": 1}, "label_count": [1, 0, 9],
             "label_dist": [0.1, 0.0, 0.9], "old_labels": ["c"]},
        ]  # fmt: skip
        path = save_text(tmp_path / "x.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        wide = opened(path)
        assert wide.ids is not None
        assert (wide.names, wide.ids.tolist()) == (("c", "e", "n"), ["a", "b"])
        assert everything(wide).tolist() == [[0, 7, 3], [9, 1, 0]]
        assert everything(opened(path, "label_count")).tolist() == [[7, 3, 0], [1, 0, 9]]
        np.testing.assert_allclose(
            everything(opened(path, "label_dist")), [[0.7, 0.3, 0], [0.1, 0, 0.9]]
        )

    def test_a_dictionary_has_two_readings(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.json", '{"p": {"cat": 3, "dog": 1}, "q": {"dog": 4}}')
        refused(path, "--layout long .* --layout wide", AmbiguousError)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[1, 2", "not readable as JSON: "),
            ("nothing", "not readable as JSON: "),
            ("3", "expected a list or a dictionary, found 3"),
            ("[]", r"expected a list or a dictionary, found \[\]"),
            ("{}", r"expected a list or a dictionary, found \{\}"),
            ("[1, [2]]", "expected rows of the same kind, found value and list"),
            ("\x00", "expected .json, found bytes that begin with 00"),
        ],
    )
    def test_what_is_no_table(self, tmp_path: Path, text: str, says: str) -> None:
        with pytest.raises(InputError, match=rf"^x\.json: {says}"):
            opened(save_text(tmp_path / "x.json", text))

    def test_deep_nesting_ends_nothing(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.json", "[" * 100_000 + "]" * 100_000)
        with pytest.raises(InputError, match=r"^x\.json: not readable.*(recursion|overflow)"):
            opened(path)


class TestExcel:
    def write(self, path: Path, *sheets: list[list[object]]) -> Path:
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for number, rows in enumerate(sheets):
            sheet = book.create_sheet(f"sheet {number}")
            for row in rows:
                sheet.append(row)
        book.save(path)
        return path

    def test_no_line_of_names(self, tmp_path: Path) -> None:
        wide = opened(self.write(tmp_path / "x.xlsx", [[0.5, 3], [2, -1.25]]))
        assert (everything(wide).tolist(), wide.names) == ([[0.5, 3], [2, -1.25]], None)

    def test_one_of_two_sheets_is_named(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "x.xlsx", [["a", "b"], [1, 2]], [["a", "b"], [3, 4]])
        refused(path, r"expected one sheet, .* use x\.xlsx:sheet 0$", AmbiguousError)
        assert everything(opened(path, "sheet 1")).tolist() == [[3, 4]]


def test_every_digit_of_excel_counts(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(20, 3)).tolist()
    path = TestExcel().write(tmp_path / "x.xlsx", values)
    np.testing.assert_allclose(everything(opened(path)), values, rtol=1e-15)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"\x80\x04K\x01."),
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"),
        lambda path: path.write_bytes(b"SQLite format 3\0"),
    ],
)
def test_other_formats_are_named_with_those_that_are_read(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "x.bin")
    refused(
        tmp_path / "x.bin", r"expected one of \.npy, .* found an? (Python|PNG|SQLite)", FileError
    )


class TestExportsOfOtherPrograms:
    """What pandas, R and Excel add to a table of numbers."""

    @pytest.mark.parametrize("names", ["Кот,犬,+", "-,+,?", "é,è,ê"])
    def test_names_in_any_alphabet(self, tmp_path: Path, names: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"{names}\n3,1,5\n0,4,2\n"))
        assert wide.names == tuple(names.split(","))
        assert everything(wide).tolist() == [[3, 1, 5], [0, 4, 2]]

    @pytest.mark.parametrize("cell", ['"1,200"', "1 200", "25%", "2.5 %", "1.200.000"])
    def test_numbers_as_people_write_them_are_no_names(self, tmp_path: Path, cell: str) -> None:
        path = save_text(tmp_path / "x.csv", f"cat,dog,bird\n{cell},3,4\n{cell},1,2\n")
        refused(path, "expected a table of numbers in column 'cat'")

    def test_numbers_with_zeros_before_them_are_names(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", "what,cat,dog\n0017,3,4\n0018,1,2\n"))
        assert wide.ids is not None
        assert (wide.names, wide.ids.tolist()) == (("cat", "dog"), ["0017", "0018"])

    @pytest.mark.parametrize("index", ["X", "...1", "nr"])
    def test_an_index_of_any_name(self, tmp_path: Path, index: str) -> None:
        path = save_text(tmp_path / "x.csv", f"{index},cat,dog\n1,3,4\n2,1,2\n3,0,2\n")
        refused(path, f"'{index}' counts the rows: --item {index} reads it", AmbiguousError)
        assert opened(path, item=index).names == ("cat", "dog")
        assert opened(path, columns=slice(0, 3)).names == (index, "cat", "dog")

    def test_votes_that_count_the_rows(self, tmp_path: Path) -> None:
        wide = opened(save_text(tmp_path / "x.csv", "cat,dog\n0,4\n1,3\n2,2\n"))
        assert wide.names == ("cat", "dog")

    @pytest.mark.parametrize("first", [",Unnamed: 0", "level_0,index", "rownames,index"])
    def test_two_indices(self, tmp_path: Path, first: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"{first},cat,dog\n0,0,3,4\n1,1,1,2\n"))
        assert (wide.names, wide.ids, wide.index) == (("cat", "dog"), None, None)

    @pytest.mark.parametrize("other", ["gt", "y_true", "label_id", "class_name", "entropy"])
    def test_what_is_said_of_an_item_beside_its_votes(self, tmp_path: Path, other: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"id,cat,dog,{other}\n7,3,4,1\n9,1,2,0\n"))
        assert wide.ids is not None
        assert (wide.names, wide.ids.tolist()) == (("cat", "dog"), ["7", "9"])

    @pytest.mark.parametrize("names", ["cat,dog,bird,", "cat,dog,bird", ""])
    def test_a_separator_at_the_end_of_every_line(self, tmp_path: Path, names: str) -> None:
        text = f"{names}\n" if names else ""
        wide = opened(save_text(tmp_path / "x.csv", text + "0.5,-1.5,2,\n1.5,0.1,0.2,\n"))
        assert everything(wide).tolist() == [[0.5, -1.5, 2], [1.5, 0.1, 0.2]]
        assert wide.names == (("cat", "dog", "bird") if names else None)

    @pytest.mark.parametrize("first", ["sep=;", "# of 2020", "# of 2020\n# by us"])
    def test_a_line_above_the_names(self, tmp_path: Path, first: str) -> None:
        wide = opened(save_text(tmp_path / "x.csv", f"{first}\nid;cat;dog\na;3;4\nb;1;2\n"))
        assert (wide.size, wide.names) == (2, ("cat", "dog"))

    def test_sums_below_the_items(self, tmp_path: Path) -> None:
        text = "item,cat,dog,All\na,3,4,7\nb,1,2,3\n"
        wide = opened(save_text(tmp_path / "x.csv", text))
        assert (wide.names, list(wide.totals)) == (("cat", "dog"), ["'All'"])
        path = save_text(tmp_path / "y.csv", text + "All,4,6,10\n")
        refused(path, "row 2, 'All', is the sum of the rows above, not an item: remove it")
        save_text(path, text + "All,4,7,11\n")
        assert opened(path).size == 3

    def test_commas_that_may_stand_between_thousands(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.csv", "cat;dog\n1,200;3,400\n2,000;1\n")
        refused(path, "1,200 may be 1200 or 1.200", AmbiguousError)
        path = save_text(tmp_path / "y.csv", "cat;dog\n1,200;-3,400\n0,250;1\n")
        assert everything(opened(path)).tolist() == [[1.2, -3.4], [0.25, 1]]

    def test_a_counter_of_each_item(self, tmp_path: Path) -> None:
        path = save_text(tmp_path / "x.json", '{"a": {"cat": 1, "dog": 2}, "b": {"dog": 3}}')
        assert everything(opened(path, layout="wide")).tolist() == [[1, 2], [0, 3]]

    def test_columns_as_pandas_writes_them(self, tmp_path: Path) -> None:
        columns = {"cat": {"0": 1, "1": 4, "2": 0}, "dog": {"0": 2, "1": 0, "2": 3}}
        path = save_text(tmp_path / "x.json", json.dumps(columns))
        refused(path, "like columns written by pandas", AmbiguousError, layout="wide")

    def test_a_row_of_class_numbers_of_matlab_is_no_matrix(self, tmp_path: Path) -> None:
        logits = np.array([[2, 0, -1], [0.5, 3, 1]])
        scipy.io.savemat(tmp_path / "x.mat", {"scores": logits, "labels": np.array([[1.0, 2.0]])})
        assert everything(opened(tmp_path / "x.mat")).tolist() == logits.tolist()
