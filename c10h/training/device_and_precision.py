"""Devices and number formats: what this machine has, and what a run uses."""

from __future__ import annotations

import ctypes
from contextlib import AbstractContextManager, nullcontext

import torch

from c10h.decisions import decided
from c10h.errors import InputError
from c10h.training.choices import PRECISIONS

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_NEVER = 2**31 - 1


def choose_device(name: str) -> torch.device:
    """The device of ``--device``; auto is a GPU where there is one.

    On a CPU the process keeps freed memory from now on. Raises InputError for a device that this
    machine does not have.
    """
    if name == "auto":
        device = torch.device(_best_device())
        decided("--device auto: %s; %d threads on the CPU", device, torch.get_num_threads())
    else:
        try:
            device = torch.device(name)
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as error:
            why = str(error).splitlines()[0]
            raise InputError(f"--device {name}: not on this machine: {why}") from error
    if device.type == "cpu":
        keep_freed_memory()
    return device


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def keep_freed_memory() -> None:
    """Let this process keep the memory that tensors on the CPU give back, where its libc can.

    glibc returns large blocks to the system, which clears each page again when the next step asks
    for it: a sixth of the time of a network with large batches.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no glibc
        return
    mallopt(_TRIM_THRESHOLD, _NEVER)
    mallopt(_MMAP_MAX, 0)


def choose_precision(name: str, device: torch.device) -> str:
    """The number format, a name of PRECISIONS; auto is bf16 where the hardware computes in it.

    Raises InputError for one that the device does not have.
    """
    if name == "auto":
        precision = "bf16" if _has_bf16(device) else "fp32"
        decided("--precision auto: %s, by what %s computes fast", precision, device)
        return precision
    if PRECISIONS[name].needs_gpu and device.type != "cuda":
        raise InputError(f"--precision {name}: needs a GPU, found {device.type}")
    return name


def _has_bf16(device: torch.device) -> bool:
    """Whether products in bfloat16 are fast: AVX-512 BF16 or AMX on a CPU, Ampere or later."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """The context in which a network computes in a precision."""
    dtype = PRECISIONS[precision].dtype
    return torch.autocast(device.type, dtype=getattr(torch, dtype)) if dtype else nullcontext()
