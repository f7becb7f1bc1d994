"""The tables that can be listed: what there is to choose from, a row each."""

from __future__ import annotations

from c10h.attacks.methods import ATTACKS
from c10h.metrics.metrics import METRICS
from c10h.models.architectures import ARCHITECTURES
from c10h.views.table import MISSING, Table, text_table


def metrics() -> Table:
    """METRICS, with their definitions."""
    return text_table(
        ["metric", "better", "definition"],
        [[name, metric.better or MISSING, metric.summary] for name, metric in METRICS.items()],
    )


def architectures() -> Table:
    """ARCHITECTURES, with names that exist."""
    return text_table(
        ["form", "examples", "what", "citation"],
        [
            [family.form, ", ".join(family.examples), family.summary, family.citation]
            for family in ARCHITECTURES.values()
        ],
    )


def methods() -> Table:
    """ATTACKS, with their losses and options."""
    return text_table(
        ["method", "steps", "losses", "also takes", "what it does"],
        [
            [name, str(method.steps), ", ".join(method.losses), " ".join(method.takes),
             method.summary]
            for name, method in ATTACKS.items()
        ],
    )  # fmt: skip
