"""Folders of data sets, as Hugging Face's library writes them and its repositories have them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import polars
import pytest

from c10h.errors import AmbiguousError, FileError, InputError

from .files import greys, imported, png, refused, truth

CLASSES = ("fox", "cat")


def repository(folder: Path, **sizes: int) -> Path:
    """A folder data with a .parquet file for each part; pictures are numbered by their grey."""
    (folder / "data").mkdir()
    for name, size in sizes.items():
        rows = [{"bytes": png(row), "path": f"{name}-{row}.png"} for row in range(size)]
        table = polars.DataFrame({"image": rows, "label": [row % 2 for row in range(size)]})
        table.write_parquet(folder / "data" / f"{name.replace('_', '-')}.parquet")
    (folder / "README.md").write_text("about")
    return folder


# In a process of its own, as a package of these tests has the name of the library.
WRITE = f"""
import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image
from PIL import Image as Picture

features = Features({{"image": Image(), "label": ClassLabel(names={list(CLASSES)})}})

def split(count, first):
    greys = [np.full((4, 4, 3), first + row, np.uint8) for row in range(count)]
    pictures = [Picture.fromarray(grey) for grey in greys]
    labels = [row % 2 for row in range(count)]
    return Dataset.from_dict({{"image": pictures, "label": labels}}, features=features)

both = DatasetDict({{"train": split(7, 100), "test": split(3, 200)}})
both.save_to_disk("both", num_shards={{"train": 2, "test": 1}})
both["test"].save_to_disk("one")
both["train"].to_parquet("parquet/train-00000-of-00001.parquet")
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders that the library itself has written."""
    folder = tmp_path_factory.mktemp("written")
    line = [sys.executable, "-I", "-c", WRITE]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    if "No module named 'datasets'" in done.stderr:
        pytest.skip("needs Hugging Face's datasets")
    assert done.returncode == 0, done.stderr
    return folder


class TestTheLibrary:
    def test_a_folder_of_splits(self, written: Path) -> None:
        train, test = (imported(written / "both", splits=(name,)) for name in ("train", "test"))
        assert greys(train) == list(range(100, 107))
        assert greys(test) == [200, 201, 202]
        assert truth(train) == [0, 1, 0, 1, 0, 1, 0]
        assert train.images.classes == CLASSES
        refused(written / "both", "which --split, of test, train", AmbiguousError)

    @pytest.mark.parametrize(("name", "first", "count"), [("one", 200, 3), ("parquet", 100, 7)])
    def test_a_folder_of_one(self, written: Path, name: str, first: int, count: int) -> None:
        found = imported(written / name)
        assert greys(found) == list(range(first, first + count))
        assert found.images.classes == CLASSES


class TestARepository:
    def test_parts_are_in_their_order(self, tmp_path: Path) -> None:
        folder = repository(tmp_path, train_00000_of_00002=4, train_00001_of_00002=3)
        found = imported(folder)
        assert greys(found) == [0, 1, 2, 3, 0, 1, 2]
        assert truth(found) == [0, 1, 0, 1, 0, 1, 0]
        assert found.images.ids is not None
        assert found.images.ids[4] == "train_00001_of_00002-0.png"

    def test_its_digest_is_that_of_the_files(self, tmp_path: Path) -> None:
        folder = repository(tmp_path, train=4, test=3)
        data = (folder / "data" / "test.parquet").read_bytes()
        lines = f"{hashlib.sha256(data).hexdigest()}  test.parquet\n"
        found = imported(folder, splits=("test",))
        assert found.source.sha256 == hashlib.sha256(lines.encode()).hexdigest()

    def test_splits(self, tmp_path: Path) -> None:
        folder = repository(tmp_path, train=4, test=3)
        assert greys(imported(folder, splits=("test",))) == [0, 1, 2]
        refused(folder, "which --split, of test, train", AmbiguousError)
        refused(folder, "--split dev: expected one of test, train", InputError, splits=("dev",))
        refused(folder, "a single --split", InputError, splits=("test", "train"))
        refused(
            folder, "--select applies only to folders", InputError, splits=("test",), select="*.png"
        )

    def test_parts_that_differ(self, tmp_path: Path) -> None:
        folder = repository(tmp_path, train_00000_of_00002=4)
        other = polars.DataFrame({"image": [{"bytes": png(1), "path": "x"}], "class": [1]})
        other.write_parquet(folder / "data" / "train-00001-of-00002.parquet")
        says = "expected the same columns in all files, found other ones in train-00001-of-00002"
        refused(folder, says, FileError)

    def test_a_damaged_part(self, tmp_path: Path) -> None:
        folder = repository(tmp_path, train_00000_of_00002=4, train_00001_of_00002=3)
        path = folder / "data" / "train-00001-of-00002.parquet"
        path.write_bytes(path.read_bytes()[:100])
        refused(folder, "not a readable parquet file", FileError)


def test_arrow_files_without_a_data_set_are_none(tmp_path: Path) -> None:
    """Such as a cache, whose files may be of anything."""
    for number, name in enumerate(CLASSES):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(number))
    (tmp_path / "fox" / "cache-1.arrow").write_bytes(b"x")
    assert sorted(greys(imported(tmp_path))) == [0, 1]


class TestWhatIsNoPart:
    def test_a_split_in_a_folder_of_its_name(self, tmp_path: Path) -> None:
        """As data sets are converted: default/train/0000.parquet."""
        for split, first in (("train", 10), ("test", 20)):
            folder = tmp_path / "default" / split
            folder.mkdir(parents=True)
            rows = [{"bytes": png(first + row), "path": f"{row}.png"} for row in range(3)]
            table = polars.DataFrame({"image": rows, "label": [0, 1, 0]})
            table.write_parquet(folder / "0000.parquet")
        assert greys(imported(tmp_path, splits=("test",))) == [20, 21, 22]
        refused(tmp_path, "which --split, of test, train", AmbiguousError)

    def test_two_configurations(self, tmp_path: Path) -> None:
        for name in ("coarse", "fine"):
            (tmp_path / name).mkdir()
            table = polars.DataFrame({"image": [{"bytes": png(1), "path": "x"}], "label": [0]})
            table.write_parquet(tmp_path / name / "train-00000-of-00001.parquet")
        refused(tmp_path, "files of one split in coarse and fine: name one", FileError)

    def test_half_a_download(self, tmp_path: Path) -> None:
        folder = repository(tmp_path, train_00000_of_00002=4)
        refused(folder, "expected 2 parts of one split, found 1", FileError)

    def test_caches_beside_what_was_saved(self, written: Path) -> None:
        cache = written / "one" / "cache-0123456789abcdef.arrow"
        cache.write_bytes((written / "one" / "data-00000-of-00001.arrow").read_bytes())
        assert greys(imported(written / "one")) == [200, 201, 202]

    def test_a_table_beside_folders_of_pictures(self, tmp_path: Path) -> None:
        for number, name in enumerate(CLASSES):
            (tmp_path / name).mkdir()
            (tmp_path / name / "1.png").write_bytes(png(number))
        table = polars.DataFrame({"file_name": ["1.png"], "label": [0]})
        table.write_parquet(tmp_path / "metadata.parquet")
        assert sorted(greys(imported(tmp_path))) == [0, 1]
