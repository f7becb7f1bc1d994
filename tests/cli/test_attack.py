"""``c10h attack`` as users type it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from c10h import h5
from c10h.attacks.budget import NORMS
from c10h.attacks.methods import ATTACKS, LOSSES
from c10h.files import Source
from c10h.models.building import build
from c10h.records import Attack, Images, Labels
from c10h.training import checkpoint as checkpoints

from .conftest import CLASSES, PYTHON, Result, Run, read_file, start, unwrapped
from .runs import OWN, content, predictions, with_code

pytestmark = pytest.mark.usefixtures("runs")

IMAGES = "images.h5"
QUICK = ("--health", 0, "--steps", 3)


def attacked(c10h: Run, *arguments: object, output: str = "adv.h5") -> Attack:
    """Attack, and read the file."""
    result = c10h("attack", *with_code(arguments), "-o", output, "--force")
    assert result.status == 0, result.err
    return read_file(output, Attack)


def pixels_of(path: str) -> torch.Tensor:
    found = read_file(path, Images)
    images = np.asarray(found.images[0 : found.images.shape[0]])
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def network_of(run: str, fold: str) -> torch.nn.Module:
    """A trained network, read without c10h's own way."""
    network = build("tiny:net", 3, 8)
    network.load_state_dict(checkpoints.load(Path(run, f"fold-{fold}.pt")).network)
    return network.eval()


def test_images_without_labels_can_be_left_out(c10h: Run) -> None:
    """Of the 60 images the labels have 40: those are attacked, under their names and rows."""
    labels = h5.read(Source.open("labels.h5"), Labels)
    rows = np.flatnonzero(np.arange(60) % 3 > 0)
    assert labels.counts is not None
    assert labels.truth is not None
    some = replace(
        labels,
        probs=labels.probs[0:60][rows],
        counts=labels.counts[0:60][rows],
        truth=labels.truth[rows],
        ids=rows.astype(np.str_) if labels.ids is None else labels.ids[rows],
    )
    h5.write(some, "some.h5")
    line = ("attack", *with_code(("a", IMAGES)), *QUICK, "--labels", "some.h5", "-o", "s.h5")
    refused = c10h(*line)
    assert refused.status == 1
    assert "20 of 60 ids are not in the labels (40 items)" in refused.err
    assert "(--skip-unlabeled leaves out images without labels)" in refused.err
    result = c10h(*line, "--skip-unlabeled")
    assert "images: 20 of 60 images have no labels and are left out" in result.err
    attack, every = read_file("s.h5", Attack), attacked(c10h, "a", IMAGES, *QUICK)
    assert attack.index.tolist() == rows.tolist()
    assert attack.fold is not None
    assert every.fold is not None
    assert attack.fold.tolist() == every.fold[rows].tolist()
    np.testing.assert_allclose(
        np.asarray(attack.clean_logits)[0], np.asarray(every.clean_logits)[0][rows], atol=1e-5
    )
    assert attack.lineage is not None
    assert attack.lineage.excluded == {"images without labels": 20}
    assert attack.lineage.options["skip-unlabeled"] is True
    no_labels = c10h("attack", *with_code(("a", IMAGES)), "--skip-unlabeled", "-o", "t.h5")
    assert (no_labels.status, no_labels.err) == (1, "error: --skip-unlabeled needs --labels\n")


@pytest.mark.parametrize(
    ("option", "known"), [("--method", [*ATTACKS]), ("--loss", [*LOSSES]), ("--norm", [*NORMS])]
)
def test_choices_are_those_of_the_tables(c10h: Run, option: str, known: list[str]) -> None:
    result = c10h("attack", *OWN, "a", IMAGES, option, "nothing", "-o", "x.h5")
    assert result.status == 2
    assert f"expected one of {', '.join(known)}" in unwrapped(result.err)


