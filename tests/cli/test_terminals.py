"""Every report on terminals of any width: nothing is wider, and no figure is lost."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from made_attacks import SMALL, health, made_attack
from rich.cells import cell_len

from c10h import h5
from c10h.images.hashes import item_hashes
from c10h.records import History, Images, Predictions

from .conftest import CLASSES, LOUD, Run, status_of_main

Screen = Callable[..., str]
ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
NAN = float("nan")
LONG = "a_network_with_a_name_that_is_rather_long"
SCORES = ("near.h5", "far.h5")
# What is reported of the files below.
REPORTS = {
    "score": ("score", "a.npy", "b.npy", "--labels", "labels.h5", "--by", "truth", "--detail"),
    "scores": ("report", "near.h5", "--detail"),
    "all metrics": ("report", "near.h5", "--metrics", "all", "--baseline", "a", "--detail"),
    "data sets": ("report", *SCORES, "--baseline", "a", "--detail"),
    "table 1": ("report", *SCORES, "--table", "1"),
    "attacks": ("report", "adv.h5", f"{LONG}=other.h5", "--baseline", "adv", "--detail"),
    "table 2": ("report", "adv.h5", f"{LONG}=other.h5", "--table", "2"),
    "curves": ("report", "history.h5", f"{LONG}=history.h5"),
    "labels": ("report", "labels.h5", "--detail"),
    "answer of one": ("score", "a.npy", "--labels", "labels.h5"),
    "answer of strata": ("score", "a.npy", "b.npy", "--labels", "labels.h5", "--by", "truth"),
    "answer of scores": ("report", "near.h5", "--baseline", "a"),
    "answer of data sets": ("report", *SCORES, "--baseline", "a"),
    "answer of attacks": ("report", "adv.h5", f"{LONG}=other.h5", "--baseline", "adv"),
    "answer of labels": ("report", "labels.h5"),
    "answer of votes": ("labels", "noise", "labels.h5"),
    "mixed": ("report", "near.h5", "adv.h5", "history.h5", "labels.h5"),
    "generalization": ("report", *SCORES, "--figure", "generalization"),
    "confidence": ("report", "near.h5", "--figure", "confidence"),
    "fit": ("report", "labels.h5", "p.h5", f"{LONG}=q.h5", "--figure", "fit"),
    "fit with pictures": (
        "report",
        "labels.h5",
        "p.h5",
        f"{LONG}=q.h5",
        "images.h5",
        "--figure",
        "fit",
    ),
    "pgd": ("report", "adv.h5", f"{LONG}=other.h5", "--figure", "pgd"),
    "entropy": ("report", "labels.h5", "--figure", "entropy"),
    "gallery": ("report", f"{LONG}=p.h5", "labels.h5", "images.h5", "--figure", "gallery"),
    **{
        f"show {name}": ("show", f"{name}.h5")
        for name in ("near", "labels", "p", "adv", "history", "images")
    },
}
# Reports whose figures are in tables, and so are all to be found at any width.
TABLES = ("score", "scores", "all metrics", "data sets", "table 1", "attacks", "table 2", "labels")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of all tests, which are made once."""
    return tmp_path_factory.mktemp("terminals")


