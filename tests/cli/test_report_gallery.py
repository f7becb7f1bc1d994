"""``c10h report PRED LABELS IMAGES --figure gallery``, and reports as HTML."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from c10h import h5
from c10h.files import Source
from c10h.images.hashes import item_hashes
from c10h.records import Images, Input, Lineage, Predictions

from .conftest import CLASSES, PYTHON, Files, Refuse, Run, assert_refused, read_file
from .test_show import on_a_terminal

LINE = ("report", "net=p.h5", "labels.h5", "images.h5", "--figure", "gallery")


@pytest.fixture
def inputs(pictures: Path) -> Path:
    """Predictions of pictures that have labels."""
    images = read_file("images.h5", Images)
    assert images.truth is not None
    logits = np.random.default_rng(5).normal(0, 1, (1, 60, 3)) + 2 * np.eye(3)[images.truth]
    record = Predictions(
        classes=CLASSES,
        logits=logits.astype("f4"),
        member=np.array(["net"]),
        index=np.arange(60),
        ids=images.ids,
        item=item_hashes(images.images),
    )
    h5.write(record, "p.h5")
    return pictures


@pytest.mark.usefixtures("inputs")
class TestGallery:
    def test_a_table_where_there_is_no_terminal(self, c10h: Run) -> None:
        result = c10h(*LINE)
        assert result.status == 0, result.err
        assert result.out.startswith("net and people: same first choice")
        assert "▀" not in result.out
        assert "Items in training: unknown" in result.out
        assert "How the files were made, inputs first" in result.out

    def test_pictures_on_a_terminal(self) -> None:
        found = on_a_terminal(*LINE, COLORTERM="truecolor")
        assert found.count("▀") == 12 * 8 * 4
        assert "divergence 0." in found

    def test_json_and_csv_say_the_same(self, c10h: Run) -> None:
        found = c10h(*LINE, "--json").json()
        rows = list(csv.DictReader(io.StringIO(c10h(*LINE, "--format", "csv").out)))
        pictures = found["figure"]["pictures"]
        assert len(pictures) == 12
        assert len(rows) == 36
        assert [row["item"] for row in rows[::3]] == [one["item"] for one in pictures]
        assert [float(row["model"]) for row in rows[:3]] == pictures[0]["model"]
        assert [one["kind"] for one in found["files"]] == ["predictions", "labels", "images"]

    @pytest.mark.parametrize("form", ["markdown", "latex"])
    def test_other_forms(self, c10h: Run, form: str) -> None:
        found = c10h(*LINE, "--format", form).out
        assert "divergence" in found
        assert "made elsewhere" in found

    def test_html_is_one_file_and_the_same_each_time(self, c10h: Run) -> None:
        for name in ("a.html", "b.html"):
            assert c10h(*LINE, "--format", "html", "-o", name).status == 0
        text = Path("a.html").read_text(encoding="utf-8")
        assert text == Path("b.html").read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert text.count('class="card"') == 12
        assert "http://" not in text
        assert "made elsewhere" in text

    def test_how_many_pictures(self, c10h: Run, refuses: Refuse) -> None:
        assert len(c10h(*LINE, "--pictures", "3", "--json").json()["figure"]["pictures"]) == 3
        text = c10h(*LINE, "--pictures", "5", "--format", "html").out
        assert text.count('class="card"') == 5
        refuses(*LINE, "--pictures", "0", says="--pictures 0: expected 1 or more")
        refuses("report", "labels.h5", "--pictures", "3", says="--pictures needs --figure gall")

    @pytest.mark.parametrize(
        "more", [("--baseline", "net"), ("--metrics", "sba"), ("--stratum", "x"), ("--table", "1")]
    )
    def test_choices_that_it_does_not_know(self, refuses: Refuse, more: tuple[str, str]) -> None:
        refuses(
            *LINE,
            *more,
            says="--figure gallery cannot be combined with --baseline, --metrics, --str",
        )

    def test_a_script_is_of_all_three_files(self, c10h: Run) -> None:
        lines = c10h(*LINE, "--script").out.splitlines()
        assert lines[0] == "#!/bin/sh"
        for name in ("p.h5", "labels.h5", "images.h5"):
            digest = hashlib.sha256(Path(name).read_bytes()).hexdigest()
            assert f"# {name}: made elsewhere, sha256 {digest}" in lines

    def test_pictures_that_changed(self, refuses: Refuse) -> None:
        images = read_file("images.h5", Images)
        other = 255 - np.asarray(images.images[0:60])
        h5.write(Images(classes=CLASSES, images=other, ids=images.ids), "other.h5")
        line = ("report", "net=p.h5", "labels.h5", "other.h5", "--figure", "gallery")
        refuses(*line, says=["images: image", "differs from the one that net predicted"])

    def test_other_classes(self, refuses: Refuse) -> None:
        record = read_file("p.h5", Predictions)
        h5.write(replace(record, classes=("cat", "dog", "fish")), "fish.h5")
        refuses("report", "fish.h5", *LINE[2:], says=["cat, dog, bird", "fish"])

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"size": 40}, "index: row 59 is out of range: 40 items in the images"),
            ({"side": 4}, "differs from the one that net predicted"),
        ],
    )
    def test_other_sizes(self, refuses: Refuse, changes: dict[str, int], says: str) -> None:
        images = read_file("images.h5", Images)
        size, side = changes.get("size", 60), changes.get("side", 8)
        pixels = np.asarray(images.images[:size])[:, :side, :side]
        h5.write(Images(classes=CLASSES, images=np.ascontiguousarray(pixels)), "other.h5")
        refuses(*LINE[:3], "other.h5", *LINE[4:], says=says)

    def test_predictions_of_other_programs_are_matched_in_order(self, c10h: Run) -> None:
        record = read_file("p.h5", Predictions)
        np.save("p.npy", np.asarray(record.logits[0, :]))
        found = c10h("report", "net=p.npy", *LINE[2:])
        assert found.status == 0, found.err
        assert "images not checked" in found.out
        assert "names are not compared" in found.out
        np.save("p.npy", np.full((7, 3), -1.0))
        assert_refused(c10h("report", "net=p.npy", *LINE[2:]), "7 items in net")

    def test_other_files(self, refuses: Refuse) -> None:
        refuses("report", "p.h5", "--figure", "gallery", says="labels and images, in this order")
        refuses(
            *LINE[:3],
            "p.h5",
            *LINE[4:],
            says="p.h5 holds predictions: expected IMAGES",
        )


@pytest.mark.usefixtures("inputs")
@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_a_gallery_is_drawn(c10h: Run, form: str) -> None:
    result = c10h(*LINE, "--pictures", "2", "--width", "85mm", "-o", f"g.{form}")
    assert (result.status, result.err) == (0, "")
    assert Path(f"g.{form}").stat().st_size > 1000
    if form == "svg":
        svg = Path("g.svg").read_text()
        values = c10h(*LINE, "--pictures", "2", "--json").json()["figure"]["pictures"]
        assert svg.count("<image") == 2
        for picture in values:
            assert picture["item"] in svg
        assert ">people<" in svg


@pytest.mark.full
def test_memory_for_210_000_pictures(files: Files) -> None:
    """Most memory of the command in MB; the pixels are 645 MB."""
    random, count = np.random.default_rng(0), 210_000
    truth = random.integers(0, 3, count)
    pixels = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    h5.write(Images(classes=CLASSES, images=pixels, truth=truth), "images.h5")
    files.labels("labels.h5", probs=np.eye(3)[truth] * 0.8 + 1 / 15, counts=None, truth=truth)
    logits = (2 * np.eye(3)[truth] + random.normal(0, 1, (count, 3))).astype("f4")[None]
    hashes = item_hashes(pixels)
    for name, sha256 in (("same", Source.open("images.h5").sha256), ("other", "0" * 64)):
        made = Input(role="images", name="images.h5", sha256=sha256)
        lineage = Lineage(command="c10h predict", inputs=(made,), version="1")
        files.predictions(f"{name}.h5", logits=logits, item=hashes, lineage=lineage)
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=-3)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    for name in ("same", "other"):  # of the first the shown pictures are read, of the second all
        line = [*PYTHON, "report", f"{name}.h5", "labels.h5", "images.h5", "--figure", "gallery"]
        done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, check=True)
        assert int(done.stdout) < 200, name


def test_scores_as_html(files: Files, c10h: Run) -> None:
    c10h("score", "a.npy", "b.npy", "--labels", "labels.h5", "--truth", "truth.npy", "-o", "s.h5")
    result = c10h("report", "s.h5", "--baseline", "a", "--format", "html")
    assert result.status == 0, result.err
    for words in ("<title>Scores of a, b, compared with a</title>", "metric-ce_human",
                  "Difference from a", 'class="drawing"',
                  "How this was made", "c10h score"):  # fmt: skip
        assert words in result.out
    alone = c10h("report", "s.h5", "--figure", "confidence", "--format", "html").out
    assert "Difference from a" not in alone
    assert alone.count("<figure>") == 1
