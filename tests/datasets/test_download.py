"""Downloads from a server on this machine: whole, broken off, wrong, and not to be had."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import web_server as server
from web_server import Server, serve

from c10h.datasets import download
from c10h.datasets.catalogue import Download
from c10h.datasets.download import address_of, fetch
from c10h.errors import FileError, OutputError

SIZE = 300_000
CONTENT = np.random.default_rng(0).bytes(SIZE)
NAME = "file.bin"


def wanted(site: Server, check: str = "", size: int = SIZE) -> Download:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Download(NAME, f"{site.address}/some/{NAME}", size, check or f"sha256:{digest}")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(download, "TIMEOUTS", (2.0, 0.3))
    monkeypatch.delenv("C10H_MIRROR", raising=False)
    with serve() as one:
        one.files[NAME] = CONTENT
        yield one


class Progress(list[int]):
    """Remembers every step; their sum is where the bar is."""

    def __call__(self, step: int) -> None:
        self.append(step)
        assert 0 <= sum(self) <= SIZE


def files(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()} - {".lock"}


def test_a_file_arrives(site: Server, tmp_path: Path) -> None:
    progress = Progress()
    fetch(wanted(site), tmp_path / "new" / NAME, progress)
    assert (tmp_path / "new" / NAME).read_bytes() == CONTENT
    assert files(tmp_path / "new") == {NAME}
    assert sum(progress) == SIZE
    assert site.asked == [(NAME, None)]


def test_a_file_that_is_there_is_only_checked(site: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    progress = Progress()
    fetch(wanted(site), tmp_path / NAME, progress)
    assert site.asked == []
    assert sum(progress) == SIZE


def test_a_file_that_is_there_and_wrong_is_replaced(site: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT[:-1] + b"?")
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_an_earlier_part_is_gone_on_with(site: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:100_001])
    progress = Progress()
    fetch(wanted(site), tmp_path / NAME, progress)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert site.asked == [(NAME, "bytes=100001-")]
    assert progress[0] == 100_001


def test_a_whole_part_is_only_checked(site: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert site.asked == []
    assert files(tmp_path) == {NAME}


@pytest.mark.parametrize(
    "fault",
    [
        server.break_off(70_000),
        server.break_off(0),
        server.fall_silent(70_000, 0.6),
        server.status(500),
        server.status(503),
        server.status(429),
        server.all_of_it,
        server.without_length(),
    ],
)
def test_what_may_pass_is_tried_again(site: Server, tmp_path: Path, fault: server.Fault) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:50_000])
    site.faults = [fault]
    progress = Progress()
    fetch(wanted(site), tmp_path / NAME, progress)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert sum(progress) == SIZE


def test_no_byte_is_asked_for_twice(site: Server, tmp_path: Path) -> None:
    site.faults = [server.break_off(1 << 17)]
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert site.asked == [(NAME, None), (NAME, f"bytes={1 << 17}-")]


def test_progress_renews_patience(site: Server, tmp_path: Path) -> None:
    site.faults = [server.break_off(70_000), server.status(500)] * 2
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_patience_ends(site: Server, tmp_path: Path) -> None:
    site.faults = [server.break_off(1 << 17), *(server.status(500),) * 9]
    with pytest.raises(FileError, match="500 Internal Server Error; 131,072 of 300,000 bytes"):
        fetch(wanted(site), tmp_path / NAME, Progress())
    assert len(site.asked) == 1 + len(download.WAITS)
    assert files(tmp_path) == {f"{NAME}.part"}
    site.faults = []
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(("code", "text"), [(403, "Forbidden"), (404, "Not Found"), (410, "Gone")])
def test_what_will_not_pass_is_told_at_once(
    site: Server, tmp_path: Path, code: int, text: str
) -> None:
    site.faults = [server.status(code)]
    with pytest.raises(FileError, match=f"file.bin: http://.* the server answered {code} {text}"):
        fetch(wanted(site), tmp_path / NAME, Progress())
    assert len(site.asked) == 1
    assert files(tmp_path) == set()


@pytest.mark.parametrize("length", [SIZE - 1, SIZE + 1, 10])
def test_another_length_is_refused_before_it_is_read(
    site: Server, tmp_path: Path, length: int
) -> None:
    site.faults = [server.another_length(length)]
    with pytest.raises(FileError, match=f"expected 300,000 bytes, found {length:,} at http"):
        fetch(wanted(site), tmp_path / NAME, Progress())
    assert files(tmp_path) == set()


def test_too_much_is_refused(site: Server, tmp_path: Path) -> None:
    site.faults = [server.without_length(b"x" * 200_000)]
    with pytest.raises(FileError, match="expected 300,000 bytes, found more"):
        fetch(wanted(site), tmp_path / NAME, lambda step: None)
    assert NAME not in files(tmp_path)


def test_another_range_is_refused(site: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:1000])
    site.faults = [server.from_elsewhere]
    with pytest.raises(FileError, match="sent bytes from 999, not 1,000"):
        fetch(wanted(site), tmp_path / NAME, Progress())


def test_a_damaged_file_is_deleted(site: Server, tmp_path: Path) -> None:
    site.faults = [server.damaged]
    with pytest.raises(FileError, match=r"expected sha256:[0-9a-f]{64}, found sha256:"):
        fetch(wanted(site), tmp_path / NAME, Progress())
    assert files(tmp_path) == set()
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_damaged_part_is_begun_again(site: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"?" * 1000)
    progress = Progress()
    fetch(wanted(site), tmp_path / NAME, progress)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert site.asked == [(NAME, "bytes=1000-"), (NAME, None)]
    assert sum(progress) == SIZE


def test_a_part_that_is_too_long_is_begun_again(site: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT + b"?")
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert site.asked == [(NAME, None)]


@pytest.mark.parametrize("method", ["md5", "sha256", "git"])
def test_checks(site: Server, tmp_path: Path, method: str) -> None:
    (tmp_path / "oracle").write_bytes(CONTENT)
    command = {"git": ["git", "hash-object"], "md5": ["md5sum"], "sha256": ["sha256sum"]}[method]
    printed = subprocess.run(
        [*command, tmp_path / "oracle"], capture_output=True, text=True, check=True
    )
    digest = printed.stdout.split()[0]
    fetch(wanted(site, f"{method}:{digest}"), tmp_path / NAME, Progress())
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    with pytest.raises(FileError, match=f"expected {method}:{other}, found {method}:{digest}"):
        fetch(wanted(site, f"{method}:{other}"), tmp_path / "other", Progress())


def test_no_network(tmp_path: Path, site: Server) -> None:
    nowhere = Download(NAME, "http://127.0.0.1:9/x", SIZE, "md5:0")
    with pytest.raises(FileError, match="connection refused; 0 of 300,000 bytes are here"):
        fetch(nowhere, tmp_path / NAME, Progress())


def test_no_such_host(tmp_path: Path, site: Server) -> None:
    nowhere = Download(NAME, "http://no-such-host.invalid/x", SIZE, "md5:0")
    with pytest.raises(FileError, match=r"no-such-host\.invalid/x: .*; 0 of 300,000 bytes"):
        fetch(nowhere, tmp_path / NAME, Progress())


def test_a_full_disk(site: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        """A file of which the disk takes only the first 100,000 bytes."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *arguments: object) -> None:
            self.stream.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

        def write(self, block: bytes) -> int:
            if self.stream.tell() + len(block) > 100_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written: int = self.stream.write(block)
            return written

    plainly = Path.open

    def opened(path: Path, mode: str = "r", **more: Any) -> Any:
        stream = plainly(path, mode, **more)
        return Full(stream) if path.suffix == ".part" and mode in ("wb", "r+b") else stream

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        with pytest.raises(OutputError, match="no space left on device"):
            fetch(wanted(site), tmp_path / NAME, Progress())
    assert files(tmp_path) == {f"{NAME}.part"}
    fetch(wanted(site), tmp_path / NAME, Progress())
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert site.asked[1] == (NAME, "bytes=65536-")


