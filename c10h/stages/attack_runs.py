"""What attack files say of each network: its runs before and after, its curves and its checks.

The runs are predictions and scored as such, so intervals and differences are those of scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from c10h.attacks.health_checks import CheckResult
from c10h.errors import InputError, MismatchError
from c10h.formats.lazy_rows import checked_logits, matrix_at, stacked
from c10h.items import agreed_truth, align, is_everything
from c10h.metrics.accuracy import is_at_chance, is_below_chance
from c10h.metrics.differences import Difference, Pair, differences
from c10h.metrics.estimates import FAILED_CHECK, RunKey, ScoredRun, have_same_classes, scored_runs
from c10h.metrics.item_block import Float
from c10h.records import Array, Attack, Lineage, Predictions, Rows, Setting
from c10h.stages.attack_budgets import epsilon_name
from c10h.stages.class_order import common_classes, predictions_in_order
from c10h.stages.matched_runs import Run
from c10h.stages.predicted_items import items_of, some_items
from c10h.stages.score_request import NOTHING
from c10h.stages.score_runs import Options, score_runs

CLEAN = "clean"
ACCURACY, CROSS_ENTROPY = "accuracy", "ce_hard"
# What an attack is scored by.
METRICS = (ACCURACY, CROSS_ENTROPY)
# Figures of the group ``human`` that are about the whole attack.
DISTANCE, CLEAN_DISTANCE = "human cross-entropy", "human cross-entropy before the attack"
LANDED, TURNED = "landed on people's second", "items turned wrong, with a second"
RUNNER_UP = "people's second was the runner-up before"
# What a network that is no better than guesses is.
AT_CHANCE = "which is at chance: an attack on it says nothing about robustness"
BELOW_CHANCE = (
    "fewer than guesses would be: are the classes of the images in the order of its outputs?"
)
# Values of a curve that are in memory at once.
BLOCK = 1 << 22
NORMS = {"inf": "ℓ∞", "2": "ℓ2"}


def no_better_than_guesses(right: float, n: int, classes: int) -> str:
    """What ``right`` of ``n`` images say where guesses would do as well or better; "" else."""
    if is_below_chance(right, n, classes):
        return BELOW_CHANCE
    return AT_CHANCE if is_at_chance(right, n, classes) else ""


@dataclass(frozen=True)
class AttackedNetwork:
    """One network of an attack file. runs: CLEAN, then what is left after each budget, by its size.

    Runs of networks that were attacked on the same items have these in one order. order: the items
    of the file, int64 (n), in that order.
    """

    name: str
    record: Attack
    member: int
    runs: Mapping[str, ScoredRun]
    order: Array

    def setting(self, name: str) -> Setting:
        """How the attack was made; empty where the file does not say."""
        return self.record.settings.get(name, "")

    @property
    def network(self) -> str:
        """The architecture, as far as the lineage knows it."""
        return _architecture(self.record.lineage)

    @property
    def exposure(self) -> str:
        """Whether the network was trained on the items, as in :class:`~c10h.records.Scores`."""
        return self.runs[CLEAN].exposure

    @property
    def items(self) -> str:
        """A digest of the items that were attacked."""
        return self.runs[CLEAN].items

    @property
    def size(self) -> int:
        """How many items were attacked."""
        return self.record.clean_logits.shape[1]

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
    def examined(self) -> int:
        """How many items the checks were made on; 0 where there were none, or no one knows."""
        items = self.record.examined
        return 0 if items is None or not self.checks else len(items)

    @property
    def steps(self) -> int:
        return self.record.loss.shape[2] - 1

    @property
    def budgets(self) -> list[str]:
        """The sizes of the attack as words, in the order of the file."""
        return [epsilon_name(epsilon) for epsilon in self.record.epsilon]

    def curve(self, metric: str, budget: int) -> Float:
        """The mean over items of clean images and after each step, (s + 1), as it was recorded."""
        rows = {ACCURACY: self.record.correct, CROSS_ENTROPY: self.record.loss}[metric]
        size = max(1, BLOCK // self.size)
        blocks = [slice(start, start + size) for start in range(0, self.steps + 1, size)]
        means = [
            rows[self.member, budget, block].mean(axis=1, dtype=np.float64) for block in blocks
        ]
        return np.concatenate(means)

    @property
    def human(self) -> dict[str, Float]:
        """Figures of the comparison with people by name, (k)."""
        return {
            name: np.asarray(values[self.member], np.float64)
            for name, values in self.record.human.items()
        }

    @property
    def checks(self) -> list[CheckResult]:
        """The rows of the health block that are about this network."""
        return _checks_of(self.record, self.member)


def _checks_of(record: Attack, member: int) -> list[CheckResult]:
    """The rows of the health block of an attack that are about one of its networks."""
    health = record.health
    if not {"name", "member", "epsilon", "value", "passed"} <= set(health):
        return []
    mine = np.ones(len(health["name"]), dtype=bool)
    if record.clean_logits.shape[0] > 1 and record.member is not None:
        mine = np.isin(health["member"], ["", record.member[member]])
    columns = (health[name][mine] for name in ("name", "value", "passed", "epsilon"))
    return [
        CheckResult(str(label), float(value), None if passed < 0 else bool(passed), float(size))
        for label, value, passed, size in zip(*columns, strict=True)
    ]


def failed_checks(run: str, record: Predictions | Attack) -> str:
    """What the checks that failed say of the run of a file, in a line each; "" where none did."""
    when = run.rpartition("@")[2]
    if isinstance(record, Predictions) or when == CLEAN:
        return ""
    sentences = dict.fromkeys(
        check.sentence
        for member in range(record.clean_logits.shape[0])
        for check in _checks_of(record, member)
        if check.passed is False
        and (np.isnan(check.epsilon) or epsilon_name(check.epsilon) == when)
    )
    return "\n".join(f"{FAILED_CHECK} {sentence}" for sentence in sentences)


def attacked_networks(files: Mapping[str, Attack]) -> list[AttackedNetwork]:
    """The networks of all attack files, which are by name.

    Raises MismatchError for a file of other classes than the first, InputError for two networks of
    one name and for a file without true classes.
    """
    first = next(iter(files.values()), None)
    for name, record in files.items():
        if first is not None and not have_same_classes(record.classes, first.classes):
            raise MismatchError(
                f"{name}: an attack on different classes: expected {', '.join(first.classes)}, "
                f"found {', '.join(record.classes)}"
            )
    networks = [
        (network_name(name, record, member), name, member)
        for name, record in files.items()
        for member in range(record.clean_logits.shape[0])
    ]
    for name, count in Counter(name for name, _, _ in networks).items():
        if count > 1:
            raise InputError(f"two attacks are called {name!r}: name them with NAME=FILE")
    scored, orders = _scored(files)
    return [
        AttackedNetwork(
            name,
            files[file],
            member,
            {when: scored[f"{name}@{when}"] for when in results_of(files[file])},
            orders[file],
        )
        for name, file, member in networks
    ]


def attack_differences(
    networks: Sequence[AttackedNetwork], baseline: AttackedNetwork
) -> dict[RunKey, list[Difference]]:
    """Paired differences of every other network: by the key of its run, one of each of METRICS.

    The differences themselves have the names of the networks.
    """
    return {
        run.key: _differences_after(result, network, baseline)
        for network in networks
        if network is not baseline
        for result, run in network.runs.items()
    }


def _differences_after(
    result: str, network: AttackedNetwork, baseline: AttackedNetwork
) -> list[Difference]:
    why = why_unpaired(result, network, baseline)
    if why:
        return [Difference(metric, network.name, baseline.name, why=why) for metric in METRICS]
    (row,) = differences([Pair(network.runs[result], baseline.runs[result])], METRICS)
    return [replace(difference, a=network.name, b=baseline.name) for difference in row]


def why_unpaired(result: str, network: AttackedNetwork, baseline: AttackedNetwork) -> str | None:
    """Why two networks cannot be compared before or after an attack, None where they can."""
    if network.attack != baseline.attack:
        return f"not paired: {baseline.name} is under a different attack"
    if network.items != baseline.items:
        return "not paired: the runs have different items"
    if result not in baseline.runs:
        return f"{baseline.name} was not attacked with {result}"
    return None


def runs_of(
    name: str, record: Predictions | Attack, *, apart: bool
) -> list[tuple[str, Predictions]]:
    """The runs of a file that is called ``name``: one, or as many as an attack has results.

    "adv@clean" is before an attack and "adv@4/255" after one of that size. apart: whether several
    networks of an attack are runs of their own, "adv/fold-0@clean" and so on.
    """
    if isinstance(record, Predictions):
        return [(name, record)]
    members = record.clean_logits.shape[0]
    chosen = [slice(m, m + 1) for m in range(members)] if apart else [slice(0, members)]
    return [
        (
            f"{network_name(name, record, these.start) if apart else name}@{when}",
            _predictions(record, these, logits),
        )
        for these in chosen
        for when, logits in zip(results_of(record), _logits(record, these), strict=True)
    ]


def why_not_rescaled(run: str, record: Predictions | Attack) -> str:
    """Why a run of a file has no rescaled reference; empty where it has one."""
    if isinstance(record, Predictions) or run.endswith(f"@{CLEAN}"):
        return ""
    return "the images were attacked at the network's own scale (c10h report tells more)"


def network_name(name: str, attack: Attack, member: int) -> str:
    """What one network of an attack file that is called ``name`` is called."""
    members = attack.clean_logits.shape[0]
    if members == 1:
        return name
    return f"{name}/{member if attack.member is None else attack.member[member]}"


def results_of(attack: Attack) -> list[str]:
    """What an attack file has results of: CLEAN, then each budget by its size."""
    return [CLEAN, *map(epsilon_name, attack.epsilon)]


def _scored(files: Mapping[str, Attack]) -> tuple[dict[str, ScoredRun], dict[str, Array]]:
    """The runs of all files by name. Files of the same items are scored together, in one order.

    Then this order, by the names of the files.
    """
    orders: dict[str, Array] = {}
    runs = {
        name: runs_of(name, _checked(record, name), apart=True) for name, record in files.items()
    }
    classes = common_classes([of_file[0][1] for of_file in runs.values()])
    groups: list[Predictions] = []
    together: list[list[tuple[str, Predictions, Array]]] = []
    for name, of_file in runs.items():
        assert classes is not None
        ordered = [(run, predictions_in_order(p, classes, name)) for run, p in of_file]
        clean = ordered[0][1]
        if clean.truth is None:
            raise InputError(f"{name}: the file does not have the true classes of its items")
        number, rows = _find_group(clean, groups)
        orders[name] = rows
        if number == len(groups):
            groups.append(clean)
            together.append([])
        group = groups[number]
        assert group.truth is not None
        truth = agreed_truth(group.truth, clean.truth[rows], name)
        groups[number] = replace(group, truth=truth)
        together[number] += [(run, predictions, rows) for run, predictions in ordered]
    records = [
        score_runs(
            [Run(run, _in_order(predictions, rows, group)) for run, predictions, rows in of_group],
            options=Options(
                METRICS, in_sample=True, labels_digest=f"items {number}", rescale=NOTHING
            ),
        )
        for number, (group, of_group) in enumerate(zip(groups, together, strict=True))
    ]
    return {run.name: run for run in scored_runs(records)}, orders


def _checked(record: Attack, name: str) -> Attack:
    """An attack of which reading a logit that is no number raises SchemaError."""
    clean, logits = checked_logits(record.clean_logits, name), checked_logits(record.logits, name)
    return replace(record, clean_logits=clean, logits=logits)


def _find_group(predictions: Predictions, groups: Sequence[Predictions]) -> tuple[int, Array]:
    """The number of the first group of the same items, and the rows in its order; else a new one.

    Items are matched by ids where both have them, else by index, and must have the same pixels and
    the same true classes as far as both know them.
    """
    size = predictions.logits.shape[1]
    for number, group in enumerate(groups):
        if group.logits.shape[1] != size:
            continue
        try:
            matched = align(items_of(group, "the first"), items_of(predictions, "the second"))
            rows = matched.take(np.arange(size))
            assert group.truth is not None
            assert predictions.truth is not None
            agreed_truth(group.truth, predictions.truth[rows], "the second")
        except MismatchError:
            continue
        known = group.item is not None and predictions.item is not None
        if not known or np.array_equal(group.item, predictions.item[rows]):  # type: ignore[arg-type,index]
            return number, rows
    return len(groups), np.arange(size)


def _in_order(predictions: Predictions, rows: Array, group: Predictions) -> Predictions:
    """Predictions of the items of a group, in its order and under its names."""
    if not is_everything(rows, len(rows)):
        predictions = some_items(predictions, rows)
    return replace(predictions, index=group.index, ids=group.ids, truth=group.truth)


def _logits(attack: Attack, members: slice) -> Iterator[Rows]:
    """Logits (m, n, c) of some networks for each of the results."""
    numbers = range(members.start, members.stop)
    yield stacked([matrix_at(attack.clean_logits, (member,)) for member in numbers])
    for size in range(len(attack.epsilon)):
        yield stacked([matrix_at(attack.logits, (member, size)) for member in numbers])


def _predictions(attack: Attack, members: slice, logits: Rows) -> Predictions:
    """Logits (m, n, c) of some networks of an attack, with what is known of them and of items."""
    every = np.arange(attack.clean_logits.shape[0]).astype(np.str_)
    return Predictions(
        classes=attack.classes,
        lineage=attack.lineage,
        logits=logits,
        member=(every if attack.member is None else attack.member)[members],
        member_fold=None if attack.member_fold is None else attack.member_fold[members],
        index=attack.index,
        ids=attack.ids,
        truth=attack.truth,
        fold=attack.fold,
        item=attack.item,
        original=attack.original,
        trained=attack.trained,
    )


def _architecture(lineage: Lineage | None) -> str:
    """The architecture of a lineage, or of the first input that has one."""
    if lineage is None:
        return ""
    inputs = (_architecture(source.lineage) for source in lineage.inputs)
    return lineage.architecture or next(filter(None, inputs), "")
