"""The paper's workflow: what its profiles plan, and that it ends in the same bytes when killed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from c10h.datasets.catalogue import CATALOGUE
from c10h.images.corruptions.table import CORRUPTIONS
from c10h.models.architectures import parse_name
from c10h.stages.requests_by_command import options_by_name

pytest.importorskip("snakemake", reason="needs snakemake: pip install 'c10h[workflow]'")
yaml: Any = pytest.importorskip("yaml")  # which snakemake brings

ROOT = Path(__file__).parents[1]
PROFILES = ROOT / "examples" / "paper" / "profiles"
REPORT = {
    "table-1.md", "table-1.json", "table-2.md", "figure-2.svg", "figure-3a.svg", "figure-3b.svg",
    "figure-4.svg", "report.html",
}  # fmt: skip


def command(profile: str, folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--profile", f"examples/paper/profiles/{profile}",
            "--directory", str(folder), *options]  # fmt: skip


def environment(folder: Path) -> dict[str, str]:
    """With the c10h of this interpreter, and a home and a cache of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}


def planned(profile: str, folder: Path) -> dict[str, int]:
    """How many jobs of each rule a profile plans."""
    printed = subprocess.run(
        command(profile, folder, "-n", "--quiet", "rules", "--executor", "local"),
        cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line.split() for line in (printed.stdout + printed.stderr).splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


# Of each profile: networks, conditions that are fine-tuned and from scratch, seeds, folds.
PLANS = {"laptop": (2, 7, 3, 2, 5), "full": (8, 7, 2, 3, 10)}


@pytest.mark.parametrize("profile", PLANS)
def test_a_profile_trains_every_fold_of_every_condition(profile: str, tmp_path: Path) -> None:
    networks, tuned, scratch, seeds, folds = PLANS[profile]
    jobs = planned(profile, tmp_path)
    assert jobs["pretrain"] == networks
    assert jobs["fold"] == networks * (tuned + scratch) * seeds * folds
    assert jobs["attack"] == networks * 2 * seeds * 2  # control and human, by FGSM and PGD


def test_the_test_profile_has_every_rule(tmp_path: Path) -> None:
    """Seven conditions of two networks, two seeds of two of them, two more of one from scratch."""
    jobs = planned("test", tmp_path)
    assert jobs["fold"] == 2 * (2 * (7 + 2) + 2)
    missing = {"pretrain", "ensemble", "distilled", "people", "import_images", "table_1"} - {*jobs}
    assert not missing


@pytest.mark.parametrize("profile", ["test", *PLANS])
def test_what_a_profile_names_is_there(profile: str) -> None:
    paper = yaml.safe_load((PROFILES / profile / "paper.yaml").read_text())
    for network in paper["networks"]:
        parse_name(network)
    for images in paper["images"].values():
        assert images.get("kind", "fog") in CORRUPTIONS
        assert images.get("images", "synthetic") in CATALOGUE
        assert images.get("corrupt", paper["judged"]) in paper["images"]
    conditions = {*paper["conditions"]}
    assert paper["baseline"] in conditions
    options = set(options_by_name("c10h train")) | {"lr", "mixup", "choose"}
    for part in (paper["pretraining"]["options"], paper["fine_tuning"], paper["from_scratch"]):
        assert set(part) <= options
    for attack in paper["attacks"].values():
        assert {*attack["conditions"]} <= conditions
        assert set(attack["options"]) <= set(options_by_name("c10h attack")) | {"limit", "health"}


def digests(folder: Path) -> dict[str, str]:
    """Everything that is a result: no logs, no timings, nothing of Snakemake's."""
    kept = ("data", "labels", "trained", "predictions", "scores", "attacks", "report", "runs")
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for top in kept
        for path in sorted((folder / top).rglob("*"))
        if path.is_file()
    }


def run_for(line: Sequence[str], folder: Path, seconds: float | None) -> bool:
    """Whether the workflow ended; after some seconds it is killed with all that it started."""
    with subprocess.Popen(
        line, cwd=ROOT, env=environment(folder.parent), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False


@pytest.mark.full
def test_killed_and_run_again_it_ends_in_the_same_bytes(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run_for(command("test", whole), whole, None)
    assert {path.name for path in (whole / "report").iterdir()} == REPORT
    moments = random.Random(0)
    start, kills = time.monotonic(), 0
    while not run_for(command("test", killed), killed, moments.uniform(10, 90)):
        kills += 1
        assert time.monotonic() - start < 3600
    assert kills > 2
    assert digests(killed) == digests(whole)
