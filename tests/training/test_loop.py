"""Steps by hand, what epochs show, and what stops a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.errors import InputError
from c10h.training.checkpoint import load
from c10h.training.distributed import World
from c10h.training.loop import DivergedError, Examples, Reports, Training, is_out_of_memory
from training.small import RECIPE, Tiny, examples, new_state, settings, train

PLAIN = replace(RECIPE, augment="none", weight_decay=0.0, schedule="constant", milestones=())


def first_logits(data: Examples) -> Tensor:
    """What the network of a new training says to all pictures, in their order."""
    torch.manual_seed(5)
    pixels = data.images.permute(0, 3, 1, 2).float() / 255
    return Tiny().train()(pixels)


def one_step(data: Examples, **changes: Any) -> list[float]:
    """The row that a training of one step on all examples leaves in the history."""
    recipe = replace(PLAIN, batch_size=len(data), epochs=1, **changes)
    (row,) = train(settings(recipe), data).history
    return row


def test_a_network_learns_eight_pictures_by_heart() -> None:
    recipe = replace(PLAIN, epochs=60)
    data = replace(examples(8), targets=functional.one_hot(torch.arange(8) % 3).float())
    history = train(settings(recipe), data).history
    assert history[-1][1] < 0.01
    assert history[-1][2] == 1


def test_the_first_loss_is_torchs_cross_entropy() -> None:
    data = examples(8)
    logits = first_logits(data)
    epoch, loss, accuracy, rate = one_step(data)
    assert (epoch, rate) == (1, 0.1)
    assert loss == pytest.approx(functional.cross_entropy(logits, data.targets).item())
    assert accuracy == pytest.approx((logits.argmax(1) == data.truth).float().mean().item())


def test_label_smoothing_is_torchs() -> None:
    data = replace(examples(8), targets=functional.one_hot(torch.arange(8) % 3).float())
    logits = first_logits(data)
    wanted = functional.cross_entropy(logits, data.truth, label_smoothing=0.2)
    assert one_step(data, label_smoothing=0.2)[1] == pytest.approx(wanted.item())


def test_the_first_step_is_torchs() -> None:
    data = examples(8)
    recipe = replace(PLAIN, batch_size=8, epochs=1, weight_decay=1e-2)
    found = train(settings(recipe), data).network
    torch.manual_seed(5)
    network = Tiny()
    optimizer = torch.optim.SGD(
        network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=1e-2
    )
    pixels = data.images.permute(0, 3, 1, 2).float() / 255
    functional.cross_entropy(network(pixels), data.targets).backward()
    optimizer.step()
    for key, value in network.state_dict().items():
        torch.testing.assert_close(found[key], value)


def test_history_has_a_row_an_epoch() -> None:
    recipe = replace(PLAIN, epochs=4, schedule="multistep", milestones=(0.5,))
    history = train(settings(recipe), examples(20)).history
    assert [row[0] for row in history] == [1, 2, 3, 4]
    assert [row[3] for row in history] == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_an_epoch_that_is_not_finished_has_a_row() -> None:
    state = train(settings(replace(PLAIN, epochs=2.5, batch_size=4)), examples(16))
    assert state.step == 10
    assert [row[0] for row in state.history] == [1, 2, 3]


def test_reports_count_pictures_and_tell_of_epochs() -> None:
    steps: list[tuple[int, int]] = []
    epochs: list[int] = []
    reports = Reports(
        lambda items, epoch, loss: steps.append((items, epoch)),
        lambda epoch, loss, accuracy, rate: epochs.append(epoch),
    )
    train(settings(replace(PLAIN, epochs=2, batch_size=2)), examples(26), reports=reports)
    assert steps == [(20, 1), (6, 1), (14, 2), (12, 2)]
    assert epochs == [1, 2]


class Recorder(Tiny):
    """Notes which pictures it is shown, where all pixels of a picture are its number."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[list[int]] = []

    def forward(self, pixels: Tensor) -> Tensor:
        self.shown.append((pixels[:, 0, 0, 0] * 255).round().int().tolist())
        logits: Tensor = super().forward(pixels)
        return logits


