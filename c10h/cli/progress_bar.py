"""Progress on stderr: bars with rate and time left, and lines where there is no terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from c10h.cli.console import rich_console, say

# Seconds between lines of progress where there is no terminal.
BETWEEN_LINES = 60.0


class Advance(Protocol):
    """Move a bar on by some items, and say what they were part of where that has changed."""

    def __call__(self, items: int, /, what: str | None = None) -> None: ...


def _nothing(items: int, /, what: str | None = None) -> None:
    """Advance no bar."""


@contextlib.contextmanager
def progress(what: str, total: int | None, unit: str = "items") -> Iterator[Advance]:
    """A bar with rate and time left on stderr, if that is a terminal; yields ``advance(items)``.

    total: None where it is not known how much there is.
    """
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=rich_console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, rate="")

        def advance(items: int, /, what: str | None = None) -> None:
            bar.advance(task, items)
            if what is not None:
                bar.update(task, description=what)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.{0 if speed > 10 else 1}f} {unit}/s" if speed else "")

        yield advance


@contextlib.contextmanager
def bar_or_lines(what: str, images: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal, and elsewhere a line a minute; yields ``advance(items, text)``."""
    with progress(what, images, "images") as advance:
        if sys.stderr.isatty():
            yield advance
            return
        begun = last = time.monotonic()
        seen = 0

        def step(items: int, text: str) -> None:
            nonlocal last, seen
            seen += items
            now = time.monotonic()
            if now - last > BETWEEN_LINES:
                last = now
                say(f"{text}, {seen / (now - begun):,.0f} images/s")

        yield step


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
