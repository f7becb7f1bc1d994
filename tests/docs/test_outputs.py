"""Every output that a page of docs/ shows is compared, or says why it is not.

Those of README.md and of the tutorials are compared where they are run (blocks.py).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from docs import published
from docs.blocks import ROOT

PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/*.md"))}
BLOCK = re.compile(
    r"(?:<!-- (?P<what>printed by|not compared): (?P<rest>.+?) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
OUTPUTS = [
    (name, block)
    for name, page in PAGES.items()
    for block in BLOCK.finditer(page)
    if not block["language"]
]
# As wide as the pages' widest block, so that no line is broken.
WIDE = "140"


@pytest.mark.parametrize(
    ("name", "block"),
    [pytest.param(name, block, id=f"{name}:{block.start()}") for name, block in OUTPUTS],
)
def test_it_says_what_it_is_compared_with(name: str, block: re.Match[str]) -> None:
    assert block["what"], f"{name}: whose output is {block['text'][:60]!r}?"


@pytest.mark.parametrize(
    "command", list(dict.fromkeys(b["rest"] for _, b in OUTPUTS if b["what"] == "printed by"))
)
def test_it_is_what_the_command_prints(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not published.is_there():
        pytest.skip("needs C10H_DATA, the folder of the published files (docs/developing.md)")
    words = command.split()
    monkeypatch.chdir(tmp_path)  # as the published files are put into the current folder
    with published.at_hand(), mock.patch.dict(os.environ, {"COLUMNS": WIDE}):
        done = subprocess.run(
            [sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True, check=True
        )
    blocks = [block["text"] for _, block in OUTPUTS if block["rest"] == command]
    assert blocks
    for text in blocks:
        assert text in done.stdout
