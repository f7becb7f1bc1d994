"""Which network each item is taken to, where results are put, and going on after a stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attacks.trained import linear, trained

from c10h.attacks.attack_types import Goal
from c10h.attacks.budget import Budget
from c10h.attacks.partial_results import PartialResults
from c10h.attacks.restarts import Plan, attack
from c10h.errors import InputError, MismatchError
from c10h.records import Array, Images, Labels
from c10h.stages.attack_batches import (
    HUMAN_SECOND,
    LEAST_LIKELY,
    Job,
    attack_batches,
    attackable_rows,
    batches_of,
    choose_rows,
    collect,
    people_for,
    second_classes,
    shapes_of,
)
from c10h.stages.people import People

from .attacking import (
    CLASSES,
    IMAGES,
    ITEMS,
    PIXELS,
    TRUTH,
    answers,
    attack_data,
    attacked,
    options,
)

NETWORKS = [linear(5, 10, seed) for seed in range(3)]
FOLDS = (np.arange(ITEMS) * 7) % 3
QUANTISED = torch.from_numpy(IMAGES).permute(0, 3, 1, 2).float() / 255


def logits(network: torch.nn.Module, pixels: torch.Tensor) -> Array:
    with torch.no_grad():
        return np.asarray(network(pixels))


class TestJobs:
    def test_each_item_has_its_own_network(self) -> None:
        jobs = attack_data(NETWORKS, FOLDS[None]).jobs
        assert [(one.member, one.network, one.source) for one in jobs] == [
            (0, (fold,), ()) for fold in range(3)
        ]
        for fold, job in enumerate(jobs):
            assert job.items.tolist() == np.flatnonzero(fold == FOLDS).tolist()

    def test_two_runs_answer_together(self) -> None:
        both = np.stack([FOLDS, 2 - FOLDS])
        jobs = attack_data(NETWORKS, both).jobs
        assert [one.network for one in jobs] == [(0, 2), (1, 1), (2, 0)]

    def test_an_ensemble_and_members(self) -> None:
        (one,) = attack_data(NETWORKS).jobs
        assert (one.network, len(one.items)) == ((0, 1, 2), ITEMS)
        jobs = attack_data(NETWORKS, members=True).jobs
        assert [(one.member, one.network) for one in jobs] == [(0, (0,)), (1, (1,)), (2, (2,))]

    def test_sources_split_items_further(self) -> None:
        halves = (np.arange(ITEMS) >= ITEMS // 2).astype(int)
        source = answers(NETWORKS[:2], halves[None])
        jobs = attack_data(NETWORKS, FOLDS[None], source=source).jobs
        assert sorted((one.network[0], one.source[0]) for one in jobs) == [
            (fold, half) for fold in range(3) for half in range(2)
        ]
        for job in jobs:
            assert (FOLDS[job.items] == job.network[0]).all()
            assert (halves[job.items] == job.source[0]).all()
        assert sorted(np.concatenate([one.items for one in jobs])) == list(range(ITEMS))

    def test_items_are_counted_among_those_that_are_attacked(self) -> None:
        rows = np.array([50, 3, 4])
        jobs = attack_data(NETWORKS, FOLDS[None], rows=rows).jobs
        for job in jobs:
            assert (FOLDS[rows[job.items]] == job.network[0]).all()

    def test_batches(self) -> None:
        jobs = [Job(0, (0,), (), np.arange(5)), Job(0, (1,), (), np.arange(5, 7))]
        found = [
            (number, job.network, items.tolist()) for number, job, items in batches_of(jobs, 2)
        ]
        assert found == [
            (0, (0,), [0, 1]), (1, (0,), [2, 3]), (2, (0,), [4]), (3, (1,), [5, 6]),
        ]  # fmt: skip


class TestResults:
    def test_they_are_of_the_network_that_answers(self, tmp_path: Path) -> None:
        rows = np.array([59, 0, 7, 8, 9, 30, 31, 2])
        given = attack_data(NETWORKS, FOLDS[None], rows=rows)
        found = attacked(tmp_path, given, options(4, 8, batch=3, keeps_images=True))
        assert found.logits.shape == (1, 2, 8, 5)
        assert found.index.tolist() == rows.tolist()
        assert found.truth is not None
        assert found.truth.tolist() == TRUTH[rows].tolist()
        for item, row in enumerate(rows):
            network = NETWORKS[FOLDS[row]]
            clean = logits(network, QUANTISED[row : row + 1])[0]
            assert found.clean_logits[0, item] == pytest.approx(clean, abs=1e-5)
            for k, levels in enumerate((4, 8)):
                assert found.images is not None
                image = torch.from_numpy(np.array(found.images[0, k, item])).permute(2, 0, 1)
                change = (image - QUANTISED[row]).abs().max()
                assert float(change) == pytest.approx(levels / 255, abs=1e-6)
                assert found.norm[0, k, item] == pytest.approx(float(change), abs=1e-7)
                after = logits(network, image[None])[0]
                assert found.logits[0, k, item] == pytest.approx(after, abs=1e-5)
                wanted = [cross_entropy(one, TRUTH[row]) for one in (clean, after)]
                loss = np.asarray(found.loss[0, k])[:, item]
                assert loss[[0, -1]] == pytest.approx(wanted, abs=1e-5)
                right = np.asarray(found.correct[0, k])[[0, -1], item].tolist()
                assert right == [one.argmax() == TRUTH[row] for one in (clean, after)]

    def test_members_each_have_theirs(self, tmp_path: Path) -> None:
        found = attacked(tmp_path, attack_data(NETWORKS, members=True), options())
        for member, network in enumerate(NETWORKS):
            wanted = logits(network, QUANTISED)
            assert np.asarray(found.clean_logits[member]) == pytest.approx(wanted, abs=1e-5)

    def test_a_source_makes_them(self, tmp_path: Path) -> None:
        given = attack_data(NETWORKS[:1], source=answers(NETWORKS[1:2]))
        how = options(batch=ITEMS, keeps_images=True, budgets=[Budget.of(4 / 255, 3)])
        found = attacked(tmp_path, given, how)
        goal = Goal(torch.from_numpy(TRUTH))
        wanted = attack(NETWORKS[1], QUANTISED, goal, how.budgets[0], Plan("pgd"), [0])
        assert found.images is not None
        images = np.asarray(found.images[0, 0]).transpose(0, 3, 1, 2)
        assert images == pytest.approx(wanted.pixels.numpy(), abs=1e-6)
        assert np.asarray(found.clean_logits[0]) == pytest.approx(
            logits(NETWORKS[0], QUANTISED), abs=1e-5
        )

    def test_targets_are_kept(self, tmp_path: Path) -> None:
        rows = np.array([5, 6, 40])
        given = attack_data(NETWORKS, FOLDS[None], rows=rows)
        found = attacked(tmp_path / "a", given, options(toward=LEAST_LIKELY))
        for item, row in enumerate(rows):
            clean = logits(NETWORKS[FOLDS[row]], QUANTISED[row : row + 1])[0]
            clean[TRUTH[row]] = np.inf
            assert found.target is not None
            assert found.target[0, item] == clean.argmin()
        found = attacked(tmp_path / "b", given, options(toward="d"))
        assert found.target is not None
        assert np.asarray(found.target).tolist() == [[3, 3, 3]]

    def test_seeds_differ_by_batch_and_restart(self, tmp_path: Path) -> None:
        """The same image in two batches starts elsewhere, and the seed changes both."""
        same = replace(
            attack_data(NETWORKS[:1]).images, images=np.repeat(IMAGES[:1], ITEMS, axis=0)
        )
        people = People(CLASSES, ITEMS, truth=np.zeros(ITEMS, dtype=np.int64))
        given = attack_data(NETWORKS[:1], images=same, people=people)
        budgets = [Budget(4 / 255, steps=1, step_size=1e-4, random_start=True)]
        how = options(batch=30, budgets=budgets, keeps_images=True)
        found = [
            attacked(tmp_path / str(seed), given, replace(how, seed=seed)).images for seed in (0, 1)
        ]
        starts = {np.asarray(one[0, 0, item]).tobytes() for one in found for item in (0, 30)}  # type: ignore[index]
        assert len(starts) == 4


def cross_entropy(values: Array, label: int) -> float:
    exact = values.astype(np.float64)
    return float(np.log(np.exp(exact).sum()) - exact[label])


class StoppedError(Exception):
    pass


class TestGoingOn:
    HOW = options(4, 8, batch=7, plan=Plan("pgd", restarts=2), keeps_images=True)

    def test_it_ends_with_the_same_bytes(self, tmp_path: Path) -> None:
        given = attack_data([trained(), *NETWORKS[1:]], FOLDS[None])
        fourth = next(items for number, _, items in batches_of(given.jobs, 7) if number == 3)
        for folder in ("whole", "part"):
            (tmp_path / folder).mkdir()
        whole = PartialResults(tmp_path / "whole", shapes_of(given, self.HOW))
        attack_batches(given, self.HOW, whole, lambda _: None)

        class Stopping(PartialResults):
            """Ends where the fourth batch is written in part and not yet done."""

            def finish(self, batch: int) -> None:
                if batch == 3:
                    self.arrays["logits"][0, 1, fourth] = 9
                    self.arrays["loss"][0, 1, :, fourth] = 9
                    self.arrays["images"][0, 1, fourth] = 9
                    raise StoppedError
                super().finish(batch)

        part = Stopping(tmp_path / "part", shapes_of(given, self.HOW))
        with pytest.raises(StoppedError):
            attack_batches(given, self.HOW, part, lambda _: None)
        again = PartialResults(tmp_path / "part", shapes_of(given, self.HOW))
        assert again.done.sum() == 3
        steps: list[int] = []
        attack_batches(given, self.HOW, again, steps.append)
        assert sum(steps) == ITEMS * self.HOW.work
        assert again.done.all()
        for name, array in whole.arrays.items():
            assert array.tobytes() == again.arrays[name].tobytes(), name

    def test_what_is_done_is_not_done_again(self, tmp_path: Path) -> None:
        given = attack_data(NETWORKS[:1])
        store = PartialResults(tmp_path, shapes_of(given, self.HOW))
        attack_batches(given, self.HOW, store, lambda _: None)
        store.arrays["norm"][:] = 7
        attack_batches(given, self.HOW, store, lambda _: None)
        assert (np.asarray(collect(given, self.HOW, store).norm) == 7).all()


COUNTS = np.array([[6, 3, 1], [2, 4, 2], [0, 0, 5], [3, 7, 0]], dtype="i4")
PEOPLE = People(
    ("cat", "dog", "bird"), 4, COUNTS / COUNTS.sum(axis=1, keepdims=True), COUNTS,
    np.array([0, 1, 2, 0]),
)  # fmt: skip


class TestRows:
    def test_people_s_second_is_what_most_saw_besides_the_truth(self) -> None:
        """Of a tie the first; -1 where all saw the truth; the truth need not be their first."""
        assert second_classes(PEOPLE).tolist() == [1, 0, -1, 1]
        assert second_classes(replace(PEOPLE, counts=None)).tolist() == [1, 0, -1, 1]
        with pytest.raises(InputError, match="human-second: needs --labels"):
            second_classes(replace(PEOPLE, counts=None, probs=None))

    def test_what_cannot_be_led_there_is_left_out(self) -> None:
        rows = np.array([3, 2, 0])
        assert attackable_rows(rows, PEOPLE, "")[0].tolist() == [3, 2, 0]
        assert attackable_rows(rows, PEOPLE, LEAST_LIKELY) == (rows, "")
        kept, note = attackable_rows(rows, PEOPLE, HUMAN_SECOND)
        assert kept.tolist() == [3, 0]
        assert note == "left out: 1 image in which people saw only the true class"
        kept, note = attackable_rows(rows, PEOPLE, "cat")
        assert kept.tolist() == [2]
        assert note == "left out: 2 images that are cat already"
        assert attackable_rows(rows, PEOPLE, "dog")[1] == ""
        with pytest.raises(InputError, match="no image is left"):
            attackable_rows(np.array([0, 3]), PEOPLE, "cat")
        with pytest.raises(InputError, match="expected one of least-likely, human-second, cat"):
            attackable_rows(rows, PEOPLE, "cats")

    def test_images_without_one_true_class_are_left_out(self) -> None:
        rows = np.array([3, 2, 1, 0])
        some = replace(PEOPLE, truth=np.array([0, -1, 2, 0]))
        kept, note = attackable_rows(rows, some, "")
        assert kept.tolist() == [3, 2, 0]
        assert note == "left out: 1 image without exactly one true class"
        # Of the last class people saw most: that is not what it is without a truth.
        assert second_classes(some).tolist() == [1, -1, -1, 1]
        kept, note = attackable_rows(rows, some, "cat")
        assert kept.tolist() == [2]
        assert note == (
            "left out: 1 image without exactly one true class; "
            "left out: 2 images that are cat already"
        )
        right = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 1, 0]], dtype=np.uint8)
        kept, note = attackable_rows(rows, replace(some, right=right), "")
        assert kept.tolist() == [2, 0]
        assert note == "left out: 2 images without exactly one true class"
        with pytest.raises(InputError, match="no image has exactly one true class"):
            attackable_rows(np.array([1, 3]), replace(some, right=right), LEAST_LIKELY)

    def test_a_limit_draws_rows_in_order(self) -> None:
        assert choose_rows(5, None, 0).tolist() == choose_rows(5, 9, 0).tolist() == [0, 1, 2, 3, 4]
        draws = np.stack([choose_rows(20, 5, seed) for seed in range(400)])
        assert (np.diff(draws, axis=1) > 0).all()
        assert np.bincount(draws.ravel(), minlength=20).min() > 60
        assert np.array_equal(choose_rows(20, 5, 3), choose_rows(20, 5, 3))


class TestPeople:
    ASKED = answers(NETWORKS)

    @staticmethod
    def images(**changes: Any) -> Images:
        given = {"classes": CLASSES, "images": IMAGES, "truth": TRUTH}
        return Images(**{**given, **changes})

    def test_without_labels_the_images_know_the_truth(self) -> None:
        found = people_for(self.images(), None, self.ASKED)
        assert found.truth is not None
        assert found.truth.tolist() == TRUTH.tolist()
        with pytest.raises(InputError, match="expected true classes"):
            people_for(self.images(truth=None), None, self.ASKED)

    def test_images_without_names_take_those_of_the_network(self) -> None:
        found = people_for(self.images(classes=tuple("01234")), None, self.ASKED)
        assert found.classes == CLASSES

    def test_other_classes_are_refused(self) -> None:
        with pytest.raises(MismatchError, match="expected the classes of the network"):
            people_for(self.images(classes=tuple("abcdf")), None, self.ASKED)

    def test_labels_of_classes_in_another_order(self) -> None:
        probs = np.eye(5)[TRUTH] * 0.6 + 0.08
        order = [4, 3, 2, 1, 0]
        labels = Labels(classes=CLASSES[::-1], probs=probs[:, order], truth=4 - TRUTH)
        found = people_for(self.images(), labels, self.ASKED)
        assert found.truth is not None
        assert found.truth.tolist() == TRUTH.tolist()
        assert found.probs is not None
        assert found.probs[0:ITEMS] == pytest.approx(probs)


def test_pixels_are_those_of_the_networks() -> None:
    assert torch.allclose(QUANTISED, PIXELS, atol=0.5 / 255 + 1e-6)
