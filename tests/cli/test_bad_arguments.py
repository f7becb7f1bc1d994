"""Arguments in the place of others: one line that says what was meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from c10h.stages import arguments

from .conftest import Refuse
from .runs import OWN

pytestmark = pytest.mark.usefixtures("runs")

ARCH = ("--arch", "tiny:net")


class TestPredictions:
    def test_labels(self, refuses: Refuse) -> None:
        says = "p: nothing to compare with: use --labels, --truth or predictions that have a truth"
        refuses("score", "p.npy", "labels.h5", says=says)

    def test_images(self, refuses: Refuse) -> None:
        says = "images.h5 holds images: c10h predict makes predictions from them; pass true classes"
        refuses("score", "images.h5", says=says)

    def test_learning_curves(self, refuses: Refuse) -> None:
        refuses("score", "a/history.h5", says="holds learning curves: c10h report shows them")

    def test_a_run(self, refuses: Refuse) -> None:
        refuses("score", "a/", says="a/ is a run folder: c10h predict a/ IMAGES -o predictions.h5")

    @pytest.fixture(autouse=True)
    def predictions(self, runs: Path) -> None:
        np.save(runs / "p.npy", np.random.default_rng(0).normal(size=(60, 3)))


class TestImages:
    @pytest.mark.parametrize(
        "line", [("predict", *ARCH), ("attack", *ARCH), ("predict", *ARCH, "a"), ("train", *ARCH)]
    )
    def test_a_folder(self, refuses: Refuse, runs: Path, line: tuple[str, ...]) -> None:
        (runs / "photos").mkdir()
        more = ("-o", "new") if line[0] == "train" else ()
        says = (
            "photos/: a folder of image files? c10h data import photos/ -o images.h5 makes a file"
        )
        refuses(*line, "photos/", *more, says=says)

    @pytest.mark.parametrize("line", [("predict", *ARCH), ("attack", "a")])
    def test_labels(self, refuses: Refuse, line: tuple[str, ...]) -> None:
        says = "labels.h5 holds labels: expected IMAGES in its place"
        refuses(*line, "labels.h5", says=says)

    def test_labels_before_images(self, refuses: Refuse) -> None:
        line = ("train", "labels.h5", "images.h5", *ARCH, "-o", "new")
        refuses(*line, says="labels.h5 holds labels: expected IMAGES in its place")

    def test_an_array(self, refuses: Refuse, runs: Path) -> None:
        np.save(runs / "x.npy", np.zeros((2, 8, 8, 3), "u1"))
        says = ["x.npy: expected an HDF5 file", "c10h data import makes a file of images from"]
        refuses("predict", *OWN, "a", "x.npy", says=says)

    def test_a_run(self, refuses: Refuse) -> None:
        refuses("train", "a", *ARCH, "-o", "new", says="a is a run folder: expected IMAGES")


@pytest.mark.parametrize("command", ["predict", "attack"])
@pytest.mark.parametrize("paths", [("images.h5", "a"), ("a",), ("b", "images.h5", "a")])
def test_runs_come_first(refuses: Refuse, command: str, paths: tuple[str, ...]) -> None:
    refuses(command, *paths, says="a is a run folder: expected RUN first, and IMAGES last")


def test_a_report_of_a_run(refuses: Refuse) -> None:
    says = "a is a run folder: c10h show a shows its contents, and history.h5 in it has its"
    refuses("report", "a", says=says)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (("score", "cifar01h"), "no such file or data set: did you mean cifar10h?"),
        (("data", "list", "sinthetic"), "unknown data set 'sinthetic': did you mean synthetic?"),
        (("train", "images.h5", "--arch", "resent_basic_8", "-o", "n"), "did you mean resnet_b"),
        (("train", "images.h5", "--arch", "torchvision:resent18", "-o", "n"), "mean resnet18?"),
        (("train", "images.h5", *ARCH, "--recipe", "papre", "-o", "n"), "did you mean paper?"),
        (("report", "a/history.h5", "--figure", "curve"), "did you mean curves?"),
        (("score", "a", "--metrics", "ce_humna"), "did you mean ce_human?"),
        (("score", "a", "--fail-if", "accuracey<1"), "did you mean accuracy?"),
        (
            ("attack", *OWN, "a", "images.h5", "--toward", "least-likley"),
            "did you mean least-likely?",
        ),
    ],
)
def test_the_nearest_name(refuses: Refuse, line: tuple[str, ...], says: str) -> None:
    refuses(*line, says=says)


def test_what_is_no_run(runs: Path) -> None:
    assert arguments.is_run("a")
    assert arguments.is_run("a/")
    assert not arguments.is_run("images.h5")
    assert not arguments.is_run("nowhere")
