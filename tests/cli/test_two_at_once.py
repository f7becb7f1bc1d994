"""Two equal commands at the same time on one run folder, and on one attack."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from c10h.locks import only_one

from .conftest import Run, start
from .runs import OWN, TRAIN, assert_equal_runs, names, trained
from .test_attack import STOPPING

ATTACK = ("attack", *OWN, "a", "images.h5", "--steps", "3", "--batch-size", "7", "--health", "0")


@pytest.mark.usefixtures("pictures")
class TestTraining:
    def test_a_fold_that_is_being_trained(self, c10h: Run) -> None:
        trained(c10h, "run", *TRAIN, "--fold", 0)
        being_written = Path("run/.fold-1.pt.begun")
        with only_one(Path("run/.fold-1.lock"), "run/fold-1.pt"):
            being_written.touch()
            before = {path: path.read_bytes() for path in Path("run").iterdir()}
            result = c10h(*TRAIN, "-o", "run")
            assert result.status == 1
            assert "error: run/fold-1.pt: another command is at work on it (process " in result.err
            assert {path: path.read_bytes() for path in Path("run").iterdir()} == before

    def test_other_folds_can_be_trained_meanwhile(self, c10h: Run) -> None:
        trained(c10h, "run", *TRAIN, "--fold", 0)
        with only_one(Path("run/.fold-1.lock"), "run/fold-1.pt"):
            trained(c10h, "run", *TRAIN, "--fold", 2)
        trained(c10h, "run")
        trained(c10h, "alone")
        assert names("run") == names("alone")
        assert_equal_runs("run", "alone")


@pytest.mark.usefixtures("runs")
class TestAttack:
    def test_an_attack_that_is_being_made(self, c10h: Run) -> None:
        Path("stop.py").write_text(STOPPING.format(count=2, signal=int(signal.SIGKILL)))
        start([sys.executable, "stop.py", *ATTACK, "-o", "adv.h5"], Path())
        parts = Path("adv.h5.parts")
        with only_one(parts / ".lock", "adv.h5"):
            before = {path: path.read_bytes() for path in parts.iterdir()}
            result = c10h(*ATTACK, "-o", "adv.h5")
            assert result.status == 1
            assert "error: adv.h5.parts: another command is at work on it" in result.err
            assert {path: path.read_bytes() for path in parts.iterdir()} == before
        assert c10h(*ATTACK, "-o", "adv.h5").status == 0
        assert not parts.exists()

    def test_damaged_parts(self, c10h: Run) -> None:
        Path("stop.py").write_text(STOPPING.format(count=2, signal=int(signal.SIGKILL)))
        start([sys.executable, "stop.py", *ATTACK, "-o", "adv.h5"], Path())
        norms = Path("adv.h5.parts/norm.npy")
        norms.write_bytes(norms.read_bytes()[:100])
        result = c10h(*ATTACK, "-o", "adv.h5")
        assert result.status == 1
        assert "adv.h5.parts: what is there of an unfinished attack is damaged" in result.err


@pytest.mark.usefixtures("runs")
def test_a_disk_without_room_for_the_parts(tmp_path: Path) -> None:
    """A limit on the size of files stands for it; a memory map would end the process."""
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
sys.argv = ["c10h", *sys.argv[1:]]
from c10h.__main__ import run
run()
"""
    line = (*ATTACK, "--save-images", "-o", "adv.h5")
    result = start([sys.executable, "-c", code, *line], tmp_path)
    assert (result.status, "Traceback" in result.err) == (1, False)
    assert "adv.h5.parts: file too large" in result.err
    whole = start([sys.executable, "-m", "c10h", *line], tmp_path)
    assert whole.status == 0, whole.err
