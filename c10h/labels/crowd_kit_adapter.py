"""Aggregation models of crowd-kit (Ustalov, Pavlichenko & Tseitlin 2024, JOSS 9(96)).

They estimate which label is true and how much each annotator can be trusted. What they make of an
item on which people disagree is near certainty, so the labels tell little of people's uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from c10h.errors import InputError
from c10h.labels.source_inputs import SourceInputs
from c10h.labels.votes import Votes
from c10h.records import Array, Labels

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Coded:
    """Judgments for crowd-kit, and how to read what it answers.

    frame: columns task, worker, label. workers, labels: the annotator and the class of each code.
    """

    frame: pandas.DataFrame
    tasks: Array
    workers: Array
    labels: Array


def code(votes: Votes) -> Coded:
    """Judgments by item, annotator and class, each numbered by its first appearance.

    In crowd-kit 1.4.2 MACE takes workers and labels once in order of appearance and once in
    sorted order: with any other names its result depends on the order of the rows.
    """
    import pandas

    order = np.lexsort((votes.label, votes.annotator, votes.item))
    columns = {"task": votes.item, "worker": votes.annotator, "label": votes.label}
    codes, names = {}, {}
    for column, values in columns.items():
        codes[column], names[column] = pandas.factorize(values[order])
    return Coded(pandas.DataFrame(codes), names["task"], names["worker"], names["label"])


def estimate(
    inputs: SourceInputs,
    name: str,
    make_model: Callable[[], Any],
    skill_of: Callable[[Any, int], Array],
) -> Labels:
    """Fit a model; its posterior is the labels, and ``skill`` joins the group ``annotators``.

    skill_of: model and number of workers to the skill of each, in the order of their codes.
    Raises InputError without judgments or without crowd-kit.
    """
    votes = inputs.known_votes(name)
    try:
        coded = code(votes)
        model = make_model()
    except ImportError as error:
        raise InputError(f"--as {name} needs crowd-kit: pip install 'c10h[crowd]'") from error
    with np.errstate(all="ignore"):  # crowd-kit takes logarithms of 0
        posterior = model.fit(coded.frame).probas_
    probs = np.zeros(votes.labels.probs.shape)
    probs[np.ix_(coded.tasks[posterior.index], coded.labels[posterior.columns])] = posterior
    total = probs.sum(axis=1, keepdims=True)
    if not (np.isfinite(total) & (total > 0)).all():
        raise InputError(f"--as {name}: crowd-kit finds no solution for these judgments")
    probs /= total
    skill = np.full(len(votes.labels.annotators["id"]), np.nan)
    skill[coded.workers] = skill_of(model, len(coded.workers))
    return replace(
        votes.labels,
        classes=inputs.classes,
        probs=probs,
        counts=None,
        truth=inputs.truth,
        right=inputs.right,
        annotators={**votes.labels.annotators, "skill": skill},
    )
