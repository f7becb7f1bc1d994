"""What each of several processes does in test_distributed: python -m training.two_processes OUT."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from c10h.errors import InputError, MismatchError, StoppedError
from c10h.training import distributed, loop
from c10h.training.checkpoint import Checkpoint, load
from c10h.training.distributed import (
    CommonBatchNorm2d,
    World,
    check_shared,
    joined,
    world_of_environment,
)
from c10h.training.loop import Reports
from training.small import RECIPE, same, settings, train

HOW = replace(RECIPE, epochs=4, batch_size=8, translate=1, lr=0.05)


def trained(world: World, path: Path | None = None, **more: Any) -> Checkpoint:
    """A training on everything that is random, but for the network's inside."""
    return train(settings(HOW, world=world, drawn=True, mixup=0.5), path=path, **more)


def make_batch() -> torch.Tensor:
    """Channels whose means are large for their deviations."""
    random = torch.Generator().manual_seed(1)
    values = torch.randn(8, 5, 4, 3, generator=random)
    return values * torch.arange(1, 6)[:, None, None] + 100


def normalised(layer: nn.BatchNorm2d, rows: slice) -> dict[str, torch.Tensor]:
    """Output of a layer for a part of the batch, and gradients of Σ output³."""
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(0.5, 2, 5))
        layer.bias.copy_(torch.linspace(-1, 1, 5))
    batch = make_batch()[rows].requires_grad_()
    output = layer(batch)
    output.pow(3).sum().backward()
    assert batch.grad is not None
    assert layer.weight.grad is not None
    assert layer.bias.grad is not None
    return {
        "output": output.detach(),
        "batch": batch.grad,
        "weight gradient": layer.weight.grad,
        "bias gradient": layer.bias.grad,
        **layer.state_dict(),
    }


def stopped_and_resumed(world: World, folder: Path) -> Checkpoint:
    """The same training, which the second process asks to stop, within an epoch of two steps."""
    loop.STEPS_BETWEEN_LOOKS = 1
    path = folder / "stopped.pt"
    steps = 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return world.rank == 1 and steps == 3

    for _ in range(2):
        try:
            return trained(world, path, reports=Reports(stop=stop), minutes=0.0)
        except StoppedError:
            assert load(path).step == 3
    raise AssertionError("stopped twice")


def folder_refused(world: World, folder: Path, seconds: float) -> str:
    """What is said of a folder, of which the second process may see other files than the first."""
    distributed.SECONDS_TO_BE_SEEN = seconds
    try:
        check_shared(world, folder, ["run.json", "fold-1.*"], torch.device("cpu"))
    except MismatchError as error:
        return str(error)
    return ""


def folders_refused(world: World, folder: Path) -> list[str]:
    """Of a folder that both see, of one that only the first has files in, and of one seen late."""
    for number in range(2):
        (folder / str(number)).mkdir(exist_ok=True)
    own = folder / str(world.rank)
    if world.is_first:
        (own / "fold-1.pt").write_text("checkpoint")
        (own / "fold-2.pt").write_text("of no concern")
    world.wait()
    refused = [folder_refused(world, path, 0) for path in (folder / "0", own)]
    if not world.is_first:
        late = threading.Timer(0.5, (own / "fold-1.pt").write_text, ["checkpoint"])
        late.start()
    return [*refused, folder_refused(world, own, 30)]


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    world = world_of_environment()
    with joined(world, torch.device("cpu")):
        layers = {
            str(momentum): normalised(
                CommonBatchNorm2d(5, momentum=momentum),
                slice(4 * world.rank, 4 * world.rank + 4),
            )
            for momentum in (0.1, None)
        }
        state = trained(world, folder / "whole.pt")
        resumed = stopped_and_resumed(world, folder)
        refused = ""
        try:
            train(settings(replace(HOW, batch_size=7), world=world))
        except InputError as error:
            refused = str(error)
        folders = folders_refused(world, folder)
    found = {
        "layers": layers,
        "network": state.network,
        "history": state.history,
        "resumed history": resumed.history,
        "resumes": same(dict(resumed.network), dict(state.network)),
        "refused": refused,
        "folders": folders,
    }
    torch.save(found, folder / f"{world.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
