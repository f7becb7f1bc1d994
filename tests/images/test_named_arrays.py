"""Arrays of .npz and .pt files: which are the pictures and which the classes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bombs import Bomb

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.images.import_request import Choice, Imported, ImportRequest
from c10h.images.importing import import_images
from c10h.records import Array

from .files import imported, refused

Save = Callable[..., Path]


def pictures(seed: int, count: int = 4) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (count, 5, 6, 3), dtype=np.uint8)


def save_npz(path: Path, **arrays: Array) -> Path:
    np.savez_compressed(path / "x.npz", **arrays)  # type: ignore[arg-type]
    return path / "x.npz"


def save_pt(path: Path, **arrays: Array) -> Path:
    torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path / "x.pt")
    return path / "x.pt"


@pytest.fixture(params=[save_npz, save_pt])
def save(request: pytest.FixtureRequest, tmp_path: Path) -> Save:
    return lambda **arrays: request.param(tmp_path, **arrays)


def assert_is(found: Imported, pixels: Array, truth: list[int] | None) -> None:
    np.testing.assert_array_equal(found.images.images[0 : len(pixels)], pixels, strict=True)
    known = found.images.truth
    assert (known if known is None else known.tolist()) == truth


class TestNames:
    @pytest.mark.parametrize(
        ("images", "labels"),
        [
            ("x_{}", "y_{}"),
            ("{}_images", "{}_labels"),
            ("{}ing-data", "{}ing-targets"),
            ("X_{}", "Y_{}"),
        ],
    )
    def test_splits(self, save: Save, images: str, labels: str) -> None:
        arrays = {}
        for seed, split in enumerate(("train", "test")):
            arrays[images.format(split)] = pictures(seed)
            arrays[labels.format(split)] = np.array([seed, 2, 0, 1])
        path = save(**arrays)
        refused(path, "has train and test: --split says which to take", AmbiguousError)
        for seed, split in enumerate(("train", "test")):
            found = imported(path, splits=(split,))
            assert_is(found, pictures(seed), [seed, 2, 0, 1])
            assert found.images.classes == ("0", "1", "2")
            told, order = found.notes
            assert told.endswith(
                f": pictures from {images.format(split)}, (4, 5, 6, 3), "
                f"truth from {labels.format(split)}"
            )
            assert "classes 0 to 2 (--classes names them)" in order
        refused(path, "expected the split valid, found train and test", splits=("valid",))
        refused(path, "expected one --split", splits=("train", "test"))

    def test_without_splits(self, save: Save) -> None:
        path = save(images=pictures(0), labels=np.array([[1], [0], [1], [1]], np.uint8))
        assert_is(imported(path), pictures(0), [1, 0, 1, 1])
        assert imported(path, classes=("a", "b")).images.classes == ("a", "b")
        refused(path, "expected the split test, found pictures of no split", splits=("test",))

    def test_one_split_alone_needs_no_option(self, save: Save) -> None:
        assert_is(
            imported(save(x_test=pictures(0), y_test=np.arange(4))), pictures(0), [0, 1, 2, 3]
        )

    def test_one_array_whatever_it_is_called(self, save: Save) -> None:
        path = save(arr_0=pictures(0))
        refused(path, "which classes. give --labels or --classes", AmbiguousError)
        assert_is(imported(path, classes=("a", "b")), pictures(0), None)

    def test_two_arrays_whatever_they_are_called(self, save: Save) -> None:
        path = save(arr_0=pictures(0), arr_1=np.array([1, 0, 0, 1]))
        assert_is(imported(path), pictures(0), [1, 0, 0, 1])

    def test_labels_come_before_those_in_the_file(self, save: Save, tmp_path: Path) -> None:
        np.save(tmp_path / "y.npy", [2, 2, 0, 0])
        path = save(x=pictures(0), y=np.array([1, 0, 0, 1]))
        labels = Source.open(str(tmp_path / "y.npy"))
        assert_is(imported(path, labels=labels), pictures(0), [2, 2, 0, 0])

    def test_without_truth(self, save: Save) -> None:
        path = save(x=pictures(0), y=np.array([1, 0, 0, 1]))
        assert_is(imported(path, no_truth=True, classes=("a", "b")), pictures(0), None)

    def test_layouts_of_arrays(self, save: Save) -> None:
        first = np.ascontiguousarray(pictures(0).transpose(0, 3, 1, 2))
        assert_is(imported(save(data=first), classes=("a", "b")), pictures(0), None)
        lines = np.random.default_rng(0).integers(0, 256, (4, 192), dtype=np.uint8)
        wanted = lines.reshape(4, 3, 8, 8).transpose(0, 2, 3, 1)
        found = imported(save(data=lines, labels=np.array([0, 1, 0, 1])))
        assert_is(found, wanted, [0, 1, 0, 1])
        assert any("colour first, as CIFAR's are" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("arrays", "says", "error"),
        [
            ({"a": np.zeros(3)}, "no array of pictures. call it images", AmbiguousError),
            ({"a": pictures(0), "b": pictures(1)}, "which array has the pictures", AmbiguousError),
            ({"x": pictures(0), "data": pictures(1)}, "which is meant, x or data", AmbiguousError),
            (
                {"x": pictures(0), "y": np.zeros(4), "labels": np.zeros(4)},
                "which is meant, y or labels",
                AmbiguousError,
            ),
            ({"x": pictures(0) / 255}, "x: expected pixels as uint8.* by 255", SchemaError),
            ({"x": pictures(0), "y": np.zeros(3, int)}, "y: expected 4 classes", SchemaError),
            ({"x": pictures(0), "y": np.zeros((4, 2))}, "y: expected 4 classes", SchemaError),
            (
                {"x": pictures(0), "y": np.array([0, 1, -1, 2])},
                "y: row 2: expected a class number, 0 or up, found -1 .--no-truth",
                SchemaError,
            ),
            (
                {"x": pictures(0), "y": np.array([0, 1, 0.5, 2])},
                "y: row 2: expected a class number, 0 or up, found 0.5",
                SchemaError,
            ),
        ],
    )
    def test_refused(
        self, save: Save, arrays: dict[str, Array], says: str, error: type[InputError]
    ) -> None:
        refused(save(**arrays), says, error)

    def test_options_of_folders(self, save: Save) -> None:
        path = save(x=pictures(0), y=np.arange(4))
        request = ImportRequest(path=str(path), choice=Choice(side=8))
        with pytest.raises(
            InputError, match=r"--resize is for folders of pictures, this is a file"
        ):
            import_images(request, path.parent, lambda _: lambda _: None)


class TestNpz:
    def test_words_as_classes(self, tmp_path: Path) -> None:
        for words in (
            np.array(["dog", "cat", "dog", "ape"]),
            np.array([b"dog", b"cat", b"dog", b"ape"]),
        ):
            found = imported(save_npz(tmp_path, images=pictures(0), labels=words))
            assert found.images.classes == ("ape", "cat", "dog")
            assert_is(found, pictures(0), [2, 1, 2, 0])

    def test_columns_first(self, tmp_path: Path) -> None:
        path = save_npz(tmp_path, x=np.asfortranarray(pictures(0)), y=np.arange(4))
        assert_is(imported(path), pictures(0), [0, 1, 2, 3])

    def test_objects_are_not_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        np.savez(tmp_path / "x.npz", x=pictures(0), y=np.array([bomb] * 4, dtype=object))
        refused(tmp_path / "x.npz", "y: ", FileError)
        bomb.assert_not_run()

    @pytest.mark.parametrize("left", [0.3, 0.9])
    def test_truncated(self, tmp_path: Path, left: float) -> None:
        path = save_npz(tmp_path, x=pictures(0, 500))
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
        refused(path, r"x\.npz: a damaged archive", FileError, classes=("a", "b"))

    def test_damaged_pixels(self, tmp_path: Path) -> None:
        path = save_npz(tmp_path, x=pictures(0, 500))
        content = bytearray(path.read_bytes())
        content[1000:1100] = bytes(100)
        path.write_bytes(content)
        refused(path, r"x\.npz: x: (a damaged|not a readable)", FileError, classes=("a", "b"))

    def test_a_header_that_claims_more_than_there_is(self, tmp_path: Path) -> None:
        stream = io.BytesIO()
        header = {"descr": "|u1", "fortran_order": False, "shape": (1 << 20, 64, 64, 3)}
        np.lib.format.write_array_header_1_0(stream, header)
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("x.npy", stream.getvalue() + bytes(1000))
        refused(tmp_path / "x.npz", "expected 12884901888 bytes and a header", FileError)

    @pytest.mark.parametrize("header", [b"{'descr': ", b"[" * 3000, b""])
    def test_broken_headers(self, tmp_path: Path, header: bytes) -> None:
        content = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("x.npy", content)
        refused(tmp_path / "x.npz", r"x\.npz: x: not a readable \.npy", FileError)

    def test_other_methods_of_zip(self, tmp_path: Path) -> None:
        stream = io.BytesIO()
        np.save(stream, pictures(0))
        with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("x.npy", stream.getvalue())
        refused(tmp_path / "x.npz", "expected a zip by deflate", FileError)


class TestTorch:
    @pytest.mark.parametrize("is_zip", [True, False])
    def test_a_pair_as_torchvisions_mnist_has(self, tmp_path: Path, is_zip: bool) -> None:
        grey = torch.from_numpy(pictures(0)[..., 0].copy())
        pair = (grey, torch.tensor([3, 1, 0, 3]))
        torch.save(pair, tmp_path / "x.pt", _use_new_zipfile_serialization=is_zip)
        found = imported(tmp_path / "x.pt")
        assert_is(found, np.repeat(grey.numpy()[..., None], 3, axis=3), [3, 1, 0, 3])

    def test_a_tensor_alone(self, tmp_path: Path) -> None:
        torch.save(torch.from_numpy(pictures(0)).permute(0, 3, 1, 2), tmp_path / "x.pth")
        assert_is(imported(tmp_path / "x.pth", classes=("a", "b")), pictures(0), None)

    def test_classes_as_a_list(self, tmp_path: Path) -> None:
        torch.save({"data": torch.from_numpy(pictures(0)), "targets": [1, 0, 2, 0]}, tmp_path / "x")
        assert_is(imported(tmp_path / "x"), pictures(0), [1, 0, 2, 0])

    @pytest.mark.parametrize("content", [3, "word", [torch.zeros(3)] * 3])
    def test_other_contents(self, tmp_path: Path, content: Any) -> None:
        torch.save(content, tmp_path / "x.pt")
        refused(tmp_path / "x.pt", "no array of", InputError)

    @pytest.mark.parametrize("is_zip", [True, False])
    def test_nothing_is_unpickled(self, tmp_path: Path, bomb: Bomb, is_zip: bool) -> None:
        content = {"images": torch.from_numpy(pictures(0)), "x": bomb}
        torch.save(content, tmp_path / "x.pt", _use_new_zipfile_serialization=is_zip)
        refused(tmp_path / "x.pt", "does not load with weights_only", FileError)
        bomb.assert_not_run()

    def test_a_tensor_that_claims_more_than_there_is(self, tmp_path: Path) -> None:
        torch.save(
            {"images": torch.zeros(1, dtype=torch.uint8).expand(9999, 64, 64, 3)}, tmp_path / "x"
        )
        refused(tmp_path / "x", "expected an array, found no array", FileError)
