"""Tables of judgments that cannot be used: one line that says why, and nothing written."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from formats.files import parquet

from .conftest import LOUD, Files, Refuse, Result, Run, assert_refused

pytestmark = pytest.mark.usefixtures("files")

HEADER = "annotator,item,label\n"
TABLE = HEADER + "a,0,0\nb,0,1\na,1,1\n"
CHECKED = (
    "annotator,item,label,gold,right,ms,truth\n"
    "a,0,0,0,1,100,0\nb,0,1,0,0,200,0\na,1,1,0,1,300,1\na,-99999,1,1,1,1,1\n"
)
CHECKS = ("--check", "gold", "--correct", "right")


PARQUET = parquet(annotator=["a", "b"], item=[0, 0], label=[0, 1])

# A file name, its bytes, and what the error says.


class TestFiles:
    @pytest.mark.parametrize("keep", [-6, 40, 4])
    def test_no_traceback_for_truncated_parquet(
        self, files: Files, process: Run, keep: int
    ) -> None:
        files.path("t.parquet").write_bytes(PARQUET[:keep])
        assert_refused(process("labels", "build", "t.parquet", "-o", "out.h5"), "t.parquet: ")

    def test_stdin_that_is_empty(self, refuses: Refuse) -> None:
        refuses("labels", "build", "-", says="-: expected data, found none")

    @pytest.mark.parametrize(
        "others", [["--truth", "-"], ["--compare", "-"], ["--truth", "-", "--compare", "-"]]
    )
    def test_two_inputs_on_stdin(self, files: Files, refuses: Refuse, others: list[str]) -> None:
        files.save("t.csv", TABLE)
        source = "t.csv" if len(others) > 2 else "-"
        says = "'-' (stdin) can be used for only one input"
        refuses("labels", "build", source, *others, says=says, stdin=TABLE.encode())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells no peak of memory")
class TestMemory:
    """Small files that become large. The largest memory of the process, in MB, is measured."""

    @staticmethod
    def build(files: Files, name: str) -> tuple[Result, int]:
        code = (
            "import atexit, sys\n"
            "status = lambda: dict(line.split(':') for line in open('/proc/self/status'))\n"
            "atexit.register(lambda: print(int(status()['VmHWM'].split()[0]) >> 10))\n"
            "from c10h.cli import main\n"
            f"sys.argv = ['c10h', 'labels', 'build', {name!r}, '-o', 'out.h5']\n"
            "main()\n"
        )
        quiet = {key: value for key, value in os.environ.items() if key not in LOUD}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=files.folder, env=quiet, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        return Result(done.returncode, b"", done.stderr.decode()), int(done.stdout)

    @staticmethod
    def write(path: Path, method: int, block: bytes) -> None:
        with (
            zipfile.ZipFile(path, "w", method) as archive,
            archive.open("t.csv", "w") as stream,
        ):
            stream.write(HEADER.encode())
            for _ in range(100):
                stream.write(block)

    @pytest.mark.parametrize(
        ("method", "says"),
        [
            (zipfile.ZIP_DEFLATED, "unpacks to more than 64 MB, over 100 times its size"),
            (zipfile.ZIP_BZIP2, "expected a deflated zip, found another method"),
            (zipfile.ZIP_LZMA, "expected a deflated zip, found another method"),
        ],
    )
    def test_a_zip(self, files: Files, method: int, says: str) -> None:
        self.write(files.path("t.zip"), method, bytes(1 << 20))
        result, peak = self.build(files, "t.zip")
        assert_refused(result, f"t.zip: {says}")
        assert not files.path("out.h5").exists()
        assert peak < 200

    @pytest.mark.parametrize("header", [HEADER.encode(), b""], ids=["header", "no header"])
    def test_a_gzip(self, files: Files, header: bytes) -> None:
        with gzip.open(files.path("t.csv.gz"), "wb", 1) as stream:
            stream.write(header)
            for _ in range(100):
                stream.write(bytes(1 << 20))
        result, peak = self.build(files, "t.csv.gz")
        assert_refused(result, "t.csv.gz: ")
        assert peak < 200

    def test_one_long_name_among_many_short_ones(self, files: Files) -> None:
        rows = "".join(f"a,text {number},{number % 2}\n" for number in range(5000))
        files.save("t.csv", f"{HEADER}{rows}a,{'x' * 20_000},0\n")
        result, peak = self.build(files, "t.csv")
        assert_refused(
            result, "t.csv: column of the item: expected names of at most 1,000 characters"
        )
        assert peak < 200


class TestColumnsAndFilters:
    def test_a_judgment_without_a_label(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", f"{TABLE}c,1,NA\n")
        says = "t.csv: 1 of 4 judgments has no label, the first in row 3 (NA): --missing drop"
        refuses("labels", "build", "t.csv", says=says)
        refuses("labels", "annotators", "t.csv", "-o", "no.txt", says=says)

    @pytest.mark.parametrize(
        "options", [["--min-attention", "0.5"], ["--rt-min", "1"], ["--missing", "drop"]]
    )
    def test_counts_have_no_judgments(
        self, files: Files, refuses: Refuse, options: list[str]
    ) -> None:
        refuses("labels", "build", "counts.npy", *options, says="counts.npy is not one")
        says = "--excluded needs a table of judgments"
        refuses("labels", "build", "counts.npy", "--excluded", "x.csv", says=says)
        assert not files.path("x.csv").exists()


class TestOtherInputs:
    def test_counts_that_cannot_be_compared(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE)
        files.save("c.npy", np.array([[2, 0], [0, 0]]))
        says = "c.npy: row 1: expected at least one vote"
        refuses("labels", "build", "t.csv", "--compare", "c.npy", says=says)

    def test_counts_that_are_not_there(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE)
        refuses("labels", "build", "t.csv", "--compare", "no.npy", says="no.npy: no such file")

    @pytest.mark.parametrize("options", [[], ["--classes", "2"]])
    @pytest.mark.parametrize("size", [1, 3])
    def test_truth_of_another_size(
        self, files: Files, refuses: Refuse, size: int, options: list[str]
    ) -> None:
        files.save("t.csv", TABLE)
        files.save("y.npy", np.zeros(size, int))
        says = f"2 items in the labels and {size} in the truth, and no index or ids"
        refuses("labels", "build", "t.csv", "--truth", "y.npy", *options, says=says)

    @pytest.mark.parametrize(
        "outputs",
        [("out.h5", "t.csv"), ("out.h5", "./t.csv"), ("labels.h5", "x.csv")],
    )
    def test_an_output_that_is_an_input(
        self, files: Files, c10h: Run, outputs: tuple[str, str]
    ) -> None:
        files.save("t.csv", TABLE)
        before = files.path("t.csv").read_bytes(), files.path("labels.h5").read_bytes()
        line = ["labels", "build", "t.csv", "--compare", "labels.h5", "--force"]
        result = c10h(*line, "-o", outputs[0], "--excluded", outputs[1])
        assert_refused(result, "is an input of this command")
        after = files.path("t.csv").read_bytes(), files.path("labels.h5").read_bytes()
        assert after == before

    def test_two_outputs_that_are_one_file(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", TABLE)
        result = c10h("labels", "build", "t.csv", "-o", "out.csv", "--excluded", "./out.csv")
        assert_refused(result, ".csv")

    @pytest.mark.parametrize("where", ["out.h5", "-"])
    def test_one_place_for_two_outputs(self, files: Files, c10h: Run, where: str) -> None:
        files.save("t.csv", TABLE)
        result = c10h("labels", "build", "t.csv", "-o", where, "--excluded", where)
        assert_refused(result, "--excluded")
        assert not files.path("out.h5").exists()

    def test_annotators_in_place_of_a_file(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE)
        line = ["labels", "build", "t.csv", "--excluded", "w00,w01"]
        refuses(*line, says="--excluded w00,w01: expected the name of a .csv file")

    def test_no_folder_for_what_was_left_out(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE)
        line = ["labels", "build", "t.csv", "--excluded", "nowhere/x.csv"]
        refuses(*line, says="nowhere/x.csv: there is no folder nowhere")
