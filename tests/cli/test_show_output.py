"""``c10h show -o``: items as a table, and weights, for other programs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars
import pytest
from safetensors import safe_open

from c10h.records import Labels, Predictions

from .conftest import CLASSES, Files, Refuse, Run, read_file
from .runs import OWN, content


def test_labels_as_parquet(files: Files, c10h: Run) -> None:
    assert c10h("show", "labels.h5", "-o", "labels.parquet").status == 0
    labels = read_file("labels.h5", Labels)
    table = polars.read_parquet("labels.parquet")
    assert table.columns == ["item", "truth", "votes", *CLASSES]
    assert labels.truth is not None
    assert table["truth"].to_list() == [CLASSES[k] for k in labels.truth]
    assert table["votes"].to_list() == files.counts.sum(axis=1).tolist()
    np.testing.assert_array_equal(table.select(CLASSES).to_numpy(), labels.probs[0:30])


def test_csv_is_read_again(files: Files, c10h: Run) -> None:
    assert c10h("show", "labels.h5", "-o", "labels.csv").status == 0
    with Path("labels.csv").open() as stream:
        assert next(csv.reader(stream)) == ["item", "truth", "votes", *CLASSES]
    direct = c10h("score", "a.npy", "--labels", "labels.h5", "--resamples", 0, "--json").json()
    again = c10h("score", "a.npy", "--labels", "labels.csv", "--resamples", 0, "--json").json()
    values = [run["runs"][0]["metrics"]["ce_human"]["value"] for run in (direct, again)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_predictions_of_two_networks(files: Files, c10h: Run) -> None:
    logits = np.stack([files.logits["a"], files.logits["b"]]).astype("f4")
    files.predictions("two.h5", logits=logits, member=np.array(["x", "y"]))
    assert c10h("show", "two.h5", "-o", "two.parquet").status == 0
    table = polars.read_parquet("two.parquet")
    assert table.columns == ["member", "item", *CLASSES]
    second = table.filter(polars.col("member") == "y").select(CLASSES).to_numpy()
    np.testing.assert_array_equal(second, logits[1])


def test_a_class_that_is_called_like_a_column(files: Files, c10h: Run) -> None:
    files.labels("odd.h5", classes=("truth", "dog", "bird"))
    assert c10h("show", "odd.h5", "-o", "odd.parquet").status == 0
    columns = polars.read_parquet("odd.parquet").columns
    assert columns == ["item", "truth", "votes", "class truth", "dog", "bird"]


def test_what_is_refused(files: Files, refuses: Refuse, c10h: Run) -> None:
    assert c10h("score", "a.npy", "--labels", "labels.h5", "-o", "scores.h5").status == 0
    says = "scores.h5: expected labels, predictions or images, found scores"
    refuses("show", "scores.h5", "-o", "x.parquet", says=says)
    refuses("show", "labels.h5", "-o", "x.xlsx", says=".xlsx is not a format that this command")
    refuses("show", "labels.h5", "-o", "x", says="expected a name such as x.parquet or x.csv")
    refuses("show", "labels.h5", "-o", "a.npy", says=".npy is not a format")
    Path("there.csv").write_text("old")
    refuses("show", "labels.h5", "-o", "there.csv", says="exists already")
    assert not Path("x.parquet").exists()


@pytest.mark.usefixtures("runs")
class TestWeights:
    def test_they_predict_the_same(self, c10h: Run) -> None:
        assert c10h("show", "a", "-o", "weights").status == 0
        run = content("a")
        folds = sorted(path.name for path in Path("weights").iterdir())
        assert folds == [f"fold-{number}.safetensors" for number in range(run["folds"])]
        with safe_open("weights/fold-1.safetensors", "numpy") as file:
            about = json.loads(file.metadata()["c10h"])
        assert (about["architecture"], about["classes"]) == (run["architecture"], run["classes"])
        first = Path("weights/fold-1.safetensors").read_bytes()
        assert c10h("show", "a", "-o", "again").status == 0
        assert Path("again/fold-1.safetensors").read_bytes() == first
        line = ("predict", "images.h5", *OWN, "--weights", "weights/fold-1.safetensors")
        assert c10h(*line, "-o", "theirs.h5").status == 0
        assert c10h("predict", "a", "images.h5", *OWN, "-o", "ours.h5").status == 0
        theirs, ours = (read_file(name, Predictions) for name in ("theirs.h5", "ours.h5"))
        assert ours.fold is not None
        mine = np.flatnonzero(ours.fold == 1)
        expected = np.asarray(ours.logits[0, 0:60])[mine]
        found = np.asarray(theirs.logits[0, 0:60])[mine]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    def test_older_files_stay(self, c10h: Run, refuses: Refuse) -> None:
        assert c10h("show", "a", "-o", "weights").status == 0
        refuses("show", "a", "-o", "weights", says="fold-0.safetensors: exists already")
        assert c10h("show", "a", "-o", "weights", "--force").status == 0

    def test_a_run_that_is_not_done(self, c10h: Run, refuses: Refuse) -> None:
        Path("a/fold-0.pt").unlink()
        refuses("show", "a", "-o", "weights", says="a: fold 0 has not been trained yet")
        assert not Path("weights").exists()
        refuses("show", "a", "-o", "w.safetensors", says="this command writes a folder")
