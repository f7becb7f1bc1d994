"""Foreign formats, read as they are."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars
import pytest
from bombs import Bomb

from c10h.errors import AmbiguousError, FileError, InputError
from c10h.files import Source
from c10h.formats.arrays import FORMATS, Matrix, Selection, detect_format, open_matrix
from c10h.records import Array

VALUES = np.array([[0.5, -1.25, 3], [1e-3, 2, 0], [7, 8.5, 9]])
NOTHING = Selection()


def opened(file: Path, **selection: Any) -> Matrix:
    return open_matrix(Source.open(str(file)), Selection(**selection))


def everything(matrix: Matrix) -> Array:
    return np.asarray(matrix.rows[0 : matrix.rows.shape[0]])


def refused(file: Path, says: str, error: type[InputError] = FileError, **selection: Any) -> None:
    with pytest.raises(error, match=says) as caught:
        opened(file, **selection)
    assert str(caught.value).startswith(f"{file.name}: ")


def save_npy(path: Path, values: Array = VALUES) -> Path:
    np.save(path, values)
    return path


def save_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def save_torch(path: Path, content: object, **options: Any) -> Path:
    import torch

    torch.save(content, path, **options)
    return path


def lines(separator: str) -> str:
    return "".join(separator.join(f"{value:g}" for value in row) + "\n" for row in VALUES)


def write_npz(path: Path) -> None:
    np.savez_compressed(path, logits=VALUES)


def write_h5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a/logits"] = VALUES


def write_parquet(path: Path) -> None:
    polars.DataFrame(VALUES, schema=["x", "y", "z"]).write_parquet(path)


def write_pt(path: Path) -> None:
    import torch

    save_torch(path, torch.tensor(VALUES))


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "npy": ("npy", save_npy),
    "npz": ("npz", write_npz),
    "h5": ("h5", write_h5),
    "parquet": ("parquet", write_parquet),
    "pt": ("pt", write_pt),
    "text": ("csv", lambda path: save_text(path, lines(","))),
}


def test_every_format_is_tested() -> None:
    assert set(WRITERS) == set(FORMATS)


@pytest.mark.parametrize(("suffix", "write"), WRITERS.values(), ids=WRITERS)
class TestEveryFormat:
    def test_it_is_read_as_it_was_written(
        self, tmp_path: Path, suffix: str, write: Callable[[Path], object]
    ) -> None:
        write(tmp_path / f"x.{suffix}")
        np.testing.assert_array_equal(everything(opened(tmp_path / f"x.{suffix}")), VALUES)

    def test_a_slice(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        write(tmp_path / f"x.{suffix}")
        np.testing.assert_array_equal(opened(tmp_path / f"x.{suffix}").rows[1:2], VALUES[1:2])

    def test_columns(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        write(tmp_path / f"x.{suffix}")
        found = opened(tmp_path / f"x.{suffix}", columns=slice(1, 3))
        np.testing.assert_array_equal(everything(found), VALUES[:, 1:3])
        assert found.header in (None, ("y", "z"))

    def test_columns_that_are_not_there(
        self, tmp_path: Path, suffix: str, write: Callable[[Path], object]
    ) -> None:
        write(tmp_path / f"x.{suffix}")
        says = "expected columns up to 4, found 3"
        refused(tmp_path / f"x.{suffix}", says, columns=slice(1, 4))

    def test_no_suffix(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        if suffix == "pt":
            pytest.skip("a .pt file is a zip file, as .npz is")
        write(tmp_path / f"x.{suffix}")
        path = (tmp_path / f"x.{suffix}").rename(tmp_path / "stdin")
        np.testing.assert_array_equal(everything(opened(path)), VALUES)

    def test_truncated(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        if suffix == "csv":
            pytest.skip("text ends anywhere; see TestText.test_broken_tables")
        path = tmp_path / f"x.{suffix}"
        write(path)
        content = path.read_bytes()
        for length in (8, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:length])
            refused(path, "truncated|damaged|readable|expected")
        gc.collect()  # tells of files that were left open

    def test_empty(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        (tmp_path / f"x.{suffix}").touch()
        refused(tmp_path / f"x.{suffix}", "expected")

    def test_another_format_under_its_name(
        self, tmp_path: Path, suffix: str, write: Callable[[Path], object]
    ) -> None:
        write(tmp_path / f"x.{suffix}")
        other = "csv" if suffix != "csv" else "npy"
        path = (tmp_path / f"x.{suffix}").rename(tmp_path / f"x.{other}")
        refused(path, f"expected {'text' if other == 'csv' else other}, found (bytes|text) that")


class TestNpy:
    @pytest.mark.parametrize(
        "dtype", ["f8", ">f8", "f4", ">f4", "f2", "i1", "i8", ">i4", "u2", "?"]
    )
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_dtypes_and_orders(self, tmp_path: Path, dtype: str, order: Any) -> None:
        values = np.asarray(np.arange(12).reshape(4, 3) % 5, dtype=dtype, order=order)
        found = opened(save_npy(tmp_path / "x.npy", values))
        np.testing.assert_array_equal(everything(found), values)
        np.testing.assert_array_equal(found.rows[2:4], values[2:4])
        assert found.rows.dtype.newbyteorder("=") == np.dtype(dtype).newbyteorder("=")

    def test_a_vector(self, tmp_path: Path) -> None:
        found = opened(save_npy(tmp_path / "x.npy", np.arange(4)))
        assert everything(found).tolist() == [0, 1, 2, 3]

    def test_words(self, tmp_path: Path) -> None:
        found = opened(save_npy(tmp_path / "x.npy", np.array(["chat", "鳥"])))
        assert everything(found).tolist() == ["chat", "鳥"]

    def test_large_files_are_read_slice_by_slice(self, tmp_path: Path) -> None:
        rows = opened(save_npy(tmp_path / "x.npy")).rows
        assert not isinstance(rows, np.ndarray)

    def test_pickled_objects_are_never_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        np.save(tmp_path / "x.npy", np.array([bomb, 1], dtype=object), allow_pickle=True)
        refused(tmp_path / "x.npy", "expected numbers, found pickled objects")
        bomb.assert_not_run()

    def test_a_file_that_shrinks_while_it_is_read(self, tmp_path: Path) -> None:
        path = save_npy(tmp_path / "x.npy")
        rows = opened(path).rows
        path.write_bytes(path.read_bytes()[:-8])
        with pytest.raises(FileError, match="truncated while it was read"):
            rows[0:3]

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            (np.zeros((0, 3)), "found no rows"),
            (np.float64(3), r"expected shape \(items, classes\), found \(\)"),
            (np.zeros((2, 3, 3)), r"expected shape \(items, classes\), found \(2, 3, 3\)"),
            (VALUES * 1j, "expected numbers, found complex128"),
            (np.array(["2020-01-01"], dtype="M8[D]"), "expected numbers, found datetime64"),
            (np.zeros(2, dtype=[("a", "f8")]), "expected numbers, found"),
        ],
    )
    def test_other_arrays(self, tmp_path: Path, values: Array, says: str) -> None:
        refused(save_npy(tmp_path / "x.npy", values), says)


class TestText:
    @pytest.mark.parametrize("separator", [",", ";", "\t", " ", "   ", ", "])
    @pytest.mark.parametrize("names", [None, "cat dog bird", "0 1 2", '"cat" "dog" "bird"'])
    def test_separators_and_headers(
        self, tmp_path: Path, separator: str, names: str | None
    ) -> None:
        header = f"{names.replace(' ', separator)}\n" if names else ""
        found = opened(save_text(tmp_path / "x.csv", header + lines(separator)))
        np.testing.assert_array_equal(everything(found), VALUES)
        assert found.header == (tuple(names.replace('"', "").split()) if names else None)

    @pytest.mark.parametrize("header", ["", "cat,dog,bird\n"])
    def test_a_byte_order_mark(self, tmp_path: Path, header: str) -> None:
        found = opened(save_text(tmp_path / "x.csv", "\ufeff" + header + lines(",")))
        np.testing.assert_array_equal(everything(found), VALUES)
        assert found.header == (("cat", "dog", "bird") if header else None)

    def test_quotes_and_line_ends_of_windows(self, tmp_path: Path) -> None:
        text = '"big cat","dog, wet",bird\r\n"1","2","3"\r\n"4","5","6"\r\n\r\n'
        found = opened(save_text(tmp_path / "x.csv", text))
        assert everything(found).tolist() == [[1, 2, 3], [4, 5, 6]]
        assert found.header == ("big cat", "dog, wet", "bird")

    def test_no_line_end_at_the_end(self, tmp_path: Path) -> None:
        found = opened(save_text(tmp_path / "x.csv", lines(",").rstrip()))
        np.testing.assert_array_equal(everything(found), VALUES)

    @pytest.mark.parametrize("text", ["1,2,3\n", "a,b,c\n1,2,3\n", "1 2 3"])
    def test_one_row(self, tmp_path: Path, text: str) -> None:
        assert everything(opened(save_text(tmp_path / "x.csv", text))).tolist() == [[1, 2, 3]]

    def test_every_digit_counts(self, tmp_path: Path) -> None:
        values = np.random.default_rng(0).normal(size=(50, 3))
        text = "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
        np.testing.assert_array_equal(
            everything(opened(save_text(tmp_path / "x.csv", text))), values
        )

    def test_columns_of_a_wide_table(self, tmp_path: Path) -> None:
        text = "id,file,cat,dog,note\n1,a.png,3,4,x\n2,b.png,5,6,y z\n"
        found = opened(save_text(tmp_path / "x.csv", text), columns=slice(2, 4))
        assert everything(found).tolist() == [[3, 4], [5, 6]]
        assert found.header == ("cat", "dog")

    def test_a_column_of_numbers(self, tmp_path: Path) -> None:
        assert everything(opened(save_text(tmp_path / "x.csv", "2\n0\n1\n"))).tolist() == [2, 0, 1]

    def test_a_column_of_words(self, tmp_path: Path) -> None:
        found = everything(opened(save_text(tmp_path / "x.txt", "chat\n鳥\nchat\n")))
        assert found.tolist() == ["chat", "鳥", "chat"]

    @pytest.mark.parametrize("text", ["0,1,2\n3,0,0\n1,1,1\n", "0,1\n1,0\n"])
    def test_a_first_row_that_may_be_a_header_is_not_dropped_silently(
        self, tmp_path: Path, text: str
    ) -> None:
        # Votes such as 0,1,2 look like the header that pandas writes: both readings are possible.
        path = save_text(tmp_path / "x.csv", text)
        try:
            found = everything(opened(path))
        except AmbiguousError:
            return
        assert len(found) == text.count("\n")

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("1,2,3\n4,5\n", "expected a table of numbers"),
            ("1,2\n3,cat\n", "expected a table of numbers"),
            ("a,b\n1,2\n\n3,\n", "expected a table of numbers"),
            ("cat,dog\n", "found no rows"),
            ("\n\n", "found no rows|expected"),
            ("a,b\n1,\xe92\n", "expected a table of numbers"),
        ],
    )
    def test_broken_tables(self, tmp_path: Path, text: str, says: str) -> None:
        refused(save_text(tmp_path / "x.csv", text), says)

    @pytest.mark.parametrize("text", ["1,2,3\n4,5,6,7\n", "a,b\n1,2\n3,4,5\n", "1 2\n3 4 5\n"])
    def test_rows_longer_than_the_first_are_not_cut(self, tmp_path: Path, text: str) -> None:
        refused(save_text(tmp_path / "x.csv", text), "expected a table of numbers")

    def test_row_names_of_r_are_no_class(self, tmp_path: Path) -> None:
        # write.table's default: a header without a name for the first column
        path = save_text(tmp_path / "x.txt", '"cat" "dog"\n"1" 0.3 0.7\n"2" 0.6 0.4\n')
        refused(path, "expected a table of numbers")

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_an_index_of_pandas_is_a_column_without_a_name(
        self, tmp_path: Path, separator: str
    ) -> None:
        text = ",cat,dog\n0,0.3,0.7\n1,0.6,0.4\n".replace(",", separator)
        path = save_text(tmp_path / "x.csv", text)
        found = opened(path, columns=slice(1, 3))
        assert everything(found).tolist() == [[0.3, 0.7], [0.6, 0.4]]
        assert found.header == ("cat", "dog")
        assert opened(path).rows.shape == (2, 3)

    def test_what_is_not_utf_8(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_bytes(b"caf\xe9,dog\n1,2\n")
        refused(tmp_path / "x.csv", "expected a table of numbers")


class TestSeveralArrays:
    """Files that can hold several arrays: one is taken as it is, of several one is named."""

    def test_npz(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "x.npz", logits=VALUES, labels=np.arange(3))
        self.check(tmp_path / "x.npz", "logits")

    def test_h5(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["fold 0/logits"] = VALUES
            file["labels"] = np.arange(3)
        self.check(tmp_path / "x.h5", "fold 0/logits")
        self.check(tmp_path / "x.h5", "/fold 0/logits")

    def test_pt(self, tmp_path: Path) -> None:
        import torch

        save_torch(tmp_path / "x.pt", {"logits": torch.tensor(VALUES), "labels": torch.arange(3)})
        self.check(tmp_path / "x.pt", "logits")

    def check(self, path: Path, name: str) -> None:
        np.testing.assert_array_equal(everything(opened(path, path=name)), VALUES)
        assert everything(opened(path, path="labels")).tolist() == [0, 1, 2]
        says = r"found 2 arrays \(.*labels.*\): name the array with --h5-path"
        refused(path, says, AmbiguousError)
        refused(path, "expected an array 'nothing', found 2 arrays", path="nothing")

    def test_no_array(self, tmp_path: Path) -> None:
        h5py.File(tmp_path / "x.h5", "w").close()
        refused(tmp_path / "x.h5", "found no array", InputError)


class TestNpz:
    def test_pickled_objects_are_never_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        np.savez(tmp_path / "x.npz", x=np.array([bomb], dtype=object))
        refused(tmp_path / "x.npz", r"not a readable \.npz file")
        bomb.assert_not_run()

    def test_another_zip_file(self, tmp_path: Path) -> None:
        (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 and nothing else")
        refused(tmp_path / "x.npz", r"not a readable \.npz file")
        gc.collect()  # tells of files that were left open


class TestParquet:
    def test_its_columns_are_its_header(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "x.parquet")
        assert opened(tmp_path / "x.parquet").header == ("x", "y", "z")

    def test_whole_numbers(self, tmp_path: Path) -> None:
        frame = polars.DataFrame(
            {"cat": [1, 2], "dog": [3, 4]}, schema_overrides={"dog": polars.UInt8}
        )
        frame.write_parquet(tmp_path / "x.parquet")
        assert everything(opened(tmp_path / "x.parquet")).tolist() == [[1, 3], [2, 4]]

    def test_columns_beside_words(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        polars.DataFrame({"file": ["a", "b"], "cat": [1, 2], "dog": [3, 4]}).write_parquet(path)
        refused(path, "expected numbers, found String in column 'file'")
        found = opened(path, columns=slice(1, 3))
        assert (everything(found).tolist(), found.header) == ([[1, 3], [2, 4]], ("cat", "dog"))

    def test_a_column_of_words(self, tmp_path: Path) -> None:
        polars.DataFrame({"label": ["chat", "鳥"]}).write_parquet(tmp_path / "x.parquet")
        assert everything(opened(tmp_path / "x.parquet")).tolist() == ["chat", "鳥"]

    def test_missing_values_become_nan(self, tmp_path: Path) -> None:
        polars.DataFrame({"cat": [1, None], "dog": [3, 4]}).write_parquet(tmp_path / "x.parquet")
        assert np.isnan(everything(opened(tmp_path / "x.parquet"))[1, 0])


class TestPt:
    @pytest.mark.parametrize(
        "dtype", ["float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool"]
    )
    def test_dtypes(self, tmp_path: Path, dtype: str) -> None:
        import torch

        tensor = torch.tensor([[0, 1, 2], [3, 0, 1]]).to(getattr(torch, dtype))
        found = everything(opened(save_torch(tmp_path / "x.pt", tensor)))
        np.testing.assert_array_equal(found, tensor.double().numpy())

    def test_bfloat16_is_exact(self, tmp_path: Path) -> None:
        import torch

        tensor = torch.tensor(VALUES).to(torch.bfloat16)
        found = everything(opened(save_torch(tmp_path / "x.pt", tensor)))
        np.testing.assert_array_equal(found, tensor.to(torch.float64).numpy())

    def test_a_tensor_with_a_gradient_and_strides(self, tmp_path: Path) -> None:
        import torch

        tensor = torch.nn.Parameter(torch.tensor(VALUES)).T
        found = everything(opened(save_torch(tmp_path / "x.pth", tensor)))
        np.testing.assert_array_equal(found, VALUES.T)

    def test_the_format_before_zip(self, tmp_path: Path) -> None:
        import torch

        path = save_torch(
            tmp_path / "x.pt", torch.tensor(VALUES), _use_new_zipfile_serialization=False
        )
        np.testing.assert_array_equal(everything(opened(path)), VALUES)

    @pytest.mark.parametrize("key", ["logits", 0, ("a", 1)])
    def test_a_dict_of_one(self, tmp_path: Path, key: object) -> None:
        import torch

        path = save_torch(tmp_path / "x.pt", {key: torch.tensor(VALUES)})
        np.testing.assert_array_equal(everything(opened(path)), VALUES)

    def test_code_is_not_run(self, tmp_path: Path, bomb: Bomb) -> None:
        save_torch(tmp_path / "x.pt", bomb)
        refused(tmp_path / "x.pt", "holds code")
        bomb.assert_not_run()

    def test_code_in_a_plain_pickle_is_not_run(self, tmp_path: Path, bomb: Bomb) -> None:
        (tmp_path / "y.pt").write_bytes(pickle.dumps(bomb))
        refused(tmp_path / "y.pt", "holds code")
        bomb.assert_not_run()

    @pytest.mark.parametrize(
        "content",
        [b"0.1,0.9\n", b"0.1\n", b".", b"cat\n", b"\x80\x02", b"PK\x03\x04", b"}", b"\x00" * 99],
    )
    def test_other_files_of_that_name(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.pt").write_bytes(content)
        refused(tmp_path / "x.pt", "expected")

    @pytest.mark.parametrize("content", [[1, 2], 3, "text", {"epoch": 3}])
    def test_what_is_no_tensor(self, tmp_path: Path, content: object) -> None:
        refused(save_torch(tmp_path / "x.pt", content), "expected a tensor, found")

    def test_a_sparse_tensor(self, tmp_path: Path) -> None:
        import torch

        path = save_torch(tmp_path / "x.pt", torch.eye(3).to_sparse())
        refused(path, "expected a|sparse")


class TestH5:
    def test_links_are_refused(self, tmp_path: Path) -> None:
        write_h5(tmp_path / "secret.h5")
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["logits"] = h5py.ExternalLink("secret.h5", "/a/logits")
        refused(tmp_path / "x.h5", "/logits is an external or soft link")

    def test_a_dataset_without_values(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["logits"] = h5py.Empty("f4")
        refused(tmp_path / "x.h5", "logits|expected")

    def test_words(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["names"] = ["chat", "鳥"]
        assert everything(opened(tmp_path / "x.h5")).astype(str).tolist() == ["chat", "鳥"]


class TestSelection:
    def test_nothing(self) -> None:
        assert Selection.parse(None, None) == NOTHING

    def test_both(self) -> None:
        assert Selection.parse("11:21", "a/b") == Selection(slice(11, 21), "a/b")

    @pytest.mark.parametrize(
        "text", ["", "3", "3:", ":3", "3:3", "4:3", "-2:3", "a:b", "1:2:3", "1,2", "²:3"]
    )
    def test_anything_else(self, text: str) -> None:
        with pytest.raises(InputError, match=f"^--columns {text}: expected START:STOP"):
            Selection.parse(text, None)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("x", b"\x93NUMPY\x01", "npy"),
        ("x.NPY", b"\x93NUMPY\x01", "npy"),
        ("x", b"PK\x03\x04", "npz"),
        ("x.pth", b"PK\x03\x04", "pt"),
        ("x.pt", b"\x80\x02", "pt"),
        ("x.dat", b"PAR1", "parquet"),
        ("x.tsv", b"1\t2", "text"),
    ],
)
def test_formats_are_told_by_their_first_bytes(
    tmp_path: Path, name: str, content: bytes, found: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert detect_format(Source.open(str(tmp_path / name))) == found
