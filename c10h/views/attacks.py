"""What attack files say: figures with intervals, curves, checks, and all of it as rows and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from c10h.metrics import bootstrap
from c10h.metrics.block import Float
from c10h.records import Attack, Lineage, Rows, Setting
from c10h.views.epsilon import epsilon_name
from c10h.views.forms.json_text import plain

CLEAN, ALL_BUDGETS = "clean", "all"
ACCURACY, CROSS_ENTROPY = "accuracy", "cross_entropy"
# What is told before and after an attack, and which is better.
MEASURES: Mapping[str, str] = {ACCURACY: "high", CROSS_ENTROPY: "low"}
RESAMPLES, SEED = 1000, 0
# Values of a curve that are in memory at once.
BLOCK = 1 << 22
NORMS = {"inf": "ℓ∞", "2": "ℓ2"}


@dataclass(frozen=True)
class Estimate:
    """A mean over items with its interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """The estimate as plain JSON."""
        return {"value": plain(self.value), "low": plain(self.low), "high": plain(self.high)}


@dataclass(frozen=True)
class Check:
    """A row of the health block. epsilon: NaN for one of all budgets. passed: None for no test."""

    name: str
    epsilon: float
    value: float
    passed: bool | None

    @property
    def budget(self) -> str:
        """Which size of the attack it is about, in words."""
        return ALL_BUDGETS if np.isnan(self.epsilon) else epsilon_name(self.epsilon)

    def to_json(self) -> dict[str, Any]:
        """The check as plain JSON; its epsilon is null where it is of all budgets."""
        numbers = {"epsilon": plain(self.epsilon), "value": plain(self.value)}
        return {"check": self.name, **numbers, "passed": self.passed}


