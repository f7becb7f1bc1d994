"""Habits that all commands share."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from made_attacks import made_attack

from c10h import __version__, h5
from c10h.cli import app

from .conftest import LOUD, PYTHON, Files, Result, Run, start

ESCAPE = "\x1b"
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;\d]*m")

pytestmark = pytest.mark.usefixtures("files")


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, groups left out."""
    group = group or typer.main.get_command(app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def options_of(path: tuple[str, ...]) -> set[str]:
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.get_command(None, name)
    return {option for one in command.params for option in one.opts if option.startswith("-")}


def examples(text: str) -> list[str]:
    """Example lines of a help text, with lines that the terminal's width broke joined again."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    found = re.findall(r"^  (c10h .*(?:\n    \S.*)*)", plain, flags=re.MULTILINE)
    return [" ".join(example.split()) for example in found]


class TestHelp:
    @pytest.mark.parametrize("line", [["lables"], ["labels", "biuld"]], ids=" ".join)
    def test_a_slip_gets_a_suggestion(self, c10h: Run, line: list[str]) -> None:
        result = c10h(*line)
        assert result.status == 2
        assert "Did you mean" in result.err

    def test_commands(self) -> None:
        assert {("labels", "build"), ("score",), ("report",), ("show",)} <= set(commands())

    @pytest.mark.parametrize("flag", ["--help", "-h"])
    def test_the_help_of_all(self, c10h: Run, flag: str) -> None:
        result = c10h(flag)
        assert (result.status, result.err) == (0, "")
        assert len(examples(result.out)) == 2
        for command in ("labels", "score", "report", "show"):
            assert command in result.out

    @pytest.mark.parametrize("path", list(commands()), ids=" ".join)
    def test_every_command_has_examples(self, c10h: Run, path: tuple[str, ...]) -> None:
        result = c10h(*path, "--help")
        assert result.status == 0
        found = examples(result.out)
        assert len(found) >= 2
        for line in found:
            words = shlex.split(line.split(" | ")[0])
            assert tuple(words[1 : 1 + len(path)]) == path
            used = {word for word in words if re.match("--?[a-z]", word)}
            assert used <= options_of(path)

    @pytest.mark.parametrize(
        ("command", "default"),
        [("attack", "4/255"), ("report", "12"), ("train", "the true classes")],
    )
    def test_defaults_in_words_are_shown(self, c10h: Run, command: str, default: str) -> None:
        assert f"[default: {default}" in c10h(command, "--help-all").out

    @pytest.mark.parametrize("line", [[], ["labels"]])
    def test_no_command_shows_the_help(self, c10h: Run, line: list[str]) -> None:
        assert "Usage: " in c10h(*line).out

    @pytest.mark.parametrize(
        "line",
        [["nope"], ["score"], ["score", "a.npy", "--nope"], ["show", "a", "--format", "xml"]],
    )
    def test_what_was_typed_wrong_has_status_2(self, c10h: Run, line: list[str]) -> None:
        result = c10h(*line)
        assert (result.status, result.stdout) == (2, b"")
        assert "Usage: " in result.err

    def test_formats_are_listed_when_one_is_wrong(self, c10h: Run) -> None:
        words = c10h("report", "a.h5", "--format", "xml").err.split()
        assert {"terminal,", "markdown,", "latex,", "csv,", "json,", "html,"} <= set(words)


def test_names_are_told_as_they_are(c10h: Run) -> None:
    name = ":dog:[red]x[/].h5"
    assert c10h("show", name).err == f"error: {name}: no such file or directory\n"


class TestProcess:
    def test_version(self, files: Files, c10h: Run, process: Run) -> None:
        assert c10h("--version").out == process("--version").out == f"c10h {__version__}\n"

    def test_the_module_is_the_command(self, files: Files, c10h: Run, process: Run) -> None:
        line = ["score", "a.npy", "--labels", "counts.npy", "--json"]
        assert process(*line) == c10h(*line)
        command = Path(sys.executable).with_name("c10h")
        if command.exists():
            assert start([str(command), *line], files.folder) == c10h(*line)

    def test_a_pipeline(self, files: Files, c10h: Run) -> None:
        run = shlex.join(PYTHON)
        line = (
            f"set -e; {run} labels build counts.npy --truth truth.npy -o - 2> /dev/null"
            f" | {run} score a.npy --labels - -o - 2> /dev/null | {run} report - --json"
        )
        found = start(["sh", "-c", line], files.folder).json()
        c10h("labels", "build", "counts.npy", "--truth", "truth.npy", "-o", "l.h5")
        wanted = c10h("score", "a.npy", "--labels", "l.h5", "--json").json()
        assert found["runs"] == wanted["runs"]
        assert [file["name"] for file in found["files"]] == ["stdin"]
        assert [one["command"] for one in found["made"]][-1].startswith("c10h score")

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
    def test_a_stdout_that_lacks_characters(self, files: Files, encoding: str) -> None:
        line = [*PYTHON, "score", "--list-metrics"]
        result = start(line, files.folder, environment={"PYTHONIOENCODING": encoding})
        assert (result.status, result.err) == (0, "")

    @pytest.mark.parametrize("module", ["c10h.cli", "c10h.views.report"])
    def test_ctrl_c_while_modules_are_imported(self, files: Files, module: str) -> None:
        """Which are imported before the command begins, and while it runs."""
        script = f"""
import signal, sys
class Interrupts:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupts())
sys.argv = ["c10h", "report", "a.npy"]
from c10h.__main__ import run
run()
"""
        done = start([sys.executable, "-c", script], files.folder)
        assert (done.status, "Traceback" in done.err) == (130, False)


@pytest.mark.parametrize(
    "line",
    [
        ["score", "a.npy", "--labels", "counts.npy", "--json"],
        ["score", "a.npy", "--labels", "counts.npy"],
        ["show", "labels.h5"],
        ["score", "a.npy", "--labels", "labels.h5", "-o", "-"],
        ["labels", "build", "counts.npy", "-o", "-"],
        ["report", "labels.h5"],
        ["score", "--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_a_closed_pipe_is_no_error(files: Files, line: list[str]) -> None:
    result = unread([*PYTHON, *line], files.folder)
    assert result.status == 0
    assert result.err == start([*PYTHON, *line], files.folder).err


def test_a_gate_holds_though_nobody_reads(files: Files) -> None:
    line = ["score", "a.npy", "--labels", "labels.h5", "--fail-if", "accuracy<=1"]
    result = unread([*PYTHON, *line], files.folder)
    assert result.status == 3
    assert "error: a: accuracy = " in result.err


def test_nobody_reads_messages(files: Files) -> None:
    line = [*PYTHON, "labels", "build", "counts.npy", "-o", "l.h5"]
    assert unread(line, files.folder, "stderr").status == 0
    assert files.path("l.h5").exists()


def unread(line: list[str], folder: Path, stream: str = "stdout") -> Result:
    """Run a command of which nobody reads a stream."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return start(line, folder, **{stream: writer})
    finally:
        os.close(writer)


