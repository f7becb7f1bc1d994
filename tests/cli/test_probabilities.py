"""Networks that return probabilities: refused until --probs, and then their logarithm."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from c10h import h5
from c10h.files import Source
from c10h.records import Array, Images
from c10h.training import checkpoint as checkpoints

from .conftest import Refuse, Run, read_file
from .runs import content, predictions, trained

pytestmark = pytest.mark.usefixtures("pictures")

NETWORKS = """
import torch
from torch import nn

def logits(num_classes):
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(3, num_classes))

class Shares(nn.Sequential):
    def forward(self, pixels):
        return super().forward(pixels).softmax(dim=1)

def shares(num_classes):
    return Shares(*logits(num_classes))

class InEvaluation(nn.Sequential):
    def forward(self, pixels):
        found = super().forward(pixels)
        return found if self.training else found.softmax(dim=1)

def in_evaluation(num_classes):
    return InEvaluation(*logits(num_classes))
"""
SAYS = "expected logits, found probabilities"


@pytest.fixture(autouse=True)
def networks(pictures: Path) -> None:
    (pictures / "nets.py").write_text(NETWORKS, encoding="utf-8")
    torch.manual_seed(1)
    state = torch.nn.Linear(3, 3).state_dict()
    torch.save({"net": {f"2.{name}": 20 * value for name, value in state.items()}}, "w.pt")


def images() -> Images:
    return read_file("images.h5", Images)


def by_hand() -> Array:
    """The logits of the weights in w.pt, in float64."""
    state = {name: value.double().numpy() for name, value in torch.load("w.pt")["net"].items()}
    means = np.asarray(images().images[0:60]).mean(axis=(1, 2)) / 255
    return np.asarray(means @ state["2.weight"].T + state["2.bias"])


class TestPredict:
    LINE = ("predict", "images.h5", "--weights", "w.pt", "--arch")

    @pytest.mark.parametrize("name", ["shares", "in_evaluation"])
    def test_they_are_refused(self, refuses: Refuse, name: str) -> None:
        refuses(*self.LINE, f"nets:{name}", says=[f"nets:{name}: {SAYS}", "--probs"])

    @pytest.mark.parametrize("name", ["shares", "in_evaluation"])
    def test_their_logarithm_is_stored(self, c10h: Run, name: str) -> None:
        result = c10h(*self.LINE, f"nets:{name}", "--probs", "-o", "p.h5")
        assert result.status == 0, result.err
        assert "w.pt: the weights under net\n" in result.err
        found = predictions("p.h5")
        assert found.settings == {"from_probabilities": True}
        logits = by_hand()
        expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        np.testing.assert_allclose(found.logits[0], expected, rtol=1e-4, atol=1e-5)
        assert "--probs" in c10h("show", "p.h5").out

    def test_scores_are_those_of_the_probabilities(self, c10h: Run) -> None:
        c10h(*self.LINE, "nets:shares", "--probs", "-o", "p.h5")
        scores = c10h("score", "p.h5", "--resamples", 0, "--json").json()
        shares = np.exp(by_hand())
        shares /= shares.sum(axis=1, keepdims=True)
        value = scores["runs"][0]["metrics"]["ce_hard"]["value"]
        assert value == pytest.approx(log_loss(images().truth, shares), rel=1e-4)

    def test_logits_are_no_probabilities(self, refuses: Refuse) -> None:
        says = "nets:logits: --probs: expected probabilities"
        refuses(*self.LINE, "nets:logits", "--probs", says=says)

    def test_a_run_knows(self, runs: Path, refuses: Refuse) -> None:
        refuses("predict", "a", "images.h5", "--probs", says="--probs needs --arch")


class TestTrain:
    LINE = ("train", "images.h5", "labels.h5", "--epochs", 2, "--lr", 0.5, "--batch-size", 10)

    def test_they_are_refused(self, refuses: Refuse) -> None:
        refuses(*self.LINE, "--arch", "nets:shares", "-o", "run", says=SAYS)
        assert not Path("run").exists()

    def test_training_is_that_of_the_logits(self, c10h: Run) -> None:
        """log softmax of log softmax is log softmax: the same losses, gradients and weights."""
        line = (*self.LINE, "--precision", "fp32", "--arch")
        trained(c10h, "logits", *line, "nets:logits")
        trained(c10h, "shares", *line, "nets:shares", "--probs")
        logits = checkpoints.load(Path("logits", "fold-all.pt"))
        shares = checkpoints.load(Path("shares", "fold-all.pt"))
        for name, values in logits.network.items():
            torch.testing.assert_close(shares.network[name], values, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(shares.history, logits.history, rtol=1e-4)
        assert content("shares")["arguments"]["probs"] is True
        assert "probs" not in content("logits")["arguments"]

    def test_a_run_predicts_and_goes_on_without_being_told(self, c10h: Run) -> None:
        line = (*self.LINE, "--arch", "nets:shares", "--folds", 2, "--probs")
        trained(c10h, "run", *line)
        trained(c10h, "run", *line)
        named = ("--arch", "nets:shares", "run", "others.h5")
        assert c10h("predict", *named, "-o", "p.h5").status == 0
        found = predictions("p.h5")
        assert found.settings == {"from_probabilities": True}
        sums = np.exp(np.asarray(found.logits[0], dtype=np.float64)).sum(axis=1)
        np.testing.assert_allclose(sums, 1, rtol=1e-5)
        attack = ("attack", *named, "--steps", 1, "--health", 0, "-o", "adv.h5")
        assert c10h(*attack).status == 0

    def test_a_run_that_was_begun_otherwise(self, c10h: Run, refuses: Refuse) -> None:
        trained(c10h, "run", *self.LINE, "--arch", "nets:shares", "--probs")
        refuses(*self.LINE, "--arch", "nets:shares", "-o", "run", says=SAYS)

    def test_probabilities_in_evaluation_alone(self, refuses: Refuse) -> None:
        line = (*self.LINE, "--arch", "nets:in_evaluation", "--probs", "-o", "run")
        refuses(*line, says=["--probs: expected probabilities", "in training"])

    def test_networks_that_return_logits(self, refuses: Refuse) -> None:
        line = (*self.LINE, "--arch", "resnet_basic_8", "--probs", "-o", "run")
        refuses(
            *line,
            says="--probs applies only to a network of your own; resnet_basic_8 returns logits",
        )


def test_a_probability_of_0_is_told_at_the_metric(c10h: Run) -> None:
    shares = np.full((60, 3), [0.5, 0.5, 0.0])  # a third has the third class for its truth
    np.save("p.npy", shares)
    line = (
        "score",
        "--detail",
        "p.npy",
        "--labels",
        "labels.h5",
        "--resamples",
        0,
        "-o",
        "s.h5",
        "--json",
    )
    found = c10h(*line).json()["runs"][0]
    counts = h5.read(Source.open("labels.h5")).counts  # type: ignore[attr-defined]
    seen = float((counts[:, 2] > 0).mean())
    people = float((counts[:, 2] / counts.sum(axis=1)).mean())  # with log q = -126 log 2
    part = 126 * people / (126 * people + 1 - people)
    assert found["notes"][1:4] == [
        "60 probabilities of 0, raised to 1.2e-38, the smallest normal float32",
        "ce_hard: 33.3 % of its items have a true class whose probability was 0 and is raised to "
        "1.2e-38, which is 98.4 % of it: save logits, or more digits",
        f"ce_human: {100 * seen:.1f} % of its items have a class with votes whose probability was "
        f"0 and is raised to 1.2e-38, which is {100 * part:.1f} % of it: save logits, or more "
        "digits",
    ]
    assert math.isclose(found["metrics"]["ce_hard"]["value"], (2 * math.log(2) + 87.3365447) / 3)
    told = c10h("report", "--detail", "s.h5").out
    assert "p: ce_hard: 33.3 % of its items" in told
    assert "p: kl:" not in told
    assert "p: kl:" in c10h("report", "s.h5", "--metrics", "kl").out
    assert "p: ce_hard: 33.3 % of its items" in c10h(*line[:-3]).out


def test_nothing_is_told_where_no_0_counts(c10h: Run) -> None:
    np.save("y.npy", np.zeros(60, dtype=int))
    np.save("p.npy", np.full((60, 3), [0.5, 0.5, 0.0]))
    found = c10h("score", "p.npy", "--truth", "y.npy", "--resamples", 0, "--json").json()
    notes = found["runs"][0]["notes"]
    assert not [line for line in notes if line.startswith("ce_")]
    assert notes[0].startswith("60 probabilities of 0")
