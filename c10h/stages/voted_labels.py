"""Labels with vote counts, which noise and plans are of."""

from __future__ import annotations

from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.detect_format import refuse_needless_item
from c10h.formats.hints import Hints, Tell
from c10h.formats.predictions_and_labels import open_labels
from c10h.formats.truth_files import open_truth
from c10h.records import Labels
from c10h.stages.labels_from_records import with_truth


def voted_labels_in(labels: Source, truth: Source | None, hints: Hints, tell: Tell) -> Labels:
    """Labels with vote counts, and with the truth of another input where there is one.

    Raises InputError for labels without votes, MismatchError for a truth of other items.
    """
    refuse_needless_item(hints.item, [labels, *([truth] if truth else [])])
    notes: list[str] = []
    voted = open_labels(labels, hints, notes.append)
    if voted.counts is None:
        raise InputError(f"{labels.name}: expected vote counts, found only probabilities")
    if truth is not None:
        voted = with_truth(voted, open_truth(truth, voted.classes, hints, notes.append))
    for note in notes:
        tell(note)
    return voted
