"""Work in threads and processes: in order, within bounds, and without leftovers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing

import pytest

from c10h import parallel
from c10h.errors import C10hError
from c10h.parallel import Later, in_order
from c10h.processors import processors


def slow_square(number: int) -> int:
    time.sleep(0.002 * (number % 3))  # so that later ones may be done first
    return number * number


def fail(number: int) -> int:
    if number == 3:
        raise KeyError("three")
    return number


def end(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("in_processes", [False, True])
class TestInOrder:
    def test_results_are_in_the_order_of_the_tasks(self, in_processes: bool) -> None:
        found = list(in_order(slow_square, range(50), in_processes=in_processes))
        assert found == [number * number for number in range(50)]

    def test_nothing_to_do(self, in_processes: bool) -> None:
        assert list(in_order(slow_square, [], in_processes=in_processes)) == []

    def test_few_tasks_are_taken_ahead(self, in_processes: bool) -> None:
        taken: list[int] = []

        def tasks() -> Iterator[int]:
            for number in range(100):
                taken.append(number)
                yield number

        with closing(in_order(slow_square, tasks(), in_processes=in_processes)) as results:
            for done, _ in zip(range(1, 20), results, strict=False):
                assert len(taken) <= done + 2 * processors()
        assert len(taken) < 30 + 2 * processors()

    def test_an_error_comes_where_its_result_would(self, in_processes: bool) -> None:
        results = in_order(fail, range(10), in_processes=in_processes)
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(KeyError, match="three"):
            next(results)

    def test_an_error_of_the_tasks(self, in_processes: bool) -> None:
        def tasks() -> Iterator[int]:
            yield 1
            raise KeyError("no more")

        with pytest.raises(KeyError, match="no more"):
            list(in_order(slow_square, tasks(), in_processes=in_processes))

    def test_interrupts_are_as_before(self, in_processes: bool) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        list(in_order(slow_square, range(3), in_processes=in_processes))
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
        assert signal.SIGINT not in before


def test_a_process_that_is_killed() -> None:
    with pytest.raises(C10hError, match="a worker process was killed"):
        list(in_order(end, range(3), in_processes=True))


def test_processes_do_not_get_interrupts() -> None:
    """They are sent to all processes of a terminal; a worker that got one would be gone."""
    code = (
        "import os, signal, time\n"
        "from c10h.parallel import in_order\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, lambda *_: None)\n"
        "    results = in_order(time.sleep, [0.01] * 20 + [1.0] * 4, in_processes=True)\n"
        "    next(results); os.killpg(0, signal.SIGINT)\n"
        "    print(len(list(results)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, start_new_session=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"23\n", b"")


def test_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "processors", lambda: 5)
    before = threading.active_count()
    list(in_order(slow_square, range(30)))
    assert threading.active_count() == before


class TestLater:
    def test_a_result(self) -> None:
        assert Later(lambda: 3).result() == 3

    def test_an_error(self) -> None:
        with pytest.raises(KeyError, match="three"):
            Later(lambda: fail(3)).result()


def test_a_thread_that_ends_without_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that has no memory left to keep it, for which the pool would wait for ever."""

    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Future, "set_result", no_memory)
    with pytest.raises(MemoryError):
        list(in_order(abs, [1, 2]))


def test_a_timeout_of_the_function_itself() -> None:
    def late(_: int) -> None:
        raise TimeoutError("too late")

    with pytest.raises(TimeoutError, match="too late"):
        list(in_order(late, [1]))
