"""What the pages have from the code is as the code is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from c10h.metrics.metrics import METRICS
from c10h.records import KINDS

DOCS = Path(__file__).parents[2] / "docs"


def generate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "generate.py"), *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_pages_are_up_to_date() -> None:
    done = generate(DOCS, "--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in (*DOCS.glob("*.md"), DOCS / "generate.py"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("commands.md", "Exit with status 3 if", "Exit if"),
        ("files.md", "| `probs` | float64 |", "| `probs` | float32 |"),
        ("metrics.md", "| argmax q = y |", "| argmax q |"),
    ],
)
def test_an_old_page_is_found_and_written(copy: Path, name: str, old: str, new: str) -> None:
    page = (copy / name).read_text(encoding="utf-8")
    assert page.count(old) == 1
    (copy / name).write_text(page.replace(old, new), encoding="utf-8")
    done = generate(copy, "--check")
    assert done.returncode == 1
    assert done.stderr.endswith(f": {name}\n")
    assert generate(copy).returncode == 0
    assert (copy / name).read_text(encoding="utf-8") == page


def test_every_dataset_and_metric_is_there() -> None:
    files = (DOCS / "files.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        section = files.partition(f"### `{kind.kind}`")[2].partition("### ")[0]
        for name in kind.schema():
            assert f"\n| `{name}`" in section
    metrics = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert all(f"\n| `{name}` |" in metrics for name in METRICS)
