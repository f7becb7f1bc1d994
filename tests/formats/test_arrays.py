"""Arrays in foreign files, read as they are."""

from __future__ import annotations

import gc
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from bombs import Bomb

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.formats.arrays import choose, stored_arrays
from c10h.formats.detect_format import detect
from c10h.formats.file_formats import ARRAYS, FORMATS
from c10h.records import Array
from formats.files import everything, opened, save_npy, save_torch, source_of

VALUES = np.array([[0.5, -1.25, 3], [1e-3, 2, 0], [7, 8.5, 9]])


def refused(path: Path, says: str, error: type[InputError] = FileError, member: str = "") -> None:
    with pytest.raises(error, match=says) as caught:
        opened(path, member)
    assert str(caught.value).startswith(f"{path.name}: ")


def only_array(path: Path, member: str = "") -> Array:
    """The values of the one array of a file, or of a named one."""
    source = source_of(path, member)
    _, array = choose(stored_arrays(source, detect(source)), source)
    rows = array.load()
    return np.asarray(rows[0 : rows.shape[0]])


def write_npz(path: Path) -> None:
    np.savez_compressed(path, logits=VALUES)


def write_h5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a/logits"] = VALUES


def write_mat(path: Path) -> None:
    import scipy.io

    scipy.io.savemat(path, {"logits": VALUES})


def write_pt(path: Path) -> None:
    import torch

    save_torch(path, torch.tensor(VALUES))


def write_safetensors(path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"logits": VALUES}, path)


WRITERS: dict[str, Callable[[Path], object]] = {
    "npy": lambda path: save_npy(path, VALUES),
    "npz": write_npz,
    "h5": write_h5,
    "mat": write_mat,
    "pt": write_pt,
    "safetensors": write_safetensors,
}
# What is said about a file of which 8 bytes are left, half of it, and all but the last byte.
TRUNCATED = {
    "npy": (
        "not a readable .npy file, damaged",
        "not a readable .npy file, damaged",
        "truncated: expected 200 bytes, found 199 bytes",
    ),
    "npz": ("a damaged archive",) * 3,
    "h5": (r"not a complete HDF5 file \(truncated or damaged\)",) * 3,
    "mat": (
        "expected .mat, found text that begins with 'MATLAB 5'",
        "not a readable .mat file, damaged",
        "not a readable .mat file, damaged",
    ),
    "pt": ("a damaged archive",) * 3,
    "safetensors": (
        "expected .safetensors, found bytes that begin with 40 00 00",
        "not a readable .safetensors file",
        "not a readable .safetensors file",
    ),
}


def test_every_format_is_tested() -> None:
    formats = {name for name, form in FORMATS.items() if form.holds == ARRAYS}
    assert set(WRITERS) == set(TRUNCATED) == formats


