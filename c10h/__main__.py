"""The process of a command: ``c10h`` and ``python -m c10h`` are the same."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

# Imports make many objects, and nearly all of them stay: looking for garbage among them as often
# as Python does by default takes a tenth of the time of a short command.
ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000
# What shells know as the status after Ctrl-C.
INTERRUPTED = 130


def run() -> NoReturn:
    """Run the command line of this process, and end it without tearing everything down.

    Unloading polars, numpy and HDF5 takes longer than many a command. A crash ends as ever.
    """
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    status: object = 0
    try:
        from c10h.cli import main

        main()
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:  # before or after what Typer sees of it
        status = INTERRUPTED
    atexit._run_exitfuncs()  # which remove temporary files
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    run()
