"""Training in several processes that ``torchrun`` starts: equal parts of every batch."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from c10h.errors import C10hError, MismatchError

# What gloo says, in a plain RuntimeError, when another process is gone.
GONE = "gloo/transport|by peer|Timed out waiting"
# How long a file that one node wrote may take to be seen by the others, through their caches.
SECONDS_TO_BE_SEEN = 60.0


@dataclass(frozen=True)
class World:
    """One process among all: its number, how many there are, its number on this machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, rows: Tensor) -> Tensor:
        """The part of a batch, whose size all processes divide, that is for this one."""
        part = len(rows) // self.size
        return rows[self.rank * part : (self.rank + 1) * part]

    def total(self, value: Tensor) -> Tensor:
        """The sum of a value over all processes."""
        if self.size > 1:
            dist.all_reduce(value)
        return value

    def from_first(self, value: object) -> object:
        """What the first process has, in all of them."""
        values = [value]
        if self.size > 1:
            dist.broadcast_object_list(values)
        return values[0]

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            dist.barrier()


def world_of_environment() -> World:
    """What torchrun says of this process; the only one where nothing started it."""
    rank, local = (int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK"))
    return World(rank, int(os.environ.get("WORLD_SIZE", "1")), local)


@contextmanager
def joined(world: World, device: torch.device) -> Iterator[None]:
    """The processes of a world connected, by nccl for GPUs and gloo for CPUs.

    Raises C10hError where another of them is lost.
    """
    if world.size == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not re.search(GONE, str(error)):
            raise
        raise C10hError(
            "another process of torchrun ended or does not answer; started again, the same "
            "command resumes"
        ) from error
    finally:
        dist.destroy_process_group()


def check_shared(world: World, folder: Path, patterns: Sequence[str], device: torch.device) -> None:
    """Raise MismatchError, in all processes, unless all see the first one's files of a folder.

    Processes that resumed from different checkpoints would wait for each other without end.
    patterns: of the names of the files that they have to see.
    """
    if world.size == 1:
        return
    expected = world.from_first(_sizes(folder, patterns))
    until = time.monotonic() + SECONDS_TO_BE_SEEN
    sees = _sizes(folder, patterns) == expected
    while not sees and time.monotonic() < until:
        time.sleep(1)
        sees = _sizes(folder, patterns) == expected
    seeing = int(world.total(torch.tensor(int(sees), device=device)))
    if seeing < world.size:
        raise MismatchError(
            f"{folder}: expected the same files in all {world.size} processes of torchrun, found "
            f"others in {world.size - seeing}: put the run where all nodes see the same files"
        )


def _sizes(folder: Path, patterns: Sequence[str]) -> dict[str, int]:
    """The files that there are, and their sizes in bytes."""
    return {path.name: path.stat().st_size for name in patterns for path in folder.glob(name)}


def distribute(network: nn.Module, world: World, device: torch.device) -> nn.Module:
    """A network whose gradients and batch statistics are those of the whole batch."""
    if world.size == 1:
        return network
    if device.type == "cuda":
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    else:
        for module in network.modules():
            if type(module) is nn.BatchNorm2d:
                # In place: an optimizer has its parameters already.
                module.__class__ = CommonBatchNorm2d
    return nn.parallel.DistributedDataParallel(network)


class CommonBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation by the mean and variance of all processes' parts of a batch.

    torch's SyncBatchNorm does the same for GPUs and refuses CPUs.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, as the class it stands for
        """Normalise (b, c, h, w)."""
        if not self.training:
            return super().forward(input)
        values = input.float()
        count = values.numel() // values.shape[1] * dist.get_world_size()
        # Two exchanges rather than one of sums and squares, whose difference loses digits.
        mean = _total(values.sum((0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance = _total((centred * centred).sum((0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        scale = torch.rsqrt(variance + self.eps)
        scale = scale if self.weight is None else scale * self.weight
        normalised = centred * scale[:, None, None]
        if self.bias is not None:
            normalised = normalised + self.bias[:, None, None]
        return normalised.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Take a batch into the running statistics."""
        if self.running_mean is None or self.running_var is None:
            return
        share = self.momentum
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if share is None:
                share = 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share or 0.0)
        self.running_var.lerp_(variance, share or 0.0)


class _Total(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


def _total(values: Tensor) -> Tensor:
    """The sum over all processes, through which gradients flow."""
    return cast(Tensor, _Total.apply(values))
