"""Inputs of requests, which are files to be opened or what a program has in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from c10h.files import Source
from c10h.formats.classes import are_default
from c10h.formats.hints import Hints, Tell
from c10h.formats.readers import (
    checked_attack,
    checked_labels,
    checked_predictions,
    open_labels,
    open_predictions,
    open_scored,
    recorded_classes,
    with_enough_votes,
)
from c10h.formats.truth import Truth, in_order_of, open_truth
from c10h.in_memory import InMemory
from c10h.records import Attack, Labels, Predictions

LabelsInput: TypeAlias = Source | InMemory[Labels]
TruthInput: TypeAlias = Source | InMemory[Truth]
PredictionsInput: TypeAlias = Source | InMemory[Predictions]
ScoredInput: TypeAlias = Source | InMemory[Predictions] | InMemory[Attack]


def predictions_in(given: PredictionsInput, hints: Hints, tell: Tell) -> Predictions:
    """The predictions of an input; see :func:`c10h.formats.readers.open_predictions`."""
    if isinstance(given, InMemory):
        return checked_predictions(given.content, given.name)
    return open_predictions(given, hints, tell)


def scored_in(given: ScoredInput, hints: Hints, tell: Tell) -> Predictions | Attack:
    """The predictions or the attack of an input; see :func:`c10h.formats.readers.open_scored`."""
    if not isinstance(given, InMemory):
        return open_scored(given, hints, tell)
    if isinstance(given.content, Attack):
        return checked_attack(given.content, given.name)
    return checked_predictions(given.content, given.name)


def labels_in(given: LabelsInput, hints: Hints, tell: Tell) -> Labels:
    """The labels of an input; see :func:`c10h.formats.readers.open_labels`."""
    if isinstance(given, InMemory):
        labels = checked_labels(given.content, given.name)
        return with_enough_votes(labels, hints.min_votes, given.name, tell)
    return open_labels(given, hints, tell)


def truth_in(given: TruthInput, classes: Sequence[str] | None, hints: Hints, tell: Tell) -> Truth:
    """The true classes of an input; see :func:`c10h.formats.truth.open_truth`."""
    if isinstance(given, InMemory):
        truth = given.content
        return truth if classes is None else in_order_of(truth, classes, given.name)
    return open_truth(given, classes, hints, tell)


def classes_in(given: TruthInput) -> tuple[str, ...] | None:
    """The class names of an input of true classes that has some of its own."""
    if isinstance(given, InMemory):
        return None if are_default(given.content.classes) else given.content.classes
    return recorded_classes(given)
