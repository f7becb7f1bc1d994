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

from c10h.errors import C10hError, StoppedError
from c10h.formats.hints import Tell
from c10h.parallel import end_with_parent
from c10h.processors import processors
from c10h.signals import interruptible, no_interrupts
from c10h.stages.fold_progress import Show, Step, outcome_line, reports_of
from c10h.stages.training_plan import TrainingPlan
from c10h.training import checkpoint as checkpoints
from c10h.training.choices import is_shared
from c10h.training.device_and_precision import choose_device
from c10h.training.fold_training import Outcome, train_fold
from c10h.training.folds import fold_rows

# Seconds after which the parent looks whether Ctrl-C was pressed.
PATIENCE = 0.2


def share_cores(together: int) -> None:
    """Let this process take as many threads as each of some will, and no more than it would alone.

    It is how many each process of a fold takes, too.
    """
    import torch

    torch.set_num_threads(max(1, min(torch.get_num_threads(), processors() // together)))


@dataclass(frozen=True)
class Failure:
    """Why a process ended without an outcome."""

    message: str
    stopped: bool = False


def train_in_processes(
    plan: TrainingPlan, together: int, stop: Callable[[], bool], show: Show, tell: Tell
) -> list[Outcome]:
    """Train the folds of a run in processes, at most ``together`` at a time.

    Raises StoppedError on Ctrl-C and C10hError where one fails, when all have ended.
    """
    import torch

    waiting = list(plan.fold_numbers)
    running: dict[Connection, tuple[int, SpawnProcess]] = {}
    outcomes: dict[int, Outcome] = {}
    failures: dict[int, Failure] = {}
    terminated = False
    with show("folds", _images_left(plan)) as advance, _ended(running):
        shown = CombinedProgress(advance)
        while running or (waiting and not failures and not stop()):
            while waiting and len(running) < together and not failures and not stop():
                connection, process = _start(torch.get_num_threads())
                running[connection] = (waiting.pop(0), process)
            if (failures or stop()) and not terminated:
                terminated = True
                for _, process in running.values():
                    process.terminate()  # which lets it stop after a step
            ready = wait(list(running), PATIENCE)
            for connection in [connection for connection in running if connection in ready]:
                fold, process = running[connection]
                message = _received(connection, process)
                if message is None:
                    with contextlib.suppress(OSError):  # it ended, of which the next message tells
                        connection.send((plan, fold))
                    continue
                if isinstance(message, tuple):
                    shown.step(fold, *message)
                    continue
                if isinstance(message, str):
                    tell(message)
                    continue
                if isinstance(message, Outcome):
                    outcomes[fold] = message
                    tell(outcome_line(message))
                else:
                    failures[fold] = message
                shown.end(fold)
                process.join()
                connection.close()
                del running[connection]
    real = [failures[fold] for fold in sorted(failures) if not failures[fold].stopped]
    if real:
        raise C10hError(real[0].message)
    if failures or waiting:
        raise StoppedError("stopped after a step of each fold; the same command resumes")
    return [outcomes[fold] for fold in plan.fold_numbers]


class CombinedProgress:
    """One bar for several folds, which says where each of them is."""

    def __init__(self, advance: Step) -> None:
        self._advance = advance
        self._texts: dict[int, str] = {}

    def step(self, fold: int, items: int, text: str) -> None:
        """Move on by some images of one fold."""
        self._texts[fold] = text
        self._advance(items, "; ".join(self._texts[fold] for fold in sorted(self._texts)))

    def end(self, fold: int) -> None:
        """Say no more of a fold."""
        self._texts.pop(fold, None)


def _images_left(plan: TrainingPlan) -> int:
    """How many images the networks will see that are not trained yet; that of a grid is a guess."""
    run, options = plan.run, plan.options
    total = 0.0
    for fold in plan.fold_numbers:
        size = len(fold_rows(run.split, fold, len(plan.data.items)).training)
        path = run.checkpoint(fold)
        state = checkpoints.load(path) if path.is_file() else None
        if state is None or not state.is_done:
            done = state.step * options.recipe.batch_size if state is not None else 0
            total += max(0, options.recipe.epochs * size - done)
    grid = 1 if is_shared(run) else len(options.grid())
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


def _start(threads: int) -> tuple[Connection, SpawnProcess]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_train_one, args=(threads, theirs), daemon=True)
    with no_interrupts():
        process.start()
    theirs.close()
    return ours, process


def _received(
    connection: Connection, process: SpawnProcess
) -> tuple[int, str] | str | Outcome | Failure | None:
    """What a process says: a step, a line, how it ended, or None: it is ready to begin."""
    try:
        message: tuple[int, str] | str | Outcome | Failure | None = connection.recv()
        return message
    except (EOFError, ConnectionResetError):
        process.join()
        stopped = process.exitcode == -signal.SIGTERM  # before it could listen
        return Failure(f"the process of a fold ended with status {process.exitcode}", stopped)


def _train_one(threads: int, connection: Connection) -> None:
    """Train one fold in a process of its own. Ctrl-C goes to the parent, which passes it on.

    The parent sends the plan when this process has imported everything: pipes are small, and it
    has others to look after.
    """
    import torch

    end_with_parent()
    torch.set_num_threads(threads)

    @contextmanager
    def show(what: str, images: int) -> Iterator[Step]:
        yield lambda items, text: connection.send((items, text))

    answer: Outcome | Failure
    with interruptible() as stop:
        connection.send(None)
        plan, fold = connection.recv()
        run, options = plan.run, plan.options
        try:
            choose_device(str(options.device))  # which also sets up this process for it
            with reports_of(plan, fold, stop, show, connection.send) as reports:
                answer = train_fold(run, fold, plan.data, options, reports)
        except C10hError as error:
            answer = Failure(str(error), isinstance(error, StoppedError))
        connection.send(answer)
    with contextlib.suppress(ValueError):
        connection.close()
