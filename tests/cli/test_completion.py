"""Completion in real shells, which are asked what they would insert."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

# What is typed, and the words that it may become.
LINES = [
    ("c10h sc", {"score"}),
    ("c10h labels no", {"noise"}),
    ("c10h train x.h5 --arch resnet_basic_1", {"resnet_basic_110"}),
    ("c10h train x.h5 --recipe hy", {"hysts"}),
    ("c10h score a.npy --metrics ece_h", {"ece_human"}),
    ("c10h score a.npy --metrics sba,ece_h", {"sba,ece_human"}),
    ("c10h score a.npy --labels cifar10h", {"cifar10h"}),
    ("c10h data fetch cifar10.1-v6", {"cifar10.1-v6"}),
    ("c10h show synthetic-f", {"synthetic-far"}),
    ("c10h report a.h5 --table ", {"1", "2"}),
    ("c10h attack r x.h5 --toward l", {"least-likely"}),
]
PROMPT = "ready> "


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the user's; c10h is what runs the tests."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "c10h"
    root = str(Path(__file__).parents[2])
    lines = [
        "import sys",
        f"sys.path.insert(0, {root!r})",
        "from c10h.__main__ import run",
        "run()",
    ]
    command.write_text("\n".join([f"#!{sys.executable}", *lines, ""]))
    command.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def script(shell: str, environment: dict[str, str]) -> str:
    """What ``--install-completion`` installs."""
    asked = {**environment, "_C10H_COMPLETE": f"source_{shell}"}
    done = subprocess.run(["c10h"], env=asked, capture_output=True, text=True, check=True)
    return done.stdout


def in_bash(line: str, environment: dict[str, str], folder: Path) -> set[str]:
    words = line.split(" ")
    ask = "\n".join(
        [
            script("bash", environment),
            f"COMP_WORDS=({' '.join(word or repr('') for word in words)})",
            f"COMP_CWORD={len(words) - 1}",
            "_c10h_completion c10h",
            'printf "%s\\n" "${COMPREPLY[@]}"',
        ]
    )
    done = subprocess.run(
        ["bash", "-c", ask], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def in_fish(line: str, environment: dict[str, str], folder: Path) -> set[str]:
    ask = f"{script('fish', environment)}\ncomplete -C '{line}'"
    done = subprocess.run(
        ["fish", "-c", ask], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return {row.partition("\t")[0] for row in done.stdout.splitlines()}


def in_zsh(line: str, environment: dict[str, str], folder: Path) -> set[str]:
    """What stands in the line after a Tab, and in the list below it where there are several."""
    (folder / ".zshrc").write_text(
        "\n".join(
            [
                f"PS1='{PROMPT}'; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep",
                "autoload -U compinit && compinit -u -d $HOME/dump",
                "zstyle ':completion:*' list-prompt ''; LISTMAX=1000",
                script("zsh", environment),
            ]
        )
    )
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-i"], environment)
    shown = ""

    def read_until(is_done: Callable[[str], bool], seconds: float) -> None:
        nonlocal shown
        end = time.monotonic() + seconds
        while not is_done(shown) and time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 4096).decode(errors="replace")

    try:
        read_until(lambda text: PROMPT in text, 30)
        shown = ""
        os.write(terminal, f"{line}\t".encode())
        # What is typed is shown at once, and what is completed in one go, later.
        read_until(lambda text: len(_plain(text)) > len(line), 30)
        read_until(lambda text: False, 1)
    finally:
        os.write(terminal, b"\x03")
        os.close(terminal)
        os.waitpid(process, 0)
    return set(_plain(shown).split())


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\x07|\r", "", text)


def installed(shell: str, environment: dict[str, str]) -> None:
    """Install completion as a user does, by a command in the shell."""
    (Path(environment["HOME"]) / ".zshrc").write_text("")  # without, zsh asks questions
    line = [shell, "-c", "c10h --install-completion; true"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert f"{shell} completion installed" in done.stdout


def typed_into(shell: str, environment: dict[str, str], keys: str, wanted: str) -> str:
    """What a new interactive shell shows after some keys, as soon as ``wanted`` is there."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(environment["HOME"])
        os.execvpe(shell, [shell, "-i"], {**environment, "TERM": "xterm"})
    shown = ""
    last = time.monotonic()

    def read_until(is_done: Callable[[str], bool], seconds: float) -> None:
        nonlocal shown, last
        end = time.monotonic() + seconds
        while not is_done(_plain(shown)) and time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                last = time.monotonic()
                read = os.read(terminal, 65536)
                shown += read.decode(errors="replace")
                if b"\x1b[c" in read or b"\x1b[0c" in read:
                    os.write(terminal, b"\x1b[?1;2c")  # fish asks what the terminal is

    try:
        # A shell that waits for a line has shown its prompt, and then nothing for a while.
        read_until(lambda text: bool(text) and time.monotonic() - last > 2, 30)
        shown = ""
        os.write(terminal, keys.encode())
        read_until(lambda text: wanted in text, 20)
    finally:
        os.close(terminal)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    return _plain(shown)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_first_tab_after_an_installation(environment: dict[str, str], shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    installed(shell, environment)
    wanted = "c10h labels noise"
    assert wanted in typed_into(shell, environment, "c10h labels no\t", wanted)


@pytest.mark.parametrize(("line", "words"), LINES, ids=[line for line, _ in LINES])
def test_bash(tmp_path: Path, environment: dict[str, str], line: str, words: set[str]) -> None:
    assert in_bash(line, environment, tmp_path) == words


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("line", "words"), LINES, ids=[line for line, _ in LINES])
def test_fish(tmp_path: Path, environment: dict[str, str], line: str, words: set[str]) -> None:
    assert in_fish(line, environment, tmp_path) == words


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(("line", "words"), LINES, ids=[line for line, _ in LINES])
def test_zsh(tmp_path: Path, environment: dict[str, str], line: str, words: set[str]) -> None:
    assert words <= in_zsh(line, environment, tmp_path)


def test_files_are_completed_where_no_name_is_begun(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert in_bash("c10h show ", environment, tmp_path) == set()
