"""The networks of a run: grids, ancestors, held-out figures, and what they may not look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from c10h.errors import C10hError, MismatchError, StoppedError
from c10h.images.hashes import item_hashes
from c10h.models.building import build
from c10h.records import Array
from c10h.run_folder import ALL, Run
from c10h.training import checkpoint as checkpoints
from c10h.training import fold_training
from c10h.training.fold_training import (
    BY_FOLD,
    FIRST_WEIGHTS,
    Outcome,
    TrainingData,
    histories,
    network_of,
    on_device,
    train_fold,
)
from c10h.training.inference import predict
from c10h.training.loop import Examples, Reports, Training
from training.small import (
    RECIPE,
    TINY,
    Hungry,
    Tiny,
    options,
    people,
    pictures,
    run_of,
    same,
    silent,
    training_data,
)

GRID = (0.05, 0.5, 0.1)


@pytest.fixture
def data() -> TrainingData:
    return training_data()


@pytest.fixture
def run(tmp_path: Path, data: TrainingData) -> Run:
    return run_of(tmp_path / "run", data)


def trained_on(run: Run, number: int) -> set[int]:
    return set(checkpoints.load(run.checkpoint(number)).trained.numpy().view(np.uint64).tolist())


def examples_of(monkeypatch: pytest.MonkeyPatch) -> list[Examples]:
    """Everything that networks are given to learn from, as it is given."""
    seen: list[Examples] = []
    original = Training.__init__

    def spy(self: Any, network: nn.Module, data: Examples, *more: Any) -> None:
        seen.append(data)
        original(self, network, data, *more)

    monkeypatch.setattr(Training, "__init__", spy)
    return seen


def measured(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """All pictures that trained networks are measured on."""
    seen: list[Array] = []
    original = predict

    def spy(network: nn.Module, images: Array, *more: Any) -> Array:
        seen.append(images)
        return original(network, images, *more)

    monkeypatch.setattr(fold_training, "predict", spy)
    return seen


class TestOneFold:
    def test_held_out_figures_are_torchs(self, run: Run, data: TrainingData) -> None:
        outcome = train_fold(run, 1, data, options(), silent)
        rows = np.flatnonzero(run.split == 1)
        logits = network_of(run, 1).eval()(
            torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float() / 255
        )
        truth = torch.from_numpy(data.truth[rows])  # type: ignore[index]
        wanted = {
            "items": 10,
            "loss": functional.cross_entropy(
                logits, torch.from_numpy(data.shares[rows]).float()
            ).item(),
            "ce_hard": functional.cross_entropy(logits, truth).item(),
            "accuracy": (logits.argmax(1) == truth).float().mean().item(),
            "lr": 0.1,
            "mixup": 0.0,
        }
        assert outcome.fold == 1
        assert dict(outcome.results) == pytest.approx(wanted, rel=1e-5)

    def test_it_learns_from_the_others_alone(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (seen,) = (examples_of(monkeypatch),)
        train_fold(run, 1, data, options(), silent)
        rows = np.flatnonzero(run.split != 1)
        np.testing.assert_array_equal(seen[0].images.numpy(), data.images[rows])
        np.testing.assert_allclose(seen[0].targets.numpy(), data.shares[rows], rtol=1e-6)
        assert trained_on(run, 1) == set(data.items[rows].tolist())

    def test_class_targets_are_of_the_training_part(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = examples_of(monkeypatch)
        train_fold(run, 0, data, options(target="class"), silent)
        rows = np.flatnonzero(run.split != 0)
        truth = data.truth[rows]  # type: ignore[index]
        for one in range(3):
            mean = data.shares[rows][truth == one].mean(axis=0)
            found = seen[0].targets.numpy()[truth == one]
            np.testing.assert_allclose(found, np.tile(mean, (len(found), 1)), rtol=1e-6)

    def test_without_truth_accuracy_is_against_peoples_first_choice(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = examples_of(monkeypatch)
        outcome = train_fold(run, 0, replace(data, truth=None), options(), silent)
        assert "accuracy" not in outcome.results
        rows = np.flatnonzero(run.split != 0)
        assert seen[0].truth.tolist() == data.shares[rows].argmax(axis=1).tolist()

    def test_accuracy_is_over_the_items_whose_truth_is_known(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = np.flatnonzero(run.split == 1)
        assert data.truth is not None
        truth = data.truth.copy()
        truth[rows[::2]] = -1
        seen = examples_of(monkeypatch)
        outcome = train_fold(run, 1, replace(data, truth=truth), options(), silent)
        logits = network_of(run, 1).eval()(
            torch.from_numpy(data.images[rows[1::2]]).permute(0, 3, 1, 2).float() / 255
        )
        known = torch.from_numpy(truth[rows[1::2]])
        assert outcome.results["items"] == 10
        assert outcome.results["ce_hard"] == pytest.approx(
            functional.cross_entropy(logits, known).item(), rel=1e-5
        )
        assert outcome.results["accuracy"] == pytest.approx(
            (logits.argmax(1) == known).float().mean().item()
        )
        others = np.flatnonzero(run.split != 1)
        assert seen[0].truth.tolist() == truth[others].tolist()
        truth[rows] = -1
        found = fold_training._measure(
            run, 1, checkpoints.load(run.checkpoint(1)), rows, replace(data, truth=truth), options()
        )
        assert set(found) == {"items", "loss"}

    def test_all_items_have_no_figures(self, tmp_path: Path, data: TrainingData) -> None:
        whole = run_of(tmp_path / "whole", data, None)
        outcome = train_fold(whole, ALL, data, options(), silent)
        assert dict(outcome.results) == {"lr": 0.1, "mixup": 0.0}
        assert trained_on(whole, ALL) == set(data.items.tolist())

    def test_a_fold_that_is_done_is_not_trained_again(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = train_fold(run, 0, data, options(), silent)
        content = run.checkpoint(0).read_bytes()
        seen = examples_of(monkeypatch)
        assert train_fold(run, 0, data, options(), silent) == first
        assert not seen
        assert run.checkpoint(0).read_bytes() == content

    def test_a_fold_that_was_stopped_goes_on(self, tmp_path: Path, data: TrainingData) -> None:
        whole, broken = (run_of(tmp_path / name, data) for name in ("whole", "broken"))
        wanted = train_fold(whole, 2, data, options(), silent)
        told: list[tuple[str, int]] = []

        def stopping(what: str, pictures: int) -> Reports:
            told.append((what, pictures))
            return Reports(stop=lambda: True)

        for _ in range(3):
            with pytest.raises(StoppedError):
                train_fold(broken, 2, data, options(), stopping)
        assert train_fold(broken, 2, data, options(), stopping) == wanted
        assert broken.checkpoint(2).read_bytes() == whole.checkpoint(2).read_bytes()
        assert told == [("fold 2", 8 * left) for left in (4, 3, 2, 1)]

    def test_a_done_network_has_nothing_to_go_on_with(self, run: Run, data: TrainingData) -> None:
        train_fold(run, 0, data, options(), silent)
        state = checkpoints.load(run.checkpoint(0))
        assert state.is_done
        assert not state.optimizer
        assert not state.slow


class TestGrid:
    def test_all_results_are_kept_and_the_best_is_trained(
        self, run: Run, data: TrainingData
    ) -> None:
        given = options(rates=GRID, mixups=(0.0, 0.5))
        outcome = train_fold(run, 0, data, given, silent)
        assert [(one["lr"], one["mixup"]) for one in outcome.grid] == given.grid()
        assert len({one["loss"] for one in outcome.grid}) == 6
        best = min(outcome.grid, key=lambda one: one["loss"])
        assert (outcome.results["lr"], outcome.results["mixup"]) == (best["lr"], best["mixup"])
        assert train_fold(run, 0, data, given, silent) == outcome
        alone = run_of(run.folder.parent / "alone", data)
        only = options(rates=(best["lr"],), mixups=(best["mixup"],))
        assert train_fold(alone, 0, data, only, silent).results == outcome.results

    def test_what_is_held_out_chooses_nothing(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learned, tested = examples_of(monkeypatch), measured(monkeypatch)
        train_fold(run, 0, data, options(rates=GRID), silent)
        held_out = set(data.items[run.split == 0].tolist())
        parts = [set(item_hashes(one.images.numpy()).tolist()) for one in learned]
        tests = [set(item_hashes(one).tolist()) for one in tested]
        assert len(parts) == len(tests) == 4
        for part, test in zip(parts[:3], tests[:3], strict=True):
            assert not (part | test) & held_out
            assert not part & test
            assert part | test == set(data.items.tolist()) - held_out
            assert len(test) == 2  # a tenth of 20
        assert parts[3] == set(data.items.tolist()) - held_out
        assert tests[3] == held_out

    def test_hard_targets_are_chosen_without_peoples_labels(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        figures = iter([(1.0, 3.0), (2.0, 1.0), (3.0, 2.0), (0.0, 0.0)])

        def measure(*_: object) -> dict[str, float]:
            loss, hard = next(figures)
            return {"loss": loss, "ce_hard": hard}

        monkeypatch.setattr(fold_training, "_measure", measure)
        outcome = train_fold(run, 0, data, options(rates=GRID, target="hard"), silent)
        assert outcome.results["lr"] == GRID[1]

    def test_majority_targets_are_chosen_by_peoples_first_choice_alone(
        self, run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        figures = iter([(1.0, 3.0), (2.0, 1.0), (3.0, 2.0), (0.0, 0.0)])

        def measure(*_: object) -> dict[str, float]:
            loss, majority = next(figures)
            return {"loss": loss, "ce_majority": majority}

        monkeypatch.setattr(fold_training, "_measure", measure)
        outcome = train_fold(run, 0, data, options(rates=GRID, target="majority"), silent)
        assert outcome.results["lr"] == GRID[1]

    def test_the_cross_entropy_with_peoples_first_choice_is_torchs(
        self, run: Run, data: TrainingData
    ) -> None:
        outcome = train_fold(run, 0, data, options(target="majority"), silent)
        rows = np.flatnonzero(run.split == 0)
        logits = network_of(run, 0).eval()(
            torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float() / 255
        )
        first = torch.from_numpy(data.shares[rows].argmax(axis=1))
        assert outcome.results["ce_majority"] == pytest.approx(
            functional.cross_entropy(logits, first).item(), rel=1e-5
        )

    def test_a_rate_with_which_training_diverges_is_not_chosen(
        self, run: Run, data: TrainingData
    ) -> None:
        given = options(rates=(1e30, 0.1))
        outcome = train_fold(run, 0, data, given, silent)
        assert outcome.results["lr"] == 0.1
        assert outcome.grid[0] == {"lr": 1e30, "mixup": 0.0, "loss": np.inf}
        assert train_fold(run, 0, data, given, silent) == outcome

    def test_a_grid_that_was_stopped_goes_on(self, tmp_path: Path, data: TrainingData) -> None:
        whole, broken = (run_of(tmp_path / name, data) for name in ("whole", "broken"))
        wanted = train_fold(whole, 0, data, options(rates=GRID), silent)
        outcome: Outcome | None = None
        stops = 0
        while outcome is None:
            try:
                outcome = train_fold(
                    broken, 0, data, options(rates=GRID), lambda *_: Reports(stop=lambda: True)
                )
            except StoppedError:
                stops += 1
        assert stops == 3 * 3 + 3  # of 4 steps each, the last of which ends
        assert outcome == wanted
        assert broken.checkpoint(0).read_bytes() == whole.checkpoint(0).read_bytes()

    def once(self, folder: Path, data: TrainingData) -> Run:
        run = run_of(folder, data)
        return replace(run, arguments={**run.arguments, "choose": "once"})

    def test_once_is_what_the_first_fold_chooses(self, tmp_path: Path, data: TrainingData) -> None:
        each, once = run_of(tmp_path / "each", data), self.once(tmp_path / "once", data)
        given = options(rates=GRID)
        first = train_fold(each, 0, data, given, silent)
        outcomes = [train_fold(once, fold, data, given, silent) for fold in range(3)]
        assert outcomes[0] == first
        for fold, outcome in enumerate(outcomes):
            assert outcome.grid == first.grid
            alone = run_of(tmp_path / f"alone-{fold}", data)
            only = options(rates=(first.results["lr"],))
            assert outcome.results == train_fold(alone, fold, data, only, silent).results

    def test_once_takes_the_setting_of_the_first_fold_against_the_own_choice(
        self, tmp_path: Path, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        figures = iter([(2.0,), (1.0,), (3.0,), *[(0.0,)] * 3])
        monkeypatch.setattr(fold_training, "_measure", lambda *_: {"loss": next(figures)[0]})
        run, given = self.once(tmp_path / "a", data), options(rates=GRID)
        outcomes = [train_fold(run, fold, data, given, silent) for fold in (2, 0, 1)]
        assert [outcome.results["lr"] for outcome in outcomes] == [GRID[1]] * 3

    def test_once_trains_each_setting_once_on_the_first_folds_training_part(
        self, tmp_path: Path, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = self.once(tmp_path / "a", data)
        learned, tested = examples_of(monkeypatch), measured(monkeypatch)
        for fold in (1, 2, 0):
            train_fold(run, fold, data, options(rates=GRID), silent)
        assert len(learned) == len(tested) == 3 + 3
        first = set(data.items[run.split != 0].tolist())
        for examples, images in zip(learned[:3], tested[:3], strict=True):
            parts = [set(item_hashes(part).tolist()) for part in (examples.images.numpy(), images)]
            assert parts[0] | parts[1] == first
            assert not parts[0] & parts[1]

    def test_once_goes_on_without_the_networks_of_the_grid(
        self, tmp_path: Path, data: TrainingData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole, some = self.once(tmp_path / "whole", data), self.once(tmp_path / "some", data)
        given = options(rates=GRID)
        wanted = [train_fold(whole, fold, data, given, silent) for fold in range(3)]
        train_fold(some, 1, data, given, silent)
        for path in some.folder.glob("*.grid-*.pt"):
            path.unlink()
        learned = examples_of(monkeypatch)
        assert [train_fold(some, fold, data, given, silent) for fold in range(3)] == wanted
        assert len(learned) == 2
        for fold in range(3):
            assert some.checkpoint(fold).read_bytes() == whole.checkpoint(fold).read_bytes()

    def test_of_very_few_pictures(self, tmp_path: Path) -> None:
        few = training_data(6)
        outcome = train_fold(run_of(tmp_path / "run", few), 0, few, options(rates=GRID), silent)
        assert len(outcome.grid) == 3


class TestFirstWeights:
    """Of runs with folds, by seed and fold; of all others by the seed alone."""

    def weights(self, run: Run, fold: int, **more: Any) -> dict[str, Any]:
        return dict(fold_training.new_network(run, fold, options(**more))[0].state_dict())

    def by_fold(self, folder: Path, data: TrainingData) -> Run:
        run = run_of(folder, data)
        return replace(run, arguments={**run.arguments, FIRST_WEIGHTS: BY_FOLD})

    def test_other_ones_for_each_seed_and_fold(self, tmp_path: Path, data: TrainingData) -> None:
        run = self.by_fold(tmp_path / "a", data)
        drawn = [self.weights(run, fold, seed=seed) for fold in range(3) for seed in range(3)]
        for place, weights in enumerate(drawn):
            assert not any(same(weights, other) for other in drawn[:place])

    def test_the_same_whatever_the_target_and_the_recipe(
        self, tmp_path: Path, data: TrainingData
    ) -> None:
        one, other = self.by_fold(tmp_path / "a", data), self.by_fold(tmp_path / "b", data)
        for fold in range(3):
            weights = self.weights(other, fold, target="hard", rates=(0.3, 0.2), mixups=(0.5,))
            assert same(self.weights(one, fold), weights)

    def test_older_runs_keep_those_of_the_seed(self, tmp_path: Path, data: TrainingData) -> None:
        older, whole = run_of(tmp_path / "a", data), run_of(tmp_path / "b", data, None)
        torch.manual_seed(4)
        wanted = dict(build(older.architecture, len(older.classes), 8).state_dict())
        for run, fold in ((older, 0), (older, 2), (whole, ALL)):
            assert same(self.weights(run, fold, seed=4), wanted)


class TestAncestors:
    def parent(self, tmp_path: Path, data: TrainingData, folds: int | None = 3) -> Run:
        parent = run_of(tmp_path / "parent", data, folds)
        for number in parent.fold_numbers():
            train_fold(parent, number, data, options(), silent)
        return parent

    def test_from_fold_to_fold(
        self, run: Run, data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parent = self.parent(tmp_path, data)
        begun: list[dict[str, Any]] = []

        def tell(what: str, pictures: int) -> Reports:
            begun.append(fold_training.new_network(run, number, given)[0].state_dict())
            return Reports()

        given = options(parent=parent)
        for number in (0, 2):
            train_fold(run, number, data, given, tell)
            wanted = dict(checkpoints.load(parent.checkpoint(number)).network)
            assert same(dict(begun[-1]), wanted)
            assert trained_on(run, number) == trained_on(parent, number)

    def test_from_all_items_of_another_set(
        self, run: Run, data: TrainingData, tmp_path: Path
    ) -> None:
        other = training_data(12, seed=9)
        parent = self.parent(tmp_path, other, None)
        train_fold(run, 1, data, options(parent=parent), silent)
        own = set(data.items[run.split != 1].tolist())
        assert trained_on(run, 1) == own | set(other.items.tolist())
        # And of a third generation.
        child = run_of(tmp_path / "child", data)
        train_fold(child, 1, data, options(parent=run), silent)
        assert trained_on(child, 1) == own | set(other.items.tolist())

    def test_from_a_file_of_weights(self, run: Run, data: TrainingData, tmp_path: Path) -> None:
        weights = Tiny().state_dict()
        torch.save(weights, tmp_path / "weights.pt")
        given = options(parent=tmp_path / "weights.pt")
        network, ancestors = fold_training.new_network(run, 0, given)
        assert len(ancestors) == 0
        for key, value in weights.items():
            assert torch.equal(network.state_dict()[f"network.{key}"], value)


def test_first_weights_are_the_seeds(run: Run) -> None:
    first, again, fold, other = (
        fold_training.new_network(run, number, options(seed=seed))[0].state_dict()
        for number, seed in ((0, 1), (0, 1), (1, 1), (0, 2))
    )
    assert same(dict(first), dict(again))
    assert same(dict(first), dict(fold))
    assert not same(dict(first), dict(other))


def test_a_network_that_looks_at_pictures_sees_training_ones(tmp_path: Path) -> None:
    """airbench94's first layer is of the training part."""
    images = pictures(12, 9)
    data = TrainingData(images, people(12), np.arange(12) % 3, item_hashes(images), ("a", "b", "c"))
    run = replace(run_of(tmp_path / "run", data), architecture="airbench94_w8")
    train_fold(run, 0, data, options(recipe=replace(RECIPE, epochs=1)), silent)
    found = network_of(run, 0)
    wanted = fold_training.new_network(run, 0, options())[0]
    rows = np.flatnonzero(run.split != 0)
    wanted.prepare(torch.from_numpy(images[rows]).permute(0, 3, 1, 2).float() / 255)  # type: ignore[operator]
    key = "network.whitening.weight"
    torch.testing.assert_close(found.state_dict()[key], wanted.state_dict()[key])


