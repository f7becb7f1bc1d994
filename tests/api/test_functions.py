"""Calls from Python give what the command line gives: values, files and errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from cli.conftest import run_here

import c10h
from c10h.api.results import Result
from c10h.errors import C10hError, FileError, InputError, InSampleError, OutputError
from c10h.records import Array

ITEMS, CLASSES = 60, 3


@pytest.fixture
def logits(random: np.random.Generator) -> Array:
    return np.asarray(random.normal(size=(ITEMS, CLASSES)), np.float32)


@pytest.fixture
def votes(random: np.random.Generator) -> Array:
    return random.multinomial(20, [0.5, 0.3, 0.2], ITEMS)


def shell(*arguments: object) -> Any:
    """The JSON of a command."""
    return run_here(*arguments).json()


class TestScore:
    def test_arrays_give_the_json_of_the_command_line(
        self, folder: Path, logits: Array, votes: Array
    ) -> None:
        truth = votes.argmax(axis=1)
        for name, values in (("net", logits), ("votes", votes), ("truth", truth)):
            np.save(f"{name}.npy", values)
        wanted = shell(
            "score", "net.npy", "--labels", "votes.npy", "--truth", "truth.npy", "--json"
        )
        scores = c10h.score({"net": logits}, votes, truth)
        assert scores.to_dict() == wanted
        assert c10h.score("net.npy", "votes.npy", Path("truth.npy")).to_dict() == wanted
        assert json.loads(json.dumps(scores.to_dict(), allow_nan=False)) == wanted

    def test_options(self, folder: Path, logits: Array, votes: Array) -> None:
        np.save("net.npy", logits)
        np.save("votes.npy", votes)
        options: list[object] = ["--metrics", "kl,sba", "--top", 2, "--by", "modal"]
        options += ["--resamples", 50, "--seed", 3]
        wanted = shell("score", "net.npy", "--labels", "votes.npy", *options, "--json")
        scores = c10h.score(
            {"net": logits}, votes, metrics=("kl", "sba"), top=2, by="modal", resamples=50, seed=3
        )
        assert scores.to_dict() == wanted

    def test_several_runs_and_tags(self, logits: Array, votes: Array) -> None:
        scores = c10h.score({"a": logits, "b": -logits}, votes, tags={"data": "near"})
        values = scores.to_dict()
        assert [run["name"] for run in values["runs"]] == ["a", "b"]
        assert {run["data"] for run in values["runs"]} == {"near"}
        assert {one["b"] for one in values["differences"]} == {"a"}

    def test_the_file_is_that_of_the_command_line_but_for_its_inputs(
        self, folder: Path, logits: Array, votes: Array
    ) -> None:
        np.save("net.npy", logits)
        np.save("votes.npy", votes)
        run_here("score", "net.npy", "--labels", "votes.npy", "-o", "shell.h5")
        c10h.write(c10h.score("net.npy", "votes.npy"), "python.h5")
        assert Path("python.h5").read_bytes() == Path("shell.h5").read_bytes()

    def test_a_lineage_of_arrays_says_so(self, logits: Array, votes: Array) -> None:
        lineage = c10h.score({"net": logits}, votes).record.lineage
        assert lineage is not None
        assert lineage.command == "c10h score"
        assert [(one.role, one.name) for one in lineage.inputs] == [
            ("predictions net", "net (array)"),
            ("labels", "labels (array)"),
        ]

    def test_a_mistake_is_the_line_of_the_command_line(self, logits: Array, votes: Array) -> None:
        with pytest.raises(C10hError, match="60 items in net and 59 in the labels"):
            c10h.score({"net": logits}, votes[1:])
        with pytest.raises(InputError, match="unknown metric 'kll': did you mean kl"):
            c10h.score(logits, votes, metrics="kll")

    def test_metrics_that_were_named_are_shown(self, logits: Array, votes: Array) -> None:
        assert "tvd" in repr(c10h.score(logits, votes, metrics="tvd,sba", resamples=20))

    def test_both_meanings(self, logits: Array, votes: Array) -> None:
        with pytest.raises(InputError, match="exclude each other"):
            c10h.score(logits, votes, logits=True, probs=True)

    def test_a_record_and_a_result_are_inputs(self, logits: Array, votes: Array) -> None:
        labels = c10h.build_labels(votes)
        by_array, by_result, by_record = (
            c10h.score(logits, people).to_dict()["runs"][0]["metrics"]
            for people in (votes, labels, labels.record)
        )
        assert by_array == by_result == by_record


class TestBuildLabels:
    def test_the_file_is_that_of_the_command_line(self, folder: Path, votes: Array) -> None:
        np.save("votes.npy", votes)
        run_here("labels", "build", "votes.npy", "--prior", 1, "-o", "shell.h5")
        labels = c10h.build_labels("votes.npy", prior=1.0)
        c10h.write(labels, "python.h5")
        assert Path("python.h5").read_bytes() == Path("shell.h5").read_bytes()
        np.testing.assert_allclose(labels["probs"], (votes + 1) / (20 + CLASSES))
        assert labels.to_dict() == shell("show", "shell.h5", "--json")

    def test_judgments_in_a_frame(self) -> None:
        judgments = pd.DataFrame(
            {
                "who": ["a", "a", "b", "b", "c", "c"],
                "picture": ["x", "y", "x", "y", "x", "y"],
                "said": ["cat", "dog", "cat", "cat", "dog", "dog"],
            }
        )
        labels = c10h.build_labels(judgments, annotator="who", item="picture", label="said")
        np.testing.assert_array_equal(labels["counts"], [[2, 1], [1, 2]])
        assert labels.to_frame().rows() == [("x", 3, 2 / 3, 1 / 3), ("y", 3, 1 / 3, 2 / 3)]
        assert any("3 annotators" in note for note in labels.notes)

    def test_several_predictions(self, logits: Array) -> None:
        labels = c10h.build_labels([logits, -logits], "distill", temperature=2.0)
        halves = [np.exp(sign * logits.astype(np.float64) / 2) for sign in (1, -1)]
        mean = sum(half / half.sum(axis=1, keepdims=True) for half in halves) / 2
        np.testing.assert_allclose(labels["probs"], mean, rtol=1e-6)

    def test_what_there_is_not(self, votes: Array) -> None:
        with pytest.raises(InputError, match="did you mean human"):
            c10h.build_labels(votes, "humane")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Result, Path]:
    """Images of noise, labels of these, and a run of two folds on them."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    images = c10h.import_images(pixels, labels=np.arange(40) % 2, classes=["cat", "dog"])
    labels = c10h.build_labels(random.multinomial(10, [0.5, 0.5], 40), classes=["cat", "dog"])
    folder = tmp_path_factory.mktemp("runs") / "run"
    c10h.train(
        images, labels, arch="resnet_basic_8", folder=folder, folds=2, epochs=1, batch_size=10,
        precision="fp32",
    )  # fmt: skip
    return images, labels, folder


