"""``--skip-existing``: a second run does nothing and succeeds, and nothing else is skipped."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from c10h import h5
from c10h.records import Predictions
from c10h.run_folder import is_of_code

from .conftest import PYTHON, Files, Refuse, Run, read_file, start
from .runs import with_code

SKIP = "--skip-existing"
BUILD = ("labels", "build", "counts.npy", "--truth", "truth.npy")
SCORE = ("score", "x=a.npy", "b.npy", "--labels", "labels.h5", "--resamples", 10)
PREDICT = ("predict", "a", "images.h5")
ATTACK = ("attack", "a", "images.h5", "--limit", 4, "--steps", 2, "--health", 2)


def twice(c10h: Run, *line: object, output: str = "out.h5") -> None:
    """Run a command that makes a file, and again: the second run leaves it as it is."""
    line = (*with_code(line), "-o", output, SKIP) if line[0] in PREDICT + ATTACK else (
        *line, "-o", output, SKIP,
    )  # fmt: skip
    first = c10h(*line)
    assert first.status == 0, first.err
    made = Path(output).read_bytes()
    then = Path(output).stat().st_mtime_ns
    second = c10h(*line)
    assert (second.status, second.out) == (0, "")
    assert second.err.startswith(f"{output}: there already, ")
    assert second.err.endswith("; skipped\n")
    assert second.err.count("\n") == 1
    assert Path(output).read_bytes() == made
    assert Path(output).stat().st_mtime_ns == then


def otherwise(c10h: Run, *line: object, says: str, output: str = "out.h5") -> None:
    """Run a command whose output is there and was made otherwise: it is refused."""
    made = Path(output).read_bytes()
    result = c10h(*line, "-o", output, SKIP)
    assert (result.status, result.out) == (1, "")
    assert f"{output}: there already, and not known to be the same" in result.err
    assert says in result.err
    assert result.err.endswith(": --force replaces it\n")
    assert Path(output).read_bytes() == made


def write_later(path: str, content: bytes) -> None:
    """Change a file, as if an hour later."""
    Path(path).write_bytes(content)
    later = Path(path).stat().st_mtime + 3600
    os.utime(path, (later, later))


class TestLabels:
    @pytest.mark.parametrize(
        "line",
        [
            BUILD,
            ("labels", "build", "counts.npy", "--classes", "cat,dog,bird", "--prior", 0.5),
            ("labels", "build", "truth.npy", "--as", "hard", "--classes", 3),
            ("labels", "build", "a.npy", "b.npy", "--as", "distill", "--temperature", 2),
            ("labels", "build", "labels.h5", "--as", "class"),
            (
                "labels",
                "build",
                "synthetic",
                "--min-attention",
                0.5,
                "--drop-label",
                3,
                "--drop-annotator",
                1,
                "--classes",
                10,
                "--min-votes",
                1,
            ),
        ],
        ids=str,
    )
    def test_the_same_command_again(self, files: Files, c10h: Run, line: Sequence[object]) -> None:
        twice(c10h, *line)

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ((*BUILD, "--prior", 1), "with --prior not given, now 1"),
            ((*BUILD, "--as", "smooth"), "with --as human, now smooth"),
            (("labels", "build", "counts.npy"), "from other inputs"),
            (("labels", "build", "counts.npy", "--truth", "copy.npy"), "now copy.npy"),
            (("score", "a.npy", "--labels", "labels.h5"), "by c10h labels build"),
        ],
    )
    def test_another_command(
        self, files: Files, c10h: Run, line: Sequence[object], says: str
    ) -> None:
        files.path("copy.npy").write_bytes(files.path("truth.npy").read_bytes())
        assert c10h(*BUILD, "-o", "out.h5").status == 0
        otherwise(c10h, *line, says=says)

    def test_an_input_that_changed(self, files: Files, c10h: Run) -> None:
        assert c10h(*BUILD, "-o", "out.h5").status == 0
        counts = files.counts.copy()
        counts[0, 0] += 1
        then = files.path("counts.npy").stat()
        files.save("counts.npy", counts)
        os.utime("counts.npy", ns=(then.st_atime_ns, then.st_mtime_ns))  # times say nothing
        otherwise(c10h, *BUILD, says="counts.npy has changed")

    def test_options_whose_result_is_no_part_of_the_file(
        self, files: Files, refuses: Refuse
    ) -> None:
        for option in ("--compare", "--excluded"):
            line = (*BUILD, option, "counts.npy", "-o", "new.h5", SKIP)
            refuses(*line, says=f"--skip-existing and {option} exclude each other")


class TestOthersFiles:
    """What is there is no file of c10h, or a broken one."""

    def test_another_program_s(self, files: Files, c10h: Run) -> None:
        Path("out.h5").write_bytes(b"mine")
        otherwise(c10h, *BUILD, says="it does not record how it was made")

    def test_a_damaged_file(self, files: Files, c10h: Run) -> None:
        assert c10h(*BUILD, "-o", "out.h5").status == 0
        content = bytearray(Path("out.h5").read_bytes())
        content[len(content) // 2] ^= 1
        Path("out.h5").write_bytes(content)
        otherwise(c10h, *BUILD, says="damaged")

    def test_a_folder(self, files: Files, refuses: Refuse) -> None:
        Path("folder.h5").mkdir()
        refuses(*BUILD, "-o", "folder.h5", SKIP, says="expected a file name, found a folder")


def test_stdout_is_never_there_already(files: Files, c10h: Run) -> None:
    first, second = (c10h(*BUILD, "-o", "-", SKIP) for _ in range(2))
    assert first.status == second.status == 0
    assert first.stdout == second.stdout != b""


def test_both_switches_are_a_usage_error(files: Files, c10h: Run) -> None:
    Path("out.h5").write_bytes(b"old")
    result = c10h(*BUILD, "-o", "out.h5", SKIP, "--force")
    assert result.status == 2
    assert "--force and --skip-existing exclude each other" in result.err
    assert Path("out.h5").read_bytes() == b"old"


class TestScores:
    def test_the_same_command_again(self, files: Files, c10h: Run) -> None:
        twice(c10h, *SCORE, "--metrics", "ce_human,sba", "--by", "truth")

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ((*SCORE, "--seed", 1), "with --seed 0, now 1"),
            ((*SCORE, "--per-item"), "with --per-item not given, now given"),
            ((*SCORE, "--metrics", "sba"), "with --metrics not given, now sba"),
            (("score", "y=a.npy", *SCORE[2:]), "a.npy was called x, now y"),
            (("score", "b.npy", "x=a.npy", *SCORE[3:]), "now b"),
            (("score", "x=a.npy", *SCORE[3:]), "from 2 files, now 1"),
            (
                ("score", "x=a.npy", "b.npy", "--truth", "labels.h5", *SCORE[5:]),
                "from 1 --labels, now 0",
            ),
        ],
    )
    def test_another_command(
        self, files: Files, c10h: Run, line: Sequence[object], says: str
    ) -> None:
        assert c10h(*SCORE, "-o", "out.h5").status == 0
        otherwise(c10h, *line, says=says)

    def test_a_gate_still_closes(self, files: Files, c10h: Run) -> None:
        gate = ("--fail-if", "ce_human>0.001")
        results = [c10h(*SCORE, *gate, "-o", "out.h5", SKIP) for _ in range(2)]
        assert [result.status for result in results] == [3, 3]
        assert "skipped" in results[1].err

    def test_stdin(self, files: Files, c10h: Run) -> None:
        line = ("score", "x=-", "--labels", "labels.h5", "--resamples", 10, "-o", "out.h5", SKIP)
        first, other = (files.path(name).read_bytes() for name in ("a.npy", "b.npy"))
        statuses = [c10h(*line, stdin=content).status for content in (first, first, other)]
        assert statuses == [0, 0, 1]


class TestReports:
    """Their forms have no lineage: they are there already where they are newer than all inputs."""

    @pytest.mark.parametrize("name", ["r.md", "r.html", "r.csv", "r.json"])
    def test_the_same_command_again(self, files: Files, c10h: Run, name: str) -> None:
        assert c10h(*SCORE, "-o", "s.h5").status == 0
        twice(c10h, "report", "s.h5", output=name)

    @pytest.mark.parametrize(
        "line", [("plan", "labels.h5", "--budget", 5), ("noise", "labels.h5", "--draws", 2)]
    )
    def test_of_labels(self, files: Files, c10h: Run, line: Sequence[object]) -> None:
        twice(c10h, "labels", *line, output="t.csv")

    def test_an_older_one_is_refused(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        line = ("labels", "plan", "labels.h5", "--budget", 5, "-o", "t.csv")
        assert c10h(*line).status == 0
        write_later("labels.h5", files.path("labels.h5").read_bytes())
        refuses(*line, SKIP, says="t.csv: older than what it is made from: --force replaces it")

    def test_stdin_is_always_new(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        content = files.path("labels.h5").read_bytes()
        line = ("labels", "plan", "-", "--budget", 5, "-o", "t.csv", SKIP)
        assert c10h(*line, stdin=content).status == 0
        refuses(*line, stdin=content, says="t.csv: older than what it is made from")

    def test_an_input_that_is_gone(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        assert c10h("labels", "plan", "labels.h5", "--budget", 5, "-o", "t.csv").status == 0
        files.path("labels.h5").unlink()
        line = ("labels", "plan", "labels.h5", "--budget", 5, "-o", "t.csv", SKIP)
        refuses(*line, says="labels.h5: no such file")

    def test_learning_curves(self, runs: Path, c10h: Run, refuses: Refuse) -> None:
        twice(c10h, "report", "a/history.h5", output="r.md")
        history = Path("a/history.h5")
        write_later(str(history), history.read_bytes())
        refuses(
            "report",
            "a/history.h5",
            "-o",
            "r.md",
            SKIP,
            says="r.md: older than what it is made from",
        )


class TestImages:
    def folder(self) -> None:
        for name in ("cat", "dog"):
            Path("photos", name).mkdir(parents=True)
            pixels = np.full((4, 4, 3), len(name), np.uint8)
            Image.fromarray(pixels).save(Path("photos", name, "1.png"))

    def test_a_folder(self, files: Files, c10h: Run) -> None:
        self.folder()
        line = ("data", "import", "photos")
        assert c10h(*line, "-o", "out.h5").status == 0
        otherwise(c10h, *line, "--ids", "name", says="with --ids not given, now name")
        otherwise(c10h, *line, says="photos is a folder, whose files are not compared")

    def test_an_array(self, files: Files, c10h: Run) -> None:
        files.save("x.npy", np.zeros((30, 4, 4, 3), np.uint8))
        line = ("data", "import", "x.npy", "--labels", "truth.npy")
        twice(c10h, *line)
        files.save("x.npy", np.ones((30, 4, 4, 3), np.uint8))
        otherwise(c10h, *line, says="x.npy has changed")

    def test_a_corruption(self, pictures: Path, c10h: Run) -> None:
        line = ("data", "corrupt", "images.h5", "--kind", "fog", "--severity")
        twice(c10h, *line, 1)
        otherwise(c10h, *line, 2, says="with --severity 1, now 2")


def test_a_network_of_ones_own_may_have_changed(runs: Path, c10h: Run) -> None:
    assert c10h(*with_code(PREDICT), "-o", "out.h5").status == 0
    twice(c10h, *with_code(PREDICT))
    Path("tiny.py").write_text(Path("tiny.py").read_text() + "# changed\n")
    otherwise(c10h, *with_code(PREDICT), says="tiny.py has changed")
    Path("tiny.py").rename("moved.py")
    otherwise(c10h, *with_code(PREDICT), says="tiny.py, the code of its network, is not there")


def test_a_network_of_ones_own_of_an_older_version(runs: Path, c10h: Run) -> None:
    assert c10h(*with_code(PREDICT), "-o", "out.h5").status == 0
    found = read_file("out.h5", Predictions)
    assert found.lineage is not None
    inputs = tuple(one for one in found.lineage.inputs if not is_of_code(one.role))
    h5.write(replace(found, lineage=replace(found.lineage, inputs=inputs)), "out.h5")
    otherwise(c10h, *with_code(PREDICT), says="its network is code, tiny, which is not compared")


class TestNetworks:
    def test_predictions(self, runs: Path, c10h: Run) -> None:
        twice(c10h, *PREDICT)
        held_out = c10h(*with_code(PREDICT), "--held-out", "-o", "out.h5", SKIP)
        assert "skipped" in held_out.err
        members = (*with_code(PREDICT), "--members")
        otherwise(c10h, *members, says="with --answer held-out, now members")
        others = with_code(("predict", "a", "others.h5"))
        otherwise(c10h, *others, says="from images.h5, now others.h5")
        otherwise(c10h, *with_code(("predict", "b", "images.h5")), says="fold-0.pt has changed")
        otherwise(c10h, *with_code(PREDICT), "--precision", "bf16", says="with --precision fp32")

    def test_members_are_not_what_is_answered_without_being_asked(
        self, runs: Path, c10h: Run
    ) -> None:
        twice(c10h, *PREDICT, "--members")
        otherwise(c10h, *with_code(PREDICT), says="with --answer members, now not given")

    def test_attacks(self, runs: Path, c10h: Run) -> None:
        twice(c10h, *ATTACK)
        line = with_code(ATTACK)
        otherwise(c10h, *line, "--seed", 1, says="with --seed 0, now 1")
        otherwise(c10h, *line, "--epsilon", "8/255", says="with --epsilon 4/255, now 8/255")
        otherwise(c10h, *line, "--no-random-start", says="random-start")
        otherwise(c10h, *line, "--labels", "labels.h5", says="from 0 --labels, now 1")
        otherwise(c10h, *line, "--from", "b", says="from 0 --from, now 3")

    def test_torch_is_not_imported(self, runs: Path, c10h: Run) -> None:
        line = [*map(str, with_code(PREDICT)), "-o", "out.h5", SKIP]
        assert c10h(*line).status == 0
        ask = (
            "import sys; from c10h.cli import main; sys.argv = sys.argv[1:]\n"
            "try: main()\n"
            "finally: print('torch' in sys.modules)"
        )
        done = start([sys.executable, "-c", ask, "c10h", *line], runs)
        assert (done.status, done.out) == (0, "False\n"), done.err
        assert PYTHON[0] == sys.executable
