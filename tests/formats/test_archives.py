"""Folders and archives as lists of files; archives of strangers."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import os
import resource
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from c10h.errors import FileError
from c10h.files import Source
from c10h.formats.archives import Member, is_archive, members

MOST = 1 << 20
FILES = {"b/2.png": b"two", "a/1.png": b"one" * 1000, "a/notes.txt": b"text"}
Write = Callable[[Path, Mapping[str, bytes]], None]


def write_tar(mode: Any) -> Write:
    def write(path: Path, files: Mapping[str, bytes]) -> None:
        with tarfile.open(path, mode) as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))

    return write


def write_zip(method: int) -> Write:
    def write(path: Path, files: Mapping[str, bytes]) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return write


WRITERS = {
    "tar": write_tar("w"),
    "tar.gz": write_tar("w:gz"),
    "tar.bz2": write_tar("w:bz2"),
    "tar.xz": write_tar("w:xz"),
    "zip": write_zip(zipfile.ZIP_DEFLATED),
    "stored.zip": write_zip(zipfile.ZIP_STORED),
    "bz2.zip": write_zip(zipfile.ZIP_BZIP2),
    "lzma.zip": write_zip(zipfile.ZIP_LZMA),
}
TARS = [form for form in WRITERS if form.startswith("tar")]
ZIPS = [form for form in WRITERS if form.endswith("zip")]


def listed(path: Path, most: int = MOST) -> list[Member]:
    source = Source(path, path.name)
    return list(members(source, lambda name: name.endswith(".png"), most))


def contents(path: Path, most: int = MOST) -> dict[str, bytes | str | None]:
    return {one.path: one.content for one in listed(path, most) if not one.is_folder}


def refused(path: Path, says: str) -> None:
    with pytest.raises(FileError, match=says) as caught:
        listed(path)
    assert str(caught.value).startswith(path.name)
    assert "\n" not in str(caught.value)


def tar_of(path: Path, **fields: Any) -> Path:
    """A tar of a picture and a member with these fields."""
    with tarfile.open(path, "w") as archive:
        good = tarfile.TarInfo("a/1.png")
        archive.addfile(good)
        info = tarfile.TarInfo("b/2.png")
        for name, value in fields.items():
            setattr(info, name, value)
        # As addfile() of newer versions refuses what is odd.
        assert archive.fileobj is not None
        archive.fileobj.write(info.tobuf(archive.format, archive.encoding, archive.errors or ""))
        archive.offset = archive.fileobj.tell()
    return path


class TestArchives:
    @pytest.mark.parametrize("form", WRITERS)
    def test_files_in_their_order(self, tmp_path: Path, form: str) -> None:
        path = tmp_path / f"x.{form}"
        WRITERS[form](path, FILES)
        assert is_archive(Source(path, path.name))
        assert contents(path) == {**FILES, "a/notes.txt": None}
        assert list(contents(path)) == list(FILES)

    @pytest.mark.parametrize("form", WRITERS)
    def test_the_name_of_an_archive_does_not_matter(self, tmp_path: Path, form: str) -> None:
        WRITERS[form](tmp_path / "x.dat", FILES)
        assert is_archive(Source(tmp_path / "x.dat", "x.dat"))
        assert contents(tmp_path / "x.dat")["b/2.png"] == b"two"

    @pytest.mark.parametrize("form", WRITERS)
    def test_a_large_member_is_not_read(self, tmp_path: Path, form: str) -> None:
        path = tmp_path / f"x.{form}"
        WRITERS[form](path, FILES)
        assert contents(path, most=100)["a/1.png"] is None
        assert contents(path, most=100)["b/2.png"] == b"two"

    @pytest.mark.parametrize(
        ("compress", "form"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")]
    )
    def test_parallel_compressors_write_several_streams(
        self, tmp_path: Path, compress: Callable[[bytes], bytes], form: str
    ) -> None:
        WRITERS["tar"](tmp_path / "x.tar", FILES)
        plain = (tmp_path / "x.tar").read_bytes()
        parts = [compress(plain[start : start + 700]) for start in range(0, len(plain), 700)]
        (tmp_path / f"x.tar.{form}").write_bytes(b"".join(parts))
        assert contents(tmp_path / f"x.tar.{form}") == contents(tmp_path / "x.tar")

    def test_hidden_files_and_folders(self, tmp_path: Path) -> None:
        hidden = {f"{name}.png": b"x" for name in ("a/._1", ".git/1", "__MACOSX/a/1", "a/.b/1")}
        for form in ("tar", "zip"):
            WRITERS[form](tmp_path / f"x.{form}", {**hidden, "a/1.png": b"y"})
            assert contents(tmp_path / f"x.{form}") == {"a/1.png": b"y"}

    def test_names_that_begin_with_a_dot_folder(self, tmp_path: Path) -> None:
        WRITERS["tar"](tmp_path / "x.tar", {"./a/1.png": b"y"})
        assert contents(tmp_path / "x.tar") == {"a/1.png": b"y"}

    def test_folders(self, tmp_path: Path) -> None:
        (tmp_path / "in/a/b").mkdir(parents=True)
        with tarfile.open(tmp_path / "x.tar", "w") as archive:
            archive.add(tmp_path / "in", arcname="in")
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as zipped:
            for name in ("in/", "in/a/", "in/a/b/"):
                zipped.writestr(name, b"")
        for form in ("tar", "zip"):
            found = [one.path for one in listed(tmp_path / f"x.{form}") if one.is_folder]
            assert found == ["in", "in/a", "in/a/b"]

    def test_names_that_are_no_utf_8(self, tmp_path: Path) -> None:
        WRITERS["tar"](tmp_path / "x.tar", {os.fsdecode(b"a/caf\xe9.png"): b"y"})
        assert contents(tmp_path / "x.tar") == {"a/caf�.png": b"y"}

    def test_backslashes_divide(self, tmp_path: Path) -> None:
        WRITERS["zip"](tmp_path / "x.zip", {"a\\1.png": b"y"})
        assert contents(tmp_path / "x.zip") == {"a/1.png": b"y"}

    def test_what_is_no_archive(self, tmp_path: Path) -> None:
        for content in (b"", b"text", bytes(2000), gzip.compress(b"a,b\n" * 900), b"PK\5\6"):
            (tmp_path / "x").write_bytes(content)
            assert not is_archive(Source(tmp_path / "x", "x"))

    def test_members_that_were_read_are_forgotten(self, tmp_path: Path) -> None:
        WRITERS["tar"](tmp_path / "x", {f"a/{k}.png": b"x" for k in range(100)})

        def held() -> int:
            gc.collect()
            return sum(issubclass(type(one), tarfile.TarInfo) for one in gc.get_objects())

        before = held()
        for number, _ in enumerate(members(Source(tmp_path / "x", "x"), lambda _: True, MOST)):
            # Looking through all objects takes long.
            assert number % 20 or held() < before + 5


class TestFolders:
    def test_files_and_folders(self, tmp_path: Path) -> None:
        for name, content in {**FILES, ".c/3.png": b"", "a/.4.png": b""}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
        assert [(one.path, one.is_folder) for one in listed(tmp_path)] == [
            ("a", True),
            ("a/1.png", False),
            ("a/notes.txt", False),
            ("b", True),
            ("b/2.png", False),
        ]
        assert contents(tmp_path)["a/1.png"] == f"{tmp_path}/a/1.png"
        assert contents(tmp_path)["a/notes.txt"] is None

    def test_links_are_followed_but_not_in_circles(self, tmp_path: Path) -> None:
        (tmp_path / "in/a").mkdir(parents=True)
        (tmp_path / "in/a/1.png").write_bytes(b"x")
        (tmp_path / "in/a/up").symlink_to(tmp_path / "in")
        (tmp_path / "in/b").symlink_to(tmp_path / "in/a")
        found = contents(tmp_path / "in")
        assert {"a/1.png", "b/1.png"} <= set(found)
        assert not any(name.count("up") > 1 for name in found)

    def test_a_link_that_leads_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to("a")
        with pytest.raises(FileError, match="too many levels of symbolic links"):
            listed(tmp_path)

    def test_a_very_deep_folder(self, tmp_path: Path) -> None:
        tmp_path.joinpath(*"d" * 100).mkdir(parents=True)
        with pytest.raises(FileError, match="more than 64 folders deep"):
            listed(tmp_path)


class TestHostileTars:
    @pytest.mark.parametrize("form", [*TARS, *ZIPS])
    @pytest.mark.parametrize(
        "name",
        [
            "/a/1.png",
            "../1.png",
            "a/../../1.png",
            "a/..",
            "C:/a/1.png",
            "c:1.png",
            "//host/a/1.png",
        ],
    )
    def test_names_that_lead_out(self, tmp_path: Path, form: str, name: str) -> None:
        WRITERS[form](tmp_path / "x", {"a/0.png": b"", name: b"x"})
        refused(tmp_path / "x", "points outside the archive: refused")

    @pytest.mark.parametrize("form", ["tar", "zip"])
    @pytest.mark.parametrize(
        "name", ["..\\1.png", "a\\..\\..\\1.png", "\\a\\1.png", "C:\\a\\1.png"]
    )
    def test_the_same_with_backslashes(self, tmp_path: Path, form: str, name: str) -> None:
        WRITERS[form](tmp_path / "x", {name: b"x"})
        refused(tmp_path / "x", "points outside the archive: refused")

    @pytest.mark.parametrize(
        ("kind", "says"),
        [
            (tarfile.SYMTYPE, "link"),
            (tarfile.LNKTYPE, "link"),
            (tarfile.FIFOTYPE, "device"),
            (tarfile.CHRTYPE, "device"),
            (tarfile.BLKTYPE, "device"),
        ],
    )
    @pytest.mark.parametrize("target", ["a/1.png", "/etc/passwd"])
    def test_special_files(self, tmp_path: Path, kind: bytes, says: str, target: str) -> None:
        path = tar_of(tmp_path / "x", type=kind, linkname=target)
        refused(path, f"member 'b/2.png' is a {says}.*: refused")

    @pytest.mark.parametrize(("kind", "says"), [(stat.S_IFLNK, "link"), (stat.S_IFIFO, "device")])
    def test_special_files_in_a_zip(self, tmp_path: Path, kind: int, says: str) -> None:
        info = zipfile.ZipInfo("a/1.png")
        info.external_attr = (kind | 0o644) << 16
        with zipfile.ZipFile(tmp_path / "x", "w") as archive:
            archive.writestr(info, "/etc/passwd")
        refused(tmp_path / "x", f"is a {says}.*: refused")

    @pytest.mark.parametrize("form", ["tar", "zip"])
    def test_long_names(self, tmp_path: Path, form: str) -> None:
        WRITERS[form](tmp_path / "x", {"a/" + "n" * 1025 + ".png": b""})
        refused(tmp_path / "x", "not a file name")

    def test_a_name_with_a_zero_byte(self, tmp_path: Path) -> None:
        tar_of(tmp_path / "x", pax_headers={"path": "b\0c/2.png"}, name="é")
        refused(tmp_path / "x", "not a file name")

    @pytest.mark.parametrize("kind", [b"x", b"g", b"L"])  # pax, pax for all, a long name
    def test_headers_that_would_take_all_memory(self, tmp_path: Path, kind: bytes) -> None:
        """A small file that unpacks to more than the process may have."""
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 1 << 28
        with gzip.open(tmp_path / "x", "wb", compresslevel=1) as stream:
            stream.write(info.tobuf())
            for _ in range(16):
                stream.write(bytes(1 << 24))
        code = (
            "import sys; sys.path.insert(0, sys.argv[2])\n"
            "from pathlib import Path; from formats.test_archives import refused\n"
            "refused(Path(sys.argv[1]), 'a damaged archive: a header of 268,435,456 bytes')"
        )
        limit = (400 << 20, 400 << 20)
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "x"), str(Path(__file__).parents[1])],
            check=True,
            timeout=30,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
        )

    def test_a_size_below_nothing(self, tmp_path: Path) -> None:
        tar_of(tmp_path / "x", size=-1024)
        refused(tmp_path / "x", "damaged archive")


class TestDamage:
    @pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
    @pytest.mark.parametrize("form", WRITERS)
    def test_truncated(self, tmp_path: Path, form: str, share: float) -> None:
        path = tmp_path / "x"
        WRITERS[form](path, {f"a/{k}.png": os.urandom(500) for k in range(100)})
        content = path.read_bytes()
        path.write_bytes(content[: max(8, int(len(content) * share))])
        source = Source(path, path.name)
        if form == "tar" and share == 0.001:
            assert not is_archive(source)
        else:
            assert is_archive(source)
            refused(path, "archive")

    @pytest.mark.parametrize("form", [form for form in WRITERS if form != "tar"])
    def test_a_bit_that_flipped(self, tmp_path: Path, form: str) -> None:
        path = tmp_path / "x"
        WRITERS[form](path, {"a/1.png": os.urandom(5000)})
        content = bytearray(path.read_bytes())
        content[2500] ^= 1
        path.write_bytes(content)
        refused(path, "archive")

    def test_a_checksum_that_comes_after_all_members(self, tmp_path: Path) -> None:
        """With its end the tar has 5 * 65,536 bytes, which are read without the checksum."""
        path = tmp_path / "x"
        WRITERS["tar.gz"](path, {"a/1.png": os.urandom(320_000)})
        content = bytearray(path.read_bytes())
        content[100_000] ^= 1
        path.write_bytes(content)
        refused(path, "a damaged archive: crc check failed")

    def test_a_header_that_is_none(self, tmp_path: Path) -> None:
        """Python's tarfile takes it for the end."""
        path = tmp_path / "x"
        WRITERS["tar"](path, {"a/1.png": b"x", "a/2.png": b"y"})
        content = bytearray(path.read_bytes())
        content[1024:1030] = b"broken"
        path.write_bytes(content)
        refused(path, "a damaged archive: it is truncated")

    @pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_member_that_lies_beyond_the_end(self, tmp_path: Path, method: int) -> None:
        """The directory at the end of a zip says where each member begins."""
        path = tmp_path / "x"
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("a/1.png", b"x")
        content = bytearray(path.read_bytes())
        place = content.index(b"PK\x01\x02") + 42
        content[place : place + 4] = (len(content) - 5).to_bytes(4, "little")
        path.write_bytes(content)
        refused(path, "damaged")

    def test_a_password(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        WRITERS["zip"](path, {"a/1.png": b"x"})
        content = bytearray(path.read_bytes())
        content[6] |= 1
        content[content.find(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(content)
        refused(path, r"member 'a/1\.png' has a password: refused")

    def test_another_method_of_compression(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        WRITERS["zip"](path, {"a/1.png": b"x"})
        content = bytearray(path.read_bytes())
        content[8] = content[content.find(b"PK\x01\x02") + 10] = 97
        path.write_bytes(content)
        refused(path, "cannot be read")

    def test_a_member_larger_than_it_claims(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        WRITERS["zip"](path, {"a/1.png": bytes(10_000_000)})
        content = bytearray(path.read_bytes())
        at = content.find(b"PK\x01\x02")
        content[at + 24 : at + 28] = content[22:26] = (100).to_bytes(4, "little")
        path.write_bytes(content)
        refused(path, "archive")
