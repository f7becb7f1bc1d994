"""Devices and number formats."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from c10h.errors import InputError
from c10h.training.device_and_precision import autocast, choose_device, choose_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [(True, False, "cuda"), (True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_is_a_gpu_where_there_is_one(
    cuda: bool, mps: bool, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == wanted


@pytest.mark.parametrize("name", ["cuda:99", "toaster", ""])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError, match=f"--device {name}: not on this machine") as error:
        choose_device(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx2": True}, "fp32")],
)
def test_auto_goes_by_what_a_cpu_can(
    found: dict[str, bool], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert choose_precision("auto", CPU) == wanted


@pytest.mark.parametrize(("version", "wanted"), [((7, 5), "fp32"), ((8, 0), "bf16")])
def test_auto_goes_by_what_a_gpu_can(
    version: tuple[int, int], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: version)
    assert choose_precision("auto", GPU) == wanted


def test_half_precision_needs_a_gpu() -> None:
    assert choose_precision("fp16", GPU) == "fp16"
    with pytest.raises(InputError, match="--precision fp16: needs a GPU, found cpu"):
        choose_precision("fp16", CPU)


def test_what_is_asked_for_is_taken() -> None:
    for name in ("fp32", "bf16"):
        assert choose_precision(name, CPU) == name


@pytest.mark.parametrize(("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_what_products_are_computed_in(name: str, dtype: torch.dtype) -> None:
    with autocast(name, CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


# Pages that a process touches anew when it makes a tensor of 64 MiB ten times and lets it go.
FAULTS = """
import resource, sys
import torch
from c10h.training.device_and_precision import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(10):
    torch.ones(1 << 24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.ones(1 << 24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_freed_memory_is_kept() -> None:
    faults = {
        what: int(subprocess.check_output([sys.executable, "-c", FAULTS, what]))
        for what in ("give back", "keep")
    }
    assert faults["give back"] > 100  # huge pages make few of many
    assert faults["keep"] < faults["give back"] / 10
