"""Predictions and labels from c10h's own files or from foreign ones.

What a foreign file does not say is inferred only where it cannot be wrong; else AmbiguousError
names the option that decides. What was taken is told in one line.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from c10h import h5
from c10h.errors import AmbiguousError, InputError, SchemaError, counted
from c10h.files import Source
from c10h.formats.class_names import are_default
from c10h.formats.hints import (
    AUTO,
    LONG,
    MATRIX,
    NO_HINTS,
    OTHER_LAYOUTS,
    Hints,
    Tell,
    brief,
    silent,
)
from c10h.formats.known_column_names import names_suggest_matrix
from c10h.formats.lazy_rows import (
    RowMeaning,
    checked_counts,
    checked_logits,
    checked_probs,
    log_of_probs,
    mapped,
    one_member,
    shares_of,
)
from c10h.formats.meaning_of_numbers import (
    LOGITS,
    PROBS,
    SHARES,
    VOTES,
    blocks,
    columns_move_together,
    read_labels,
    read_predictions,
)
from c10h.formats.truth_files import check_truth
from c10h.formats.wide_layout import Wide, read_wide
from c10h.records import Array, Attack, Labels, Predictions, Rows

# Setting of predictions that came as probabilities: their logits are clipped logarithms.
FROM_PROBS = "from_probabilities"
# Setting of logits of which some classes are ruled out, by -inf.
RULED_OUT = "ruled_out"
# Setting of labels: how many items were left out, whose predictions then have no labels.
LEFT_OUT = "items_left_out"

# Names of arrays that say what is in them.
LOGIT_NAMES = ("logits", "logit")

# Elements of counts that are summed only to tell what was taken.
MOST_SUMMED = 1 << 22


def open_predictions(source: Source, hints: Hints = NO_HINTS, tell: Tell = silent) -> Predictions:
    """Predictions from a file of that kind, or logits or probabilities from a foreign one.

    Rows are checked as they are read. Raises FileError, SchemaError or AmbiguousError.
    """
    if not source.member and h5.peek_kind(source) is not None:
        predictions = h5.read(source, Predictions)
        _check_recorded_truth(predictions.truth, predictions.classes, source.name)
        return replace(predictions, logits=checked_logits(predictions.logits, source.name))
    wide = read_wide(source, hints)
    rows = _as_float(wide.rows)
    if hints.meaning is None:
        reading: RowMeaning | None = (
            RowMeaning(LOGITS)
            if wide.array.lower() in LOGIT_NAMES
            else read_predictions(wide.member(), source.whole_name)
        )
    else:
        reading = None if hints.meaning == "probs" else RowMeaning(LOGITS)
        if reading is not None and (likely := _likely_probs(wide)) is not None:
            tell(
                f"warning: {source.name}: all rows are in [0, {likely.unit:g}] and sum to "
                f"{likely.unit:g}, as {_what_is_told(likely)} do, and are read as logits since "
                "--logits says so"
            )
    _check_totals(wide)
    if reading is not None and reading.meaning == LOGITS:
        rows, meaning = checked_logits(rows, source.name), LOGITS
    else:
        rows, meaning = log_of_probs(checked_probs(rows, source.name, reading)), PROBS
    ruled_out = {RULED_OUT: True} if reading is not None and reading.ruled_out else {}
    tell(wide.describe(meaning if reading is None else _what_is_told(reading)))
    members = rows.shape[0] if len(rows.shape) == 3 else 1
    names = [source.stem] if members == 1 else [str(number) for number in range(members)]
    return Predictions(
        classes=wide.classes,
        settings={FROM_PROBS: meaning == PROBS, **ruled_out},
        logits=rows if len(rows.shape) == 3 else one_member(rows),
        member=np.array(names),
        ids=None if wide.ids is None else checked_ids(wide.ids, source),
        index=wide.index,
    )


def _likely_probs(wide: Wide) -> RowMeaning | None:
    """What rows are that were said to be logits, if they look like probabilities or percentages."""
    try:
        reading = read_predictions(wide.member(), wide.source.whole_name)
    except AmbiguousError:
        return None
    return None if reading.meaning == LOGITS else reading


def _what_is_told(reading: RowMeaning) -> str:
    """What rows of predictions are, in a word."""
    return "percentages" if reading.meaning == SHARES else reading.meaning


def open_scored(
    source: Source, hints: Hints = NO_HINTS, tell: Tell = silent
) -> Predictions | Attack:
    """What can be scored: an attack file, labels, or what :func:`open_predictions` takes.

    Labels are scored as the predictions that they would be: their probabilities.
    """
    kind = None if source.member else h5.peek_kind(source)
    if kind == Attack.kind:
        return open_attack(source)
    if kind == Labels.kind:
        labels = open_labels(source)
        if labels.counts is not None:
            tell(f"warning: {source.name} holds people's votes, which are scored as predictions")
        return _as_predictions(labels, source)
    return open_predictions(source, hints, tell)


def _as_predictions(labels: Labels, source: Source) -> Predictions:
    """Labels as predictions of a network of which nobody knows what it was trained on."""
    return Predictions(
        classes=labels.classes,
        settings={FROM_PROBS: True},
        lineage=labels.lineage,
        logits=one_member(log_of_probs(labels.probs)),
        member=np.array([source.stem]),
        ids=labels.ids,
        # With several right answers the truth is only the first of them.
        truth=labels.truth if labels.right is None else None,
    )


def open_attack(source: Source) -> Attack:
    """An attack file. Logits are checked as they are read. Raises FileError or SchemaError."""
    attack, name = h5.read(source, Attack), source.name
    _check_recorded_truth(attack.truth, attack.classes, name)
    if not len(attack.epsilon) or not np.isfinite(attack.epsilon).all():
        raise SchemaError(f"{name}: epsilon: expected one or more finite numbers")
    if not attack.loss.shape[2]:
        raise SchemaError(f"{name}: loss: expected step 0, found no steps")
    return replace(
        attack,
        clean_logits=checked_logits(attack.clean_logits, name),
        logits=checked_logits(attack.logits, name),
    )


def open_labels(source: Source, hints: Hints = NO_HINTS, tell: Tell = silent) -> Labels:
    """Labels from a file of that kind, or votes, probabilities or shares from a foreign one.

    Items with fewer votes than ``hints.min_votes`` are left out, if that is not 0. Rows are checked
    as they are read. Raises FileError, SchemaError or AmbiguousError, and InputError for a layout
    of judgments.
    """
    if not source.member and h5.peek_kind(source) is not None:
        return _with_enough_votes(_recorded_labels(source), hints.min_votes, source.name, tell)
    if hints.layout in (LONG, MATRIX):
        raise InputError(
            f"{source.name}: --layout {hints.layout} applies to judgments: c10h labels build makes "
            "labels from them"
        )
    wide = read_wide(source, hints, people=True)
    if len(wide.rows.shape) == 3:
        raise SchemaError(
            f"{source.name}: expected labels of shape (items, classes), found {wide.rows.shape}"
        )
    reading = None if hints.meaning == "probs" else read_labels(wide.rows, source.whole_name)
    _refuse_other_layouts(wide, reading, hints)
    ids = wide.ids if wide.index is None else wide.index.astype(np.str_)
    if reading is not None and reading.meaning == VOTES:
        _check_totals(wide)
        counts = checked_counts(wide.rows, source.name, empty=hints.min_votes > 0)
        tell(wide.describe(_votes_told(counts)))
        labels = Labels(classes=wide.classes, probs=shares_of(counts), counts=counts, ids=ids)
        labels = _with_enough_votes(labels, hints.min_votes, source.name, tell)
    else:
        if hints.min_votes > 1:
            raise InputError(
                f"{source.name}: --min-votes {hints.min_votes} applies to votes, and this has "
                "shares: --min-votes 1 leaves out rows of zeros"
            )
        kept = hints.min_votes > 0
        probs = checked_probs(wide.rows, source.name, reading, labels=True, empty=kept)
        _check_totals(wide, are_shares=True)
        unit = f"shares of {reading.unit:g}" if reading and reading.meaning == SHARES else PROBS
        tell(wide.describe(unit))
        labels = Labels(classes=wide.classes, probs=probs, ids=ids)
        labels = _with_enough_votes(labels, hints.min_votes, source.name, tell)
    return labels if labels.ids is None else replace(labels, ids=checked_ids(labels.ids, source))


def _recorded_labels(source: Source) -> Labels:
    """Labels from a c10h file, whose votes and shares are checked as they are read."""
    labels, name = h5.read(source, Labels), source.name
    _check_recorded_truth(labels.truth, labels.classes, name)
    counts = None if labels.counts is None else checked_counts(labels.counts, name)
    probs = checked_probs(labels.probs, name, RowMeaning(PROBS))
    return replace(labels, probs=probs, counts=counts)


def _with_enough_votes(labels: Labels, least: int, name: str, tell: Tell) -> Labels:
    """Labels without the items that have fewer than ``least`` votes; 0 keeps all.

    Without votes, 1 leaves out the items whose shares are all 0.
    """
    if not least:
        return labels
    if labels.counts is None and least > 1:
        raise InputError(f"{name}: --min-votes applies to votes, and this has none")
    if labels.counts is None:
        few = np.concatenate([~block.any(axis=1) for block in blocks(labels.probs)])
    else:
        few = _totals(labels.counts) < least
    if not few.any():
        return labels
    if few.all():
        raise SchemaError(f"{name}: no item has {counted(least, 'vote')}")
    kept = np.flatnonzero(~few)
    counts = None if labels.counts is None else labels.counts[0 : len(few)][kept]
    if labels.lineage or counts is None:
        probs: Rows = labels.probs[0 : len(few)][kept]
    else:
        probs = shares_of(counts)
    ids = np.arange(len(few)).astype(np.str_) if labels.ids is None else labels.ids
    tell(
        f"{name}: left out {int(few.sum()):,} of {len(few):,} items with fewer than "
        f"{counted(least, 'vote')}: {brief(ids[few])}"
    )
    return replace(
        labels,
        probs=probs,
        counts=counts,
        truth=None if labels.truth is None else labels.truth[kept],
        right=None if labels.right is None else labels.right[0 : len(few)][kept],
        ids=ids[kept],
        settings={**labels.settings, LEFT_OUT: int(few.sum())},
    )


def recorded_classes(source: Source) -> tuple[str, ...] | None:
    """The class names of a c10h file that has some of its own; None for any other file."""
    if source.member or h5.peek_kind(source) is None:
        return None
    names = h5.read(source).classes
    return None if are_default(names) else names


def checked_ids(ids: Array, source: Source) -> Array:
    """The same ids. Raises SchemaError where one is missing or there twice."""
    words, times = np.unique(ids, return_counts=True)
    if words[0] == "":
        row = int(np.argmax(ids == ""))
        raise SchemaError(f"{source.name}: row {row}: expected the name of an item, found nothing")
    if times.max() > 1:
        raise SchemaError(
            f"{source.name}: expected distinct item names, found {int(times.max())} rows of "
            f"{str(words[np.argmax(times)])!r} (--item COLUMN chooses the column of names, and "
            "--columns that of the classes)"
        )
    return ids


def _totals(counts: Rows) -> Array:
    """The votes of each item, int64 (n)."""
    return np.concatenate([block.sum(axis=1, dtype=np.int64) for block in blocks(counts)])


def _votes_told(counts: Rows) -> str:
    """How many votes an item has, where that takes no time to find out."""
    if counts.shape[0] * counts.shape[1] > MOST_SUMMED:
        return VOTES
    totals = _totals(counts)
    low, high = int(totals.min()), int(totals.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    percent = "; percentages? --probs" if 95 <= low <= high <= 105 else ""
    return f"{VOTES} ({each} per item{percent})"


def _check_totals(wide: Wide, *, are_shares: bool = False) -> None:
    """Raise AmbiguousError where a column that is called so is not the sum of the others.

    Beside shares, whole numbers are the votes that these are of.
    """
    if not wide.totals:
        return
    sums = np.concatenate([block.sum(axis=1) for block in blocks(wide.member())])
    for name, values in wide.totals.items():
        whole = (values == np.floor(values)).all() and ((values >= 1) | (sums == 0)).all()
        if not np.allclose(values, sums, rtol=1e-6, atol=0) and not (are_shares and whole):
            raise AmbiguousError(
                f"{wide.source.name}: the column {name} is not the sum of the others: --columns or "
                "--classes says which columns are classes"
            )


def _refuse_other_layouts(wide: Wide, reading: RowMeaning | None, hints: Hints) -> None:
    """Raise AmbiguousError for what looks like choices of people rather than votes for classes."""
    if hints.layout != AUTO or hints.columns is not None or hints.classes is not None:
        return
    if reading is None or reading.meaning != VOTES:
        return
    if wide.totals:
        return  # which are the sums of votes, or refused
    if wide.array and wide.names is not None:
        return  # an array of the names of classes says what the columns are
    if wide.names is not None and names_suggest_matrix(wide.names):
        raise AmbiguousError(
            f"{wide.source.name}: columns called {wide.names[0]}, {wide.names[1]} … look like "
            f"annotators (--layout wide if they are classes): {OTHER_LAYOUTS}"
        )
    if columns_move_together(wide.rows):
        named = wide.names is not None and not are_default(wide.names)
        shown = f"in columns {brief(wide.names or ())}" if named else "without column names"
        raise AmbiguousError(
            f"{wide.source.name}: whole numbers {shown}, which are unlikely to be votes by class "
            f"(--layout wide if they are): {OTHER_LAYOUTS}"
        )


def _check_recorded_truth(truth: Array | None, classes: tuple[str, ...], name: str) -> None:
    if truth is not None:
        check_truth(truth, len(classes), f"{name}: truth")


def _as_float(rows: Rows) -> Rows:
    """The rows in float32 or float64, whichever holds them exactly."""
    if rows.dtype.name in ("float32", "float64"):
        return rows
    dtype = np.float32 if rows.dtype == np.float16 else np.float64
    return mapped(rows, lambda block, _: block.astype(dtype), dtype=dtype)
