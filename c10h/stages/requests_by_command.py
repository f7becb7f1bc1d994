"""The commands that make files, by what lineages call them: how their command lines are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from c10h.request_fields import INPUT, OPTION, SEED, Given, Option, declared

# Where the kind of request of each is, which is imported when it is asked for.
REQUESTS: Mapping[str, str] = {
    "c10h data import": "c10h.images.import_request:ImportRequest",
    "c10h data corrupt": "c10h.stages.data_corrupt_request:CorruptRequest",
    "c10h labels build": "c10h.stages.labels_build_request:BuildRequest",
    "c10h train": "c10h.stages.network_requests:TrainRequest",
    "c10h predict": "c10h.stages.network_requests:PredictRequest",
    "c10h attack": "c10h.stages.network_requests:AttackRequest",
    "c10h score": "c10h.stages.score_request:ScoreRequest",
}


def options_by_name(command: str) -> Mapping[str, Option]:
    """The options of a command that lineages have, by their names; none of an unknown one."""
    return {name: option for option in _declared(command, OPTION) for name in option.names}


def inputs_of(command: str) -> Sequence[Given]:
    """How the inputs of a command are given, in the order of its arguments."""
    return _declared(command, INPUT)


def given_of(command: str, role: str, roles: Sequence[str]) -> Given | None:
    """How the input of a role is given, among inputs of some roles; None for an unknown role."""
    for given in inputs_of(command):
        absent = not any(role.startswith(given.roles) for role in roles)
        if role.startswith(given.roles) or (absent and role == given.otherwise):
            return given
    return None


def has_seed(command: str) -> bool:
    """Whether a command has a seed."""
    return bool(_declared(command, SEED))


@cache
def _declared(command: str, what: str) -> Sequence[Any]:
    if command not in REQUESTS:
        return ()
    module, _, name = REQUESTS[command].partition(":")
    return tuple(declared(getattr(import_module(module), name), what))
