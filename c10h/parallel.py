"""Work in threads, as numpy and polars release the interpreter lock, or in processes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import nullcontext
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Generic, TypeVar

from c10h.errors import C10hError
from c10h.processors import processors
from c10h.signals import no_interrupts

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

# How often a wait for a thread looks whether the thread is there still.
SECONDS_BETWEEN_LOOKS = 1.0

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, in_processes: bool = False
) -> Generator[Result, None, None]:
    """Results in the order of the tasks, with no more than a few computed ahead.

    The order makes sums of results the same in every run; the bound keeps memory small.
    in_processes: not in threads; function and tasks must then be such that pickle takes them.
    Raises C10hError where one of the processes was killed.
    """
    from concurrent.futures import BrokenExecutor

    threads: list[Thread] = []
    with _processes() if in_processes else _threads(threads) as pool:
        ahead: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                with no_interrupts() if in_processes else nullcontext():
                    ahead.append(pool.submit(function, task))
                if len(ahead) > 2 * processors():
                    yield _result(ahead.popleft(), threads)
            while ahead:
                yield _result(ahead.popleft(), threads)
        except BrokenExecutor as error:
            raise C10hError("a worker process was killed (out of memory?)") from error
        finally:
            for future in ahead:
                future.cancel()


def _threads(begun: list[Thread]) -> Executor:
    """A pool of threads, each of which is added to those that have begun."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(processors(), initializer=lambda: begun.append(current_thread()))


def _result(future: Future[Result], threads: Sequence[Thread]) -> Result:
    """Wait for a result; an error of the function is raised here.

    A thread that has no memory left to say so ends without a result, for which the pool would wait
    for ever. Raises MemoryError then.
    """
    while True:
        try:
            return future.result(timeout=SECONDS_BETWEEN_LOOKS)
        except TimeoutError:
            if future.done():
                raise
            if not all(thread.is_alive() for thread in threads):
                raise MemoryError from None


def _processes() -> Executor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # New processes rather than forks, which inherit the locks of threads in any state.
    return ProcessPoolExecutor(processors(), get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    from multiprocessing import parent_process

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


class Later(Generic[Result]):
    """The result of a function that a thread computes, which keeps no process alive."""

    def __init__(self, function: Callable[[], Result]) -> None:
        self._outcome: list[Result] = []
        self._error: BaseException | None = None
        self._function = function
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> Result:
        """Wait for the result; an error of the function is raised here."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        if not self._outcome:
            raise MemoryError  # which the thread had no memory left to tell
        return self._outcome[0]

    def _run(self) -> None:
        try:
            self._outcome.append(self._function())
        except BaseException as error:  # raised again by result()
            self._error = error
