"""Folders and archives of pictures: which are taken, in which order, and under which names."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from c10h.errors import AmbiguousError, C10hError, FileError, InputError, MismatchError
from c10h.files import Source
from c10h.formats.archives import Member
from c10h.images import folders, parallel_decoding
from c10h.images.folders import import_folder
from c10h.images.import_request import Choice, Imported, ImportRequest
from c10h.records import Array

from .files import ids, truth
from .files import png_of as png

Files = Mapping[str, bytes]


def picture(seed: int, size: tuple[int, int] = (4, 5)) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def request_of(**options: Any) -> ImportRequest:
    names = ("classes", "ids", "no_truth", "labels")
    more = {name: options.pop(name) for name in names if name in options}
    return ImportRequest(path="photos", choice=Choice(**options), **more)


def found_in(path: Path, **options: Any) -> Imported:
    source = Source(path, path.name)
    return import_folder(source, request_of(**options), path.parent, lambda _: lambda _: None)


def refused(path: Path, says: str, error: type[C10hError] = InputError, **choice: Any) -> None:
    with pytest.raises(error, match=says):
        found_in(path, **choice)


# In an order that is neither that of classes nor that of names; the number is the seed.
NAMES = [
    "dog/b.png",
    "cat/10.png",
    "dog/a.png",
    "cat/9.png",
    "cat/B.PNG",
    "cat/b.webp.jpeg",
    "é/1.png",
]
PICTURES = {name: png(picture(seed)) for seed, name in enumerate(NAMES)}
# Capital letters before small ones, digits one by one: the order of code points.
ORDER = [
    "cat/10.png",
    "cat/9.png",
    "cat/B.PNG",
    "cat/b.webp.jpeg",
    "dog/a.png",
    "dog/b.png",
    "é/1.png",
]


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    return write(tmp_path / "animals", PICTURES)


def archived(tmp_path: Path, form: str, names: list[str]) -> Path:
    path = tmp_path / f"x.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for name in names:
                zipped.writestr(name, PICTURES[name])
        return path
    mode: Any = f"w:{form.removeprefix('tar').removeprefix('.')}"
    with tarfile.open(path, mode) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(PICTURES[name])
            archive.addfile(info, io.BytesIO(PICTURES[name]))
    return path


class TestOrder:
    def test_by_class_then_by_path(self, animals: Path) -> None:
        found = found_in(animals)
        assert ids(found) == ORDER
        assert found.images.classes == ("cat", "dog", "é")
        assert truth(found) == [0, 0, 0, 0, 1, 1, 2]
        for row, name in enumerate(ORDER):
            np.testing.assert_array_equal(
                found.images.images[row : row + 1][0], picture(NAMES.index(name)), strict=True
            )
        assert found.images.images[3:3].shape == (0, 4, 5, 3)

    @pytest.mark.parametrize("form", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
    @pytest.mark.parametrize("names", [NAMES, NAMES[::-1], sorted(NAMES)])
    def test_archives_are_as_folders(
        self, tmp_path: Path, animals: Path, form: str, names: list[str]
    ) -> None:
        wanted = found_in(animals).images
        found = found_in(archived(tmp_path, form, names)).images
        np.testing.assert_array_equal(found.images[0:7], wanted.images[0:7], strict=True)
        np.testing.assert_array_equal(found.truth, wanted.truth, strict=True)
        np.testing.assert_array_equal(found.ids, wanted.ids, strict=True)
        assert found.classes == wanted.classes

    def test_classes_in_the_order_that_is_given(self, animals: Path) -> None:
        found = found_in(animals, classes=("é", "horse", "dog", "cat"))
        assert ids(found) == ["é/1.png", *ORDER[4:6], *ORDER[:4]]
        assert truth(found) == [0, 2, 2, 3, 3, 3, 3]
        assert found.notes == ("no image of horse",)

    @pytest.mark.parametrize("processors", [1, 2, 3])
    def test_in_processes_as_in_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int
    ) -> None:
        """100 pictures in batches of 7, which processes finish in any order."""
        monkeypatch.setattr(parallel_decoding, "BATCH_FILES", 7)
        monkeypatch.setattr(parallel_decoding, "processors", lambda: processors)
        files = {f"{k % 3}/{k:03d}.png": png(picture(k, (3 + k % 5, 8))) for k in range(100)}
        files["1/bad.png"] = b"broken"
        done: list[int] = []
        source = Source(write(tmp_path / "x", files), "x")
        request = request_of(side=6, skip_bad=True)
        found = import_folder(source, request, tmp_path, lambda _: done.append)
        rows = found.images.images[0:100]
        for row, name in enumerate(ids(found)):
            wanted = Image.open(tmp_path / "x" / name).resize((6, 6), Image.Resampling.BOX)
            np.testing.assert_array_equal(rows[row], np.asarray(wanted))
        assert sum(done) == 101
        assert found.excluded == {"bad-pictures": 1, "bad-pictures-named": ["1/bad.png"]}

    def test_memory_for_pixels_bounds_a_batch(self) -> None:
        members = [Member(str(k), b"x" * 10) for k in range(10)]
        sizes = [
            len(batch)
            for batch in parallel_decoding._batches(
                iter(members), parallel_decoding.BATCH_BYTES // 4
            )
        ]
        assert sizes == [4, 4, 2]
        assert [len(one) for one in parallel_decoding._batches(iter(members), 1 << 40)] == [1] * 10
        large = [Member(str(k), bytes(parallel_decoding.BATCH_BYTES // 2)) for k in range(4)]
        assert [len(one) for one in parallel_decoding._batches(iter(large), 1)] == [3, 1]


class TestWhichPictures:
    def test_a_split(self, tmp_path: Path) -> None:
        files = {
            f"{split}/{name}": PICTURES[name] for split in ("train", "valid") for name in NAMES
        }
        root = write(tmp_path / "set", {**files, "logo.png": b"no picture"})
        found = found_in(root, splits=("valid",))
        assert ids(found) == ORDER
        assert ids(found_in(root, splits=("valid/",))) == ORDER
        says = "expected images .* in test, found '.', 'train'"
        refused(root, says, splits=("valid", "test"))
        both = found_in(root, splits=("valid", "train"))
        assert ids(both)[:2] == ["train/cat/10.png", "train/cat/9.png"]
        assert len(ids(both)) == 14

    def test_a_split_may_be_deep(self, tmp_path: Path) -> None:
        root = write(tmp_path, {f"ILSVRC/Data/train/{name}": PICTURES[name] for name in NAMES})
        for splits in ((), ("train",), ("Data/train",), ("ILSVRC/Data/train",)):
            assert ids(found_in(root, splits=splits)) == ORDER
        refused(root, "expected images .* in rain, found 'ILSVRC/Data/train'", splits=("rain",))

    def test_two_folders_without_a_split(self, tmp_path: Path) -> None:
        files = {f"{split}/{name}": PICTURES[name] for split in ("a/x", "b/x") for name in NAMES}
        root = write(tmp_path, files)
        says = "found class folders in 'a/x' and 'b/x': choose one with --split"
        refused(root, says, AmbiguousError)
        refused(root, says, AmbiguousError, splits=("x",))
        assert ids(found_in(root, splits=("b/x",))) == ORDER

    def test_the_folder_itself_as_a_split(self, tmp_path: Path) -> None:
        root = write(tmp_path, {**PICTURES, "old/cat/1.png": PICTURES["dog/a.png"]})
        refused(root, "'.' and 'old'", AmbiguousError)
        assert ids(found_in(root, splits=(".",))) == ORDER

    @pytest.mark.parametrize(
        ("pattern", "wanted"),
        [
            ("[0-9]*", ["cat/10.png", "cat/9.png", "dog/2.png"]),
            ("![0-9]*", ["cat/B.PNG", "cat/b.webp.jpeg", "dog/a.png"]),
            ("*.png", ["cat/10.png", "cat/9.png", "dog/2.png", "dog/a.png"]),
            ("?.*", ["cat/9.png", "cat/B.PNG", "cat/b.webp.jpeg", "dog/2.png", "dog/a.png"]),
        ],
    )
    def test_select(self, tmp_path: Path, pattern: str, wanted: list[str]) -> None:
        files = {name: PICTURES[name] for name in [*ORDER[:4], "dog/a.png"]}
        root = write(tmp_path, {**files, "dog/2.png": PICTURES["dog/b.png"]})
        assert ids(found_in(root, select=pattern)) == wanted

    def test_select_from_cinic_10(self, tmp_path: Path) -> None:
        names = [
            f"{label}/{one}"
            for label in ("cat", "dog")
            for one in ("cifar10-train-1.png", "n02123394_1.png")
        ]
        root = write(tmp_path, {f"train/{name}": png(picture(1)) for name in names})
        found = found_in(root, select="!cifar10-*", splits=("train",))
        assert ids(found) == ["cat/n02123394_1.png", "dog/n02123394_1.png"]
        assert ids(found_in(root, select="cifar10-*")) == [names[0], names[2]]

    def test_a_map(self, animals: Path) -> None:
        found = found_in(
            animals, to_class={"é": "mammal", "cat": "mammal", "gnu": "other", "x": "last"}
        )
        assert ids(found) == [*ORDER[:4], "é/1.png"]
        assert found.images.classes == ("mammal", "other", "last")
        assert truth(found) == [0] * 5
        left = "left out 2 images in 1 folder not in --map"
        assert found.notes == (left, "no image of other, last")

    def test_a_map_to_classes_in_another_order(self, animals: Path) -> None:
        found = found_in(animals, to_class={"cat": "a", "dog": "b", "é": "a"}, classes=("b", "a"))
        assert ids(found) == [*ORDER[4:6], *ORDER[:4], ORDER[6]]

    def test_other_files_are_not_read(self, tmp_path: Path) -> None:
        other = ["cat/x.psd", "cat/x.TXT", "y.txt", "README", "dog/.x.png", ".git/x.txt"]
        found = found_in(write(tmp_path, {**PICTURES, **dict.fromkeys(other, b"")}))
        assert ids(found) == ORDER
        assert found.notes == ("skipped 4 files: 2 .txt, 1 with no extension, 1 .psd",)


class TestIds:
    def test_forms(self, animals: Path) -> None:
        assert ids(found_in(animals, ids="name")) == [one.split("/")[1] for one in ORDER]
        assert found_in(animals, ids="none").images.ids is None

    def test_equal_file_names(self, tmp_path: Path) -> None:
        root = write(tmp_path, {"a/1.png": png(picture(0)), "b/1.png": png(picture(1))})
        assert ids(found_in(root)) == ["a/1.png", "b/1.png"]
        refused(root, r"two images have the id 1\.png \(--ids path", ids="name")

    @pytest.mark.parametrize("form", ["path", "none"])
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_picture_that_is_in_an_archive_twice(self, tmp_path: Path, form: str) -> None:
        for one in ("tar", "zip"):
            path = archived(tmp_path, one, [*NAMES, "dog/a.png"])
            refused(path, r"two images have the id dog/a\.png$", ids=form)


class TestRefused:
    @pytest.mark.parametrize(
        ("files", "says"),
        [
            ({}, r"expected images \(PNG, JPEG, .*\) in class folders, found none$"),
            (
                {"a/x.psd": b"", "b/x.psd": b""},
                r"in class folders, found none \(skipped 2 files: 2 \.psd\)$",
            ),
            (
                {"1.png": b""},
                r"1\.png: expected images only in class folders .*--labels.*--no-truth",
            ),
            (
                {"a/1.png": png(picture(0))},
                "expected two or more class folders, found a .*--labels",
            ),
            ({"a/1.png": b"", "b/c/1.png": b""}, "found class folders in '.' and 'b'"),
        ],
    )
    def test_folders(self, tmp_path: Path, files: Files, says: str) -> None:
        refused(write(tmp_path, files), says, skip_bad=True)

    @pytest.mark.parametrize("content", [{}, {"gnu/x.psd": b""}])
    def test_an_empty_class_folder(self, animals: Path, content: Files) -> None:
        write(animals, content)
        (animals / "gnu").mkdir(exist_ok=True)
        refused(animals, "animals: the class folder gnu has no images")
        found = found_in(animals, to_class={"cat": "a", "dog": "b"})
        assert len(ids(found)) == 6  # the map does not have the empty folder
        refused(animals, "folder gnu has no images", to_class={"gnu": "a", "dog": "b"})

    def test_an_empty_class_folder_in_archives(self, tmp_path: Path, animals: Path) -> None:
        (animals / "gnu").mkdir()
        with tarfile.open(tmp_path / "x.tar", "w") as archive:
            archive.add(animals, arcname="animals")
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as zipped:
            for path in animals.rglob("*"):
                zipped.write(path, path.relative_to(animals))
        refused(tmp_path / "x.tar", "the class folder animals/gnu has no images")
        refused(tmp_path / "x.zip", "the class folder gnu has no images")

    def test_a_selection_that_leaves_nothing_of_a_class(self, animals: Path) -> None:
        refused(animals, r"--select \[ab\]\*: no image of é matches", select="[ab]*")

    def test_a_folder_that_is_no_class(self, animals: Path) -> None:
        says = "folder 'é': expected a class of cat, dog"
        refused(animals, says, MismatchError, classes=("cat", "dog"))

    def test_a_map_of_other_folders(self, animals: Path) -> None:
        says = "expected images .* that are in --map, found cat, dog, é"
        refused(animals, says, to_class={"n1": "a", "n2": "b"})

    @pytest.mark.parametrize("size", [(4, 6), (5, 5), (5, 4), (400, 5)])
    def test_another_size(self, animals: Path, size: tuple[int, int]) -> None:
        write(animals, {"dog/c.png": png(picture(0, size))})
        says = f"dog/c.png: expected 5 x 4 pixels as in cat/10.png, found {size[1]} x {size[0]}"
        refused(animals, says, MismatchError)
        refused(animals, says, MismatchError, skip_bad=True)
        assert found_in(animals, side=3).images.images.shape == (8, 3, 3, 3)


class TestBadPictures:
    def test_named_and_refused(self, animals: Path) -> None:
        write(animals, {"dog/aa.png": PICTURES["dog/a.png"][:50]})
        refused(
            animals, r"animals: dog/aa\.png: .* \(--skip-bad leaves such images out\)", FileError
        )

    @pytest.mark.parametrize("name", ["cat/0.png", "dog/aa.png", "é/2.png"])
    def test_left_out(self, animals: Path, name: str) -> None:
        """The first one, one between others, and the last one."""
        wanted = found_in(animals).images
        write(animals, {name: b"broken"})
        found = found_in(animals, skip_bad=True)
        assert found.excluded["bad-pictures-named"] == [name]
        assert ids(found) == ORDER
        np.testing.assert_array_equal(found.images.images[0:7], wanted.images[0:7], strict=True)

    def test_a_large_one_in_an_archive(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "MOST_BYTES", 1000)
        monkeypatch.setitem(PICTURES, "dog/a.png", bytes(1001))
        for form in ("tar", "zip"):
            found = found_in(archived(tmp_path, form, NAMES), skip_bad=True)
            (told,) = found.notes
            assert told == "left out 1 undecodable image, the first is dog/a.png: larger than 64 MB"
            assert len(ids(found)) == 6

    def test_nothing_else(self, tmp_path: Path) -> None:
        root = write(tmp_path, {"a/1.png": b"x", "b/1.png": b"x"})
        refused(
            root, "expected images, found only 2 that cannot be decoded", FileError, skip_bad=True
        )

    def test_what_pictures_were(self, animals: Path) -> None:
        write(animals, {"dog/c.png": png(picture(1)[..., 0]), "cat/c.png": png(picture(2)[..., 0])})
        assert found_in(animals).notes == ("2 grey images converted to RGB",)

    def test_turned_and_animated_pictures_are_told(self, animals: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 3
        first, second = (Image.new("RGB", (5, 4), (grey,) * 3) for grey in (0, 200))
        first.save(animals / "cat/turned.jpg", exif=exif)
        first.save(animals / "dog/turned.tif", exif=exif)
        first.save(animals / "cat/moving.webp", save_all=True, append_images=[second])
        first.save(animals / "cat/pages.tif", save_all=True, append_images=[second])
        write(animals, {"dog/deep.png": png(np.zeros((4, 5), np.uint16))})
        assert sorted(found_in(animals).notes) == [
            "1 16-bit image converted to RGB",
            "1 animated image: its first frame was used",
            "1 file of several images: the first was used",
            "2 images were rotated by their EXIF orientation",
        ]


def test_the_hash_of_a_folder_is_that_of_what_sha256sum_prints(animals: Path) -> None:
    write(animals, {"cat/bad.png": b"broken", "cat/notes.txt": b"not read"})
    content = {**PICTURES, "cat/bad.png": b"broken"}
    lines = [f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content)]
    wanted = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert found_in(animals, skip_bad=True).source.sha256 == wanted


@pytest.mark.parametrize("make", [lambda one: one.mkdir(), lambda one: one.write_bytes(b"")])
def test_the_scratch_folder_stays_empty(
    tmp_path: Path, animals: Path, make: Callable[[Path], None]
) -> None:
    make(animals / "dog/x.png")
    before = set(tmp_path.iterdir())
    if (animals / "dog/x.png").is_dir():
        assert len(truth(found_in(animals))) == 7
    else:
        refused(animals, "x.png", FileError)
    assert set(tmp_path.iterdir()) == before
