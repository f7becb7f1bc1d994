"""Pictures whose folders tell no classes: without truth, or with a table of files."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from c10h import h5
from c10h.errors import AmbiguousError, FileError, InputError, MismatchError, SchemaError
from c10h.files import Source
from c10h.images.import_request import Imported
from c10h.records import Labels

from .files import greys, ids, png
from .files import imported as imported_from

MOODS = ("happy", "sad")


def write(folder: Path, names: list[str]) -> Path:
    """Pictures of which each has its number in the list as colour."""
    for value, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(value))
    return folder


def archived(root: Path, form: str, inside: str) -> Path:
    """An archive of a folder, whose files are below another folder in it."""
    path = root.with_suffix(f".{form}")
    files = sorted((one for one in root.rglob("*") if one.is_file()), reverse=True)
    names = {one: inside + str(one.relative_to(root)) for one in files}
    if form == "zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for one, name in names.items():
                zipped.write(one, name)
    else:
        with tarfile.open(path, "w") as packed:
            for one, name in names.items():
                packed.add(one, name)
    return path


def imported(path: Path, labels: str | bytes | None = None, **options: Any) -> Imported:
    """What ``data import`` makes of a path, with these lines as the table of its classes."""
    if "labels_file" in options:
        options["labels"] = options.pop("labels_file")
    if labels is not None:
        table = path.parent / "labels.csv"
        table.write_bytes(labels if isinstance(labels, bytes) else labels.encode())
        options["labels"] = table
    return imported_from(path, **options)


def refused(
    path: Path,
    says: str,
    error: type[InputError] = InputError,
    labels: str | bytes | None = None,
    **options: Any,
) -> None:
    with pytest.raises(error, match=says):
        imported(path, labels, **options)


def classes_of(found: Imported) -> dict[str, str]:
    """The class of each picture, by its id."""
    truth = found.images.truth
    assert truth is not None
    return {
        one: found.images.classes[int(number)]
        for one, number in zip(ids(found), truth, strict=True)
    }


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    return write(tmp_path / "faces", ["9.png", "10.png", "b.jpeg", "B.png"])


TABLE = "file,label\n9.png,sad\n10.png,happy\nB.png,happy\nb.jpeg,sad\n"
WANTED = {"10.png": "happy", "9.png": "sad", "B.png": "happy", "b.jpeg": "sad"}


class TestWithoutTruth:
    def test_in_the_order_of_their_paths(self, faces: Path) -> None:
        found = imported(faces, no_truth=True, classes=MOODS)
        assert ids(found) == ["10.png", "9.png", "B.png", "b.jpeg"]
        assert greys(found) == [1, 0, 3, 2]
        assert found.images.truth is None
        assert found.images.classes == MOODS
        assert found.notes == ()

    @pytest.mark.parametrize("form", ["tar", "zip"])
    @pytest.mark.parametrize("inside", ["", "faces/", "a/b/"])
    def test_archives_are_as_folders(self, faces: Path, form: str, inside: str) -> None:
        wanted = imported(faces, no_truth=True, classes=MOODS)
        found = imported(archived(faces, form, inside), no_truth=True, classes=MOODS)
        assert (ids(found), greys(found)) == (ids(wanted), greys(wanted))

    def test_class_folders_are_part_of_the_ids(self, tmp_path: Path) -> None:
        root = write(tmp_path / "x", ["dog/1.png", "cat/2.png", "cat/deep/1.png", "0.png"])
        found = imported(root, no_truth=True, classes=MOODS)
        assert ids(found) == ["0.png", "cat/2.png", "cat/deep/1.png", "dog/1.png"]
        assert found.images.truth is None
        refused(
            root,
            "two images have the id 1.png .--ids path",
            no_truth=True,
            classes=MOODS,
            ids="name",
        )

    def test_folders_that_all_pictures_are_in_are_left_out(self, tmp_path: Path) -> None:
        root = write(tmp_path / "x", ["a/b/c/1.png", "a/bc/1.png"])
        assert ids(imported(root, no_truth=True, classes=MOODS)) == ["b/c/1.png", "bc/1.png"]
        root = write(tmp_path / "y", ["a/b/1.png", "a/b/2.png"])
        assert ids(imported(root, no_truth=True, classes=MOODS)) == ["1.png", "2.png"]

    def test_classes_must_be_named(self, faces: Path) -> None:
        refused(
            faces,
            "--no-truth: which classes are possible. Name them, e.g. --classes a,b",
            AmbiguousError,
            no_truth=True,
        )

    @pytest.mark.parametrize("inside", ["", "faces/"])
    def test_names_of_classes_are_enough_for_a_flat_folder(self, faces: Path, inside: str) -> None:
        for path in (faces, archived(faces, "tar", inside)):
            found = imported(path, classes=MOODS)
            assert ids(found) == ["10.png", "9.png", "B.png", "b.jpeg"]
            assert found.images.truth is None
            (told,) = found.notes
            assert "without truth (--labels TABLE" in told

    def test_and_for_one_folder_in_it(self, faces: Path) -> None:
        found = imported(faces.parent, classes=MOODS)
        assert ids(found)[0] == "10.png"
        assert found.notes == (
            "images in the folder 'faces': imported without truth "
            "(--labels TABLE of file,class gives it)",
        )

    @pytest.mark.parametrize(
        "names",
        [
            ["1.png", "happy/1.png"],
            ["happy/1.png", "zzz.png"],
            ["happy/1.png", "zzz/1.png"],
            ["a/1.png", "happy/1.png"],
            ["a/1.png", "b/1.png"],
            ["1.png", "b/1.png"],
        ],
    )
    def test_but_not_for_folders_of_which_some_are_classes(
        self, tmp_path: Path, names: list[str]
    ) -> None:
        root = write(tmp_path / "x", names)
        says = "expected a class of happy, sad .*--map .*--labels TABLE .*--no-truth"
        refused(root, says, MismatchError, classes=MOODS)
        assert len(ids(imported(root, no_truth=True, classes=MOODS))) == 2

    def test_select(self, faces: Path) -> None:
        options: list[dict[str, Any]] = [{"no_truth": True}, {}]
        for more in options:
            found = imported(faces, classes=MOODS, select="![0-9]*", **more)
            assert ids(found) == ["B.png", "b.jpeg"]
            refused(faces, "that match --select, found none", classes=MOODS, select="x*", **more)

    def test_a_split(self, tmp_path: Path) -> None:
        names = ["train/1.png", "train/deep/2.png", "test/3.png", "4.png", "xtrain/5.png"]
        root = write(tmp_path / "x", names)
        options: dict[str, Any] = {"no_truth": True, "classes": MOODS}
        assert ids(imported(root, splits=("train",), **options)) == ["1.png", "deep/2.png"]
        assert ids(imported(root, splits=(".",), **options)) == ["4.png"]
        both = imported(root, splits=("train", "test"), **options)
        assert ids(both) == ["test/3.png", "train/1.png", "train/deep/2.png"]
        refused(root, r"in valid \(--split\), found none", splits=("valid", "train"), **options)

    def test_bad_pictures(self, faces: Path) -> None:
        (faces / "0.png").write_bytes(b"broken")
        refused(faces, r"faces: 0\.png: not a PNG", FileError, no_truth=True, classes=MOODS)
        found = imported(faces, no_truth=True, classes=MOODS, skip_bad=True)
        assert greys(found) == [1, 0, 3, 2]

    def test_no_pictures(self, tmp_path: Path) -> None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x/1.psd").write_bytes(b"")
        says = r"expected images .*, found none \(skipped 1 file: 1 \.psd\)"
        refused(tmp_path / "x", says, no_truth=True, classes=MOODS)

    def test_options_that_contradict(self, faces: Path) -> None:
        options: dict[str, Any] = {"no_truth": True, "classes": MOODS}
        refused(faces, "--map cannot be combined with", to_class={"a": "b"}, **options)
        refused(faces, "--skip-unlabeled needs --labels", skip_unlabeled=True, **options)
        refused(faces, "--labels and --no-truth exclude each other", labels=TABLE, **options)


class TestTables:
    @pytest.mark.parametrize(
        "table",
        [
            TABLE,
            "\ufeff" + TABLE.replace("\n", "\r\n"),
            TABLE.partition("\n")[2],
            TABLE.replace(",", ";"),
            TABLE.replace(",", "\t"),
            TABLE.replace(",", " | ").replace(" | ", "|"),
            TABLE.partition("\n")[2].replace(",", " "),
            "File Name,Emotion\n" + TABLE.partition("\n")[2],
            "image,what\n" + TABLE.partition("\n")[2],
            'class,ID\n"happy","B.png"\nhappy,10.png\nsad,9.png\nsad,b.jpeg\n',
            "emotion,image\nhappy,B.png\nhappy,10.png\nsad,9.png\nsad,b.jpeg\n",
            ",id,age,TARGET\n0,B.png,3,happy\n1,10.png,4,happy\n2,9.png,5,sad\n3,b.jpeg,6,sad\n",
            "filename,usage,Label\nB,a,happy\n10,b,happy\n9,a,sad\nb,a,sad\n",
            "./B.png,happy\nx/10.png,happy\n/data/faces/9.png,sad\nC:\\faces\\b.jpeg,sad\n\n",
        ],
    )
    @pytest.mark.parametrize("form", ["", "tar"])
    def test_layouts(self, faces: Path, table: str, form: str) -> None:
        path = archived(faces, form, "set/faces/") if form else faces
        found = imported(path, table)
        assert classes_of(found) == WANTED
        assert found.images.classes == MOODS
        assert greys(found) == [1, 0, 3, 2]

    def test_what_was_taken_is_told(self, faces: Path) -> None:
        assert imported(faces, TABLE).notes == (
            "labels.csv: files from column 'file', classes from 'label'",
            "labels.csv: classes in sorted order, happy, sad (--classes sets a different order)",
        )
        assert imported(faces, TABLE, classes=("sad", "bored", "happy")).notes == (
            "labels.csv: files from column 'file', classes from 'label'",
            "no image of bored",
        )

    def test_classes_in_another_order(self, faces: Path) -> None:
        found = imported(faces, TABLE, classes=("sad", "happy"))
        assert found.images.classes == ("sad", "happy")
        assert classes_of(found) == WANTED

    def test_class_numbers(self, faces: Path) -> None:
        table = TABLE.replace("sad", "2").replace("happy", "10")
        says = "no image has class 0: if .* from 1, use --one-based; .*, use --classes 11"
        refused(faces, says, AmbiguousError, table)
        found = imported(faces, table, classes=tuple(map(str, range(11))))
        assert found.images.truth.tolist() == [10, 2, 10, 2]  # type: ignore[union-attr]
        named = imported(faces, table, classes=tuple("abcdefghijk"))
        assert set(classes_of(named).values()) == {"c", "k"}
        says = r"labels\.csv: 10\.png: expected a class from 0 to 1, found 10"
        refused(faces, says, SchemaError, table, classes=MOODS)

    def test_names_that_are_numbers_are_names_first(self, faces: Path) -> None:
        table = TABLE.replace("sad", "2").replace("happy", "1")
        found = imported(faces, table, classes=("2", "1"))
        assert found.images.truth.tolist() == [1, 0, 1, 0]  # type: ignore[union-attr]

    def test_class_numbers_from_1(self, faces: Path) -> None:
        table = TABLE.replace("sad", "2").replace("happy", "1")
        refused(faces, "no image has class 0: .* --one-based", AmbiguousError, table)
        assert set(classes_of(imported(faces, table, one_based=True)).values()) == {"0", "1"}

    def test_a_huge_class_number(self, faces: Path) -> None:
        table = TABLE.replace("sad", "2").replace("happy", "123456789012")
        refused(
            faces, "expected a class number of at least 0, found 123456789012", SchemaError, table
        )

    def test_a_class_that_is_called_like_a_column(self, faces: Path) -> None:
        """The first line is no header where its word is a class of other lines."""
        table = "9,target\n10,noise\nB,noise\nb,target\n"
        assert classes_of(imported(faces, table))["9.png"] == "target"

    def test_lines_of_no_picture_are_told(self, faces: Path) -> None:
        found = imported(faces, TABLE + "zz.png,sad\nyy.png,angry\n")
        assert classes_of(found) == WANTED
        assert found.images.classes == MOODS  # a class that no picture has is none
        told = "labels.csv: 2 lines without an imported image, the first is 'zz.png'"
        assert told in found.notes

    def test_a_header_of_other_words_is_such_a_line(self, faces: Path) -> None:
        found = imported(faces, "GalaxyID,Morphology\n" + TABLE.partition("\n")[2])
        assert classes_of(found) == WANTED
        assert any(
            "1 line without an imported image" in note and "GalaxyID" in note
            for note in found.notes
        )

    def test_pictures_that_the_table_lacks(self, faces: Path) -> None:
        table = TABLE.replace("9.png,sad\n", "")
        says = (
            r"faces: 9\.png: expected a class in labels\.csv, .*a file name there is '10\.png' "
            r"\(--skip-unlab"
        )
        refused(faces, says, SchemaError, table)
        for path in (faces, archived(faces, "zip", "")):
            found = imported(path, table, skip_unlabeled=True)
            assert classes_of(found) == {one: WANTED[one] for one in WANTED if one != "9.png"}
            assert "left out 1 image without a class in labels.csv" in found.notes
        refused(
            faces, r"9\.png: expected a class in", SchemaError, TABLE.replace("9.png,sad", "9.png,")
        )

    def test_a_table_of_other_pictures(self, faces: Path) -> None:
        says = "expected images .* that are in the table, found none"
        refused(faces, says, InputError, "x.png,happy\ny.png,sad\n", skip_unlabeled=True)

    def test_pictures_that_are_left_out_are_not_decoded(self, faces: Path) -> None:
        (faces / "0.png").write_bytes(b"broken")
        assert classes_of(imported(faces, TABLE, skip_unlabeled=True)) == WANTED

    def test_paths_tell_equal_names_apart(self, tmp_path: Path) -> None:
        root = write(tmp_path / "x", ["a/1.png", "b/1.png", "b/2.png"])
        table = "a/1.png,happy\nx/b/1.png,sad\n2.png,happy\n"
        wanted = {"a/1.png": "happy", "b/1.png": "sad", "b/2.png": "happy"}
        for path in (root, archived(root, "tar", "x/"), archived(root, "tar", "other/")):
            assert classes_of(imported(path, table)) == wanted

    def test_one_line_for_two_pictures(self, tmp_path: Path) -> None:
        root = write(tmp_path / "x", ["a/1.png", "b/1.png"])
        says = r"labels\.csv: which image is '1\.png', a/1\.png or b/1\.png\?"
        refused(root, says, AmbiguousError, "1.png,happy\n2.png,sad\n")
        root = write(tmp_path / "y", ["1.png", "1.jpg"])
        refused(root, "which image is '1'", AmbiguousError, "1,happy\n2,sad\n")

    def test_two_lines_for_one_picture(self, tmp_path: Path) -> None:
        root = write(tmp_path / "x", ["1.png", "2.png"])
        refused(root, r"x: 1\.png: expected a class", SchemaError, "a/1.png,happy\nb/1.png,sad\n")

    def test_class_folders_do_not_matter(self, tmp_path: Path) -> None:
        root = write(tmp_path / "x", ["cat/1.png", "dog/2.png"])
        found = imported(root, "1.png,dog\n2.png,cat\n")
        assert classes_of(found) == {"cat/1.png": "dog", "dog/2.png": "cat"}

    @pytest.mark.parametrize(
        ("table", "says", "error"),
        [
            ("", "found an empty file .expected a table of file,class", FileError),
            ("9.png\n10.png\n", "found one column: '9.png'", FileError),
            ("file,label\n", "found no such line", FileError),
            (b"\xff\xfe9\0", "expected a table of file,class, found one column: '9'", FileError),
            (b"\x93NUMPY\1\0v\0", "expected a table of file,class", FileError),
            (
                "9.png,sad\n10.png\n",
                "10.png: expected a class in labels.csv, found none",
                SchemaError,
            ),
            ("9.png,sad\n,sad\n", "line 2: expected a file and a class", SchemaError),
            (
                TABLE + "9.png,happy\n",
                "line 6: 9.png is listed as 'sad' and as 'happy'.*labels build reads judgments",
                SchemaError,
            ),
            (
                "image,usage,happy,sad\n9.png,train,3,4\n",
                "expected one class per item, found columns image, usage, happy, sad: "
                "labels.csv:COLUMN names the column of true classes",
                SchemaError,
            ),
            (
                "image,mood,note\n9.png,sad,a\n10.png,happy,b\n",
                "which column is the class. Name it label, or use --labels labels.csv:COLUMN; "
                "found image, mood, note$",
                AmbiguousError,
            ),
            ("9.png,sad,a\n10.png,happy,b\n", "found 9.png, sad, a$", AmbiguousError),
            (
                "item,happy,sad\n9.png,0.75,0.25\n10.png,1.0,0.0\n",
                "found shares of 2 classes, of several in 1 of 2 rows: .* --as majority",
                SchemaError,
            ),
            (
                "item,votes,happy,sad\n9.png,4,0.75,0.25\n10.png,3,1.0,0.0\n",
                "found shares of 2 classes, of several in 1 of 2 rows: .* --as majority",
                SchemaError,
            ),
            (
                TABLE.replace("happy", "0.5").replace("sad", "1.0"),
                "10.png: expected a class, found 0.5, a number that is no name of a class",
                SchemaError,
            ),
            (TABLE.replace("sad", "happy"), "two or more classes, found only 'happy'", InputError),
        ],
    )
    def test_other_tables(
        self, faces: Path, table: str | bytes, says: str, error: type[InputError]
    ) -> None:
        refused(faces, says, error, table)

    def test_a_word_that_is_no_class(self, faces: Path) -> None:
        says = r"labels\.csv: 9\.png: expected a class of happy, bored, found 'sad'"
        refused(faces, says, SchemaError, TABLE, classes=("happy", "bored"))

    def test_the_same_line_twice(self, faces: Path) -> None:
        assert classes_of(imported(faces, TABLE + "9.png,sad\n")) == WANTED

    def test_options_that_contradict(self, faces: Path) -> None:
        refused(faces, "--map cannot be combined with", labels=TABLE, to_class={"a": "b"})
        refused(
            faces,
            "--ids: expected path, name, none for images",
            labels=TABLE,
            ids_file=Source.open(__file__),
        )


PATHS = ["10.png", "9.png", "B.png", "b.jpeg"]
NAMES = np.array(["b.jpeg", "faces/9.png", "10", "B.png", "other.png"])


class TestFilesOfTruth:
    """Files that tell the class of each picture and are no table of file,class."""

    def labels(self, folder: Path, rows: list[list[float]], **more: Any) -> Path:
        path = folder / "labels.h5"
        record = Labels(
            classes=("sad", "happy"), probs=np.array(rows, np.float64), ids=NAMES, **more
        )
        h5.write(record, str(path))
        return path

    def test_the_truth_of_labels(self, faces: Path, tmp_path: Path) -> None:
        truth = np.array([0, 0, 1, 1, 0])
        path = self.labels(tmp_path, [[0.5, 0.5]] * 5, truth=truth)
        found = imported(faces, labels_file=path)
        assert found.images.classes == ("sad", "happy")
        assert classes_of(found) == WANTED
        told = "labels.h5: 1 line without an imported image, the first is 'other.png'"
        assert told in found.notes

    def test_labels_of_one_class(self, faces: Path, tmp_path: Path) -> None:
        path = self.labels(tmp_path, [[1, 0], [1, 0], [0, 1], [0, 1], [1, 0]])
        assert classes_of(imported(faces, labels_file=path)) == WANTED
        found = imported(faces, labels_file=path, classes=("happy", "sad"))
        assert found.images.classes == ("happy", "sad")
        assert classes_of(found) == WANTED

    def test_ties_have_no_class(self, faces: Path, tmp_path: Path) -> None:
        path = self.labels(tmp_path, [[0.5, 0.5], [1, 0], [0, 1], [0, 1], [1, 0]])
        found = imported(faces, labels_file=path)
        assert found.images.truth is not None
        assert dict(zip(ids(found), found.images.truth.tolist(), strict=True)) == {
            "10.png": 1,
            "9.png": 0,
            "B.png": 1,
            "b.jpeg": -1,
        }
        assert any("1 row with several classes in equal parts" in note for note in found.notes)
        found = imported(faces, labels_file=path, skip_unlabeled=True)
        assert ids(found) == PATHS[:3]
        assert "left out 1 image without a class in labels.h5" in found.notes

    def test_shares(self, faces: Path, tmp_path: Path) -> None:
        path = self.labels(tmp_path, [[0.9, 0.1], [1, 0], [0, 1], [0, 1], [1, 0]])
        says = r"1 of 5 rows are shares .*--as majority .*\(--no-truth leaves the classes out\)$"
        refused(faces, says, FileError, labels_file=path)

    @pytest.mark.parametrize("tie", [False, True])
    def test_what_show_writes_of_labels(self, faces: Path, tie: bool) -> None:
        first = "0.5,0.5" if tie else "1.0,0.0"
        rows = [f"b.jpeg,{first}", "9.png,1.0,0.0", "10.png,0.0,1.0", "B.png,0.0,1.0", ""]
        found = imported(faces, "item,sad,happy\n" + "\n".join(rows))
        assert found.images.classes == ("sad", "happy")
        assert found.images.truth is not None
        assert found.images.truth.tolist() == [1, 0, 1, -1 if tie else 0]
        (told,) = found.notes
        assert told.startswith(f"labels.csv: true classes of {3 if tie else 4} of 4 items; one-hot")
        assert told.endswith(
            "classes sad, happy (as the columns; --classes sets a different order)"
        )
        assert ("1 row with several classes in equal parts" in told) == tie

    def test_a_column_by_name(self, faces: Path, tmp_path: Path) -> None:
        table = tmp_path / "x.csv"
        rows = ["9.png,a,sad", "10.png,b,happy", "B.png,a,happy", "b.jpeg,b,sad"]
        table.write_text("image,note,mood\n" + "\n".join(rows))
        assert classes_of(imported(faces, labels_file=f"{table}:mood")) == WANTED

    def test_arrays_with_names(self, faces: Path, tmp_path: Path) -> None:
        words = np.array(["sad", "sad", "happy", "happy", "sad"])
        np.savez(tmp_path / "y.npz", y=words, ids=NAMES)
        assert classes_of(imported(faces, labels_file=tmp_path / "y.npz")) == WANTED

    def test_arrays_without_names(self, faces: Path, tmp_path: Path) -> None:
        np.save(tmp_path / "y.npy", np.array([0, 1, 0, 1]))
        says = r"^y\.npy: expected the name of a file beside each class, found none: .*called ids"
        refused(faces, says, SchemaError, labels_file=tmp_path / "y.npy")


def test_many_pictures_with_a_table_in_another_order(tmp_path: Path) -> None:
    """300 pictures, which are decoded in several processes."""
    names = [f"{number:03d}.png" for number in range(300)]
    stream = {name: png(number % 256) for number, name in enumerate(names)}
    root = tmp_path / "x"
    root.mkdir()
    for name, content in stream.items():
        (root / name).write_bytes(content)
    table: Mapping[str, int] = {name: number % 7 for number, name in enumerate(names)}
    lines = [f"{name},{value}" for name, value in sorted(table.items(), reverse=True)]
    found = imported(root, "\n".join(lines))
    assert found.images.truth is not None
    np.testing.assert_array_equal(found.images.truth, np.arange(300) % 7)
    assert greys(found) == [number % 256 for number in range(300)]