class TestHeldOut:
    def test_each_image_on_the_fold_that_did_not_see_it(self, c10h: Run) -> None:
        """FGSM without the toolkit: x + ε sign of the gradient, by the network of its own fold."""
        found = attacked(c10h, "a", IMAGES, "--method", "fgsm", "--save-images", "--health", 0)
        split = np.array(content("a")["split"])
        assert found.fold is not None
        assert found.fold.tolist() == split.tolist()
        assert found.clean_logits.shape == (1, 60, 3)
        assert found.images is not None
        truth = torch.arange(60) % 3
        for fold in range(3):
            mine = np.flatnonzero(split == fold)
            network = network_of("a", str(fold))
            leaf = pixels_of(IMAGES)[mine].requires_grad_(True)
            functional.cross_entropy(network(leaf), truth[mine], reduction="sum").backward()
            assert leaf.grad is not None
            wanted = (leaf + 4 / 255 * leaf.grad.sign()).clamp(0, 1).detach()
            images = torch.from_numpy(found.images[0, 0:1][0][mine]).permute(0, 3, 1, 2)
            assert torch.allclose(images, wanted, atol=1e-6)
            logits = torch.from_numpy(found.logits[0, 0:1][0][mine])
            assert torch.allclose(logits, network(wanted), atol=1e-5)
            losses = functional.cross_entropy(logits, truth[mine], reduction="none")
            assert found.loss[0, 0][-1][mine] == pytest.approx(losses.detach().numpy(), abs=1e-5)

    def test_clean_logits_are_those_of_predict(self, c10h: Run) -> None:
        found = attacked(c10h, "a", IMAGES, *QUICK)
        assert c10h("predict", *OWN, "a", IMAGES, "-o", "p.h5").status == 0
        clean = predictions("p.h5").logits[0, 0:60]
        assert found.clean_logits[0, 0:60] == pytest.approx(clean, abs=1e-5)

    def test_the_file_knows_what_predictions_know(self, c10h: Run) -> None:
        found = attacked(c10h, "a", IMAGES, *QUICK, "--epsilon", "2/255", "--epsilon", "0.1")
        c10h("predict", *OWN, "a", IMAGES, "-o", "p.h5")
        wanted = predictions("p.h5")
        for name in ("index", "ids", "truth", "fold", "item"):
            assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
        assert np.array_equal(found.trained["item"], wanted.trained["item"])
        assert found.member is not None
        assert found.member.tolist() == ["a"]
        assert found.epsilon.tolist() == [2 / 255, 0.1]
        assert found.loss.shape == (1, 2, 4, 60)
        assert found.settings == {
            "method": "pgd", "loss": "ce", "norm": "inf", "steps": 3, "restarts": 1,
            "step-size": "0.00653594771,0.0833333333", "random-start": True, "toward": "",
            "precision": "fp32", "from": "",
        }  # fmt: skip

    def test_two_runs_together(self, c10h: Run) -> None:
        found = attacked(c10h, "a", "b", IMAGES, *QUICK)
        c10h("predict", *OWN, "a", "b", IMAGES, "-o", "p.h5")
        both, wanted = (
            torch.from_numpy(one[0, 0:60]).log_softmax(dim=1)
            for one in (found.clean_logits, predictions("p.h5").logits)
        )
        assert torch.allclose(both, wanted, atol=1e-5)

    def test_members(self, c10h: Run) -> None:
        found = attacked(c10h, "a", IMAGES, *QUICK, "--members")
        assert found.clean_logits.shape == (3, 60, 3)
        assert found.member is not None
        assert found.member.tolist() == ["a/fold-0", "a/fold-1", "a/fold-2"]
        result = c10h("score", "adv.h5", "--labels", "labels.h5")
        assert result.status == 1
        assert "was trained on" in result.err

    def test_other_images_by_all_folds(self, c10h: Run) -> None:
        found = attacked(c10h, "a", "others.h5", *QUICK)
        assert found.fold is None
        pixels = pixels_of("others.h5")
        with torch.no_grad():
            each = [network_of("a", str(fold))(pixels).softmax(dim=1) for fold in range(3)]
        wanted = torch.stack(each).mean(dim=0)
        clean = torch.from_numpy(found.clean_logits[0, 0:20]).softmax(dim=1)
        assert torch.allclose(clean, wanted, atol=1e-5)