class TestCorruptImages:
    def test_as_the_command_does(self, run: tuple[Result, Result, Path], tmp_path: Path) -> None:
        images = run[0]
        corrupted = c10h.corrupt_images(images, kind="snow", severity=4, seed=2)
        c10h.write(images, tmp_path / "images.h5")
        made = c10h.corrupt_images(tmp_path / "images.h5", kind="snow", severity=4, seed=2)
        np.testing.assert_array_equal(corrupted["images"], made["images"])
        np.testing.assert_array_equal(corrupted["truth"], images["truth"])
        assert (corrupted["images"] != images["images"]).any()
        other = c10h.corrupt_images(images, kind="snow", severity=4)
        assert (corrupted["images"] != other["images"]).any()

    @pytest.mark.parametrize(
        ("kind", "severity", "says"),
        [
            ("fogg", 1, "--kind: unknown value 'fogg': did you mean fog?"),
            ("fog", 0, "--severity 0: expected 1, 2, 3, 4 or 5"),
            ("fog", 2.5, "--severity 2.5: expected 1, 2, 3, 4 or 5"),
        ],
    )
    def test_what_there_is_not(
        self, run: tuple[Result, Result, Path], kind: str, severity: Any, says: str
    ) -> None:
        with pytest.raises(InputError, match=re.escape(says)):
            c10h.corrupt_images(run[0], kind=kind, severity=severity)


