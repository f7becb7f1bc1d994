"""How noisy labels are, on one screen: the votes that there are against fewer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c10h.errors import counted
from c10h.metrics.noise import NEED_TRUTH
from c10h.stages.labels_noise import Curve, Noise
from c10h.views.answer import MORE, Answer, compact, with_interval
from c10h.views.table import Cell, of_columns

# Numbers of votes that stand across.
MOST_VOTES = 7
SQUARED_ERROR = "squared error"


def noise_answer(noise: Noise) -> Answer:
    """How far labels are from the population, with all votes and with fewer."""
    kept = _kept(len(noise.votes))
    names = ["all" if at == len(noise.votes) - 1 else str(noise.votes[at]) for at in kept]
    curves = _one_method_each(noise)
    columns = [
        (name, [Cell(compact(float(curve.values[at]))) for curve in curves])
        for at, name in zip(kept, names, strict=True)
    ]
    table = of_columns("", [("votes per item:", [curve.name for curve in curves])], columns)
    votes = (
        f"{noise.fewest:,}" if noise.fewest == noise.most else f"{noise.fewest:,} to {noise.most:,}"
    )
    return Answer(
        _sentences(noise, curves),
        table,
        notes=[
            "first the labels, then what people reach, by method (docs/metrics.md)",
            *of_fewer_items(noise, curves),
            *_no_forecast(noise),
        ],
        source=(
            f"{counted(noise.items, 'item')} with {noise.total:,} votes, {votes} per item; "
            f"{noise.draws} draws, seed {noise.seed}. {MORE}"
        ),
    )


def of_fewer_items(noise: Noise, curves: Sequence[Curve] = ()) -> list[str]:
    """Which of ``curves``, or of all, leave items out, and which they are over, in lines."""
    metrics: dict[str, dict[str, None]] = {}
    for curve in curves or noise.curves:
        if over := _over(noise, curve):
            metrics.setdefault(over, {})[curve.metric] = None
    return [f"{', '.join(names)}: over {over}" for over, names in metrics.items()]


def _over(noise: Noise, curve: Curve) -> str:
    """Which items a curve is over; "" for all of them."""
    items = noise.halved if curve.items is None else curve.items
    if items == noise.items:
        return ""
    if not noise.several:
        return "no item, as none has two votes"
    two = " with two votes or more" * (noise.several < noise.items)
    if items == noise.several:
        return f"the {counted(items, 'item')}{two}"
    if curve.metric in NEED_TRUTH:
        return f"the {counted(items, 'item')}{two} whose true class is known"
    return f"a sample of {counted(items, 'item')}{two}"


def _no_forecast(noise: Noise) -> list[str]:
    """That columns of more votes than most items have say little new."""
    return [
        f"{votes:,} votes: {_fewer(fewer, noise.items)}, each of which keeps what it has: no "
        "forecast"
        for votes, fewer in zip(noise.votes[:-1], noise.fewer[:-1], strict=True)
        if 2 * fewer > noise.items
    ]


def _fewer(items: int, size: int) -> str:
    return (
        f"all {size:,} items have fewer"
        if items == size
        else f"{items:,} of {size:,} items have fewer"
    )


def _kept(size: int) -> list[int]:
    """Which numbers of votes stand across: all, or some evenly, with the first and the last."""
    if size <= MOST_VOTES:
        return list(range(size))
    return [round(at * (size - 1) / (MOST_VOTES - 1)) for at in range(MOST_VOTES)]


def _one_method_each(noise: Noise) -> list[Curve]:
    """The curves of the labels, then those of people, of each metric by the last method.

    That is the corrected one. A metric with the values of another one is left out.
    """
    last = {curve.metric: curve for curve in noise.curves}
    kept: list[Curve] = []
    for curve in sorted(noise.curves, key=lambda curve: bool(curve.method)):
        is_new = not any(np.array_equal(curve.values, other.values, True) for other in kept)
        if last[curve.metric] is curve and is_new:
            kept.append(curve)
    return kept


def _sentences(noise: Noise, curves: list[Curve]) -> list[str]:
    alpha = noise.alpha
    sentences = []
    if alpha.value == alpha.value:
        agreement = with_interval(alpha.value, alpha.low, alpha.high)
        sentences.append(f"Krippendorff's alpha is {agreement} (nominal, 95 % over items).")
    error = next((curve for curve in curves if curve.metric == SQUARED_ERROR), None)
    if error is not None and error.values[-1] == error.values[-1]:
        told = f"The labels are off the population by a squared error of {error.values[-1]:.4f}"
        if single := noise.items - noise.several:
            told += f" (without the {counted(single, 'item')} of one vote, which tells none)"
        fewer = [at for at in range(len(noise.votes) - 1) if noise.votes[at] <= noise.fewest // 2]
        if fewer and error.values[at := fewer[-1]] == error.values[at]:
            told += f"; with {counted(noise.votes[at], 'vote')} an item it would be "
            told += f"{error.values[at]:.4f}"
        told += f"; with twice as many as now, {error.values[-1] / 2:.4f}"
        sentences.insert(0, f"{told}.")
    return [" ".join(sentences)] if sentences else []
