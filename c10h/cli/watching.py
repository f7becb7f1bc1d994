"""What ``c10h train`` shows while it trains, and how it is told to stop."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeAlias

from c10h.cli.console import progress, say
from c10h.cli.training import Prepared
from c10h.run_folder import ALL
from c10h.training.loop import Reports
from c10h.training.networks import Outcome, Tell

# Called with images since the last call and what to say; and from a name and a number of images.
Step: TypeAlias = Callable[[int, str], None]
Show: TypeAlias = Callable[[str, int], AbstractContextManager[Step]]

# Seconds between lines of progress where there is no terminal.
BETWEEN_LINES = 60.0


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C be asked for, which yields a function; a second one ends at once."""
    asked: list[bool] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    earlier = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def bar(what: str, pictures: int) -> Iterator[Step]:
    """A bar on a terminal, and elsewhere a line a minute."""
    with progress(what, pictures, "images") as advance:
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


@contextmanager
def watched(
    prepared: Prepared, number: int, stop: Callable[[], bool], show: Show = bar
) -> Iterator[Tell]:
    """How the training of one fold is shown, and its curves for TensorBoard if they are wanted."""
    first = prepared.options.world.is_first
    with ExitStack() as stack:
        board = _board(prepared, number) if prepared.tensorboard and first else None
        if board is not None:
            stack.callback(board.close)
        shown = stack.enter_context(ExitStack())

        def tell(what: str, pictures: int) -> Reports:
            if not first:
                return Reports(stop=stop)
            shown.close()  # the bar of the network before, where there are several settings
            advance = shown.enter_context(show(what, pictures))
            epochs = prepared.options.recipe.epochs

            def step(items: int, epoch: int, loss: float) -> None:
                advance(items, f"{what}, epoch {epoch}/{epochs:g}, loss {loss:.4f}")

            def epoch_ends(epoch: int, loss: float, accuracy: float, rate: float) -> None:
                if board is not None:
                    for name, value in (("loss", loss), ("accuracy", accuracy), ("lr", rate)):
                        board.add_scalar(name, value, epoch)

            return Reports(step, epoch_ends, stop)

        yield tell


def _board(prepared: Prepared, number: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    name = prepared.run.checkpoint(number).stem
    return SummaryWriter(str(prepared.run.folder / "tensorboard" / name))


def say_outcome(outcome: Outcome) -> None:
    """One line on a network that is done."""
    what = "all items" if outcome.fold == ALL else f"fold {outcome.fold}"
    figures = [
        f"{name} {outcome.results[key]:.4f}"
        for name, key in (("accuracy", "accuracy"), ("cross-entropy", "loss"))
        if key in outcome.results
    ]
    say(f"{what}: trained" + (f"; held out: {', '.join(figures)}" if figures else ""))
