"""A row that is added to a table is seen in help, completion and checks, works, and is reported.

What docs/developing.md says to do under "Adding things" is what added_rows.py does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax

from c10h import h5
from c10h.files import Source
from c10h.records import Attack, History, Images, Labels

from .added_rows import CALLED, COUNTS, LOGITS, PIXELS, ROWS, SHARES, SIZE, added
from .conftest import Result, run_here, unwrapped

TRAIN = ("train", "dots", "dots", "--arch", "small_4", "-o", "new")
ATTACK = ("attack", "run", "dots", "-o", "new.h5")
SCORE = ("score", "dots", "--labels", "dots")
CHOICES = {
    ("score", "--by"): "majority",
    ("data corrupt", "--kind"): "darken",
    ("labels build", "--as"): "flat",
    ("labels plan", "--objective"): "ones",
    ("train", "--target"): "smoothed",
    ("train", "--augment"): "inverted",
    ("train", "--padding"): "grey",
    ("train", "--schedule"): "tenth",
    ("train", "--optimizer"): "rmsprop",
    ("train", "--recipe"): "mine",
    ("train", "--precision"): "single",
    ("predict", "--precision"): "single",
    ("attack", "--precision"): "single",
    ("attack", "--method"): "brighten",
    ("attack", "--loss"): "inverse",
    ("score", "--format"): "org",
    ("report", "--format"): "org",
}
SUMMARIES = {name: getattr(row, "summary", "") for _, name, row in ROWS}


def of_cli(name: str) -> bool:
    return name == "c10h.cli" or name.startswith("c10h.cli.")


def forget_cli() -> dict[str, Any]:
    """Take the command line out of what is imported, and return it."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if of_cli(name)}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder to work in, while all rows are in their tables and the command line is made anew."""
    import c10h

    where = tmp_path_factory.mktemp("added")
    with added(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        patch.setenv("COLUMNS", "200")
        patch.setattr(c10h, "cli", None, raising=False)  # what is imported anew goes here
        before = forget_cli()
        yield where
        forget_cli()
        sys.modules.update(before)


@pytest.fixture(scope="module")
def run(folder: Path) -> Result:
    """One epoch of training with everything that can be chosen for it."""
    done = run_here(
        *TRAIN[:-1], "run", "--epochs", 1, "--batch-size", 8, "--target", "smoothed", "--augment",
        "inverted", "--optimizer", "rmsprop", "--recipe", "mine", "--precision", "single",
        "--device", "cpu", "--padding", "grey",
    )  # fmt: skip
    assert done.status == 0, done.err
    return done


@pytest.fixture(scope="module")
def scores(folder: Path) -> str:
    """A file of scores."""
    assert run_here(*SCORE, "-o", "scores.h5").status == 0
    return "scores.h5"


@pytest.fixture(scope="module")
def attacked(run: Result) -> Result:
    """An attack with a method and a loss of its own."""
    done = run_here(
        *ATTACK[:-1], "adv.h5", "--method", "brighten", "--epsilon", "8/255", "--health", 0,
        "--device", "cpu", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    return done


def words(text: str) -> list[str]:
    """The words of a help text, without the lines around them."""
    return re.sub(r"[│╭╮╰╯─]", " ", text).split()


@pytest.mark.parametrize(("command", "option"), CHOICES, ids=lambda part: part)
class TestChoices:
    def test_help(self, command: str, option: str) -> None:
        name = CHOICES[command, option]
        result = run_here(*command.split(), "--help-all")
        assert name in re.split(r"[ |,:;.]+", " ".join(words(result.out)))
        if option not in ("--recipe", "--method", "--format"):
            assert " ".join(words(SUMMARIES[name])) in " ".join(words(result.out))

    def test_another_name_is_refused_with_all_that_there_are(
        self, run: Result, command: str, option: str
    ) -> None:
        line = {
            "score": SCORE,
            "data corrupt": ("data", "corrupt", "dots", "--severity", 1, "-o", "new.h5"),
            "labels build": ("labels", "build", "dots", "-o", "new.h5"),
            "labels plan": ("labels", "plan", "dots", "--budget", 9),
            "train": TRAIN,
            "predict": ("predict", "run", "dots", "-o", "new.h5"),
            "attack": ATTACK,
            "report": ("report", "scores.h5"),
        }[command]
        result = run_here(*line, option, "zzz")
        assert result.status in (1, 2)
        known = re.search(r"expected one of (.*)", unwrapped(result.err))
        assert known is not None
        assert CHOICES[command, option] in re.split(r"[, ]+", known[1])

    def test_completion(self, monkeypatch: pytest.MonkeyPatch, command: str, option: str) -> None:
        name = CHOICES[command, option]
        line = f"c10h {command} {option} {name[:2]}"
        monkeypatch.setenv("_C10H_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
        assert name in run_here().out.split()


class TestAMetric:
    def value(self) -> float:
        """From another definition: 1 - Σ √(p q)."""
        return float(1 - np.sqrt(SHARES * softmax(LOGITS.astype(float), axis=1)).sum(1).mean())

    def test_scores_and_reports(self, scores: str) -> None:
        (scored,) = run_here(*SCORE, "--json").json()["runs"]
        assert scored["metrics"]["hellinger"]["value"] == pytest.approx(self.value(), rel=1e-6)
        assert scored["metrics"]["hellinger"]["n"] == SIZE
        line = ("report", scores, "--metrics", "hellinger", "--format")
        result = run_here(*line, "markdown")
        assert "hellinger ↓" in result.out
        assert f"{self.value():.4f}" in result.out
        assert "Hellinger², added" in run_here(*line, "html").out

    def test_lists_and_gates(self) -> None:
        last = run_here("score", "--list-metrics").out.splitlines()[-1]
        assert last.split() == ["hellinger", "low", "Hellinger²,", "added"]
        assert run_here(*SCORE, "--fail-if", "hellinger>0").status == 3
        assert "did you mean hellinger?" in run_here(*SCORE, "--metrics", "helinger").err


def test_a_stratum() -> None:
    (scored,) = run_here(*SCORE, "--by", "majority", "--json").json()["runs"]
    counted = {name: one["ce_human"]["n"] for name, one in scored["strata"].items()}
    some = int((COUNTS.max(axis=1) >= 6).sum())
    assert counted == {"majority=no": SIZE - some, "majority=yes": some}


def test_a_label_source() -> None:
    assert run_here("labels", "build", "dots", "--as", "flat", "-o", "flat.h5").status == 0
    labels = h5.read(Source.open("flat.h5"))
    assert isinstance(labels, Labels)
    np.testing.assert_allclose(labels.probs[0:SIZE], (SHARES + 1 / 3) / 2, rtol=1e-12)
    assert "--as flat" in run_here("show", "flat.h5").out


def test_a_corruption() -> None:
    line = ("data", "corrupt", "dots", "--kind", "darken", "--severity", 5, "-o", "dark.h5")
    assert run_here(*line).status == 0
    images = h5.read(Source.open("dark.h5"))
    assert isinstance(images, Images)
    np.testing.assert_array_equal(images.images[0:SIZE], PIXELS // 2)
    assert "--kind darken --severity 5" in run_here("show", "dark.h5").out


def test_an_objective() -> None:
    result = run_here("labels", "plan", "dots", "--budget", SIZE, "--objective", "ones")
    assert "the same of all items" in result.out


def test_a_data_set() -> None:
    assert "made-up dots" in run_here("data", "list").out
    assert "did you mean dots?" in run_here("show", "dotz").err
    assert "dots" in run_here("data", "fetch", "nothing").err


def test_a_foreign_format() -> None:
    Path("logits.raw").write_bytes(b"RAW0" + LOGITS.tobytes())
    scored = run_here("score", "logits.raw", "--labels", "dots", "--metrics", "jsd", "--json")
    jsd = jensenshannon(SHARES, softmax(LOGITS.astype(float), axis=1), axis=1) ** 2
    value = scored.json()["runs"][0]["metrics"]["jsd"]["value"]
    assert value == pytest.approx(float(jsd.mean()), rel=1e-6)
    Path("logits.xyz").write_bytes(b"\0\1\2\3" * 9)
    assert ".raw" in run_here("score", "logits.xyz", "--labels", "dots").err
    Path("wrong.raw").write_bytes(b"\0\1\2\3" * 9)
    assert "wrong.raw: expected .raw, found" in run_here("score", "wrong.raw").err


def test_training(run: Result) -> None:
    saved = json.loads(Path("run/run.json").read_text())
    chosen = {"target": "smoothed", "augment": "inverted", "optimizer": "rmsprop",
              "schedule": "tenth", "precision": "single"}  # fmt: skip
    assert chosen.items() <= saved["arguments"].items()
    assert saved["architecture"] == "small_4"
    assert saved["arguments"]["source"] == "my own notebook"
    assert {"target", "augmentation", "padding", "optimizer"} <= CALLED
    history = h5.read(Source.open("run/history.h5"))
    assert isinstance(history, History)
    assert np.asarray(history.learning_rate).tolist() == pytest.approx(
        [0.05]
    )  # a tenth of the recipe's
    shown = run_here("show", "run").out
    assert all(name in shown for name in ("small_4", *chosen.values()))
    assert "one convolution" in run_here("train", "--list-architectures").out
    wrong = run_here("train", "dots", "--arch", "small_x", "-o", "new").err
    assert "small_x: expected small_WIDTH, such as small_4" in wrong


def test_an_attack_and_its_loss(attacked: Result) -> None:
    assert "loss" in CALLED
    record = h5.read(Source.open("adv.h5"))
    assert isinstance(record, Attack)
    np.testing.assert_allclose(
        np.asarray(record.norm[0:1]), 8 / 255, rtol=1e-5
    )  # every pixel by epsilon
    assert {"method": "brighten", "loss": "inverse"}.items() <= record.settings.items()
    assert "lighter pictures" in run_here("attack", "--list-methods").out
    assert "brighten" in run_here("report", "adv.h5", "--format", "markdown").out
    assert (
        "--loss ce: expected one of inverse for --method brighten"
        in run_here(*ATTACK, "--method", "brighten", "--loss", "ce").err
    )


def test_a_figure() -> None:
    assert run_here("labels", "build", "dots", "-o", "labels.h5").status == 0
    shown = run_here("report", "labels.h5", "--figure", "sizes", "--json").json()["figure"]
    assert shown["panels"][0]["series"][0]["y"] == [SIZE]
    assert "sizes" in run_here("report", "labels.h5", "--figure", "zzz").err
    result = run_here("report", "labels.h5", "--figure", "sizes", "-o", "sizes.svg")
    assert result.status == 0, result.err


def test_a_form_of_tables(scores: str) -> None:
    assert run_here(*SCORE, "--format", "org").out.startswith("|")
    assert run_here("report", scores, "-o", "scores.org").status == 0
    assert Path("scores.org").read_text().startswith("|")
    assert ".org" in run_here("report", scores, "-o", "scores.xlsx").err
