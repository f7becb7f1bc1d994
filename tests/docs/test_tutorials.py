"""What the tutorials show is what their commands print."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.blocks import TUTORIALS, agrees, outputs, steps

# Those that train networks.
LONG = ("training", "attack", "own-data", "cluster")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.full] if path.stem in LONG else [])
        for path in TUTORIALS
    ],
)
def test_it_prints_what_it_shows(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    if "snakemake" in page and shutil.which("snakemake") is None:
        pytest.skip("needs snakemake: pip install 'c10h[workflow]'")
    for step, printed in outputs(path):
        assert agrees(step, printed), f"{path.name}: {step.code}prints now:\n{printed}"


def test_all_tutorials_are_found() -> None:
    assert {path.stem for path in TUTORIALS} == {
        "logits", "judgments", "training", "attack", "report", "python", "cluster", "own-data",
    }  # fmt: skip


def test_every_block_is_run() -> None:
    blocks = [step for path in TUTORIALS for step in steps(path.read_text(encoding="utf-8"))]
    assert [step.code for step in blocks if step.why_not] == []
