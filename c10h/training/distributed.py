"""Training in several processes that ``torchrun`` starts: equal parts of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce


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
    """The processes of a world connected, by nccl for GPUs and gloo for CPUs."""
    if world.size == 1:
        yield
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def distribute(network: nn.Module, world: World, device: torch.device) -> nn.Module:
    """A network whose gradients and batch statistics are those of the whole batch."""
    if world.size == 1:
        return network
    if device.type == "cuda":
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    else:
        network = _with_common_statistics(network)
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
        sums = torch.stack([values.sum((0, 2, 3)), (values * values).sum((0, 2, 3))])
        count = values.numel() / values.shape[1] * dist.get_world_size()
        mean, square = all_reduce(sums) / count  # type: ignore[no-untyped-call]
        variance = square - mean * mean
        if self.running_mean is not None and self.running_var is not None:
            share = self.momentum or 0.0
            with torch.no_grad():
                self.running_mean.lerp_(mean, share)
                self.running_var.lerp_(variance * count / (count - 1), share)
                if self.num_batches_tracked is not None:
                    self.num_batches_tracked.add_(1)
        scale = torch.rsqrt(variance + self.eps)
        scale = scale if self.weight is None else scale * self.weight
        shift = -mean * scale
        shift = shift if self.bias is None else shift + self.bias
        found = values * scale[:, None, None] + shift[:, None, None]
        return cast(Tensor, found.to(input.dtype))


def _with_common_statistics(network: nn.Module) -> nn.Module:
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                common = CommonBatchNorm2d(
                    child.num_features, child.eps, child.momentum, child.affine
                )
                state: dict[str, Any] = child.state_dict()
                common.load_state_dict(state)
                for key, parameter in child.named_parameters():
                    getattr(common, key).requires_grad_(parameter.requires_grad)
                setattr(module, name, common)
    return network