@dataclass(frozen=True)
class Attacked:
    """One network of an attack file, before the attack and after it at each budget.

    run: what it is called. exposure: as in :class:`~c10h.records.Scores`.
    """

    run: str
    record: Attack
    member: int
    exposure: str

    def setting(self, name: str) -> Setting:
        """How the attack was made; empty where the file does not say."""
        return self.record.settings.get(name, "")

    @property
    def network(self) -> str:
        """The architecture, as far as the lineage knows it."""
        return _architecture(self.record.lineage)

    @property
    def attack(self) -> str:
        """What was done, in words: runs can be compared where this is the same."""
        norm, restarts = str(self.setting("norm")), self.setting("restarts") or 1
        parts = [
            str(self.setting("method") or "attack"),
            NORMS.get(norm, norm),
            f"loss {self.setting('loss')}" if self.setting("loss") else "",
            f"{self.steps} step{'s' if self.steps != 1 else ''}",
            f"{restarts} restarts" if restarts != 1 else "",
            "random start" if self.setting("random-start") else "",
            f"toward {self.setting('toward')}" if self.setting("toward") else "",
            f"made on {self.setting('from')}" if self.setting("from") else "",
        ]
        return ", ".join(filter(None, parts))

    @property
    def items(self) -> int:
        return self.record.clean_logits.shape[1]

    @property
    def steps(self) -> int:
        return self.record.loss.shape[2] - 1

    @property
    def budgets(self) -> list[str]:
        """The sizes of the attack as words, in the order of the file."""
        return [epsilon_name(epsilon) for epsilon in self.record.epsilon]

    @property
    def results(self) -> list[str]:
        """What figures there are: CLEAN, then the budgets."""
        return [CLEAN, *self.budgets]

    @cached_property
    def values(self) -> Mapping[str, Float]:
        """The value of each item by measure, (n, k + 1): clean, then after each budget."""
        last = [(k, self.steps) for k in range(len(self.budgets))]
        return {
            measure: np.stack(
                [np.asarray(rows[self.member, k, step], np.float64) for k, step in [(0, 0), *last]],
                axis=1,
            )
            for measure, rows in self._recorded().items()
        }

    @cached_property
    def estimates(self) -> Mapping[tuple[str, str], Estimate]:
        """Means over items by measure and result."""
        found = {}
        for measure, values in self.values.items():
            for result, estimate in zip(self.results, estimate_means(values), strict=True):
                found[measure, result] = estimate
        return found

    def curve(self, measure: str, budget: int) -> Float:
        """The mean over items of clean images and after each step, (s + 1)."""
        rows = self._recorded()[measure]
        size = max(1, BLOCK // self.items)
        blocks = [slice(start, start + size) for start in range(0, self.steps + 1, size)]
        parts = [
            rows[self.member, budget, block].mean(axis=1, dtype=np.float64) for block in blocks
        ]
        return np.concatenate(parts)

    @property
    def human(self) -> dict[str, Float]:
        """Figures of the comparison with people by name, (k)."""
        return {
            name: np.asarray(values[self.member], np.float64)
            for name, values in self.record.human.items()
        }

    @property
    def checks(self) -> list[Check]:
        """The rows of the health block that are about this network."""
        health = self.record.health
        if not {"name", "member", "epsilon", "value", "passed"} <= set(health):
            return []
        mine = np.ones(len(health["name"]), dtype=bool)
        if self.record.clean_logits.shape[0] > 1 and self.record.member is not None:
            mine = np.isin(health["member"], ["", self.record.member[self.member]])
        columns = (health[name][mine] for name in ("name", "epsilon", "value", "passed"))
        return [
            Check(str(name), float(epsilon), float(value), None if passed < 0 else bool(passed))
            for name, epsilon, value, passed in zip(*columns, strict=True)
        ]

    def _recorded(self) -> dict[str, Rows]:
        return {ACCURACY: self.record.correct, CROSS_ENTROPY: self.record.loss}

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON; lists are by budget, and curves in them by step."""
        after = {
            measure: {
                CLEAN: self.estimates[measure, CLEAN].to_json(),
                "attacked": [self.estimates[measure, name].to_json() for name in self.budgets],
            }
            for measure in MEASURES
        }
        curves = {
            measure: [
                [plain(value) for value in self.curve(measure, k)] for k in range(len(self.budgets))
            ]
            for measure in MEASURES
        }
        return {
            "name": self.run,
            "network": self.network,
            "method": self.setting("method"),
            "loss": self.setting("loss"),
            "norm": self.setting("norm"),
            "steps": self.steps,
            "restarts": self.setting("restarts") or 1,
            "random_start": bool(self.setting("random-start")),
            "toward": self.setting("toward") or None,
            "from": self.setting("from") or None,
            "precision": self.setting("precision"),
            "answer": self.setting("answer"),
            "training_items": self.exposure,
            "n": self.items,
            "epsilon": [float(epsilon) for epsilon in self.record.epsilon],
            **after,
            "human": {name: [plain(x) for x in values] for name, values in self.human.items()},
            "curve": curves,
            "health": [check.to_json() for check in self.checks],
        }


HEADER = (
    "run", "network", "training_items", "method", "loss", "norm", "restarts", "toward",
    "epsilon", "step", "metric", "value", "low", "high", "n", "passed",
)  # fmt: skip


def to_rows(found: Sequence[Attacked]) -> list[list[object]]:
    """One row a figure under HEADER, in full precision: each step, then people, then checks.

    Only step 0, which is clean, and the last have intervals.
    """
    return [
        [one.run, one.network, one.exposure, *map(one.setting, ("method", "loss", "norm")),
         one.setting("restarts"), one.setting("toward"), *row]
        for one in found
        for row in _rows(one)
    ]  # fmt: skip


def _rows(one: Attacked) -> Iterator[list[object]]:
    """The columns from the epsilon on."""
    for k, (epsilon, budget) in enumerate(zip(one.record.epsilon, one.budgets, strict=True)):
        for measure in MEASURES:
            ends = {0: CLEAN, one.steps: budget}
            for step, value in enumerate(one.curve(measure, k)):
                limits: list[object] = [None, None]
                if step in ends:
                    estimate = one.estimates[measure, ends[step]]
                    limits = [plain(estimate.low), plain(estimate.high)]
                yield [float(epsilon), step, measure, plain(value), *limits, one.items, None]
        for name, values in one.human.items():
            yield [float(epsilon), one.steps, name, plain(values[k]), None, None, None, None]
    for check in one.checks:
        passed = None if check.passed is None else "yes" if check.passed else "no"
        numbers = plain(check.epsilon), plain(check.value)
        yield [numbers[0], None, check.name, numbers[1], None, None, None, passed]


def by_attack(found: Sequence[Attacked]) -> dict[str, list[Attacked]]:
    """The runs of each kind of attack, which alone can be compared."""
    groups: dict[str, list[Attacked]] = {}
    for one in found:
        groups.setdefault(one.attack, []).append(one)
    return groups


def budgets_of(alike: Sequence[Attacked]) -> list[str]:
    """The budgets of all runs, the smallest first."""
    sizes = {
        name: float(epsilon)
        for one in alike
        for name, epsilon in zip(one.budgets, one.record.epsilon, strict=True)
    }
    return sorted(sizes, key=lambda name: sizes[name])


def estimate_means(values: Float) -> list[Estimate]:
    """The mean of each column of ``values`` (n, q), with its bootstrap interval over items."""
    low, high = bootstrap.interval(bootstrap.means(values, RESAMPLES, SEED).T)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        means = values.mean(axis=0)
    ends = zip(means.tolist(), low.tolist(), high.tolist(), strict=True)
    return [Estimate(*one) for one in ends]


def _architecture(lineage: Lineage | None) -> str:
    """The architecture of a lineage, or of the first input that has one."""
    if lineage is None:
        return ""
    inputs = (_architecture(one.lineage) for one in lineage.inputs)
    return lineage.architecture or next(filter(None, inputs), "")
