"""``c10h show --check``: everything is read, and damage is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from edits import edited

from .conftest import Files, Run, assert_refused


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)


def test_a_file(files: Files, c10h: Run) -> None:
    found = c10h("show", "--check", "labels.h5", "--json").json()
    assert found == [{"name": "labels.h5", "holds": "labels, 3 datasets", "has_digest": True}]
    assert c10h("show", "--check", "labels.h5").out.splitlines()[1:] == [
        "labels.h5  labels, 3 datasets  agrees"
    ]
    with edited(files.path("labels.h5")):
        pass
    out = c10h("show", "--check", "labels.h5").out
    assert "none: of an older version, or of another program" in out
    assert_refused(c10h("show", "--check", "a.npy"), "a.npy: expected an HDF5 file")


def test_a_damaged_file(files: Files, c10h: Run) -> None:
    flip(files.path("labels.h5"), 3000)
    says = "labels.h5: damaged: its content is not what its last line, a SHA-256, says"
    assert_refused(c10h("show", "--check", "labels.h5"), says)


def test_a_run(runs: Path, c10h: Run) -> None:
    found = c10h("show", "--check", "a", "--json").json()
    assert [(file["name"], file["has_digest"]) for file in found] == [
        (name, True) for name in ("run.json", "fold-0.pt", "fold-1.pt", "fold-2.pt", "history.h5")
    ]
    assert found[1]["holds"] == "a network, 8 steps"


@pytest.mark.parametrize("name", ["run.json", "fold-1.pt", "history.h5"])
def test_a_damaged_run(runs: Path, c10h: Run, name: str) -> None:
    shutil.copytree("a", "d")
    path = Path("d") / name
    flip(path, path.stat().st_size // 2)
    result = c10h("show", "--check", "d")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("error: ")
    assert name in result.err
    assert result.err.count("\n") == 1
