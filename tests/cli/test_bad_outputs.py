"""Outputs that cannot be written: one line, and the old file is untouched."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from .conftest import (
    EVERYWHERE,
    PYTHON,
    Files,
    Refuse,
    Run,
    assert_refused,
    filled,
    start,
)

pytestmark = pytest.mark.usefixtures("files")


def without_root(line: list[str]) -> list[str]:
    """The command without the powers that let root read and write everything."""
    if os.geteuid() != 0:
        return line
    if shutil.which("setpriv") is None:
        pytest.skip("root ignores permissions, and there is no setpriv to stop it")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *line]


class TestPermissions:
    @pytest.mark.parametrize("line", [EVERYWHERE["score predictions"], EVERYWHERE["show"]])
    def test_a_file_that_may_not_be_read(self, files: Files, line: list[str]) -> None:
        files.path("labels.h5").rename(files.path("secret.h5"))
        files.labels("labels.h5")
        files.path("secret.h5").chmod(0)
        result = start(without_root(PYTHON + filled(line, "secret.h5")), files.folder)
        assert_refused(result, "secret.h5: permission denied")

    def test_a_folder_that_may_not_be_written(self, files: Files) -> None:
        files.path("closed").mkdir()
        files.path("closed/x.h5").write_bytes(b"old")
        files.path("closed").chmod(0o500)
        line = [*PYTHON, "labels", "build", "counts.npy", "-o", "closed/x.h5", "--force"]
        assert_refused(start(without_root(line), files.folder), "closed/x.h5: no permission")
        assert files.path("closed/x.h5").read_bytes() == b"old"

    @pytest.mark.parametrize("name", ["closed/x.h5", "closed/deeper/x.h5"])
    def test_a_folder_that_may_not_be_entered(self, files: Files, name: str) -> None:
        files.path("closed").mkdir(mode=0)
        line = [*PYTHON, "labels", "build", "counts.npy", "-o", name]
        assert_refused(start(without_root(line), files.folder), name)

    def test_class_names_that_may_not_be_read(self, files: Files) -> None:
        files.path("closed").mkdir(mode=0)
        line = [*PYTHON, "labels", "build", "counts.npy", "--classes", "closed/x", "-o", "x.h5"]
        assert_refused(start(without_root(line), files.folder), "--classes closed/x")


class TestOutputs:
    def test_a_folder(self, refuses: Refuse, tmp_path: Path) -> None:
        says = "expected a file name, found a folder"
        refuses("labels", "build", "counts.npy", "-o", tmp_path, says=says)

    def test_no_folder(self, refuses: Refuse) -> None:
        line = ["score", "a.npy", "--labels", "labels.h5", "-o", "no/x.h5"]
        refuses(*line, says="no/x.h5: there is no folder no")

    def test_an_output_is_checked_before_any_work(self, refuses: Refuse) -> None:
        refuses("labels", "build", "nowhere.npy", "-o", "no/x.h5", says="there is no folder no")

    @pytest.mark.parametrize("line", [["labels", "build", "counts.npy"], ["score", "a.npy"]])
    def test_an_old_file_without_force(
        self, files: Files, refuses: Refuse, line: list[str]
    ) -> None:
        files.save("old.h5", "old")
        says = "old.h5: exists already (--force replaces it)"
        refuses(*line, "--truth", "truth.npy", "-o", "old.h5", says=says)
        assert files.path("old.h5").read_text() == "old"

    def test_a_file_whose_name_is_not_utf_8(self, files: Files, process: Run) -> None:
        name = os.fsdecode(b"caf\xe9.npy")
        shutil.copy(files.path("a.npy"), files.path(name))
        result = process("score", name, "--labels", "labels.h5", "-o", "x.h5", "--resamples", "9")
        assert result.status == 0, result.err
        assert "caf\ufffd" in result.err


class TestFullDisk:
    """Bytes that may be written, by the limit on the size of a file."""

    @pytest.mark.parametrize(
        ("line", "limit"),
        [
            (["labels", "build", "wide.npy", "--layout", "wide"], 0),
            (["labels", "build", "wide.npy", "--layout", "wide"], 3_000),
            (["labels", "build", "wide.npy", "--layout", "wide"], 150_000),
            (["score", "a.npy", "--labels", "counts.npy"], 0),
            (["score", "a.npy", "--labels", "counts.npy"], 30_000),
            (["report", "scores.h5", "--format", "json"], 1_000),
        ],
    )
    def test_a_limit(self, files: Files, c10h: Run, line: list[str], limit: int) -> None:
        files.save("wide.npy", np.random.default_rng(0).integers(1, 1 << 30, (20_000, 10)))
        c10h("score", "a.npy", "--labels", "labels.h5", "-o", "scores.h5")
        files.save("old", "old")
        before = set(files.folder.iterdir())
        result = start(
            [*PYTHON, *line, "-o", "old", "--force"],
            files.folder,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert_refused(result, "old: file too large")
        assert files.path("old").read_text() == "old"
        assert set(files.folder.iterdir()) == before

    @pytest.mark.parametrize(
        "line",
        [
            ["labels", "build", "counts.npy", "-o", "-"],
            ["score", "a.npy", "--labels", "counts.npy", "--json"],
            ["show", "labels.h5"],
            ["--help"],
        ],
        ids=" ".join,
    )
    def test_stdout(self, files: Files, line: list[str]) -> None:
        with Path("/dev/full").open("wb") as full:
            result = start([*PYTHON, *line], files.folder, stdout=full, stderr=subprocess.PIPE)
        *_, last = result.err.splitlines()
        assert result.status == 1
        assert last.startswith("error: ")
        assert last.endswith("no space left on device")


@pytest.mark.parametrize(
    "line",
    [
        "labels build labels.h5 -o labels.h5",
        "labels build counts.npy --truth truth.h5 -o truth.h5",
        "score a.npy --labels labels.h5 -o labels.h5",
        "score p.h5 --labels labels.h5 -o p.h5",
        "report s.txt -o s.txt",
        "labels plan votes.csv --budget 5 -o votes.csv",
        "labels noise votes.csv -o votes.csv",
        "labels annotators votes.csv -o ./votes.csv",
    ],
)
def test_no_input_is_replaced(files: Files, c10h: Run, line: str) -> None:
    """Not even with --force."""
    files.predictions("p.h5")
    files.labels("truth.h5")
    files.save("counts.npy", files.counts)
    for name in ("s.txt", "votes.csv"):
        files.save(name, "cat,dog,bird\n1,2,3\n")
    before = {path: path.read_bytes() for path in files.folder.iterdir()}
    result = c10h(*line.split(), "--force")
    assert result.status == 1
    assert "is an input of this command, which it would replace" in result.err
    assert {path: path.read_bytes() for path in files.folder.iterdir()} == before
