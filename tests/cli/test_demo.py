"""``c10h demo``: the chain runs, and its printed commands do the same in a shell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from c10h.cli import demo

from .conftest import Run, assert_refused, start

TRAINING = (
    "c10h train", "c10h predict", "c10h score", "c10h attack", "c10h report", "c10h show human",
)  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but run.json, which tells of the machine."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.json"
    }


@pytest.mark.parametrize(
    "training", [False, pytest.param(True, marks=pytest.mark.full, id="with training")]
)
def test_the_commands_do_the_same_in_a_shell(
    c10h: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    training: bool,
) -> None:
    """One step of training is as good as many for this."""
    steps = [
        (why, line.replace("--epochs 14", "--epochs 0.05"))
        for why, line in demo.STEPS
        if training or not line.startswith(TRAINING)
    ]
    monkeypatch.setattr(demo, "STEPS", steps)
    monkeypatch.chdir(tmp_path)
    result = c10h("demo", "--folder", "it is")
    assert result.status == 0, capfd.readouterr()
    printed = capfd.readouterr().out
    lines = {line for _, line in steps}
    commands = [one for one in result.out.splitlines() if one in lines or one.startswith("mkdir ")]
    assert len(commands) == 1 + len(steps)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    pasted = start(
        ["sh", "-ec", "\n".join(commands)], elsewhere, environment={"PATH": path}, timeout=600
    )
    assert pasted.status == 0, pasted.err
    assert pasted.out == printed
    made = contents(tmp_path / "it is")
    outputs = {demo.output_of(line) for line in lines}
    assert {one for one in outputs if one.endswith(demo.REPLACED)} <= set(made)
    assert contents(elsewhere / "it is") == made


def test_a_folder_that_is_not_empty(c10h: Run, tmp_path: Path) -> None:
    (tmp_path / "labels.h5").write_bytes(b"mine")
    result = c10h("demo", "--folder", tmp_path)
    assert_refused(result, "is not empty (--force replaces files in it)")
    assert (tmp_path / "labels.h5").read_bytes() == b"mine"


def test_a_command_that_fails_ends_it(process: Run, tmp_path: Path) -> None:
    (tmp_path / "demo" / "labels.h5").mkdir(parents=True)
    result = process("demo", "--folder", "demo", "--force")
    assert result.status == 1
    assert "error: labels.h5: expected a file name, found a folder" in result.err
    assert result.err.splitlines()[-1].startswith("error: c10h labels build synthetic -o labels.h5")


def test_a_folder_that_cannot_be_made(c10h: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(c10h("demo", "--folder", tmp_path / "file" / "demo"), "not a directory")
