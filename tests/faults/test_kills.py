"""``kill -9`` at random moments: the same command then makes the same bytes, and nothing stays."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import C10H, COMMANDS, Place

KILLS = 25


@pytest.mark.full
@pytest.mark.parametrize("name", COMMANDS)
def test_200_kills(place: Place, name: str, tmp_path: Path) -> None:
    """25 of each of eight commands; one that goes on is killed again and again."""
    before = place.names()
    begun = time.monotonic()
    whole = place.run(place.line(name))
    seconds = time.monotonic() - begun
    assert whole.status == 0, whole.err
    expected = place.made(name)
    moments = random.Random(name)
    killed = 0
    for number in range(KILLS):
        output = place.folder / COMMANDS[name][1]
        if number % 5 == 0 and output.exists():  # else it goes on from where it was
            shutil.rmtree(output) if output.is_dir() else output.unlink()
        killed += kill(place, name, moments.uniform(0.1, 1.0) * seconds)
        if number % 5 == 4 or output.is_file():
            line = place.line(name) if output.is_dir() else [*place.line(name), "--force"]
            again = place.run(line if output.exists() else place.line(name))
            assert again.status == 0, again.err
            assert place.made(name) == expected
            assert place.names() == before | set(expected)
    assert killed > KILLS / 2


def kill(place: Place, name: str, seconds: float) -> bool:
    """Kill a command after some seconds. Whether it was still running."""
    line = place.line(name)
    if (place.folder / COMMANDS[name][1]).is_file():
        line.append("--force")
    process = subprocess.Popen(
        [*C10H, *line],
        cwd=place.folder,
        env=place.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running
