"""The example pipelines run, on the made-up data and on the real."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
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


def run_line(out: Path, *line: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command line with the c10h of this interpreter, which must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        line,
        env={**os.environ, "PATH": path, "C10H_EXAMPLE_OUT": str(out)},
        capture_output=True,
        text=True,
        check=True,
    )


def run_example(out: Path, *arguments: str | Path, script: str = "score-logits.sh") -> str:
    """Run a script; its output."""
    return run_line(out, "bash", EXAMPLES / script, *arguments).stdout


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When each file of a folder was changed, and what is in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


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
    made = {path.name: path.read_text() for path in tmp_path.glob("*.[cj]s*")}
    kept = {path.name: path.read_text() for path in (EXAMPLES / "data").glob("*.[cj]s*")}
    assert {"counts.csv", "chaosnli.jsonl"} <= {*kept}
    assert made == kept


@pytest.mark.full
def test_hard_or_human_on_the_embedded_set(tmp_path: Path) -> None:
    printed = run_example(tmp_path / "new", script="hard-or-human.sh")
    assert "human less hard after 8/255: " in printed
    assert "hecks on 20 items" in printed
    assert re.search(r"metric +hard +human +difference +95 %", printed)
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert {"hard", "soft", "scores.h5", "hard-attacked.h5", "soft-attacked.h5"} <= names


@pytest.mark.full
def test_robustness_on_the_embedded_set(tmp_path: Path) -> None:
    printed = run_example(tmp_path, script="robustness.sh")
    assert "square" in printed
    assert "hecks on 10 items" in printed
    assert "pgd@8/255 differs from pgd@clean" in printed


def test_human_or_only_less_sure(tmp_path: Path) -> None:
    """Of the difference in cross-entropy most is scale, as the comment in the script says."""
    printed = " ".join(run_example(tmp_path, script="human-or-only-less-sure.sh").split())
    (row,) = re.findall(r"ce_human ↓ (\S+) (\S+) \*−(\S+) \S+ to \S+ \*−(\S+)", printed)
    control, human, difference, remaining = map(float, row)
    assert control - human == pytest.approx(difference, abs=2e-3)
    assert 0.05 < remaining / difference < 0.15
    assert "equal scale" in (tmp_path / "report.html").read_text()


def test_pipes(tmp_path: Path) -> None:
    printed = run_example(tmp_path, script="pipes-and-containers.sh")
    counts = np.loadtxt(EXAMPLES / "data/counts.csv", delimiter=",", skiprows=1)
    logits = np.loadtxt(EXAMPLES / "data/human.csv", delimiter=",", skiprows=1)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    shares = counts / counts.sum(axis=1, keepdims=True)
    number = re.search(r"^0\.\d{6,}$", printed, re.MULTILINE)
    assert number is not None
    assert float(number[0]) == pytest.approx(-(shares * log_probs).sum(axis=1).mean(), abs=1e-9)
    assert "c10h labels build --as majority" in printed


def test_text_votes(tmp_path: Path) -> None:
    """The labels are the votes of the file, and the table has the classifier's accuracy on it."""
    printed = run_example(tmp_path, script="text-votes.sh")
    lines = (EXAMPLES / "data/chaosnli.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    labels = h5.read(Source.open(str(tmp_path / "labels.h5")), Labels)
    assert labels.classes == ("e", "n", "c")
    assert labels.ids is not None
    assert labels.ids.tolist() == [record["uid"] for record in records]
    np.testing.assert_array_equal(labels.counts, [record["label_count"] for record in records])
    assert labels.truth is not None
    assert ["enc"[number] for number in labels.truth] == [record["old_label"] for record in records]
    with (EXAMPLES / "data/text-classifier.csv").open() as stream:
        chosen = {
            row["uid"]: max("enc", key=lambda name: float(row[name]))
            for row in csv.DictReader(stream)
        }
    right = [chosen[record["uid"]] == record["old_label"] for record in records]
    assert f"accuracy {np.mean(right):.3f}" in printed


@needs("parallel")
def test_parallel_computes_only_what_is_new(tmp_path: Path) -> None:
    (tmp_path / "logits").mkdir()
    files = [tmp_path / "logits" / name for name in ("a network.csv", "b.csv", "c.csv")]
    for file, name in zip(files, ("control", "human", "human"), strict=True):
        shutil.copy(EXAMPLES / f"data/{name}.csv", file)
    labels = EXAMPLES / "data/counts.csv"
    first = run_example(tmp_path, labels, *files[:2], script="parallel.sh")
    assert "a network" in first
    made = contents(tmp_path)
    second = run_line(tmp_path, "bash", EXAMPLES / "parallel.sh", labels, *files)
    assert second.stderr.count("made by the same command; skipped") == 2
    now = contents(tmp_path)
    assert {*now} - {*made} == {str(tmp_path / "c.h5")}
    assert {name: now[name] for name in made} == made


@pytest.mark.full
def test_reproduce_the_paper(tmp_path: Path) -> None:
    pytest.importorskip("snakemake", reason="needs snakemake: pip install 'c10h[workflow]'")
    run_example(tmp_path, script="reproduce-the-paper.sh")
    made = contents(tmp_path / "report")
    assert {"table-1.md", "figure-4.svg"} <= {Path(name).name for name in made}
    run_example(tmp_path, script="reproduce-the-paper.sh")
    assert contents(tmp_path / "report") == made


def test_reproduce_the_paper_shows_its_plan(tmp_path: Path) -> None:
    pytest.importorskip("snakemake", reason="needs snakemake: pip install 'c10h[workflow]'")
    options = ("test", "-n", "--quiet", "rules")
    done = run_line(tmp_path, "bash", EXAMPLES / "reproduce-the-paper.sh", *options)
    assert "pretrain" in done.stdout + done.stderr


def make(out: Path, *targets: str) -> str:
    return run_line(out, "make", "-C", EXAMPLES, f"OUT={out}/made", *targets).stdout


@needs("make")
def test_make_a_second_time_does_nothing(tmp_path: Path) -> None:
    assert "c10h labels build" in make(tmp_path, "report")
    made = contents(tmp_path)
    assert {"labels.h5", "scores.h5", "report.md"} == {Path(name).name for name in made}
    assert "Nothing to be done for 'report'" in make(tmp_path, "report")
    assert contents(tmp_path) == made
    (tmp_path / "made/scores.h5").touch()
    again = make(tmp_path, "report")
    assert "c10h report" in again
    assert "c10h score" not in again


@needs("make")
@pytest.mark.full
def test_make_with_two_at_a_time(tmp_path: Path) -> None:
    make(tmp_path, "-j2")
    made = contents(tmp_path)
    assert {"report.md", "network.md", "attack.h5"} <= {Path(name).name for name in made}
    assert "Nothing to be done for 'all'" in make(tmp_path, "-j2")
    assert contents(tmp_path) == made