def shown(count: int, recipe: Any, **more: Any) -> list[list[int]]:
    """The pictures of each step."""
    network = Recorder()
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(count, 8, 8, 3)
    train(settings(recipe, **more), replace(examples(count), images=images), make=lambda: network)
    return network.shown


def test_no_picture_is_left_out_for_good_and_none_shown_twice() -> None:
    steps = shown(11, replace(PLAIN, batch_size=4, epochs=12))
    assert len(steps) == 24
    left_out = []
    for first, second in zip(steps[::2], steps[1::2], strict=True):
        epoch = {*first, *second}
        assert len(epoch) == 8
        left_out.append(frozenset(range(11)) - epoch)
    assert len(set(left_out)) > 6
    assert not frozenset.intersection(*left_out)


def test_epochs_folds_and_seeds_have_orders_of_their_own() -> None:
    recipe = replace(PLAIN, batch_size=10, epochs=2)
    first, second = shown(10, recipe)
    assert first != second
    assert [first, second] == shown(10, recipe)
    assert first != shown(10, recipe, fold=1)[0]
    assert first != shown(10, recipe, seed=4)[0]


def test_fewer_pictures_than_a_batch_are_one_batch() -> None:
    assert [sorted(one) for one in shown(5, replace(PLAIN, batch_size=64, epochs=2))] == [
        [0, 1, 2, 3, 4]
    ] * 2


def test_alternating_flips_last_from_epoch_to_epoch() -> None:
    """Pictures with a bright left half, numbered by another channel."""
    images = torch.zeros(12, 8, 8, 3, dtype=torch.uint8)
    images[:, :, :4, 0] = 255
    images[..., 1] = torch.arange(12, dtype=torch.uint8).view(-1, 1, 1)
    mirrored: list[set[int]] = []

    class Watcher(Tiny):
        def forward(self, pixels: Tensor) -> Tensor:
            turned = pixels[:, 0, 0, 0] == 0
            mirrored.append(set((pixels[turned, 1, 0, 0] * 255).round().int().tolist()))
            logits: Tensor = super().forward(pixels)
            return logits

    recipe = replace(
        PLAIN, batch_size=12, epochs=4, augment="standard", translate=0, alternating_flips=True
    )
    train(settings(recipe), replace(examples(12), images=images), Watcher)
    assert 0 < len(mirrored[0]) < 12
    assert mirrored == [mirrored[0], set(range(12)) - mirrored[0]] * 2


def test_what_a_network_draws_differs_from_step_to_step_and_process_to_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[float] = []

    class Drawing(Tiny):
        def forward(self, pixels: Tensor) -> Tensor:
            drawn.append(torch.rand(1).item())
            logits: Tensor = super().forward(pixels)
            return logits

    for _ in range(2):
        train(settings(PLAIN), make=Drawing)
    assert drawn[:6] == drawn[6:]
    assert len(set(drawn)) == 6
    monkeypatch.setattr(World, "share", lambda self, rows: rows)
    train(settings(PLAIN, world=World(1, 1)), make=Drawing)
    assert not set(drawn[:6]) & set(drawn[12:])


def batch_of(data: Examples, step: int = 0, **more: Any) -> tuple[Tensor, Tensor]:
    """Pixels and targets of a step in which nothing is moved."""
    how = settings(replace(PLAIN, batch_size=len(data)), **more)
    pixels, targets, _ = Training(Tiny(), data, how, new_state())._batch(step)
    return pixels, targets


def test_a_drawn_label_is_another_each_time() -> None:
    data = replace(examples(64), targets=torch.full((64, 3), 1 / 3))
    _, first = batch_of(data, drawn=True)
    assert (first.sum(1) == 1).all()
    assert ((first == 0) | (first == 1)).all()
    _, second = batch_of(data, step=1, drawn=True)
    assert not torch.equal(first, second)
    _, again = batch_of(data, drawn=True)
    assert torch.equal(first, again)


