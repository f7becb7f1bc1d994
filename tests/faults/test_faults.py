"""Limits, missing things and signals: one line or a right result, and nothing half-written."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import C10H, COMMANDS, Ended, Place


def full(*values: object) -> list[Any]:
    """Values that are tried with ``-m full``."""
    return [pytest.param(value, marks=pytest.mark.full) for value in values]


FILE_SIZE = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}))
"""
OPEN_FILES = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))"
MEMORY = """
import numpy, h5py, polars, torch
import resource
with open("/proc/self/statm") as statm:
    size = int(statm.read().split()[0]) * resource.getpagesize() + {bytes}
resource.setrlimit(resource.RLIMIT_AS, (size, size))
"""


def assert_refused(
    ended: Ended, place: Place, before: set[str], kept: tuple[str, ...] = ()
) -> None:
    """One line, status 1, and no file that was not there, but what the command goes on from."""
    assert ended.status == 1, ended.err
    assert "Traceback" not in ended.err
    assert sum(line.startswith("error: ") for line in ended.err.splitlines()) == 1, ended.err
    new = {name for name in place.names() - before if not name.startswith(kept)}
    assert not new


@pytest.mark.parametrize("size", [*full(0, 3000), 1000])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_is_full(place: Place, name: str, size: int) -> None:
    """A limit on the size of files stands for it: every write beyond it fails."""
    before = place.names()
    whole = place.run(place.line(name))
    assert whole.status == 0, whole.err
    expected = place.made(name)
    output = place.folder / COMMANDS[name][1]
    if output.is_dir():
        for path in output.iterdir():
            path.unlink()
        output.rmdir()
    else:
        output.unlink()
    ended = place.run(place.line(name), FILE_SIZE.format(bytes=size))
    assert_refused(ended, place, before, ("new/", "new.h5.parts/"))
    again = place.run(place.line(name))
    assert again.status == 0, again.err
    assert place.made(name) == expected
    assert place.names() == before | set(expected)


@pytest.mark.parametrize("files", [*full(8, 20), 12])
@pytest.mark.parametrize("name", ["labels", "import", "score", "report"])
def test_few_open_files(place: Place, name: str, files: int) -> None:
    before = place.names()
    prepare = f"import numpy, h5py, polars, scipy.special\n{OPEN_FILES.format(files=files)}"
    ended = place.run(place.line(name), prepare)
    if ended.status:
        assert not place.names() - before
    else:
        assert place.names() - before == set(place.made(name))


@pytest.mark.parametrize("size", [*full(1 << 20, 1 << 26), 1 << 24])
@pytest.mark.parametrize("name", ["labels", "import", "score"])
def test_little_memory(place: Place, name: str, size: int) -> None:
    before = place.names()
    ended = place.run(place.line(name), MEMORY.format(bytes=size))
    new = place.names() - before
    assert new == (set() if ended.status else set(place.made(name)))


