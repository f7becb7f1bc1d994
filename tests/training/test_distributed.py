"""Two processes against one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from c10h.training.distributed import World, distribute, world_of_environment
from training.small import Tiny
from training.two_processes import normalised, trained

TESTS = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two processes found, that talk by gloo over the loopback, as torchrun starts them."""
    folder = tmp_path_factory.mktemp("processes")
    environment = {
        **os.environ,
        "PYTHONPATH": str(TESTS),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": "2",
    }
    command = [sys.executable, "-W", "ignore", "-m", "training.two_processes", str(folder)]
    processes = [
        subprocess.Popen(command, env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(2)
    ]
    try:
        assert [one.wait(120) for one in processes] == [0, 0]
    finally:
        for one in processes:
            one.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


def test_the_loss_curve_is_that_of_one_process(both: list[dict[str, Any]]) -> None:
    alone = trained(World())
    for one in both:
        torch.testing.assert_close(one["history"], alone.history, rtol=1e-4, atol=1e-5)


def test_the_weights_are_those_of_one_process(both: list[dict[str, Any]]) -> None:
    """Those of the layers before batch normalisation, too, and its running statistics."""
    alone = trained(World()).network
    assert alone.keys() == both[0]["network"].keys()
    for name, value in alone.items():
        torch.testing.assert_close(both[0]["network"][name], value, rtol=1e-3, atol=1e-4)
        assert torch.equal(both[0]["network"][name], both[1]["network"][name]), name


@pytest.mark.parametrize("momentum", [0.1, None])
def test_common_statistics_are_those_of_the_whole_batch(
    both: list[dict[str, Any]], momentum: float | None
) -> None:
    """Against torch's layer, for values whose sums of squares would lose digits."""
    wanted = normalised(nn.BatchNorm2d(5, momentum=momentum), slice(None))
    parts = [one["layers"][str(momentum)] for one in both]
    for name in ("output", "batch"):
        found = torch.cat([part[name] for part in parts])
        torch.testing.assert_close(found, wanted[name], rtol=1e-3, atol=1e-3)
    for name in ("weight gradient", "bias gradient"):
        found = parts[0][name] + parts[1][name]  # which the mean over processes is half of
        torch.testing.assert_close(found, wanted[name], rtol=1e-3, atol=1e-3)
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        for part in parts:
            torch.testing.assert_close(part[name], wanted[name], rtol=1e-4, atol=1e-4)


def test_one_process_asks_and_both_stop_and_go_on(both: list[dict[str, Any]]) -> None:
    for one in both:
        assert one["resumes"]
        # Sums of an epoch's losses are rounded in another order.
        torch.testing.assert_close(one["resumed history"], one["history"], rtol=1e-6, atol=0)


def test_a_batch_that_two_cannot_share(both: list[dict[str, Any]]) -> None:
    for one in both:
        assert "--batch-size 7: batches of 7 images cannot be divided among 2" in one["refused"]


def test_all_processes_refuse_a_folder_that_they_do_not_share(both: list[dict[str, Any]]) -> None:
    for number, one in enumerate(both):
        shared, not_shared, seen_late = one["folders"]
        assert (shared, seen_late) == ("", "")
        assert not_shared.endswith(
            f"{number}: expected the same files in all 2 processes of torchrun, found others in 1: "
            "put the run where all nodes see the same files"
        )


def test_torchrun_says_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert world_of_environment() == World(0, 1, 0)
    for name, value in (("RANK", "5"), ("WORLD_SIZE", "8"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    world = world_of_environment()
    assert world == World(5, 8, 1)
    assert not world.is_first


def test_parts_of_a_batch_are_disjoint_and_complete() -> None:
    rows = torch.arange(12)
    assert torch.equal(torch.cat([World(rank, 4).share(rows) for rank in range(4)]), rows)


def test_alone_a_network_stays_as_it_is() -> None:
    network = Tiny()
    assert distribute(network, World(), torch.device("cpu")) is network
    assert type(network[1]) is nn.BatchNorm2d
