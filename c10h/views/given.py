"""What a report is made of: the files that it was given, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from c10h.errors import InputError
from c10h.metrics.block import Float
from c10h.metrics.strata import ALL
from c10h.records import Array, History, Labels, Lineage, Predictions
from c10h.views.attacks import Attacked
from c10h.views.scores import Entry

KINDS = ("scores", "attack", "history", "labels", "predictions")


@dataclass(frozen=True)
class File:
    """One file: its name without a folder, its kind, its SHA-256, and how it was made."""

    name: str
    kind: str
    sha256: str
    lineage: Lineage | None = None


@dataclass(frozen=True)
class Compared:
    """People and networks on the same n items, all in one order of items and of classes.

    people: float64 (n, c); networks: the distributions of each by name, float64 (n, c).
    names: what each item is called. truth: the class of each, -1 where it is not known. exposure:
    whether each network was trained on any of its items, in a word.
    """

    classes: tuple[str, ...]
    people: Float
    networks: Mapping[str, Float]
    names: Sequence[str]
    truth: Array | None = None
    exposure: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """Everything that tables and figures are made of. Histories and so on are by name.

    compared: people beside the networks of the predictions, where both are there. stratum: the part
    of the items that is told of scored runs.
    """

    scored: Sequence[Entry] = ()
    attacked: Sequence[Attacked] = ()
    histories: Mapping[str, History] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    compared: Compared | None = None
    stratum: str = ALL

    def title(self, text: str) -> str:
        """A title of scores, with the part of the items that they are of."""
        return text if self.stratum == ALL else f"{text}, {self.stratum}"

    def counts(self) -> dict[str, int]:
        """How many there are of each kind: runs of scores and attacks, files of the others."""
        found = (self.scored, self.attacked, self.histories, self.labels, self.predictions)
        return {kind: len(one) for kind, one in zip(KINDS, found, strict=True) if one}

    def expect(self, what: str, **wanted: int) -> None:
        """Raise InputError unless these kinds are there and no others.

        wanted: by kind the number of files, 0 for one or more.
        """
        found = self.counts()
        missing = any(
            not found.get(kind) or (number and found[kind] != number)
            for kind, number in wanted.items()
        )
        if missing or set(found) - set(wanted):
            words = " and ".join(
                f"{number} {kind} file{'s' if number > 1 else ''}" if number else f"{kind} files"
                for kind, number in wanted.items()
            )
            raise InputError(f"{what} needs {words} and nothing else; found {found_words(found)}")


def found_words(counts: Mapping[str, int]) -> str:
    """Numbers by kind in words."""
    return ", ".join(f"{kind} ({number})" for kind, number in counts.items()) or "nothing"
