"""Attacks as tables for people."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from c10h.metrics.block import Float
from c10h.views.attack_health import verdict
from c10h.views.attack_pairs import (
    AttackDifference,
    differences,
    is_clear,
    item_groups,
    items_notes,
)
from c10h.views.attacks import CLEAN, MEASURES, Attacked, Check, Estimate, budgets_of, by_attack
from c10h.views.score_tables import ARROWS, best, exposure_notes, reasons
from c10h.views.table import MISSING, Cell, Table, interval, number

# Settings that make columns where the runs of a table differ in them.
TOLD_APART = ("answer", "precision")
SIZES = "Sizes of attacks are in pixels of [0, 1]."


def attack_tables(found: Sequence[Attacked], baseline: Attacked | None = None) -> list[Table]:
    """For each kind of attack: networks down, figures before and after across, the best in bold.

    Then differences against the baseline, figures of the comparison with people, and at the end
    the checks of all attacks.
    """
    tables = []
    for what, alike in by_attack(found).items():
        main = _main_table(what, alike)
        others = [one for one in alike if one is not baseline]
        tables += [main] if baseline is None else _with_differences(what, others, baseline, main)
        if any(one.human for one in alike):
            tables.append(_human_table(what, alike))
    if any(one.checks for one in found):
        tables.append(_check_table(found))
    return tables


def _main_table(what: str, alike: Sequence[Attacked]) -> Table:
    keys = [(measure, result) for measure in MEASURES for result in (CLEAN, *budgets_of(alike))]
    groups = item_groups(alike)
    columns = [
        estimate_cells(key[0], [one.estimates.get(key) for one in alike], groups) for key in keys
    ]
    about = {"network": [one.network for one in alike]}
    about |= {key: [str(one.setting(key)) for one in alike] for key in TOLD_APART}
    about = {
        key: words
        for key, words in about.items()
        if (any(words) if key == "network" else len(set(words)) > 1)
    }
    rows = [
        [Cell(one.run), *(Cell(words[row]) for words in about.values())]
        + [column[row] for column in columns]
        for row, one in enumerate(alike)
    ]
    header = ["run", *about, *(_header(*key, arrow=True) for key in keys)]
    notes = [*exposure_notes(alike), *means_notes(alike)]
    return Table(f"Attack {what}", header, rows, 1 + len(about), notes)


def means_notes(found: Sequence[Attacked]) -> list[str]:
    """Over how many items the means are, and whether over the same ones."""
    sizes = dict.fromkeys(one.items for one in found)
    items = ", ".join(
        f"{size:,} items" + (f" ({_names(found, size)})" if len(sizes) > 1 else "")
        for size in sizes
    )
    means = f"Means over {items}; intervals: 95 %, bootstrap over items. {SIZES}"
    return [means, *items_notes(found)]


def _names(alike: Sequence[Attacked], size: int) -> str:
    return ", ".join(one.run for one in alike if one.items == size)


def _header(measure: str, result: str, *, arrow: bool = False) -> str:
    name = f"{measure.replace('_', '-')} {result}"
    return f"{name} {ARROWS[MEASURES[measure]]}" if arrow else name


def estimate_cells(
    measure: str, found: Sequence[Estimate | None], about: Sequence[Hashable]
) -> list[Cell]:
    """Cells of one figure, the best in bold of those that are about the same."""
    marks = best(MEASURES[measure], [one.value if one else None for one in found], about)
    return [
        Cell(MISSING)
        if one is None
        else Cell(number(one.value), interval(one.low, one.high), is_best)
        for one, is_best in zip(found, marks, strict=True)
    ]


def _with_differences(
    what: str, others: Sequence[Attacked], baseline: Attacked, main: Table
) -> list[Table]:
    """The table of an attack and the paired differences, bold where the interval excludes 0.

    Where there are none, the reasons alone, below the table.
    """
    found = differences(others, baseline)
    whys = reasons((one.a, one.why) for one in found if one.why)
    if all(one.estimate is None for one in found):
        return [replace(main, notes=[*main.notes, *whys])]
    keys = [(measure, result) for measure in MEASURES for result in (CLEAN, *budgets_of(others))]
    cells = {(one.a, one.measure, one.result): _difference_cell(one) for one in found}
    rows = [
        [Cell(one.run), *(cells.get((one.run, *key), Cell(MISSING)) for key in keys)]
        for one in others
    ]
    notes = [*whys, "Paired; bold or *: the interval excludes 0."]
    header = ["run", *(_header(*key) for key in keys)]
    return [main, Table(f"Difference to {baseline.run}, {what}", header, rows, 1, notes)]


def _difference_cell(one: AttackDifference) -> Cell:
    if one.estimate is None:
        return Cell(MISSING)
    clear, value = is_clear(one.estimate), one.estimate.value
    text = f"{'+' if value > 0 else ''}{number(value)}{'*' if clear else ''}"
    return Cell(text, interval(one.estimate.low, one.estimate.high), clear)


def _human_table(what: str, alike: Sequence[Attacked]) -> Table:
    """Figures down, runs and budgets across."""
    keys = [(one, k) for one in alike if one.human for k in range(len(one.budgets))]
    names = dict.fromkeys(name for one in alike for name in one.human)
    rows = [
        [Cell(name), *(Cell(_figure(name, one.human.get(name), k)) for one, k in keys)]
        for name in names
    ]
    single = len(alike) == 1
    header = [one.budgets[k] if single else f"{one.run} {one.budgets[k]}" for one, k in keys]
    return Table(f"Against people, after {what}", ["figure", *header], rows)


def _figure(name: str, values: Float | None, budget: int) -> str:
    """A number of items as it is, anything else to four decimals."""
    value = None if values is None or np.isnan(values[budget]) else float(values[budget])
    is_count = name.startswith("items") and value is not None
    return f"{value:,.0f}" if is_count else number(value)


def _check_table(found: Sequence[Attacked]) -> Table:
    """The checks of the attacks themselves: runs across, each with what came of it in a word."""
    of_run = {
        one.run: {(check.name, check.budget): check for check in one.checks}
        for one in found
        if one.checks
    }
    keys = dict.fromkeys(key for checks in of_run.values() for key in checks)
    rows = [
        [Cell(name), Cell(budget), *(_check_cell(of.get((name, budget))) for of in of_run.values())]
        for name, budget in keys
    ]
    notes = [
        *(f"{one.run}: {sentence}" for one in found for sentence in verdict(one.checks)),
        "yes, NO: whether a check was passed; -: a figure that is no test.",
    ]
    return Table("Can the attacks be believed?", ["check", "size", *of_run], rows, 2, notes)


def _check_cell(check: Check | None) -> Cell:
    if check is None:
        return Cell(MISSING)
    value = MISSING if check.value != check.value else f"{check.value:.4g}"
    word = {None: "  -", True: "yes", False: " NO"}[check.passed]
    return Cell(f"{value} {word}", best=check.passed is False)
