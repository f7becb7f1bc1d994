"""The commands that make files, by what lineages call them: how their command lines are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from c10h.images.import_request import ImportRequest
from c10h.request_fields import INPUT, OPTION, SEED, Given, Option, declared
from c10h.stages.label_requests import BuildRequest
from c10h.stages.requests import AttackRequest, PredictRequest, TrainRequest
from c10h.stages.score_request import ScoreRequest

KINDS = (ImportRequest, BuildRequest, TrainRequest, PredictRequest, AttackRequest, ScoreRequest)
REQUESTS: Mapping[str, type[Any]] = {f"c10h {kind.command}": kind for kind in KINDS}


def options_by_name(command: str) -> Mapping[str, Option]:
    """The options of a command that lineages have, by their names; none of an unknown one."""
    return {name: option for option in _declared(command, OPTION) for name in option.names}


def inputs_of(command: str) -> Sequence[Given]:
    """How the inputs of a command are given, in the order of its arguments."""
    return _declared(command, INPUT)


def has_seed(command: str) -> bool:
    """Whether a command has a seed."""
    return bool(_declared(command, SEED))


@cache
def _declared(command: str, what: str) -> Sequence[Any]:
    return tuple(declared(REQUESTS[command], what)) if command in REQUESTS else ()
