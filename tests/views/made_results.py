"""Small reports, made up: what figures are made of, without a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from c10h.metrics.estimates import ScoredRun, scored_runs
from c10h.records import Attack, History, Input, Labels, Lineage, Scores
from c10h.stages.attack_runs import attacked_networks
from c10h.stages.report import Results
from c10h.views.table import Table

CLASSES = ("cat", "dog", "bird")
NAN = float("nan")


def scored(
    run: str,
    values: Mapping[str, float],
    *,
    network: str = "",
    training: str = "",
    data: str = "",
    exposure: str = "held-out",
    items: str = "same",
    file: str = "file",
    lineage: Lineage | None = None,
) -> ScoredRun:
    """One run with these values by metric, each in an interval of 0.01 to both sides."""
    value = np.array(list(values.values()), dtype="f8").reshape(1, -1, 1)
    texts = {"run": run, "network": network, "training": training, "data": data, "items": items,
             "exposure": exposure, "notes": ""}  # fmt: skip
    columns: dict[str, Any] = {name: np.array([text]) for name, text in texts.items()}
    record = Scores(
        classes=CLASSES,
        lineage=lineage,
        settings={"seed": 0, "resamples": 2, "by": ""},
        value=value,
        low=value - 0.01,
        high=value + 0.01,
        n=np.full(value.shape, 30),
        why=np.where(np.isnan(value), "it does not exist", ""),
        metric=np.array(list(values)),
        stratum=np.array(["all"]),
        samples=np.zeros((*value.shape, 2), "f4"),
        **columns,
    )
    return scored_runs([record], [file])[0]


def of_run(run: str, folder: str, network: str = "resnet_basic_8") -> Lineage:
    """How scores are made of the predictions of two folds of a run folder."""
    train = Lineage(command="c10h train", architecture=network, options={"folds": 2}, seed=0)
    folds = tuple(
        Input(role=f"network {folder}/fold-{fold}", name=f"fold-{fold}.pt",
              sha256=f"{folder}{fold}", kind="run" if fold == 0 else None,
              lineage=train if fold == 0 else None)
        for fold in range(2)
    )  # fmt: skip
    predict = Lineage(command="c10h predict", inputs=folds, architecture=network)
    one = Input(role=f"predictions {run}", name=f"{run}.h5", sha256=run, lineage=predict)
    return Lineage(command="c10h score", inputs=(one,), seed=0)


def near_and_far(**more: Any) -> Results:
    """Two trainings on two data sets."""
    rows = [("hard", "near", 0.9, 0.3, 0.5), ("human", "near", 0.8, 0.2, 0.6),
            ("hard", "far", 0.5, 4.0, 0.3), ("human", "far", 0.6, 3.0, 0.4)]  # fmt: skip
    return Results(
        scored=[
            scored(f"{training}-{data}", {"accuracy": a, "ce_hard": ce, "sba": sba},
                   training=training, data=data)
            for training, data, a, ce, sba in rows
        ],
        **more,
    )  # fmt: skip


def history(folds: int = 2, epochs: int = 3) -> History:
    """Losses 1/epoch and accuracies 1 - 1/(epoch + 1), less the fold's number in hundredths."""
    fold, epoch = np.divmod(np.arange(folds * epochs), epochs)
    return History(
        classes=CLASSES,
        fold=fold.astype("i2"),
        epoch=(epoch + 1).astype("i4"),
        loss=1 / (epoch + 1) - fold / 100,
        accuracy=1 - 1 / (epoch + 2) - fold / 100,
        learning_rate=0.1 / 10.0**epoch,
    )


def labels(counts: Any, **more: Any) -> Labels:
    """Labels of votes."""
    counts = np.asarray(counts, dtype="i4")
    return Labels(
        classes=CLASSES, counts=counts, probs=counts / counts.sum(axis=1, keepdims=True), **more
    )


def attack_results(**files: Attack) -> Results:
    """The results of attack files, by name."""
    return Results(attacked=attacked_networks(files))


def texts(table: Table) -> list[list[str]]:
    """What the cells of a table say."""
    return [[cell.text for cell in row] for row in table.rows]
