"""Two commands that would write the same files: the second says so and leaves all alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from c10h.errors import OutputError
from c10h.locks import only_one

HOLD = """
import sys
from pathlib import Path
from c10h.locks import only_one
with only_one(Path(sys.argv[1]), "x"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with holder(path) as process:
        says = f"run/fold-0.pt: another command is at work on it .process {process.pid} on "
        with pytest.raises(OutputError, match=says), only_one(path, "run/fold-0.pt"):
            pass
        assert path.exists()
        process.communicate("\n")
    with only_one(path, "run/fold-0.pt"):
        assert path.read_text().startswith(f"process {os.getpid()} on ")
    assert not path.exists()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with holder(path) as process:
        process.kill()
    assert path.exists()
    with only_one(path, "x"):
        pass
    assert not list(tmp_path.iterdir())


def test_it_is_let_go_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with only_one(tmp_path / ".lock", "x"):
            raise ValueError("x")

    for _ in range(2):
        with pytest.raises(ValueError, match="x"):
            fail()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"none/\.lock: no such file"),
        only_one(tmp_path / "none" / ".lock", "x"),
    ):
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with only_one(tmp_path / ".lock", "x"):
        pass
    assert not list(tmp_path.iterdir())
