"""What is shown of the training of a fold, and its curves for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeAlias

from c10h.formats.hints import Tell
from c10h.metrics.accuracy import is_at_chance
from c10h.run_folder import ALL
from c10h.stages.training_plan import TrainingPlan
from c10h.training.fold_training import MakeReports, Outcome
from c10h.training.loop import Reports

# Called with images since the last call and what to say; and from a name and a number of images.
Step: TypeAlias = Callable[[int, str], None]
Show: TypeAlias = Callable[[str, int], AbstractContextManager[Step]]

# Chance is told of networks that saw so many images, after this part of the epochs.
ENOUGH, PART = 500, 4


@contextmanager
def show_nothing(what: str, images: int) -> Iterator[Step]:
    """Show nothing."""
    yield lambda done, text: None


@contextmanager
def reports_of(
    plan: TrainingPlan, fold: int, stop: Callable[[], bool], show: Show, tell: Tell
) -> Iterator[MakeReports]:
    """How the training of one fold is shown, and its curves for TensorBoard if they are wanted.

    tell: called with a line where an epoch ends no better than guesses, once for each network.
    """
    first = plan.options.world.is_first
    with ExitStack() as stack:
        board = _board(plan, fold) if plan.tensorboard and first else None
        if board is not None:
            stack.callback(board.close)
        shown = stack.enter_context(ExitStack())

        def reports(what: str, size: int) -> Reports:
            if not first:
                return Reports(stop=stop)
            shown.close()  # the bar of the network before, where there are several settings
            advance = shown.enter_context(show(what, size))
            epochs = plan.options.recipe.epochs

            seen = 0  # images of the epoch; of one that was resumed, those since then

            def step(items: int, epoch: int, loss: float) -> None:
                nonlocal seen
                seen += items
                advance(items, f"{what}, epoch {epoch}/{epochs:g}, loss {loss:.4f}")

            told: list[int] = []

            def epoch_ends(epoch: int, loss: float, accuracy: float, rate: float) -> None:
                nonlocal seen
                images, classes, seen = seen, len(plan.data.classes), 0
                may_tell = not told and images >= ENOUGH and epoch >= max(2, epochs / PART)
                if may_tell and is_at_chance(accuracy * images, images, classes):
                    told.append(epoch)
                    tell(
                        f"{what}, epoch {epoch}: accuracy {accuracy:.4f} on the training images is "
                        "at chance; if it stays there, try another --lr"
                    )
                if board is not None:
                    for name, value in (("loss", loss), ("accuracy", accuracy), ("lr", rate)):
                        board.add_scalar(name, value, epoch)

            return Reports(step, epoch_ends, stop)

        yield reports


def _board(plan: TrainingPlan, fold: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    name = plan.run.checkpoint(fold).stem
    return SummaryWriter(str(plan.run.folder / "tensorboard" / name))


def outcome_line(outcome: Outcome) -> str:
    """One line on a network that is done."""
    what = "all items" if outcome.fold == ALL else f"fold {outcome.fold}"
    figures = [
        f"{name} {outcome.results[key]:.4f}"
        for name, key in (("accuracy", "accuracy"), ("cross-entropy", "loss"))
        if key in outcome.results
    ]
    return f"{what}: trained" + (f"; held out: {', '.join(figures)}" if figures else "")
