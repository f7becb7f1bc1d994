"""Which network answers for which picture, and that scoring knows what each was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training.small import CLASSES, TINY, Tiny, pictures, run_of, training_data

from c10h.errors import InputError, InSampleError, MismatchError
from c10h.images.hashes import item_hashes
from c10h.models.building import build
from c10h.records import Array, Images, Input, Lineage, Predictions
from c10h.run_folder import Run
from c10h.stages.network_requests import ENSEMBLE, HELD_OUT, MEMBERS
from c10h.stages.networks_of_runs import (
    TrainedNetwork,
    held_out_networks,
    how_to_answer,
    predictions_of_network,
    predictions_of_networks,
    trained_networks,
)
from c10h.stages.seen_in_training import seen_in_training
from c10h.training import checkpoint as checkpoints
from c10h.training.checkpoint import Checkpoint
from c10h.training.fold_training import TrainingData
from c10h.training.lazy_logits import Machine

DATA = training_data(18)
OTHER = training_data(7, seed=9)


def finished(
    folder: Path,
    folds: int | None = 3,
    done: Sequence[int] | None = None,
    ancestors: Array | None = None,
    data: TrainingData = DATA,
    seed: int = 0,
) -> Run:
    """A run whose networks have random weights, as if they had been trained on their folds."""
    run = run_of(folder, data, folds, seed)
    for number in run.fold_numbers() if done is None else done:
        torch.manual_seed(number + 10 * seed + 5)
        own = data.items if run.split is None else data.items[run.split != number]
        items = np.unique(own if ancestors is None else np.concatenate([own, ancestors]))
        network = build(TINY, 3, 8).state_dict()
        trained = torch.from_numpy(items.view(np.int64).copy())
        checkpoints.save(Checkpoint(network, trained, is_done=True), run.checkpoint(number))
    return run


def machine() -> Machine:
    return Machine(torch.device("cpu"), "fp32", 4, lambda done: None)


def images_of(data: TrainingData, **more: Any) -> Images:
    return Images(**{"classes": CLASSES, "images": data.images, "truth": data.truth, **more})


def answered(
    runs: Sequence[Run],
    data: TrainingData = DATA,
    *,
    held_out: bool = False,
    members: bool = False,
    **more: Any,
) -> Predictions:
    networks = [one for run in runs for one in trained_networks(run)]
    how = how_to_answer(networks, data.items, held_out=held_out, members=members)
    return predictions_of_networks(networks, images_of(data, **more), data.items, how, machine())


def logits_of(run: Run, number: int, data: TrainingData = DATA) -> Array:
    """A plain forward pass."""
    network = build(TINY, 3, 8)
    network.load_state_dict(checkpoints.load(run.checkpoint(number)).network)
    with torch.no_grad():
        pixels = torch.from_numpy(data.images).permute(0, 3, 1, 2).float() / 255
        return network.eval()(pixels).numpy()


def saw(run: Run, number: int, data: TrainingData = DATA) -> Array:
    """Whether a network was trained on each picture."""
    trained = checkpoints.load(run.checkpoint(number)).trained.numpy().view(np.uint64)
    return np.isin(data.items, trained)


class TestHeldOut:
    def test_each_picture_by_the_network_that_did_not_see_it(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human")
        found = answered([run], ids=np.arange(18).astype(str))
        assert found.fold is not None
        assert run.split is not None
        np.testing.assert_array_equal(found.fold, run.split)
        every = np.stack([logits_of(run, number) for number in range(3)])
        wanted = every[run.split, np.arange(18)]
        np.testing.assert_allclose(found.logits[0, 0:18], wanted, rtol=1e-5, atol=1e-6)
        for number in range(3):
            assert not saw(run, number)[found.fold == number].any()
        assert found.member.tolist() == ["human"]
        assert found.index is not None
        assert found.index.tolist() == list(range(18))
        assert found.ids is not None
        assert found.ids.tolist() == [str(one) for one in range(18)]
        np.testing.assert_array_equal(found.truth, DATA.truth)
        np.testing.assert_array_equal(found.item, DATA.items)

    def test_none_of_it_counts_as_in_sample(self, tmp_path: Path) -> None:
        found = answered([finished(tmp_path / "human")])
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert not seen.any()

    def test_two_runs_of_the_same_folds_are_averaged(self, tmp_path: Path) -> None:
        runs = [finished(tmp_path / "a"), finished(tmp_path / "b")]
        found = answered(runs)
        assert found.member.tolist() == ["a + b"]
        np.testing.assert_array_equal(found.fold, runs[0].split)
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert not seen.any()

    def test_runs_of_other_folds_are_refused(self, tmp_path: Path) -> None:
        runs = [finished(tmp_path / "a"), finished(tmp_path / "b", seed=1)]
        with pytest.raises(MismatchError, match="split their items into different folds"):
            answered(runs)

    def test_some_of_the_pictures_in_another_order(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human")
        rows = np.array([11, 3, 7, 0])
        some = replace(
            DATA,
            images=DATA.images[rows],
            items=DATA.items[rows],
            truth=None,
        )
        found = answered([run], some)
        assert run.split is not None
        np.testing.assert_array_equal(found.fold, run.split[rows])

    def test_a_fold_that_is_not_trained_is_missed(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human", done=[0, 1])
        with pytest.raises(InSampleError, match=r"held out from 6 of 18 images.* folds 0, 1 of 3"):
            answered([run])

    def test_an_ancestor_that_saw_everything(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human", ancestors=DATA.items)
        with pytest.raises(InSampleError, match="held out from 18 of 18 images"):
            answered([run], held_out=True)

    def test_ancestors_on_other_pictures_do_no_harm(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human", ancestors=OTHER.items)
        found = answered([run])
        np.testing.assert_array_equal(found.fold, run.split)
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert not seen.any()

    def test_demanded_of_pictures_that_nobody_was_trained_on(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="--held-out: the runs were not trained on any"):
            answered([finished(tmp_path / "human")], OTHER, held_out=True)

    def test_demanded_of_a_run_without_folds(self, tmp_path: Path) -> None:
        with pytest.raises(InSampleError, match="without folds was trained on 18 of the images"):
            answered([finished(tmp_path / "human", None)], held_out=True)

    def test_pictures_of_which_only_some_were_trained_on(self, tmp_path: Path) -> None:
        mixed = replace(
            DATA,
            images=np.concatenate([DATA.images, OTHER.images]),
            items=np.concatenate([DATA.items, OTHER.items]),
            truth=None,
        )
        with pytest.raises(
            InputError, match="18 of 25 images were trained on and the others were not"
        ):
            answered([finished(tmp_path / "human")], mixed)


class TestEnsemble:
    def test_other_pictures_by_all_networks(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human")
        found = answered([run], OTHER)
        assert found.fold is None
        assert found.member_fold is None
        logits = torch.from_numpy(np.stack([logits_of(run, one, OTHER) for one in range(3)]))
        wanted = logits.double().softmax(2).mean(0).log().numpy()
        np.testing.assert_allclose(found.logits[0, 0:7], wanted, rtol=1e-4, atol=1e-6)
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert not seen.any()

    def test_of_a_run_without_folds_on_its_pictures_is_in_sample(self, tmp_path: Path) -> None:
        found = answered([finished(tmp_path / "all", None)])
        assert found.fold is None
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert seen.all()

    def test_with_a_run_without_folds_everything_is_in_sample(self, tmp_path: Path) -> None:
        found = answered([finished(tmp_path / "folds"), finished(tmp_path / "all", None)])
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert seen.all()


class TestMembers:
    def test_each_network_and_what_it_saw(self, tmp_path: Path) -> None:
        run = finished(tmp_path / "human")
        found = answered([run], members=True)
        assert found.fold is None
        assert found.member_fold is not None
        assert found.member_fold.tolist() == [0, 1, 2]
        assert found.member.tolist() == ["human/fold-0", "human/fold-1", "human/fold-2"]
        for number in range(3):
            np.testing.assert_allclose(
                found.logits[number, 0:18], logits_of(run, number), rtol=1e-5, atol=1e-6
            )
            np.testing.assert_array_equal(seen_in_training(found, number), saw(run, number))

    @pytest.mark.parametrize(
        "how",
        [
            {"done": [0]},
            {"done": [1, 2]},
            {"ancestors": OTHER.items},
            {"ancestors": DATA.items[:5]},
            {"folds": None},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("data", [DATA, OTHER], ids=["its pictures", "others"])
    def test_scoring_knows_what_each_saw(
        self, how: dict[str, Any], data: TrainingData, tmp_path: Path
    ) -> None:
        run = finished(tmp_path / "human", **how)
        found = answered([run], data, members=True)
        for member, number in enumerate(how.get("done") or run.fold_numbers()):
            np.testing.assert_array_equal(
                seen_in_training(found, member), saw(run, number, data), err_msg=str(number)
            )

    def test_of_two_runs_nothing_that_was_seen_counts_as_held_out(self, tmp_path: Path) -> None:
        """Of other folds, of none, and of other pictures."""
        runs = [
            finished(tmp_path / "a"),
            finished(tmp_path / "b", folds=4, seed=1),
            finished(tmp_path / "c", None),
            finished(tmp_path / "d", data=OTHER),
        ]
        networks = [one for run in runs for one in trained_networks(run)]
        for data in (DATA, OTHER):
            found = answered(runs, data, members=True)
            for member, one in enumerate(networks):
                seen = seen_in_training(found, member)
                assert seen is not None
                assert seen[saw(one.run, one.fold, data)].all(), one.name

    def test_excludes_held_out(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="--held-out and --members exclude each other"):
            answered([finished(tmp_path / "human")], members=True, held_out=True)


def test_how_pictures_are_answered_for(tmp_path: Path) -> None:
    folds = trained_networks(finished(tmp_path / "folds"))
    whole = trained_networks(finished(tmp_path / "whole", None))

    def how(networks: list[TrainedNetwork], data: TrainingData, members: bool = False) -> str:
        return how_to_answer(networks, data.items, held_out=False, members=members)

    assert how(folds, DATA) == HELD_OUT
    assert how(folds, OTHER) == how(whole, DATA) == how(whole, OTHER) == ENSEMBLE
    assert how(folds + whole, DATA) == ENSEMBLE
    assert how(folds, DATA, True) == how(folds, OTHER, True) == MEMBERS


def test_networks_that_are_done(tmp_path: Path) -> None:
    run = finished(tmp_path / "human", done=[0, 2])
    state = checkpoints.load(run.checkpoint(2))
    checkpoints.save(replace(state, is_done=False), run.checkpoint(2))
    (only,) = trained_networks(run)
    assert (only.fold, only.name) == (0, "human/fold-0")
    assert set(only.items.tolist()) == set(DATA.items[run.split != 0].tolist())
    run.checkpoint(0).unlink()
    with pytest.raises(InputError, match="none of its networks is fully trained"):
        trained_networks(run)


def test_held_out_networks_are_rows_of_the_networks(tmp_path: Path) -> None:
    runs = [finished(tmp_path / "a"), finished(tmp_path / "b", 2, seed=3)]
    networks = [one for run in runs for one in trained_networks(run)]
    found = held_out_networks(networks, DATA.items)
    assert found.shape == (2, 18)
    np.testing.assert_array_equal(found[0], runs[0].split)
    assert runs[1].split is not None
    np.testing.assert_array_equal(found[1], 3 + runs[1].split)


class TestFit:
    def test_pictures_of_another_size(self, tmp_path: Path) -> None:
        small = replace(DATA, images=DATA.images[:, :6, :7])
        with pytest.raises(MismatchError, match="expected images of 8 x 8 pixels, found 6 x 7"):
            answered([finished(tmp_path / "human")], small)

    def test_runs_of_other_classes(self, tmp_path: Path) -> None:
        first = finished(tmp_path / "a")
        second = replace(finished(tmp_path / "b"), classes=("x", "y", "z"))
        with pytest.raises(MismatchError, match=r"b: its classes differ from those of .*a"):
            answered([first, second])

    @pytest.mark.parametrize(
        ("classes", "truth"),
        [
            (CLASSES, [0, 1, 2]),
            (("bird", "cat", "dog"), [2, 0, 1]),
            (("0", "1", "2"), [0, 1, 2]),
            (("x", "y", "z"), None),
            (("cat", "dog"), None),
        ],
        ids=str,
    )
    def test_the_truth_is_matched_by_the_names_of_classes(
        self, classes: tuple[str, ...], truth: list[int] | None, tmp_path: Path
    ) -> None:
        of_images = np.arange(7) % len(classes)
        found = answered([finished(tmp_path / "a")], OTHER, classes=classes, truth=of_images)
        assert found.classes == CLASSES
        if truth is None:
            assert found.truth is None
        else:
            np.testing.assert_array_equal(found.truth, np.array(truth)[of_images])


def test_anybodys_network_is_known_by_nothing_but_its_pictures() -> None:
    images = Images(classes=CLASSES, images=pictures(7), truth=np.arange(7) % 3)
    network = Tiny()
    found = predictions_of_network(network, "mine", CLASSES, images, machine())
    with torch.no_grad():
        wanted = network.eval()(torch.from_numpy(images.images).permute(0, 3, 1, 2) / 255)
    np.testing.assert_allclose(found.logits[0, 0:7], wanted, rtol=1e-5, atol=1e-6)
    assert found.member.tolist() == ["mine"]
    np.testing.assert_array_equal(found.item, item_hashes(images.images))
    assert not found.trained
    assert seen_in_training(found, 0) is None


class TestForeignAncestors:
    """What a file of weights was trained on is not known, so nothing is known to be held out."""

    def run(self, folder: Path, *, grandparent: bool = False) -> Run:
        weights = Input(role="init", name="w.pt", sha256="0")
        lineage = Lineage(command="c10h train", inputs=(weights,))
        if grandparent:
            parent = Input(role="init", name="run.json", sha256="0", kind="run", lineage=lineage)
            lineage = Lineage(command="c10h train", inputs=(parent,))
        return replace(finished(folder), lineage=lineage)

    @pytest.mark.parametrize("grandparent", [False, True])
    def test_unseen_pictures_are_not_said_to_be_unseen(
        self, tmp_path: Path, grandparent: bool
    ) -> None:
        run = self.run(tmp_path, grandparent=grandparent)
        assert not run.knows_its_ancestors
        for how, data in ((HELD_OUT, DATA), (ENSEMBLE, OTHER)):
            found = predictions_of_networks(
                trained_networks(run), images_of(data), data.items, how, machine()
            )
            assert found.trained == {}
            assert seen_in_training(found, 0) is None

    def test_seen_pictures_are_still_known(self, tmp_path: Path) -> None:
        networks = trained_networks(self.run(tmp_path))
        found = predictions_of_networks(networks, images_of(DATA), DATA.items, MEMBERS, machine())
        seen = seen_in_training(found, 0)
        assert seen is not None
        assert seen.any()

    def test_a_run_that_began_with_a_run_knows(self, tmp_path: Path) -> None:
        parent = Input(
            role="init", name="run.json", sha256="0", kind="run", lineage=Lineage(command="")
        )
        run = replace(finished(tmp_path), lineage=Lineage(command="", inputs=(parent,)))
        assert run.knows_its_ancestors
