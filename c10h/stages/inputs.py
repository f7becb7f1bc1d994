"""Inputs of requests, which are files to be opened or what a program has in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.class_names import are_default
from c10h.formats.hints import Hints, Tell
from c10h.formats.predictions_and_labels import (
    checked_attack,
    checked_labels,
    checked_predictions,
    open_labels,
    open_predictions,
    open_scored,
    recorded_classes,
    with_enough_votes,
)
from c10h.formats.truth_files import Truth, in_order_of, open_truth
from c10h.in_memory import Content, InMemory
from c10h.records import Attack, Labels, Predictions

LabelsInput: TypeAlias = Source | InMemory[Labels]
TruthInput: TypeAlias = Source | InMemory[Truth]
PredictionsInput: TypeAlias = Source | InMemory[Predictions]
ScoredInput: TypeAlias = Source | InMemory[Predictions] | InMemory[Attack]


def predictions_in(given: PredictionsInput, hints: Hints, tell: Tell) -> Predictions:
    """The predictions of an input; see :func:`open_predictions`."""
    if isinstance(given, Source):
        return open_predictions(given, hints, tell)
    return checked_predictions(_content(given, Predictions), given.name)


def scored_in(given: ScoredInput, hints: Hints, tell: Tell) -> Predictions | Attack:
    """The predictions or the attack of an input; see :func:`open_scored`."""
    if isinstance(given, Source):
        return open_scored(given, hints, tell)
    if isinstance(given.content, Attack):
        return checked_attack(given.content, given.name)
    return checked_predictions(_content(given, Predictions), given.name)


def labels_in(given: LabelsInput, hints: Hints, tell: Tell) -> Labels:
    """The labels of an input; see :func:`open_labels`."""
    if isinstance(given, Source):
        return open_labels(given, hints, tell)
    labels = checked_labels(_content(given, Labels), given.name)
    return with_enough_votes(labels, hints.min_votes, given.name, tell)


def truth_in(given: TruthInput, classes: Sequence[str] | None, hints: Hints, tell: Tell) -> Truth:
    """The true classes of an input; see :func:`open_truth`."""
    if isinstance(given, Source):
        return open_truth(given, classes, hints, tell)
    truth = _content(given, Truth)
    return truth if classes is None else in_order_of(truth, classes, given.name)


def classes_in(given: TruthInput) -> tuple[str, ...] | None:
    """The class names of an input of true classes that has some of its own."""
    if isinstance(given, InMemory):
        return None if are_default(given.content.classes) else given.content.classes
    return recorded_classes(given)


def _content(given: InMemory[Any], kind: type[Content]) -> Content:
    """What is in memory. Raises InputError where it is of another kind."""
    if isinstance(given.content, kind):
        return given.content
    wanted, found = kind.__name__.lower(), type(given.content).__name__.lower()
    raise InputError(f"{given.name}: expected {wanted}, found {found}")
