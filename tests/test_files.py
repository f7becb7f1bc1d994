"""Arguments that name files: what they accept, and that an output is whole or not there."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from c10h.errors import FileError, InputError, OutputError
from c10h.files import Source, atomic_output, check_output, check_single_stdin, write_text


class Stdin(io.TextIOWrapper):
    """A stdin that holds some bytes."""

    def __init__(self, content: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content))
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


class TestSource:
    def test_a_name_has_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a.b.npy").write_bytes(b"content")
        source = Source.open(str(tmp_path / "a.b.npy"))
        assert (source.name, source.stem) == ("a.b.npy", "a.b")
        assert source.sha256 == hashlib.sha256(b"content").hexdigest()
        assert source.head(3) == b"con"

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match=r"nowhere/x\.npy: no such file or directory$"):
            Source.open(str(tmp_path / "nowhere" / "x.npy"))

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match=f"^{tmp_path}: expected a file, found a folder$"):
            Source.open(str(tmp_path))

    def test_a_file_in_place_of_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "x").touch()
        with pytest.raises(FileError, match="not a directory"):
            Source.open(str(tmp_path / "x" / "y.npy"))

    def test_stdin_is_copied_so_that_it_can_be_read_twice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", Stdin(b"content"))
        source = Source.open("-")
        assert (source.name, source.stem) == ("stdin", "stdin")
        assert source.head(3) == source.head(3) == b"con"
        assert source.sha256 == hashlib.sha256(b"content").hexdigest()

    def test_the_copy_of_stdin_is_removed_at_the_end(self, tmp_path: Path) -> None:
        script = "from c10h.files import Source; print(Source.open('-').path.read_text())"
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        command = [sys.executable, "-c", script]
        done = subprocess.run(
            command, input=b"content", env=environment, capture_output=True, check=True
        )
        assert done.stdout == b"content\n"
        assert not list(tmp_path.iterdir())

    def test_stdin_that_is_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", Stdin(b""))
        with pytest.raises(FileError, match=r"^-: expected data, found none$"):
            Source.open("-")

    def test_stdin_that_is_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", Stdin(b"x", terminal=True))
        with pytest.raises(FileError, match="expected data on stdin, found a terminal"):
            Source.open("-")

    def test_stdin_that_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)  # as Python has it after <&-
        with pytest.raises(FileError, match=r"^-: expected data on stdin, found it closed$"):
            Source.open("-")

    def test_a_named_pipe_is_copied_too(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.npy")
        with subprocess.Popen(["sh", "-c", f"printf content > '{tmp_path}/pipe.npy'"]):
            source = Source.open(str(tmp_path / "pipe.npy"))
        assert source.name == "pipe.npy"
        assert source.head(3) == source.head(3) == b"con"


def test_stdin_feeds_one_input() -> None:
    check_single_stdin(["-", "a", "b"])
    with pytest.raises(InputError, match=r"\(stdin\) can be used for only one input"):
        check_single_stdin(["-", "a", "-"])


class TestCheckOutput:
    def test_a_new_file(self, tmp_path: Path) -> None:
        check_output(str(tmp_path / "x.h5"), force=False)
        assert not list(tmp_path.iterdir())

    def test_an_old_file_needs_force(self, tmp_path: Path) -> None:
        (tmp_path / "x.h5").touch()
        with pytest.raises(OutputError, match=r"x\.h5: exists already \(--force replaces it\)"):
            check_output(str(tmp_path / "x.h5"), force=False)
        check_output(str(tmp_path / "x.h5"), force=True)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="expected a file name, found a folder"):
            check_output(str(tmp_path), force=True)

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="there is no folder"):
            check_output(str(tmp_path / "nowhere" / "x.h5"), force=False)

    def test_what_is_no_plain_file_is_not_replaced(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "x.h5")  # or /dev/null, which root would replace
        with pytest.raises(OutputError, match="expected a plain file or - for stdout"):
            check_output(str(tmp_path / "x.h5"), force=True)

    @pytest.mark.parametrize(("binary", "terminal"), [(True, False), (False, True), (False, False)])
    def test_stdout(self, monkeypatch: pytest.MonkeyPatch, binary: bool, terminal: bool) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
        check_output("-", force=False, binary=binary)

    def test_no_binary_output_to_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        with pytest.raises(OutputError, match="binary output to a terminal"):
            check_output("-", force=True)


class TestAtomicOutput:
    def test_a_file_appears_when_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "x.txt"
        path.write_text("old")
        with atomic_output(str(path)) as stream:
            stream.write(b"new")
            assert path.read_text() == "old"
        assert path.read_text() == "new"
        assert list(tmp_path.iterdir()) == [path]

    def test_an_error_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        path = tmp_path / "x.txt"
        path.write_text("old")

        def stop_in_the_middle() -> None:
            with atomic_output(str(path)) as stream:
                stream.write(b"new")
                raise KeyError("stopped")

        with pytest.raises(KeyError, match="stopped"):
            stop_in_the_middle()
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_an_operating_system_error_is_told_with_the_name(self, tmp_path: Path) -> None:
        path = tmp_path / "x.txt"
        with pytest.raises(OutputError, match=f"^{path}: no space"), atomic_output(str(path)):
            raise OSError(28, "No space left on device")
        assert not list(tmp_path.iterdir())

    def test_a_killed_process_leaves_nothing(self, tmp_path: Path) -> None:
        """The old file alone, whole."""
        path = tmp_path / "x.txt"
        path.write_text("old")
        code = (
            "import os, signal; from c10h.files import atomic_output\n"
            f"with atomic_output({str(path)!r}) as stream:\n"
            "    stream.write(b'new'); os.kill(os.getpid(), signal.SIGKILL)"
        )
        done = subprocess.run([sys.executable, "-c", code], check=False)
        assert done.returncode == -signal.SIGKILL
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_where_files_need_a_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Such as on network file systems: the same comes of it."""
        monkeypatch.setattr("c10h.files._nameless_file", lambda folder: None)
        path = tmp_path / "x.txt"
        with atomic_output(str(path)) as stream:
            stream.write(b"new")
            (temporary,) = tmp_path.iterdir()
            assert temporary.name.startswith(".x.txt.")
        assert path.read_text() == "new"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.usefixtures("umask")
    def test_permissions_follow_the_umask(self, tmp_path: Path) -> None:
        write_text(str(tmp_path / "x.txt"), "x")
        assert stat.S_IMODE((tmp_path / "x.txt").stat().st_mode) == 0o640

    def test_text_is_utf_8(self, tmp_path: Path) -> None:
        write_text(str(tmp_path / "x.txt"), "ℓ∞\n")
        assert (tmp_path / "x.txt").read_bytes() == "ℓ∞\n".encode()

    def test_a_dash_is_stdout(self, capfd: pytest.CaptureFixture[str]) -> None:
        write_text("-", "ℓ∞\n")
        assert capfd.readouterr().out == "ℓ∞\n"