class TestMethods:
    @pytest.mark.parametrize("method", ATTACKS)
    @pytest.mark.parametrize("norm", NORMS)
    def test_every_method_stays_within_its_budget(self, c10h: Run, method: str, norm: str) -> None:
        steps = () if method == "fgsm" else ("--steps", 6)
        line = ("--method", method, "--norm", norm, "--epsilon", "25/255", "--save-images")
        found = attacked(c10h, "a", IMAGES, *line, *steps, "--health", 0)
        assert found.images is not None
        images = np.moveaxis(np.asarray(found.images[0, 0], np.float64), -1, 1)
        assert images.min() >= 0
        assert images.max() <= 1
        change = (images - pixels_of(IMAGES).double().numpy()).reshape(60, -1)
        norms = np.linalg.norm(change, np.inf if norm == "inf" else 2, axis=1)
        assert norms.max() <= 25 / 255 * (1 + 1e-5) + 1e-6
        assert found.norm[0, 0] == pytest.approx(norms, abs=1e-6)
        assert norms.max() > 20 / 255

    def test_fgsm_is_one_step_of_pgd(self, c10h: Run) -> None:
        one = attacked(c10h, "a", IMAGES, "--method", "fgsm", "--health", 0)
        line = ("--steps", 1, "--no-random-start", "--health", 0)
        other = attacked(c10h, "a", IMAGES, *line, output="b.h5")
        assert np.array_equal(one.logits[0, 0], other.logits[0, 0])

    def test_restarts_are_no_better_for_the_network(self, c10h: Run) -> None:
        line = ("--epsilon", "8/255", "--steps", 2, "--health", 0)
        once = attacked(c10h, "a", IMAGES, *line)
        five = attacked(c10h, "a", IMAGES, *line, "--restarts", 5)
        assert five.correct[0, 0][-1].sum() <= once.correct[0, 0][-1].sum()
        assert five.loss[0, 0][-1].mean() > once.loss[0, 0][-1].mean()

    def test_transfer_is_weaker_and_says_so(self, c10h: Run) -> None:
        line = ("--epsilon", "16/255", *QUICK)
        white = attacked(c10h, "a", IMAGES, *line)
        black = attacked(c10h, "a", IMAGES, *line, "--from", "b", output="b.h5")
        assert black.settings["from"] == "b"
        assert black.loss[0, 0][-1].mean() < white.loss[0, 0][-1].mean()
        assert black.loss[0, 0][-1].mean() > black.loss[0, 0][0].mean()
        assert black.lineage is not None
        roles = [one.role for one in black.lineage.inputs]
        assert "source network b/fold-0" in roles

    def test_towards_a_class(self, c10h: Run) -> None:
        line = ("--epsilon", "60/255", "--steps", 10, "--health", 0, "--toward", "dog")
        found = attacked(c10h, "a", IMAGES, *line)
        assert found.truth is not None
        assert found.truth.tolist() == [number % 3 for number in range(60) if number % 3 != 1]
        assert found.target is not None
        assert (np.asarray(found.target) == 1).all()
        before, after = (
            torch.from_numpy(np.asarray(one)).log_softmax(dim=1)[:, 1].mean()
            for one in (found.clean_logits[0], found.logits[0, 0])
        )
        assert after > before

    def test_towards_what_is_least_likely(self, c10h: Run) -> None:
        found = attacked(c10h, "a", IMAGES, *QUICK, "--toward", "least-likely")
        clean = np.array(found.clean_logits[0, 0:60])
        clean[np.arange(60), found.truth] = np.inf
        assert found.target is not None
        assert np.array_equal(found.target[0], clean.argmin(axis=1))

    def test_towards_what_people_saw_besides(self, c10h: Run) -> None:
        line = (*QUICK, "--toward", "human-second", "--labels", "labels.h5")
        found = attacked(c10h, "a", IMAGES, *line)
        labels = h5.read(Source.open("labels.h5"))
        votes = np.array(labels.counts)  # type: ignore[attr-defined]
        votes[np.arange(60), np.arange(60) % 3] = -1
        kept = votes.max(axis=1) > 0
        assert np.array_equal(found.index, np.flatnonzero(kept))
        assert found.target is not None
        assert np.array_equal(found.target[0], votes.argmax(axis=1)[kept])


