"""A training that is broken off, in a real process, goes on to the same network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from c10h.training import checkpoint as checkpoints

from .conftest import LOUD, PYTHON, Run, start
from .runs import DATA, FOLDS, TINY, TRAIN, assert_equal_runs, history, names, trained

pytestmark = pytest.mark.usefixtures("pictures")

# The command, in a process that ends itself without warning at a given moment.
DIES = """
import os, signal, sys
from torch.nn import functional
at, count = sys.argv[1], int(sys.argv[2])
sys.argv = ["c10h", *sys.argv[3:]]
def dying(function, after):
    def call(*arguments, **options):
        global count
        count -= 1
        if count < 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        found = function(*arguments, **options)
        if count <= 0 and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    return call
if at == "step":
    functional.cross_entropy = dying(functional.cross_entropy, False)
else:
    os.replace = dying(os.replace, at == "after")
from c10h.__main__ import run
run()
"""

# As the command, but each step takes a moment and is told on stdout.
SLOW = """
import sys, time
from torch.nn import functional
plain = functional.cross_entropy
def slowly(*arguments, **options):
    print("step", flush=True)
    time.sleep(0.2)
    return plain(*arguments, **options)
if __name__ == "__main__":
    functional.cross_entropy = slowly
    sys.argv = ["c10h", *sys.argv[1:]]
    from c10h.__main__ import run
    run()
"""

ONE = ("train", *DATA, *TINY, "--epochs", 3)


def killed_until_done(at: str, count: int, line: Sequence[object], attempts: int) -> int:
    """Start the command again and again, each of which dies; how many did."""
    Path("dies.py").write_text(DIES)
    words = [sys.executable, "dies.py", at, str(count), *map(str, line)]
    for attempt in range(attempts):
        result = start(words, Path())
        if result.status == 0:
            return attempt
        assert result.status == -signal.SIGKILL, result.err
    raise AssertionError(f"{attempts} attempts did not suffice: {names('b')}")


class TestKill:
    def test_within_epochs(self, c10h: Run) -> None:
        """Five steps at a time, of epochs of six, with checkpoints between."""
        trained(c10h, "a", *ONE)
        line = (*ONE, "--checkpoint-minutes", 0, "-o", "b")
        assert killed_until_done("step", 5, line, 5) == 3
        assert_equal_runs("a", "b")

    def test_between_checkpoints(self, c10h: Run) -> None:
        """In the second epoch: what has no checkpoint is done again."""
        trained(c10h, "a", *ONE)
        Path("dies.py").write_text(DIES)
        result = start([sys.executable, "dies.py", "step", "9", *map(str, ONE), "-o", "b"], Path())
        assert result.status == -signal.SIGKILL
        assert checkpoints.load(Path("b/fold-all.pt")).step == 6
        trained(c10h, "b", *ONE)
        assert_equal_runs("a", "b")

    @pytest.mark.parametrize("at", ["before", pytest.param("after", marks=pytest.mark.full)])
    def test_while_files_are_written(self, c10h: Run, at: str) -> None:
        """At one file after the other: before it has its name, and when it has."""
        line = ("train", *DATA, *TINY, "--epochs", 1)
        trained(c10h, "a", *line)
        assert killed_until_done(at, 1, (*line, "-o", "b"), 6) >= 2
        assert_equal_runs("a", "b")

    def test_code_that_has_changed(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE)
        before = Path("tiny.py").read_text()
        Path("tiny.py").write_text(f"{before}# changed\n")
        result = c10h(*ONE, "-o", "a")
        assert result.status == 1
        assert "a: was started with code tiny.py" in result.err
        # A run of a version that did not record code goes on.
        run = json.loads(Path("a/run.json").read_text())
        del run["arguments"]["code tiny.py"], run["digest"]
        Path("a/run.json").write_text(json.dumps(run))
        assert c10h(*ONE, "-o", "a").status == 0

    def test_before_anything_is_there(self, c10h: Run) -> None:
        """While run.json is written."""
        trained(c10h, "a", *ONE)
        Path("dies.py").write_text(DIES)
        words = [sys.executable, "dies.py", "before", "0", *map(str, ONE), "-o", "b"]
        assert start(words, Path()).status == -signal.SIGKILL
        assert len(names("b")) == 1
        trained(c10h, "b", *ONE)
        assert_equal_runs("a", "b")

    @pytest.mark.full
    def test_a_grid(self, c10h: Run) -> None:
        line = ("train", *DATA, *TINY, "--epochs", 1, "--lr", 0.1)
        trained(c10h, "a", *line)
        often = (*line, "--checkpoint-minutes", 0, "-o", "b")
        assert killed_until_done("step", 6, often, 4) == 2
        assert_equal_runs("a", "b")
        assert Path("a/grid.json").read_bytes() == Path("b/grid.json").read_bytes()

    @pytest.mark.full
    def test_a_grid_that_folds_share(self, c10h: Run) -> None:
        line = (*TRAIN, "--epochs", 1, "--lr", 0.1, "--choose", "once")
        trained(c10h, "a", *line)
        often = (*line, "--checkpoint-minutes", 0, "-o", "b")
        assert killed_until_done("step", 7, often, 5) == 2  # 2 x 3 and 3 x 4 steps
        assert_equal_runs("a", "b")
        assert Path("a/grid.json").read_bytes() == Path("b/grid.json").read_bytes()

    @pytest.mark.full
    def test_randomness_and_moving_averages(self, c10h: Run) -> None:
        """Adam, drawn labels, mixup, drop-out of branches."""
        line = ("train", *DATA, "--arch", "shake_shake_8_2x4d_SSI", "--batch-size", 10, "--epochs",
                2, "--optimizer", "adam", "--lr", 0.01, "--target", "sample", "--mixup", 0.5,
                "--augment", "strong")  # fmt: skip
        trained(c10h, "a", *line)
        assert killed_until_done("step", 7, (*line, "--checkpoint-minutes", 0, "-o", "b"), 3) == 1
        assert_equal_runs("a", "b")


def assert_ended(group: int) -> None:
    """All processes of a group end, soon."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("a process is left")


