"""From a command and what it used to the lineage of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from c10h import __version__
from c10h.files import Source
from c10h.records import Input, Lineage


class HasLineage(Protocol):
    """What may know how it was made: records, and the runs of training."""

    @property
    def kind(self) -> str: ...

    @property
    def lineage(self) -> Lineage | None: ...


def lineage_of(
    command: str,
    options: Mapping[str, Any],
    inputs: Sequence[tuple[str, Source, HasLineage | None]],
    seed: int | None = None,
    excluded: Mapping[str, Any] | None = None,
    architecture: str | None = None,
) -> Lineage:
    """The lineage of a result. options: those that shape it, without paths; None is left out."""
    return Lineage(
        command=f"c10h {command}",
        options={
            name: value
            for name, value in options.items()
            if value is not None and value is not False and value != []
        },
        seed=seed,
        architecture=architecture,
        inputs=tuple(
            Input(
                role=role,
                name=source.whole_name,
                sha256=source.sha256,
                kind=record.kind if record is not None and record.lineage else None,
                lineage=record.lineage if record is not None else None,
            )
            for role, source, record in inputs
        ),
        excluded=excluded or {},
        version=__version__,
    )
