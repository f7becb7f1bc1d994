"""``data import``: what is in the file, and that the same pictures give the same bytes."""

from __future__ import annotations

import hashlib
import io
import pickle
import resource
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from images.files import png_of as png
from PIL import Image

from c10h.datasets.cache import open_input
from c10h.records import Array, Images

from .conftest import PYTHON, Run, read_file, start

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def make_pictures(root: Path, count: int, side: int = 8) -> Array:
    """Folders cat and dog with pictures, and their pixels in order."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    for number, picture in enumerate(pixels):
        path = root / ("cat" if number < count // 2 else "dog") / f"{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(picture))
    return pixels


@pytest.fixture
def folder(folder: Path) -> Path:
    """The working folder, with photos/ of ten pictures."""
    make_pictures(folder / "photos", 10)
    return folder


def archive(folder: Path) -> None:
    """The pictures of a folder as archives, in another order."""
    paths = sorted((folder / "photos").rglob("*.png"), reverse=True)
    with tarfile.open(folder / "photos.tar.xz", "w:xz") as tar:
        for path in paths:
            tar.add(path, path.relative_to(folder))
    with zipfile.ZipFile(folder / "photos.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in paths:
            zipped.write(path, path.relative_to(folder))


class TestFolders:
    def test_what_is_in_the_file(self, folder: Path, c10h: Run) -> None:
        result = c10h("data", "import", "photos", "-o", "x.h5")
        assert (result.status, result.out) == (0, "")
        assert result.err == "x.h5: 10 images of 8 x 8 pixels, 2 classes, with truth, with ids\n"
        with h5py.File(folder / "x.h5") as file:
            assert file.attrs["kind"].decode() == "images"
            assert file.attrs["classes"].tolist() == [b"cat", b"dog"]
            assert file["truth"][:].tolist() == [0] * 5 + [1] * 5
            assert file["ids"].asstr()[0] == "cat/00000.png"
            assert file["images"].dtype == np.uint8
            pixels = make_pictures(folder / "again", 10)
            np.testing.assert_array_equal(file["images"][:], pixels, strict=True)

    def test_lineage(self, folder: Path, c10h: Run) -> None:
        (folder / "photos/dog/bad.png").write_bytes(b"broken")
        (folder / "map.csv").write_text("cat,a\ndog,b\n")
        options = ["--resize", "4", "--select", "*.png", "--map", "map.csv", "--skip-bad"]
        result = c10h("data", "import", folder / "photos", *options, "-o", "x.h5")
        assert "left out 1 undecodable image, the first is dog/bad.png: not a PNG" in result.err
        lineage = read_file(folder / "x.h5", Images).lineage
        assert lineage is not None
        assert lineage.command == "c10h data import"
        assert lineage.options == {"resize": 4, "select": "*.png", "skip-bad": True}
        assert lineage.excluded == {"bad-pictures": 1, "bad-pictures-named": ["dog/bad.png"]}
        images, map_ = lineage.inputs
        assert (images.role, images.name) == ("images", "photos")
        assert (map_.role, map_.name) == ("map", "map.csv")
        assert map_.sha256 == hashlib.sha256(b"cat,a\ndog,b\n").hexdigest()
        assert str(folder).encode() not in (folder / "x.h5").read_bytes()

    @pytest.mark.parametrize("name", ["photos", "photos.tar.xz", "photos.zip"])
    def test_the_same_bytes_again(self, folder: Path, c10h: Run, name: str) -> None:
        archive(folder)
        c10h("data", "import", name, "-o", "x.h5")
        (folder / "photos/cat/00000.png").touch()
        c10h("data", "import", name, "-o", "y.h5")
        assert (folder / "x.h5").read_bytes() == (folder / "y.h5").read_bytes()

    def test_stdin_and_stdout(self, folder: Path, c10h: Run, process: Run) -> None:
        archive(folder)
        c10h("data", "import", "photos.zip", "-o", "x.h5")
        packed = (folder / "photos.zip").read_bytes()
        (folder / "y.h5").write_bytes(
            process("data", "import", "-", "-o", "-", stdin=packed).stdout
        )
        np.testing.assert_array_equal(
            read_file(folder / "y.h5", Images).images[:],
            read_file(folder / "x.h5", Images).images[:],
        )


class TestPicturesWithoutClassFolders:
    @pytest.fixture
    def faces(self, folder: Path) -> Array:
        """faces/ of six pictures, and faces.csv."""
        pixels = make_pictures(folder / "x", 6)
        (folder / "faces").mkdir()
        lines = ["file,label"]
        for number, picture in enumerate(pixels):
            (folder / f"faces/{number}.png").write_bytes(png(picture))
            lines.append(f"{number}.png,{'sad' if number % 2 else 'happy'}")
        (folder / "faces.csv").write_text("\n".join([*lines, "9.png,sad"]))
        return pixels

    def test_a_table(self, folder: Path, c10h: Run, faces: Array) -> None:
        result = c10h("data", "import", "faces", "--labels", "faces.csv", "-o", "x.h5")
        assert result.err.splitlines() == [
            "faces.csv: files from column 'file', classes from 'label'",
            "faces.csv: 1 line without an imported image, the first is '9.png'",
            "faces.csv: classes in sorted order, happy, sad (--classes sets a different order)",
            "x.h5: 6 images of 8 x 8 pixels, 2 classes, with truth, with ids",
        ]
        imported = read_file(folder / "x.h5", Images)
        np.testing.assert_array_equal(imported.images[:], faces)
        assert imported.truth is not None
        assert imported.truth.tolist() == [0, 1] * 3
        assert imported.classes == ("happy", "sad")
        assert imported.lineage is not None
        wanted = [("images", "faces"), ("labels", "faces.csv")]
        assert [(source.role, source.name) for source in imported.lineage.inputs] == wanted
        assert imported.lineage.options == {}

    def test_skip_unlabeled(self, folder: Path, c10h: Run, faces: Array) -> None:
        (folder / "faces.csv").write_text("5.png,sad\n2.png,happy\n")
        line = ["data", "import", "faces", "--labels", "faces.csv", "-o", "x.h5"]
        assert "0.png: expected a class in faces.csv" in c10h(*line).err
        assert c10h(*line, "--skip-unlabeled").status == 0
        imported = read_file(folder / "x.h5", Images)
        np.testing.assert_array_equal(imported.images[:], faces[[2, 5]])
        assert imported.lineage is not None
        assert imported.lineage.options == {"skip-unlabeled": True}

    def test_without_truth(self, folder: Path, c10h: Run, faces: Array) -> None:
        line = ["faces", "--no-truth", "--classes", "happy,sad", "-o", "x.h5"]
        result = c10h("data", "import", *line)
        assert "6 images of 8 x 8 pixels, 2 classes, without truth, with ids" in result.err
        imported = read_file(folder / "x.h5", Images)
        assert imported.truth is None
        assert imported.ids is not None
        assert imported.ids.tolist() == [f"{number}.png" for number in range(6)]
        assert imported.lineage is not None
        assert imported.lineage.options == {"classes": "happy,sad", "no-truth": True}

    def test_the_hash_in_the_lineage_is_sha256sums(
        self, folder: Path, c10h: Run, faces: Array
    ) -> None:
        c10h("data", "import", "faces", "--labels", "faces.csv", "-o", "x.h5")
        line = "find . -name '*.png' | sed s,./,, | LC_ALL=C sort | xargs sha256sum | sha256sum"
        done = subprocess.run(line, shell=True, cwd="faces", stdout=subprocess.PIPE, check=True)
        lineage = read_file(folder / "x.h5", Images).lineage
        assert lineage is not None
        assert lineage.inputs[0].sha256 == done.stdout.split()[0].decode()


class TestArraysAndBatches:
    def test_containers(self, folder: Path, c10h: Run) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
        arrays = {"x_train": pixels[:3], "x_test": pixels[3:]}
        np.savez(folder / "x.npz", **arrays, y_train=[[1], [0], [1]], y_test=[[1]])  # type: ignore[arg-type]
        line = ["data", "import", "x.npz", "--classes", "a,b", "-o", "x.h5"]
        assert "x.npz: has train and test: choose one with --split" in c10h(*line).err
        result = c10h(*line, "--split", "train")
        assert result.err.splitlines() == [
            "x.npz: images from x_train, (3, 8, 8, 3), truth from y_train",
            "x.h5: 3 images of 8 x 8 pixels, 2 classes, with truth, without ids",
        ]
        imported = read_file(folder / "x.h5", Images)
        np.testing.assert_array_equal(imported.images[:], pixels[:3], strict=True)
        assert imported.truth is not None
        assert imported.truth.tolist() == [1, 0, 1]

    def test_no_truth(self, folder: Path, c10h: Run) -> None:
        np.save("x.npy", np.zeros((3, 8, 8, 3), np.uint8))
        content = {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 0]}
        (folder / "test_batch").write_bytes(pickle.dumps(content, 2))
        for path in ("x.npy", "test_batch"):
            line = [path, "--no-truth", "--classes", "a,b", "-o", "x.h5", "--force"]
            assert "2 classes, without truth" in c10h("data", "import", *line).err
            assert read_file(folder / "x.h5", Images).truth is None

    def test_an_array(self, folder: Path, c10h: Run) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (3, 3, 40, 30), dtype=np.uint8)
        np.save("x.npy", pixels)
        np.save("y.npy", np.array([1, 0, 1], "u2"))
        (folder / "names").write_text("a\nb\nc\n")
        line = ["x.npy", "--labels", "y.npy", "--classes", "cat,dog", "--ids", "names"]
        result = c10h("data", "import", *line, "-o", "x.h5")
        assert result.err.splitlines() == [
            "y.npy: true classes of 3 of 3 items",
            "x.h5: 3 images of 30 x 40 pixels, 2 classes, with truth, with ids",
        ]
        imported = read_file(folder / "x.h5", Images)
        np.testing.assert_array_equal(imported.images[:], pixels.transpose(0, 2, 3, 1), strict=True)
        assert imported.truth is not None
        assert imported.truth.tolist() == [1, 0, 1]
        assert imported.classes == ("cat", "dog")
        assert imported.lineage is not None
        assert imported.lineage.options == {"classes": "cat,dog"}
        wanted = [("images", "x.npy"), ("labels", "y.npy"), ("ids", "names")]
        assert [(source.role, source.name) for source in imported.lineage.inputs] == wanted


class TestRealData:
    def test_the_test_set(self, folder: Path, c10h: Run, real_data: Path) -> None:
        path = real_data / "cifar10_test_images.npy"
        line = ["--labels", real_data / "cifar10_test_labels.npy", "--classes", "cifar10"]
        assert c10h("data", "import", path, *line, "-o", "x.h5").status == 0
        imported = read_file(folder / "x.h5", Images)
        np.testing.assert_array_equal(imported.images[:], np.load(path), strict=True)
        assert np.bincount(imported.truth).tolist() == [1000] * 10  # type: ignore[arg-type]

    @pytest.mark.full
    def test_the_training_set(self, folder: Path, process: Run, real_data: Path) -> None:
        path = real_data / "cifar10_train_jpeg.tar.xz"
        assert process("data", "import", path, "-o", "x.h5").status == 0
        imported = read_file(folder / "x.h5", Images)
        assert imported.classes == CIFAR10
        assert np.bincount(imported.truth).tolist() == [5000] * 10  # type: ignore[arg-type]
        assert imported.ids is not None
        with tarfile.open(path) as packed:
            packed.extractall(folder / "train", filter="data")
        pixels = imported.images[:]
        for row in range(0, 50_000, 487):
            picture = Image.open(folder / "train/train" / imported.ids[row])
            np.testing.assert_array_equal(pixels[row], np.asarray(picture))


@pytest.mark.full
def test_memory_for_200_000_pictures(folder: Path) -> None:
    """Peak memory of the command, or of its largest process, in MB; the pixels are 614 MB."""
    random = np.random.default_rng(0)
    with tarfile.open(folder / "x.tar", "w") as packed:
        for number in range(200_000):
            info = tarfile.TarInfo(f"{number % 7}/{number:06d}.png")
            content = png(random.integers(0, 256, (32, 32, 3), dtype=np.uint8))
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    line = [sys.executable, "-c", code, *PYTHON, "data", "import", "x.tar", "-o", "x.h5"]
    done = subprocess.run(line, stdout=subprocess.PIPE, check=True)
    assert int(done.stdout) < 300
    truth = read_file(folder / "x.h5", Images).truth
    assert truth is not None
    assert np.bincount(truth).tolist() == [28572] * 3 + [28571] * 4


def test_an_old_output_stays_until_the_new_one_is_whole(folder: Path) -> None:
    """A limit on the size of files is reached while pixels are collected, or at the end."""
    make_pictures(folder / "many", 400, 16)
    for limit in (0, 100_000, 310_000):  # 307,200 bytes of pixels

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        (folder / "x.h5").write_bytes(b"old")
        before = set(folder.iterdir())
        line = [*PYTHON, "data", "import", "many", "-o", "x.h5", "--force"]
        result = start(line, folder, preexec_fn=limited)
        assert result.status == 1
        what = "pixels of many" if limit < 307_200 else "x.h5"
        assert result.err == f"error: {what}: file too large\n"
        assert (folder / "x.h5").read_bytes() == b"old"
        assert set(folder.iterdir()) == before


def test_help_names_every_form(c10h: Run) -> None:
    shown: Any = c10h("data", "import", "--help").out
    options = ("--labels", "--no-truth", "--split", "--select", "--map", "--resize", "--ids")
    for word in (*options, "--skip-bad", "--skip-unlabeled", ".npz", ".pt", ".parquet"):
        assert word in shown


def test_true_classes_of_a_known_set(c10h: Run, tmp_path: Path) -> None:
    known = read_file(open_input("synthetic-far", "images").path, Images)
    np.save(tmp_path / "x.npy", known.images[:])
    output = tmp_path / "x.h5"
    result = c10h("data", "import", tmp_path / "x.npy", "--labels", "synthetic-far", "-o", output)
    assert result.status == 0, result.err
    imported = read_file(output, Images)
    assert imported.classes == known.classes
    np.testing.assert_array_equal(imported.truth, known.truth)
