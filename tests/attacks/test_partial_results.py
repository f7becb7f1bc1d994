"""What an attack has found so far, on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from c10h.attacks.partial_results import PartialResults, begin, remove
from c10h.errors import MismatchError, OutputError

SHAPES = {"logits": ("float32", (2, 5)), "correct": ("uint8", (5,)), "done": ("uint8", (3,))}
PLAN = {"command": "attack", "epsilon": [4 / 255, 0.1], "inputs": {"images": "ab12"}}


def test_it_begins_empty_and_goes_on_with_what_was_finished(tmp_path: Path) -> None:
    folder = tmp_path / "adv.h5.parts"
    begin(folder, PLAN)
    parts = PartialResults(folder, SHAPES)
    assert parts.done.tolist() == [0, 0, 0]
    assert parts.arrays["logits"].dtype == np.float32
    assert not parts.arrays["logits"].any()
    parts.arrays["logits"][1, [0, 3]] = 7, 8
    parts.finish(1)
    begin(folder, PLAN)
    again = PartialResults(folder, SHAPES)
    assert again.done.tolist() == [0, 1, 0]
    assert again.arrays["logits"].tolist() == [[0] * 5, [7, 0, 0, 8, 0]]
    again.arrays["correct"][2] = 1
    again.finish(0)
    assert PartialResults(folder, SHAPES).done.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    "other",
    [{**PLAN, "epsilon": [4 / 255]}, {**PLAN, "inputs": {"images": "ab13"}}, {"command": "attack"}],
)
def test_another_plan_is_refused_and_nothing_is_lost(
    tmp_path: Path, other: dict[str, object]
) -> None:
    folder = tmp_path / "parts"
    begin(folder, PLAN)
    PartialResults(folder, SHAPES).finish(0)
    with pytest.raises(MismatchError, match=r"parts: holds the beginning of another attack"):
        begin(folder, other)
    begin(folder, PLAN)
    assert PartialResults(folder, SHAPES).done.tolist() == [1, 0, 0]


def test_the_order_of_a_plan_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    begin(folder, PLAN)
    PartialResults(folder, SHAPES).finish(0)
    begin(folder, dict(reversed(PLAN.items())))
    assert PartialResults(folder, SHAPES).done.tolist() == [1, 0, 0]


KILLED = """
import os, signal, sys
from pathlib import Path
from c10h.attacks.partial_results import PartialResults, begin

parts = PartialResults(Path(sys.argv[1]), {"logits": ("float32", (2, 5)), "done": ("uint8", (3,))})
parts.arrays["logits"][:, :2] = 3
parts.finish(0)
parts.arrays["logits"][:, 2:4] = 5
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_in_the_middle_of_a_batch_it_is_not_done(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert done.returncode == -9
    parts = PartialResults(tmp_path, {"logits": ("float32", (2, 5)), "done": ("uint8", (3,))})
    assert parts.done.tolist() == [1, 0, 0]
    assert (parts.arrays["logits"][:, :2] == 3).all()


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file/parts: not a directory"):
        begin(tmp_path / "file" / "parts", PLAN)
    with pytest.raises(OutputError, match="nowhere: no such file"):
        PartialResults(tmp_path / "nowhere", SHAPES)


def test_it_is_removed_whole(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    begin(folder, PLAN)
    PartialResults(folder, SHAPES)
    remove(folder)
    assert not folder.exists()
    remove(folder)