def test_histories_of_the_folds_that_there_are(run: Run, data: TrainingData) -> None:
    assert histories(run) is None
    for number in (0, 2):
        train_fold(run, number, data, options(), silent)
    found = histories(run)
    assert found is not None
    assert found.fold.tolist() == [0, 0, 2, 2]
    assert found.epoch.tolist() == [1, 2, 1, 2]
    wanted = np.array(checkpoints.load(run.checkpoint(2)).history)
    kept = np.stack([found.epoch, found.loss, found.accuracy, found.learning_rate], axis=1)
    np.testing.assert_array_equal(kept[2:], wanted)


def test_a_checkpoint_of_another_network(run: Run, data: TrainingData) -> None:
    train_fold(run, 0, data, options(), silent)
    other = replace(run, architecture="resnet_basic_8_w8")
    with pytest.raises(
        MismatchError,
        match="expected a checkpoint of resnet_basic_8_w8, found one of a different network",
    ):
        network_of(other, 0)


@pytest.mark.parametrize(
    ("batch", "says"), [(8, "--batch-size 2 fits"), (5, "--batch-size 2 fits")]
)
def test_out_of_memory(batch: int, says: str, run: Run, data: TrainingData) -> None:
    hungry = replace(run, architecture=TINY.replace("Tiny", "Hungry"))
    given = options(recipe=replace(RECIPE, batch_size=batch))
    with pytest.raises(C10hError, match=f"Hungry: out of memory with --batch-size {batch}: {says}"):
        train_fold(hungry, 0, data, given, silent)


def test_out_of_memory_with_any_batch(
    run: Run, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(Hungry, "forward", refuse)
    monkeypatch.setattr("c10h.models.external_networks.check", lambda *_: None)
    hungry = replace(run, architecture=TINY.replace("Tiny", "Hungry"))
    with pytest.raises(C10hError, match="no batch size fits"):
        train_fold(hungry, 0, data, options(), silent)


def test_pictures_that_a_gpu_has_no_room_for_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.zeros(10, 8, 8, 3, dtype=torch.uint8)
    assert on_device(images, torch.device("cpu")) is images
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (images.nbytes, 10**9))
    assert on_device(images, torch.device("cuda")) is images
