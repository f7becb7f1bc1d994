"""From a command and what it used to the lineage of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from c10h import __version__
from c10h.files import Source
from c10h.records import Input, Lineage
from c10h.request_fields import options_of, seed_of


class HasLineage(Protocol):
    """What may know how it was made: records, and the runs of training."""

    @property
    def kind(self) -> str: ...

    @property
    def lineage(self) -> Lineage | None: ...


class Request(Protocol):
    """What a command is asked, a dataclass. command: its words after ``c10h``."""

    command: ClassVar[str]


def lineage_of(
    request: Request,
    inputs: Sequence[tuple[str, Source, HasLineage | None]],
    *,
    settled: Mapping[str, Any] | None = None,
    excluded: Mapping[str, Any] | None = None,
    architecture: str | None = None,
) -> Lineage:
    """The lineage of the result of a request, from its fields (see c10h/request_fields.py).

    inputs: role, file and record of each. settled: what fields came to, by their names, where that
    is not what was asked for. excluded: what was left out of the inputs.
    """
    settled = settled or {}
    options, seed = options_of(request, settled), seed_of(request, settled)
    return lineage_of_command(request.command, options, inputs, seed, excluded, architecture)


def lineage_of_command(
    command: str,
    options: Mapping[str, Any],
    inputs: Sequence[tuple[str, Source, HasLineage | None]],
    seed: int | None = None,
    excluded: Mapping[str, Any] | None = None,
    architecture: str | None = None,
) -> Lineage:
    """The lineage of a result. options: those that shape it, without paths."""
    return Lineage(
        command=f"c10h {command}",
        options=options,
        seed=seed,
        architecture=architecture,
        inputs=tuple(
            Input(
                role=role,
                name=source.whole_name,
                sha256=source.sha256,
                kind=None if lineage is None or record is None else record.kind,
                lineage=lineage,
            )
            for role, source, record in inputs
            for lineage in (_known_lineage(record),)
        ),
        excluded=excluded or {},
        version=__version__,
    )


def _known_lineage(record: HasLineage | None) -> Lineage | None:
    """How a record was made; None for one that no command made."""
    lineage = None if record is None else record.lineage
    return lineage if lineage is not None and lineage.command else None
