"""Tables that tell which folder is which class."""

from __future__ import annotations

from pathlib import Path

import pytest

from c10h.errors import FileError, SchemaError
from c10h.files import Source
from c10h.images import folder_class_maps
from c10h.images.folder_class_maps import find_map, read_map


def read(path: Path, content: str | bytes) -> dict[str, str]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return dict(read_map(Source.open(str(path))))


class TestRead:
    @pytest.mark.parametrize(
        "content",
        [
            "n1,deer\nn2,horse\nn3,deer\n",
            "folder,class\nn1,deer\nn2,horse\nn3,deer",
            "folder,class,what\n n1 , deer,ibex\n\nn2,horse,zebra\nn3,deer,\n",
            "\ufefffolder,class\r\nn1,deer\r\nn2,horse\r\nn3,deer\r\n",
            '"n1","deer"\n"n2","horse"\n"n3","deer"\n',
        ],
    )
    def test_tables(self, tmp_path: Path, content: str) -> None:
        found = read(tmp_path / "x.csv", content)
        assert found == {"n1": "deer", "n2": "horse", "n3": "deer"}
        assert list(dict.fromkeys(found.values())) == ["deer", "horse"]

    def test_names_with_a_comma(self, tmp_path: Path) -> None:
        found = read(tmp_path / "x.csv", '"cat, wild",cat\ndog,dog\n')
        assert found == {"cat, wild": "cat", "dog": "dog"}

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "expected folders of two or more classes"),
            ("folder,class\n", "expected folders of two or more classes"),
            ("a,cat\nb,cat\n", "expected folders of two or more classes"),
            ("a,cat\nb\n", "line 2: expected folder,class"),
            ("a,cat\n,dog\n", "line 2: expected folder,class"),
            ("a,cat\nb,\n", "line 2: expected folder,class"),
            ("a,cat\nb,d\0g\n", "line 2: expected folder,class"),
            ("a;cat\nb;dog\n", "line 1: expected folder,class"),
            ("folder,class\na,cat\n\na,dog\n", "line 4: folder 'a' is there twice"),
            ('a,cat\n"b,dog\n', "line 2: expected folder,class"),
        ],
    )
    def test_what_is_no_table(self, tmp_path: Path, content: str, says: str) -> None:
        with pytest.raises(SchemaError, match=f"x.csv: {says}"):
            read(tmp_path / "x.csv", content)

    @pytest.mark.parametrize("content", ["a,cät\nb,dog\n".encode("latin-1"), b"\x89HDF\r\n\xff"])
    def test_what_is_no_text(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(FileError, match=r"x\.csv: expected UTF-8 text"):
            read(tmp_path / "x.csv", content)

    def test_a_very_long_field(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match=r"x\.csv: line 2"):
            read(tmp_path / "x.csv", "a,cat\nb," + "d" * 200_000)


class TestFind:
    def test_a_local_file_comes_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folder_class_maps, "FOLDER", tmp_path)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "cinic10.csv").write_text("shipped")
        assert find_map("cinic10").path == tmp_path / "cinic10.csv"
        (tmp_path / "cinic10").write_text("own")
        assert find_map("cinic10").path.read_text() == "own"

    def test_no_such_map(self) -> None:
        with pytest.raises(FileError, match="no-such-map: no such file"):
            find_map("no-such-map")


def test_a_map_that_is_nearly_called_so() -> None:
    with pytest.raises(FileError, match=r"^--map cinic: no such file: did you mean cinic10\?"):
        find_map("cinic")
