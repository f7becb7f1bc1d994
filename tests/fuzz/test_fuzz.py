"""Damaged and hostile inputs end in a result that is right or in one line; see fuzz/campaign.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


def _paths() -> str:
    return os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])


def tried(*options: object) -> str:
    """The table of a campaign, in a process that has no threads when it forks."""
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.campaign", *map(str, options)],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": _paths()},
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


@pytest.mark.parametrize(
    ("code", "limit"),
    [("while True: pass", "SECONDS = 1"), ("time.sleep(60)", "CLOCK_SECONDS = 1.0")],
)
def test_what_does_not_end_is_stopped(tmp_path: Path, code: str, limit: str) -> None:
    program = f"""
import sys, time
from pathlib import Path
import c10h.__main__
from fuzz import isolated

def run():
    {code}

c10h.__main__.run = run
isolated.{limit}
print(isolated.run([], Path(sys.argv[1])).hung)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": _paths()},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