class TestNetworks:
    def test_images_and_the_run(self, run: tuple[Result, Result, Path]) -> None:
        images, _, folder = run
        assert images["images"].shape == (40, 8, 8, 3)
        assert images.to_frame().head(2).rows() == [(0, "cat"), (1, "dog")]
        assert c10h.read(folder).to_dict() == shell("show", folder, "--json")
        assert "fold-1" in repr(c10h.read(folder))

    def test_held_out_predictions_are_scored(self, run: tuple[Result, Result, Path]) -> None:
        images, labels, folder = run
        predictions = c10h.predict(images, folder)
        assert predictions["logits"].shape == (1, 40, 2)
        assert sorted(set(predictions["fold"].tolist())) == [0, 1]
        row = predictions.to_frame().row(3, named=True)
        cat, dog = predictions["logits"][0, 3].tolist()
        assert row == {
            "member": predictions["member"][0],
            "item": 3,
            "truth": ("cat", "dog")[images["truth"][3]],
            "fold": int(predictions["fold"][3]),
            "cat": pytest.approx(cat),
            "dog": pytest.approx(dog),
        }
        (scored,) = c10h.score(predictions, labels).to_dict()["runs"]
        assert scored["training_items"] == "held-out"

    def test_the_guard_refuses_what_a_network_was_trained_on(
        self, run: tuple[Result, Result, Path]
    ) -> None:
        images, labels, folder = run
        members = c10h.predict(images, [folder], members=True)
        with pytest.raises(InSampleError, match="was trained on 20 of these 40 items"):
            c10h.score(members, labels)
        (mean,) = c10h.score(members, labels, in_sample=True).to_dict()["runs"]
        assert mean["networks"] == ["fold-0", "fold-1"]
        apart = c10h.score(members, labels, in_sample=True, members=True).to_dict()["runs"]
        assert len(apart) == 2

    def test_an_attack_and_a_report_of_it(self, run: tuple[Result, Result, Path]) -> None:
        images, labels, folder = run
        attack = c10h.attack(
            images, folder, labels=labels, epsilon=["4/255", 0.1], steps=2, health=0
        )
        assert attack["logits"].shape == (1, 2, 40, 2)
        (network,) = attack.to_dict()["attacks"]
        np.testing.assert_allclose(network["epsilon"], [4 / 255, 0.1])
        clean = (attack["clean_logits"][0].argmax(axis=1) == attack["truth"]).mean()
        assert network["accuracy"]["clean"]["value"] == pytest.approx(clean)
        report = c10h.report(("mine", attack))
        assert report.to_dict()["attacks"][0]["name"] == "mine"

    def test_what_networks_have_to_be(self, run: tuple[Result, Result, Path]) -> None:
        images, _, folder = run
        with pytest.raises(InputError, match="RUN folders"):
            c10h.predict(images)
        with pytest.raises(InputError, match="RUN folders"):
            c10h.predict(images, folder, arch="resnet_basic_8")

    @pytest.mark.parametrize(
        ("option", "value", "says"),
        [
            ("epochs", 0, "--epochs 0: expected a number above 0"),
            ("lr", (0.1, float("inf")), "--lr inf: expected a number above 0"),
            ("mixup", -1, "--mixup -1: expected a number of at least 0"),
            ("folds", 1, "--folds 1: expected a number of at least 2"),
            ("target", "sofd", "--target: unknown value 'sofd': did you mean soft"),
            ("schedule", "cosin", "did you mean cosine"),
            ("precision", "fp8", "--precision: unknown value 'fp8'"),
            ("seed", -1, "--seed -1: expected a number of at least 0"),
            ("batch_size", 0, "--batch-size 0: expected a number of at least 1"),
        ],
    )
    def test_what_the_command_line_would_refuse_of_training(
        self, option: str, value: Any, says: str, run: tuple[Result, Result, Path], tmp_path: Path
    ) -> None:
        images, labels, _ = run
        with pytest.raises(InputError, match=re.escape(says)):
            c10h.train(
                images, labels, arch="vgg_10_BN_16", folder=tmp_path / "x", **{option: value}
            )
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize(
        ("option", "value", "says"),
        [
            ("method", "pdg", "did you mean pgd"),
            ("norm", "1", "--norm: unknown value '1'"),
            ("loss", "dlrr", "--loss dlrr: expected one of"),
            ("epsilon", 4, "epsilon"),
            ("restarts", 0, "--restarts 0: expected a number of at least 1"),
            ("limit", 0, "--limit 0"),
            ("health", -1, "--health -1"),
            ("steps", 0, "--steps 0"),
        ],
    )
    def test_what_the_command_line_would_refuse_of_an_attack(
        self, option: str, value: Any, says: str, run: tuple[Result, Result, Path]
    ) -> None:
        images, _, folder = run
        with pytest.raises(InputError, match=re.escape(says)):
            c10h.attack(images, folder, **{option: value})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda rows: c10h.score(rows, rows, by="model"), "did you mean modal"),
        (lambda rows: c10h.score(rows, rows, resamples=-1), "--resamples -1"),
        (lambda rows: c10h.score(rows, rows, layout="tall"), "--layout: unknown value 'tall'"),
        (lambda rows: c10h.build_labels(rows, missing="dorp"), "did you mean drop"),
        (lambda rows: c10h.build_labels(rows, layout="tall"), "--layout: unknown value 'tall'"),
        (lambda rows: c10h.import_images(rows, resize=0), "--resize 0"),
    ],
)
def test_what_the_command_line_would_refuse(
    call: Callable[[Array], object], says: str, votes: Array
) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        call(votes)


