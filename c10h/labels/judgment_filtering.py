"""Which judgments count: attention checks, reaction times, and answers that were given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c10h.errors import InputError, SchemaError, unknown_name
from c10h.formats.judgments import Codes, Judgments, without_label
from c10h.labels.judgment_filters import Filters
from c10h.records import Array

SHOWN = 12


def attention_of(judgments: Judgments, filters: Filters) -> Array | None:
    """The share of attention checks that each annotator passed, NaN without a check.

    None where the table has no checks, or nothing says which answers to them are right. Raises
    InputError where ``filters`` ask for them.
    """
    correct = None if judgments.check is None else _right_answers(judgments, judgments.check)
    if judgments.check is None or correct is None:
        if filters.min_attention is not None:
            raise InputError(
                f"{judgments.source}: --min-attention needs the columns --check and --correct"
            )
        return None
    by, count = judgments.annotator.row, len(judgments.annotator.words)
    checks = np.bincount(by[judgments.check], minlength=count)
    passed = np.bincount(by[judgments.check & correct], minlength=count)
    return np.where(checks > 0, passed / np.maximum(checks, 1), np.nan)


def _right_answers(judgments: Judgments, check: Array) -> Array | None:
    """Whether the answer of each row is right, bool (t), which counts for the checks, bool (t).

    As the table says; else by the true labels of the checks, or by what most chose of each one.
    None where nothing tells.
    """
    if judgments.correct is not None:
        return judgments.correct
    right = np.zeros(len(judgments), dtype=bool)
    if judgments.by_majority:
        right[check] = _are_first(judgments.item.row[check], judgments.label.row[check])
        return right
    if judgments.true_label is None:
        return None
    truth, labels = judgments.true_label, judgments.label
    has_truth = present_words(truth)[truth.row]
    if not has_truth[check].all():
        return None
    right[check] = (
        np.append(truth.words, "")[truth.row[check]]
        == np.append(labels.words, "")[labels.row[check]]
    )
    return right


def present_words(codes: Codes) -> Array:
    """Which words say something, bool (words + 1), the last for rows without a word."""
    return np.append(codes.words != "", False)


def _are_first(item: Array, label: Array) -> Array:
    """Which answers are what most chose of their item, bool; all that tie for it are."""
    key = item.astype(np.int64) << 32 | label
    answers, place, votes = np.unique(key, return_inverse=True, return_counts=True)
    items, of_item = np.unique(answers >> 32, return_inverse=True)
    most = np.zeros(len(items), dtype=np.int64)
    np.maximum.at(most, of_item, votes)
    return np.asarray((votes == most[of_item])[place])


def annotators_to_drop(judgments: Judgments, filters: Filters) -> Array:
    """Whether each annotator is one of those who are named to be left out, bool (words).

    Raises InputError for a name that the table does not have.
    """
    words = judgments.annotator.words
    for name in filters.drop_annotators:
        if name not in words:
            raise InputError(
                f"{judgments.source}: --drop-annotator: "
                f"{unknown_name('annotator', name, words.tolist())}"
            )
    return np.isin(words, filters.drop_annotators)


def in_time(judgments: Judgments, filters: Filters) -> Array:
    """Whether the reaction time of each row is within the bounds, bool (t); a missing one is not.

    Raises InputError without reaction times.
    """
    if filters.rt_min is None and filters.rt_max is None:
        return np.ones(len(judgments), dtype=bool)
    if judgments.rt is None:
        raise InputError(f"{judgments.source}: --rt-min and --rt-max need the column --rt")
    low, high = filters.rt_range
    return np.asarray((judgments.rt >= low) & (judgments.rt <= high))


@dataclass(frozen=True)
class Answers:
    """What the words of the labels say: bool (words + 1), the last for rows without a word.

    missing: that there was no answer. unwanted: one that is to be left out.
    """

    missing: Array
    unwanted: Array


def answers_of(judgments: Judgments, filters: Filters, classes: tuple[str, ...] | None) -> Answers:
    """Which labels are no answers, or unwanted ones. classes: as given, which are answers always.

    Raises InputError for a label to leave out that the table does not have.
    """
    words = judgments.label.words
    unwanted = (
        np.isin(words, filters.drop_labels) if filters.drop_labels else np.zeros(len(words), bool)
    )
    for label in filters.drop_labels:
        if label not in words:
            shown = ", ".join(map(str, words[:SHOWN])) + (", ..." if len(words) > SHOWN else "")
            raise InputError(
                f"{judgments.source}: --drop-label {label}: no judgment has it; labels are {shown}"
            )
    missing = np.zeros(len(words) + 1, dtype=bool)
    missing[:-1][~unwanted] = without_label(words[~unwanted], classes)
    missing[-1] = bool((judgments.label.row == len(words)).any())
    return Answers(missing, np.append(unwanted, False))


def refuse_unanswered(judgments: Judgments, unanswered: Array, count: int) -> None:
    """Raise SchemaError that tells of the rows without an answer, bool (t), among ``count``."""
    row = int(np.argmax(unanswered))
    number = int(unanswered.sum())
    word = word_at(judgments.label, row)
    meant = "; --classes names it, if it is a class" if word else ""
    raise SchemaError(
        f"{judgments.source}: {number:,} of {count:,} judgments {'has' if number == 1 else 'have'} "
        f"no label, the first in row {judgments.place(row)}{f' ({word})' if word else ''}: "
        f"--missing drop leaves them out{meant}{judgments.between(unanswered)}"
    )


def word_at(codes: Codes, row: int) -> str:
    """The word of a row, "" where it has none."""
    code = int(codes.row[row])
    return str(codes.words[code]) if code < len(codes.words) else ""
