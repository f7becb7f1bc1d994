"""``c10h report … --script``: the commands are accepted, and make files of the same bytes."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from .conftest import Run
from .runs import DATA, OWN, TINY

ATTACK = ("--limit", 12, "--health", 0, "--epsilon", "2/255")
# What makes files of all kinds from images.h5, others.h5 and labels.h5, by what is made.
MAKE: dict[str, tuple[object, ...]] = {
    "half": ("train", "others.h5", *TINY, "--epochs", 0.5),
    "tu.ned": ("train", *DATA, *TINY, "--folds", 2, "--epochs", 1, "--init", "half"),
    "held.h5": ("predict", *OWN, "tu.ned", "images.h5"),
    "both.h5": ("predict", *OWN, "tu.ned", "half", "others.h5"),
    "members.h5": ("predict", *OWN, "tu.ned", "others.h5", "--members"),
    "fog.h5": ("data", "corrupt", "images.h5", "--kind", "fog", "--severity", 2, "--seed", 3),
    "shifted.h5": ("predict", *OWN, "tu.ned", "fog.h5"),
    "soft.h5": ("labels", "build", "labels.h5", "--as", "smooth", "--smoothing", 0.123456789),
    "mean.h5": ("labels", "build", "both.h5", "--as", "distill", "--temperature", 2),
    "s.h5": ("score", "N=held.h5", "--labels", "soft.h5", "--resamples", 9, "--tag", "data=x",
             "--metrics", "ce_human,accuracy", "--by", "truth", "--in-sample", "--seed", 4),
    "pgd.h5": ("attack", *OWN, "tu.ned", "images.h5", *ATTACK, "--steps", 2,
               "--labels", "labels.h5", "--no-random-start", "--epsilon", "8/255",
               "--step-size", "1/255"),
    "fgsm.h5": ("attack", *OWN, "half", "images.h5", *ATTACK, "--method", "fgsm",
                "--from", "tu.ned"),
    "square.h5": ("attack", *OWN, "tu.ned", "others.h5", *ATTACK, "--method", "square",
                  "--steps", 3, "--members", "--toward", "least-likely", "--save-images"),
    "adv.h5": ("score", "pgd.h5", "--labels", "labels.h5", "--resamples", 9),
}  # fmt: skip
GIVEN = ("images.h5", "others.h5", "labels.h5", "tiny.py")


def test_a_whole_script(pictures: Path, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(pictures))
    for output, line in MAKE.items():
        result = c10h(*line, "-o", output)
        assert result.status == 0, (line, result.err)
    files = [name for name in MAKE if name.endswith(".h5") and name != "fog.h5"]
    text = c10h("report", *files, "h=half/history.h5", "tu.ned/history.h5", "--script").out
    again = pictures / "again"
    again.mkdir()
    for name in GIVEN:
        shutil.copy(name, again)
    monkeypatch.chdir(again)
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("c10h ")]
    assert len(lines) == len(MAKE)
    for words in lines:
        result = c10h(*words[1:])
        assert result.status == 0, (words, result.err)
    for name in (*files, "half/history.h5", "tu.ned/history.h5"):
        assert (again / name).read_bytes() == (pictures / name).read_bytes(), name