def test_mixup_mixes_pictures_as_their_targets() -> None:
    """Pictures whose pixels are the shares of their targets stay so."""
    targets = torch.eye(3)[torch.arange(30) % 3]
    images = (targets * 255).to(torch.uint8)[:, None, None].expand(30, 8, 8, 3)
    data = replace(examples(30), images=images, targets=targets)
    shares = []
    for step in range(200):
        pixels, mixed = batch_of(data, step, mixup=0.4)
        torch.testing.assert_close(pixels[:, :, 0, 0], mixed)
        inside = mixed[(mixed > 0) & (mixed < 1)]
        shares.append(float(inside[0]) if len(inside) else 1.0)
        assert len(torch.unique((inside - 0.5).abs().round(decimals=4))) <= 1
    assert len(set(shares)) > 150
    # λ or 1 - λ, of Beta(0.4, 0.4): 0.5 away from the middle squared is its variance 1 / 7.2.
    away = np.square(np.array(shares) - 0.5)
    assert away.mean() == pytest.approx(1 / 7.2, rel=0.15)


def test_the_whitening_bias_learns_for_some_epochs_only() -> None:
    class Whitened(nn.Sequential):
        def __init__(self) -> None:
            super().__init__()
            self.whitening = nn.Conv2d(3, 4, 2)
            self.rest = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
            self.last = nn.Linear(4, 3)

    network = Whitened()
    seen: list[Tensor] = []
    bias = network.whitening.bias
    assert bias is not None
    reports = Reports(epoch=lambda *_: seen.append(bias.detach().clone()))
    recipe = replace(PLAIN, epochs=4, whitening_bias_epochs=2)
    train(settings(recipe), make=lambda: network, reports=reports)
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[1], seen[2])
    assert torch.equal(seen[2], seen[3])


class TestDivergence:
    """In the second half, the learning rate is multiplied by a huge number."""

    def recipe(self, decay: float) -> Any:
        return replace(PLAIN, epochs=4, schedule="multistep", milestones=(0.5,), decay=decay)

    @pytest.mark.parametrize("minutes", [None, 0.0])
    def test_it_names_epoch_fold_and_rate_and_keeps_a_good_checkpoint(
        self, minutes: float | None, tmp_path: Path
    ) -> None:
        path = tmp_path / "fold-2.pt"
        how = settings(self.recipe(1e30), fold=2)
        says = r"in epoch 3 of fold 2 at a learning rate of 1e\+29 \(--lr 0.1\); the last good"
        with pytest.raises(DivergedError, match=says):
            train(how, path=path, minutes=minutes)
        state = load(path)
        assert state.step >= 4
        assert all(bool(one.isfinite().all()) for one in state.network.values())

    def test_weights_that_overflow_in_the_last_step_are_not_kept(self, tmp_path: Path) -> None:
        """The loss of that step was taken before."""
        path = tmp_path / "fold-0.pt"
        recipe = replace(self.recipe(1e300), epochs=2, batch_size=20, lr=1e10)
        with pytest.raises(DivergedError, match="weights are not finite in epoch 2 of fold 0"):
            train(settings(recipe), path=path)
        assert load(path).step == 1

    def test_a_network_without_folds_is_not_called_minus_one(self) -> None:
        with pytest.raises(DivergedError, match="epoch 3 of all items"):
            train(settings(self.recipe(1e30), fold=-1))


def test_batches_that_processes_cannot_share() -> None:
    how = settings(replace(PLAIN, batch_size=9), world=World(0, 2))
    with pytest.raises(InputError, match="--batch-size 9: batches of 9 images cannot be divided"):
        Training(Tiny(), examples(20), how, new_state())


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("some elements refer to a single memory location"), False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_says_that_memory_does_not_suffice(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) == is_memory
