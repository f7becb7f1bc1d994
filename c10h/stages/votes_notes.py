"""What a table of judgments holds, and what was left out of it, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from c10h.items import whole_numbers
from c10h.labels.votes import Votes

# How many names of left out annotators a line has.
NAMES = 20


def votes_notes(name: str, votes: Votes) -> Iterator[str]:
    """What a table holds, what was left out and what was taken for granted. name: the table's."""
    size = votes.labels.probs.shape[0]
    checks = f", and {_count(votes.checks, 'attention check')}" if votes.checks else ""
    who = votes.labels.annotators
    people = _count(len(who["id"]), "annotator")
    yield f"{name}: {votes.taken}"
    yield f"{name}: {_count(votes.trials, 'judgment')} by {people}{checks}"
    annotators = votes.excluded_of("annotator")
    if annotators:
        names = ", ".join(one.name for one in annotators[:NAMES])
        more = ", ..." if len(annotators) > NAMES else ""
        lost = sum(one.judgments for one in annotators)
        yield (
            f"{name}: left out {_count(len(annotators), 'annotator')} ({annotators[0].reason}) "
            f"with {_count(lost, 'judgment')}: {names}{more}"
        )
    yield from left_out_notes(name, votes)
    if votes.dropped:
        yield f"{name}: left out {_count(votes.dropped, 'item')} with too few judgments"
    if votes.repeated:
        yield (
            f"{name}: {votes.repeated:,} judgments repeat an item for the same annotator "
            f"({votes.repeaters:,} annotators); they are counted"
        )
    unchecked = int((who["attention"] != who["attention"]).sum()) if "attention" in who else 0
    if unchecked:
        yield f"{name}: kept {_count(unchecked, 'annotator')} without an attention check"
    if votes.labels.ids is not None:
        numbered = whole_numbers(votes.labels.ids) is not None
        order = f"numbers, which are not 0 to {size - 1:,} and are" if numbered else "names,"
        yield f"{name}: {_count(size, 'item')} in the order of their {order} written as ids"


def left_out_notes(name: str, votes: Votes) -> Iterator[str]:
    """Which judgments were left out, and what was taken for granted of the others."""
    if len(votes.late):
        yield f"{name}: left out {_count(len(votes.late), 'judgment')} out of the reaction times"
    if votes.unanswered:
        yield f"{name}: left out {_count(len(votes.unanswered), 'judgment')} without a label"
    if votes.unwanted:
        labels = ", ".join(sorted({one.reason.removeprefix("label ") for one in votes.unwanted}))
        yield f"{name}: left out {_count(len(votes.unwanted), 'judgment')} by label: {labels}"
    for note in votes.notes:
        yield f"{name}: {note}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
