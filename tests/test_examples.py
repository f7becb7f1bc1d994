"""The example pipelines run, on the made-up data and on the real."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from c10h import h5
from c10h.files import Source
from c10h.records import Labels

EXAMPLES = Path(__file__).parents[1] / "examples"
REAL = ("cifar10h-counts.npy", "cifar10_test_labels.npy", "densenet-bc-L190-k40-probs.csv")


def run_example(out: Path, *arguments: str | Path, script: str = "score-logits.sh") -> str:
    """Run a script with the c10h of this interpreter; its output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", EXAMPLES / script, *arguments],
        env={**os.environ, "PATH": path, "C10H_EXAMPLE_OUT": str(out)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_score_logits_on_the_made_up_data(tmp_path: Path) -> None:
    printed = run_example(tmp_path)
    assert "equivalent_annotators" in printed
    assert "The gate is closed" in printed
    assert "### Scores" in (tmp_path / "report.md").read_text()
    assert hashlib.sha256((EXAMPLES / "data/counts.csv").read_bytes()).hexdigest() in printed


def test_score_logits_on_real_data(tmp_path: Path, real_data: Path) -> None:
    printed = run_example(tmp_path, *(real_data / name for name in REAL))
    assert "0.9668" in printed
    assert "The gate is closed" not in printed  # ce_human is 0.59, the bound 0.9


def test_label_judgments_on_the_made_up_data(tmp_path: Path) -> None:
    printed = run_example(tmp_path, script="label-judgments.sh")
    assert "squared error" in printed
    assert printed.endswith("\n")
    left_out = (tmp_path / "excluded.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in left_out[1:]] == ["p40", "p41"]
    labels = h5.read(Source.open(str(tmp_path / "labels.h5")), Labels)
    assert isinstance(labels, Labels)
    counts = np.loadtxt(EXAMPLES / "data/counts.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(labels.counts, counts)
    with (tmp_path / "next.csv").open() as stream:
        assert sum(int(row["judgments"]) for row in csv.DictReader(stream)) == 200


def test_made_up_data_is_what_its_script_makes(tmp_path: Path) -> None:
    script = Path(shutil.copy(EXAMPLES / "data/make.py", tmp_path))
    subprocess.run([sys.executable, script], check=True)
    made = {path.name: path.read_text() for path in tmp_path.glob("*.csv")}
    kept = {path.name: path.read_text() for path in (EXAMPLES / "data").glob("*.csv")}
    assert made == kept


def test_numbers_in_the_readme_are_what_the_command_prints(real_data: Path, tmp_path: Path) -> None:
    text = (EXAMPLES.parent / "README.md").read_text()
    block = text.partition("```\ndensenet: ")[2].partition("```")[0]
    shown = [line for line in block.splitlines() if "↑" in line or "↓" in line]
    printed = run_example(tmp_path, *(real_data / name for name in REAL))
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert len(shown) == 7
    for line in shown:
        assert " ".join(line.split()) in lines
    sentence = " ".join(block.partition("\n\n")[0].split())
    assert sentence in " ".join(printed.split())


@pytest.mark.full
def test_hard_or_human_on_the_embedded_set(tmp_path: Path) -> None:
    printed = run_example(tmp_path / "new", script="hard-or-human.sh")
    assert "Difference from hard" in printed
    assert "Can the attacks be believed?" in printed
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert {"hard", "soft", "scores.h5", "hard-attacked.h5", "soft-attacked.h5"} <= names
