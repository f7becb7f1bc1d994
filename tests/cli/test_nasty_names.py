"""Names that a stranger chose are shown inert, in every form of output."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from c10h import h5
from c10h.records import Input, Labels, Lineage, Predictions

from .conftest import Run

# Escapes, a line break, Rich's markup, HTML, LaTeX, and a mark that turns the line around.
NASTY = "\x1b]0;title\x07\x1b[31m[bold]\r\n<script>alert(1)</script>\\input{x}\u202e"
CLASSES = ("=1+1", f"{NASTY}b", "@c" + "m" * 3000)
# What acts in a terminal, as bytes and as text.
ACTING = ("\x1b]0", "\x07", "\x1b[31m", "\u202e", "\r")

SCORE = ("score", "p.h5", "--labels", "l.h5", "--resamples", 20)
REPORT = ("report", "s.h5")


@pytest.fixture(autouse=True)
def files(folder: Path, c10h: Run) -> None:
    """Labels, predictions and scores with nasty classes, names of items, tags and lineages."""
    random = np.random.default_rng(0)
    counts = random.multinomial(9, [0.5, 0.3, 0.2], 12).astype("i4")
    ids = np.array([f"{NASTY}{number}" for number in range(12)])
    lineage = Lineage(
        command=f"c10h labels build{NASTY}",
        options={"as": NASTY, NASTY: "=1"},
        inputs=(Input(role=NASTY, name=NASTY, sha256=NASTY),),
        version=NASTY,
    )
    own = {"classes": CLASSES, "ids": ids, "truth": counts.argmax(axis=1), "lineage": lineage}
    labels = Labels(counts=counts, probs=counts / 9, settings={"x": NASTY}, **own)
    logits = random.normal(size=(1, 12, 3)).astype("f4")
    h5.write(labels, "l.h5")
    h5.write(Predictions(logits=logits, member=np.array([NASTY]), **own), "p.h5")
    tag = f"training={NASTY}"
    result = c10h(*SCORE, "--by", "truth", "--tag", tag, "-o", "s.h5")
    assert result.status == 0, result.err


@pytest.mark.parametrize(
    "line",
    [
        ("show", "l.h5"),
        ("show", "p.h5"),
        ("show", "s.h5"),
        SCORE,
        (*SCORE, "--detail"),
        (*SCORE, "--by", "truth"),
        REPORT,
        (*REPORT, "--detail"),
        (*REPORT, "--script"),
        *((*REPORT, "--format", form) for form in ("csv", "markdown", "latex", "html")),
        *((*SCORE, "--format", form) for form in ("csv", "markdown", "latex")),
        ("report", "p=p.h5", "l.h5", "--figure", "confusions"),
        ("labels", "noise", "l.h5"),
        ("labels", "plan", "l.h5", "--budget", 5, "-o", "-"),
        ("labels", "build", "l.h5", "--as", "human", "-o", "new.h5"),
    ],
    ids=lambda line: " ".join(map(str, line)),
)
def test_nothing_acts(c10h: Run, line: tuple[object, ...]) -> None:
    result = c10h(*line)
    assert result.status == 0, result.err
    for text in (result.out, result.err):
        assert not [letters for letters in ACTING if letters in text]
        if "html" in line:
            assert "<script>alert" not in text
        if "latex" in line:
            lines = [line for line in text.splitlines() if not line.startswith("%")]
            assert "\\input{x}" not in "\n".join(lines)


@pytest.mark.parametrize("suffix", ["svg", "html", "md", "tex", "csv"])
def test_files(c10h: Run, folder: Path, suffix: str) -> None:
    figure = ("p=p.h5", "l.h5", "--figure", "confusions") if suffix == "svg" else ("s.h5",)
    result = c10h("report", *figure, "-o", f"x.{suffix}")
    assert result.status == 0, result.err
    text = (folder / f"x.{suffix}").read_text(encoding="utf-8")
    assert not [letters for letters in ACTING if letters in text]
    if suffix in ("svg", "html"):
        assert "<script>alert" not in text


def test_a_spreadsheet_computes_nothing(c10h: Run) -> None:
    rows = list(csv.reader(io.StringIO(c10h(*SCORE, "--by", "truth", "--format", "csv").out)))
    cells = {cell for row in rows for cell in row}
    assert any(cell.endswith("=1+1") for cell in cells)
    for cell in cells:
        if cell.startswith(("=", "+", "-", "@")):
            float(cell)
