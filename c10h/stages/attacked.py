"""What an attack file holds, as predictions: those before the attack, and after each budget."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from c10h.formats.lazy_rows import one_member, part_of
from c10h.records import Attack, Predictions, Rows
from c10h.stages.join import exposure as exposure_of
from c10h.views.epsilon import epsilon_name

CLEAN = "clean"


def runs_of(name: str, record: Predictions | Attack) -> list[tuple[str, Predictions]]:
    """The runs of a file that is called ``name``: one, or as many as an attack has results.

    "adv@clean" is before an attack and "adv@4/255" after one of that size; of several networks,
    "adv/fold-0@clean" and so on.
    """
    if isinstance(record, Predictions):
        return [(name, record)]
    return [
        (f"{network_name(name, record, member)}@{when}", _predictions(record, member, logits))
        for member in range(record.clean_logits.shape[0])
        for when, logits in _results(record, member)
    ]


def network_name(name: str, attack: Attack, member: int) -> str:
    """What one network of an attack file that is called ``name`` is called."""
    members = attack.clean_logits.shape[0]
    if members == 1:
        return name
    return f"{name}/{member if attack.member is None else attack.member[member]}"


def exposure(attack: Attack, member: int) -> str:
    """Whether a network was trained on the items that it was attacked on."""
    clean = part_of(attack.clean_logits, (member,))
    return exposure_of(_predictions(attack, member, clean))


def _results(attack: Attack, member: int) -> Iterator[tuple[str, Rows]]:
    """Logits (n, c) of one network by when they are of."""
    yield CLEAN, part_of(attack.clean_logits, (member,))
    for number, epsilon in enumerate(attack.epsilon):
        yield epsilon_name(epsilon), part_of(attack.logits, (member, number))


def _predictions(attack: Attack, member: int, logits: Rows) -> Predictions:
    """Logits (n, c) of one network of an attack, with what is known of network and items."""
    this = slice(member, member + 1)
    return Predictions(
        classes=attack.classes,
        lineage=attack.lineage,
        logits=one_member(logits),
        member=np.array([""]) if attack.member is None else attack.member[this],
        member_fold=None if attack.member_fold is None else attack.member_fold[this],
        index=attack.index,
        ids=attack.ids,
        truth=attack.truth,
        fold=attack.fold,
        item=attack.item,
        trained=attack.trained,
    )
