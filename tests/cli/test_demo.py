"""``c10h demo``: the chain runs, and its printed commands do the same in a shell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from c10h.cli.demo import STEPS

from .conftest import Run, assert_refused, start

OUTPUTS = {line.split(" -o ")[1].split()[0] for _, line in STEPS if " -o " in line}


def test_the_demo_and_its_commands_in_a_shell(process: Run, tmp_path: Path) -> None:
    result = process("demo", "--folder", "it is")
    assert result.status == 0, result.err
    made = {path.name: path.read_bytes() for path in (tmp_path / "it is").iterdir()}
    assert set(made) == OUTPUTS
    printed = [line for line in result.out.splitlines() if line.startswith(("mkdir ", "c10h "))]
    commands = [
        line for line in printed if line.startswith("mkdir ") or line in dict(STEPS).values()
    ]
    assert len(commands) == 1 + len(STEPS)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = Path(sys.executable).parent
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    pasted = start(["sh", "-ec", "\n".join(commands)], elsewhere, environment={"PATH": path})
    assert pasted.status == 0, pasted.err
    # What commands print does not depend on how they were started.
    assert [line for line in pasted.out.splitlines() if line] == [
        line
        for line in result.out.splitlines()
        if line and line not in commands and not line.startswith("# ")
    ]
    again = {path.name: path.read_bytes() for path in (elsewhere / "it is").iterdir()}
    assert again == made


def test_a_folder_that_is_not_empty(c10h: Run, tmp_path: Path) -> None:
    (tmp_path / "labels.h5").write_bytes(b"mine")
    assert_refused(
        c10h("demo", "--folder", tmp_path), "is not empty (--force replaces files in it)"
    )
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
