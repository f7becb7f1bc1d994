"""Corrupted copies of images count as these, in training and in predicting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edits import edited

from c10h import h5
from c10h.records import Array, Attack, Images

from .conftest import CLASSES, Run, read_file
from .runs import OWN, TINY, TRAIN, content, predictions, trained
from .test_data_corrupt import hashes
from .test_predict import logits_of, pixels, predicted, values_of

COPIES = "copies.h5"
LABELS = ("--labels", "labels.h5")
HELD_OUT = "held-out: 3 networks, each image by the fold that did not see it\n"

pytestmark = pytest.mark.usefixtures("runs")


def corrupted(c10h: Run, given: str, output: str, kind: str = "contrast") -> Images:
    """The images of a file after a corruption."""
    line = ("data", "corrupt", given, "--kind", kind, "--severity", 3, "-o", output)
    done = c10h(*line)
    assert done.status == 0, done.err
    return read_file(output, Images)


def by_fold(run: str, split: Array, images: Array) -> Array:
    """The logits of each image by the network of its fold, one image at a time."""
    rows = [
        logits_of(run, str(fold), image[None])[0] for fold, image in zip(split, images, strict=True)
    ]
    return np.stack(rows)


class TestOfTrainedImages:
    """a was trained by three folds on images.h5, c on all of it."""

    @pytest.fixture(autouse=True)
    def copies(self, runs: Path, c10h: Run) -> Images:
        return corrupted(c10h, "images.h5", COPIES)

    def test_each_by_the_fold_that_did_not_see_its_original(
        self, copies: Images, c10h: Run
    ) -> None:
        assert predicted(c10h, "a", COPIES).startswith(HELD_OUT)
        found = predictions("p.h5")
        split = np.array(content("a")["split"])
        assert values_of(found.fold) == split.tolist()
        wanted = by_fold("a", split, pixels(COPIES))
        assert found.logits[0, 0:60] == pytest.approx(wanted, abs=1e-5)
        assert np.abs(wanted - by_fold("a", split, pixels("images.h5"))).max() > 0.01
        assert values_of(found.item) == hashes(copies)
        assert values_of(found.original) == hashes(read_file("images.h5", Images))
        scored = c10h("score", "p.h5", *LABELS)
        assert scored.status == 0, scored.err
        assert "held-out (p)\n" in scored.out

    def test_after_a_second_corruption(self, c10h: Run) -> None:
        corrupted(c10h, COPIES, "twice.h5", "gaussian_noise")
        assert predicted(c10h, "a", "twice.h5", "--held-out").startswith(HELD_OUT)
        split = np.array(content("a")["split"])
        wanted = by_fold("a", split, pixels("twice.h5"))
        assert predictions("p.h5").logits[0, 0:60] == pytest.approx(wanted, abs=1e-5)

    def test_by_each_network_they_are_in_sample(self, c10h: Run) -> None:
        said = predicted(c10h, "a", COPIES, "--members")
        assert "in-sample: a network was trained on 40 of these 60 images" in said
        scored = c10h("score", "p.h5", *LABELS)
        assert scored.status == 1
        assert "trained on 40 of these 60 items" in scored.err

    def test_by_a_run_without_folds_they_are_in_sample(self, c10h: Run) -> None:
        said = predicted(c10h, "c", COPIES)
        assert "in-sample: a network was trained on 60 of these 60 images" in said
        assert c10h("score", "p.h5", *LABELS).status == 1
        refused = c10h("predict", *OWN, "c", COPIES, "--held-out", "-o", "x.h5")
        assert refused.status == 1
        assert "a run without folds was trained on 60 of the images" in refused.err

    def test_copies_of_other_images_are_others(self, c10h: Run) -> None:
        corrupted(c10h, "others.h5", "far.h5")
        assert predicted(c10h, "a", "far.h5").startswith("ensemble: 3 networks, averaged\n")
        assert predictions("p.h5").fold is None
        assert c10h("score", "p.h5", "--truth", "others.h5").status == 0

    def test_anybodys_network(self, copies: Images, c10h: Run) -> None:
        predicted(c10h, COPIES, "--arch", "tiny:net")
        found = predictions("p.h5")
        assert values_of(found.item) == hashes(copies)
        np.testing.assert_array_equal(found.original, copies.original)
        assert "unknown (p)\n" in c10h("score", "p.h5", *LABELS).out

    def test_attacks(self, copies: Images, c10h: Run) -> None:
        line = ("attack", *OWN, "a", COPIES, "--method", "fgsm", "--health", 0, "--limit", 20)
        done = c10h(*line, "-o", "adv.h5")
        assert done.status == 0, done.err
        assert done.err.startswith(HELD_OUT)
        found = read_file("adv.h5", Attack)
        assert copies.original is not None
        assert values_of(found.original) == copies.original[found.index].tolist()
        assert values_of(found.item) == np.array(hashes(copies), "u8")[found.index].tolist()
        assert values_of(found.fold) == np.array(content("a")["split"])[found.index].tolist()
        scored = c10h("score", "adv.h5", *LABELS)
        assert scored.status == 0, scored.err
        assert "Items in training: held-out (" in scored.out
        assert "unknown" not in scored.out

    def test_attacks_of_a_run_without_folds_are_in_sample(self, c10h: Run) -> None:
        done = c10h("attack", *OWN, "c", COPIES, "--method", "fgsm", "--health", 0, "-o", "adv.h5")
        assert done.status == 0, done.err
        assert "in-sample: a network was trained on 60 of these 60 images" in done.err
        scored = c10h("score", "adv.h5", *LABELS)
        assert scored.status == 1
        assert "trained on 60 of these 60 items" in scored.err

    def test_figures_show_the_pixels_that_were_predicted(self, c10h: Run) -> None:
        predicted(c10h, "a", COPIES)
        line = ("report", "a=p.h5", "labels.h5", COPIES, "--figure", "gallery")
        shown = c10h(*line)
        assert shown.status == 0, shown.err
        assert "Items in training: held-out" in shown.out
        clean = c10h(*line[:3], "images.h5", *line[4:])
        assert clean.status == 1
        assert "differs from the one that a predicted" in clean.err

    def test_files_of_version_1(self, copies: Images, c10h: Run) -> None:
        """Images without originals are others; predictions and attacks go by their pixels."""
        h5.write(replace(copies, original=None), "old.h5")
        as_version_1("old.h5")
        assert predicted(c10h, "a", "old.h5").startswith("ensemble: ")
        predicted(c10h, "a", "images.h5", "--members")
        as_version_1("p.h5")
        scored = c10h("score", "p.h5", *LABELS)
        assert "trained on 40 of these 60 items" in scored.err
        done = c10h(
            "attack", *OWN, "c", "images.h5", "--method", "fgsm", "--health", 0, "-o", "adv.h5"
        )
        assert done.status == 0, done.err
        as_version_1("adv.h5")
        assert "trained on 60 of these 60 items" in c10h("score", "adv.h5", *LABELS).err


def as_version_1(path: str) -> None:
    with edited(path) as file:
        assert file.attrs["schema"] == 2
        assert "original" not in file
        file.attrs["schema"] = 1


class TestTrainedOnCopies:
    def test_the_images_are_held_out(self, c10h: Run) -> None:
        corrupted(c10h, "images.h5", COPIES)
        trained(c10h, "d", "train", COPIES, *TRAIN[2:])
        split = np.array(content("d")["split"])
        assert split.tolist() == content("a")["split"]
        for images in ("images.h5", COPIES):
            assert predicted(c10h, "d", images).startswith(HELD_OUT)
            found = predictions("p.h5")
            assert values_of(found.fold) == split.tolist()
            wanted = by_fold("d", split, pixels(images))
            assert found.logits[0, 0:60] == pytest.approx(wanted, abs=1e-5)
            assert "held-out (p)\n" in c10h("score", "p.h5", *LABELS).out

    def test_an_ancestor_saw_them(self, c10h: Run) -> None:
        corrupted(c10h, "images.h5", COPIES)
        trained(c10h, "e", "train", COPIES, *TRAIN[2:], "--init", "c")
        result = c10h("predict", *OWN, "e", "images.h5", "-o", "p.h5")
        assert result.status == 1
        assert "e: no network is held out from 60 of 60 images" in result.err

    def test_all_copies_of_an_image_are_in_one_fold(self, c10h: Run) -> None:
        """Of three files in one: twice 60 copies, then the images themselves."""
        parts = [corrupted(c10h, "images.h5", f"{kind}.h5", kind) for kind in ("fog", "contrast")]
        whole = read_file("images.h5", Images)
        own = replace(whole, original=np.array(hashes(whole), dtype=np.uint64))
        everything = Images(
            classes=CLASSES,
            images=np.concatenate([part.images[0:60] for part in (*parts, own)]),
            truth=np.concatenate([part.truth for part in (*parts, own)]),
            original=np.concatenate([part.original for part in (*parts, own)]),
        )
        h5.write(everything, "all.h5")
        trained(c10h, "f", "train", "all.h5", *TINY, "--folds", 3, "--epochs", 1)
        split = np.array(content("f")["split"]).reshape(3, 60)
        assert (split == split[0]).all()
        assert np.bincount(split[0]).tolist() == [20, 20, 20]
        assert predicted(c10h, "f", "images.h5").startswith(HELD_OUT)
        assert values_of(predictions("p.h5").fold) == split[0].tolist()