class TestReport:
    def test_the_json_of_the_command_line_and_every_form(
        self, folder: Path, logits: Array, votes: Array
    ) -> None:
        scores = c10h.score({"a": logits, "b": -logits}, votes)
        c10h.write(scores, "scores.h5")
        report = c10h.report("scores.h5", baseline="a")
        assert report.to_dict() == shell("report", "scores.h5", "--baseline", "a", "--json")
        for form in ("md", "tex", "csv", "json", "html", "txt"):
            c10h.write(report, f"python.{form}")
            run_here("report", "scores.h5", "--baseline", "a", "-o", f"shell.{form}")
            assert Path(f"python.{form}").read_bytes() == Path(f"shell.{form}").read_bytes()

    def test_a_result_in_the_place_of_a_file(self, logits: Array, votes: Array) -> None:
        report = c10h.report(c10h.score(logits, votes), c10h.build_labels(votes))
        assert set(report.to_dict()) == {"runs", "differences", "labels", "files", "made"}

    def test_has_no_record(self, logits: Array, votes: Array) -> None:
        report = c10h.report(c10h.score(logits, votes))
        assert list(report) == []
        with pytest.raises(InputError, match="a report"):
            _ = report.record


class TestResults:
    def test_frames_have_the_values_of_the_json(self, logits: Array, votes: Array) -> None:
        scores = c10h.score({"net": logits}, votes)
        frame = scores.to_frame()
        metrics = scores.to_dict()["runs"][0]["metrics"]
        assert isinstance(frame, pl.DataFrame)
        assert dict(frame.select("metric", "value").rows()) == {
            name: metric["value"] for name, metric in metrics.items()
        }
        pd.testing.assert_frame_equal(
            scores.to_pandas()[["metric", "n"]],
            pd.DataFrame({"metric": metrics.keys(), "n": [one["n"] for one in metrics.values()]}),
        )

    def test_datasets_by_name(self, votes: Array) -> None:
        labels = c10h.build_labels(votes)
        assert list(labels) == ["probs", "counts"]
        np.testing.assert_array_equal(labels["counts"], votes)
        with pytest.raises(KeyError):
            labels["truth"]

    def test_text_and_html_have_the_numbers_and_the_notes(
        self, logits: Array, votes: Array
    ) -> None:
        scores = c10h.score({"<net>": logits}, votes)
        value = scores.to_dict()["runs"][0]["metrics"]["ce_human"]["value"]
        for text, digits in ((repr(scores), 3), (scores._repr_html_(), 4)):
            assert f"{value:.{digits}f}" in text
            assert "votes (20" in text
        assert "<net>" not in scores._repr_html_()

    def test_a_written_result_can_be_read(self, folder: Path, votes: Array) -> None:
        labels = c10h.build_labels(votes)
        c10h.write(labels, "labels.h5")
        assert c10h.read("labels.h5").to_dict() == labels.to_dict()
        with pytest.raises(OutputError, match="exists already"):
            c10h.write(labels, "labels.h5")
        c10h.write(labels.record, "labels.h5", force=True)

    def test_only_files_of_c10h_are_read(self, folder: Path, votes: Array) -> None:
        np.save("votes.npy", votes)
        with pytest.raises(FileError, match="expected an HDF5 file"):
            c10h.read("votes.npy")

    def test_the_file_goes_with_the_result(self, votes: Array) -> None:
        labels = c10h.build_labels(votes)
        assert labels.source is not None
        folder = labels.source.path.parent
        assert folder.is_dir()
        del labels
        assert not folder.exists()


def printed_by(code: str) -> str:
    """What a program prints, in a process of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class TestImport:
    def test_imports_nothing_until_a_function_is_used(self) -> None:
        code = "import sys; old = set(sys.modules); import c10h; new = set(sys.modules) - old"
        code += "; print(*sorted(new))"
        assert printed_by(code) == "c10h c10h._version\n"

    def test_scoring_does_not_import_torch(self) -> None:
        code = (
            "import sys, c10h, numpy as np\n"
            "c10h.score(np.eye(3) - 0.5, truth=[0, 1, 2]).to_frame()\n"
            "c10h.build_labels([[9, 0, 1], [2, 8, 0], [3, 3, 4]]).to_frame()\n"
            "print('torch' in sys.modules)"
        )
        assert printed_by(code) == "False\n"

    def test_lists_its_functions_and_has_no_others(self) -> None:
        assert {"score", "train", "write"} <= set(dir(c10h))
        with pytest.raises(AttributeError, match="'scores'"):
            _ = c10h.scores