class Started:
    """A slow training in a process of its own, in a group of its own as of a terminal."""

    def __init__(self, *line: object) -> None:
        Path("slow.py").write_text(SLOW)
        environment = {key: value for key, value in os.environ.items() if key not in LOUD}
        self.process = subprocess.Popen(
            [sys.executable, "slow.py", *map(str, line)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            text=True,
        )

    def steps(self, count: int) -> None:
        """Wait for so many steps to begin."""
        assert self.process.stdout is not None
        for _ in range(count):
            assert self.process.stdout.readline() == "step\n"

    def send(self, number: int) -> None:
        """As a terminal does: to all processes of the group."""
        os.killpg(self.process.pid, number)

    def end(self) -> tuple[int, list[str]]:
        """Exit status, and the lines on stderr."""
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err.splitlines()


class TestCtrlC:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_first_stops_after_a_step(self, c10h: Run, number: int) -> None:
        trained(c10h, "a", *ONE)
        training = Started(*ONE, "-o", "b")
        training.steps(8)
        training.send(number)
        status, lines = training.end()
        assert status == 130
        assert len(lines) == 3
        assert lines[2] == "stopped after step 8 of 18 of all items; the same command resumes"
        assert checkpoints.load(Path("b/fold-all.pt")).step == 8
        assert history("b").epoch.tolist() == [1]
        trained(c10h, "b", *ONE)
        assert_equal_runs("a", "b")

    def test_the_second_ends_at_once(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE)
        Path("slow.py").write_text(SLOW)
        training = Started(*ONE, "-o", "b")
        training.steps(7)
        training.send(signal.SIGINT)
        time.sleep(0.05)
        training.send(signal.SIGINT)
        status, lines = training.end()
        assert status == 130
        assert "Traceback" not in "\n".join(lines)
        assert checkpoints.load(Path("b/fold-all.pt")).step == 6
        trained(c10h, "b", *ONE)
        assert_equal_runs("a", "b")

    def test_folds_side_by_side(self) -> None:
        """All stop, none begins, and no process stays."""
        line = (*TRAIN, "--epochs", 2000)
        words = [*PYTHON, *map(str, line), "--parallel-folds", "2", "-o", "b"]
        process = subprocess.Popen(words, stderr=subprocess.PIPE, start_new_session=True, text=True)
        deadline = time.monotonic() + 60
        while not {"fold-0.pt", "fold-1.pt"} <= set(os.listdir("b") if Path("b").exists() else []):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        *_, last = err.splitlines()
        assert last == "stopped after a step of each fold; the same command resumes"
        assert not Path("b/fold-2.pt").exists()
        assert_ended(process.pid)
        assert not checkpoints.load(Path("b/fold-0.pt")).is_done


@pytest.mark.full
def test_killed_side_by_side(pictures: Path) -> None:
    """Where the first process is killed the others end, too."""
    line = (*TRAIN, "--epochs", 2000, "--parallel-folds", 2, "-o", "b")
    process = subprocess.Popen(
        [*PYTHON, *map(str, line)], stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not Path("b/fold-0.pt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert_ended(process.pid)


class TestGoingOn:
    def test_on_other_threads(self, c10h: Run) -> None:
        trained(c10h, "a", *TRAIN, "--fold", 0)
        torch.set_num_threads(2)
        result = trained(c10h, "a")
        assert (
            "note: started with threads 1, now 2: the last digits may differ from an "
            "uninterrupted run" in result.err
        )

    def test_the_precision_that_it_began_with(self, c10h: Run) -> None:
        trained(c10h, "a", *TRAIN, "--fold", 0, "--precision", "fp32")
        trained(c10h, "a")
        result = c10h(*TRAIN, "--precision", "bf16", "-o", "a")
        assert result.status == 1
        assert 'precision "fp32", not "bf16"' in result.err

    def test_a_trailing_slash_and_equal_values(self, c10h: Run) -> None:
        trained(c10h, "a")
        trained(c10h, "a/", *TRAIN, "--lr", 0.5, "--target", "soft", "--mixup", 0)

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            (["--seed", 1], "seed 0, not 1"),
            (["--epochs", 3], "epochs 2.0, not 3.0"),
            (["--lr", 0.1], "lr [0.5], not [0.5, 0.1]"),
            (["--mixup", 0.1], "mixup [], not [0.1]"),
            (["--folds", 4], "folds 3, not 4"),
            (["--target", "hard"], 'target "soft", not "hard"'),
            (["--arch", "tiny:other"], 'arch "tiny:net", not "tiny:other"'),
            (["--batch-size", 20], "not 20"),
            (["--augment", "none"], 'augment "standard", not "none"'),
            (["--init", "c"], "init null, not"),
        ],
    )
    def test_other_arguments_are_refused(self, c10h: Run, more: list[object], says: str) -> None:
        if "--init" in more:
            trained(c10h, "c", "train", "others.h5", *TINY, *FOLDS, "--epochs", 1)
        trained(c10h, "a", *TRAIN, "--fold", 0)
        before = {path: path.read_bytes() for path in Path("a").iterdir()}
        result = c10h(*TRAIN, *more, "-o", "a")
        assert result.status == 1
        assert result.err.count("\n") == 1
        assert says in result.err
        assert "the same arguments to resume, or a new folder" in result.err
        assert {path: path.read_bytes() for path in Path("a").iterdir()} == before
