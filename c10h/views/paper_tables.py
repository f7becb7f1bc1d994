"""The tables 1 and 2 of the paper: generalization, and attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from c10h.errors import InputError
from c10h.metrics.averages import average
from c10h.metrics.estimates import ScoredRun, metrics_of
from c10h.stages.attack_runs import CLEAN, AttackedNetwork
from c10h.stages.attack_scale_differences import scale_differences
from c10h.stages.report import Results
from c10h.stages.run_groups import (
    Model,
    attacked_model,
    average_networks,
    data_of,
    data_sets,
    model_of,
    seed_behind,
)
from c10h.views import attack_scale
from c10h.views.attack import attacks_down, budgets_of, means_notes
from c10h.views.notes import exposure_notes, networks_notes
from c10h.views.pivot import estimates_table
from c10h.views.score import difference_tables_to, models_down, models_layout
from c10h.views.table import Table

# Table 1 is in two blocks, of which the paper prints the first.
BLOCKS_OF_1 = {"cross-entropy": ("ce_human", "ce_hard"), "accuracy": ("accuracy",)}
RESCALED_RUNS = "Each run is divided by the temperature that fits its labels best, cross-fitted."
Value = TypeVar("Value")


def table_1(results: Results) -> list[Table]:
    """Networks and trainings down, each metric on each data set across; means over networks last.

    Cross-entropy and accuracy, or the metrics that were chosen, as they are and at equal scale.
    """
    runs = runs_of_table_1(results)
    cells = {**_sorted(_by_model(results.scored)), **_by_model(runs[len(results.scored) :])}
    layout = models_layout(cells, data_sets(runs))
    rescaled = any(run.temperature for run in runs)
    tables = []
    for what, block in _blocks(results).items():
        title = results.title("Generalization" + (f": {what}" if what else ""))
        tables.append(
            models_down(title, cells, data_sets(runs), block, results.stratum, filled=True)
        )
        scaled = [name for name in block if rescaled and _depends_on_scale(name, runs)]
        if scaled:
            tables.append(
                estimates_table(
                    f"{title}, at equal scale",
                    layout,
                    scaled,
                    results.stratum,
                    [RESCALED_RUNS],
                    estimate=ScoredRun.rescaled,
                    filled=True,
                )
            )
    if (baseline := results.scored_baseline) is not None:
        metrics = metrics_of_table_1(results)
        tables += difference_tables_to(baseline, runs, results.stratum, layout, metrics)
    return tables


def metrics_of_table_1(results: Results) -> list[str]:
    """The metrics that table 1 has."""
    return [name for block in _blocks(results).values() for name in block]


def _blocks(results: Results) -> dict[str, list[str]]:
    """The metrics of each block by its title; those that no run has are left out."""
    present = metrics_of(results.scored)
    chosen = {"": results.metrics} if results.chosen else BLOCKS_OF_1
    blocks = {what: [name for name in names if name in present] for what, names in chosen.items()}
    return {what: names for what, names in blocks.items() if names}


def runs_of_table_1(results: Results) -> list[ScoredRun]:
    """All runs, then their means over networks. Raises InputError for what is no table 1."""
    results.expect("--table 1", scores=0)
    return [*results.scored, *average_networks(_distinct(results.scored))]


def _distinct(runs: Sequence[ScoredRun]) -> Sequence[ScoredRun]:
    """The same runs. Raises InputError where two are of one model on one data set."""
    places: dict[tuple[Model, str], ScoredRun] = {}
    for run in runs:
        other = places.setdefault((model_of(run), data_of(run)), run)
        if other is not run:
            raise InputError(
                f"--table 1: no tag distinguishes {other.name} from {run.name} on "
                f"{data_of(run)}: use c10h score --tag network=…, training=… or data=…"
            )
    return runs


def _by_model(runs: Sequence[ScoredRun]) -> dict[Model, dict[str, ScoredRun]]:
    cells: dict[Model, dict[str, ScoredRun]] = {}
    for run in runs:
        cells.setdefault(model_of(run), {})[data_of(run)] = run
    return cells


def _depends_on_scale(metric: str, runs: Sequence[ScoredRun]) -> bool:
    """Whether rescaling changes a metric of some run."""
    pairs = [(run.value_of(metric), run.value_of(metric, rescaled=True)) for run in runs
             if metric in run.metrics]  # fmt: skip
    return any(own != scaled and scaled == scaled for own, scaled in pairs)


def table_2(results: Results) -> list[Table]:
    """Networks and trainings down; accuracy and cross-entropy, clean and after each attack.

    Means over the networks of a training (its folds, or its seeds) that were attacked alike.
    """
    results.expect("--table 2", attack=0)
    cells: dict[Model, dict[str, ScoredRun]] = {}
    networks: dict[str, AttackedNetwork] = {}  # by the names of their runs
    for (model, column), alike in _placed(results.attacked).items():
        run = _mean_attack(model, column, alike)
        cells.setdefault(model, {})[column] = run
        networks[run.name] = alike[0].network
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
    means = [run for of_model in cells.values() for run in of_model.values() if run.parts]
    notes += networks_notes(means)
    if len({network.items for network in results.attacked}) > 1:
        notes.append("Clean: from the first file of each network and training.")

    def about(run: ScoredRun) -> tuple[str, str]:
        """The items, and what was done before a result: nothing before the clean one."""
        network = networks[run.name]
        return run.items, "" if run.name.endswith(f"@{CLEAN}") else network.attack

    tables = [attacks_down("Attacks", names, across, notes, about)]
    if (baseline := results.attacked_baseline) is not None:
        title = f"Difference from {baseline.name}, at equal scale"
        tables += attack_scale.tables(title, scale_differences(results.attacked, baseline))
    return tables


class _Attacked(NamedTuple):
    """A network of an attack file, and one of its runs."""

    network: AttackedNetwork
    run: ScoredRun


def _placed(attacked: Sequence[AttackedNetwork]) -> dict[tuple[Model, str], list[_Attacked]]:
    """The runs of all networks by model and column: before an attack, and after each one."""
    placed: dict[tuple[Model, str], list[_Attacked]] = {}
    for network in attacked:
        model = attacked_model(network)
        for result, run in network.runs.items():
            column = result if result == CLEAN else f"{_method(network)} {result}"
            placed.setdefault((model, column), []).append(_Attacked(network, run))
    return placed


def _mean_attack(model: Model, column: str, alike: Sequence[_Attacked]) -> ScoredRun:
    """The mean over the networks of a file, and then over files of different seeds.

    Of clean images, the first file of a seed counts. Raises InputError where two files of one seed
    are in one place.
    """
    files: dict[str, list[_Attacked]] = {}
    for attacked in alike:
        of_seed = files.setdefault(seed_behind(attacked.network.record.lineage), [])
        if not of_seed or of_seed[0].network.record is attacked.network.record:
            of_seed.append(attacked)
        elif column != CLEAN:
            raise InputError(
                f"--table 2: nothing distinguishes {of_seed[0].network.name} from "
                f"{attacked.network.name} after {column}"
            )
    about = {**model._asdict(), "name": f"{model.name}@{column}"}
    of_seeds = [
        average(
            [attacked.run for attacked in of_seed],
            [attacked.network.name for attacked in of_seed],
            **about,
        )
        if len(of_seed) > 1
        else of_seed[0].run
        for of_seed in files.values()
    ]
    if len(of_seeds) == 1:
        return of_seeds[0]
    return average(of_seeds, [f"seed {seed}" for seed in files], **about)


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
