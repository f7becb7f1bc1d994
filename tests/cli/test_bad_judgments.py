"""Tables of judgments that cannot be used: one line that says why, and nothing written."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from formats.files import parquet, zipped

from c10h import h5
from c10h.files import Source
from c10h.records import Array, Labels

from .conftest import LOUD, Files, Refuse, Result, Run, assert_refused

pytestmark = pytest.mark.usefixtures("files")

HEADER = "annotator,item,label\n"
TABLE = HEADER + "a,0,0\nb,0,1\na,1,1\n"
CHECKED = (
    "annotator,item,label,gold,right,ms,truth\n"
    "a,0,0,0,1,100,0\nb,0,1,0,0,200,0\na,1,1,0,1,300,1\na,-99999,1,1,1,1,1\n"
)
CHECKS = ("--check", "gold", "--correct", "right")
GZIPPED = gzip.compress(TABLE.encode() * 50)


def with_password(archive: bytes) -> bytes:
    content = bytearray(archive)
    content[6] |= 1
    content[archive.find(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


PARQUET = parquet(annotator=["a", "b"], item=[0, 0], label=[0, 1])

# A file name, its bytes, and what the error says.
NO_TABLES = {
    "empty": ("t.csv", b"", "expected .csv, .tsv or .txt, found an empty file"),
    "empty gzip file": ("t.csv.gz", b"", "expected .csv, .tsv or .txt, found an empty file"),
    "empty zip file": ("t.zip", b"", "found an empty file"),
    "gzip of nothing": (
        "t.csv.gz",
        gzip.compress(b""),
        "expected .csv, .tsv or .txt, found an empty file",
    ),
    "header only": ("t.csv", HEADER.encode(), "expected judgments, found only a header"),
    "header only, gzip": ("t.csv.gz", gzip.compress(HEADER.encode()), "found only a header"),
    "utf-16-le": (
        "t.csv",
        TABLE.encode("utf-16-le"),
        "expected .csv, .tsv or .txt, found bytes that begin with 61 00 6e 00",
    ),
    "latin-1": (
        "t.csv",
        TABLE.replace("\nb", "\n\xe4").encode("latin-1"),
        "line 3: expected UTF-8 text",
    ),
    "more fields": (
        "t.csv",
        (TABLE + "c,1,0,5\n").encode(),
        "not a readable table: found more fields than",
    ),
    "a blank line": (
        "t.csv",
        TABLE.replace("\nb", "\n\nb", 1).encode(),
        "row 1: expected the annotator, found nothing",
    ),
    "fewer fields": (
        "t.csv",
        (TABLE + "c,1\n").encode(),
        "1 of 4 judgments has no label, the first in row 3: --missing drop leaves them out",
    ),
    "open quote": (
        "t.csv",
        (TABLE + '"c,1,0\n').encode(),
        'not a readable table: could not parse `"c,1,0',
    ),
    "gzip, cut at its end": ("t.csv.gz", GZIPPED[:-12], "a damaged archive"),
    "gzip, cut at its start": ("t.csv.gz", GZIPPED[:20], "a damaged archive"),
    "gzip with junk": ("t.csv.gz", GZIPPED + b"junk", "a damaged archive"),
    "zip, cut": ("t.zip", zipped(("t.csv", TABLE))[:-30], "a damaged archive"),
    "zip, cut at its start": ("t.zip", zipped(("t.csv", TABLE))[:40], "a damaged archive"),
    "zip of two": (
        "t.zip",
        zipped(("t.csv", TABLE), ("u.csv", TABLE)),
        "expected one .csv in the archive, found t.csv, u.csv",
    ),
    "zip of a picture": (
        "t.zip",
        zipped(("t.png", TABLE)),
        "expected one .csv in the archive, found t.png",
    ),
    "zip of nothing": ("t.zip", zipped(), "found bytes that begin with 50 4b 05 06"),
    "zip that climbs": (
        "t.zip",
        zipped(("../t.csv", TABLE)),
        "'../t.csv' points outside the archive: refused",
    ),
    "zip with a root": (
        "t.zip",
        zipped(("/tmp/t.csv", TABLE)),
        "points outside the archive: refused",
    ),
    "zip with a password": (
        "t.zip",
        with_password(zipped(("t.csv", TABLE))),
        "has a password: refused",
    ),
    "parquet, cut": ("t.parquet", PARQUET[:-6], "not a readable table: parquet: "),
    "parquet, cut at its start": ("t.parquet", PARQUET[:40], "not a readable table: parquet: "),
    "parquet without rows": (
        "t.parquet",
        parquet(annotator=[], item=[], label=[]),
        "found only a header",
    ),
    "parquet of lists": (
        "t.parquet",
        parquet(annotator=["a"], item=[[1, 2]], label=[0]),
        "not a readable table: cannot cast List type",
    ),
    "parquet of nulls": (
        "t.parquet",
        parquet(annotator=["a"], item=[None], label=[0]),
        "row 0: expected the item, found nothing",
    ),
}


READ = {
    "utf-16": ("t.csv", TABLE.encode("utf-16")),
    "cr only": ("t.csv", TABLE.replace("\n", "\r").encode()),
    "pipes": ("t.csv", TABLE.replace(",", "|").encode()),
    "zip of a text": ("t.zip", zipped(("t.txt", TABLE))),
}


class TestFiles:
    @pytest.mark.parametrize("what", READ)
    def test_other_forms_of_a_table_are_read(self, files: Files, c10h: Run, what: str) -> None:
        name, content = READ[what]
        files.path(name).write_bytes(content)
        files.save("plain.csv", TABLE)
        found, wanted = (c10h("labels", "build", table, "-o", "-") for table in (name, "plain.csv"))
        assert found.status == wanted.status == 0
        files.path("found.h5").write_bytes(found.stdout)
        files.path("wanted.h5").write_bytes(wanted.stdout)
        ours, plain = (
            h5.read(Source.open(str(files.path(name))), Labels)
            for name in ("found.h5", "wanted.h5")
        )
        assert isinstance(ours, Labels)
        assert isinstance(plain, Labels)
        np.testing.assert_array_equal(ours.counts, plain.counts)

    @pytest.mark.parametrize("what", NO_TABLES)
    def test_is_no_table(self, files: Files, refuses: Refuse, what: str) -> None:
        name, content, says = NO_TABLES[what]
        files.path(name).write_bytes(content)
        refuses("labels", "build", name, says=[f"{name}: ", says])

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_damaged_member_is_told_with_the_name_of_the_file(
        self, files: Files, process: Run, method: int
    ) -> None:
        content = bytearray(zipped(("t.csv", TABLE), method=method))
        content[35:45] = b"\xff" * 10
        files.path("t.zip").write_bytes(content)
        result = process("labels", "build", "t.zip", "-o", "out.h5")
        assert_refused(result, "t.zip: ")
        assert not files.path("out.h5").exists()

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


class TestColumns:
    def test_a_column_that_is_not_there(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE)
        says = "t.csv: expected a column 'who' (--annotator), found annotator, item, label"
        refuses("labels", "build", "t.csv", "--annotator", "who", says=says)
        says = "t.csv: expected a column 'x' (--true-label), found"
        refuses("labels", "build", "t.csv", "--true-label", "x", says=says)

    @pytest.mark.parametrize("missing", ["annotator", "item", "label"])
    def test_an_option_that_is_missing(self, files: Files, refuses: Refuse, missing: str) -> None:
        files.save("t.csv", TABLE.replace(HEADER, "a,i,l\n"))
        parts = [part for part in ("annotator", "item", "label") if part != missing]
        options = [word for part in parts for word in (f"--{part}", part[0])]
        says = [f"t.csv: which column is the {missing}? --{missing} names it", "; found a, i, l"]
        refuses("labels", "build", "t.csv", *options, says=says)

    def test_a_compressed_table_of_other_columns(self, files: Files, refuses: Refuse) -> None:
        files.path("t.csv.gz").write_bytes(gzip.compress(b"a,i,l\n1,2,3\n"))
        says = "t.csv.gz: which column is the item?"
        refuses("labels", "build", "t.csv.gz", "--annotator", "a", says=says)

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            (",1,0", "expected the annotator, found nothing"),
            ("c,,0", "expected the item, found nothing"),
            ("c,1,cow", "expected a label among x, y, found 'cow'"),
            ("c,1,2", "expected a label among x, y, found '2'"),
            ("c,1,-2", "expected a label among x, y, found '-2'"),
        ],
    )
    def test_a_row_is_named(self, files: Files, refuses: Refuse, row: str, says: str) -> None:
        files.save("t.csv", f"{TABLE}{row}\n")
        refuses("labels", "build", "t.csv", "--classes", "x,y", says=f"t.csv: row 3: {says}")

    @pytest.mark.parametrize("label", ["", "NaN", "NA", "-1"])
    def test_a_judgment_without_a_label(self, files: Files, refuses: Refuse, label: str) -> None:
        files.save("t.csv", f"{TABLE}c,1,{label}\n")
        word = f" ({label})" if label else ""
        says = f"t.csv: 1 of 4 judgments has no label, the first in row 3{word}: --missing drop"
        refuses("labels", "build", "t.csv", "--classes", "x,y", says=says)
        refuses("labels", "build", "t.csv", says=says)
        refuses("labels", "annotators", "t.csv", "-o", "no.txt", says=says)

    @pytest.mark.parametrize(
        ("row", "options", "says"),
        [
            ("b,1,1,2,0,5,1", CHECKS, "--check: expected 0 or 1, found '2'"),
            ("b,1,1,,0,5,1", CHECKS, "row 4: --check: expected 0 or 1, found nothing"),
            ("b,1,1,0,yes,5,1", CHECKS, "--correct: expected 0 or 1, found 'yes'"),
            ("b,1,1,0,1,fast,1", [*CHECKS, "--rt", "ms"], "row 4: --rt: expected a number of time"),
            ("b,1,1,0,1,5,0", [*CHECKS, "--true-label", "truth"], "item 1: expected one true lab"),
            ("b,2,1,0,1,5,9", [*CHECKS, "--true-label", "truth"], "found '9'"),
            ("b,1,1,0,1,5,1", [], "expected item numbers of 0 or more, found -99999"),
        ],
    )  # fmt: skip
    def test_a_value_that_makes_no_sense(
        self, files: Files, refuses: Refuse, row: str, options: Sequence[str], says: str
    ) -> None:
        files.save("t.csv", f"{CHECKED}{row}\n")
        refuses("labels", "build", "t.csv", *options, says=["t.csv: ", says])


class TestFilters:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--min-attention", "0.5"], "--min-attention needs the columns --check and --correct"),
            (["--check", "gold", "--min-attention", "0.5"], "needs the columns --check and"),
            ([*CHECKS, "--min-attention", "1.5"], "--min-attention 1.5: expected a share from"),
            ([*CHECKS, "--min-attention", "-0.5"], "--min-attention -0.5: expected a share"),
            ([*CHECKS, "--min-attention", "nan"], "--min-attention nan: expected a share"),
            ([*CHECKS, "--rt-min", "5"], "--rt-min and --rt-max need the column --rt"),
            ([*CHECKS, "--rt", "ms", "--rt-min", "9", "--rt-max", "8"], "no time is within"),
            ([*CHECKS, "--rt", "ms", "--rt-min", "nan"], "no time is within"),
            ([*CHECKS, "--rt", "ms", "--rt-min", "1e9"], "no judgment is left: 0 of 2 annotators"),
            ([*CHECKS, "--rt", "ms", "--rt-max", "250"], "1 of 2 items have no judgment, for"),
            ([*CHECKS, "--min-judgments", "-1"], "--min-votes -1: expected 0 or more"),
            ([*CHECKS, "--min-judgments", "3"], "no item has 3 judgments, the most is 2"),
        ],
    )  # fmt: skip
    def test_bounds(self, files: Files, refuses: Refuse, options: Sequence[str], says: str) -> None:
        files.save("t.csv", CHECKED)
        refuses("labels", "build", "t.csv", *options, says=says)

    def test_nobody_is_left(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", CHECKED + "a,,,1,0,1,1\nb,,,1,0,1,1\n")
        says = "no judgment is left: 2 of 2 annotators have an attention below 0.75"
        refuses("labels", "build", "t.csv", *CHECKS, says=says)

    def test_checks_only(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", HEADER.replace("\n", ",check\n") + "a,0,0,1\n")
        refuses("labels", "build", "t.csv", "--check", "check", says="found only attention checks")

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


class TestClasses:
    @pytest.mark.parametrize(
        ("labels", "options", "says"),
        [
            ("021", ["--classes", "2"], "row 1: expected a label among 0, 1, found '2'"),
            ("020", [], "labels 0, 2 do not say how many classes there are: use --classes"),
            ("111", [], "labels 1 do not say how many classes there are: use --classes"),
            ("xxx", [], "labels x do not say how many classes there are (found 1): use --cl"),
            (
                "123",
                [],
                "labels 1, 2, 3: no label is 0: if classes are counted from 1, use --one-based or",
            ),
            (
                "xX1",
                [],
                "row 1: expected a class number as in the other rows, found 'X' (--classes",
            ),
            ("xXy", [], "are the labels 'X' and 'x' one class? --classes names the classes"),
            ("x0x", ["--classes", "x,y"], "row 1: expected a label among x, y, found '0'"),
        ],
    )
    def test_are_not_known(
        self, files: Files, refuses: Refuse, labels: str, options: list[str], says: str
    ) -> None:
        rows = "".join(f"a,{item},{label}\n" for item, label in enumerate(labels))
        files.save("t.csv", HEADER + rows)
        refuses("labels", "build", "t.csv", *options, says=f"t.csv: {says}")

    def test_contradict_the_table(self, files: Files, refuses: Refuse) -> None:
        header = (
            "annotator_id,is_attn_check,true_label,chosen_label,chosen_category,correct_guess,"
            "cifar10_test_test_idx,reaction_time\n"
        )
        files.save("t.csv", header + "a,0,0,0,cat,1,0,9\na,0,1,1,dog,1,1,9\n")
        says = "t.csv: its classes cat, dog differ from --classes dog, cat"
        refuses("labels", "build", "t.csv", "--classes", "dog,cat", says=says)


class TestOtherInputs:
    @pytest.mark.parametrize(
        ("counts", "says"),
        [
            (np.ones((3, 2), int), "expected 2 items as in the labels built, found 3"),
            (np.ones((2, 3), int), "expected 2 classes, found 3"),
            (np.full((2, 2), 0.5), "--compare needs vote counts, found probabilities"),
            (np.array([[2, 0], [0, 0]]), "row 1: expected at least one vote"),
        ],
    )
    def test_counts_that_cannot_be_compared(
        self, files: Files, refuses: Refuse, counts: Array, says: str
    ) -> None:
        files.save("t.csv", TABLE)
        files.save("c.npy", counts)
        refuses("labels", "build", "t.csv", "--compare", "c.npy", says=f"c.npy: {says}")

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

    def test_truth_shorter_than_the_numbers_of_items(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE.replace("a,1,1", "a,5,1"))
        files.save("y.npy", np.zeros(3, int))
        line = ["labels", "build", "t.csv", "--min-judgments", "1", "--truth", "y.npy"]
        refuses(*line, says="index: row 5 is out of range: 3 items in the truth")

    def test_truth_for_items_with_names(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", HEADER + "a,x.png,0\na,y.png,1\n")
        files.save("y.npy", np.array([0, 1]))
        says = "truth: the items have names, but a vector of classes has none to match"
        refuses("labels", "build", "t.csv", "--truth", "y.npy", says=says)

    @pytest.mark.parametrize("what", ["hard", "smooth", "class"])
    def test_truth_that_is_missing(self, files: Files, refuses: Refuse, what: str) -> None:
        files.save("t.csv", TABLE)
        says = f"--as {what} needs the true classes: use --truth"
        refuses("labels", "build", "t.csv", "--as", what, says=says)

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
        result = c10h("labels", "build", "t.csv", "-o", "out.h5", "--excluded", "./out.h5")
        assert_refused(result, "--excluded and -o are both out.h5")

    @pytest.mark.parametrize("options", [(), ("--rt", "rt", "--rt-min", "0")])
    def test_a_line_with_too_many_fields_is_never_read_shifted(
        self, files: Files, refuses: Refuse, options: tuple[str, ...]
    ) -> None:
        rows = "0,fine,a,0,5\n1,fine,b,0,5\n1,a comment, with a comma,b,1,5\n"
        files.save("t.csv", f"label,comment,annotator,item,rt\n{rows}")
        refuses("labels", "build", "t.csv", *options, says="t.csv: not a readable table")

    @pytest.mark.parametrize("where", ["out.h5", "-"])
    def test_one_place_for_two_outputs(self, files: Files, c10h: Run, where: str) -> None:
        files.save("t.csv", TABLE)
        result = c10h("labels", "build", "t.csv", "-o", where, "--excluded", where)
        assert_refused(result, "--excluded")
        assert not files.path("out.h5").exists()

    def test_no_folder_for_what_was_left_out(self, files: Files, refuses: Refuse) -> None:
        files.save("t.csv", TABLE)
        line = ["labels", "build", "t.csv", "--excluded", "nowhere/x.csv"]
        refuses(*line, says="nowhere/x.csv: there is no folder nowhere")
