"""The scripts that try a cluster on one machine; with -m full, where their programs are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PAPER = REPOSITORY / "examples" / "paper"


def skip_without(*programs: str, root: bool = False) -> None:
    """Skip, and say which programs there are not."""
    places = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    missing = [name for name in programs if shutil.which(name, path=places) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (docs/cluster.md)")
    if root and os.getuid() != 0:
        pytest.skip("network namespaces need root")


def printed_by(script: str, *arguments: str, **variables: str) -> str:
    """What a script prints; it has to succeed."""
    done = subprocess.run(
        [PAPER / script, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.full
def test_slurm_makes_the_same_bytes_though_disturbed(tmp_path: Path) -> None:
    skip_without("slurmctld", "slurmd", "munged", "snakemake")
    targets = ["report/figure-3b.svg", "report/figure-4.svg"]
    printed = printed_by("slurm/check.sh", *targets, C10H_CHECK=str(tmp_path / "check"))
    assert "files are the same bytes as without Slurm" in printed


@pytest.mark.full
def test_two_nodes_train_as_one(tmp_path: Path) -> None:
    skip_without("ip", "torchrun", root=True)
    assert printed_by("two-nodes.sh", str(tmp_path / "nodes")).endswith("== all well\n")