def test_a_folder_that_cannot_be_made(site: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file.bin: (not a directory|file exists)$"):
        fetch(wanted(site), tmp_path / "file" / NAME, Progress())


class TestMirror:
    def test_another_server(
        self, site: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("C10H_MIRROR", f"{site.address}/mirror/")
        far = Download(NAME, "https://example.invalid/x", SIZE, wanted(site).check)
        assert address_of(far) == f"{site.address}/mirror/{NAME}"
        fetch(far, tmp_path / NAME, Progress())
        assert (tmp_path / NAME).read_bytes() == CONTENT

    def test_a_folder(self, site: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mirror = tmp_path / "mirror"
        mirror.mkdir()
        (mirror / NAME).write_bytes(CONTENT)
        (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:1000])
        monkeypatch.setenv("C10H_MIRROR", str(mirror))
        fetch(wanted(site), tmp_path / NAME, Progress())
        assert (tmp_path / NAME).read_bytes() == CONTENT
        assert site.asked == []

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "no such file or directory"),
            (b"x", "expected 300,000 bytes, found 1"),
            (CONTENT[:-1] + b"?", "expected sha256"),
        ],
    )
    def test_a_folder_without_the_file(
        self,
        site: Server,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        content: bytes | None,
        says: str,
    ) -> None:
        mirror = tmp_path / "mirror"
        mirror.mkdir()
        if content is not None:
            (mirror / NAME).write_bytes(content)
        monkeypatch.setenv("C10H_MIRROR", str(mirror))
        with pytest.raises(FileError, match=says):
            fetch(wanted(site), tmp_path / NAME, Progress())
        assert NAME not in files(tmp_path)
