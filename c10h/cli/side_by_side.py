"""``--parallel-folds``: several folds at a time, each in a process with its share of the cores."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from c10h.cli.training import Prepared, prepare
from c10h.cli.watching import Step, bar, interruptible, say_outcome, watched
from c10h.errors import C10hError, StoppedError
from c10h.parallel import end_with_parent, no_interrupts, workers
from c10h.training import checkpoint as checkpoints
from c10h.training.folds import part_of
from c10h.training.networks import Outcome, train_fold

# Seconds after which the parent looks whether Ctrl-C was pressed.
PATIENCE = 0.2


def share_of_cores(together: int) -> int:
    """Threads for each of some processes, no more than one process alone would take."""
    import torch

    return max(1, min(torch.get_num_threads(), workers() // together))


@dataclass(frozen=True)
class Failure:
    """Why a process ended without an outcome."""

    message: str
    stopped: bool = False


def train_side_by_side(
    arguments: Mapping[str, Any], prepared: Prepared, together: int, stop: Callable[[], bool]
) -> list[Outcome]:
    """Train the folds of a run in processes, at most ``together`` at a time.

    Raises StoppedError on Ctrl-C and C10hError where one fails, when all have ended.
    """
    import torch

    images, *labels = (str(source.path) for source in prepared.files)
    own = {**arguments, "images": images, "labels": labels[0] if labels else None}
    if isinstance(prepared.options.parent, Path):
        own["init"] = str(prepared.options.parent)
    waiting = list(prepared.numbers)
    running: dict[Connection, tuple[int, SpawnProcess]] = {}
    outcomes: dict[int, Outcome] = {}
    failures: dict[int, Failure] = {}
    told = False
    with bar("folds", _pictures(prepared)) as advance, _ended(running):
        shown = Shown(advance)
        while running or (waiting and not failures and not stop()):
            while waiting and len(running) < together and not failures and not stop():
                connection, process = _start(own, waiting[0], torch.get_num_threads())
                running[connection] = (waiting.pop(0), process)
            if (failures or stop()) and not told:
                told = True
                for _, process in running.values():
                    process.terminate()  # which lets it stop after a step
            for ready in wait(list(running), PATIENCE):
                assert isinstance(ready, Connection)
                number, process = running[ready]
                found = _received(ready, process)
                if isinstance(found, tuple):
                    shown.step(number, *found)
                    continue
                if isinstance(found, Outcome):
                    outcomes[number] = found
                    say_outcome(found)
                else:
                    failures[number] = found
                shown.end(number)
                process.join()
                ready.close()
                del running[ready]
    real = [failures[number] for number in sorted(failures) if not failures[number].stopped]
    if real:
        raise C10hError(real[0].message)
    if failures or waiting:
        raise StoppedError("stopped after a step of each fold; the same command goes on")
    return [outcomes[number] for number in prepared.numbers]


class Shown:
    """One bar for several folds, which says where each of them is."""

    def __init__(self, advance: Step) -> None:
        self._advance = advance
        self._texts: dict[int, str] = {}

    def step(self, number: int, items: int, text: str) -> None:
        """Move on by some images of one fold."""
        self._texts[number] = text
        self._advance(items, "; ".join(self._texts[key] for key in sorted(self._texts)))

    def end(self, number: int) -> None:
        """Say no more of a fold."""
        self._texts.pop(number, None)


def _pictures(prepared: Prepared) -> int:
    """How many images the networks will see that are not trained yet; that of a grid is a guess."""
    run, options = prepared.run, prepared.options
    total = 0.0
    for number in prepared.numbers:
        size = len(part_of(run.split, number, len(prepared.material.items)).training)
        path = run.checkpoint(number)
        state = checkpoints.load(path) if path.is_file() else None
        if state is None or not state.is_done:
            done = state.step * options.recipe.batch_size if state is not None else 0
            total += max(0, options.recipe.epochs * size - done)
    grid = len(options.grid())
    return round(total * (grid + 1 if grid > 1 else 1))


@contextmanager
def _ended(running: Mapping[Connection, tuple[int, SpawnProcess]]) -> Iterator[None]:
    """Leave no process behind, whatever happens."""
    try:
        yield
    finally:
        for _, process in running.values():
            process.kill()
            process.join()


def _start(
    arguments: Mapping[str, Any], number: int, threads: int
) -> tuple[Connection, SpawnProcess]:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_train_one, args=(dict(arguments), number, threads, theirs), daemon=True
    )
    with no_interrupts():
        process.start()
    theirs.close()
    return ours, process


def _received(connection: Connection, process: SpawnProcess) -> tuple[int, str] | Outcome | Failure:
    try:
        found: tuple[int, str] | Outcome | Failure = connection.recv()
        return found
    except EOFError:
        process.join()
        stopped = process.exitcode == -signal.SIGTERM  # before it could listen
        return Failure(f"the process of a fold ended with status {process.exitcode}", stopped)


def _train_one(
    arguments: Mapping[str, Any], number: int, threads: int, connection: Connection
) -> None:
    """Train one fold in a process of its own. Ctrl-C goes to the parent, which passes it on."""
    import torch

    end_with_parent()
    torch.set_num_threads(threads)

    @contextmanager
    def show(what: str, pictures: int) -> Iterator[Step]:
        yield lambda items, text: connection.send((items, text))

    answer: Outcome | Failure
    with interruptible() as stop:
        try:
            prepared = prepare({**arguments, "fold": [number]})
            with watched(prepared, number, stop, show) as tell:
                run, options = prepared.run, prepared.options
                answer = train_fold(run, number, prepared.material, options, tell)
        except C10hError as error:
            answer = Failure(str(error), isinstance(error, StoppedError))
        connection.send(answer)
    with contextlib.suppress(ValueError):
        connection.close()