class TestOptions:
    def test_a_limit_is_a_drawn_part(self, c10h: Run) -> None:
        one = attacked(c10h, "a", IMAGES, *QUICK, "--limit", 12)
        assert len(one.index) == 12
        assert one.index.tolist() == sorted(set(one.index.tolist()))
        assert one.index.tolist() != list(range(12))
        other = attacked(c10h, "a", IMAGES, *QUICK, "--limit", 12, "--seed", 1)
        assert one.index.tolist() != other.index.tolist()
        assert one.ids is not None
        assert one.ids.tolist() == [f"i{number:02d}" for number in one.index]

    def test_the_same_command_gives_the_same_bytes(self, c10h: Run) -> None:
        line = ("a", IMAGES, "--steps", 3, "--health", 20, "--labels", "labels.h5")
        attacked(c10h, *line, output="1.h5")
        attacked(c10h, *line, output="2.h5")
        assert Path("1.h5").read_bytes() == Path("2.h5").read_bytes()
        attacked(c10h, *line, "--seed", 1, output="3.h5")
        assert not np.array_equal(
            read_file("1.h5", Attack).logits[0, 0], read_file("3.h5", Attack).logits[0, 0]
        )

    def test_a_budget_does_not_depend_on_the_others(self, c10h: Run) -> None:
        alone = attacked(c10h, "a", IMAGES, *QUICK, "--epsilon", "8/255")
        second = attacked(
            c10h, "a", IMAGES, *QUICK, "--epsilon", "2/255", "--epsilon", "8/255", output="b.h5"
        )
        assert np.array_equal(alone.logits[0, 0], second.logits[0, 1])

    def test_less_precision(self, c10h: Run) -> None:
        whole = attacked(c10h, "a", IMAGES, *QUICK)
        half = attacked(c10h, "a", IMAGES, *QUICK, "--precision", "bf16", output="b.h5")
        assert half.settings["precision"] == "bf16"
        assert half.loss[0, 0] == pytest.approx(whole.loss[0, 0], abs=0.05)
        assert not np.array_equal(half.logits[0, 0], whole.logits[0, 0])

    def test_anybodys_network(self, c10h: Run) -> None:
        torch.manual_seed(3)
        torch.save(build("tiny:net", 3, 8).state_dict(), "w.pt")
        line = ("--arch", "tiny:net", "--weights", "w.pt", IMAGES, *QUICK)
        found = attacked(c10h, *line)
        assert found.lineage is not None
        assert found.lineage.architecture == "tiny:net"
        roles = [one.role for one in found.lineage.inputs]
        assert roles == ["images", "code tiny.py", "weights"]
        assert found.lineage.inputs[1].sha256 == sha256(Path("tiny.py").read_bytes()).hexdigest()
        assert not found.trained

    @pytest.mark.parametrize(("epsilon", "warned"), [("0.5", True), ("0.49", False)])
    def test_a_budget_that_leaves_nothing(self, c10h: Run, epsilon: str, *, warned: bool) -> None:
        line = ("attack", *OWN, "a", IMAGES, "--method", "fgsm", "--health", "0", "-o", "adv.h5")
        result = c10h(*line, "--epsilon", "1/255", "--epsilon", epsilon)
        assert result.status == 0
        assert ("warning: within 0.5 every image can become plain grey" in result.err) == warned

    def test_one_answer_to_everything(self, c10h: Run) -> None:
        """Whose cause is likelier the pixels than the order of the classes."""
        Path("flat.py").write_text(
            "import torch\n\n"
            "class Flat(torch.nn.Module):\n"
            "    def forward(self, pixels):\n"
            "        dog = torch.tensor([0.0, 9.0, 0.0])\n"
            "        return dog + pixels.mean(dim=(1, 2, 3))[:, None]\n"
        )
        line = ("attack", IMAGES, "--arch", "flat:Flat", "--method", "fgsm", "--health", "0")
        told = c10h(*line, "-o", "adv.h5").err
        assert "flat:Flat: right on 20 of 60 images, 100 % of which it calls dog, which is" in told
        assert "or does it expect normalised pixels (--mean, --std)?" in told
        told = c10h(*line, "--mean", "0", "--std", "1", "-o", "adv.h5", "--force").err
        assert "which it calls dog" in told
        assert "normalised pixels" not in told

    def test_its_normalisation(self, c10h: Run) -> None:
        torch.manual_seed(3)
        torch.save(build("tiny:net", 3, 8).network.state_dict(), "w.pt")
        line = (IMAGES, "--arch", "tiny:net", "--weights", "w.pt", "--mean", "0.5", "--std", "0.5")
        found = attacked(c10h, *line, *QUICK)
        assert c10h("predict", *line, "-o", "p.h5").status == 0
        wanted = h5.read(Source.open("p.h5")).logits[0][np.asarray(found.index)]  # type: ignore[attr-defined]
        assert found.clean_logits[0] == pytest.approx(wanted, abs=1e-5)

    def test_stdout(self, c10h: Run) -> None:
        result = c10h("attack", *OWN, "--detail", "a", IMAGES, *QUICK, "-o", "-")
        assert result.status == 0
        Path("piped.h5").write_bytes(result.stdout)
        attacked(c10h, "a", IMAGES, *QUICK)
        assert Path("piped.h5").read_bytes() == Path("adv.h5").read_bytes()
        assert "Attack pgd" in result.err

    def test_json(self, c10h: Run) -> None:
        result = c10h("attack", *OWN, "a", IMAGES, "--steps", 3, "-o", "x.h5", "--json")
        (one,) = result.json()["attacks"]
        found = read_file("x.h5", Attack)
        assert one["accuracy"]["attacked"][0]["value"] == pytest.approx(
            np.asarray(found.correct[0, 0])[-1].mean()
        )
        assert {"zero gradient, network, float64", "accuracy, worst of all"} <= {
            check["check"] for check in one["health"]
        }

    def test_methods_are_listed(self, c10h: Run) -> None:
        result = c10h("attack", "--list-methods")
        assert result.status == 0
        assert all(name in result.out for name in ATTACKS)


