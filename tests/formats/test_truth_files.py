"""The true classes of items, in the forms that people have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars
import pytest
import scipy.io

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.formats.hints import Hints
from c10h.formats.truth_files import Truth, check_truth, in_order_of, is_vector, open_truth
from c10h.items import Items, align
from c10h.records import Labels, Predictions
from formats.files import save_text, saved, source_of

CLASSES = ("cat", "dog", "bird")
PROBS = np.array([[0.7, 0.2, 0.1], [0, 1, 0], [0.25, 0.25, 0.5]])


def values(source: Source, classes: tuple[str, ...] | None = CLASSES, **hints: Any) -> list[int]:
    return open_truth(source, classes, Hints(**hints)).values.tolist()


class TestVectors:
    @pytest.mark.parametrize("dtype", ["i8", ">i4", "u1", "f8", "f4"])
    @pytest.mark.parametrize("shape", [(3,), (3, 1)])
    def test_numbers(self, tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
        source = saved(tmp_path, np.array([2, 0, 1], dtype).reshape(shape))
        np.testing.assert_array_equal(
            open_truth(source, CLASSES).values, np.array([2, 0, 1]), strict=True
        )
        assert is_vector(source)

    @pytest.mark.parametrize(
        "text",
        [
            "bird\ncat\ndog\n",
            "label\nbird\ncat\ndog\n",
            '"bird"\n"cat"\n"dog"\n',
            "2\n0\n1\n",
            "2.0\n0.0\n1.0",
        ],
    )
    def test_text(self, tmp_path: Path, text: str) -> None:
        assert values(saved(tmp_path, text, "y.csv")) == [2, 0, 1]

    def test_numbers_under_a_header(self, tmp_path: Path) -> None:
        source = saved(tmp_path, "label\n2\n0\n1\n", "y.csv")
        assert values(source) == [2, 0, 1]
        assert values(source, None) == [2, 0, 1]

    def test_numbers_that_are_the_names(self, tmp_path: Path) -> None:
        digits = tuple("0123456789")
        assert values(saved(tmp_path, "7\n0\n", "y.csv"), digits) == [7, 0]

    def test_names_in_every_format(self, tmp_path: Path) -> None:
        words = ["bird", "cat", "dog"]
        np.save(tmp_path / "y.npy", np.array(words))
        polars.DataFrame({"label": words}).write_parquet(tmp_path / "y.parquet")
        with h5py.File(tmp_path / "y.h5", "w") as file:
            file["names"] = words
        for name in ("y.npy", "y.parquet", "y.h5"):
            source = Source.open(str(tmp_path / name))
            assert values(source) == [2, 0, 1], name

    def test_names_that_are_not_ascii(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "y.h5", "w") as file:
            file["names"] = ["鳥", "chat"]
        assert values(Source.open(str(tmp_path / "y.h5")), ("chat", "鳥")) == [1, 0]

    def test_names_without_classes_are_sorted_and_told(self, tmp_path: Path) -> None:
        told: list[str] = []
        source = saved(tmp_path, "dog\ncat\ndog\n", "y.csv")
        truth = open_truth(source, None, tell=told.append)
        assert (truth.classes, truth.values.tolist()) == (("cat", "dog"), [1, 0, 1])
        assert told == [
            "y.csv: true classes of 3 of 3 items; "
            "classes cat, dog (sorted; --classes sets a different order)"
        ]

    def test_names_for_classes_without_names(self, tmp_path: Path) -> None:
        """Columns without names are in sorted order, as scikit-learn writes them."""
        source = saved(tmp_path, "dog\ncat\nowl\n", "y.csv")
        truth = open_truth(source, ("0", "1", "2"))
        assert (truth.classes, truth.values.tolist()) == (("cat", "dog", "owl"), [1, 0, 2])
        with pytest.raises(AmbiguousError, match="holds 3 class names for 4 classes"):
            open_truth(source, ("0", "1", "2", "3"))

    def test_a_name_that_is_no_class(self, tmp_path: Path) -> None:
        says = r"^y\.csv: row 2: expected one of cat, dog, bird, found 'fish'$"
        with pytest.raises(SchemaError, match=says):
            open_truth(saved(tmp_path, "cat\ndog\nfish\n", "y.csv"), CLASSES)

    @pytest.mark.parametrize("cells", [["catt", "dog"], ["cats", "dog", "bird"]])
    def test_a_first_name_that_is_no_class_is_not_dropped(
        self, tmp_path: Path, cells: list[str]
    ) -> None:
        with pytest.raises(SchemaError, match=f"row 0: .*found '{cells[0]}'"):
            open_truth(saved(tmp_path, np.array(cells)), CLASSES)

    @pytest.mark.parametrize(
        ("cells", "says"),
        [
            ([0, 1, 3], "row 2: expected a class from 0 to 2, found 3"),
            ([0, -2, 2], "row 1: expected a class from 0 to 2, found -2"),
            ([0, 1.5, 2], "row 1: expected a class number, found 1.5"),
            ([0, np.inf, 2], "row 1: expected a class number, found inf"),
            ([[0, 1], [1, 1]], "expected one class per item, found shape"),
            (
                [[0, 3], [1, 2]],
                r"expected one class per item, found shape .2, 2.: votes and shares are --labels",
            ),
        ],
    )
    def test_other_values(self, tmp_path: Path, cells: list[Any], says: str) -> None:
        with pytest.raises(SchemaError, match=rf"^x\.npy: {says}"):
            open_truth(saved(tmp_path, np.array(cells)), CLASSES)

    def test_negative_numbers_without_classes(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="row 1: expected 0 or more, found -2"):
            open_truth(saved(tmp_path, np.array([0, -2])), None)

    def test_what_is_not_known_stays_so_in_another_order_of_classes(self, tmp_path: Path) -> None:
        record = Labels(classes=("bird", "cat", "dog"), probs=PROBS, truth=np.array([0, -1, 2]))
        assert values(saved(tmp_path, record, "x.h5")) == [2, -1, 1]

    def test_a_recorded_truth_follows_the_order_of_classes(self, tmp_path: Path) -> None:
        record = Labels(classes=("bird", "cat", "dog"), probs=PROBS, truth=np.array([0, 1, 2]))
        source = saved(tmp_path, record, "x.h5")
        assert values(source) == [2, 0, 1]
        assert values(source, None) == [0, 1, 2]

    def test_a_file_without_a_recorded_truth(self, tmp_path: Path) -> None:
        source = saved(tmp_path, Labels(classes=CLASSES, probs=PROBS), "x.h5")
        says = (
            r"^x\.h5: expected true classes, found labels without truth, of which 2 of 3 rows are "
            r"shares of several classes: c10h labels build x\.h5 --as majority -o majority\.h5 "
        )
        with pytest.raises(FileError, match=says):
            open_truth(source, CLASSES)
        assert not is_vector(source)

    def test_predictions_without_a_recorded_truth(self, tmp_path: Path) -> None:
        logits = np.zeros((1, 2, 3), np.float32)
        record = Predictions(classes=CLASSES, logits=logits, member=np.array(["0"]))
        source = saved(tmp_path, record, "x.h5")
        says = r"^x\.h5: expected true classes, found predictions without a dataset truth$"
        with pytest.raises(FileError, match=says):
            open_truth(source, CLASSES)


class TestLabelsOfOneClass:
    """Rows of majority and hard labels, which have no truth but say one class each."""

    def test_the_class_of_each_row(self, tmp_path: Path) -> None:
        names = np.array(["x", "y", "z"])
        record = Labels(classes=("bird", "cat", "dog"), probs=np.eye(3)[[1, 2, 0]], ids=names)
        told: list[str] = []
        truth = open_truth(saved(tmp_path, record, "x.h5"), CLASSES, tell=told.append)
        assert truth.values.tolist() == [0, 1, 2]
        assert truth.ids is not None
        assert truth.ids.tolist() == ["x", "y", "z"]
        assert told == ["x.h5: true classes of 3 of 3 items, the only class of each row"]

    def test_ties_have_none(self, tmp_path: Path) -> None:
        probs = np.array([[0.5, 0, 0.5], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]])
        told: list[str] = []
        source = saved(tmp_path, Labels(classes=CLASSES, probs=probs), "x.h5")
        assert open_truth(source, CLASSES, tell=told.append).values.tolist() == [-1, 1, -1]
        assert told == [
            "x.h5: true classes of 1 of 3 items, the only class of each row; "
            "2 rows with several classes in equal parts: no true class"
        ]

    def test_nothing_but_ties(self, tmp_path: Path) -> None:
        source = saved(tmp_path, Labels(classes=CLASSES, probs=np.full((2, 3), 1 / 3)), "x.h5")
        with pytest.raises(FileError, match="expected true classes, found none: every row is a"):
            open_truth(source, CLASSES)


class TestUnknown:
    """The truth of some items only."""

    @pytest.mark.parametrize("text", ["0\n\n2\n", "0\nNA\n2\n", "0\nnan\n2.0\n", "0\n-1\n2\n"])
    def test_numbers(self, tmp_path: Path, text: str) -> None:
        told: list[str] = []
        truth = open_truth(saved(tmp_path, text, "y.txt"), CLASSES, tell=told.append)
        assert truth.values.tolist() == [0, -1, 2]
        assert told == ["y.txt: true classes of 2 of 3 items"]

    @pytest.mark.parametrize("missing", ["", "NA", "null"])
    def test_names(self, tmp_path: Path, missing: str) -> None:
        source = saved(tmp_path, f"file,label\na,cat\nb,{missing}\nc,bird\n", "y.csv")
        assert values(source) == [0, -1, 2]

    def test_blank_lines_at_the_end_are_no_items(self, tmp_path: Path) -> None:
        assert values(saved(tmp_path, "0\n1\n\n\n", "y.txt")) == [0, 1]

    def test_nothing_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="expected true classes, found none"):
            values(saved(tmp_path, np.array([-1, -1])))


class TestTables:
    @pytest.mark.parametrize(
        "header", ["item,truth", "Image,Label", "file,gold", "id,class", "file,true_label", "uid,y"]
    )
    def test_items_and_classes(self, tmp_path: Path, header: str) -> None:
        source = saved(tmp_path, f"{header}\na,cat\nb,dog\nc,bird\n", "y.csv")
        truth = open_truth(source, CLASSES)
        assert truth.ids is not None
        assert (truth.values.tolist(), truth.ids.tolist()) == ([0, 1, 2], ["a", "b", "c"])
        assert is_vector(source)

    def test_a_named_column(self, tmp_path: Path) -> None:
        saved(tmp_path, "file,cat,dog,said\na,3,1,0\nb,0,4,1\n", "y.csv")
        truth = open_truth(source_of(tmp_path / "y.csv", "said"), CLASSES)
        assert truth.ids is not None
        assert (truth.values.tolist(), truth.ids.tolist()) == ([0, 1], ["a", "b"])

    def test_which_column_is_asked_for(self, tmp_path: Path) -> None:
        source = saved(tmp_path, "a,b,c\n0,2,1\n1,3,0\n", "y.csv")
        with pytest.raises(SchemaError, match=r"y\.csv:COLUMN names the column of true classes"):
            values(source)

    @pytest.mark.parametrize("names", [None, "dog,cat,bird"])
    def test_one_hot_rows(self, tmp_path: Path, names: str | None) -> None:
        text = "0,1,0\n1,0,0\n0,0,1\n"
        source = saved(tmp_path, text if names is None else f"{names}\n{text}", "y.csv")
        assert values(source, header=names is not None) == (
            [1, 0, 2] if names is None else [0, 1, 2]
        )

    @pytest.mark.parametrize("column", ["item", "id"])
    def test_one_hot_rows_by_item(self, tmp_path: Path, column: str) -> None:
        """Whose rows they are counts, as for a column of classes."""
        names = ["b", "a", "c"] if column == "item" else ["7", "5", "6"]
        rows = zip(names, ("0,1,0", "0.5,0,0.5", "0,0,1"), strict=True)
        text = "\n".join([f"{column},dog,cat,bird", *(",".join(row) for row in rows), ""])
        told: list[str] = []
        truth = open_truth(saved(tmp_path, text, "y.csv"), CLASSES, tell=told.append)
        assert truth.ids is not None
        assert (truth.values.tolist(), truth.ids.tolist()) == ([0, -1, 2], names)
        assert told == [
            "y.csv: true classes of 2 of 3 items; one-hot rows; 1 row with several classes in "
            f"equal parts: no true class; ids from column '{column}'"
        ]

    def test_one_hot_rows_of_a_class_that_is_called_as_items_are(self, tmp_path: Path) -> None:
        source = saved(tmp_path, "object,cat,dog\n0,1,0\n1,0,0\n0,0,1\n", "y.csv")
        truth = open_truth(source, None)
        assert (truth.classes, truth.values.tolist()) == (("object", "cat", "dog"), [1, 0, 2])

    @pytest.mark.parametrize("name", ["y.csv", "y.npy"])
    def test_rows_of_shares(self, tmp_path: Path, name: str) -> None:
        content = np.array([[0.7, 0.2, 0.1], [0, 1, 0]])
        text = "cat,dog,bird\n0.7,0.2,0.1\n0,1,0\n"
        source = saved(tmp_path, text if name == "y.csv" else content, name)
        says = (
            rf"^{name}: expected one class per item, found shares of 3 classes, of several in 1 of "
            rf"2 rows: c10h labels build {name} --as majority -o majority.h5 makes"
        )
        with pytest.raises(SchemaError, match=says):
            values(source)

    def test_shares_are_no_classes(self, tmp_path: Path) -> None:
        source = saved(tmp_path, "file,label\na,0.5\nb,1.0\nc,cat\n", "y.csv")
        with pytest.raises(SchemaError, match=r"row 0: expected a class, found 0\.5, a number"):
            open_truth(source, None)

    def test_a_named_column_among_words(self, tmp_path: Path) -> None:
        """Its name in the first line tells that this is no row."""
        saved(tmp_path, "who,mood,note\nx,cat,b\ny,dog,a\n", "y.csv")
        assert values(source_of(tmp_path / "y.csv", "mood")) == [0, 1]

    def test_one_hot_array_with_names(self, tmp_path: Path) -> None:
        rows = np.eye(3, dtype="u1")[[2, 0]]
        np.savez(tmp_path / "y.npz", y=rows, ids=np.array(["b", "a"]))
        truth = open_truth(source_of(tmp_path / "y.npz"), CLASSES)
        assert truth.ids is not None
        assert (truth.values.tolist(), truth.ids.tolist()) == ([2, 0], ["b", "a"])

    @pytest.mark.parametrize("names", [["b"], ["b", "a", ""]])
    def test_names_that_are_not_as_many_as_the_rows(self, tmp_path: Path, names: list[str]) -> None:
        np.savez(tmp_path / "y.npz", y=np.array([2, 0]), ids=np.array(names))
        if len(names) == 1:  # one text is a name of the whole
            assert open_truth(source_of(tmp_path / "y.npz"), CLASSES).ids is None
        else:
            says = r"y\.npz: ids: expected a name for each of 2 items, found 3"
            with pytest.raises(SchemaError, match=says):
                open_truth(source_of(tmp_path / "y.npz"), CLASSES)

    def test_one_hot_array(self, tmp_path: Path) -> None:
        assert values(saved(tmp_path, np.eye(3, dtype="u1")[[2, 0]])) == [2, 0]


class TestNumbering:
    def test_classes_counted_from_1(self, tmp_path: Path) -> None:
        source = saved(tmp_path, np.array([1, 3, 2]))
        with pytest.raises(SchemaError, match="no item has class 0: if classes are counted from 1"):
            values(source)
        assert values(source, one_based=True) == [0, 2, 1]
        with pytest.raises(AmbiguousError, match=r"no item has class 0: .*--one-based"):
            open_truth(source, None)
        assert open_truth(source, None, Hints(one_based=True)).values.tolist() == [0, 2, 1]

    @pytest.mark.parametrize("content", ["1\n0\n2\n", "[[1], [0], [2]]"])
    def test_none_is_0_then(self, tmp_path: Path, content: str) -> None:
        name = "y.json" if content.startswith("[") else "y.txt"
        source = source_of(save_text(tmp_path / name, content))
        for classes in (None, ("a", "b")):
            with pytest.raises(SchemaError, match=r"expected .*, found 0"):
                open_truth(source, classes, Hints(one_based=True))

    def test_lists_counted_from_1(self, tmp_path: Path) -> None:
        source = source_of(save_text(tmp_path / "real.json", "[[1], [2, 3], []]"))
        truth = open_truth(source, ("a", "b", "c"), Hints(one_based=True))
        assert truth.right is not None
        assert truth.right.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]

    def test_numbers_that_are_names(self, tmp_path: Path) -> None:
        assert values(saved(tmp_path, np.array([1, 3, 2])), ("1", "2", "3")) == [0, 2, 1]

    def test_names_but_for_case_and_blanks(self, tmp_path: Path) -> None:
        source = saved(tmp_path, "Traffic Light\nCAR\n", "y.csv")
        assert values(source, ("car", "traffic_light")) == [1, 0]

    def test_another_order_of_classes(self) -> None:
        truth = Truth(np.array([0, -1, 2]), ("a", "b", "c"))
        assert in_order_of(truth, ("c", "a", "b"), "y").values.tolist() == [1, -1, 0]


class TestSeveral:
    """Lists of right classes, as ImageNet-ReaL has them."""

    def test_lists_of_numbers(self, tmp_path: Path) -> None:
        source = source_of(save_text(tmp_path / "real.json", "[[0], [1, 2], [], [2]]"))
        truth = open_truth(source, CLASSES)
        assert truth.values.tolist() == [0, 1, -1, 2]
        assert truth.right is not None
        assert truth.right.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 0, 1]]

    def test_lists_of_names_by_item(self, tmp_path: Path) -> None:
        content = {"a": ["dog", "bird"], "b": ["cat"]}
        source = source_of(save_text(tmp_path / "real.json", json.dumps(content)))
        truth = open_truth(source, CLASSES)
        assert truth.ids is not None
        assert truth.right is not None
        assert (truth.ids.tolist(), truth.right.tolist()) == (["a", "b"], [[0, 1, 1], [1, 0, 0]])

    def test_a_class_that_there_is_not(self, tmp_path: Path) -> None:
        source = source_of(save_text(tmp_path / "real.json", "[[0], [1, 7]]"))
        with pytest.raises(SchemaError, match="expected classes of cat, dog, bird, found 7"):
            open_truth(source, CLASSES)

    def test_one_each_is_a_plain_truth(self, tmp_path: Path) -> None:
        source = source_of(save_text(tmp_path / "real.json", "[[0], [2]]"))
        assert open_truth(source, CLASSES).right is None


def test_arrays_beside_predictions(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", logits=PROBS, labels=np.array([2, 0, 1]))
    assert values(source_of(tmp_path / "x.npz")) == [2, 0, 1]
    assert values(source_of(tmp_path / "x.npz", "labels")) == [2, 0, 1]


def test_names_of_items_are_no_classes(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", y=np.array(["dog", "cat"]), ids=np.array(["b", "a"]))
    truth = open_truth(source_of(tmp_path / "x.npz"), CLASSES)
    assert truth.ids is not None
    assert (truth.values.tolist(), truth.ids.tolist()) == ([1, 0], ["b", "a"])


@pytest.mark.parametrize(
    ("values", "says"), [([0, 3], "row 1: .* found 3"), ([-2, 0], "row 0: .* found -2")]
)
def test_classes_out_of_range(values: list[int], says: str) -> None:
    with pytest.raises(InputError, match=f"^y: {says}$"):
        check_truth(np.array(values), 3, "y")
    check_truth(np.array([-1, 2]), 3, "y")


class TestWhoseTruth:
    """Names and numbers of items beside their classes."""

    @pytest.mark.parametrize("column", ["0", "y", "what"])
    def test_a_series_of_pandas(self, tmp_path: Path, column: str) -> None:
        source = saved(tmp_path, f",{column}\n0,2\n1,0\n2,1\n", "y.csv")
        truth = open_truth(source, CLASSES)
        assert (truth.values.tolist(), truth.ids, truth.index) == ([2, 0, 1], None, None)

    def test_a_series_in_another_order(self, tmp_path: Path) -> None:
        truth = open_truth(saved(tmp_path, ",y\n2,1\n0,2\n1,0\n", "y.csv"), CLASSES)
        found = align(Items("net", 3), truth.items("the truth"))
        assert truth.at(found.rows).values.tolist() == [2, 0, 1]

    def test_a_dictionary_of_names(self, tmp_path: Path) -> None:
        source = saved(tmp_path, '{"b.png": "dog", "a.png": "cat"}', "y.json")
        truth = open_truth(source, CLASSES)
        assert truth.ids is not None
        assert (truth.values.tolist(), truth.ids.tolist()) == ([1, 0], ["b.png", "a.png"])

    def test_words_in_cells_of_matlab(self, tmp_path: Path) -> None:
        words = np.array(["dog", "bird", "cat"], dtype=object)
        scipy.io.savemat(tmp_path / "y.mat", {"labels": words})
        assert values(source_of(tmp_path / "y.mat")) == [1, 2, 0]

    def test_a_negative_number_that_is_a_class(self, tmp_path: Path) -> None:
        source = saved(tmp_path, "-1\n1\n0\n", "y.csv")
        assert values(source, ("-1", "0", "1")) == [0, 2, 1]
        assert values(source, ("1", "-1", "0")) == [1, 0, 2]
        assert values(source) == [-1, 1, 0]

    def test_flags_are_no_classes_of_three(self, tmp_path: Path) -> None:
        source = saved(tmp_path, np.array([True, False, True]))
        assert values(source, ("no", "yes")) == [1, 0, 1]
        with pytest.raises(SchemaError, match="expected one of 3 classes per item, found true"):
            open_truth(source, CLASSES)

    def test_one_line_of_classes(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="expected one class per line, found one line of 3"):
            open_truth(saved(tmp_path, "2,2,1\n", "y.csv"), CLASSES)

    def test_no_class_0(self, tmp_path: Path) -> None:
        told: list[str] = []
        open_truth(saved(tmp_path, "1\n2\n1\n", "y.csv"), CLASSES, tell=told.append)
        assert "no item has class 0 (--one-based: from 1)" in told[0]
