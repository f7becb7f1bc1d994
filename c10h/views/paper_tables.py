"""The tables 1 and 2 of the paper: generalization, and attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from c10h.errors import InputError
from c10h.metrics.estimates import ScoredRun
from c10h.stages.attack_runs import CLEAN, AttackedNetwork
from c10h.stages.attack_scale_differences import scale_differences
from c10h.stages.report import Results
from c10h.stages.run_groups import Model, attacked_model, data_of, data_sets, model_of
from c10h.views import attack_scale
from c10h.views.attack import attacks_down, budgets_of, means_notes
from c10h.views.notes import exposure_notes
from c10h.views.pivot import estimates_table
from c10h.views.score import difference_tables_to, models_down, models_layout
from c10h.views.table import Table

METRICS_OF_1 = ("accuracy", "ce_hard")
RESCALED_RUNS = "Each run is divided by the temperature that fits its labels best, cross-fitted."
Value = TypeVar("Value")


def table_1(results: Results) -> list[Table]:
    """Networks and trainings down, accuracy and cross-entropy on each data set across."""
    results.expect("--table 1", scores=0)
    cells: dict[Model, dict[str, ScoredRun]] = {}
    for run in results.scored:
        of_model, data = cells.setdefault(model_of(run), {}), data_of(run)
        if data in of_model:
            raise InputError(
                f"--table 1: no tag distinguishes {of_model[data].name} from {run.name} on "
                f"{data}: use c10h score --tag network=…, training=… or data=…"
            )
        of_model[data] = run
    cells, names = _sorted(cells), data_sets(results.scored)
    title, stratum = results.title("Generalization"), results.stratum
    tables = [models_down(title, cells, names, METRICS_OF_1, stratum)]
    layout = models_layout(cells, names)
    if any(run.temperature for run in results.scored):
        tables.append(
            estimates_table(
                f"{title}, at equal scale",
                layout,
                METRICS_OF_1[1:],
                stratum,
                [RESCALED_RUNS],
                estimate=ScoredRun.rescaled,
            )
        )
    if (baseline := results.scored_baseline) is not None:
        tables += difference_tables_to(baseline, results.scored, stratum, layout, METRICS_OF_1)
    return tables


def table_2(results: Results) -> list[Table]:
    """Networks and trainings down; accuracy and cross-entropy, clean and after each attack."""
    results.expect("--table 2", attack=0)
    cells: dict[Model, dict[str, ScoredRun]] = {}
    networks: dict[str, AttackedNetwork] = {}  # by the names of their runs
    for network in results.attacked:
        row = cells.setdefault(attacked_model(network), {})
        for result, run in network.runs.items():
            networks[run.name] = network
            column = result if result == CLEAN else f"{_method(network)} {result}"
            if result != CLEAN and column in row:
                other = networks[row[column].name].name
                raise InputError(
                    f"--table 2: nothing distinguishes {other} from {network.name} after {column}"
                )
            row.setdefault(column, run)
    methods = dict.fromkeys(map(_method, results.attacked))
    after = [
        f"{method} {budget}"
        for method in methods
        for budget in budgets_of(
            [network for network in results.attacked if _method(network) == method]
        )
    ]
    cells = _sorted(cells)
    names = [(field, [getattr(model, field) for model in cells]) for field in Model._fields]
    across = {name: [of_model.get(name) for of_model in cells.values()] for name in [CLEAN, *after]}
    exposures = ((network.name, network.exposure) for network in results.attacked)
    notes = [*exposure_notes(exposures), *_attack_notes(results.attacked)]
    notes += means_notes(results.attacked)
    if len({network.items for network in results.attacked}) > 1:
        notes.append("Clean: from the first file of each network and training.")

    def about(run: ScoredRun) -> tuple[str, str]:
        """The items, and what was done before a result: nothing before the clean one."""
        network = networks[run.name]
        return run.items, "" if run is network.runs[CLEAN] else network.attack

    tables = [attacks_down("Attacks", names, across, notes, about)]
    if (baseline := results.attacked_baseline) is not None:
        title = f"Difference from {baseline.name}, at equal scale"
        tables += attack_scale.tables(title, scale_differences(results.attacked, baseline))
    return tables


def _method(network: AttackedNetwork) -> str:
    return str(network.setting("method") or "attack").upper()


def _sorted(cells: Mapping[Model, Value]) -> dict[Model, Value]:
    """By network, and else in the order of the files."""
    return {model: cells[model] for model in sorted(cells, key=lambda model: model.network)}


def _attack_notes(networks: Sequence[AttackedNetwork]) -> list[str]:
    """What was done by each method; of which runs, where one method stands for several attacks."""
    attacks: dict[str, dict[str, list[str]]] = {}
    for network in networks:
        of_method = attacks.setdefault(_method(network), {})
        of_method.setdefault(network.attack, []).append(network.name)
    return [
        f"{method}: {attack}" + (f" ({', '.join(names)})" if len(of_method) > 1 else "")
        for method, of_method in attacks.items()
        for attack, names in of_method.items()
    ]


TABLES: Mapping[str, Callable[[Results], list[Table]]] = {"1": table_1, "2": table_2}
