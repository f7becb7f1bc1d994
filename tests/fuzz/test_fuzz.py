"""Damaged and hostile inputs end in a result that is right or in one line; see fuzz/campaign.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


def tried(*options: object) -> str:
    """The table of a campaign, in a process that has no threads when it forks."""
    paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.campaign", *map(str, options)],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("part", range(4))
def test_500_cases(part: int) -> None:
    """Some 90 damaged files and 40 hostile ones each."""
    table = tried("--first", 90 * part, "--cases", 90, "--every", 16, "--workers", 1)
    assert "| hostile |" in table


@pytest.mark.full
def test_20000_cases() -> None:
    assert tried("--first", 100_000, "--cases", 20_000, "--workers", 2)