class TestColour:
    LINES = (
        ["score", "a.npy", "--labels", "labels.h5"],
        ["show", "nowhere.h5"],
        ["score", "--help"],
    )

    @pytest.mark.parametrize("line", LINES, ids=" ".join)
    def test_none_in_a_pipe(self, process: Run, line: list[str]) -> None:
        result = process(*line)
        assert ESCAPE not in result.out + result.err
        assert result.out + result.err

    @pytest.mark.parametrize("line", LINES, ids=" ".join)
    def test_none_on_a_terminal_that_asks_for_none(self, files: Files, line: list[str]) -> None:
        assert not COLOUR.search(on_terminal(line, files.folder, {"NO_COLOR": "1"}))

    def test_some_on_a_terminal(self, files: Files) -> None:
        text = on_terminal(["show", "nowhere.h5"], files.folder, {})
        assert COLOUR.search(text)
        assert "nowhere.h5: no such file or directory" in text

    def test_a_terminal_gets_a_table_that_fits(self, files: Files) -> None:
        line = ["score", "a.npy", "b.npy", "--labels", "labels.h5"]
        text = on_terminal(line, files.folder, {"COLUMNS": "80"})
        plain = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", text).split("\r\n")
        assert (
            max(len(row.split("\r")[-1].rstrip()) for row in plain if "interval" not in row) <= 100
        )
        assert any("ce_human" in row for row in plain)

    def test_no_binary_on_a_terminal(self, files: Files) -> None:
        line = ["labels", "build", "counts.npy", "-o", "-"]
        text = on_terminal(line, files.folder, {"NO_COLOR": "1"})
        assert "binary output to a terminal: redirect it, or name a file with -o" in text


