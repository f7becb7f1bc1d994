"""What an argument of ``data import`` is taken for, and what options fit to it."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from c10h.errors import AmbiguousError, FileError, InputError, MismatchError, SchemaError
from c10h.images import cifar

from .files import imported, refused

FOUR = tuple("abcd")


def batch(seed: int, size: int = 3, labels: str = "labels") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, 3072), dtype=np.uint8)
    names = [f"{seed}_{k}.png".encode() for k in range(size)]
    content = {b"data": pixels, labels.encode(): [seed % 4] * size, b"filenames": names}
    return pickle.dumps(content, 2)


def meta(key: str = "label_names") -> bytes:
    return pickle.dumps({key.encode(): [name.encode() for name in FOUR]}, 2)


CIFAR_10 = {
    "batches.meta": meta(),
    "data_batch_4": batch(4),
    "readme.html": b"<html>",
    **{f"data_batch_{k}": batch(k) for k in (1, 5, 3, 2)},
    "test_batch": batch(6, 2),
}
CIFAR_100 = {
    "file.txt~": b"",
    "meta": meta("fine_label_names"),
    "test": batch(7, 2, "fine_labels"),
    "train": batch(8, 5, "fine_labels"),
}


def tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def folder(path: Path, files: Mapping[str, bytes]) -> Path:
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


@pytest.fixture(params=[tar, folder])
def distributed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Path]:
    """Batches as they are distributed, as an archive and as a folder."""
    return lambda files: request.param(tmp_path / "cifar", files)


class TestBatches:
    def test_the_five_of_training_in_their_order(self, distributed: Callable[..., Path]) -> None:
        found = imported(distributed(CIFAR_10), splits=("train",), ids="name").images
        assert found.classes == FOUR
        assert found.truth is not None
        assert found.truth.tolist() == [1] * 3 + [2] * 3 + [3] * 3 + [0] * 3 + [1] * 3
        assert found.ids is not None
        assert found.ids[::3].tolist() == [f"{k}_0.png" for k in range(1, 6)]
        assert found.images.shape == (15, 32, 32, 3)

    def test_both_splits(self, distributed: Callable[..., Path]) -> None:
        path = distributed(CIFAR_10)
        refused(path, "has train and test: choose one with --split", AmbiguousError)
        assert imported(path, splits=("test", "train")).images.truth.tolist()[:3] == [2, 2, 1]  # type: ignore[union-attr]
        assert imported(path, splits=("test",)).images.ids is None
        refused(path, "expected the split valid, found train, test", splits=("valid",))

    def test_cifar_100(self, distributed: Callable[..., Path]) -> None:
        path = distributed(CIFAR_100)
        assert imported(path, splits=("train",)).images.truth.tolist() == [0] * 5  # type: ignore[union-attr]
        assert imported(path, splits=("test",)).images.classes == FOUR

    def test_a_batch_that_is_lacking(self, distributed: Callable[..., Path]) -> None:
        files = {name: content for name, content in CIFAR_10.items() if name != "data_batch_3"}
        path = distributed(files)
        refused(
            path, "expected data_batch_3, found only data_batch_1", FileError, splits=("train",)
        )

    def test_a_single_batch(self, tmp_path: Path) -> None:
        (tmp_path / "any name").write_bytes(batch(2))
        refused(tmp_path / "any name", "no class names .*: use --classes", AmbiguousError)
        assert imported(tmp_path / "any name", classes=FOUR).images.truth.tolist() == [2, 2, 2]  # type: ignore[union-attr]
        refused(
            tmp_path / "any name", "expected a class from 0 to 1", SchemaError, classes=("a", "b")
        )

    def test_the_names_of_classes_alone(self, tmp_path: Path) -> None:
        (tmp_path / "meta").write_bytes(meta())
        refused(tmp_path / "meta", "expected a CIFAR batch, found meta", FileError)

    def test_names_twice(self, tmp_path: Path) -> None:
        files = {**CIFAR_10, "x/test_batch": batch(9)}
        says = "two files are called test_batch"
        refused(tar(tmp_path / "x", files), says, AmbiguousError, splits=("test",))

    def test_a_batch_that_is_too_large(
        self, monkeypatch: pytest.MonkeyPatch, distributed: Callable[..., Path]
    ) -> None:
        monkeypatch.setattr(cifar, "MOST_BYTES", 5000)
        path = distributed(CIFAR_10)
        refused(path, "data_batch_[14]: too large for a CIFAR batch", FileError, splits=("train",))

    def test_a_huge_file_that_begins_like_a_batch(self, tmp_path: Path) -> None:
        with (tmp_path / "x").open("wb") as stream:
            stream.write(b"\x80\x02")
            stream.truncate(1 << 29)
        refused(tmp_path / "x", "x: too large for a CIFAR batch", FileError, classes=FOUR)

    def test_a_hostile_one_among_others(self, distributed: Callable[..., Path]) -> None:
        path = distributed({**CIFAR_10, "test_batch": b"\x80\x02cos\nsystem\nX\1\0\0\0x\x85R."})
        refused(
            path, r"test_batch: .*it asks for os\.system.*: refused", FileError, splits=("test",)
        )
        assert len(imported(path, splits=("train",)).images.truth) == 15  # type: ignore[arg-type]

    def test_the_hash_of_a_folder(self, tmp_path: Path) -> None:
        found = imported(folder(tmp_path / "x", CIFAR_10), splits=("test",))
        lines = [
            f"{hashlib.sha256(content).hexdigest()}  {name}\n"
            for name, content in sorted(CIFAR_10.items())
            if name != "readme.html"
        ]
        assert found.source.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()
        assert found.source.name == "x"

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (
                {"select": "a*"},
                "--select applies only to folders of images, and this is CIFAR batches",
            ),
            ({"to_class": {"a": "b"}}, "--map applies only to folders"),
            ({"side": 8}, "--resize applies only to folders"),
            ({"skip_bad": True}, "--skip-bad applies only to folders"),
            ({"ids": "path"}, "--ids: expected name or none"),
            ({"ids_file": __file__}, "--ids: expected name or none"),
            ({"labels": __file__}, "--labels: CIFAR batches already have the classes"),
        ],
    )
    def test_options(self, tmp_path: Path, options: dict[str, Any], says: str) -> None:
        refused(tar(tmp_path / "x", CIFAR_10), says, splits=("test",), **options)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.arange(2 * 48, dtype=np.uint8).reshape(2, 4, 4, 3))
    np.save(tmp_path / "y.npy", np.array([2, 0]))
    return tmp_path / "x.npy"


class TestArrays:
    def test_classes(self, pair: Path) -> None:
        labels = pair.with_name("y.npy")
        assert imported(pair, labels=labels).images.classes == ("0", "1", "2")
        assert imported(pair, labels=labels, classes=FOUR).images.classes == FOUR
        refused(pair, "which classes. Use --labels or --classes", AmbiguousError)
        alone = imported(pair, classes=FOUR).images
        assert alone.truth is None

    def test_labels_of_one_class(self, pair: Path) -> None:
        np.save(pair.with_name("y.npy"), np.zeros(2, int))
        assert imported(pair, labels=pair.with_name("y.npy")).images.classes == ("0", "1")

    def test_labels_as_words(self, pair: Path) -> None:
        pair.with_name("y.csv").write_text("c\na\n")
        found = imported(pair, labels=pair.with_name("y.csv"), classes=FOUR).images
        assert found.truth.tolist() == [2, 0]  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("labels", "says", "error"),
        [
            ([1], "expected 2 classes, one per image, found 1", MismatchError),
            ([1, 2, 3], "expected 2 classes, one per image, found 3", MismatchError),
            ([1, 4], r"y\.npy: row 1: expected a class from 0 to 3, found 4", SchemaError),
            ([-2, 1], r"y\.npy: row 0: expected a class from 0 to 3, found -2", SchemaError),
            ([0.5, 1], r"y\.npy: row 0: expected a class number", SchemaError),
            ([[0, 1], [1, 1]], "expected one class per item", SchemaError),
        ],
    )
    def test_other_labels(
        self, pair: Path, labels: Any, says: str, error: type[InputError]
    ) -> None:
        np.save(pair.with_name("y.npy"), np.array(labels))
        refused(pair, says, error, labels=pair.with_name("y.npy"), classes=FOUR)

    def test_ids_from_a_file(self, pair: Path) -> None:
        lines = pair.with_name("ids.txt")
        lines.write_bytes("\ufeffnaïve\x0bone\ntwo\n".encode())
        found = imported(pair, classes=FOUR, ids_file=lines).images
        assert found.ids is not None
        assert found.ids.tolist() == ["naïve\x0bone", "two"]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"one\n", "expected 2 ids, found 1"),
            (b"one\ntwo\nthree", "expected 2 ids, found 3"),
            (b"one\none\n", "two images have the id one"),
            (b"\xff\n1\n", "expected UTF-8 text with one id per line"),
        ],
    )
    def test_other_ids(self, pair: Path, content: bytes, says: str) -> None:
        pair.with_name("ids.txt").write_bytes(content)
        refused(pair, says, classes=FOUR, ids_file=pair.with_name("ids.txt"))

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"splits": ("a",)}, "--split applies only to folders of images, and this is an array"),
            ({"select": "a*"}, "--select applies only to folders"),
            ({"to_class": {"a": "b"}}, "--map applies only to folders"),
            ({"side": 8}, "--resize applies only to folders"),
            ({"skip_bad": True}, "--skip-bad applies only to folders"),
            ({"ids": "path"}, "--ids path: the images of an array have no names"),
            ({"ids": "name"}, "--ids name: the images of an array have no names"),
        ],
    )
    def test_options(self, pair: Path, options: dict[str, Any], says: str) -> None:
        refused(pair, says, classes=FOUR, **options)


class TestOtherArguments:
    @pytest.mark.parametrize(
        "content", [b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n", b"PK\x05\x06" + bytes(18), bytes(99)]
    )
    def test_other_files(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x").write_bytes(content)
        refused(
            tmp_path / "x", r"x: expected a \.npy, \.npz, .* CIFAR batches, or a folder", FileError
        )

    def test_no_file(self, tmp_path: Path) -> None:
        refused(tmp_path / "x", "no such file", FileError)

    @pytest.mark.parametrize("name", ["meta", "batches.meta"])
    def test_a_file_called_meta_makes_no_batches(self, tmp_path: Path, name: str) -> None:
        stream = io.BytesIO()
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(stream, "PNG")
        root = folder(tmp_path / "x", {name: b"what the pictures are"})
        for label in ("cat", "dog"):
            folder(root / label, {f"{label}.png": stream.getvalue()})
        with tarfile.open(tmp_path / "x.tar", "w") as archive:
            archive.add(root, arcname=".")
        for path in (root, tmp_path / "x.tar"):
            assert imported(path).images.classes == ("cat", "dog")
            refused(path, r"test_importing.py: .*expected a table of file,class", labels=__file__)
            refused(path, "--ids: expected path, name, none", ids_file=__file__)

    def test_names_that_are_no_utf_8(self, tmp_path: Path) -> None:
        stream = io.BytesIO()
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(stream, "PNG")
        for name in (b"caf\xe9", b"dog"):
            path = os.fsencode(tmp_path / "x") + b"/" + name
            os.makedirs(path)
            Path(os.fsdecode(path + b"/\xff.png")).write_bytes(stream.getvalue())
        found = imported(tmp_path / "x").images
        assert found.classes == ("caf�", "dog")
        assert found.ids is not None
        assert found.ids.tolist() == ["caf�/�.png", "dog/�.png"]
