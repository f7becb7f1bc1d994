"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from c10h.records import History
from c10h.stages.report import Results
from c10h.views.figures.figure_type import Figure, Panel, Series

TOPS = {"accuracy": 1.0}
PANELS = {"loss": "loss, nats", "accuracy": "accuracy", "learning_rate": "learning rate"}


def curves(results: Results) -> Figure:
    """Loss, accuracy and learning rate against the epoch, a line a fold.

    Of several files, each has a colour and each fold a line style.
    """
    results.expect("--figure curves", history=0)
    histories = results.histories
    rates = {float(rate) for history in histories.values() for rate in history.learning_rate}
    panels = [
        Panel(
            "",
            "epoch",
            name,
            [_line(histories, *key, field) for key in folds_of(histories)],
            top=TOPS.get(field),
        )
        for field, name in PANELS.items()
        if field != "learning_rate" or len(rates) > 1
    ]
    of_rate = (
        f"the learning rate was {min(rates):g} throughout"
        if len(rates) == 1
        else "the learning rate is that of the last step"
    )
    notes = [f"On the training part, during training; {of_rate}."]
    return Figure("curves", "Learning curves", panels, notes)


def folds_of(histories: Mapping[str, History]) -> list[tuple[str, int]]:
    """Every file and fold in it."""
    return [
        (name, int(fold)) for name, history in histories.items() for fold in np.unique(history.fold)
    ]


def name_of(histories: Mapping[str, History], name: str, fold: int) -> str:
    """What a fold is called: with its file where there are several."""
    word = "all items" if fold < 0 else f"fold {fold}"
    return f"{name}, {word}" if len(histories) > 1 else word


def _line(histories: Mapping[str, History], name: str, fold: int, field: str) -> Series:
    history = histories[name]
    rows = np.flatnonzero(history.fold == fold)
    rows = rows[np.argsort(history.epoch[rows], kind="stable")]
    epochs = history.epoch[rows].astype(np.float64)
    several = len(histories) > 1
    return Series(
        name_of(histories, name, fold),
        epochs,
        getattr(history, field)[rows],
        colour=list(histories).index(name) if several else None,
        dash=np.unique(history.fold).tolist().index(fold) if several else None,
    )
