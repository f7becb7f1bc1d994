"""What ``c10h attack`` refuses, in one line each, before it computes anything."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edits import edited

from c10h import h5
from c10h.records import Attack, Images, Labels

from .conftest import Refuse, Run, read_file, start
from .runs import OWN

pytestmark = pytest.mark.usefixtures("runs")

LINE = ("attack", *OWN, "a", "images.h5")
NETWORKS = """
from torch import nn

class Steps(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(192, num_classes))

    def forward(self, pixels):
        return self.layers((pixels * 8).round().detach() / 8)

def shares(num_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(192, num_classes), nn.Softmax(dim=1))
"""


def images(**changes: object) -> None:
    """images.h5 with changes, as changed.h5."""
    found = read_file("images.h5", Images)
    h5.write(replace(found, **changes), "changed.h5")  # type: ignore[arg-type]


def labels(**changes: object) -> None:
    found = read_file("labels.h5", Labels)
    h5.write(replace(found, **changes), "changed.h5")  # type: ignore[arg-type]


REFUSED = """
import sys
from c10h.cli import main
sys.argv = ["c10h", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert end.code == 1, end.code
print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    "line",
    [
        ["train", "images.h5", "nothing.h5", "--arch", "vgg_10_BN_16", "-o", "new"],
        ["train", "images.h5", "--arch", "vgg", "-o", "new"],
        ["train", "images.h5", "--arch", "vgg_10_BN_16", "--recipe", "x", "-o", "new"],
        ["predict", *OWN, "a", "nothing.h5", "-o", "p.h5"],
        ["predict", *OWN, "a", "a", "images.h5", "-o", "p.h5"],
        ["attack", *OWN, "a", "images.h5", "--epsilon", "4", "-o", "p.h5"],
        ["attack", *OWN, "a", "images.h5", "--method", "md", "--loss", "dlr", "-o", "p.h5"],
        ["attack", *OWN, "a", "images.h5", "--from", "nothing", "-o", "p.h5"],
    ],
    ids=" ".join,
)
def test_torch_is_not_waited_for(line: list[str]) -> None:
    result = start([sys.executable, "-c", REFUSED, *line], Path.cwd())
    assert result.err.startswith("error: ")
    assert (result.status, result.stdout) == (0, b"False\n")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["--epsilon", "4"], ["--epsilon 4:", "4/255 = 0.0157?", "write k/255, such as 4/255"]),
        (["--epsilon=-1"], ["--epsilon -1:", "write k/255"]),
        (["--epsilon", "0"], ["--epsilon 0:", "more than 0"]),
        (["--epsilon", "four"], ["--epsilon four:", "write k/255"]),
        (["--epsilon", "4/256"], ["--epsilon 4/256:", "write k/255"]),
        (["--epsilon", "nan"], ["--epsilon nan:", "write k/255"]),
        (["--epsilon", "2/255", "--epsilon", "2/255.0"], "a value is repeated"),
        (["--epsilon", "4/255", "--step-size", "5/255"], "--step-size 5/255: larger than"),
        (["--method", "fgsm", "--steps", "5"], "--method fgsm takes a single step"),
        (["--method", "md", "--loss", "dlr"], "--loss dlr: expected one of margin for --method md"),
        (["--toward", "bat"], ["--toward: unknown class 'bat'", "least-likely, human-second, cat"]),
        (["--toward", "human-second"], "--toward human-second: needs --labels"),
        (["--held-out", "--members"], "--held-out and --members exclude each other"),
        (["--weights", "w.pt"], "--weights needs --arch"),
        (["--device", "toaster"], "--device toaster: not on this machine"),
        (["--precision", "fp16"], "--precision fp16: needs a GPU"),
        (["--from", "nowhere"], "nowhere"),
        (["--labels", "nowhere.h5"], "nowhere.h5"),
    ],
)
def test_options(refuses: Refuse, line: Sequence[str], says: str | Sequence[str]) -> None:
    refuses(*LINE, *line, says=says)


@pytest.mark.parametrize("norm", ["1", "0", "l2"])
def test_norms_that_there_are_not(c10h: Run, norm: str) -> None:
    """cleverhans has no PGD in ℓ1, and neither is it offered here."""
    result = c10h(*LINE, "--norm", norm, "-o", "x.h5")
    assert result.status == 2
    assert "inf, 2" in result.err


def test_l2_may_be_large(c10h: Run) -> None:
    line = (*LINE, "--norm", "2", "--steps", 2, "--health", 0)
    assert c10h(*line, "--epsilon", "510/255", "-o", "x.h5").status == 0
    found = read_file("x.h5", Attack)
    assert found.epsilon.tolist() == [2.0]
    result = c10h(*line, "--epsilon", "2", "-o", "y.h5")
    assert result.status == 1
    assert "ℓ2 distances above 1 are written as k/255" in result.err


