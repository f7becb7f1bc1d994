"""Rescale networks that are put beside people, as scores do: each item by what others say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from c10h.metrics.item_block import Block
from c10h.metrics.references import REFERENCES, RESCALED
from c10h.stages.people_and_networks import Compared
from c10h.stages.reference_fit import fit_references, item_keys

SEED = 0


@dataclass(frozen=True)
class BeforeAndAfter:
    """A network with people and truth of its items, as it is and rescaled.

    rescaled: None where no temperature can be fitted, for the reason in ``missing``; temperature:
    the mean over groups of items, NaN then.
    """

    before: Block
    rescaled: Block | None
    temperature: float
    missing: str = ""

    def both(self) -> dict[str, Block]:
        """By what they are called; without the second where there is none."""
        blocks = {"as it is": self.before}
        return blocks if self.rescaled is None else {**blocks, RESCALED: self.rescaled}


def rescale_networks(compared: Compared) -> Mapping[str, BeforeAndAfter]:
    """Each network at the temperature at which it is closest to people's labels, cross-fitted.

    The temperature of a group of items minimises cross-entropy on the other groups, which are those
    of ``c10h score`` with seed 0.
    """
    people = compared.known
    assert people is not None
    known = people.read(slice(0, people.size))
    keys = item_keys(people, compared.rows)
    rescaled = {}
    for name, logits in compared.logits.items():
        references = fit_references(logits[None], 0, people, keys, to_people=True, seed=SEED)
        before, missing = Block(logits=logits, **known), references.missing.get(RESCALED, "")
        fitted = references.fitted
        after = None if missing else REFERENCES[RESCALED].of(before, fitted, fitted.group)
        temperature = float("nan") if missing else fitted.temperature
        rescaled[name] = BeforeAndAfter(before, after, temperature, missing)
    return rescaled
