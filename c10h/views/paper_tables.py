"""The tables 1 and 2 of the paper: generalization, and attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from c10h.errors import InputError
from c10h.views.attack_pairs import item_groups
from c10h.views.attack_tables import estimate_cells, means_notes
from c10h.views.attacks import CLEAN, MEASURES, Attacked, budgets_of
from c10h.views.given import Given
from c10h.views.grouped_tables import models_down
from c10h.views.groups import Model, attacked_model, data_of, data_sets, model_of
from c10h.views.score_tables import ARROWS, exposure_notes
from c10h.views.scores import Entry
from c10h.views.table import Cell, Table

METRICS_OF_1 = ("accuracy", "ce_hard")
Kind = TypeVar("Kind")


def table_1(given: Given) -> list[Table]:
    """Networks and trainings down, accuracy and cross-entropy on each data set across."""
    given.expect("--table 1", scores=0)
    cells: dict[Model, dict[str, Entry]] = {}
    for entry in given.scored:
        of, data = cells.setdefault(model_of(entry), {}), data_of(entry)
        if data in of:
            raise InputError(
                f"--table 1: nothing tells {of[data].run} from {entry.run} on {data}: "
                "c10h score --tag network=…, training=… or data=… does"
            )
        of[data] = entry
    title, names = given.title("Generalization"), data_sets(given.scored)
    return [models_down(title, _sorted(cells), names, METRICS_OF_1, given.stratum)]


def table_2(given: Given) -> list[Table]:
    """Networks and trainings down; accuracy and cross-entropy, clean and after each attack."""
    given.expect("--table 2", attack=0)
    cells: dict[Model, dict[str, tuple[Attacked, str]]] = {}
    for one in given.attacked:
        row = cells.setdefault(attacked_model(one), {})
        row.setdefault(CLEAN, (one, CLEAN))
        for budget in one.budgets:
            column = f"{_method(one)} {budget}"
            if column in row:
                raise InputError(
                    f"--table 2: nothing tells {row[column][0].run} from {one.run} after {column}"
                )
            row[column] = (one, budget)
    methods = dict.fromkeys(map(_method, given.attacked))
    after = [
        f"{method} {budget}"
        for method in methods
        for budget in budgets_of([one for one in given.attacked if _method(one) == method])
    ]
    return [_attacks_down(given.attacked, _sorted(cells), [CLEAN, *after])]


def _method(one: Attacked) -> str:
    return str(one.setting("method") or "attack").upper()


def _sorted(cells: Mapping[Model, Kind]) -> dict[Model, Kind]:
    """By network, and else in the order of the files."""
    return {model: cells[model] for model in sorted(cells, key=lambda model: model.network)}


def _attacks_down(
    runs: Sequence[Attacked],
    cells: Mapping[Model, Mapping[str, tuple[Attacked, str]]],
    columns: Sequence[str],
) -> Table:
    groups = dict(zip((one.run for one in runs), item_groups(runs), strict=True))
    header, rows = [], [[Cell(model.network), Cell(model.training)] for model in cells]
    for measure, better in MEASURES.items():
        for column in columns:
            header.append(f"{measure.replace('_', '-')} {column} {ARROWS[better]}")
            pairs = [of.get(column) for of in cells.values()]
            found = [pair and pair[0].estimates[measure, pair[1]] for pair in pairs]
            about = [pair and (groups[pair[0].run], _attack(*pair)) for pair in pairs]
            for row, cell in zip(rows, estimate_cells(measure, found, about), strict=True):
                row.append(cell)
    notes = [*exposure_notes(runs), *_attack_notes(runs), *means_notes(runs)]
    if len(set(groups.values())) > 1:
        notes.append("Clean: of the first file of each network and training.")
    return Table("Attacks", ["network", "training", *header], rows, 2, notes)


def _attack(one: Attacked, result: str) -> str:
    """What was done before a result: nothing before the clean one."""
    return "" if result == CLEAN else one.attack


def _attack_notes(runs: Sequence[Attacked]) -> list[str]:
    """What was done by each method; of which runs, where one method stands for several attacks."""
    done: dict[str, dict[str, list[str]]] = {}
    for one in runs:
        done.setdefault(_method(one), {}).setdefault(one.attack, []).append(one.run)
    return [
        f"{method}: {attack}" + (f" ({', '.join(names)})" if len(of) > 1 else "")
        for method, of in done.items()
        for attack, names in of.items()
    ]


TABLES: Mapping[str, Callable[[Given], list[Table]]] = {"1": table_1, "2": table_2}
