"""The table of docs/speed.md has the rows of benchmarks/all.py; peers compute what c10h does."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import c10h

ROOT = Path(__file__).parents[1]
SCRIPTS, PAGE = ROOT / "benchmarks", ROOT / "docs" / "speed.md"


def run(script: str, *arguments: str) -> str:
    """What a script prints."""
    alone = ["-P"] if script == "peers.py" else []  # or it would find the folder's coverage.py
    line = [sys.executable, *alone, str(SCRIPTS / script), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def listed() -> list[list[str]]:
    """Name, what is done, and the peer, of each row that the runner knows."""
    return [line.split("\t") for line in run("all.py", "--list").splitlines()]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("all")


def test_every_row_names_a_peer_and_its_package(listed: list[list[str]]) -> None:
    assert len(listed) > 10
    assert len({name for name, *_ in listed}) == len(listed)
    for _, what, peer in listed:
        program, package = peer.removesuffix(")").rsplit(" (", 1)
        assert all((what, program, package))


def test_page_has_the_rows_of_the_runner(listed: list[list[str]]) -> None:
    table = PAGE.read_text().partition("<!-- generated -->")[2].partition("<!-- /generated -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    shown = [(cells[0], cells[-1]) for cells in rows[2:]]
    assert [what for what, _ in shown] == [what for _, what, _ in listed]
    for (_, shown_peer), (_, _, peer) in zip(shown, listed, strict=True):
        assert shown_peer.startswith(peer.removesuffix(")"))


def test_peer_that_is_not_installed_is_said_so(runner: ModuleType) -> None:
    assert runner.cells((1.0, 50.4), (4.0, 100.0)) == ["1.00", "50", "4.00", "100", "0.25", "0.50"]
    assert runner.cells((1.0, 50.4)) == ["1.00", "50", "not installed", "", "", ""]
    assert runner.versions_of(sys.executable, ["numpy", "no-such-peer"]) == {
        "numpy": np.__version__,
        "no-such-peer": None,
    }


def test_memory_is_that_of_the_command_alone(runner: ModuleType) -> None:
    """Linux gives a process at least what the one that started it had."""
    large = np.ones(25_000_000)
    _, memory = importlib.import_module("timing").run([sys.executable, "-S", "-c", "pass"])
    assert 1 < memory < 50 < large.nbytes / 1e6


def test_peer_computes_what_c10h_computes(tmp_path: Path, random: np.random.Generator) -> None:
    pytest.importorskip("sklearn", "1.7")
    votes = random.multinomial(50, random.dirichlet(np.full(10, 0.3), 300)).astype(np.int32)
    inputs = {
        "logits": random.normal(size=votes.shape).astype(np.float32),
        "truth": votes.argmax(axis=1),
        "counts": votes,
    }
    files = {name: str(tmp_path / f"{name}.npy") for name in inputs}
    for name, array in inputs.items():
        np.save(files[name], array)
    theirs = json.loads(run("peers.py", "sklearn", files["logits"], files["truth"]))
    theirs |= json.loads(run("plain_score.py", *(files[n] for n in ("logits", "counts", "truth"))))
    del theirs["entropy_corr"]  # the plain script rounds, so that it has other ties
    frame = c10h.score(
        inputs["logits"], labels=votes, truth=inputs["truth"], resamples=0, rescale="none"
    ).to_frame()
    ours = dict(zip(frame["metric"], frame["value"], strict=True))
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, abs=1e-9)
