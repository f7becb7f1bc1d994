"""Progress where there is no terminal: a line a minute."""

from __future__ import annotations

import pytest

from c10h.cli import progress_bar
from c10h.cli.progress_bar import progress


class Clock:
    """Seconds that pass when told."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_bar, "time", clock)
    return clock


def test_a_line_a_minute(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("predicting", 50_000, "images") as advance:
        for _ in range(10):
            clock.now += 20
            advance(1000)
    assert capsys.readouterr().err.splitlines() == [
        "predicting: 3,000 of 50,000 images, 50 images/s, 0:15:40 left",
        "predicting: 6,000 of 50,000 images, 50 images/s, 0:14:40 left",
        "predicting: 9,000 of 50,000 images, 50 images/s, 0:13:40 left",
    ]


def test_short_work_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("predicting", 10, "images") as advance:
        clock.now += 59
        advance(10)
    assert capsys.readouterr().err == ""


def test_what_it_is_at_and_no_end_in_sight(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress("training", None, "images") as advance:
        clock.now += 100
        advance(50, "fold 1, epoch 2/3")
    assert capsys.readouterr().err == "fold 1, epoch 2/3: 50 images, 0.5 images/s\n"


def test_nothing_done_yet(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", 5) as advance:
        clock.now += 61
        advance(0)
    assert capsys.readouterr().err == "reading: 0 of 5 items, 0.0 items/s\n"
