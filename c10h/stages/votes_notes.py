"""What a table of judgments holds, and what was left out of it, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from c10h.errors import counted
from c10h.formats.hints import brief
from c10h.items import whole_numbers
from c10h.labels.votes import WARNING, Exclusion, Votes
from c10h.stages.labels_from_records import classes_without_votes

# How many names of left out annotators a line has.
NAMES = 20
# As many different labels for each item are likely the items themselves.
SWAPPED = 3


def votes_notes(name: str, votes: Votes) -> Iterator[str]:
    """What a table holds, what was left out and what was taken for granted. name: the table's."""
    size = votes.labels.probs.shape[0]
    checks = f", and {counted(votes.checks, 'attention check')}" if votes.checks else ""
    who = votes.labels.annotators
    people = counted(len(who["id"]), "annotator")
    yield f"{name}: {votes.taken}"
    yield f"{name}: {counted(votes.trials, 'judgment')} by {people}{checks}"
    if votes.checks > votes.trials:
        yield f"warning: {name}: more attention checks than judgments: is --check the right way?"
    if votes.checks and "attention" not in who:
        yield (
            f"warning: {name}: nothing says which answers to the attention checks are right, and "
            "nobody is left out: --true-label COLUMN for their right answers, --correct COLUMN for "
            "yes or no, or --correct majority for what most chose"
        )
    classes = len(votes.labels.classes)
    if classes >= SWAPPED * size and not classes_without_votes(votes.labels):
        yield (
            f"warning: {name}: {classes:,} classes for {counted(size, 'item')}: are --item and "
            "--label the right way round?"
        )
    by_reason: dict[str, list[Exclusion]] = {}
    for exclusion in votes.excluded_of("annotator"):
        by_reason.setdefault(exclusion.reason, []).append(exclusion)
    for reason, annotators in by_reason.items():
        names = ", ".join(annotator.name for annotator in annotators[:NAMES])
        more = ", ..." if len(annotators) > NAMES else ""
        lost = sum(annotator.judgments for annotator in annotators)
        yield (
            f"{name}: left out {counted(len(annotators), 'annotator')} ({reason}) "
            f"with {counted(lost, 'judgment')}: {names}{more}"
        )
    yield from left_out_notes(name, votes)
    if votes.dropped:
        names = brief([exclusion.name for exclusion in votes.excluded_of("item")])
        yield f"{name}: left out {counted(votes.dropped, 'item')} with too few judgments: {names}"
    if votes.repeated:
        yield (
            f"{name}: {counted(votes.repeated, 'repeated judgment')} of an item, by "
            f"{counted(votes.repeaters, 'annotator')}; all are counted"
        )
    unchecked = int((who["attention"] != who["attention"]).sum()) if "attention" in who else 0
    if unchecked:
        yield f"{name}: kept {counted(unchecked, 'annotator')} without an attention check"
    if votes.labels.ids is not None:
        numbered = whole_numbers(votes.labels.ids) is not None
        order = f"numbers, which are not 0 to {size - 1:,} and are" if numbered else "names,"
        yield f"{name}: {counted(size, 'item')} in the order of their {order} written as ids"


def left_out_notes(name: str, votes: Votes) -> Iterator[str]:
    """Which judgments were left out, and what was taken for granted of the others."""
    if len(votes.late):
        late = counted(len(votes.late), "judgment")
        yield f"{name}: left out {late} outside the reaction time limits"
    if votes.unanswered:
        yield f"{name}: left out {counted(len(votes.unanswered), 'judgment')} without a label"
    if votes.unwanted:
        labels = ", ".join(
            sorted({judgment.reason.removeprefix("label ") for judgment in votes.unwanted})
        )
        yield f"{name}: left out {counted(len(votes.unwanted), 'judgment')} by label: {labels}"
    for note in votes.notes:
        warning = WARNING if note.startswith(WARNING) else ""
        yield f"{warning}{name}: {note.removeprefix(warning)}"
