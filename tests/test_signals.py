"""Signals that wait, and end what they end all the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from c10h.signals import waiting_signals


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """What the handler of SIGTERM gets."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def test_they_wait_until_the_end(handled: list[int]) -> None:
    with waiting_signals():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert handled == []
    assert handled == [signal.SIGTERM] * 2
    signal.raise_signal(signal.SIGTERM)
    assert len(handled) == 3


def test_they_are_handled_when_asked_for(handled: list[int]) -> None:
    with waiting_signals() as handle:
        handle()
        signal.raise_signal(signal.SIGTERM)
        handle()
        assert handled == [signal.SIGTERM]
    assert handled == [signal.SIGTERM]


def test_one_in_another(handled: list[int]) -> None:
    with waiting_signals():
        with waiting_signals():
            signal.raise_signal(signal.SIGTERM)
        assert handled == []
    assert handled == [signal.SIGTERM]


def test_ctrl_c_beside_an_error() -> None:
    """The command ends as Ctrl-C ends it, and what went wrong is not lost."""

    def fail() -> None:
        with waiting_signals():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("no")

    with pytest.raises(KeyboardInterrupt) as raised:
        fail()
    assert isinstance(raised.value.__context__, ValueError)


def test_another_thread_gets_none(handled: list[int]) -> None:
    def work() -> None:
        with waiting_signals() as handle:
            handle()
            handlers.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    handlers: list[object] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [before]
