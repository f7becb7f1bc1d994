"""Matrices of items by annotators: the votes that went in, or a question."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.formats.annotator_matrix import judgments_of_cells, open_annotator_matrix
from c10h.formats.judgment_columns import MatrixReading
from c10h.formats.judgments import Judgments
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.labels.votes import count_votes

NOTHING = Columns()


def read(
    folder: Path,
    content: str | bytes,
    columns: Columns = NOTHING,
    header: bool | None = None,
    *,
    name: str = "t.csv",
    chosen: slice | tuple[str, ...] | None = None,
) -> Judgments:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source.open(str(path))
    return open_annotator_matrix(MatrixReading(source, columns, chosen, header))


def told(judgments: Judgments) -> list[tuple[str, str, str]]:
    """Item, annotator and label of each judgment."""
    parts = (judgments.item, judgments.annotator, judgments.label)
    return list(zip(*(codes.words[codes.row].tolist() for codes in parts), strict=True))


def counts_of(
    judgments: Judgments, classes: Sequence[str] | None = None, least: int = 0
) -> list[list[int]]:
    counts = count_votes(judgments, Filters(min_votes=least), classes).labels.counts
    assert counts is not None
    rows: list[list[int]] = counts[0 : counts.shape[0]].tolist()
    return rows


def as_npy(values: object) -> bytes:
    target = io.BytesIO()
    np.save(target, np.array(values))
    return target.getvalue()


class TestCells:
    @pytest.mark.parametrize("missing", ["", "NA", "nan", "NaN", "null", "None", "-1", " "])
    def test_what_is_missing_is_no_judgment(self, tmp_path: Path, missing: str) -> None:
        found = read(tmp_path, f"a1,a2,a3\n0,1,{missing}\n{missing},1,2\n1,{missing},0\n")
        assert counts_of(found) == [[1, 1, 0], [0, 1, 1], [1, 1, 0]]
        votes = count_votes(found, Filters())
        assert (votes.trials, list(votes.unanswered)) == (6, [])
        assert votes.labels.ids is None
        people = votes.labels.annotators
        assert people["id"].tolist() == ["a1", "a2", "a3"]
        assert people["votes"].tolist() == people["trials"].tolist() == [2, 2, 2]

    def test_line_by_line(self, tmp_path: Path) -> None:
        found = read(tmp_path, "file,ann,bob\ny,cat,dog\nx,,cat\n")
        assert told(found) == [("y", "ann", "cat"), ("y", "bob", "dog"), ("x", "bob", "cat")]
        assert [found.place(row) for row in range(3)] == [
            "0, column ann", "0, column bob", "1, column bob",
        ]  # fmt: skip
        said = (
            "judgments as a matrix, 2 items by 2 annotators; item from 'file', annotators ann, bob"
        )
        assert found.taken == said

    def test_a_word_that_is_missing_unless_it_is_a_class(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a1,a2\nnone,some\nsome,some\n")
        assert counts_of(found, ["some", "none"]) == [[1, 1], [2, 0]]
        assert counts_of(found, ["some", "all"]) == [[1, 0], [2, 0]]

    def test_an_item_without_judgments(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a1,a2\n0,1\n-1,-1\n1,1\n")
        with pytest.raises(InputError, match="1 of 3 items have no judgment, for example 1: --m"):
            counts_of(found)
        votes = count_votes(found, Filters(min_votes=1))
        assert votes.labels.ids is not None
        assert votes.labels.ids.tolist() == ["0", "2"]
        assert [one.name for one in votes.excluded_of("item")] == ["1"]

    def test_a_label_that_is_no_class_is_told_with_its_place(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a1,a2\n0,1\n1,5\n")
        with pytest.raises(
            SchemaError, match="row 1, column a2: expected a label among x, y, found"
        ):
            counts_of(found, ["x", "y"])

    def test_the_truth_of_each_item(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a1,a2,true_label\n0,1,1\n1,1,\n")
        truth = count_votes(found, Filters()).labels.truth
        assert truth is not None
        assert truth.tolist() == [1, -1]
        found = read(tmp_path, "a1,a2,gold\n0,1,1\n1,1,0\n", Columns(true_label="gold"))
        truth = count_votes(found, Filters()).labels.truth
        assert truth is not None
        assert truth.tolist() == [1, 0]

    @pytest.mark.parametrize(
        ("values", "wanted"),
        [
            ([[0, 1], [1, -1]], [["0", "1"], ["1", "-1"]]),
            ([[0.0, np.nan], [1.0, 2.0]], [["0", None], ["1", "2"]]),
            ([["cat", "dog"], ["dog", ""]], [["cat", "dog"], ["dog", None]]),
            ([[True, False], [False, False]], [["1", "0"], ["0", "0"]]),
            ([[0.5, 1e300], [np.inf, 2]], [["0.5", str(int(1e300))], ["inf", "2"]]),
        ],
    )
    @pytest.mark.parametrize("frame", [False, True])
    def test_arrays_and_frames(
        self, values: list[list[object]], wanted: list[list[str | None]], frame: bool
    ) -> None:
        array = np.array(values)
        if frame and array.dtype.kind == "f" and not np.isfinite(array[1, 0]):
            return
        cells = polars.DataFrame(array, schema=["p", "q"]) if frame else array
        if frame:
            floats = polars.selectors.float()
            cells = cells.with_columns(floats.fill_nan(None).cast(polars.Int64))  # type: ignore[union-attr]
            cells = cells.with_columns(polars.selectors.boolean().cast(polars.Int8))
        found = judgments_of_cells("t", ["x", "y"], ["p", "q"], cells)
        assert told(found) == [
            (item, person, word)
            for item, line in zip("xy", wanted, strict=True)
            for person, word in zip("pq", line, strict=True)
            if word is not None
        ]

    def test_one_name_for_two_annotators(self) -> None:
        with pytest.raises(SchemaError, match="expected distinct annotators, found 'p' twice"):
            judgments_of_cells("t", None, ["p", "p"], np.zeros((2, 2)))

    def test_no_rows(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="found no items"):
            read(tmp_path, "a1,a2\n")


class TestFiles:
    ROWS = ((0, 1, -1), (2, 2, 1), (1, -1, 1))
    COUNTS = ([1, 1, 0], [0, 1, 2], [0, 2, 0])

    def text(self, separator: str = ",") -> str:
        return "".join(separator.join(map(str, row)) + "\n" for row in self.ROWS)

    @pytest.mark.parametrize("header", [None, False])
    @pytest.mark.parametrize(
        ("name", "separator"), [("t.csv", ","), ("t.txt", "\t"), ("t.csv", ";")]
    )
    def test_without_a_line_of_names(
        self, tmp_path: Path, name: str, separator: str, header: bool | None
    ) -> None:
        found = read(tmp_path, self.text(separator), header=header, name=name)
        assert counts_of(found) == [*self.COUNTS]
        assert found.annotator.words.tolist() == ["0", "1", "2"]

    @pytest.mark.parametrize("dtype", ["i1", "i8", "f4", "f2"])
    def test_npy(self, tmp_path: Path, dtype: str) -> None:
        rows = np.array(self.ROWS, dtype=dtype)
        found = read(tmp_path, as_npy(rows), name="t.npy")
        assert counts_of(found) == [*self.COUNTS]

    def test_npy_with_nan(self, tmp_path: Path) -> None:
        rows = np.where(np.array(self.ROWS) < 0, np.nan, self.ROWS)
        assert counts_of(read(tmp_path, as_npy(rows), name="t.npy")) == [*self.COUNTS]

    def test_a_vector(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match="expected items by annotators, found shape"):
            read(tmp_path, as_npy([0, 1, 1]), name="t.npy")

    @pytest.mark.parametrize("missing", [-1, None])
    def test_parquet(self, tmp_path: Path, missing: int | None) -> None:
        rows = [[missing if one < 0 else one for one in row] for row in self.ROWS]
        target = io.BytesIO()
        columns = {f"w{place}": column for place, column in enumerate(zip(*rows, strict=True))}
        polars.DataFrame({"pic": ["x", "y", "z"], **columns}).write_parquet(target)
        found = read(tmp_path, target.getvalue(), name="t.parquet")
        assert counts_of(found) == [*self.COUNTS]
        assert found.item.words.tolist() == ["x", "y", "z"]

    def test_with_an_index(self, tmp_path: Path) -> None:
        found = read(tmp_path, ",a1,a2,a3\n0,0,1,\n1,2,2,1\n2,1,,1\n")
        assert counts_of(found) == [*self.COUNTS]
        assert found.annotator.words.tolist() == ["a1", "a2", "a3"]


class TestItems:
    @pytest.mark.parametrize(
        "name", ["image", "Task ID", "filename", "", "index", "Unnamed: 0", "pic"]
    )
    def test_of_a_column_with_names(self, tmp_path: Path, name: str) -> None:
        found = read(tmp_path, f"{name},ann,bob\nx,0,1\ny,1,1\n")
        assert (counts_of(found), found.item.words.tolist()) == ([[1, 1], [0, 2]], ["x", "y"])

    @pytest.mark.parametrize("item", ["pic", "1"])
    def test_that_an_option_names(self, tmp_path: Path, item: str) -> None:
        found = read(tmp_path, "ann,pic,bob\n0,70,1\n1,71,1\n", Columns(item=item))
        assert counts_of(found) == [[1, 1], [0, 2]]
        assert found.item.words.tolist() == ["70", "71"]

    def test_of_a_first_column_without_a_name(self, tmp_path: Path) -> None:
        found = read(tmp_path, "x,0,1,1\ny,1,1,0\nz,0,1,0\n")
        assert found.item.words.tolist() == ["x", "y", "z"]
        assert counts_of(found) == [[1, 2], [1, 2], [2, 1]]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("image,task,a1,a2\nx,p,0,1\ny,q,1,1\n", "the item, image or task\\? --item names it"),
            (
                "shown,a1,a2\n5,0,1\n6,1,1\n7,1,0\n",
                "column shown: all cells are different: .*--item shown",
            ),
            ("shown,a1,a2\ni1,x,y\ni2,y,y\ni3,x,y\n", "column shown: all cells are different"),
            ("shown,a1,a2\n0,0,1\n1,2,1\n2,1,0\n3,1,0\n", "column shown: all cells are different"),
            ("a1,a2,total\n0,1,2\n1,1,2\n", "is the column 'total' an annotator\\? --columns"),
            ("a1,a2,split\n0,1,0\n1,1,0\n", "is the column 'split' an annotator"),
            ("a1,a2,Label\n0,1,0\n1,1,1\n", "is the column 'Label' an annotator"),
        ],
    )
    def test_columns_that_are_hardly_annotators(self, tmp_path: Path, text: str, says: str) -> None:
        with pytest.raises(AmbiguousError, match=says):
            read(tmp_path, text)

    def test_annotators_by_their_place(self, tmp_path: Path) -> None:
        found = read(tmp_path, "x,a1,a2,total\np,0,1,2\nq,1,1,2\n", chosen=slice(1, 3))
        assert counts_of(found) == [[1, 1], [0, 2]]
        assert found.item.words.tolist() == ["p", "q"]

    @pytest.mark.parametrize("text", ["a1\n0\n1\n", "image,a1\nx,0\ny,1\n"])
    def test_one_annotator(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(InputError, match="two or more columns of annotators, found 1"):
            read(tmp_path, text, header=True)

    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"expected one column 'x' \(--item\), found a1, a2"):
            read(tmp_path, "a1,a2\n0,1\n", Columns(item="x"))

    def test_an_item_without_a_name(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="row 1: expected the item, found nothing"):
            read(tmp_path, "image,a1,a2\nx,0,1\n,1,1\n")


class TestFirstLine:
    @pytest.mark.parametrize(
        "text",
        [
            "0,1,2\n2,1,0\n1,1,0\n",  # as pandas writes columns without names
            "1,2,3\n2,1,3\n1,1,2\n",
            "7,8,8\n0,1,1\n",
            "x,y,x\np,q,q\n",
        ],
    )
    def test_is_asked_about(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(
            AmbiguousError, match="a header or judgments\\? Use --header or --no-header"
        ):
            read(tmp_path, text)
        assert len(read(tmp_path, text, header=False)) == 3 * text.count("\n")

    def test_names_by_number(self, tmp_path: Path) -> None:
        found = read(tmp_path, "0,1,2\n2,1,0\n1,1,0\n", header=True)
        assert counts_of(found) == [[1, 1, 1], [1, 2, 0]]

    @pytest.mark.parametrize("header", [None, True])
    def test_names(self, tmp_path: Path, header: bool | None) -> None:
        found = read(tmp_path, "ann,bob,cy\ncat,dog,dog\ndog,dog,cat\n", header=header)
        assert counts_of(found) == [[1, 2], [1, 2]]

    def test_columns_of_parquet_have_names(self, tmp_path: Path) -> None:
        target = io.BytesIO()
        polars.DataFrame({"a1": [0, 1], "a2": [1, 1]}).write_parquet(target)
        with pytest.raises(InputError, match="--no-header applies only to text"):
            read(tmp_path, target.getvalue(), header=False, name="t.parquet")

    @settings(deadline=None)
    @given(
        st.integers(2, 5).flatmap(
            lambda width: st.lists(
                st.lists(
                    st.sampled_from(["", "-1", "0", "1", "2"]), min_size=width, max_size=width
                ),
                min_size=1,
                max_size=9,
            )
        ),
        st.booleans(),
        st.booleans(),
    )
    def test_the_votes_that_went_in_or_a_question(
        self, rows: list[list[str]], named: bool, ids: bool
    ) -> None:
        cells = [[f"i{place}", *row] if ids else row for place, row in enumerate(rows)]
        names = [*(["image"] if ids else []), *(f"w{place}" for place in range(len(rows[0])))]
        lines = [names, *cells] if named else cells
        text = "".join(",".join(line) + "\n" for line in lines)
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = read(Path(folder), text, header=True if named else None)
            except (AmbiguousError, FileError, SchemaError):
                assert not named or not any(map(any, rows))
                return
        given = [
            (f"i{place}" if ids else str(place), word)
            for place, row in enumerate(rows)
            for word in row
            if word
        ]
        assert [(item, word) for item, _, word in told(found)] == given


class TestArrays:
    def test_names_beside_a_matrix(self, tmp_path: Path) -> None:
        cells = np.array([[0, 1], [1, -1]])
        np.savez(tmp_path / "t.npz", cells=cells, filenames=np.array(["b.png", "a.png"]))
        found = read(tmp_path, (tmp_path / "t.npz").read_bytes(), name="t.npz")
        assert found.item.words.tolist() == ["a.png", "b.png"]
        assert counts_of(found, ["x", "y"]) == [[0, 1], [1, 1]]

    def write_vectors(self, folder: Path) -> bytes:
        np.savez(folder / "v.npz", clean=[0, 1, 1], label_1=[0, 1, 0], label_2=[1, -1, 1])
        return (folder / "v.npz").read_bytes()

    def test_a_vector_an_annotator(self, tmp_path: Path) -> None:
        content = self.write_vectors(tmp_path)
        found = read(tmp_path, content, Columns(true_label="clean"), name="t.npz",
                     chosen=("label_1", "label_2"))  # fmt: skip
        assert counts_of(found) == [[1, 1], [0, 1], [1, 1]]
        assert found.annotator.words.tolist() == ["label_1", "label_2"]
        truth = count_votes(found, Filters()).labels.truth
        assert truth is not None
        assert truth.tolist() == [0, 1, 1]

    def test_which_vectors_are_annotators_is_asked_for(self, tmp_path: Path) -> None:
        content = self.write_vectors(tmp_path)
        with pytest.raises(AmbiguousError, match="--columns clean,label_1 would say"):
            read(tmp_path, content, name="t.npz")


class TestExcel:
    ROWS = ("bird", "cat", "cat"), ("cat", None, "bird"), ("cat", "cat", "cat")

    def write(self, folder: Path, *rows: Sequence[object]) -> bytes:
        import openpyxl

        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(folder / "b.xlsx")
        return (folder / "b.xlsx").read_bytes()

    def test_without_names(self, tmp_path: Path) -> None:
        found = read(tmp_path, self.write(tmp_path, *self.ROWS), header=False, name="t.xlsx")
        assert counts_of(found) == [[1, 2], [1, 1], [0, 3]]

    def test_with_names(self, tmp_path: Path) -> None:
        content = self.write(tmp_path, ("Ann", "Bob", "Cyd"), *self.ROWS)
        found = read(tmp_path, content, name="t.xlsx")
        assert counts_of(found) == [[1, 2], [1, 1], [0, 3]]
        assert set(found.annotator.words.tolist()) == {"Ann", "Bob", "Cyd"}


def test_an_item_by_number_is_no_word_of_the_first_line(tmp_path: Path) -> None:
    text = "3,0,1\n8,1,1\n9,0,0\n"
    found = read(tmp_path, text, Columns(item="0"), header=False)
    assert counts_of(found) == [[1, 1], [0, 2], [2, 0]]
    assert counts_of(read(tmp_path, "0,1,1\n1,0,1\n2,0,0\n", Columns(item="0"))) == [
        [0, 2],
        [1, 1],
        [2, 0],
    ]


@pytest.mark.parametrize("count", [5, 6, 9])
def test_numbers_of_items_in_any_order(tmp_path: Path, count: int) -> None:
    numbers = np.roll(np.arange(count), 2)[::-1]
    text = "".join(f"{one},{one % 3},{one % 2},{one // 2}\n" for one in numbers.tolist())
    if count < 6:  # too few to be more than chance
        assert len(read(tmp_path, text, header=False).annotator.words) == 4
    else:
        with pytest.raises(AmbiguousError, match="column 0: all cells are different"):
            read(tmp_path, text, header=False)