class TestAgainstPeople:
    def test_people_are_in_table_and_file(self, c10h: Run) -> None:
        result = c10h(
            "attack", *OWN, "--detail", "a", IMAGES, *QUICK, "--labels", "labels.h5", "-o", "adv.h5"
        )
        assert "Comparison with people" in result.out
        found = read_file("adv.h5", Attack)
        logits = torch.from_numpy(np.asarray(found.logits[0, 0])).double().log_softmax(dim=1)
        labels = h5.read(Source.open("labels.h5"))
        shares = torch.from_numpy(np.asarray(labels.probs[0:60]))  # type: ignore[attr-defined]
        wanted = float(-(shares * logits).sum(dim=1).mean())
        assert found.human["human cross-entropy"][0, 0] == pytest.approx(wanted)

    def test_scores_agree_with_the_attack(self, c10h: Run) -> None:
        found = attacked(c10h, "a", IMAGES, *QUICK, "--labels", "labels.h5")
        scores = c10h("score", "adv.h5", "--labels", "labels.h5", "--json").json()["runs"]
        assert [one["name"] for one in scores] == ["adv@clean", "adv@4/255"]
        after = scores[1]["metrics"]
        assert after["ce_human"]["value"] == pytest.approx(
            found.human["human cross-entropy"][0, 0], abs=1e-9
        )
        assert after["accuracy"]["value"] == pytest.approx(
            np.asarray(found.correct[0, 0])[-1].mean()
        )


