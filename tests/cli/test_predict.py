"""``c10h predict`` as users type it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from c10h import h5
from c10h.datasets.cache import open_input
from c10h.images.hashes import item_hashes
from c10h.models.building import build
from c10h.records import Array, Images
from c10h.training import checkpoint as checkpoints

from .conftest import CLASSES, PYTHON, Refuse, Run, start
from .runs import OWN, TRAIN, content, predictions, trained, with_code

IMAGES = "images.h5"


pytestmark = pytest.mark.usefixtures("runs")


def pixels(path: str) -> Array:
    found = h5.read(open_input(path, "images"), Images)
    assert isinstance(found, Images)
    return np.asarray(found.images[0 : found.images.shape[0]])


def logits_of(run: str, fold: str, images: Array) -> Array:
    """What the network of a checkpoint answers, without c10h."""
    network = build("tiny:net", 3, 8)
    network.load_state_dict(checkpoints.load(Path(run, f"fold-{fold}.pt")).network)
    network.eval()
    with torch.no_grad():
        found: Array = network(torch.tensor(images).permute(0, 3, 1, 2) / 255.0).numpy()
    return found


def values_of(column: Array | None) -> list[Any]:
    assert column is not None
    return list(column.tolist())


def softmax(logits: Array) -> Array:
    powers = np.exp(logits.astype(np.float64))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def predicted(c10h: Run, *line: object) -> str:
    """What the command says; the predictions are in p.h5."""
    result = c10h("predict", *with_code(line), "-o", "p.h5", "--force")
    assert result.status == 0, result.err
    assert result.stdout == b""
    return result.err


class TestHeldOut:
    def test_each_image_by_the_fold_that_did_not_see_it(self, c10h: Run) -> None:
        said = predicted(c10h, "a", IMAGES)
        assert said == (
            "held-out: 3 networks, each image by the fold that did not see it\n"
            "p.h5: 60 images, 3 classes, by a\n"
        )
        found = predictions("p.h5")
        images = pixels(IMAGES)
        split = np.array(content("a")["split"])
        assert found.logits.shape == (1, 60, 3)
        assert values_of(found.index) == list(range(60))
        assert values_of(found.fold) == split.tolist()
        assert values_of(found.ids) == [f"i{k:02d}" for k in range(60)]
        assert values_of(found.truth) == (np.arange(60) % 3).tolist()
        assert found.classes == CLASSES
        assert values_of(found.item) == item_hashes(images).tolist()
        for fold in range(3):
            mine = split == fold
            wanted = logits_of("a", str(fold), images[mine])
            assert found.logits[0, :][mine] == pytest.approx(wanted, abs=1e-5)

    def test_demanded_it_is_the_same_file(self, c10h: Run) -> None:
        predicted(c10h, "a", IMAGES)
        before = Path("p.h5").read_bytes()
        predicted(c10h, "a/", IMAGES, "--held-out")
        assert Path("p.h5").read_bytes() == before

    def test_some_of_the_images_in_another_order(self, c10h: Run) -> None:
        rows = [7, 3, 51]
        some = Images(classes=CLASSES, images=pixels(IMAGES)[rows])
        h5.write(some, "some.h5")
        predicted(c10h, "a", IMAGES)
        whole = predictions("p.h5")
        predicted(c10h, "a", "some.h5")
        found = predictions("p.h5")
        assert found.logits[0, 0:3] == pytest.approx(whole.logits[0, 0:60][rows], abs=1e-6)
        assert values_of(found.index) == [0, 1, 2]
        assert values_of(found.fold) == np.array(values_of(whole.fold))[rows].tolist()
        assert found.truth is None

    def test_several_runs(self, c10h: Run) -> None:
        predicted(c10h, "a", "b", IMAGES)
        both = predictions("p.h5")
        each = []
        for run in "ab":
            predicted(c10h, run, IMAGES)
            each.append(softmax(predictions("p.h5").logits[0, 0:60]))
        assert both.member.tolist() == ["a + b"]
        assert both.logits[0, 0:60] == pytest.approx(np.log(np.mean(each, axis=0)), abs=1e-5)

    def test_the_lineage(self, c10h: Run) -> None:
        predicted(c10h, "a", IMAGES)
        lineage = predictions("p.h5").lineage
        assert lineage is not None
        assert lineage.architecture == "tiny:net"
        assert lineage.options["answer"] == "held-out"
        roles = [one.role for one in lineage.inputs]
        assert roles == ["images", *(f"network a/fold-{n}" for n in range(3)), "code tiny.py"]
        made = lineage.inputs[1].lineage
        assert made is not None
        assert made.to_dict()["options"] == content("a")["lineage"]["options"]
        assert "a/fold-2: fold-2.pt" in c10h("show", "p.h5").out

    def test_a_pipe_to_score(self, runs: Path, c10h: Run) -> None:
        run = shlex.join(PYTHON)
        predict = f"{run} predict {shlex.join(OWN)} a - -o - < images.h5"
        line = f"{predict} | {run} score a=- --labels labels.h5 --json"
        piped = start(["sh", "-c", line], runs).json()
        predicted(c10h, "a", IMAGES)
        found = c10h("score", "a=p.h5", "--labels", "labels.h5", "--json").json()
        assert (found["runs"][0].pop("data"), piped["runs"][0].pop("data")) == ("images", "")
        assert found == piped
        assert piped["runs"][0]["metrics"]["accuracy"]["n"] == 60


class TestOtherImages:
    def test_the_folds_together(self, c10h: Run) -> None:
        said = predicted(c10h, "a", "others.h5")
        assert said.startswith("ensemble: 3 networks, averaged\n")
        found = predictions("p.h5")
        answers = [softmax(logits_of("a", str(k), pixels("others.h5"))) for k in range(3)]
        wanted = np.log(np.mean(answers, axis=0))
        assert found.logits[0, 0:20] == pytest.approx(wanted, abs=1e-5)
        assert found.fold is None
        assert found.ids is None
        assert found.member.tolist() == ["a"]

    def test_members(self, c10h: Run) -> None:
        predicted(c10h, "a", "c", "others.h5", "--members")
        found = predictions("p.h5")
        assert found.member.tolist() == ["a/fold-0", "a/fold-1", "a/fold-2", "c"]
        assert values_of(found.member_fold) == [0, 1, 2, -1]
        wanted = [logits_of("a", str(k), pixels("others.h5")) for k in range(3)]
        wanted.append(logits_of("c", "all", pixels("others.h5")))
        assert found.logits[0:4] == pytest.approx(np.stack(wanted), abs=1e-5)

    def test_some_folds_are_not_trained(self, c10h: Run) -> None:
        Path("a/fold-1.pt").unlink()
        said = predicted(c10h, "a", "others.h5")
        assert said.startswith(
            "warning: a: training not finished: fold 1 of 3; the other folds predict"
        )

    def test_images_of_the_folds_that_are_trained(self, c10h: Run) -> None:
        predicted(c10h, "a", IMAGES)
        whole = predictions("p.h5")
        assert whole.fold is not None
        rows = np.flatnonzero(whole.fold != 1)
        some = Images(classes=whole.classes, images=pixels(IMAGES)[rows])
        h5.write(some, "some.h5")
        Path("a/fold-1.pt").unlink()
        said = predicted(c10h, "a", "some.h5")
        assert "fold 1 of 3; the other folds predict\nheld-out: 2 networks" in said
        found = predictions("p.h5")
        np.testing.assert_array_equal(found.fold, whole.fold[rows])
        assert found.logits[0, :] == pytest.approx(whole.logits[0, :][rows], abs=1e-5)

    def test_batches_do_not_matter(self, c10h: Run) -> None:
        predicted(c10h, "a", "others.h5")
        whole = predictions("p.h5").logits[0, 0:20]
        predicted(c10h, "a", "others.h5", "--batch-size", 7)
        assert predictions("p.h5").logits[0, 0:20] == pytest.approx(whole, abs=1e-5)

    def test_less_precision(self, c10h: Run) -> None:
        predicted(c10h, "a", "others.h5")
        whole = predictions("p.h5").logits[0, 0:20]
        predicted(c10h, "a", "others.h5", "--precision", "bf16")
        found = predictions("p.h5")
        assert found.logits[0, 0:20] == pytest.approx(whole, abs=0.05)
        assert found.lineage is not None
        assert found.lineage.options["precision"] == "bf16"

    def test_a_catalogue_name(self, c10h: Run) -> None:
        said = predicted(c10h, "synthetic", "--arch", "tiny:other")
        assert "warning: tiny:other has random weights: --weights names a file of them" in said
        found = predictions("p.h5")
        assert found.logits.shape == (1, len(values_of(found.truth)), len(found.classes))


class TestInSample:
    def test_score_knows(self, c10h: Run) -> None:
        said = predicted(c10h, "c", IMAGES)
        assert "warning: in-sample: a network was trained on 60 of these 60 images" in said
        result = c10h("score", "p.h5", "--labels", "labels.h5")
        assert result.status == 1
        assert "trained on 60 of these 60 items" in result.err
        assert c10h("score", "p.h5", "--labels", "labels.h5", "--in-sample").status == 0

    def test_members_are_in_sample_too(self, c10h: Run) -> None:
        said = predicted(c10h, "a", IMAGES, "--members")
        assert "warning: in-sample: a network was trained on 40 of these 60 images" in said
        assert c10h("score", "p.h5", "--labels", "labels.h5").status == 1

    def test_held_out_and_others_are_not(self, c10h: Run) -> None:
        predicted(c10h, "a", IMAGES)
        assert "held-out (p)\n" in c10h("score", "p.h5", "--labels", "labels.h5").out
        predicted(c10h, "c", "others.h5")
        result = c10h("score", "p.h5", "--truth", "others.h5")
        assert result.status == 0, result.err

    def test_what_was_trained(self, c10h: Run) -> None:
        predicted(c10h, "a", IMAGES)
        found = predictions("p.h5")
        fold = dict(
            zip(found.trained["item"].tolist(), found.trained["fold"].tolist(), strict=True)
        )
        split = content("a")["split"]
        assert [fold[item] for item in item_hashes(pixels(IMAGES)).tolist()] == split
        predicted(c10h, "c", IMAGES)
        assert set(predictions("p.h5").trained["fold"].tolist()) == {-1}

    def test_an_ancestor_that_saw_them(self, c10h: Run) -> None:
        trained(c10h, "d", *TRAIN, "--init", "c")
        for more in ([], ["--held-out"]):
            result = c10h("predict", *OWN, "d", IMAGES, *more, "-o", "p.h5")
            assert result.status == 1
            assert "d: no network is held out from 60 of 60 images" in result.err
            assert "--init" in result.err
            assert result.err.count("\n") == 1
        predicted(c10h, "d", IMAGES, "--members")
        assert c10h("score", "p.h5", "--labels", "labels.h5").status == 1


class TestAnybodysNetwork:
    def test_torchvision(self, c10h: Run) -> None:
        from torchvision.models import resnet18

        torch.manual_seed(3)
        network = resnet18(num_classes=3)
        torch.save(network.state_dict(), "w.pt")
        said = predicted(c10h, IMAGES, "--arch", "torchvision:resnet18", "--weights", "w.pt")
        assert said == (
            "torchvision:resnet18: takes pixels in [0, 1] less 0.485, 0.456, 0.406, divided by "
            "0.229, 0.224, 0.225; its outputs are cat, dog, bird\n"
            "p.h5: 60 images, 3 classes, by torchvision:resnet18\n"
        )
        found = predictions("p.h5")
        statistics = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]
        mean, std = (torch.tensor(one)[None, :, None, None] for one in statistics)
        inputs = (torch.tensor(pixels(IMAGES)).permute(0, 3, 1, 2) / 255 - mean) / std
        with torch.no_grad():
            wanted = network.eval()(inputs).numpy()
        assert found.logits[0, 0:60] == pytest.approx(wanted, abs=1e-4)
        assert not found.trained
        assert found.lineage is not None
        assert [one.name for one in found.lineage.inputs] == [IMAGES, "w.pt"]
        assert "unknown" in c10h("score", "p.h5", "--labels", "labels.h5").out

    def test_ones_own(self, c10h: Run) -> None:
        torch.save(checkpoints.load(Path("c/fold-all.pt")).network, "w.pt")
        predicted(c10h, IMAGES, "--arch", "tiny:net", "--weights", "w.pt")
        wanted = logits_of("c", "all", pixels(IMAGES))
        assert predictions("p.h5").logits[0, 0:60] == pytest.approx(wanted, abs=1e-5)

    @pytest.mark.parametrize("arch", ["tiny:net", "torchvision:resnet18"])
    def test_its_normalisation(self, c10h: Run, arch: str) -> None:
        torch.manual_seed(3)
        network = build(arch, 3, 8).network.eval()
        torch.save(network.state_dict(), "w.pt")
        said = predicted(c10h, IMAGES, "--arch", arch, "--weights", "w.pt",
                         "--mean", "0.1,0.2,0.3", "--std", "0.25")  # fmt: skip
        assert "takes pixels in [0, 1] less 0.1, 0.2, 0.3, divided by 0.25, 0.25, 0.25" in said
        mean = torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1)
        with torch.no_grad():
            inputs = torch.tensor(pixels(IMAGES)).permute(0, 3, 1, 2) / 255
            wanted = network((inputs - mean) / 0.25).numpy()
        found = predictions("p.h5")
        assert found.logits[0, 0:60] == pytest.approx(wanted, abs=1e-4)
        assert found.lineage is not None
        assert found.lineage.options["mean"] == "0.1,0.2,0.3"

    def test_blanks_between_numbers(self, refuses: Refuse) -> None:
        line = (
            "predict",
            IMAGES,
            "--arch",
            "tiny:net",
            "--mean",
            "0.4",
            "0.5",
            "0.6",
            "-o",
            "p.h5",
        )
        refuses(*line, says="--mean 0.4: expected commas between its numbers")

    def test_weights_with_another_normalisation(self, c10h: Run, refuses: Refuse) -> None:
        torch.save(build("tiny:net", 3, 8).state_dict(), "w.pt")
        line = ("predict", IMAGES, "--arch", "tiny:net", "--weights", "w.pt", "-o", "p.h5")
        says = "w.pt: has its own --mean and --std: with these, the network takes pixels in [0, 1]"
        refuses(*line, "--mean", "0.5", "--std", "1", says=says)
        assert c10h(*line, "--mean", "0", "--std", "1").status == 0

    def test_other_classes(self, c10h: Run) -> None:
        predicted(c10h, IMAGES, "--arch", "tiny:other", "--classes", "x,y,z,cat")
        found = predictions("p.h5")
        assert found.classes == ("x", "y", "z", "cat")
        assert found.truth is None

    def test_random_weights_are_the_same_twice(self, c10h: Run) -> None:
        predicted(c10h, IMAGES, "--arch", "resnet_basic_8")
        before = Path("p.h5").read_bytes()
        predicted(c10h, IMAGES, "--arch", "resnet_basic_8")
        assert Path("p.h5").read_bytes() == before


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="there is no /proc")
def test_memory_is_bounded(runs: Path) -> None:
    """200,000 images of 32 x 32, 614 MB of pixels, take no more memory than 20,000."""
    random = np.random.default_rng(0)
    peaks = []
    for count in (20_000, 200_000):
        h5.write(
            Images(
                classes=CLASSES, images=random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
            ),
            "many.h5",
        )
        line = "predict many.h5 --arch tiny:other -o p.h5 --force"
        script = (
            "from c10h.cli import main\n"
            "try: main()\n"
            "finally: print(*(line for line in open('/proc/self/status') if 'VmHWM' in line))"
        )
        words = [sys.executable, "-c", script, *line.split()]
        result = start(words, runs)
        assert result.status == 0, result.err
        peaks.append(int(result.out.split()[1]) / 1024)
    print(f"peaks: {peaks} MB")  # noqa: T201
    assert peaks[1] < peaks[0] + 100
