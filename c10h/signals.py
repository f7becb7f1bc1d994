"""Ctrl-C and its like: asked for, made to wait, or kept from processes that start."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


@contextmanager
def no_interrupts() -> Iterator[None]:
    """Ctrl-C waits, and processes that start now never get it: the first one ends them."""
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # as the first process would, which lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C be asked for, which yields a function; a second one ends at once."""
    interrupts: list[bool] = []

    def ask(number: int, frame: object) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(True)

    earlier = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(interrupts)
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def waiting_signals() -> Iterator[Callable[[], None]]:
    """Let signals that Python handles wait until the end, or a call of what this yields.

    For code that a library calls and that may not raise there: where a KeyboardInterrupt comes
    while HDF5 closes a file, h5py drops it, and what was to be written then, or the process
    crashes. Signals only reach the main thread; in another one this does nothing.
    """
    waiting: list[int] = []
    handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
    for number in signal.valid_signals() if current_thread() is main_thread() else ():
        handler = signal.getsignal(number)
        if callable(handler):
            handlers[number] = handler

    def handle() -> None:
        while waiting:
            first = waiting.pop(0)
            handlers[first](first, None)

    try:
        for handled in handlers:
            signal.signal(handled, lambda number, frame: waiting.append(number))
        yield handle
    finally:
        for handled, earlier in handlers.items():
            signal.signal(handled, earlier)
        handle()
