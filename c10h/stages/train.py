"""Train the networks of a run, fold by fold; an interrupted run is resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from c10h.errors import C10hError, InputError, StoppedError
from c10h.formats.hints import Tell, silent
from c10h.run_folder import FILE, Run
from c10h.signals import interruptible
from c10h.stages.fold_progress import Show, outcome_line, reports_of, show_nothing
from c10h.stages.history_and_grid import grid_rows, write_grid, write_history
from c10h.stages.network_requests import TrainRequest
from c10h.stages.parallel_folds import share_cores, train_in_processes
from c10h.stages.training_plan import TrainingPlan, plan_training
from c10h.training.choices import chooser_of, is_shared
from c10h.training.distributed import check_shared, joined
from c10h.training.fold_training import Outcome, train_fold, try_grid


@dataclass(frozen=True)
class TrainResult:
    """A run, how each of the networks that were asked for came out, and the grid.

    tried: what each setting of a grid came to, a row a fold and setting; see
    :func:`c10h.stages.history_and_grid.grid_rows`. Empty where there was nothing to choose.
    """

    run: Run
    outcomes: Sequence[Outcome]
    tried: Sequence[Mapping[str, Any]] = ()


def train(
    request: TrainRequest, show: Show = show_nothing, tell: Tell = silent
) -> TrainResult | None:
    """Train the networks that a request asks for, or go on with them; they are in its run folder.

    show: how the training of a network is shown. tell: called with lines on what is trained and
    how it came out. Returns None in all processes of torchrun but the first, which alone writes
    and speaks. Raises StoppedError on Ctrl-C, of which the line was told, InSampleError where a
    network would be tested on what its ancestor was trained on, other C10hErrors for what cannot
    be.
    """
    together = request.parallel_folds
    if together > 1:
        share_cores(together)
    plan = plan_training(request)
    options, numbers = plan.options, plan.fold_numbers
    if together > 1 and options.world.size > 1:
        raise InputError(
            "--parallel-folds cannot be combined with torchrun, whose processes share each fold"
        )
    with plan.begun(tell) as begun:
        outcomes = _train(begun, together, show, tell)
        run = begun.run
        if not options.world.is_first:
            return None
        write_history(run)
        write_grid(run)
    return TrainResult(run, outcomes, grid_rows(run, numbers) if len(options.grid()) > 1 else ())


def _train(plan: TrainingPlan, together: int, show: Show, tell: Tell) -> list[Outcome]:
    """Train the networks; of an error, too, the curves are kept."""
    run, options, numbers = plan.run, plan.options, plan.fold_numbers
    is_first = options.world.is_first
    outcomes = list[Outcome]()
    try:
        with joined(options.world, options.device), interruptible() as stop:
            # What networks resume from: run.json, checkpoints and those of a grid.
            checkpoints = [f"{run.checkpoint(number).stem}.*" for number in numbers]
            check_shared(options.world, run.folder, [FILE, *checkpoints], options.device)
            if together > 1:
                if is_shared(run):
                    _choose(plan, stop, show, tell)
                return train_in_processes(plan, together, stop, show, tell)
            for number in numbers:
                with reports_of(plan, number, stop, show, tell) as reports:
                    outcomes.append(train_fold(run, number, plan.data, options, reports))
                if is_first:
                    tell(outcome_line(outcomes[-1]))
            return outcomes
    except C10hError as error:
        if is_first:
            with suppress(C10hError):
                write_history(run)
                write_grid(run)
            if isinstance(error, StoppedError):
                tell(str(error))
        raise


def _choose(plan: TrainingPlan, stop: Callable[[], bool], show: Show, tell: Tell) -> None:
    """Try the grid that all folds share, before they are trained at the same time."""
    fold = chooser_of(plan.run, plan.fold_numbers[0])
    with reports_of(plan, fold, stop, show, tell) as reports:
        try_grid(plan.run, fold, plan.data, plan.options, reports)