# Stops with SIGKILL or SIGINT when so many batches are done.
STOPPING = """
import os, signal, sys
from c10h.attacks.partial_results import PartialResults

count, finish = 0, PartialResults.finish

def then_stop(self, batch):
    global count
    finish(self, batch)
    count += 1
    if count == {count}:
        os.kill(os.getpid(), {signal})

PartialResults.finish = then_stop
sys.argv = ["c10h", *sys.argv[1:]]
from c10h.__main__ import run
run()
"""


class TestBreakingOff:
    LINE = ("attack", *OWN, "a", IMAGES, "--steps", "3", "--batch-size", "7", "--health", "10")

    def stopped(self, count: int, number: int) -> Result:
        Path("stop.py").write_text(STOPPING.format(count=count, signal=number), encoding="utf-8")
        return start([sys.executable, "stop.py", *self.LINE, "-o", "adv.h5"], Path())

    def test_killed_it_goes_on(self, c10h: Run, process: Run) -> None:
        whole = process(*self.LINE, "-o", "whole.h5")
        assert whole.status == 0, whole.err
        assert self.stopped(4, signal.SIGKILL).status == -signal.SIGKILL
        assert not Path("adv.h5").exists()
        done = np.load("adv.h5.parts/done.npy")
        assert done.tolist() == [1] * 4 + [0] * (len(done) - 4)
        result = process(*self.LINE, "-o", "adv.h5")
        assert result.status == 0
        assert f"resuming: 4 of {len(done)} batches are done" in result.err
        assert Path("adv.h5").read_bytes() == Path("whole.h5").read_bytes()
        assert not Path("adv.h5.parts").exists()

    def test_ctrl_c(self) -> None:
        result = self.stopped(2, signal.SIGINT)
        assert result.status == 130
        assert re.fullmatch(
            r"(.*\n)*error: stopped: 2 of \d+ batches are done; the same command resumes\n",
            result.err,
        )
        assert "Traceback" not in result.err

    def test_another_attack_in_the_way(self, c10h: Run) -> None:
        self.stopped(2, signal.SIGINT)
        result = c10h(*self.LINE, "--epsilon", "8/255", "-o", "adv.h5")
        assert result.status == 1
        assert "adv.h5.parts: holds an unfinished attack with different arguments" in result.err
        assert Path("adv.h5.parts/done.npy").exists()

    def test_code_that_has_changed(self, process: Run) -> None:
        self.stopped(2, signal.SIGINT)
        Path("tiny.py").write_text(Path("tiny.py").read_text() + "# changed\n")
        result = process(*self.LINE, "-o", "adv.h5")
        assert result.status == 1
        assert "an unfinished attack with different arguments, inputs or code" in result.err
        assert "warning: a: tiny.py not as when its networks were trained" in result.err


def test_a_bar_on_a_terminal(runs: Path) -> None:
    """On a terminal the progress has a rate."""
    script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    line = [*PYTHON, "attack", *OWN, "a", IMAGES, "--steps", "40", "--health", "0", "-o", "adv.h5"]
    done = subprocess.run(
        [sys.executable, "-c", script, *line], cwd=runs, capture_output=True, check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0
    assert "attacking" in done.stdout.decode()
    assert CLASSES


def test_images_without_a_true_class_are_left_out(c10h: Run) -> None:
    whole = read_file(IMAGES, Images)
    truth = np.arange(60) % 3
    truth[[5, 17]] = -1
    h5.write(Images(classes=CLASSES, images=np.asarray(whole.images[0:60]), truth=truth), "some.h5")
    result = c10h("attack", *OWN, "a", "some.h5", *QUICK, "-o", "adv.h5")
    assert result.status == 0, result.err
    assert "left out: 2 images without exactly one true class" in result.err
    found = read_file("adv.h5", Attack)
    assert found.index.tolist() == [row for row in range(60) if row not in (5, 17)]
    assert found.truth is not None
    assert found.truth.tolist() == truth[truth >= 0].tolist()
