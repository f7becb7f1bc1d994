"""The training of one network: steps, epochs, and states from which it resumes as if unbroken.

All that is random in a step comes from the seed, the fold and the number of the step, so that a
network that went on from a checkpoint is the one that an unbroken training makes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.errors import C10hError, InputError, StoppedError
from c10h.models.placing import place
from c10h.run_folder import name_of
from c10h.training.augmentation import augmented
from c10h.training.checkpoint import Checkpoint, save
from c10h.training.choices import PRECISIONS
from c10h.training.device_and_precision import autocast
from c10h.training.distributed import World, distribute
from c10h.training.optimization import SlowWeights, learning_rate_factor, make_optimizer
from c10h.training.recipes import Recipe
from c10h.training.targets import draw, mix

# How often the running loss is read, shown and checked; reading it makes a GPU wait. Several
# processes agree as often on whether to stop.
STEPS_BETWEEN_LOOKS = 10
# What random numbers are for: the same step has independent ones for each purpose.
ORDER, CHANGES, NETWORK, MIXING = range(4)
# What torch's CPU allocator and CUDA's libraries say.
OUT_OF_MEMORY = "out of memory|allocate memory|not enough memory|ALLOC_FAILED"


class DivergedError(C10hError):
    """The loss or a weight is infinite or not a number; the last checkpoint was good."""


@dataclass(frozen=True)
class Settings:
    """What decides how a network comes out, besides its first weights and its data.

    drawn: whether a label is drawn from the target at each showing. mixup: α, 0 for none.
    """

    recipe: Recipe
    seed: int
    fold: int
    drawn: bool = False
    mixup: float = 0.0
    precision: str = "fp32"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    world: World = field(default_factory=World)
    compiled: bool = False


@dataclass(frozen=True)
class Examples:
    """The training part: images uint8 (n, h, w, 3), targets float32 (n, c).

    truth: int64 (n), what accuracy is measured against. All are on the device of the training; the
    images may stay in the memory of the CPU.
    """

    images: Tensor
    targets: Tensor
    truth: Tensor

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Reports:
    """How training tells what happens.

    step: items since the last call, epoch from 1, mean loss of the epoch so far. epoch: its number
    from 1, loss, accuracy, learning rate. stop: whether to stop after this step.
    """

    step: Callable[[int, int, float], None] = lambda items, epoch, loss: None
    epoch: Callable[[int, float, float, float], None] = lambda epoch, loss, accuracy, rate: None
    stop: Callable[[], bool] = lambda: False


class Training:
    """One network while it is trained.

    An epoch is as many whole batches as there are; it leaves out the rest of the items, others
    each time, since all epochs shuffle anew. state: how far it is; its weights are brought up to
    date by :meth:`save`.
    """

    def __init__(
        self,
        network: nn.Module,
        examples: Examples,
        settings: Settings,
        state: Checkpoint,
        path: Path | None = None,
        minutes: float | None = None,
    ) -> None:
        """Begin, or resume where ``state`` is.

        path: of the checkpoint, None for none. minutes: between checkpoints within an epoch.
        """
        self.settings, self.examples, self.state = settings, examples, state
        self.path, self.minutes = path, minutes
        recipe, device, processes = settings.recipe, settings.device, settings.world.size
        self.batch = min(recipe.batch_size, len(examples))
        if self.batch % processes:
            raise InputError(
                f"--batch-size {recipe.batch_size}: batches of {self.batch} images cannot be "
                f"divided among {processes} processes"
            )
        self.per_epoch = len(examples) // self.batch
        self.steps = max(1, round(recipe.epochs * self.per_epoch))
        self.network = place(network, device)
        self.optimizer = make_optimizer(self.network, recipe)
        self.slow = SlowWeights(self.network, recipe.lookahead) if recipe.lookahead else None
        scales = PRECISIONS[settings.precision].needs_scaling
        self.scaler = torch.amp.GradScaler(device.type, enabled=scales)
        # The loss and the correct answers of the epoch so far, summed over items.
        self.sums = torch.zeros(2, device=device)
        self.order = torch.empty(0, dtype=torch.int64)
        if state.step:
            self._restore(state)

    def run(self, reports: Reports) -> Checkpoint:
        """Train to the end. Raises StoppedError on Ctrl-C, DivergedError where nothing is learned.

        The state that is returned has the network, and nothing to resume with.
        """
        network = distribute(self.network, self.settings.world, self.settings.device)
        if self.settings.compiled:
            network.compile()
        saved, looked = time.monotonic(), self.state.step
        network.train()
        while self.state.step < self.steps:
            self._step(network)
            step = self.state.step
            ends = step % self.per_epoch == 0 or step == self.steps
            looks = ends or step % STEPS_BETWEEN_LOOKS == 0
            if looks:
                loss, _ = self._look()
                epoch = 1 + (step - 1) // self.per_epoch
                reports.step((step - looked) * self.batch, epoch, loss)
                looked = step
            if ends:
                self._end_epoch(reports)
            late = self.minutes is not None and time.monotonic() - saved > 60 * self.minutes
            stops, late = self._agree(reports.stop(), late, at=looks)
            if ends or late or stops:
                self.save()
                saved = time.monotonic()
            if stops and step < self.steps:
                raise StoppedError(
                    f"stopped after step {step:,} of {self.steps:,} of "
                    f"{name_of(self.settings.fold)}; the same command resumes"
                )
        self.state.network = self._weights()
        self.state.is_done, self.state.optimizer, self.state.slow = True, {}, {}
        return self.state

    def save(self) -> None:
        """Write the checkpoint, in the first process, while the others wait.

        Raises OutputError, or DivergedError where nobody could resume from it.
        """
        world = self.settings.world
        self.state.running = world.total(self.sums.clone()).tolist()
        self.state.network = self._weights()
        if not np.isfinite(self.state.running[0]):
            raise self._diverged(f"the loss is {self.state.running[0]}")
        if not all(bool(tensor.isfinite().all()) for tensor in self.state.network.values()):
            raise self._diverged("weights are not finite")
        self.state.optimizer = {**self.optimizer.state_dict(), "scaler": self.scaler.state_dict()}
        self.state.slow = dict(self.slow.slow) if self.slow else {}
        if self.path is not None and world.is_first:
            save(self.state, self.path)
        world.wait()

    def _restore(self, state: Checkpoint) -> None:
        self.network.load_state_dict(state.network)
        optimizer = dict(state.optimizer)
        self.scaler.load_state_dict(optimizer.pop("scaler"))
        self.optimizer.load_state_dict(optimizer)
        if self.slow is not None:
            device = self.settings.device
            self.slow.slow = {name: weights.to(device) for name, weights in state.slow.items()}
        if self.settings.world.is_first:  # the others' parts are in it
            self.sums = torch.tensor(state.running, device=self.settings.device)

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().cpu() for name, value in self.network.state_dict().items()}

    def _step(self, network: nn.Module) -> None:
        """One batch: forward, backward, and a step of the optimizer."""
        settings, step = self.settings, self.state.step
        recipe, world = settings.recipe, settings.world
        pixels, targets, truth = self._batch(step)
        torch.manual_seed(self._key(NETWORK, step) + world.rank)
        with autocast(settings.precision, settings.device):
            logits = network(pixels)
        loss = functional.cross_entropy(logits.float(), targets)
        torch.autograd.backward(self.scaler.scale(loss))
        self._freeze(step)
        factor = learning_rate_factor(recipe, step, self.steps, self.per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = factor * group["initial_lr"]
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.state.step += 1
        if self.slow is not None:
            self.slow.step(self.network, self.state.step, self.steps)
        correct = (logits.detach().argmax(dim=1) == truth).sum()
        self.sums += torch.stack([loss.detach() * (self.batch // world.size), correct.float()])

    def _batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pixels in [0, 1], (b, 3, h, w), targets (b, c) and true classes (b) of one step.

        Random numbers are drawn for the whole batch, whatever part of it this process has.
        """
        settings, examples = self.settings, self.examples
        epoch, within = divmod(step, self.per_epoch)
        if within == 0 or not len(self.order):
            random = torch.Generator().manual_seed(self._key(ORDER, epoch))
            self.order = torch.randperm(len(examples), generator=random)
        device = settings.device
        rows = self.order[within * self.batch : (within + 1) * self.batch]
        images = examples.images[rows.to(examples.images.device)].to(device)
        rows = rows.to(device)
        random = torch.Generator(device).manual_seed(self._key(CHANGES, step))
        batch = augmented(images, rows, epoch, settings.recipe, settings.seed, random)
        targets = examples.targets[rows]
        if settings.drawn:
            targets = draw(targets, random)
        smoothing = settings.recipe.label_smoothing
        if smoothing:
            targets = (1 - smoothing) * targets + smoothing / targets.shape[1]
        pixels = batch.permute(0, 3, 1, 2).float() / 255
        if settings.mixup:
            share = np.random.default_rng(self._key(MIXING, step)).beta(*(settings.mixup,) * 2)
            order = torch.randperm(len(rows), generator=random, device=device)
            pixels, targets = mix(pixels, targets, share, order)
        world = settings.world
        return world.share(pixels), world.share(targets), world.share(examples.truth[rows])

    def _freeze(self, step: int) -> None:
        """Take the gradient from what is trained for the first epochs only."""
        until = self.settings.recipe.whitening_bias_epochs
        if until is not None and step >= until * self.per_epoch:
            for name, parameter in self.network.named_parameters():
                if name.endswith("whitening.bias"):
                    parameter.grad = None

    def _look(self) -> tuple[float, float]:
        """Mean loss and accuracy of the epoch so far. Raises DivergedError."""
        step, world = self.state.step, self.settings.world
        count = (1 + (step - 1) % self.per_epoch) * self.batch
        loss, correct = (world.total(self.sums.clone()) / count).tolist()
        if not np.isfinite(loss):
            raise self._diverged(f"the loss is {loss}")
        return loss, correct

    def _diverged(self, what: str) -> DivergedError:
        epoch = 1 + (self.state.step - 1) // self.per_epoch
        rate = self.optimizer.param_groups[0]["lr"]
        is_kept = self.path is not None and self.path.is_file()
        return DivergedError(
            f"{what} in epoch {epoch} of {name_of(self.settings.fold)} at a learning rate of "
            f"{rate:g} (--lr {self.settings.recipe.lr:g}); "
            + ("the last good checkpoint is kept" if is_kept else "there is no checkpoint yet")
        )

    def _end_epoch(self, reports: Reports) -> None:
        loss, accuracy = self._look()
        epoch = 1 + (self.state.step - 1) // self.per_epoch
        rate = self.optimizer.param_groups[0]["lr"]
        self.state.history.append([float(epoch), loss, accuracy, rate])
        reports.epoch(epoch, loss, accuracy, rate)
        self.sums.zero_()

    def _agree(self, stop: bool, late: bool, *, at: bool) -> tuple[bool, bool]:
        """What any process asks for; where there are several, they ask at the same steps."""
        world = self.settings.world
        if world.size == 1:
            return stop, late
        if not at:
            return False, False
        counts = world.total(torch.tensor([stop, late], device=self.settings.device).float())
        return bool(counts[0] > 0), bool(counts[1] > 0)

    def _key(self, purpose: int, number: int) -> int:
        """A seed for one purpose in one step, the same whenever it is asked for."""
        entropy = [self.settings.seed, self.settings.fold + 1, purpose, number]
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))


def largest_batch(network: nn.Module, settings: Settings, shape: tuple[int, ...]) -> int:
    """The largest half, quarter ... of the batch size of which one step fits in memory; 0 for none.

    network: its weights are spoilt. shape: of an image (h, w, 3). To be called when the error that
    memory did not suffice is gone, with the tensors that it keeps.
    """
    batch = settings.recipe.batch_size // 2
    height, width, channels = shape
    optimizer = make_optimizer(network, settings.recipe)
    while batch:
        try:
            pixels = torch.rand(batch, channels, height, width, device=settings.device)
            pixels = pixels.to(memory_format=torch.channels_last)
            with autocast(settings.precision, settings.device):
                loss = network.train()(pixels).float().square().mean()
            torch.autograd.backward(loss)
            optimizer.step()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            batch //= 2
        else:
            return batch
        finally:
            loss = None
            network.zero_grad(set_to_none=True)
    return 0


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice, on a GPU or on a CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and re.search(OUT_OF_MEMORY, str(error)) is not None
    )
