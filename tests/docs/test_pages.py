"""Every block of the pages runs on its reader's files, and makes what it says that it makes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.blocks import NOT_RUN, ROOT
from docs.reader import small
from docs.reader_files import COMMANDS, make_arrays, name_again

pytestmark = pytest.mark.full

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/*.md"))}
BLOCK = re.compile(
    rf"^{NOT_RUN}```(?P<language>sh|python)\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# Pages whose files other pages make.
AFTER = {"figures": ("training", "attacks")}


def blocks(name: str) -> list[tuple[str, str]]:
    """The language and the code of the blocks of a page that are run."""
    return [
        (block["language"], block["code"])
        for block in BLOCK.finditer(PAGES[name])
        if not block["why_not"]
    ]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what readers have, in which commands are in ``bin``."""
    folder = tmp_path_factory.mktemp("reader")
    make_arrays(folder)
    (folder / "bin").mkdir()
    command = folder / "bin" / "c10h"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m docs.reader "$@"\n')
    command.chmod(0o755)
    run(COMMANDS, folder, folder)
    name_again(folder)
    return folder


def run(code: str, folder: Path, reader: Path) -> Path:
    """Run shell commands in a folder, and see that what -o names is there then.

    Returns the folder that they end in.
    """
    end = reader / "end"
    paths = [str(reader / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    tests = [str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", f"{code}\npwd > {end}"],
        cwd=folder,
        env={
            **os.environ,
            "PATH": os.pathsep.join(paths),
            "PYTHONPATH": os.pathsep.join(tests),
            "C10H_CACHE": str(reader / "cache"),
            "C10H_MIRROR": str(reader / "mirror"),
            "OMP_NUM_THREADS": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout[-3000:]}"
    folder = Path(end.read_text().rstrip())
    for output in re.findall(r"-o ([\w./-]+)(?=\s|$)", code):
        assert output == "-" or (folder / output).exists(), f"{code}\nmade no {output}"
    return folder


def run_page(name: str, folder: Path, reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    space: dict[str, object] = {}
    for language, code in blocks(name):
        if language == "python":
            exec(code, space)
        else:
            folder = run(code, folder, reader)


@pytest.mark.parametrize("name", [name for name in PAGES if blocks(name)])
def test_every_block_runs(
    name: str, reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "page"
    shutil.copytree(reader, folder, ignore=shutil.ignore_patterns("cache", "mirror", "bin"))
    for other in (ROOT / "examples" / "data").iterdir():
        shutil.copy(other, folder)
    shutil.copytree(ROOT / "docs" / "reproduction", folder / "docs" / "reproduction")
    for page in (*AFTER.get(name, ()), name):
        run_page(page, folder, reader, monkeypatch)


def test_what_is_made_small() -> None:
    line = ["train", "a.h5", "b.h5", "--arch", "wrn_28_10", "--epochs", "90", "-o", "run"]
    expected = "train a.h5 b.h5 --arch resnet_basic_8 --epochs 90 -o run --epochs 1 --batch-size 8"
    assert small(line) == expected.split()
    assert small(["show", "run"]) == ["show", "run"]
