"""Command lines in processes of their own, forked from one that has imported everything."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pkgutil
import resource
import signal
import sys
import time
import traceback
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import c10h

# What a process may take before it is stopped, and what counts as too much of it. Seconds are of
# its own computing, the same on a busy machine; one that only waits gets more by the clock.
SECONDS = 10
CLOCK_SECONDS = 60.0
MOST_BYTES = 2 << 30
ADDRESS_BYTES = 8 << 30


@dataclass(frozen=True)
class Ended:
    """How a command line ended. status: negative for a signal. peak: bytes of memory.

    hung: it was stopped, as it took too long.
    """

    status: int
    out: bytes
    err: str
    hung: bool
    peak: int


def import_everything() -> None:
    """Import all of c10h and what it uses later, once for all processes that are forked."""
    import polars  # noqa: F401
    import torch

    torch.set_num_threads(1)
    for module in pkgutil.walk_packages(c10h.__path__, "c10h."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def run_here(line: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run a command line in a folder. Returns its status, and what it said."""
    ended = run(line, folder)
    return ended.status, ended.err


def run(line: Sequence[str], folder: Path) -> Ended:
    """Run a command line in a folder, in a process of its own, and no longer than it may take."""
    out, err = folder / ".out", folder / ".err"
    out.touch()
    err.touch()
    child = os.fork()
    if not child:
        _become(line, folder, out, err)
    status, hung, peak = _wait(child)
    said = out.read_bytes(), err.read_bytes().decode("utf-8", "replace")
    out.unlink()
    err.unlink()
    return Ended(status, *said, hung, peak * 1024)


def _wait(child: int) -> tuple[int, bool, int]:
    """The status of a process, whether it was stopped, and its peak memory in kilobytes."""
    begun, pause = time.monotonic(), 0.002
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code, code == -signal.SIGXCPU, usage.ru_maxrss
        if time.monotonic() - begun > CLOCK_SECONDS:
            os.kill(child, signal.SIGKILL)
            _, _, usage = os.wait4(child, 0)
            return -signal.SIGKILL, True, usage.ru_maxrss
        time.sleep(pause)
        pause = min(0.01, pause * 1.5)


def _become(line: Sequence[str], folder: Path, out: Path, err: Path) -> None:
    """In the child: run the command line, and end."""
    status = 99
    try:
        # What the parent would clean up at its end is the parent's.
        atexit._clear()
        weakref.finalize._registry.clear()  # type: ignore[attr-defined]
        weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
        os.chdir(folder)
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
        for number, path in ((1, out), (2, err)):
            descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
            os.dup2(descriptor, number)
        # For as long as the process lives.
        sys.stdin = open(os.devnull)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.path.insert(0, str(folder))
        sys.argv = ["c10h", *line]
        from c10h.__main__ import run as run_command

        status = _status_of(run_command)
    finally:
        if status == 99:
            os.write(2, traceback.format_exc().encode())
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _status_of(command: object) -> int:
    try:
        command()  # type: ignore[operator]
    except SystemExit as error:
        code = error.code
        return code if isinstance(code, int) else int(code is not None)
    except BaseException:
        traceback.print_exc()
        return 70
    return 0
