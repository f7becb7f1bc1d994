"""Pictures in parquet files as Hugging Face writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.images import shards

from .files import greys, imported, png, refused, truth

MOODS = ("happy", "sad")


def files(count: int) -> list[dict[str, Any]]:
    return [{"bytes": png(row % 256), "path": f"{count - row}.png"} for row in range(count)]


def saved(path: Path, names: dict[str, list[str]] | None = None, **columns: Any) -> Path:
    """names: of classes by column, as the library datasets keeps them."""
    features = {
        column: {"names": one, "_type": "ClassLabel"} for column, one in (names or {}).items()
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})} if names else None
    polars.DataFrame(columns).write_parquet(
        path / "x.parquet", metadata=metadata, row_group_size=100
    )
    return path / "x.parquet"


class TestClasses:
    def test_numbers_and_the_names_beside_them(self, tmp_path: Path) -> None:
        path = saved(tmp_path, {"label": ["happy", "sad"]}, image=files(3), label=[1, 0, 1])
        found = imported(path)
        assert greys(found) == [0, 1, 2]
        assert truth(found) == [1, 0, 1]
        assert found.images.classes == MOODS
        assert found.images.ids is not None
        assert found.images.ids.tolist() == ["3.png", "2.png", "1.png"]
        assert found.notes == (
            "x.parquet: images from column 'image'",
            "x.parquet: truth from column 'label'",
        )
        assert imported(path, classes=("a", "b")).images.classes == ("a", "b")
        alone = imported(path, no_truth=True)
        assert (alone.images.truth, alone.images.classes) == (None, MOODS)

    def test_numbers_alone(self, tmp_path: Path) -> None:
        path = saved(tmp_path, img=files(3), fine_label=[2, 0, 1], coarse_label=[0, 0, 0])
        found = imported(path)
        assert (truth(found), found.images.classes) == ([2, 0, 1], ("0", "1", "2"))
        assert any("classes 0 to 2 (--classes names them)" in note for note in found.notes)
        refused(path, "fine_label: row 0: expected a class from 0 to 1", SchemaError, classes=MOODS)

    def test_words(self, tmp_path: Path) -> None:
        path = saved(tmp_path, image=files(3), Label=["sad", "happy", "sad"])
        assert (truth(imported(path)), imported(path).images.classes) == ([1, 0, 1], MOODS)
        assert truth(imported(path, classes=("sad", "happy"))) == [0, 1, 0]

    def test_no_column_of_classes(self, tmp_path: Path) -> None:
        path = saved(tmp_path, image=files(3), other=[1, 2, 3])
        says = "which classes. expected a column label, --labels FILE, or --no-truth with --classes"
        refused(path, says, AmbiguousError)
        refused(path, says, AmbiguousError, no_truth=True)
        assert imported(path, classes=MOODS).images.truth is None
        np.save(tmp_path / "y.npy", [1, 0, 1])
        assert truth(imported(path, labels=tmp_path / "y.npy", classes=MOODS)) == [1, 0, 1]

    @pytest.mark.parametrize("label", [[0, 1, -1], [0, 1, None]])
    def test_items_without_a_class(self, tmp_path: Path, label: list[Any]) -> None:
        """As the test sets of many have it."""
        path = saved(tmp_path, image=files(3), label=label)
        refused(path, r"label: row 2: expected a class.* \(--no-truth leaves the classes out\)")
        assert imported(path, no_truth=True, classes=MOODS).images.truth is None

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"info": 3}', '{"info": {"features": [1]}}'])
    def test_other_metadata(self, tmp_path: Path, text: str) -> None:
        table = polars.DataFrame({"image": files(2), "label": [0, 1]})
        table.write_parquet(tmp_path / "x.parquet", metadata={"huggingface": text})
        assert imported(tmp_path / "x.parquet").images.classes == ("0", "1")


class TestPictures:
    @pytest.mark.parametrize("rows", [1, 64, 256])
    def test_many_in_batches(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
    ) -> None:
        monkeypatch.setattr(shards, "ROWS", rows)
        path = saved(tmp_path, image=files(700), label=[row % 3 for row in range(700)])
        found = imported(path, skip_bad=True)
        assert greys(found) == [row % 256 for row in range(700)]
        assert truth(found) == [row % 3 for row in range(700)]

    def test_bytes_without_paths(self, tmp_path: Path) -> None:
        path = saved(tmp_path, image=[one["bytes"] for one in files(3)], label=[0, 1, 0])
        found = imported(path)
        assert greys(found) == [0, 1, 2]
        assert found.images.ids is None
        assert "x.parquet: without ids: the paths of its images are incomplete" in found.notes

    @pytest.mark.parametrize(
        ("paths", "why"), [(["a", None, "b"], "incomplete"), (["a", "b", "a"], "not unique")]
    )
    def test_ids(self, tmp_path: Path, paths: list[Any], why: str) -> None:
        rows = [{**one, "path": path} for one, path in zip(files(3), paths, strict=True)]
        path = saved(tmp_path, image=rows, label=[0, 1, 0])
        found = imported(path)
        assert found.images.ids is None
        assert any(f"without ids: the paths of its images are {why}" in one for one in found.notes)
        assert imported(path, ids="none").images.ids is None
        for form in ("path", "name"):
            refused(path, f"--ids {form}: the paths of its images are {why}", ids=form)
        (tmp_path / "ids.txt").write_text("x\ny\nz\n")
        named = imported(path, ids_file=tmp_path / "ids.txt").images.ids
        assert named is not None
        assert named.tolist() == ["x", "y", "z"]

    def test_ids_by_name(self, tmp_path: Path) -> None:
        rows = [{**one, "path": f"{row}/{row}.png"} for row, one in enumerate(files(2))]
        found = imported(saved(tmp_path, image=rows, label=[0, 1]), ids="name").images.ids
        assert found is not None
        assert found.tolist() == ["0.png", "1.png"]

    @pytest.mark.parametrize("content", [b"broken", None])
    def test_a_bad_one(self, tmp_path: Path, content: bytes | None) -> None:
        rows = files(4)
        rows[1]["bytes"] = content
        path = saved(tmp_path, image=rows, label=[0, 1, 2, 0])
        refused(path, r"x\.parquet: row 1: not a PNG, .* \(--skip-bad", FileError)
        found = imported(path, skip_bad=True)
        assert (greys(found), truth(found)) == ([0, 2, 3], [0, 2, 0])
        assert found.images.ids is not None
        assert found.images.ids.tolist() == ["4.png", "2.png", "1.png"]
        assert found.excluded == {"bad-pictures": 1, "bad-pictures-named": ["row 1"]}

    def test_other_sizes(self, tmp_path: Path) -> None:
        rows = [{"bytes": png(row, (3 + row, 4)), "path": f"{row}"} for row in range(3)]
        path = saved(tmp_path, image=rows, label=[0, 1, 0])
        refused(path, "row 1: expected 3 x 4 pixels as in row 0, found 4 x 4")
        assert imported(path, side=2).images.images.shape == (3, 2, 2, 3)

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (
                {"splits": ("a",)},
                "--split applies only to folders of images, and this is a parquet file",
            ),
            ({"select": "a*"}, "--select applies only to folders"),
            ({"to_class": {"a": "b"}}, "--map applies only to folders"),
            ({"skip_unlabeled": True}, "--skip-unlabeled applies only to folders"),
        ],
    )
    def test_options(self, tmp_path: Path, options: dict[str, Any], says: str) -> None:
        refused(saved(tmp_path, image=files(2), label=[0, 1]), says, **options)

    @pytest.mark.parametrize(
        ("columns", "says", "error"),
        [
            ({"a": [1, 2]}, "expected a column of images .*, found a; pass a table", FileError),
            (
                {"a": files(2), "b": files(2)},
                "which column has the images, a or b",
                AmbiguousError,
            ),
            ({"image": files(0)}, r"expected .*, found", FileError),
        ],
    )
    def test_other_tables(
        self, tmp_path: Path, columns: dict[str, Any], says: str, error: type[InputError]
    ) -> None:
        refused(saved(tmp_path, **columns), says, error)

    def test_the_column_that_is_called_so(self, tmp_path: Path) -> None:
        masks = [{"bytes": png(99), "path": "m"}] * 2
        path = saved(tmp_path, mask=masks, image=files(2), label=[0, 1])
        assert greys(imported(path)) == [0, 1]

    @pytest.mark.parametrize("left", [5, 300])
    def test_truncated(self, tmp_path: Path, left: int) -> None:
        path = saved(tmp_path, image=files(3), label=[0, 1, 0])
        path.write_bytes(path.read_bytes()[:left])
        refused(path, r"x\.parquet: not a readable parquet file", FileError)
