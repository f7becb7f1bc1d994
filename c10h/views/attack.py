"""Attacks as tables, sentences, rows and JSON."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from c10h.attacks.health_checks import CHECKS, TRIED_AGAIN, CheckResult
from c10h.errors import counted
from c10h.metrics.estimates import ScoredRun
from c10h.metrics.item_block import Float
from c10h.stages.attack_budgets import epsilon_name
from c10h.stages.attack_runs import (
    CLEAN,
    CROSS_ENTROPY,
    METRICS,
    AttackedNetwork,
    attack_differences,
)
from c10h.stages.attack_scale_differences import scale_differences
from c10h.views import attack_scale
from c10h.views.forms.json_text import plain
from c10h.views.notes import exposure_notes, reason_notes
from c10h.views.pivot import Layout, differences_table, estimates_table, items_of
from c10h.views.table import MISSING, Cell, Table, number, of_columns

ALL_BUDGETS = "all"
# What the metrics of attacks are called in tables, and with _ in JSON and CSV.
WORDS = {"accuracy": "accuracy", "ce_hard": "cross-entropy"}
KEYS = {metric: word.replace("-", "_") for metric, word in WORDS.items()}
# Settings that make columns where the runs of a table differ in them.
TOLD_APART = ("answer", "precision")
SIZES = "Sizes of attacks are in pixels of [0, 1]."
SOUND = "no check failed"
# The share that an attack leaves right, and the worst of those that were tried on the same items.
_AFTER = CHECKS["accuracy_after"].label.format(method="")
_OWN, _WORST = CHECKS["accuracy_own"].label, CHECKS["accuracy_worst"].label
UNEXAMINED = "no health checks were run (--health)"


def attack_tables(
    networks: Sequence[AttackedNetwork], baseline: AttackedNetwork | None = None
) -> list[Table]:
    """For each kind of attack: networks down, figures before and after across, the best in bold.

    Then differences against the baseline, figures of the comparison with people, and at the end
    the checks of all attacks.
    """
    tables = []
    for attack, group in by_attack(networks).items():
        main = _main_table(attack, group)
        tables += [main] if baseline is None else _with_differences(attack, group, baseline, main)
        if any(network.human for network in group):
            tables.append(_human_table(attack, group))
    if any(network.checks for network in networks):
        tables.append(_check_table(networks))
    return tables


def by_attack(networks: Sequence[AttackedNetwork]) -> dict[str, list[AttackedNetwork]]:
    """The networks under each kind of attack, which alone can be compared."""
    groups: dict[str, list[AttackedNetwork]] = {}
    for network in networks:
        groups.setdefault(network.attack, []).append(network)
    return groups


def budgets_of(networks: Sequence[AttackedNetwork]) -> list[str]:
    """The budgets of all networks, the smallest first."""
    sizes = {
        name: float(epsilon)
        for network in networks
        for name, epsilon in zip(network.budgets, network.record.epsilon, strict=True)
    }
    return sorted(sizes, key=lambda name: sizes[name])


def attacks_down(
    title: str,
    names: Sequence[tuple[str, Sequence[str]]],
    across: dict[str, list[ScoredRun | None]],
    notes: Sequence[str],
    about: Callable[[ScoredRun], Hashable] = items_of,
) -> Table:
    """Networks down, metrics before and after attacks across; of those ``about`` the same the best
    is in bold.
    """
    layout = Layout(names, across)
    return estimates_table(title, layout, METRICS, notes=notes, words=WORDS, about=about)


def _main_table(attack: str, group: Sequence[AttackedNetwork]) -> Table:
    settings = {key: [str(network.setting(key)) for network in group] for key in TOLD_APART}
    architectures = [network.network for network in group]
    names = [
        ("run", [network.name for network in group]),
        *[("network", architectures)] * any(architectures),
        *((key, values) for key, values in settings.items() if len(set(values)) > 1),
    ]
    notes = [
        *exposure_notes((network.name, network.exposure) for network in group),
        *means_notes(group),
    ]
    return attacks_down(f"Attack {attack}", names, _across(group), notes)


def _across(networks: Sequence[AttackedNetwork]) -> dict[str, list[ScoredRun | None]]:
    return {
        result: [network.runs.get(result) for network in networks]
        for result in (CLEAN, *budgets_of(networks))
    }


def means_notes(networks: Sequence[AttackedNetwork]) -> list[str]:
    """Over how many items the means are, and whether over the same ones."""
    names: dict[int, list[str]] = {}
    for network in networks:
        names.setdefault(network.size, []).append(network.name)
    items = ", ".join(
        counted(size, "item") + (f" ({', '.join(of_size)})" if len(names) > 1 else "")
        for size, of_size in names.items()
    )
    means = f"Means over {items}; intervals: 95 %, bootstrap over items. {SIZES}"
    return [means, *different_items_notes(networks)]


def different_items_notes(networks: Sequence[AttackedNetwork]) -> list[str]:
    """Where networks that are compared were not attacked on the same items."""
    several = len({network.items for network in networks}) > 1
    return ["The runs have different items."] * several


def _with_differences(
    attack: str, group: Sequence[AttackedNetwork], baseline: AttackedNetwork, main: Table
) -> list[Table]:
    """The table of an attack and the paired differences, bold where the interval excludes 0.

    Then what of them remains at equal scale. Where there are none, the reasons alone, below the
    table.
    """
    others = [network for network in group if network is not baseline]
    differences = attack_differences(others, baseline)
    every = [difference for row in differences.values() for difference in row]
    reasons = reason_notes((difference.a, difference.why) for difference in every if difference.why)
    if all(difference.value is None for difference in every):
        return [replace(main, notes=[*main.notes, *reasons])]
    layout = Layout([("run", [network.name for network in others])], _across(others))
    notes = [*reasons, "Paired; bold or *: the interval excludes 0."]
    title = f"Difference from {baseline.name}, {attack}"
    return [
        main,
        differences_table(title, layout, METRICS, differences, notes, WORDS, missing=MISSING),
        *attack_scale.tables(
            f"{title}, at equal scale", scale_differences(others, baseline), known=reasons
        ),
    ]


def _human_table(attack: str, group: Sequence[AttackedNetwork]) -> Table:
    """Figures down, networks and budgets across."""
    figures = list(dict.fromkeys(name for network in group for name in network.human))
    columns = [
        (
            budget if len(group) == 1 else f"{network.name} {budget}",
            [Cell(_human_figure(name, network.human.get(name), k)) for name in figures],
        )
        for network in group
        if network.human
        for k, budget in enumerate(network.budgets)
    ]
    return of_columns(f"Comparison with people, after {attack}", [("figure", figures)], columns)


def _human_figure(name: str, values: Float | None, budget: int) -> str:
    """A number of items as it is, anything else to four decimals."""
    value = None if values is None or np.isnan(values[budget]) else float(values[budget])
    is_count = name.startswith("items") and value is not None
    return f"{value:,.0f}" if is_count else number(value)


def _check_table(networks: Sequence[AttackedNetwork]) -> Table:
    """The checks of the attacks themselves: runs across, each with what came of it in a word."""
    results = {
        network.name: {(check.label, _size(check)): check for check in network.checks}
        for network in networks
        if network.checks
    }
    keys = list(dict.fromkeys(key for checks in results.values() for key in checks))
    labels, sizes = zip(*keys, strict=True)
    columns = [
        (name, [_check_cell(checks.get(key)) for key in keys]) for name, checks in results.items()
    ]
    notes = [
        *(
            f"{network.name}: {sentence}"
            for network in networks
            for sentence in verdict(network.checks)
        ),
        "yes, NO: whether a check was passed; -: a value without a verdict.",
    ]
    names = [("check", labels), ("size", sizes)]
    return of_columns("Can the attacks be believed?", names, columns, notes)


def _check_cell(check: CheckResult | None) -> Cell:
    if check is None:
        return Cell(MISSING)
    value = MISSING if check.value != check.value else f"{check.value:.4g}"
    word = {None: "  -", True: "yes", False: " NO"}[check.passed]
    return Cell(f"{value} {word}", best=check.passed is False)


def _size(check: CheckResult) -> str:
    """Which size of the attack a check is about, in words."""
    return ALL_BUDGETS if np.isnan(check.epsilon) else epsilon_name(check.epsilon)


def verdict(checks: Sequence[CheckResult]) -> list[str]:
    """A sentence for each failed check of one network, its ε first where it has one; or SOUND."""
    if not checks:
        return [UNEXAMINED]
    own = {check.epsilon: check.value for check in checks if check.label == _OWN}
    sentences = []
    for check in checks:
        if check.passed is False:
            at = "" if np.isnan(check.epsilon) else f"at {_size(check)}: "
            than = ""
            if check.label == _WORST and check.epsilon in own:
                than = f" (this attack, of the same items: {own[check.epsilon]:.1%})"
                than += _by_the_strongest(checks, check.epsilon)
            sentences.append(f"{at}{check.sentence}{than}")
    return sentences or [SOUND]


def _by_the_strongest(checks: Sequence[CheckResult], epsilon: float) -> str:
    """Which of the attacks that were tried leaves the fewest items right, to attack all with."""
    left = {
        how: check.value
        for name, how in TRIED_AGAIN.items()
        for check in checks
        if check.label == f"{_AFTER}{name}" and check.epsilon == epsilon
    }
    if not left:
        return ""
    strongest = min(left, key=left.__getitem__)
    return f"; judge by {strongest}, which leaves {left[strongest]:.1%}"


def to_json(network: AttackedNetwork) -> dict[str, Any]:
    """Everything of one network as plain JSON; lists are by budget, and curves in them by step."""
    budgets, setting = range(len(network.budgets)), network.setting
    ends = {
        KEYS[metric]: {
            CLEAN: _ends(network, metric, CLEAN),
            "attacked": [_ends(network, metric, budget) for budget in network.budgets],
        }
        for metric in METRICS
    }
    values: dict[str, Any] = plain(
        {
            "name": network.name,
            "network": network.network,
            "method": setting("method"),
            "loss": setting("loss"),
            "norm": setting("norm"),
            "steps": network.steps,
            "restarts": setting("restarts") or 1,
            "random_start": bool(setting("random-start")),
            "toward": setting("toward") or None,
            "from": setting("from") or None,
            "precision": setting("precision"),
            "answer": setting("answer"),
            "training_items": network.exposure,
            "n": network.size,
            "epsilon": network.record.epsilon,
            **ends,
            "human": network.human,
            "curve": {KEYS[m]: [network.curve(m, k) for k in budgets] for m in METRICS},
            "health": [
                {"check": one.label, "epsilon": one.epsilon, "value": one.value,
                 "passed": one.passed}
                for one in network.checks
            ],
        }
    )  # fmt: skip
    return values


def _ends(network: AttackedNetwork, metric: str, result: str) -> dict[str, float]:
    """A value with the ends of its interval."""
    estimate = network.runs[result].estimate(metric)
    assert estimate is not None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def differences_to_json(
    networks: Sequence[AttackedNetwork], baseline: AttackedNetwork
) -> list[dict[str, Any]]:
    """The differences of every other network to the baseline, ``after`` each result."""
    differences = attack_differences(networks, baseline)
    scaled = attack_scale.to_json(scale_differences(networks, baseline))
    rows = []
    for network in networks:
        if network is baseline:
            continue
        for at, metric in enumerate(METRICS):
            for result, run in network.runs.items():
                values = plain(differences[run.key][at])
                del values["metric"], values["stratum"], values["at_equal_scale"]
                if metric == CROSS_ENTROPY:
                    values["at_equal_scale"] = scaled[network.name, result]
                rows.append({"metric": KEYS[metric], "after": result, **values})
    return rows


def difference_rows(
    networks: Sequence[AttackedNetwork], baseline: AttackedNetwork | None
) -> list[dict[str, object]]:
    """One row a difference that there is: of a network from the baseline, after a result."""
    rows = [] if baseline is None else differences_to_json(networks, baseline)
    return [
        {
            "run": row["a"],
            "baseline": row["b"],
            **{name: row[name] for name in ("metric", "after", "value", "low", "high")},
        }
        for row in rows
        if row["value"] is not None
    ]


def to_rows(networks: Sequence[AttackedNetwork]) -> list[dict[str, object]]:
    """One row a figure, in full precision: each step, then people, then checks.

    Only step 0, which is clean, and the last have intervals.
    """
    settings = ("method", "loss", "norm", "restarts", "toward")
    return [
        {
            "run": network.name,
            "network": network.network,
            "training_items": network.exposure,
            **{name: network.setting(name) for name in settings},
            **dict.fromkeys(COLUMNS),
            **row,
        }
        for network in networks
        for row in _rows(network)
    ]


COLUMNS = ("epsilon", "step", "metric", "value", "low", "high", "n", "passed")


def _rows(network: AttackedNetwork) -> Iterator[dict[str, object]]:
    """The columns from the epsilon on, without those that are empty."""
    for k, (epsilon, budget) in enumerate(
        zip(network.record.epsilon, network.budgets, strict=True)
    ):
        for metric in METRICS:
            results = {0: CLEAN, network.steps: budget}
            for step, value in enumerate(network.curve(metric, k)):
                ends = _ends(network, metric, results[step]) if step in results else {}
                about = {"epsilon": epsilon, "step": step, "metric": KEYS[metric]}
                yield {**about, **ends, "value": value, "n": network.size}
        for name, values in network.human.items():
            about = {"epsilon": epsilon, "step": network.steps, "metric": name}
            yield {**about, "value": values[k]}
    for check in network.checks:
        passed = None if check.passed is None else "yes" if check.passed else "no"
        yield {
            "epsilon": check.epsilon, "metric": check.label, "value": check.value, "passed": passed
        }  # fmt: skip
