"""``kill -9`` at random moments: the same command then makes the same bytes, and nothing stays."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import web_server
from cli.published import StandIns

from .conftest import C10H, COMMANDS, TESTS, Place

KILLS = 25
FETCHED = ["cifar10-test", "cifar10h"]
# Stand-ins of the published files, in a catalogue that has their sizes and checksums.
FETCH = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(TESTS)!r})
from cli.published import known
from c10h.datasets.catalogue import CATALOGUE
address, published, *names = sys.argv[1:]
files = {{path.name: path.read_bytes() for path in Path(published).iterdir()}}
for name in names:
    CATALOGUE[name] = known(CATALOGUE[name], files, address)
sys.argv = ["c10h", "data", "fetch", *names]
from c10h.__main__ import run
run()
"""


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
        was_running = kill(place, name, moments.uniform(0.1, 1.0) * seconds)
        killed += was_running
        if not was_running:  # the first run was slower, on a machine with more to do
            seconds *= 0.8
        if number % 5 == 4 or output.is_file():
            line = place.line(name) if output.is_dir() else [*place.line(name), "--force"]
            again = place.run(line if output.exists() else place.line(name))
            assert again.status == 0, again.err
            assert place.made(name) == expected
            assert place.names() == before | set(expected)
    assert killed > KILLS / 2


@pytest.fixture
def site() -> Iterator[web_server.Server]:
    with web_server.serve() as server:
        server.files = StandIns().files()
        yield server


@pytest.mark.full
def test_kills_while_data_are_fetched(
    place: Place, site: web_server.Server, tmp_path: Path
) -> None:
    """25 more: downloads go on where they stopped, and what is imported is whole."""
    published = tmp_path / "published"
    published.mkdir()
    for name, content in site.files.items():
        (published / name).write_bytes(content)

    def fetch(cache: Path, killed_after: float | None = None) -> bool:
        """Fetch all. Whether the command ended by itself."""
        process = subprocess.Popen(
            [sys.executable, "-c", FETCH, site.address, str(published), *FETCHED],
            cwd=place.folder,
            env=place.environment(C10H_CACHE=str(cache)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            _, err = process.communicate(timeout=killed_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False
        assert process.returncode == 0, err.decode()
        return True

    def contents(cache: Path) -> dict[str, bytes]:
        files = (path for path in cache.rglob("*") if path.is_file())
        return {str(path.relative_to(cache)): path.read_bytes() for path in files}

    # The shorter of two, since the first one on a busy machine can take far longer than the rest.
    seconds = float("inf")
    for name in ("whole", "again"):
        begun = time.monotonic()
        assert fetch(tmp_path / name)
        seconds = min(seconds, time.monotonic() - begun)
    expected = contents(tmp_path / "whole")
    moments = random.Random("fetch")
    killed = 0
    for number in range(KILLS):
        cache = tmp_path / f"cache-{number // 5}"
        killed += not fetch(cache, moments.uniform(0.3, 1.0) * seconds)
        if number % 5 == 4:
            assert fetch(cache)
            assert contents(cache) == expected
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
