"""What fields of requests say of themselves: the option or input that they are, and its bounds.

The options of a lineage follow from a request's fields, and command lines from a lineage. Bounds
are checked as a request is made, whoever makes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, field, fields
from typing import Any, NamedTuple

from c10h.errors import InputError, unknown_name

OPTION, SEED, INPUT, PARTS, BOUNDS = "option", "seed", "input", "parts", "bounds"


class Option(NamedTuple):
    """An option that shapes a result.

    name: in lineages, and on the command line after two dashes. unless: a value that shapes
    nothing, as None, False and an empty tuple never do. when: of which requests it shapes the
    result, of all without. recorded: from a value to that of a lineage. switches: the name of a
    switch for each value, instead of one name. flags: the words of a command line that a value is,
    where they are not the name and the value.
    """

    name: str
    unless: object = None
    when: Callable[[Any], bool] | None = None
    recorded: Callable[[Any], Any] | None = None
    switches: Mapping[Any, str] | None = None
    flags: Mapping[str, Sequence[str]] | None = None

    @property
    def names(self) -> Sequence[str]:
        """What lineages call it: one name, or those of its switches."""
        return (self.name,) if self.switches is None else tuple(self.switches.values())

    def entry(self, value: Any) -> Mapping[str, Any]:
        """What the options of a lineage say of a value."""
        if self.switches is not None:
            return {self.switches[value]: True} if value in self.switches else {}
        if value is None or value is False or value == () or value == self.unless:
            return {}
        value = value if self.recorded is None else self.recorded(value)
        return {} if value is None else {self.name: list(value) if _is_tuple(value) else value}


class Bounds(NamedTuple):
    """What the option ``name`` can be: one of some names, or a finite number within limits."""

    name: str
    among: Collection[str] | None = None
    least: float | None = None
    above: float | None = None
    most: float | None = None

    def check(self, value: Any) -> None:
        """Raise InputError for a value, or one of several, that the option cannot be."""
        for part in value if _is_tuple(value) else (value,):
            if part is None:
                continue
            if self.among is not None:
                if part not in self.among:
                    raise InputError(f"--{self.name}: {unknown_name('value', part, self.among)}")
            elif not self._contains(part):
                raise InputError(f"--{self.name} {part}: expected a number {self._range()}")

    def _range(self) -> str:
        ends = {"of at least": self.least, "above": self.above, "up to": self.most}
        return " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)

    def _contains(self, number: Any) -> bool:
        return (
            isinstance(number, int | float)
            and math.isfinite(number)
            and (self.least is None or number >= self.least)
            and (self.above is None or number > self.above)
            and (self.most is None or number <= self.most)
        )


class Given(NamedTuple):
    """How an input is given on the command line.

    flag: the option, empty for an argument. roles: how its role in lineages begins, if it has one
    of these. otherwise: the role that an input of an argument has that none of these is.
    """

    flag: str
    roles: tuple[str, ...]
    otherwise: str = ""


def shaping(
    name: str,
    default: Any = MISSING,
    *,
    unless: object = None,
    when: Callable[[Any], bool] | None = None,
    recorded: Callable[[Any], Any] | None = None,
    flags: Mapping[str, Sequence[str]] | None = None,
    init: bool = True,
    **bounds: Any,
) -> Any:
    """Declare a field that shapes the result; see :class:`Option`, and :class:`Bounds`."""
    metadata: dict[str, Any] = {OPTION: Option(name, unless, when, recorded, flags=flags)}
    if bounds:
        metadata[BOUNDS] = Bounds(name, **bounds)
    return field(default=default, init=init, metadata=metadata)


def bounded(name: str, default: Any, **bounds: Any) -> Any:
    """Declare a field that does not shape the result; see :class:`Bounds`."""
    return field(default=default, metadata={BOUNDS: Bounds(name, **bounds)})


def check_bounds(request: Any) -> None:
    """Raise InputError for a field, of a request or of its parts, that is out of its bounds."""
    for declared_field in fields(request):
        name, metadata = declared_field.name, declared_field.metadata
        if PARTS in metadata and getattr(request, name) is not None:
            check_bounds(getattr(request, name))
        if BOUNDS in metadata:
            metadata[BOUNDS].check(getattr(request, name))


def switch(default: Any, **switches: Any) -> Any:
    """Declare a field whose values are switches, as ``switch(None, header=True)``."""
    names = {value: name.replace("_", "-") for name, value in switches.items()}
    return field(default=default, metadata={OPTION: Option("", switches=names)})


def seeding(
    default: int = 0, *, when: Callable[[Any], bool] = lambda request: True, option: str = ""
) -> Any:
    """Declare the field of a seed.

    when: of which requests it shapes the result. option: its name, if a lineage has it among the
    options, too.
    """
    metadata: dict[str, Any] = {SEED: when, BOUNDS: Bounds("seed", least=0)}
    if option:
        metadata[OPTION] = Option(option)
    return field(default=default, metadata=metadata)


def given_as(flag: str, *roles: str, default: Any = MISSING, otherwise: str = "") -> Any:
    """Declare the field of an input; see :class:`Given`."""
    return field(default=default, metadata={INPUT: Given(flag, roles, otherwise)})


def parts(*kinds: type, default: Any = MISSING) -> Any:
    """Declare a field that is a dataclass of one of some kinds, of which fields are declared."""
    return field(default=default, metadata={PARTS: kinds})


def options_of(request: Any, settled: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a lineage. settled: what a field came to, by its name, if not its value."""
    options: dict[str, Any] = {}
    for declared_field in fields(request):
        value = settled.get(declared_field.name, getattr(request, declared_field.name))
        if PARTS in declared_field.metadata and value is not None:
            options |= options_of(value, settled)
        option = declared_field.metadata.get(OPTION)
        if option is not None and (option.when is None or option.when(request)):
            options |= option.entry(value)
    return options


def seed_of(request: Any, settled: Mapping[str, Any]) -> int | None:
    """The seed of a request; None where it has none, or none that shapes the result."""
    for declared_field in fields(request):
        if SEED in declared_field.metadata and declared_field.metadata[SEED](request):
            seed: int | None = settled.get(
                declared_field.name, getattr(request, declared_field.name)
            )
            return seed
    return None


def declared(kind: Any, what: str) -> Iterator[Any]:
    """What the fields of a kind of request, and of its parts, declare as OPTION, SEED or INPUT."""
    for declared_field in fields(kind):
        for part in declared_field.metadata.get(PARTS, ()):
            yield from declared(part, what)
        if what in declared_field.metadata:
            yield declared_field.metadata[what]


def _is_tuple(value: object) -> bool:
    return isinstance(value, tuple)
