"""Progress on stderr: bars with rate and time left, and lines where there is no terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from c10h.cli.console import rich_console, say

# Seconds between lines of progress where there is no terminal.
BETWEEN_LINES = 60.0


class Advance(Protocol):
    """Move a bar on by some items, and say what they were part of where that has changed."""

    def __call__(self, items: int, /, what: str | None = None) -> None: ...


class _Lines:
    """A line a minute, where there is no terminal: a log has no use for more."""

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done = 0
        self.begun = self.told = time.monotonic()

    def __call__(self, items: int, /, what: str | None = None) -> None:
        self.done += items
        self.what = self.what if what is None else what
        now = time.monotonic()
        if now - self.told < BETWEEN_LINES:
            return
        self.told = now
        rate = self.done / (now - self.begun)
        parts = [f"{self.what}: {self.done:,}", f"{rate:,.{0 if rate > 10 else 1}f} {self.unit}/s"]
        if self.total is not None:
            parts[0] += f" of {self.total:,}"
            left = timedelta(seconds=round((self.total - self.done) / rate)) if rate else None
            parts += [f"{left} left"] if left is not None else []
        parts[0] += f" {self.unit}"
        say(", ".join(parts))


@contextlib.contextmanager
def progress(what: str, total: int | None, unit: str = "items") -> Iterator[Advance]:
    """A bar with rate and time left on stderr; yields ``advance(items)``.

    Where that is no terminal, a line a minute.
    total: None where it is not known how much there is.
    """
    if not sys.stderr.isatty():
        yield _Lines(what, total, unit)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=rich_console(stderr=True), transient=True, refresh_per_second=4
    ) as bar:
        task = bar.add_task(what, total=total, rate="")

        def advance(items: int, /, what: str | None = None) -> None:
            bar.advance(task, items)
            if what is not None:
                bar.update(task, description=what)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.{0 if speed > 10 else 1}f} {unit}/s" if speed else "")

        yield advance


@contextlib.contextmanager
def waiting(what: str, wanted: bool = True) -> Iterator[None]:
    """A sign of life with the time that has passed, for work that cannot tell how far it is."""
    if not wanted or not sys.stderr.isatty():
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=rich_console(stderr=True), transient=True) as bar:
        bar.add_task(what, total=None)
        yield
