"""Who judged, and how well: table, rows and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from c10h.errors import counted
from c10h.formats.hints import brief
from c10h.labels.alternative_annotator import FALSE_DISCOVERIES, LEAST_ITEMS, Estimate
from c10h.stages.labels_annotators import Annotators, ModelAmong
from c10h.views.display import Display
from c10h.views.table import MISSING, Cell, Table, number, of_columns

# So many annotators who agree least are named.
MOST_NAMED = 5
# Below so many annotators the authors of the test advise against it.
FEW = 3
# The 95 % interval of agreement.
ENDS = ("agreement_low", "agreement_high")
# How a value of each other column is shown.
COLUMNS: Mapping[str, Callable[[Any], str]] = {
    "annotator": str,
    "trials": lambda value: f"{value:,}",
    "attention": number,
    "kappa": number,
    "accuracy": number,
    "rt": lambda value: number(value, 2 if value is not None and value < 100 else 0),
    "excluded": lambda value: "x" * value,
    "advantage": number,
    "p_value": number,
    "replaced": lambda value: "x" * value,
}


def display(annotators: Annotators) -> Display:
    """A row an annotator."""
    values = partial(rows, annotators)
    return Display(lambda: tables(annotators), lambda: to_json(annotators), values)


def tables(annotators: Annotators) -> list[Table]:
    """The annotators, and the model where there is one."""
    shown = [table(annotators)]
    return shown if annotators.model is None else [*shown, model_table(annotators.model)]


def model_table(model: ModelAmong) -> Table:
    """The model by the same figures, its rank, and the share of annotators it can stand in for."""
    test = model.test
    told: list[tuple[str, Cell]] = [
        ("agreement", _estimate(test.agreement)),
        ("kappa", Cell(number(model.kappa))),
        ("accuracy", Cell(number(model.accuracy))),
        (f"rank among {test.ranked:,} annotators", _estimate(test.rank, 0)),
        ("advantage probability", _estimate(test.advantage_probability)),
        ("winning rate", _estimate(test.winning_rate)),
    ]
    told = [(name, cell) for name, cell in told if name != "accuracy" or cell.text != MISSING]
    return of_columns(
        model.name,
        [("model", [name for name, _ in told])],
        [("value", [cell for _, cell in told])],
        _notes(model),
    )


def _estimate(estimate: Estimate, digits: int = 4) -> Cell:
    ends = [number(end, digits) for end in (estimate.low, estimate.high)]
    small = "" if MISSING in ends else " to ".join(ends)
    return Cell(number(estimate.value, digits), small)


def _notes(model: ModelAmong) -> list[str]:
    """What was tested, of how many, and how."""
    test = model.test
    notes = [
        f"agreement over {counted(test.items, 'item')}; 95 % intervals: bootstrap over items, "
        f"{model.resamples:,} resamples, seed {model.seed}; rank: at the ends of agreement; "
        "winning rate: Wilson's, over annotators"
    ]
    if not test.tested:
        return [*notes, f"no test: no annotator judged {LEAST_ITEMS} items that others did, too"]
    notes.append(
        f"alternative annotator test: it can stand in for {int(test.replaced.sum()):,} of "
        f"{counted(test.tested, 'annotator')} with {LEAST_ITEMS} items or more "
        f"(epsilon {model.epsilon:g}, false discoveries {FALSE_DISCOVERIES:g}): "
        f"{'passed' if model.passes else 'not passed'}, which takes half"
    )
    if test.tested < FEW:
        notes.append(f"fewer than {FEW} annotators: the test is not reliable")
    return notes


def to_json(annotators: Annotators) -> Any:
    """The rows; with a model, an object of both."""
    if annotators.model is None:
        return rows(annotators)
    model, test = annotators.model, annotators.model.test
    return {
        "model": {
            "name": model.name,
            "agreement": asdict(test.agreement),
            "kappa": model.kappa,
            "accuracy": model.accuracy,
            "rank": asdict(test.rank),
            "ranked": test.ranked,
            "items": test.items,
            "winning_rate": asdict(test.winning_rate),
            "advantage_probability": asdict(test.advantage_probability),
            "tested": test.tested,
            "epsilon": model.epsilon,
            "passes": model.passes if test.tested else None,
        },
        "annotators": rows(annotators),
    }


def table(annotators: Annotators) -> Table:
    """For people."""
    cells = [_cells(row) for row in rows(annotators)]
    notes = [f"{len(cells):,} of {annotators.total:,} annotators"]
    if annotators.median == annotators.median:
        notes[0] += f"; the median agreement is {annotators.median:.3f}"
    if annotators.below:
        names = brief(annotators.below, MOST_NAMED)
        notes.append(
            f"whole interval below the median, as that of one in forty is by chance: "
            f"{len(annotators.below):,} ({names}); --drop-annotator NAME leaves one out"
        )
    if "excluded" in annotators.columns:
        why = [f"attention below {annotators.threshold:g}"] * ("attention" in annotators.columns)
        why += ["left out by name"] * annotators.by_name
        if any(row["excluded"] for row in rows(annotators)):
            notes.append(f"excluded: {' or '.join(why)}; they do not count among the others")
    judged, items = annotators.judged, annotators.items
    if 0 < judged < items:
        notes.append(f"accuracy: on {judged:,} of {items:,} items, whose true class is known")
    header = [name for name in annotators.columns if name not in ENDS]
    return Table("", header, cells, 1, notes)


def _cells(row: Mapping[str, Any]) -> list[Cell]:
    """The values of an annotator, with the interval of agreement beside it."""
    return [
        _agreement(row) if name == "agreement" else Cell(COLUMNS[name](value))
        for name, value in row.items()
        if name not in ENDS
    ]


def _agreement(row: Mapping[str, Any]) -> Cell:
    """Agreement, to the digits that leave room for all columns on 80, and its interval."""
    ends = [number(row[end], 2) for end in ENDS]
    ends = [{"0.00": "0", "1.00": "1"}.get(end, end.removeprefix("0")) for end in ends]
    return Cell(number(row["agreement"], 3), "" if MISSING in ends else "–".join(ends))


def rows(annotators: Annotators) -> list[dict[str, Any]]:
    """The values of each annotator by column, NaN for those that do not exist."""
    columns = annotators.columns
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]
