"""Learning curves."""

from __future__ import annotations

import numpy as np

from c10h.views.figures.figure import Figure, Panel, Series
from c10h.views.given import Given

TOPS = {"accuracy": 1.0}
PANELS = {"loss": "loss, nats", "accuracy": "accuracy", "learning_rate": "learning rate"}


def curves(given: Given) -> Figure:
    """Loss, accuracy and learning rate against the epoch, a line a fold.

    Of several files, each has a colour and each fold a line style.
    """
    given.expect("--figure curves", history=0)
    panels = [
        Panel(
            "",
            "epoch",
            name,
            [_line(given, *key, field) for key in runs(given)],
            top=TOPS.get(field),
        )
        for field, name in PANELS.items()
    ]
    notes = ["Of the training part, while it is trained; the rate is that of the last step."]
    return Figure("curves", "Learning curves", panels, notes)


def runs(given: Given) -> list[tuple[str, int]]:
    """Every file and fold in it."""
    return [
        (name, int(fold))
        for name, history in given.histories.items()
        for fold in np.unique(history.fold)
    ]


def run_name(given: Given, name: str, fold: int) -> str:
    """What a fold is called: with its file where there are several."""
    word = "all items" if fold < 0 else f"fold {fold}"
    return f"{name}, {word}" if len(given.histories) > 1 else word


def _line(given: Given, name: str, fold: int, field: str) -> Series:
    history = given.histories[name]
    rows = np.flatnonzero(history.fold == fold)
    rows = rows[np.argsort(history.epoch[rows], kind="stable")]
    epochs = history.epoch[rows].astype(np.float64)
    several = len(given.histories) > 1
    return Series(
        run_name(given, name, fold),
        epochs,
        getattr(history, field)[rows],
        colour=list(given.histories).index(name) if several else None,
        dash=np.unique(history.fold).tolist().index(fold) if several else None,
    )