def on_terminal(line: list[str], folder: Path, more: Mapping[str, str]) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in LOUD}
    environment |= {"TERM": "xterm-256color", **more}
    written = b""
    with subprocess.Popen(
        [*PYTHON, *line], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        try:
            while block := os.read(ours, 1 << 16):
                written += block
        except OSError:  # as Linux tells the end
            pass
        process.wait(timeout=60)
    os.close(ours)
    return written.decode()


MODULES = """
import sys
from c10h.cli import main
sys.argv = ["c10h", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*sorted({name.partition(".")[0] for name in sys.modules}), end=" ", file=sys.stderr)
print(*(name for name in sys.modules if name.startswith("c10h.cli.")), file=sys.stderr)
"""
HEAVY = {"torch", "torchvision", "cleverhans", "scipy", "sklearn", "matplotlib", "pandas"}


class TestWhatIsImported:
    def modules(self, folder: Path, *line: str) -> set[str]:
        result = start([sys.executable, "-c", MODULES, *line], folder)
        assert result.status == 0, result.err
        return set(result.err.splitlines()[-1].split())

    def test_no_other_command(self, files: Files) -> None:
        found = self.modules(files.folder, "score", "--help")
        assert "c10h.cli.score" in found
        assert not found & {"c10h.cli.labels", "c10h.cli.labels_build", "c10h.cli.report"}

    @pytest.mark.parametrize(
        "line",
        [
            ["--help"],
            ["labels", "build", "counts.npy", "--truth", "truth.npy", "-o", "out.h5"],
            ["labels", "build", "a.npy", "b.npy", "--as", "distill", "-o", "out.h5"],
            ["score", "a.npy", "--labels", "labels.h5", "--by", "modal", "-o", "out.h5"],
            ["report", "scores.h5", "--format", "json"],
            ["show", "scores.h5"],
            ["score", "adv.h5", "--labels", "labels.h5"],
            ["report", "scores.h5", "adv.h5"],
            ["show", "adv.h5"],
        ],
        ids=lambda line: " ".join(line[:2]),
    )
    def test_nothing_heavy(self, files: Files, c10h: Run, line: list[str]) -> None:
        c10h("score", "a.npy", "--labels", "labels.h5", "-o", "scores.h5")
        h5.write(made_attack(items=30), "adv.h5")
        found = self.modules(files.folder, *line)
        assert not found & HEAVY
        assert {"c10h", "typer"} <= found

    @pytest.mark.parametrize("line", [["--help"], ["--version"], ["score", "--help"]])
    def test_help_needs_no_numbers(self, files: Files, line: list[str]) -> None:
        assert not self.modules(files.folder, *line) & {*HEAVY, "numpy", "h5py", "polars"}

    def test_torch_for_its_own_files(self, files: Files) -> None:
        import torch

        torch.save(torch.tensor(files.logits["a"]), files.path("a.pt"))
        found = self.modules(files.folder, "score", "a.pt", "--labels", "labels.h5")
        assert "torch" in found
