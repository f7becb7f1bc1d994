"""The worst case over several attacks on one network, in each form."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from c10h.errors import counted
from c10h.formats.hints import brief
from c10h.stages.attack_runs import NORMS
from c10h.stages.worst_case import WorstCase
from c10h.views.answer import Answer, with_interval
from c10h.views.forms.json_text import plain
from c10h.views.table import Cell, Table, interval, number, of_columns

TITLE = "Worst case over several attacks on one network"
NOTE = "An image counts as right where it is right before and after each of these attacks of at \
most this size; Wilson's 95 % interval."
METRIC = "accuracy, worst case"
# Attacks that a sentence names.
MOST_NAMES = 4


def answers(cases: Sequence[WorstCase]) -> list[Answer]:
    """A sentence for each network and norm, with all sizes."""
    sentences = []
    for (names, norm, n), group in groupby(cases, key=lambda c: (c.names, c.norm, c.n)):
        sizes = "; ".join(
            f"{with_interval(case.value, case.low, case.high)} at {case.budget}" for case in group
        )
        about = f"{NORMS.get(norm, norm)}, one network, {counted(n, 'item')}"
        which = f"{brief(names, MOST_NAMES)} ({about})"
        sentences.append(f"Accuracy in the worst case over {which}: {sizes}.")
    return [Answer(sentences)] if sentences else []


def tables(cases: Sequence[WorstCase]) -> list[Table]:
    """Attacks and sizes down; none where no network was attacked twice."""
    if not cases:
        return []
    names = [
        ("runs", [", ".join(case.names) for case in cases]),
        ("norm", [NORMS.get(case.norm, case.norm) for case in cases]),
        ("ε", [case.budget for case in cases]),
    ]
    values = [Cell(number(case.value), interval(case.low, case.high)) for case in cases]
    items = [Cell(f"{case.n:,}") for case in cases]
    return [of_columns(TITLE, names, [("accuracy", values), ("n", items)], [NOTE])]


def to_json(cases: Sequence[WorstCase]) -> list[dict[str, Any]]:
    """One object for each network, norm and size."""
    values: list[dict[str, Any]] = plain(
        [
            {
                "runs": case.names,
                "norm": case.norm,
                "epsilon": case.epsilon,
                "accuracy": {"value": case.value, "low": case.low, "high": case.high},
                "n": case.n,
            }
            for case in cases
        ]
    )
    return values


def to_rows(cases: Sequence[WorstCase]) -> list[dict[str, object]]:
    """One row a value, under the columns of attacks."""
    return [
        {
            "run": ", ".join(case.names),
            "norm": case.norm,
            "epsilon": case.epsilon,
            "metric": METRIC,
            "value": case.value,
            "low": case.low,
            "high": case.high,
            "n": case.n,
        }
        for case in cases
    ]
