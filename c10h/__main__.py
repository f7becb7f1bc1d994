"""The process of a command: ``c10h`` and ``python -m c10h`` are the same."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import signal
import sys
from threading import Timer
from typing import Any, NoReturn

from c10h.processors import obey_quota, start_no_allocator_threads

# Imports make many objects, and nearly all of them stay: looking for garbage among them as often
# as Python does by default takes a tenth of the time of a short command.
ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000
# What shells know as the status after a signal is this and its number.
AFTER_SIGNAL = 128
# Signals that ask a process to end, and what Python does about each; Windows has but two.
ENDING = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    **({signal.SIGHUP: signal.SIG_DFL} if hasattr(signal, "SIGHUP") else {}),
}
# How much later a signal comes again that came where Python could not raise.
AGAIN_SECONDS = 0.01


class Pipe(io.FileIO):
    """Stdout or stderr, of which nobody may want the rest: after ``| head -1`` it goes nowhere.

    What the command has left to do, and its status, are the same as if it had been read.
    """

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return super().write(data)


def run() -> NoReturn:
    """Run the command line of this process, and end it without tearing everything down.

    Unloading polars, numpy and HDF5 takes longer than many a command. A crash ends as ever.
    """
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    if sys.stderr is None:
        sys.stderr = _nowhere()
    sys.stdout, sys.stderr = _piped(sys.stdout), _piped(sys.stderr)
    status: object = 0
    signals: list[int] = []
    try:
        _end_in_order(signals)
        obey_quota()
        start_no_allocator_threads()
        from c10h.cli import main

        main()
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:  # before or after what Typer sees of it
        status = AFTER_SIGNAL + signal.SIGINT
    except Exception:
        # Some code takes the exception of a signal for an error of its own, as imports do.
        if not signals:
            raise
        status = 1
    if status and signals:
        status = AFTER_SIGNAL + signals[0]
    atexit._run_exitfuncs()  # which remove temporary files
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def _end_in_order(signals: list[int]) -> None:
    """Let signals end the command as an error does, so that it cleans up; what came is added.

    Where they are ignored, as after nohup, they stay so.
    """

    def end(number: int, frame: object) -> NoReturn:
        signals.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(AFTER_SIGNAL + number)

    def come_again(ignored: sys.UnraisableHookArgs) -> None:
        """Where Python cannot raise, as in a destructor, it drops the exception of a signal."""
        if signals and issubclass(ignored.exc_type, (KeyboardInterrupt, SystemExit)):
            Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signals[-1])).start()
        else:
            sys.__unraisablehook__(ignored)

    for number, default in ENDING.items():
        if signal.getsignal(number) is default:
            signal.signal(number, end)
    sys.unraisablehook = come_again


def _nowhere() -> Any:
    """In place of a closed stderr: no file that is opened later may take its number."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    if nowhere != 2:
        os.close(nowhere)
    return io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8")


def _piped(stream: Any) -> Any:
    """A standard stream on a :class:`Pipe`; None, as Python has it, where it is closed."""
    if stream is None:
        return None
    return io.TextIOWrapper(
        io.BufferedWriter(Pipe(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
    )


if __name__ == "__main__":
    run()
