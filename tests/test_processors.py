"""How many processors a process may use, by what the kernel says in files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from c10h import processors as under_test
from c10h.processors import THREADS, bound_processors, cpu_quota, obey_quota, processors


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /sys/fs/cgroup; the file ``own`` stands for /proc/self/cgroup."""
    monkeypatch.setattr(under_test, "CGROUPS", str(tmp_path))
    monkeypatch.setattr(under_test, "OWN_GROUPS", str(tmp_path / "own"))
    return tmp_path


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"own": "0::/\n"}, None),
        ({"own": "0::/\n", "cpu.max": "max 100000\n"}, None),
        ({"own": "0::/\n", "cpu.max": "200000 100000\n"}, 2),
        ({"own": "0::/\n", "cpu.max": "150000 100000\n"}, 2),
        ({"own": "0::/\n", "cpu.max": "10000 100000\n"}, 1),
        # A limit on a group above counts, too; so does the least of several.
        (
            {
                "own": "0::/slurm/job\n",
                "slurm/cpu.max": "400000 100000\n",
                "slurm/job/cpu.max": "max 100000\n",
            },
            4,
        ),
        (
            {
                "own": "0::/slurm/job\n",
                "slurm/cpu.max": "400000 100000\n",
                "slurm/job/cpu.max": "300000 100000\n",
            },
            3,
        ),
        # A container sees its own group as the root, under the name that it has outside.
        ({"own": "0::/docker/0123\n", "cpu.max": "200000 100000\n"}, 2),
        (
            {
                "own": "3:cpu,cpuacct:/docker/0123\n0::/\n",
                "cpu/cpu.cfs_quota_us": "250000\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (
            {
                "own": "3:cpu,cpuacct:/\n",
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
)
def test_the_quota(kernel: Path, files: Mapping[str, str], expected: int | None) -> None:
    write(kernel, files)
    assert cpu_quota() == expected


def test_no_more_than_the_quota(kernel: Path) -> None:
    write(kernel, {"own": "0::/\n", "cpu.max": "50000 100000\n"})
    assert processors() == 1
    write(kernel, {"cpu.max": "100000000 100000\n"})
    assert processors() == bound_processors()


def test_libraries_are_told_of_a_quota(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setattr(under_test, "bound_processors", lambda: 64)
    obey_quota()
    assert "POLARS_MAX_THREADS" not in os.environ
    write(kernel, {"own": "0::/\n", "cpu.max": "200000 100000\n"})
    obey_quota()
    assert os.environ["POLARS_MAX_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "2"
    assert os.environ["OMP_NUM_THREADS"] == "7"  # the user's own choice
    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(("call", "threads"), [("", True), ("start_no_allocator_threads()", False)])
def test_threads_of_the_allocator(
    call: str, threads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polars' allocator names its threads; without the call there are some."""
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)
    code = f"""
import os
from c10h.processors import start_no_allocator_threads
{call}
import polars
frame = polars.DataFrame({{"a": range(100_000)}}).lazy()
frame.sort("a", descending=True).collect(engine="streaming")
for thread in os.listdir("/proc/self/task"):
    print(open(f"/proc/self/task/{{thread}}/comm").read(), end="")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("jemalloc" in done.stdout) == threads
    assert "polars" in done.stdout


def test_processors_that_the_process_is_bound_to() -> None:
    assert bound_processors() == len(os.sched_getaffinity(0))
    code = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    code += "from c10h.processors import processors; print(processors())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"1\n"
