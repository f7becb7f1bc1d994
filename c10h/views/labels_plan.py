"""Which items to show next: table, rows and JSON."""

from __future__ import annotations

from typing import Any

from c10h.errors import counted
from c10h.labels.allocation import PRIOR_RANGE
from c10h.labels.plan_objectives import OBJECTIVES
from c10h.stages.labels_plan import Choice, Plan
from c10h.views.display import Display
from c10h.views.table import Cell, Table

SHOWN = 20


def display(plan: Plan) -> Display:
    """The items that get judgments, and what to expect of them."""
    return Display(lambda: [table(plan)], lambda: to_json(plan), lambda: rows(plan))


def table(plan: Plan) -> Table:
    """The first items, and what to expect."""
    cells = [
        [Cell(row["item"]), Cell(f"{row['votes']:,}"), Cell(f"{row['judgments']:,}")]
        for row in rows(plan)[:SHOWN]
    ]
    rest = len(plan.item) - len(cells)
    notes = [f"and {rest:,} more items: --format csv lists all"] if rest > 0 else []
    return Table("", ["item", "votes", "judgments"], cells, 1, [*notes, *expectations(plan)])


def expectations(plan: Plan) -> list[str]:
    """What to expect of a plan, beside none and beside one that is even, in lines."""
    lines = [
        f"{counted(plan.budget, 'judgment')} for {len(plan.item):,} of {plan.items:,} items; "
        f"expected {OBJECTIVES[plan.objective].summary}, mean over all items: {plan.now:.5f} now, "
        f"{plan.planned:.5f} with this plan, {plan.uniform:.5f} if spread evenly",
        f"{_people(plan)}; ties broken with seed {plan.seed}",
    ]
    if plan.choice is not None:
        lines.append(_more_items_or_votes(plan.budget, plan.choice))
    low, high = PRIOR_RANGE
    if plan.prior is not None and not 1.01 * low < plan.prior < 0.99 * high:
        lines.append("this prior is at its bound: the votes do not determine it; use --prior")
    return lines


def _people(plan: Plan) -> str:
    """What people's distributions are taken to be."""
    if plan.prior is None:
        return (
            "people's distributions: a mixture of Dirichlets around each class, fitted to the votes"
        )
    return f"Dirichlet prior of {plan.prior:.4g} pseudo-votes per class"


def _more_items_or_votes(budget: int, choice: Choice) -> str:
    """What the budget does for a mean over items, either way."""
    return (
        f"more items or more votes: people's mean disagreement is known to ±{choice.now:.5f}; "
        f"{counted(budget, 'judgment')} on {choice.more_items:,.0f} more items of "
        f"{choice.votes:.3g} votes each make it ±{choice.with_items:.5f}, {choice.more_votes:.3g} "
        f"more votes for each of these items ±{choice.with_votes:.5f}"
    )


def rows(plan: Plan) -> list[dict[str, Any]]:
    """Every item that gets judgments, those that get most first."""
    columns = {"item": plan.names, "votes": plan.votes, "judgments": plan.judgments}
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def to_json(plan: Plan) -> dict[str, Any]:
    """Everything as one object."""
    return {
        "objective": plan.objective,
        "budget": plan.budget,
        "prior": plan.prior,
        "seed": plan.seed,
        "items_left_out": plan.left_out,
        "expected_error": {
            "now": plan.now,
            "planned": plan.planned,
            "uniform": plan.uniform,
        },
        "mean_disagreement": plan.choice
        and {
            "standard_error": plan.choice.now,
            "more_items": {
                "items": plan.choice.more_items,
                "standard_error": plan.choice.with_items,
            },
            "more_votes": {
                "votes": plan.choice.more_votes,
                "standard_error": plan.choice.with_votes,
            },
        },
        "items": rows(plan),
    }
