"""The suffix of an output says its form, for every command that has -o."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from c10h.cli.output_forms import SUFFIXES, form_of_text
from c10h.errors import C10hError

from .conftest import Files, Run, assert_refused

pytestmark = pytest.mark.usefixtures("files")

FORMS = ("terminal", "markdown", "latex", "csv", "json")
# What a file of each form begins with.
BEGINNINGS = {
    ".txt": r"Scores\n",
    ".md": r"### Scores\n",
    ".tex": r"% Needs \\usepackage",
    ".csv": r"run,network,",
    ".json": r"\{\n",
    ".html": r"<!DOCTYPE html>",
    ".svg": r"<\?xml",
    ".png": r"\x89PNG",
    ".pdf": r"%PDF-",
}
TABLES = {
    "labels plan": ("labels", "plan", "labels.h5", "--budget", 5),
    "labels noise": ("labels", "noise", "labels.h5", "--draws", 2),
    "labels annotators": ("labels", "annotators", "synthetic", "--limit", 2),
    "data list": ("data", "list"),
}
RECORDS = {
    "labels build": ("labels", "build", "counts.npy"),
    "score": ("score", "a.npy", "--truth", "truth.npy"),
    "predict": ("predict", "run", "images.h5"),
    "attack": ("attack", "run", "images.h5"),
    "data import": ("data", "import", "x.npy"),
}


@pytest.fixture
def scores(files: Files, c10h: Run) -> None:
    c10h("score", "a.npy", "--labels", "labels.h5", "--resamples", 20, "-o", "s.h5")


class TestForm:
    @pytest.mark.parametrize(
        ("output", "named", "is_json", "form"),
        [
            (None, None, False, "terminal"),
            ("-", None, True, "json"),
            ("x", None, False, "terminal"),
            ("x.dat", "csv", False, "csv"),
            ("a.b/X.CSV", None, False, "csv"),
            ("x.json", "json", True, "json"),
            ("x.txt", None, False, "terminal"),
        ],
    )
    def test_what_is_said(
        self, output: str | None, named: str | None, is_json: bool, form: str
    ) -> None:
        assert form_of_text(output, named, is_json, *FORMS) == form

    @pytest.mark.parametrize(
        ("output", "named", "is_json", "says"),
        [
            ("x.md", "csv", False, "-o x.md: --format csv contradicts the suffix .md"),
            ("x.txt", None, True, "-o x.txt: --json contradicts the suffix .txt"),
            (None, "csv", True, "--json and --format csv exclude each other"),
            (
                "x.pdf",
                None,
                False,
                "x.pdf: .pdf is not a format that this command writes: .txt, .md",
            ),
            ("x.h5", None, False, "x.h5: .h5 is not a format that this command writes"),
            ("x.xlsx", "csv", False, "x.xlsx: .xlsx is not a format that this command writes"),
            ("x.csv.gz", None, False, ".gz is not a format that this command writes"),
        ],
    )
    def test_what_contradicts(
        self, output: str | None, named: str | None, is_json: bool, says: str
    ) -> None:
        with pytest.raises(C10hError, match=re.escape(says)):
            form_of_text(output, named, is_json, *FORMS)


@pytest.mark.usefixtures("scores")
class TestReport:
    @pytest.mark.parametrize("suffix", BEGINNINGS)
    def test_every_suffix(self, c10h: Run, suffix: str) -> None:
        result = c10h("report", "--detail", "s.h5", "-o", f"x{suffix}")
        assert result.status == 0, result.err
        assert re.match(BEGINNINGS[suffix], Path(f"x{suffix}").read_bytes()[:200].decode("latin-1"))

    def test_a_contradiction(self, c10h: Run) -> None:
        says = "-o x.html: --format csv contradicts the suffix .html"
        assert_refused(c10h("report", "s.h5", "-o", "x.html", "--format", "csv"), says)
        assert not Path("x.html").exists()

    def test_commands_are_no_table(self, c10h: Run) -> None:
        assert c10h("report", "s.h5", "--script", "-o", "again.sh").status == 0
        says = ".md is not a format that this command writes: .txt"
        assert_refused(c10h("report", "s.h5", "--script", "-o", "x.md"), says)
        assert_refused(
            c10h("report", "s.h5", "--script", "--json"), "cannot be combined with --format"
        )


@pytest.mark.parametrize("command", TABLES)
class TestTables:
    def test_the_suffix_decides(self, c10h: Run, command: str) -> None:
        for suffix in (".md", ".json"):
            result = c10h(*TABLES[command], "-o", f"x{suffix}")
            assert result.status == 0, result.err
        assert "| :--- |" in Path("x.md").read_text(encoding="utf-8")
        json.loads(Path("x.json").read_text(encoding="utf-8"))

    def test_other_forms_are_refused(self, c10h: Run, command: str) -> None:
        says = "x.pdf: .pdf is not a format that this command writes"
        assert_refused(c10h(*TABLES[command], "-o", "x.pdf"), says)


@pytest.mark.parametrize("command", RECORDS)
@pytest.mark.parametrize("suffix", [".json", ".csv", ".html", ".npy", ".PDF"])
def test_hdf5_has_no_other_name(c10h: Run, command: str, suffix: str) -> None:
    result = c10h(*RECORDS[command], "-o", f"x{suffix}")
    assert_refused(result, f"x{suffix}: this command writes an HDF5 file, such as x.h5")
    prints = command in ("score", "attack") and suffix in (".json", ".csv")
    assert (f"--format {suffix[1:]} > x{suffix} writes" in result.err) == prints
    assert not Path(f"x{suffix}").exists()


@pytest.mark.parametrize("name", ["x.h5", "x.hdf5", "x", "x.dat"])
def test_other_names_may_be_hdf5(c10h: Run, name: str) -> None:
    assert c10h("labels", "build", "counts.npy", "-o", name).status == 0
    assert Path(name).read_bytes().startswith(b"\x89HDF")


def test_a_list_of_what_is_left_out_is_a_table(c10h: Run) -> None:
    line = ("labels", "build", "synthetic", "-o", "l.h5", "--excluded", "x.json")
    assert_refused(c10h(*line), "--excluded x.json: expected the name of a .csv file")


def test_a_run_is_a_folder(c10h: Run) -> None:
    line = ("train", "synthetic", "--arch", "resnet_basic_8", "-o", "run.h5")
    assert_refused(c10h(*line), "run.h5: this command writes a folder, found the name of a file")


@pytest.mark.parametrize("option", [("--json",), ("--format", "csv")])
@pytest.mark.parametrize("command", ["score", "attack"])
def test_two_results_on_stdout(c10h: Run, command: str, option: tuple[str, ...]) -> None:
    says = f"-o - and {' '.join(option)} would both write to stdout: name a file"
    assert_refused(c10h(*RECORDS[command], "-o", "-", *option), says)


def test_suffixes_are_small_letters_with_a_dot() -> None:
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in SUFFIXES)