@pytest.fixture(autouse=True)
def inputs(made: Path, files: object, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of every kind in the working folder."""
    here = Path.cwd()
    if not list(made.iterdir()):
        _make(c10h)
        for path in here.iterdir():
            path.rename(made / path.name)
    monkeypatch.chdir(made)
    for name in LOUD:
        monkeypatch.delenv(name, raising=False)


def _make(c10h: Run) -> None:
    random = np.random.default_rng(3)
    tag = ("--labels", "labels.h5", "--truth", "truth.npy", "--resamples", "20", "--tag")
    for data, noise in zip(("near", "far"), ("a", "b"), strict=True):
        line = [f"{name}{'' if data == 'near' else '-far'}={noise}.npy" for name in ("a", LONG)]
        for name, one in zip(("a", LONG), line, strict=True):
            tags = [*tag, f"data={data}", "--tag", f"training={name}"]
            c10h("score", one, *tags, "-o", f"{data}-{name}.h5")
        c10h("score", *line, *tag, f"data={data}", "-o", f"{data}.h5")
    block = health(("loss after PGD", "fold-0", SMALL, 0.5, 0), ("zero gradient", "", NAN, 0.0, 1))
    people = {"human cross-entropy": np.array([[0.5, 0.75]])}
    h5.write(made_attack(items=30, health=block, human=people), "adv.h5")
    h5.write(made_attack(1, items=30), "other.h5")
    epochs = np.arange(30)
    fold, epoch = (epochs // 15).astype("i2"), (epochs % 15 + 1).astype("i4")
    history = History(
        classes=CLASSES,
        fold=fold,
        epoch=epoch,
        loss=2 / (1.0 + epochs),
        accuracy=epochs / 40,
        learning_rate=epochs / 1e3,
    )
    h5.write(history, "history.h5")
    pixels = random.integers(0, 256, (30, 8, 8, 3)).astype("u1")
    h5.write(Images(classes=CLASSES, images=pixels, truth=np.arange(30) % 3), "images.h5")
    for name, run in zip("pq", "ab", strict=True):
        logits = np.load(f"{run}.npy")[None].astype("f4")
        record = Predictions(
            classes=CLASSES, logits=logits, member=np.array([run]), item=item_hashes(pixels)
        )
        h5.write(record, f"{name}.h5")


class Terminal(io.TextIOWrapper):
    """A stream that says that people look at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Run a command line on a terminal of some columns; what it shows."""

    def show(line: Sequence[str], columns: int, **environment: str) -> str:
        shown = Terminal(io.BytesIO(), encoding="utf-8", write_through=True)
        with monkeypatch.context() as patch:
            for name, value in {"TERM": "xterm-256color", **environment}.items():
                patch.setenv(name, value)
            patch.setenv("COLUMNS", str(columns))
            patch.setattr(sys, "argv", ["c10h", *line])
            patch.setattr(sys, "excepthook", sys.excepthook)
            patch.setattr(sys, "stdout", shown)
            patch.setattr(sys, "stderr", said := io.StringIO())
            assert status_of_main() == 0, said.getvalue()
        found = shown.buffer
        assert isinstance(found, io.BytesIO)
        return found.getvalue().decode()

    return show


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_is_wider(screen: Screen, name: str, columns: int) -> None:
    text = ESCAPES.sub("", screen(REPORTS[name], columns))
    assert text.strip()
    for line in text.splitlines():
        assert cell_len(line.rstrip()) <= columns, line
    assert "\n\n\n" not in text


@pytest.mark.parametrize("columns", [30, 40, 80])
@pytest.mark.parametrize("name", TABLES)
def test_no_figure_is_lost(screen: Screen, c10h: Run, name: str, columns: int) -> None:
    """What a pipe gets in one wide table is all there in few columns."""
    figures = set(re.findall(r"-?\d+\.\d{4}", c10h(*REPORTS[name]).out))
    assert len(figures) > 5
    assert figures <= set(re.findall(r"-?\d+\.\d{4}", screen(REPORTS[name], columns)))


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("name", REPORTS)
def test_no_colour(screen: Screen, name: str, environment: dict[str, str]) -> None:
    text = screen(REPORTS[name], 80, **environment)
    assert not re.search(r"\x1b\[[\d;]*[34]\d", text)
    assert "▀" not in text


@pytest.mark.parametrize("name", REPORTS)
def test_a_pipe_gets_no_escapes(c10h: Run, name: str) -> None:
    result = c10h(*REPORTS[name])
    assert result.status == 0, result.err
    assert "\x1b" not in result.out
    assert os.linesep * 3 not in result.out


def test_names_are_repeated_where_a_table_goes_on_below(screen: Screen) -> None:
    text = ESCAPES.sub("", screen(("score", "a.npy", "--labels", "labels.h5", "--detail"), 40))
    lines = re.findall(r"^ce_human +(.+?) *$", text, re.MULTILINE)
    value, interval, *others = lines
    assert re.fullmatch(r"\d\.\d{4}", value)
    assert re.fullmatch(r"\d\.\d{4} to \d\.\d{4}", interval)
    assert len(re.findall(r"\d\.\d{4}", " ".join(others))) == 3