@pytest.mark.parametrize(("suffix", "write"), WRITERS.items(), ids=WRITERS)
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
        wide = opened(tmp_path / f"x.{suffix}", columns=slice(1, 3))
        np.testing.assert_array_equal(everything(wide), VALUES[:, 1:3])

    def test_all_columns_that_there_are(
        self, tmp_path: Path, suffix: str, write: Callable[[Path], object]
    ) -> None:
        """The same option may be about another file, which has columns before its classes."""
        write(tmp_path / f"x.{suffix}")
        wide = opened(tmp_path / f"x.{suffix}", columns=slice(1, 4))
        np.testing.assert_array_equal(everything(wide), VALUES)

    def test_columns_that_are_not_there(
        self, tmp_path: Path, suffix: str, write: Callable[[Path], object]
    ) -> None:
        write(tmp_path / f"x.{suffix}")
        with pytest.raises(SchemaError, match="expected columns up to 4, found 3"):
            opened(tmp_path / f"x.{suffix}", columns=slice(2, 4))

    def test_no_suffix(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        write(tmp_path / f"x.{suffix}")
        path = (tmp_path / f"x.{suffix}").rename(tmp_path / "stdin")
        np.testing.assert_array_equal(everything(opened(path)), VALUES)

    def test_truncated(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        path = tmp_path / f"x.{suffix}"
        write(path)
        content = path.read_bytes()
        lengths = (8, len(content) // 2, len(content) - 1)
        for length, says in zip(lengths, TRUNCATED[suffix], strict=True):
            path.write_bytes(content[:length])
            refused(path, rf"^x\.{suffix}: {says}")
        gc.collect()  # tells of files that were left open

    def test_empty(self, tmp_path: Path, suffix: str, write: Callable[[Path], object]) -> None:
        (tmp_path / f"x.{suffix}").touch()
        refused(tmp_path / f"x.{suffix}", "expected .*, found an empty file")

    def test_another_format_under_its_name(
        self, tmp_path: Path, suffix: str, write: Callable[[Path], object]
    ) -> None:
        write(tmp_path / f"x.{suffix}")
        path = (tmp_path / f"x.{suffix}").rename(tmp_path / "x.csv")
        refused(path, r"expected \.csv, \.tsv or \.txt, found (bytes|the content of|text|a zip)")


class TestNpy:
    @pytest.mark.parametrize(
        "dtype", ["f8", ">f8", "f4", ">f4", "f2", "i1", "i8", ">i4", "u2", "?"]
    )
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_dtypes_and_orders(self, tmp_path: Path, dtype: str, order: Any) -> None:
        values = np.asarray(np.arange(12).reshape(4, 3) % 5, dtype=dtype, order=order)
        wide = opened(save_npy(tmp_path / "x.npy", values))
        np.testing.assert_array_equal(everything(wide), values)
        np.testing.assert_array_equal(wide.rows[2:4], values[2:4])
        assert wide.rows.dtype.newbyteorder("=") == np.dtype(dtype).newbyteorder("=")

    @pytest.mark.parametrize(
        "values", [np.array(["chat", "鳥"]), np.array([b"chat", "鳥".encode()])]
    )
    def test_words(self, tmp_path: Path, values: Array) -> None:
        assert only_array(save_npy(tmp_path / "x.npy", values)).tolist() == ["chat", "鳥"]

    def test_large_files_are_read_slice_by_slice(self, tmp_path: Path) -> None:
        rows = opened(save_npy(tmp_path / "x.npy", VALUES)).rows
        assert not isinstance(rows, np.ndarray)

    def test_pickled_objects_are_never_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        np.save(tmp_path / "x.npy", np.array([bomb, 1], dtype=object), allow_pickle=True)
        refused(tmp_path / "x.npy", "expected numbers, found pickled objects")
        bomb.assert_not_run()

    def test_a_file_that_shrinks_while_it_is_read(self, tmp_path: Path) -> None:
        path = save_npy(tmp_path / "x.npy", VALUES)
        rows = opened(path).rows
        path.write_bytes(path.read_bytes()[:-8])
        with pytest.raises(FileError, match="truncated while it was read"):
            rows[0:3]

    def test_members(self, tmp_path: Path) -> None:
        values = np.arange(24.0).reshape(2, 4, 3)
        wide = opened(save_npy(tmp_path / "x.npy", values))
        assert wide.rows.shape == (2, 4, 3)
        np.testing.assert_array_equal(wide.rows[1, 1:3], values[1, 1:3])

    def test_one_of_three_dimensions_that_has_one(self, tmp_path: Path) -> None:
        wide = opened(save_npy(tmp_path / "x.npy", VALUES[:, None]))
        np.testing.assert_array_equal(everything(wide), VALUES)

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            (np.float64(3), r"found shape \(\)"),
            (np.zeros((2, 3, 3, 3)), r"\(members, items, classes\), found shape \(2, 3, 3, 3\)"),
            (np.zeros(3), "one number per item; two classes need two columns"),
            (np.zeros(3), "one true class per item is a --truth"),
            (np.zeros((3, 1)), "one number per item; two classes need two columns"),
            (VALUES * 1j, "found complex128"),
            (np.array(["2020-01-01"], dtype="M8[D]"), "found datetime64"),
            (np.zeros(2, dtype=[("a", "f8")]), "found"),
        ],
    )
    def test_other_arrays(self, tmp_path: Path, values: Array, says: str) -> None:
        refused(save_npy(tmp_path / "x.npy", values), f"expected numbers .*{says}", SchemaError)

    def test_no_rows(self, tmp_path: Path) -> None:
        path = save_npy(tmp_path / "x.npy", np.zeros((0, 3)))
        refused(path, "expected one row per item, found no rows", SchemaError)


class TestSeveralArrays:
    """Files that can hold several arrays: the one that fits is taken, or one is named."""

    def write(self, folder: Path, suffix: str, **arrays: Array) -> Path:
        path = folder / f"x.{suffix}"
        if suffix == "npz":
            np.savez(path, **arrays)  # type: ignore[arg-type]
        elif suffix == "mat":
            import scipy.io

            scipy.io.savemat(path, arrays)
        elif suffix == "safetensors":
            from safetensors.numpy import save_file

            save_file(arrays, path)
        elif suffix == "pt":
            import torch

            save_torch(path, {name: torch.tensor(value) for name, value in arrays.items()})
        else:
            with h5py.File(path, "w") as file:
                for name, value in arrays.items():
                    file[name] = value
        return path

    @pytest.mark.parametrize("suffix", ["npz", "h5", "pt", "mat", "safetensors"])
    def test_what_can_only_be_meant_need_not_be_said(self, tmp_path: Path, suffix: str) -> None:
        path = self.write(tmp_path, suffix, logits=VALUES, labels=np.arange(3))
        wide = opened(path)
        np.testing.assert_array_equal(everything(wide), VALUES)
        assert "the array logits" in wide.describe("logits")

    @pytest.mark.parametrize("suffix", ["npz", "h5", "pt", "mat", "safetensors"])
    def test_one_of_two_is_named(self, tmp_path: Path, suffix: str) -> None:
        path = self.write(tmp_path, suffix, first=VALUES, second=-VALUES)
        np.testing.assert_array_equal(everything(opened(path, "second")), -VALUES)
        says = rf"found 2 arrays \(first 3x3, second 3x3\): which one\? Use x\.{suffix}:first$"
        refused(path, says, AmbiguousError)
        refused(path, "expected an array 'third', found 2 arrays", member="third")

    def test_a_path_in_a_group(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "h5", **{"fold 0/logits": VALUES, "other": VALUES})
        for name in ("fold 0/logits", "/fold 0/logits"):
            np.testing.assert_array_equal(everything(opened(path, name)), VALUES)

    def test_names_beside_numbers(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "npz", logits=VALUES, files=np.array(["a", "b", "c"]))
        ids = opened(path).ids
        assert ids is not None
        assert ids.tolist() == ["a", "b", "c"]

    def test_names_of_something_else(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "npz", logits=VALUES, classes=np.array(["a", "b", "c"]))
        assert opened(path).ids is None

    def test_no_array(self, tmp_path: Path) -> None:
        h5py.File(tmp_path / "x.h5", "w").close()
        refused(tmp_path / "x.h5", "found no array", InputError)


class TestNpz:
    def test_pickled_objects_are_never_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        np.savez(tmp_path / "x.npz", x=np.array([bomb], dtype=object))
        refused(tmp_path / "x.npz", "expected numbers of shape .*, found object", InputError)
        with pytest.raises(InputError, match="expected numbers, found pickled objects"):
            only_array(tmp_path / "x.npz")
        bomb.assert_not_run()

    def test_another_zip_file(self, tmp_path: Path) -> None:
        (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 and nothing else")
        refused(tmp_path / "x.npz", "a damaged archive")
        gc.collect()  # tells of files that were left open


class TestMat:
    def test_version_7_3_is_hdf5_with_turned_axes(self, tmp_path: Path) -> None:
        """MATLAB writes a text of 512 bytes before the HDF5 file, and counts along columns."""
        path = tmp_path / "x.mat"
        with h5py.File(path, "w", userblock_size=512) as file:
            file["logits"] = VALUES.T
        with path.open("r+b") as stream:
            stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(128))
        np.testing.assert_array_equal(everything(opened(path)), VALUES)


class TestPt:
    @pytest.mark.parametrize(
        "dtype", ["float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool"]
    )
    def test_dtypes(self, tmp_path: Path, dtype: str) -> None:
        import torch

        tensor = torch.tensor([[0, 1, 2], [3, 0, 1]]).to(getattr(torch, dtype))
        found = only_array(save_torch(tmp_path / "x.pt", tensor))
        np.testing.assert_array_equal(found, tensor.double().numpy())

    def test_bfloat16_is_exact(self, tmp_path: Path) -> None:
        import torch

        tensor = torch.tensor(VALUES).to(torch.bfloat16)
        found = only_array(save_torch(tmp_path / "x.pt", tensor))
        np.testing.assert_array_equal(found, tensor.to(torch.float64).numpy())

    def test_bfloat16_of_safetensors(self, tmp_path: Path) -> None:
        import torch
        from safetensors.torch import save_file

        tensor = torch.tensor(VALUES).to(torch.bfloat16)
        save_file({"logits": tensor}, tmp_path / "x.safetensors")
        found = only_array(tmp_path / "x.safetensors")
        np.testing.assert_array_equal(found, tensor.to(torch.float64).numpy())

    def test_a_tensor_with_a_gradient_and_strides(self, tmp_path: Path) -> None:
        import torch

        tensor = torch.nn.Parameter(torch.tensor(VALUES)).T
        found = only_array(save_torch(tmp_path / "x.pth", tensor))
        np.testing.assert_array_equal(found, VALUES.T)

    def test_the_format_before_zip(self, tmp_path: Path) -> None:
        import torch

        path = save_torch(
            tmp_path / "x.pt", torch.tensor(VALUES), _use_new_zipfile_serialization=False
        )
        np.testing.assert_array_equal(only_array(path), VALUES)

    @pytest.mark.parametrize("key", ["logits", 0, ("a", 1)])
    def test_a_dict_of_one(self, tmp_path: Path, key: object) -> None:
        import torch

        path = save_torch(tmp_path / "x.pt", {key: torch.tensor(VALUES)})
        np.testing.assert_array_equal(only_array(path), VALUES)

    def test_batches(self, tmp_path: Path) -> None:
        import torch

        path = save_torch(tmp_path / "x.pt", [torch.tensor(VALUES[:2]), torch.tensor(VALUES[2:])])
        np.testing.assert_array_equal(only_array(path), VALUES)

    def test_logits_and_truth_as_a_pair(self, tmp_path: Path) -> None:
        import torch

        path = save_torch(tmp_path / "x.pt", (torch.tensor(VALUES), torch.arange(3)))
        np.testing.assert_array_equal(everything(opened(path)), VALUES)
        assert only_array(path, "1").tolist() == [0, 1, 2]

    @pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", "?"])
    def test_arrays_of_numpy(self, tmp_path: Path, dtype: str) -> None:
        values = np.array([[0, 1, 0], [1, 1, 0]], dtype)
        path = save_torch(tmp_path / "x.pt", {"logits": values})
        np.testing.assert_array_equal(only_array(path), values)

    def test_an_array_of_numpy_1(self, tmp_path: Path) -> None:
        """numpy 2 moved the function that pickles name; published files have the old name."""
        new = save_torch(tmp_path / "new.pt", {"logits": VALUES})
        with zipfile.ZipFile(new) as parts, zipfile.ZipFile(tmp_path / "old.pt", "w") as old:
            for part in parts.namelist():
                old.writestr(part, parts.read(part).replace(b"numpy._core.", b"numpy.core."))
        assert b"numpy.core.multiarray" in (tmp_path / "old.pt").read_bytes()
        np.testing.assert_array_equal(only_array(tmp_path / "old.pt"), VALUES)

    def test_arrays_of_numpy_with_objects(self, tmp_path: Path, bomb: Bomb) -> None:
        save_torch(tmp_path / "x.pt", {"logits": np.array([bomb], dtype=object)})
        refused(tmp_path / "x.pt", "expected", InputError)
        bomb.assert_not_run()

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
        refused(tmp_path / "x.pt", "expected|damaged")

    @pytest.mark.parametrize("content", ["text", {"epoch": "three"}, [["a", 1]]])
    def test_what_is_no_tensor(self, tmp_path: Path, content: object) -> None:
        refused(save_torch(tmp_path / "x.pt", content), "expected an array, found no array")

    @pytest.mark.parametrize(
        "names", [["b", "a", "ç"], ("b", "a", "ç"), [["b", "a"], ("ç",)]], ids=type
    )
    def test_names_of_items(self, tmp_path: Path, names: object) -> None:
        """Lists of texts are arrays of text, as in an .npz, also in batches of a loader."""
        path = save_torch(tmp_path / "x.pt", {"files": names, "probs": VALUES, "note": "x"})
        wide = opened(path, meaning="logits")
        assert wide.ids is not None
        assert wide.ids.tolist() == ["b", "a", "ç"]
        assert wide.notes == ("the array probs", "ids from the same file")

    def test_names_of_classes(self, tmp_path: Path) -> None:
        path = save_torch(tmp_path / "x.pt", {"classes": ["c", "a", "b"], "probs": VALUES})
        assert opened(path, meaning="logits").names == ("c", "a", "b")

    def test_texts_among_others(self, tmp_path: Path) -> None:
        path = save_torch(tmp_path / "x.pt", {"files": ["b", "a", 3], "probs": VALUES})
        assert opened(path, meaning="logits").ids is None

    def test_a_sparse_tensor(self, tmp_path: Path) -> None:
        import torch

        path = save_torch(tmp_path / "x.pt", torch.eye(3).to_sparse())
        refused(path, "expected an array, found no array")


class TestH5:
    def test_links_are_refused(self, tmp_path: Path) -> None:
        write_h5(tmp_path / "secret.h5")
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["logits"] = h5py.ExternalLink("secret.h5", "/a/logits")
        refused(tmp_path / "x.h5", "/logits is an external or soft link")

    def test_a_dataset_without_values(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["logits"] = h5py.Empty("f4")
        refused(tmp_path / "x.h5", "found no array")

    def test_words(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["names"] = ["chat", "鳥"]
        assert only_array(tmp_path / "x.h5").tolist() == ["chat", "鳥"]


@pytest.mark.parametrize("key", [None, "model"])
def test_weights_are_no_arrays(tmp_path: Path, key: str | None) -> None:
    weights = {"head.weight": VALUES, "head.bias": VALUES[0]}
    save_torch(tmp_path / "x.pt", weights if key is None else {key: weights, "epoch": 3})
    refused(tmp_path / "x.pt", "found the weights of a network: c10h predict IMAGES --arch")


def test_logits_beside_weights(tmp_path: Path) -> None:
    weights = {"head.weight": VALUES, "head.bias": VALUES[0]}
    save_torch(tmp_path / "x.pt", {"model": weights, "logits": VALUES})
    np.testing.assert_array_equal(only_array(tmp_path / "x.pt"), VALUES)