class TestNetworks:
    @pytest.fixture(autouse=True)
    def networks(self, runs: Path) -> None:
        Path("under_attack.py").write_text(NETWORKS, encoding="utf-8")

    def test_probabilities_are_no_logits(self, refuses: Refuse) -> None:
        line = ("attack", "--arch", "under_attack:shares", "images.h5")
        refuses(*line, says=["expected logits, found probabilities", "softmax"])

    def test_there_is_no_option_to_call_them_probabilities(self, c10h: Run) -> None:
        result = c10h(
            "attack", "--arch", "under_attack:shares", "images.h5", "--probs", "-o", "x.h5"
        )
        assert result.status == 2
        assert "No such option" in result.err

    def test_dlr_of_two_classes(self, refuses: Refuse) -> None:
        pictures = read_file("images.h5", Images)
        truth = np.arange(pictures.images.shape[0]) % 2
        h5.write(replace(pictures, classes=("a", "b"), truth=truth), "two.h5")
        line = ("attack", "--arch", "under_attack:Steps", "two.h5", "--method", "apgd")
        says = "--loss dlr: has no gradient with fewer than 3 classes, found 2"
        refuses(*line, "--loss", "dlr", says=says)

    def test_no_gradient(self, refuses: Refuse) -> None:
        line = ("attack", "--arch", "under_attack:Steps", "images.h5")
        refuses(*line, says="its output has no gradient with respect to its input")

    def test_square_needs_none(self, c10h: Run) -> None:
        line = ("attack", "--arch", "under_attack:Steps", "images.h5", "--method", "square")
        result = c10h(*line, "--steps", 5, "--health", 0, "-o", "x.h5")
        assert result.status == 0, result.err


class TestData:
    def test_pixels_that_are_no_bytes(self, refuses: Refuse) -> None:
        with edited("images.h5") as file:
            pixels = file["images"][:]
            del file["images"]
            file["images"] = pixels.astype("f4") / 127.5 - 1
        refuses(*LINE, says=["images.h5", "expected uint8, found float32"])

    def test_no_truth(self, refuses: Refuse) -> None:
        images(truth=None)
        refuses(
            "attack",
            *OWN,
            "a",
            "changed.h5",
            says="expected true classes, in the images or in --labels",
        )

    def test_labels_have_the_truth(self, c10h: Run) -> None:
        images(truth=None)
        line = (
            "attack",
            *OWN,
            "a",
            "changed.h5",
            "--labels",
            "labels.h5",
            "--steps",
            2,
            "--health",
            0,
        )
        assert c10h(*line, "-o", "x.h5").status == 0

    def test_labels_in_another_order(self, refuses: Refuse) -> None:
        labels(truth=np.roll(np.arange(60) % 3, 1))
        refuses(
            *LINE,
            "--labels",
            "changed.h5",
            says="on 60 items, the first is item 0 (a different order?)",
        )

    def test_labels_of_other_items(self, refuses: Refuse) -> None:
        labels(ids=np.array([f"x{number}" for number in range(60)]))
        refuses(*LINE, "--labels", "changed.h5", says="60 of 60 ids are not in the labels")

    def test_labels_with_other_classes(self, refuses: Refuse) -> None:
        labels(classes=("cat", "dog", "fish"))
        refuses(
            *LINE,
            "--labels",
            "changed.h5",
            says="labels: expected the classes cat, dog, bird, found cat, dog, fish",
        )

    def test_images_of_other_classes(self, refuses: Refuse) -> None:
        images(classes=("cat", "dog", "fish"))
        refuses("attack", *OWN, "a", "changed.h5", says="expected the classes of the network")

    def test_images_of_another_size(self, refuses: Refuse) -> None:
        images(images=np.zeros((60, 9, 9, 3), dtype=np.uint8))
        refuses(
            "attack", *OWN, "a", "changed.h5", says="expected images of 8 x 8 pixels, found 9 x 9"
        )

    def test_nothing_left_to_lead_to_a_class(self, refuses: Refuse) -> None:
        images(truth=np.ones(60, dtype=np.int64))
        refuses(
            "attack", *OWN, "a", "changed.h5", "--toward", "dog", says="no image is left without"
        )

    def test_an_output_that_is_there(self, c10h: Run) -> None:
        Path("there.h5").write_bytes(b"old")
        result = c10h(*LINE, "-o", "there.h5")
        assert result.status == 1
        assert "--force" in result.err
        assert Path("there.h5").read_bytes() == b"old"

    def test_an_output_that_is_an_input(self, c10h: Run) -> None:
        before = Path("images.h5").read_bytes()
        assert c10h(*LINE, "-o", "images.h5", "--force").status == 1
        assert Path("images.h5").read_bytes() == before
