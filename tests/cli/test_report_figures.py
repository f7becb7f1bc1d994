"""``c10h report``: figures, pictures, tables of the paper, curves, labels, lineage and scripts."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest
from made_attacks import made_attack
from matplotlib.font_manager import fontManager
from PIL import Image

import c10h as api
from c10h import h5, h5_values
from c10h.datasets.cache import open_input
from c10h.images.hashes import item_hashes
from c10h.records import Array, History, Images, Predictions, Scores, View
from c10h.views.forms.latex_text import escape

from .conftest import Files, Run, assert_refused, read_file
from .test_cli import on_terminal

SCORE = ("--labels", "labels.h5", "--resamples", "50")
GENERALIZATION = ("report", "near.h5", "far.h5", "--figure", "generalization")

pytestmark = pytest.mark.usefixtures("inputs")


@pytest.fixture
def inputs(files: Files, c10h: Run) -> None:
    """Scores on two data sets, an attack, a history, predictions."""
    for data in ("near", "far"):
        for name in "ab":
            run = f"{name}-{data}={name}.npy"
            c10h("score", run, *SCORE, "--tag", f"data={data}", "--tag", f"training={name}",
                 "-o", f"{name}-{data}.h5")  # fmt: skip
    os.replace("a-near.h5", "near.h5")
    os.replace("a-far.h5", "far.h5")
    h5.write(made_attack(items=30), "adv.h5")
    epochs = np.arange(6)
    h5.write(
        History(
            classes=("cat", "dog", "bird"),
            fold=(epochs // 3).astype("i2"),
            epoch=(epochs % 3 + 1).astype("i4"),
            loss=1 / (1.0 + epochs),
            accuracy=epochs / 10,
            learning_rate=np.full(6, 0.1),
        ),
        "history.h5",
    )
    files.predictions("p.h5")
    files.predictions("q.h5", logits=files.logits["b"][None].astype("f4"))


class TestPictures:
    @pytest.mark.parametrize("form", ["svg", "png", "pdf"])
    def test_a_file_has_what_a_pipe_has(self, files: Files, process: Run, form: str) -> None:
        line = [*GENERALIZATION, "--format", form]
        piped = process(*line)
        assert (piped.status, piped.err) == (0, "")
        assert process(*line, "-o", "-").stdout == piped.stdout
        assert process(*line, "-o", f"x.{form}").stdout == b""
        data = files.path(f"x.{form}").read_bytes()
        assert data == piped.stdout
        if form == "svg":
            assert ElementTree.fromstring(data).tag.endswith("svg")
        elif form == "pdf":
            assert data.startswith(b"%PDF")
        else:
            with Image.open(io.BytesIO(data)) as image:
                assert image.size[0] == 975

    @pytest.mark.parametrize(
        ("names", "word"),
        [
            (["near.h5", "far.h5"], "second-best accuracy"),
            (["near.h5"], "mean confidence"),
            (["adv.h5"], "cross-entropy, nats"),
            (["history.h5"], "loss, nats"),
            (["labels.h5"], "entropy, nats"),
        ],
    )
    def test_the_figure_that_fits(self, c10h: Run, names: list[str], word: str) -> None:
        if word == "second-best accuracy":
            word = "accuracy"  # what the networks were trained on is not known
        assert f">{word}<" in c10h("report", *names, "--format", "svg").out

    def test_none_or_several_fit(self, c10h: Run) -> None:
        says = (
            "--format svg: expected one figure; pgd, curves are possible: choose one with --figure"
        )
        assert_refused(c10h("report", "adv.h5", "history.h5", "--format", "svg"), says)
        h5.write(made_attack(steps=1), "fgsm.h5")
        says = "expected one figure; no figure can be drawn from these files"
        assert_refused(c10h("report", "fgsm.h5", "--format", "pdf"), says)

    @pytest.mark.parametrize("form", ["svg", "png", "pdf"])
    def test_fonts_that_are_missing(
        self, c10h: Run, monkeypatch: pytest.MonkeyPatch, form: str
    ) -> None:
        """Without its own font matplotlib would fail, and without any c10h says so in a line."""
        line = ["report", "labels.h5", "--format", form, "-o", f"x.{form}", "--force"]
        fonts = [one for one in fontManager.ttflist if one.name != "DejaVu Sans"]
        assert len(fonts) < len(fontManager.ttflist)
        monkeypatch.setattr(fontManager, "ttflist", fonts)
        result = c10h(*line)
        assert (result.status, result.err) == (0, "")
        if form == "svg":
            text = Path("x.svg").read_text(encoding="utf-8")
            assert "DejaVu Sans'" not in text
            assert ">entropy, nats<" in text
        monkeypatch.setattr(fontManager, "ttflist", [])
        assert_refused(c10h(*line), "matplotlib finds no font")

    @pytest.mark.parametrize(("width", "points"), [("85mm", 240.944), ("5cm", 141.732)])
    def test_the_width_is_exact(self, c10h: Run, width: str, points: float) -> None:
        line = ["report", "labels.h5", "--format", "svg", "--width", width]
        svg = c10h(*line).out
        assert re.search(rf'<svg [^>]*width="{points}\d*pt"', svg)
        pdf = c10h(*[*line[:3], "pdf", *line[4:]]).stdout
        assert re.search(rb"MediaBox \[ 0 0 %.3f" % points, pdf)

    def test_the_font_is_the_one_that_is_asked_for(self, c10h: Run) -> None:
        line = ["report", "labels.h5", "--format", "svg", "--font"]
        assert "'DejaVu Serif'" in c10h(*line, "DejaVu Serif").out
        assert_refused(c10h(*line, "DejaVu Serf"), "did you mean DejaVu Serif?")

    @pytest.mark.parametrize("width", ["85", "mm", "1cm", "-85mm", "85 feet", "5000in"])
    def test_a_width_that_is_none(self, c10h: Run, width: str) -> None:
        line = ["report", "labels.h5", "--format", "svg", f"--width={width}"]
        assert_refused(c10h(*line), f"--width {width}: expected a length from 1.5in to 48in")

    def test_only_pictures_have_a_width(self, c10h: Run) -> None:
        assert_refused(c10h("report", "labels.h5", "--width", "85mm"), "are for svg, png and pdf")

    @pytest.mark.parametrize("form", ["svg", "png", "pdf"])
    def test_letters_that_the_font_lacks(self, files: Files, process: Run, form: str) -> None:
        files.predictions("猫.h5")
        line = ["report", "labels.h5", "猫.h5", "b=q.h5", "--figure", "fit", "--format", form]
        result = process(*line)
        assert (result.status, result.err) == (0, "")
        assert len(result.stdout) > 1000

    @pytest.mark.parametrize("form", ["png", "pdf"])
    def test_a_terminal_is_refused(self, files: Files, form: str) -> None:
        line = ["report", "history.h5", "--format", form]
        assert "binary output to a terminal" in on_terminal(line, files.folder, {"NO_COLOR": "1"})

    def test_an_older_file_needs_force(self, files: Files, c10h: Run) -> None:
        files.save("x.png", "old")
        line = ["report", "history.h5", "--format", "png", "-o", "x.png"]
        assert_refused(c10h(*line), "exists already")
        assert c10h(*line, "--force").status == 0


class TestFigures:
    def test_in_the_terminal_a_figure_stands_alone(self, c10h: Run) -> None:
        out = c10h(*GENERALIZATION).out
        assert out.startswith("Generalization by data set\n\naccuracy by data set\nnear\n  a ")
        assert "\n  people █" in out
        assert "█" in out
        assert "\x1b" not in out

    def test_values(self, c10h: Run) -> None:
        scores = c10h("report", "near.h5", "--json").json()["runs"][0]["metrics"]
        found = c10h(*GENERALIZATION, "--json").json()["figure"]["panels"]
        for panel, metric in zip(found, ("accuracy", "ce_hard"), strict=True):
            series = panel["series"][0]
            assert (series["name"], series["x"]) == ("a", ["near", "far"])
            for key, name in (("y", "value"), ("low", "low"), ("high", "high")):
                assert series[key][0] == scores[metric][name]

    def test_csv(self, c10h: Run) -> None:
        text = c10h(*GENERALIZATION, "--format", "csv").out
        rows = list(csv.DictReader(io.StringIO(text)))
        assert list(rows[0]) == [
            "figure", "panel", "series", "x", "metric", "value", "low", "high",
        ]  # fmt: skip
        assert {row["x"] for row in rows} == {"near", "far"}

    @pytest.mark.parametrize("form", ["markdown", "latex"])
    def test_as_a_table(self, c10h: Run, form: str) -> None:
        out = c10h(*GENERALIZATION, "--format", form).out
        assert "near" in out
        assert "accuracy" in out

    def test_fit(self, c10h: Run) -> None:
        line = ["report", "labels.h5", "hard=p.h5", "human=q.h5", "--figure", "fit"]
        out = c10h(*line).out
        assert out.count("probability by class") == 6
        for name in ("people", "hard", "human"):
            assert f"  {name} " in out
        found = c10h(*line, "--json").json()["figure"]["panels"]
        for panel in found:
            first = {one["x"][int(np.argmax(one["y"]))] for one in panel["series"]}
            assert len(first) == 1

    @pytest.mark.parametrize("name", ["reliability", "entropies", "confusions"])
    def test_people_beside_networks(self, c10h: Run, name: str) -> None:
        """In every form, with the temperature that scores tell."""
        line = ["report", "--detail", "labels.h5", "a=p.h5", "b=q.h5", "--figure", name]
        panels = c10h(*line, "--json").json()["figure"]["panels"]
        assert {"a, as it is", "a, rescaled", "b, rescaled"} <= {one["title"] for one in panels}
        rows = list(csv.DictReader(io.StringIO(c10h(*line, "--format", "csv").out)))
        assert len(rows) == sum(len(one["y"]) for panel in panels for one in panel["series"])
        for form in ("terminal", "markdown", "latex", "html"):
            out = c10h(*line, "--format", form)
            assert (out.status, out.err) == (0, "")
            assert "b, rescaled" in out.out
        text = c10h("score", "--detail", "a.npy", *SCORE).out
        (told,) = re.findall(r"temperature\D*(\d+\.\d+)", text)[:1]
        assert f"a {float(told):.2f}" in c10h(*line).out

    def test_fit_of_other_items(self, files: Files, c10h: Run) -> None:
        files.predictions("r.h5", logits=files.logits["b"][None, :5].astype("f4"))
        line = ["report", "labels.h5", "p.h5", "r.h5", "--figure", "fit"]
        assert_refused(c10h(*line), "5 items in r and 30 in the labels")

    def test_fit_of_as_many_items_that_are_others(self, files: Files, c10h: Run) -> None:
        """An index says a place and no data set: true classes and pixels say the rest."""
        line = ["report", "labels.h5", "r.h5", "s.h5", "--figure", "fit"]
        item = np.arange(30, dtype="u8")
        files.predictions("r.h5", truth=files.truth, item=item, index=np.arange(30))
        files.predictions("s.h5", item=item[::-1], index=np.arange(30)[::-1])
        assert c10h(*line).status == 0
        files.predictions("s.h5", item=np.where(item == 7, 99, item).astype("u8"))
        assert_refused(c10h(*line), "r and s do not have the same items: item 7 is a different")
        files.predictions("s.h5", truth=np.roll(files.truth, 1))
        assert_refused(c10h(*line), "truth: differs from that of s on 30 items")

    @pytest.mark.parametrize("width", ["40", "80", "120"])
    @pytest.mark.parametrize(
        "line", [GENERALIZATION, ("report", "history.h5"), ("report", "labels.h5")]
    )
    def test_it_fits_a_terminal(self, files: Files, width: str, line: tuple[str, ...]) -> None:
        text = on_terminal([*line], files.folder, {"COLUMNS": width, "NO_COLOR": "1"})
        plain = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", text).replace("\r", "")
        assert max(len(row.rstrip()) for row in plain.splitlines()) <= int(width)
        assert not re.search(r"\x1b\[[\d;]*3\dm", text)

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["near.h5", "--figure", "x"], "--figure: unknown figure 'x': expected one of gene"),
            (["near.h5", "--table", "3"], "--table: unknown table '3': expected one of 1, 2"),
            (["near.h5", "--figure", "pgd"],
             "--figure pgd needs only attack files; found scores (1)"),
            (["adv.h5", "near.h5", "--figure", "pgd"], "found scores (1), attack (1)"),
            (["labels.h5", "p.h5", "--figure", "fit"],
             "--figure fit needs only 2 predictions files and 1 labels file, with or without 1 "
             "images file; found labels (1), predictions (1)"),
            (["labels.h5", "--figure", "reliability"],
             "--figure reliability needs only predictions files and 1 labels file; found"),
            (["p.h5", "--figure", "entropies"], "needs only predictions files and 1 labels"),
            (["p.h5", "labels.h5", "labels.h5", "--figure", "confusions"], "are called 'labels'"),
            (["adv.h5", "--table", "1"], "--table 1 needs only scores files"),
            (["near.h5", "--table", "1", "--figure", "pgd"], "exclude each other"),
            (["p.h5"], "p: predictions need --figure fit"),
            (["history.h5", "history.h5"], "two histories are called 'history'"),
            (["x=near.h5"], "x=near.h5: scores already have names"),
            (["history.h5", "--baseline", "a"],
             "--baseline a needs scores or attacks, found none"),
        ],
    )  # fmt: skip
    def test_refusals(self, c10h: Run, options: list[str], says: str) -> None:
        assert_refused(c10h("report", *options), says)


FIT = ("report", "labels.h5", "p.h5", "q.h5", "images.h5", "--figure", "fit")


@pytest.fixture
def pictured(files: Files, inputs: None) -> dict[str, Array]:
    """Images of the items, that p and q predicted; by the titles that panels have."""
    pixels = np.random.default_rng(8).integers(0, 256, (30, 6, 8, 3)).astype("u1")
    h5.write(Images(classes=("cat", "dog", "bird"), images=pixels), "images.h5")
    for name, run in zip("pq", "ab", strict=True):
        logits = files.logits[run][None].astype("f4")
        files.predictions(f"{name}.h5", logits=logits, item=item_hashes(pixels))
    return {f"item {row}": image for row, image in enumerate(pixels)}


def embedded(svg: bytes) -> list[tuple[str, Array]]:
    """The titles of panels and the pixels below each, from a drawing."""
    href = "{http://www.w3.org/1999/xlink}href"
    found: list[tuple[str, Array]] = []
    pixels: Array | None = None
    for element in ElementTree.fromstring(svg).iter():
        if element.tag.endswith("}image"):
            data = element.attrib.get(href) or element.attrib["href"]
            png = base64.b64decode(data.partition("base64,")[2])
            with Image.open(io.BytesIO(png)) as image:
                pixels = np.asarray(image.convert("RGB"))
        elif element.tag.endswith("}text") and (element.text or "").startswith("item "):
            assert pixels is not None
            found.append((str(element.text).partition(",")[0], pixels))
    return found


class TestFitWithPictures:
    def test_each_panel_has_the_pixels_of_its_item(
        self, c10h: Run, pictured: dict[str, Array]
    ) -> None:
        drawn = c10h(*FIT, "--format", "svg")
        assert (drawn.status, drawn.err) == (0, "")
        panels = c10h(*FIT, "--json").json()["figure"]["panels"]
        found = embedded(drawn.stdout)
        assert [title for title, _ in found] == [p["title"].partition(",")[0] for p in panels]
        assert len(found) == 6
        for title, pixels in found:
            np.testing.assert_array_equal(pixels, pictured[title])

    @pytest.mark.usefixtures("pictured")
    def test_values_are_those_without_images(self, c10h: Run) -> None:
        bare = [word for word in FIT if word != "images.h5"]
        assert c10h(*FIT, "--format", "csv").out == c10h(*bare, "--format", "csv").out
        one, two = c10h(*FIT, "--json").json(), c10h(*bare, "--json").json()
        assert one["figure"] == two["figure"]
        assert [file["kind"] for file in one["files"]][-1] == "images"

    @pytest.mark.usefixtures("pictured")
    @pytest.mark.parametrize("form", ["svg", "png", "pdf", "html"])
    def test_a_file_is_the_same_each_time(self, c10h: Run, form: str) -> None:
        first, second = (c10h(*FIT, "--format", form).stdout for _ in range(2))
        assert first == second
        bare = [word for word in FIT if word != "images.h5"]
        assert len(c10h(*bare, "--format", form).stdout) < len(first)

    @pytest.mark.usefixtures("pictured")
    def test_a_page_has_the_drawing(self, c10h: Run) -> None:
        html = c10h(*FIT, "--format", "html").out
        svg = re.search(r"<svg[^>]* class=\"[^\"]*drawing.*?</svg>", html, re.DOTALL)
        assert svg is not None
        assert len(embedded(svg[0].encode())) == 6

    @pytest.mark.usefixtures("pictured")
    def test_a_terminal_shows_them_where_it_has_colours(self, files: Files) -> None:
        colours = {"COLUMNS": "100", "COLORTERM": "truecolor", "TERM": "xterm"}
        assert on_terminal([*FIT], files.folder, colours).count("▀") == 6 * 8 * 3
        plain = on_terminal([*FIT], files.folder, {"COLUMNS": "100", "NO_COLOR": "1"})
        assert "▀" not in plain
        assert plain.count("probability by class") == 6

    @pytest.mark.usefixtures("pictured")
    def test_data_sets_by_name(self, c10h: Run) -> None:
        """After labels, the name of a data set that has both is that of its images."""
        for name, ideal in (("p", 1.0), ("q", 0.5)):
            source = open_input("synthetic", "predictions")
            record = h5.read(source, Predictions)
            logits = np.asarray(record.logits[0:1, 0:5000]) * np.float32(ideal)
            h5.write(replace(record, logits=logits), f"{name}5.h5")
        line = ["report", "synthetic", "p5.h5", "q5.h5", "synthetic", "--figure", "fit"]
        found = c10h(*line, "--json")
        assert found.status == 0, found.err
        kinds = [file["kind"] for file in found.json()["files"]]
        assert kinds == ["labels", "predictions", "predictions", "images"]

    def test_other_images(self, c10h: Run, pictured: dict[str, Array]) -> None:
        pixels = np.stack(list(pictured.values()))
        for changed, says in (
            (255 - pixels, "differs from the one that p predicted"),
            (pixels[:, :4], "differs from the one that p predicted"),
            (pixels[:20], "30 items in p and 20 in the images, and no index or ids"),
        ):
            h5.write(Images(classes=("cat", "dog", "bird"), images=changed), "images.h5")
            for form in ("svg", "json"):
                assert_refused(c10h(*FIT, "--format", form), says)

    @pytest.mark.usefixtures("pictured")
    def test_images_where_none_are_taken(self, c10h: Run) -> None:
        assert_refused(c10h(*FIT[:-2]), "images.h5: expected kind scores or attack or history")
        shutil.copy("images.h5", "more.h5")
        line = [*FIT[:-2], "more.h5", "--figure", "fit"]
        assert_refused(c10h(*line), "with or without 1 images file; found labels (1), pred")

    @pytest.mark.usefixtures("pictured")
    def test_from_python(self) -> None:
        record = read_file("images.h5", Images)
        report = api.report("labels.h5", "p.h5", "q.h5", record, figure="fit")
        api.write(report, "fit.svg")
        assert len(embedded(Path("fit.svg").read_bytes())) == 6


class TestOtherKinds:
    def test_curves(self, c10h: Run) -> None:
        out = c10h("report", "--detail", "history.h5").out
        assert out.startswith("Learning curves, last epoch\n")
        assert re.search(r"^fold 1 +3 +0\.1667 +0\.5000 +0\.1$", out, re.MULTILINE)
        assert "accuracy by epoch" in out
        assert "the learning rate was 0.1 throughout" in " ".join(out.split())
        found = c10h("report", "run=history.h5", "--json").json()["histories"]
        assert [one["name"] for one in found] == ["run"]
        assert found[0]["epoch"] == [1, 2, 3, 1, 2, 3]

    def test_curves_are_called_after_their_run_folder(self, files: Files, c10h: Run) -> None:
        """Every run folder has a history.h5, so that its own name tells nothing apart."""
        for folder in ("runs/hard", "runs/human"):
            files.path(folder).mkdir(parents=True)
            shutil.copy(files.path("history.h5"), files.path(folder))
        paths = [f"runs/{name}/history.h5" for name in ("hard", "human")]
        found = c10h("report", *paths, "./history.h5", "--json").json()["histories"]
        assert [one["name"] for one in found] == ["hard", "human", "history"]
        says = "two histories are called 'hard': name them with NAME=FILE"
        assert_refused(c10h("report", paths[0], paths[0]), says)

    def test_labels(self, files: Files, c10h: Run) -> None:
        out = c10h("report", "--detail", "labels.h5").out
        unanimous = (files.counts.max(axis=1) == 20).mean()
        row = re.search(r"^labels +30 +600 +20 +([\d.]+) ", out, re.MULTILINE)
        assert row is not None
        assert float(row[1]) == pytest.approx(unanimous, abs=1e-4)
        assert "labels: the least certain items" in out
        assert "items by entropy, nats" in out
        (found,) = c10h("report", "--detail", "labels.h5", "--json").json()["labels"]
        shares = files.shares
        entropies = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
        assert found["mean_entropy"] == pytest.approx(entropies.mean())
        assert found["least_certain"][0]["entropy"] == pytest.approx(entropies.max())
        assert len(found["least_certain"]) == 10

    def test_a_single_vote_is_not_unanimous(self, files: Files, c10h: Run) -> None:
        wide = ("--layout", "wide")
        files.save("few.npy", np.array([[1, 0], [0, 1], [3, 0], [2, 2], [1, 2]]))
        assert c10h("labels", "build", "few.npy", *wide, "-o", "few.h5").status == 0
        out = c10h("report", "--detail", "few.h5").out
        assert re.search(r"^few +5 +12 +1 to 4 +0\.3333 ", out, re.MULTILINE)
        assert "a single class, of those with two votes or more." in out
        files.save("ones.csv", "annotator,item,label\na,0,0\na,1,1\n")
        assert c10h("labels", "build", "ones.csv", "-o", "ones.h5").status == 0
        (found,) = c10h("report", "ones.h5", "--json").json()["labels"]
        assert found["unanimous"] is None

    def test_labels_whose_truth_is_known_of_some(self, files: Files, c10h: Run) -> None:
        (whole,) = c10h("report", "--detail", "labels.h5", "--json").json()["labels"]
        first, second = (int(one["item"]) for one in whole["least_certain"][:2])
        truth = files.truth.copy()
        truth[first], truth[second] = -1, 0
        right = np.eye(3, dtype=np.uint8)[files.truth]
        right[first], right[second] = 0, [1, 0, 1]
        files.labels("some.h5", truth=truth, right=right)
        (found,) = c10h("report", "--detail", "some.h5", "--json").json()["labels"]
        assert [one["truth"] for one in found["least_certain"][:2]] == [None, "cat or bird"]
        assert found["least_certain"][2:] == whole["least_certain"][2:]
        assert re.search(rf"^{first} +- ", c10h("report", "--detail", "some.h5").out, re.MULTILINE)

    def test_csv_of_everything_has_one_header(self, c10h: Run) -> None:
        names = ("near.h5", "adv.h5", "history.h5", "labels.h5")
        text = c10h("report", *names, "--format", "csv").out
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["run"] for row in rows} == {"a-near", "adv", "history", "labels"}

    def test_differences_to_a_training_are_those_of_scoring_together(self, c10h: Run) -> None:
        names = ("near.h5", "far.h5", "b-near.h5", "b-far.h5")
        found = c10h("report", *names, "--baseline", "a", "--json").json()["differences"]
        together = c10h("score", "a.npy", "b.npy", *SCORE, "--json").json()["differences"]
        alone = {one["metric"]: one for one in together}
        assert {(one["a"], one["b"]) for one in found} == {
            ("b-near", "a-near"), ("b-far", "a-far"),
        }  # fmt: skip
        for one in found:
            expected = alone[one["metric"]]
            assert {k: one[k] for k in ("value", "low", "high", "why")} == {
                k: expected[k] for k in ("value", "low", "high", "why")
            }

    def test_tables_of_the_paper(self, c10h: Run) -> None:
        line = ("report", "near.h5", "far.h5", "b-near.h5", "b-far.h5", "--table", "1")
        assert " to " not in c10h(*line).out.partition("Items in training")[0]
        assert "Made from" in c10h(*line, "--baseline", "a").out.splitlines()[-1]
        out = c10h(*line, "--detail").out
        assert out.startswith("Generalization: cross-entropy\n\ntraining ")
        assert [line.split()[0] for line in out.splitlines()[3:5]] == ["a", "b"]
        out = c10h("report", "adv.h5", "--table", "2", "--format", "latex").out
        assert r"accuracy PGD 4/255 $\uparrow$" in out


class TestLineage:
    @pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "json"])
    def test_it_is_at_the_foot(self, c10h: Run, form: str) -> None:
        out = c10h("report", "--detail", "near.h5", "far.h5", "--format", form).out
        tail = out[out.index("made" if form == "json" else "How the files were made") :]
        for name in ("a.npy", "labels.h5", "near.h5", "far.h5"):
            assert name in tail
        assert tail.count("labels.h5") == 1 or form == "json"

    @pytest.mark.parametrize("form", ["svg", "png", "pdf"])
    def test_pictures_have_it_in_their_metadata(self, c10h: Run, process: Run, form: str) -> None:
        data = process(*GENERALIZATION, "--format", form).stdout
        if form == "svg":
            (element,) = ElementTree.fromstring(data).findall(".//{*}description")
            found = element.text
        elif form == "png":
            with Image.open(io.BytesIO(data)) as image:
                found = image.info["Description"]
        else:
            found = data.decode("latin-1")
        for one in c10h(*GENERALIZATION, "--json").json()["files"]:
            assert f"{one['name']} {one['sha256'][:12]}: c10h score " in str(found)

    def test_latex_says_which_package(self, c10h: Run) -> None:
        out = c10h("report", "near.h5", "--format", "latex").out
        assert out.startswith("% Needs \\usepackage{booktabs}.\n")
        foot = out[out.index("How the files were made") :].splitlines()[1:]
        assert foot
        assert all(line.startswith("% ") for line in foot)

    def test_a_script_makes_the_files_again(self, files: Files, c10h: Run, process: Run) -> None:
        before = files.path("near.h5").read_bytes()
        script = c10h("report", "near.h5", "far.h5", "--script").out
        line = next(row for row in script.splitlines() if row.endswith("-o near.h5"))
        assert process(*line.split()[1:], "--force").status == 0
        assert files.path("near.h5").read_bytes() == before
        assert "# a.npy: made elsewhere, sha256 " in script
        assert c10h("report", "near.h5", "--script", "-o", "again.sh").out == ""
        assert files.path("again.sh").read_text().startswith("#!/bin/sh\n")


HOSTILE = "a&b%c$d#e_f{g}~h^i\\<j>|k\"l'm`n--o"
UMLAUTS = "Müller-αβΩ-[x]-猫-ąé"
# Reports as LaTeX, by their files and options. Points by which a line may be too long.
LATEX = {
    "scores": ["near.h5"],
    "data sets": ["near.h5", "far.h5", "b-near.h5", "b-far.h5"],
    "every metric": ["near.h5", "far.h5", "--metrics", "all"],
    "baseline": ["near.h5", "b-near.h5", "--baseline", "a-near"],
    "strata": ["strata.h5", "--metrics", "all", "--stratum", "modal=cat"],
    "table 1": ["near.h5", "far.h5", "b-near.h5", "b-far.h5", "--table", "1"],
    "table 2": ["adv.h5", "adv2.h5", "--table", "2"],
    "attacks": ["adv.h5", "adv2.h5", "--baseline", "adv"],
    "history": ["history.h5"],
    "labels": ["labels.h5"],
    "all kinds": ["near.h5", "adv.h5", "history.h5", "labels.h5"],
    "generalization": ["near.h5", "far.h5", "--figure", "generalization"],
    "confidence": ["near.h5", "b-near.h5", "--figure", "confidence"],
    "fit": ["labels.h5", "p.h5", "q.h5", "--figure", "fit"],
    "pgd": ["adv.h5", "adv2.h5", "--figure", "pgd"],
    "curves": ["history.h5", "--figure", "curves"],
    "entropy": ["labels.h5", "--figure", "entropy"],
    "reliability": ["labels.h5", "p.h5", "q.h5", "--figure", "reliability"],
    "entropies": ["labels.h5", "p.h5", "--figure", "entropies"],
    "confusions": ["labels.h5", "p.h5", "--figure", "confusions"],
    "gallery": ["p.h5", "labels.h5", "images.h5", "--figure", "gallery"],
    "hostile": ["odd.h5", f"{UMLAUTS}=adv.h5", f"[{HOSTILE}=adv2.h5", "--baseline", f"*{HOSTILE}"],
    "thirty runs": ["many.h5"],
}
TOLERANCE = 2.0


@pytest.fixture
def latex(files: Files, c10h: Run) -> str:
    """pdflatex, and the files that LATEX has beyond those of every test."""
    found = shutil.which("pdflatex")
    if found is None:
        pytest.skip("no pdflatex")
    c10h("score", f"*{HOSTILE}=a.npy", f"{UMLAUTS}=b.npy", "[x]=a.npy", *SCORE, "-o", "odd.h5")
    c10h("score", "a.npy", *SCORE, "--by", "modal", "-o", "strata.h5")
    c10h("score", *(f"resnet_basic_{k}_of_many=a.npy" for k in range(30)), *SCORE, "-o", "many.h5")
    h5.write(made_attack(seed=2, items=30), "adv2.h5")
    pixels = np.zeros((30, 4, 4, 3), "u1")
    h5.write(Images(classes=("cat", "dog", "bird"), images=pixels), "images.h5")
    return found


@pytest.mark.full
@pytest.mark.parametrize("name", LATEX)
def test_latex_compiles(files: Files, c10h: Run, latex: str, name: str) -> None:
    """In a plain article, without a line that runs out of the page."""
    body = c10h("report", *LATEX[name], "--format", "latex")
    assert body.status == 0, body.err
    files.path("body.tex").write_text(body.out, encoding="utf-8")
    assert "tabular" in body.out
    log = compiled(latex, files, "\\input{body}")
    over = [float(size) for size in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)]
    assert max(over, default=0) <= TOLERANCE
    assert "Missing character" not in log


@pytest.mark.full
def test_every_letter_compiles(files: Files, latex: str) -> None:
    """What escape() keeps and what it replaces, to U+2FFF."""
    letters = [chr(code) for code in range(0x20, 0x3000) if chr(code).isprintable()]
    text = "\n".join(f"x{escape(letter)}x" for letter in letters)
    assert "Missing character" not in compiled(latex, files, f"\\raggedright\n{text}")


def compiled(latex: str, files: Files, body: str) -> str:
    """What LaTeX logs of an article."""
    files.path("t.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs}\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n"
    )
    line = [latex, "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(line, capture_output=True, check=False)
    log = files.path("t.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[-2000:]
    return log


@pytest.mark.full
def test_two_thousand_files(files: Files, process: Run) -> None:
    record = read_file("near.h5", Scores)
    for number in range(2000):
        h5.write(replace(record, run=np.array([f"r{number}"])), f"many-{number:04d}.h5")
    names = sorted(path.name for path in files.folder.glob("many-*.h5"))
    result = process("report", "--detail", *names)
    assert (result.status, result.err) == (0, "")
    assert len(re.findall(r"^r\d+ ", result.out, re.MULTILINE)) == 2000
    assert " and 1999 more: c10h score " in " ".join(result.out.split())


def test_samples_are_not_read_without_a_baseline(
    c10h: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = h5_values.late_rows

    def refusing(path: Path, field: str, dataset: h5py.Dataset, name: str) -> View:
        def refuse(key: Any) -> Array:
            raise AssertionError(field)

        return replace(make(path, field, dataset, name), read=refuse)

    monkeypatch.setattr(h5, "late_rows", refusing)
    for form in ("terminal", "json", "csv"):
        assert c10h("report", "near.h5", "far.h5", "--format", form).status == 0