@pytest.mark.parametrize("name", [*full("labels", "import"), "score"])
@pytest.mark.parametrize(
    "environment",
    [
        {"HOME": ""},
        {"HOME": "/nonexistent", "C10H_CACHE": ""},
        {"TMPDIR": "/nonexistent"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TZ": "nowhere/at/all"},
    ],
    ids=str,
)
def test_poor_environments(place: Place, name: str, environment: dict[str, str]) -> None:
    ended = place.run(place.line(name), environment=environment)
    assert ended.status == 0, ended.err
    assert len(place.made(name)) == 1


@pytest.mark.parametrize("name", ["labels", "import", "score", "report", "predict"])
def test_a_folder_that_is_gone(place: Place, name: str) -> None:
    before = place.names()
    line = [*place.line(name)[:-1], f"gone/{COMMANDS[name][1]}"]
    assert_refused(place.run(line), place, before)


def test_a_working_folder_that_is_gone(place: Place) -> None:
    code = "import os\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')"
    ended = place.run(["score", str(place.folder / "a.npy"), "--labels",
                       str(place.folder / "labels.h5")], code)  # fmt: skip
    assert (ended.status, "Traceback" in ended.err) == (0, False), ended.err


@pytest.mark.parametrize("name", ["labels", "score"])
def test_an_output_through_a_link(place: Place, name: str) -> None:
    target = place.folder / "target.h5"
    target.write_bytes(b"old")
    (place.folder / COMMANDS[name][1]).symlink_to(target)
    ended = place.run(place.line(name))
    assert ended.status == 1
    assert "exists already" in ended.err
    assert target.read_bytes() == b"old"


def test_clocks_that_go_back(place: Place) -> None:
    """Nothing in a file depends on the time."""
    whole = place.run(place.line("score"))
    assert whole.status == 0
    expected = place.made("score")
    (place.folder / "new.h5").unlink()
    code = "import time\nnow = time.time\ntime.time = lambda: now() - 10**9"
    assert place.run(place.line("score"), code).status == 0
    assert place.made("score") == expected


@pytest.mark.parametrize("stream", [0, 1, 2])
@pytest.mark.parametrize("name", ["labels", "score", "report"])
def test_closed_streams(place: Place, name: str, stream: int) -> None:
    before = place.names()
    line = shlex.join([*C10H, *place.line(name)])
    done = subprocess.run(
        ["sh", "-c", f"{line} {stream}>&-"],
        cwd=place.folder,
        env=place.environment(),
        capture_output=True,
        text=True,
    )
    ended = Ended(done.returncode, done.stderr)
    assert "Traceback" not in ended.err
    assert place.names() - before == (set() if ended.status else set(place.made(name)))


@pytest.mark.parametrize(
    "number", [*full(signal.SIGHUP, signal.SIGPIPE), signal.SIGTERM, signal.SIGINT]
)
@pytest.mark.parametrize("name", [*full("import"), "attack", "score"])
def test_signals(place: Place, name: str, number: signal.Signals, tmp_path: Path) -> None:
    """Whenever it comes, the same command then makes the same file, and nothing else stays."""
    before = place.names()
    begun = time.monotonic()
    whole = place.run(place.line(name))
    seconds = time.monotonic() - begun
    assert whole.status == 0, whole.err
    expected = place.made(name)
    (place.folder / COMMANDS[name][1]).unlink()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for share in (0.3, 0.6, 0.8, 0.95):
        process = subprocess.Popen(
            [*C10H, *place.line(name)],
            cwd=place.folder,
            env=place.environment(TMPDIR=str(temporary)),
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(share * seconds)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        if "c10h" in err and share > 0.5:
            assert "Traceback" not in err, err
        assert not list(temporary.iterdir())
        new = {name for name in place.names() - before if not name.startswith("new.h5.parts/")}
        assert new <= set(expected)
        if new:
            (place.folder / COMMANDS[name][1]).unlink()
    assert place.run(place.line(name)).status == 0
    assert place.made(name) == expected
    assert place.names() == before | set(expected)


# What a process does as it opens its labels for the first time.
AT_LABELS = """
import os, signal, sys

def act(event, arguments):
    global times
    if event == "open" and str(arguments[0]).endswith("labels.h5") and not times:
        times = 1
        signal_comes()

times = 0
sys.addaudithook(act)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "signal_comes",
    [
        """
class Dropped:
    def __del__(self):
        os.kill(os.getpid(), {number})
        for _ in range(1000):
            pass

def signal_comes():
    Dropped()
""",
        """
def signal_comes():
    try:
        os.kill(os.getpid(), {number})
        for _ in range(1000):
            pass
    except BaseException:
        raise SyntaxError("can't load unicodedata module") from None
""",
    ],
    ids=["in a destructor", "as another error"],
)
def test_a_signal_that_other_code_takes(place: Place, signal_comes: str, number: int) -> None:
    """Ctrl-C ends the command as it does anywhere else."""
    before = place.names()
    code = AT_LABELS + signal_comes.format(number=int(number))
    ended = place.run(place.line("score"), code)
    assert ended.status == 128 + number
    assert ended.err in ("", "Aborted.\n")
    assert place.names() == before


def test_a_spool_of_stdin_goes_with_its_process(place: Place, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*C10H, "score", "-", "--labels", "labels.h5"],
        cwd=place.folder,
        env=place.environment(TMPDIR=str(temporary)),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(b"x" * 100_000)
    process.stdin.flush()
    deadline = time.monotonic() + 20
    while not list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(temporary.iterdir())
    process.terminate()
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    process.stdin.close()
    assert not list(temporary.iterdir())


def test_a_signal_that_is_ignored_stays_so(place: Place) -> None:
    code = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    code += (
        "import os, threading\nthreading.Timer(0.3, os.kill, (os.getpid(), signal.SIGHUP)).start()"
    )
    ended = place.run(place.line("score"), code)
    assert ended.status == 0, ended.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(place: Place) -> None:
    place.folder.chmod(0o555)
    try:
        ended = place.run(place.line("score"))
    finally:
        place.folder.chmod(0o755)
    assert (ended.status, "no permission to write" in ended.err) == (1, True)
