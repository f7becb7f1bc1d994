"""What is told while a network trains: that it is at chance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from c10h.stages.fold_progress import reports_of, show_nothing
from c10h.stages.training_plan import TrainingPlan


def told_of(accuracies: list[float], images: int, left: int) -> list[str]:
    """What is told of a network of ten classes with these accuracies by epoch."""
    recipe = SimpleNamespace(epochs=len(accuracies))
    plan = SimpleNamespace(
        options=SimpleNamespace(world=SimpleNamespace(is_first=True), recipe=recipe),
        data=SimpleNamespace(classes=tuple("abcdefghij")),
        tensorboard=False,
    )
    told: list[str] = []
    with reports_of(
        cast(TrainingPlan, plan), 0, lambda: False, show_nothing, told.append
    ) as reports:
        made = reports("fold 0", left)
        for epoch, accuracy in enumerate(accuracies, start=1):
            made.step(images, epoch, 2.3)
            made.epoch(epoch, 2.3, accuracy, 0.1)
    return told


def test_a_network_at_chance_is_told_once() -> None:
    (line,) = told_of([0.1] * 8, 1000, 8000)
    assert line.startswith("fold 0, epoch 2: accuracy 0.1000 on the training images is at chance")


@pytest.mark.parametrize("accuracies", [[0.1, 0.3, 0.4], [0.1, 0.13, 0.2]])
def test_one_that_learns_is_not(accuracies: list[float]) -> None:
    """0.13 of 1,000 is clear of a tenth: 130 right, where 123 are the end of 99 % of guesses."""
    assert told_of(accuracies, 1000, 3000) == []


def test_few_images_tell_nothing() -> None:
    assert told_of([0.1] * 8, 400, 3200) == []


def test_the_images_of_an_epoch_count_where_a_run_was_resumed() -> None:
    """Little is left of it: 0.13 of 1,000 images is not chance; of 550, a third of that, it is."""
    assert told_of([0.5, 0.13, 0.13], 1000, 1650) == []
