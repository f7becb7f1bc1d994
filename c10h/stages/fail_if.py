"""Conditions on scores that make a command fail, for continuous integration."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.errors import GateError, InputError
from c10h.metrics.metrics import choose
from c10h.records import Scores

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Gate:
    """A condition such as ``ce_human>0.6``; it fails where the condition holds."""

    metric: str
    symbol: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Gate:
        """From the text of ``--fail-if``. Raises InputError for anything else."""
        match = re.fullmatch(r"\s*(\w+)\s*(>=|<=|>|<)\s*(\S+)\s*", text)
        try:
            if match is None:
                raise ValueError
            bound = float(match[3])
            if bound != bound:
                raise ValueError
        except ValueError:
            raise InputError(
                f"--fail-if {text!r}: expected METRIC, one of > >= < <=, and a number, "
                "such as 'ce_human>0.6'"
            ) from None
        return cls(choose([match[1]])[0], match[2], bound)


def check_gates(scores: Scores, gates: Sequence[Gate]) -> None:
    """Raise GateError saying which runs meet a condition, with value, bound and interval.

    Raises InputError where the metric of a gate does not exist: a gate that cannot be checked must
    not pass.
    """
    violations = []
    for gate in gates:
        q = [str(name) for name in scores.metric].index(gate.metric)
        for r, run in enumerate(scores.run):
            value = float(scores.value[r, q, 0])
            if np.isnan(value):
                raise InputError(
                    f"--fail-if {gate.metric}: {run} has no value: {scores.why[r, q, 0]}"
                )
            if OPERATORS[gate.symbol](value, gate.bound):
                low, high = float(scores.low[r, q, 0]), float(scores.high[r, q, 0])
                ends = "" if np.isnan(low) or np.isnan(high) else f"{low:.4f} to {high:.4f}"
                violations.append(
                    f"{run}: {gate.metric} = {value:.4f} ({ends}) {gate.symbol} {gate.bound:g}"
                )
    if violations:
        raise GateError("; ".join(violations))
