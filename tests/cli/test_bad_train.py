"""Trainings and predictions that cannot be: one line that says why, and nothing made."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from edits import state_of

from c10h import h5
from c10h.records import Images, Labels
from c10h.training import checkpoint as checkpoints

from .conftest import CLASSES, Result, Run, assert_refused, read_file
from .runs import (
    DATA,
    FOLDS,
    OWN,
    TINY,
    TRAIN,
    assert_equal_runs,
    content,
    kept,
    names,
    trained,
    with_code,
)

pytestmark = pytest.mark.usefixtures("pictures")

ONE = ("train", *DATA, *TINY, "--epochs", 1)
SHARES = np.full((60, 3), 1 / 3)


def refused(c10h: Run, *line: object, says: str | list[str]) -> None:
    """One line, and neither a run folder nor a file."""
    before = sorted(os.listdir())
    assert_refused(c10h(*line, "-o", "new"), says)
    assert sorted(os.listdir()) == before


def labels(**changes: Any) -> str:
    """A file of labels, x.h5."""
    h5.write(Labels(**{"classes": CLASSES, "probs": SHARES, **changes}), "x.h5")
    return "x.h5"


class TestInputs:
    def test_fewer_labels(self, c10h: Run) -> None:
        line = ("train", "images.h5", labels(probs=SHARES[:59]), *TINY)
        refused(c10h, *line, says="60 items in images and 59 in the labels")

    def test_labels_of_other_items(self, c10h: Run) -> None:
        ids = np.array([f"j{k:02d}" for k in range(60)])
        refused(c10h, "train", "images.h5", labels(ids=ids), *TINY, says="60 of 60 ids are not in")

    def test_labels_of_other_classes(self, c10h: Run) -> None:
        four = np.full((60, 4), 1 / 4)
        line = ("train", "images.h5", labels(classes=tuple("abcd"), probs=four), *TINY)
        refused(c10h, *line, says="expected 3 classes, found 4")
        line = ("train", "images.h5", labels(classes=("cat", "dog", "cow")), *TINY)
        refused(c10h, *line, says=["cow", "bird"])

    def test_labels_of_another_truth(self, c10h: Run) -> None:
        line = ("train", "images.h5", labels(truth=np.arange(60) // 20), *TINY)
        refused(
            c10h,
            *line,
            says="truth: differs from that of the images on 40 items, the first is item",
        )

    @pytest.mark.parametrize("target", ["hard", "class"])
    def test_no_truth(self, c10h: Run, target: str) -> None:
        images = read_file("images.h5", Images)
        h5.write(Images(classes=CLASSES, images=images.images[0:60]), "y.h5")
        line = ("train", "y.h5", labels(), *TINY, "--target", target)
        refused(c10h, *line, says=f"--target {target}: the true classes are not known")
        refused(c10h, "train", "y.h5", *TINY, says="expected LABELS: the images have no true")

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            (["nowhere.h5", "labels.h5"], "nowhere.h5: no such file or directory"),
            (["images.h5", "nowhere.h5"], "nowhere.h5: no such file or directory"),
            (["labels.h5"], "labels.h5 holds labels: expected IMAGES in its place"),
            (["images.h5", "images.h5"], "images.h5"),
            (["-", "-"], "'-' (stdin) can be used for only one input"),
            (["cifar10"], "cifar10"),
        ],
    )
    def test_other_files(self, c10h: Run, line: list[str], says: str) -> None:
        refused(c10h, "train", *line, *TINY, says=says)

    @pytest.mark.parametrize(
        ("arch", "says"),
        [
            ("resnet_basic_7", "resnet_basic_7: "),
            ("alexnet", "unknown network 'alexnet': expected one such as vgg"),
            ("airbench94", "needs images of at least 9 x 9 pixels, found 8 x 8"),
            ("nowhere:net", "nowhere:net: no module nowhere"),
            ("tiny:nothing", "tiny:nothing: tiny has no callable 'nothing'"),
            ("torchvision:resnet17", "did you mean resnet1"),
            ("torchvision:alexnet", "cannot take images of 8 x 8 pixels"),
        ],
    )
    def test_networks(self, c10h: Run, arch: str, says: str) -> None:
        refused(c10h, "train", *DATA, "--arch", arch, says=says)
        refused(c10h, "predict", "images.h5", "--arch", arch, says=says)


class TestOptions:
    @pytest.mark.parametrize(
        ("option", "values"),
        [
            ("--lr", ["0", "-0.1", "nan", "inf", "fast"]),
            ("--mixup", ["-1", "nan", "inf"]),
            ("--epochs", ["0", "-1", "nan", "inf"]),
            ("--batch-size", ["0", "-1", "1.5"]),
            ("--weight-decay", ["-1", "nan", "inf"]),
            ("--checkpoint-minutes", ["-1", "nan"]),
            ("--folds", ["1", "0", "-3"]),
            ("--seed", ["-1"]),
            ("--parallel-folds", ["0"]),
            ("--target", ["soft-ish"]),
            ("--precision", ["fp64"]),
            ("--optimizer", ["lbfgs"]),
            ("--schedule", ["step"]),
            ("--augment", ["some"]),
            ("--milestones", ["0", "-1", "nan"]),
            ("--decay", ["0", "-1", "nan"]),
            ("--padding", ["wrap"]),
            ("--choose", ["twice"]),
        ],
    )
    def test_values(self, c10h: Run, option: str, values: list[str]) -> None:
        for value in values:
            result = c10h("train", *DATA, "--arch", "tiny:net", option, value, "-o", "new")
            assert result.status == 2, value
            assert option in result.err
        assert not Path("new").exists()

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            (["--fold", 0], "--fold needs --folds"),
            ([*FOLDS, "--fold", 3], "--fold 3: expected 0 to 2"),
            ([*FOLDS, "--fold", -1], "--fold -1: expected 0 to 2"),
            ([*FOLDS, "--fold", 5, "--parallel-folds", 2], "--fold 5: expected 0 to 2"),
            (["--folds", 61], "--folds 61: expected 2 to 60"),
            (["--parallel-folds", 2], "--parallel-folds: needs --folds"),
            (["--recipe", "best"], "--recipe: unknown recipe 'best': "),
            (["--decay", 2], "--decay 2.0: expected a number above 0 and up to 1"),
            (["--milestones", 2, "--milestones", 1], "--milestones: expected ascending epochs"),
            (["--recipe", "paper", "--nesterov"], "--nesterov: needs --optimizer sgd"),
            (["--device", "tpu9"], "--device tpu9: not on this machine"),
            (["--device", "cpu", "--precision", "fp16"], "--precision fp16: needs a GPU"),
        ],
        ids=lambda one: " ".join(map(str, one)) if isinstance(one, list) else "",
    )
    def test_together(self, c10h: Run, more: list[object], says: str) -> None:
        refused(c10h, *ONE, *more, says=says)

    def test_one_image_a_step(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE, "--batch-size", 1)
        line = ("train", *DATA, "--arch", "torchvision:resnet18", "--batch-size", 1)
        says = "--batch-size 1: torchvision:resnet18 cannot be trained on one image at a time"
        refused(c10h, *line, says=says)

    def test_a_device_that_is_not_there(self, c10h: Run) -> None:
        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        refused(c10h, *ONE, "--device", "cuda", says="--device cuda: not on this machine")

    def test_tensorboard(self, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("c10h.stages.network_requests.find_spec", lambda name: None)
        says = "--tensorboard: not installed: pip install 'c10h[tensorboard]'"
        refused(c10h, *ONE, "--tensorboard", says=says)

    def test_a_batch_that_processes_cannot_share(
        self, c10h: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WORLD_SIZE", "3")
        refused(c10h, *ONE, says="--batch-size 10: not divisible by the 3 processes")


class TestInit:
    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ([], "--init a: has 3 folds, and each network starts from that of its own fold"),
            (["--folds", 4], "expected --folds 3, found 4"),
            ([*FOLDS, "--seed", 1], "--init a: fold 0 was trained on"),
            ([*FOLDS, "--arch", "tiny:other"], "--init a: expected tiny:other, found tiny:net"),
        ],
    )
    def test_a_run_that_does_not_fit(self, c10h: Run, more: list[object], says: str) -> None:
        trained(c10h, "a")
        refused(c10h, *ONE, *more, "--init", "a", says=says)

    def test_other_classes(self, c10h: Run) -> None:
        trained(c10h, "a", "train", "images.h5", *TINY, "--epochs", 1)
        images = read_file("images.h5", Images)
        assert images.truth is not None
        other = Images(
            classes=("cat", "dog", "cow"), images=images.images[0:9], truth=images.truth[:9]
        )
        h5.write(other, "y.h5")
        says = "--init a: expected the classes cat, dog, cow, found cat, dog, bird"
        refused(c10h, "train", "y.h5", *TINY, "--init", "a", says=says)

    def test_files(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE)
        state = checkpoints.load(Path("a/fold-all.pt"))
        torch.save({"nothing": torch.zeros(3)}, "w.pt")
        Path("bad.pt").write_bytes(Path("a/fold-all.pt").read_bytes()[:500])
        torch.save({**state.network, "code": Path("x")}, "code.pt")
        for name, says in {
            "w.pt": "w.pt: not the weights of this network",
            "bad.pt": "bad.pt: not a file of weights written by torch or safetensors",
            "code.pt": "code.pt: holds pathlib.",
            "nowhere": "nowhere: no such file or directory",
            "a/fold-all.pt": "a checkpoint of a run: name the run folder, a,",
        }.items():
            refused(c10h, *ONE, "--init", name, says=says)
            if name != "nowhere":
                line = ("predict", "images.h5", "--arch", "tiny:net", "--weights", name)
                refused(c10h, *line, says=says)

    def test_a_folder_that_is_no_run(self, c10h: Run) -> None:
        Path("a").mkdir()
        refused(c10h, *ONE, "--init", "a", says="a: expected a run folder with run.json")


class TestFolder:
    def test_other_things(self, c10h: Run) -> None:
        Path("a").mkdir()
        Path("a/x").write_text("mine")
        for output, says in (("a", "expected a run folder or none"), ("a/x", "a/x: ")):
            assert_refused(c10h(*ONE, "-o", output), says)
        assert names("a") == ["x"]
        assert Path("a/x").read_text() == "mine"

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("{", "run.json: not readable as JSON"),
            ("{}", "run.json: not in the form that c10h writes"),
            ("[]", "run.json: not in the form that c10h writes"),
            ('{"schema": 9, "c10h": "7.0"}', "found 9 (written by c10h 7.0)"),
        ],
    )
    def test_a_foreign_run(self, c10h: Run, text: str, says: str) -> None:
        Path("a").mkdir()
        Path("a/run.json").write_text(text)
        assert_refused(c10h(*ONE, "-o", "a"), says)
        assert_refused(c10h("predict", *OWN, "a", "images.h5", "-o", "p.h5"), says)
        assert names("a") == ["run.json"]


class Evil:
    """What leaves a mark where it is unpickled."""

    def __reduce__(self) -> Any:
        return (os.mkdir, ("mark",))


class TestCheckpoints:
    def damage(self, how: str) -> str:
        path = Path("a/fold-1.pt")
        state = state_of(path)
        if how == "truncated":
            path.write_bytes(path.read_bytes()[:-2000])
            return "damaged, or holds more than weights"
        if how == "code":
            torch.save({**state, "history": Evil()}, path)
            return "damaged, or holds more than weights, which is never loaded"
        if how == "newer":
            torch.save({**state, "schema": 2, "c10h": "8.1"}, path)
            return "expected schema version 1, found 2 (written by c10h 8.1)"
        if how == "foreign":
            torch.save({"a": torch.zeros(3)}, path)
            return "expected a checkpoint of c10h, found a different torch file"
        other = {"network.0.weight": torch.zeros(3)}
        torch.save({**state, "network": other}, path)
        return "expected a checkpoint of tiny:net, found one of a different network"

    @pytest.mark.parametrize("how", ["truncated", "code", "newer", "foreign", "of another network"])
    def test_each(self, c10h: Run, how: str) -> None:
        trained(c10h, "a")
        says = self.damage(how)
        for image in ("images.h5", "others.h5"):
            assert_refused(c10h("predict", *OWN, "a", image, "-o", "p.h5"), ["a", says])
        assert not Path("p.h5").exists()
        refused(c10h, *TRAIN, "--init", "a", "--fold", 1, says=says)
        if how != "of another network":  # which only what reads its weights can tell
            last = c10h(*TRAIN, "-o", "a").err.splitlines()[-1]
            assert last.startswith(f"error: a/fold-1.pt: {says}")
        assert not Path("mark").exists()


class TestWhileTraining:
    def test_a_loss_that_is_no_number(self, c10h: Run) -> None:
        line = ("train", *DATA, "--arch", "tiny:net", "--batch-size", 10, "--lr", 1e30)
        *_, last = c10h(*line, "-o", "b").err.splitlines()
        assert last.startswith("error: the loss is ")
        assert last.endswith(
            " in epoch 1 of all items at a learning rate of 1e+30 (--lr 1e+30); there is no "
            "checkpoint yet"
        )
        assert kept("b") == ["run.json"]

    def test_in_a_fold_side_by_side(self, c10h: Run) -> None:
        line = ("train", *DATA, "--arch", "tiny:net", "--batch-size", 10, "--lr", 1e30, *FOLDS)
        result = c10h(*line, "--fold", 1, "--parallel-folds", 2, "-o", "b")
        assert result.status == 1
        assert "in epoch 1 of fold 1 at a learning rate of 1e+30" in result.err.splitlines()[-1]
        assert "Traceback" not in result.err

    def test_a_full_disk(self, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """The older checkpoint stays, and the same command goes on."""
        line = (*ONE, "--epochs", 3)
        trained(c10h, "a", *line)
        plain, written = os.fsync, []

        def full(descriptor: int) -> None:
            written.append(descriptor)
            if len(written) > 3:  # run.json and two checkpoints
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            plain(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            result = c10h(*line, "-o", "b")
        assert result.status == 1
        assert result.err.splitlines()[2:] == ["error: b/fold-all.pt: no space left on device"]
        assert names("b") == ["fold-all.pt", "run.json"]
        assert checkpoints.load(Path("b/fold-all.pt")).step == 12
        trained(c10h, "b", *line)
        assert_equal_runs("a", "b")


class TestPredict:
    def refused(self, c10h: Run, *line: object, says: str | list[str]) -> None:
        assert_refused(c10h("predict", *with_code(line), "-o", "p.h5"), says)
        assert not Path("p.h5").exists()

    def test_what_is_asked_for(self, c10h: Run) -> None:
        trained(c10h, "a")
        says = "expected RUN folders and then IMAGES, or --arch and IMAGES"
        assert_refused(c10h("predict", "images.h5", "-o", "p.h5"), says)
        alone = c10h("predict", "images.h5", "--weights", "w.pt", "-o", "p.h5")
        assert_refused(alone, f"{says}; --weights w.pt needs --arch, such as mynet:Net")
        says = "a: its network is code, tiny:net, which is run only where you name it"
        assert_refused(c10h("predict", "a", "images.h5", "-o", "p.h5"), says)
        attack = ("attack", "--arch", "resnet_basic_8", "images.h5", "--from", "a", "-o", "p.h5")
        assert_refused(c10h(*attack), "its network is code, tiny:net")
        trained(c10h, "b", *ONE)
        for line, says in (
            (["a"], "a is a run folder: expected RUN first, and IMAGES last"),
            (["a", "images.h5", "--arch", "vgg_15"], "expected RUN folders and then IMAGES"),
            (["a", "images.h5", "--arch", "sys:exit"], "a: its network is code, tiny:net, which"),
            (["a", "images.h5", "--weights", "w.pt"], "--weights needs --arch"),
            (["a", "images.h5", "--classes", "3"], "--classes needs --arch"),
            (
                ["images.h5", "--arch", "tiny:net", "--held-out"],
                "--held-out: the training data of the network",
            ),
            (["a", "images.h5", "--held-out", "--members"], "--held-out and --members exclude"),
            (["a", "others.h5", "--held-out"], "--held-out: the runs were not trained on any of"),
            (["b", "images.h5", "--held-out"], "--held-out: a run without folds was trained on 60"),
            (["a", "a/", "images.h5"], "a/: given twice"),
            (["a", "nowhere.h5"], "nowhere.h5: no such file or directory"),
            (["nowhere", "images.h5"], "nowhere: expected a run folder with run.json"),
            (["a", "labels.h5"], "labels.h5 holds labels: expected IMAGES in its place"),
            (["a", "images.h5", "--device", "tpu9"], "--device tpu9: not on this machine"),
        ):
            self.refused(c10h, *line, says=says)

    def test_folds_that_lack(self, c10h: Run) -> None:
        trained(c10h, "a", *TRAIN, "--fold", 1)
        for more in ([], ["--held-out"]):
            says = "a: training not finished: folds 0, 2 of 3, and no other network is held out"
            self.refused(c10h, "a", "images.h5", *more, says=says)

    def test_a_run_that_has_only_begun(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE)
        Path("a/fold-all.pt").unlink()
        self.refused(c10h, "a", "images.h5", says="a: none of its networks is fully trained")

    def test_images_of_which_some_were_trained_on(self, c10h: Run) -> None:
        trained(c10h, "a")
        both = [read_file(name, Images).images[0:20] for name in ("images.h5", "others.h5")]
        h5.write(Images(classes=CLASSES, images=np.concatenate(both)), "y.h5")
        says = "20 of 40 images were trained on and the others were not: predict them separately"
        self.refused(c10h, "a", "y.h5", says=says)

    def test_sizes_and_classes_that_do_not_fit(self, c10h: Run) -> None:
        trained(c10h, "a")
        says = "a: expected images of 8 x 8 pixels, found 32 x 32"
        self.refused(c10h, "a", "synthetic", says=says)
        shutil.copytree("a", "b")
        found = {**content("b"), "classes": ["x", "y", "z"]}
        Path("b/run.json").write_text(json.dumps(found))
        self.refused(c10h, "a", "b", "others.h5", says="b: its classes differ from those of a")
        line = ("images.h5", "--arch", "tiny:net", "--classes", "a,a")
        self.refused(c10h, *line, says="--classes a,a: expected")

    def test_outputs(self, c10h: Run) -> None:
        trained(c10h, "a")
        Path("p.h5").write_text("old")
        for output, more, says in (
            ("p.h5", [], "p.h5: exists already (--force replaces it)"),
            ("a", ["--force"], "a: expected a file name, found a folder"),
            ("images.h5", ["--force"], "images.h5: is an input of this command"),
            ("no/p.h5", [], "there is no folder no"),
        ):
            result: Result = c10h("predict", *OWN, "a", "images.h5", "-o", output, *more)
            assert_refused(result, says)
        assert Path("p.h5").read_text() == "old"


def test_a_target_that_needs_every_true_class(c10h: Run) -> None:
    pixels = np.asarray(read_file("images.h5", Images).images[0:60])
    h5.write(Images(classes=CLASSES, images=pixels), "plain.h5")
    some = labels(truth=np.where(np.arange(60) == 9, -1, np.arange(60) % 3))
    says = "--target hard needs one true class for every item: 1 of 60 items do not have one"
    refused(c10h, "train", "plain.h5", some, *TINY, "--target", "hard", says=says)
    truth = np.where(np.arange(60) == 9, -1, np.arange(60) % 3)
    h5.write(Images(classes=CLASSES, images=pixels, truth=truth), "plain.h5")
    says = "images: expected the true class of each, or LABELS: 1 of 60 items do not"
    refused(c10h, "train", "plain.h5", *TINY, says=says)
