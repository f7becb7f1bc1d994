"""How many processors this process may use, where a container or a batch system limits it."""

from __future__ import annotations

import os
from math import ceil

CGROUPS, OWN_GROUPS = "/sys/fs/cgroup", "/proc/self/cgroup"
# What libraries ask when they are imported: how many threads OpenMP, BLAS and polars start.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "POLARS_MAX_THREADS",
)


def processors() -> int:
    """Processors that this process may use: those it is bound to, and no more than its quota."""
    quota = cpu_quota()
    bound = bound_processors()
    return bound if quota is None else min(bound, quota)


def bound_processors() -> int:
    """Processors that this process may run on, whatever its share of their time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def obey_quota() -> None:
    """Keep libraries that are imported from now on to the quota, where nobody said how many.

    They look at the machine's processors alone, and with a quota of 2 on 64 of these they start 64
    threads, which are stopped most of the time.
    """
    quota = cpu_quota()
    if quota is not None and quota < bound_processors():
        for variable in THREADS:
            os.environ.setdefault(variable, str(quota))


def start_no_allocator_threads() -> None:
    """Keep polars' allocator, jemalloc, from threads of its own, where nobody said otherwise.

    Where memory is limited (``ulimit -v``) and they cannot start, it says so without end, gigabytes
    of it on stderr, and the read may wait for ever.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "background_thread:false")


def cpu_quota() -> int | None:
    """Processors' worth of time that control groups grant, rounded up; None without a limit.

    Of version 2 the file cpu.max of the group and of all above it, of version 1 cpu.cfs_quota_us
    (kernel.org, Control Group v2, and CFS Bandwidth Control). Docker's --cpus, Kubernetes' limits
    and Slurm set them.
    """
    quotas = [*map(_quota_2, _folders("", "")), *map(_quota_1, _folders("cpu", "cpu"))]
    granted = [quota for quota in quotas if quota is not None]
    return ceil(min(granted)) if granted else None


def _folders(controller: str, mount: str) -> list[str]:
    """The folder of this process's group of a controller, and those above it.

    A container may see its own group as the root: folders that there are not are left out later.
    """
    root = os.path.join(CGROUPS, mount)
    for line in _read(OWN_GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            parts = path.strip("/").split("/")
            return [os.path.join(root, *parts[:depth]) for depth in range(len(parts) + 1)]
    return []


def _quota_2(folder: str) -> float | None:
    words = _read(f"{folder}/cpu.max").split()
    return None if not words or words[0] == "max" else int(words[0]) / int(words[1])


def _quota_1(folder: str) -> float | None:
    quota, period = _read(f"{folder}/cpu.cfs_quota_us"), _read(f"{folder}/cpu.cfs_period_us")
    return int(quota) / int(period) if quota and period and int(quota) > 0 else None


def _read(path: str) -> str:
    """A file that the kernel writes; "" where there is none."""
    try:
        # In UTF-8, as Python 3.13.0 cannot load another codec where the working folder is gone.
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""
