"""The health block of an attack: the checks of c10h.attacks.health_checks on what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from c10h.attacks.attacked_items import AttackedItems
from c10h.attacks.attacked_network import freeze
from c10h.attacks.health_checks import CHECKS, CheckResult
from c10h.attacks.health_measures import STEPS, Measures, measure, passes
from c10h.attacks.temperature_scaling import mean_cross_entropy, temperature_for
from c10h.records import Array, Attack
from c10h.stages.attack_batches import AttackData, Job, Options, batches_of

NO_TEST = -1


def examine(
    data: AttackData,
    options: Options,
    attack: Attack,
    count: int,
    advance: Callable[[int], None],
) -> dict[str, Array]:
    """The group ``health`` of an attack file, from up to ``count`` of its items, drawn by the seed.

    Losses at a common confidence are of all items.
    """
    size = len(data.rows)
    drawn = np.random.default_rng([options.seed, size]).permutation(size)[:count]
    rows: list[tuple[str, CheckResult]] = []
    attacked = data.attacked_items(options)
    for member in range(attack.clean_logits.shape[0]):
        clean = np.asarray(attack.clean_logits[member, 0:size])
        temperature = temperature_for(clean)
        mine = [_of_drawn(job, drawn) for job in data.jobs if job.member == member]
        parts = [
            _measure(attacked, options, job, batch, temperature, advance)
            for _, job, batch in batches_of(mine, options.machine.batch)
        ]
        checks = [
            *_of_attack(attack, member),
            *_of_network(join(parts), attack, member, np.concatenate([j.items for j in mine])),
            *_at_common_confidence(attack, member, clean, temperature),
        ]
        names = attack.member
        rows += [("" if names is None else str(names[member]), check) for check in checks]
    return {
        "name": np.array([check.label for _, check in rows]),
        "member": np.array([member for member, _ in rows]),
        "epsilon": np.array([check.epsilon for _, check in rows]),
        "value": np.array([check.value for _, check in rows], dtype=np.float64),
        "passed": np.array(
            [NO_TEST if check.passed is None else check.passed for _, check in rows], dtype=np.int8
        ),
    }


def work_of(data: AttackData, options: Options, count: int) -> int:
    """Images times steps of the examination."""
    networks = len(data.attacked_items(options).networks)
    has_source = data.source is not None or networks > 1
    items = min(count, len(data.rows)) * data.members
    return items * STEPS * passes(len(options.budgets), has_source, has_temperature=True)


def _of_drawn(job: Job, drawn: Array) -> Job:
    return Job(job.member, job.network, job.source, np.intersect1d(job.items, drawn))


def _measure(
    attacked: AttackedItems,
    options: Options,
    job: Job,
    items: Array,
    temperature: float,
    advance: Callable[[int], None],
) -> Measures:
    network, source = attacked.network(job.network), None
    if job.source:
        source = attacked.network(job.source, source=True)
    elif (other := _another(job, len(attacked.networks))) is not None:
        source = freeze(attacked.networks[other], attacked.device)
    return measure(
        network, source, attacked.pixels(items), attacked.away(items), options.budgets, temperature,
        options.seed, options.plan.precision, advance,
    )  # fmt: skip


def _another(job: Job, count: int) -> int | None:
    """A network besides those of a job, for perturbations that may transfer to it."""
    others = [number for number in range(count) if number not in job.network]
    later = [number for number in others if number > job.network[0]]
    return next(iter([*later, *others]), None)


def join(parts: Sequence[Measures]) -> dict[str, Array]:
    """The measures of all batches by name, float64 (n) or (k, n)."""
    found: dict[str, Array] = {}
    for kind in ("shares", "by_epsilon"):
        measured = [getattr(part, kind) for part in parts]
        for name in measured[0]:
            pieces = [part[name].double().cpu().numpy() for part in measured]
            found[name] = np.concatenate(pieces, axis=-1)
    return found


def _of_attack(attack: Attack, member: int) -> Iterator[CheckResult]:
    """What the attack itself must show: it stayed in its ball, and did not help the network."""
    losses = np.asarray(attack.loss[member], dtype=np.float64)
    correct = np.asarray(attack.correct[member])
    accuracy = correct[:, -1].mean(axis=1)
    for k, epsilon in enumerate(attack.epsilon):
        largest = float(np.max(attack.norm[member, k]))
        yield CHECKS["norm"].of(largest / epsilon, epsilon=epsilon)
        if not attack.settings["toward"]:
            gain = float((losses[k, -1] - losses[k, 0]).mean())
            yield CHECKS["loss_gained"].of(gain, epsilon=epsilon)
    if len(accuracy) > 1:
        order = np.argsort(attack.epsilon)
        rise = float(max(0.0, np.diff(accuracy[order]).max()))
        yield CHECKS["larger_epsilon"].of(rise)


def _of_network(
    measured: Mapping[str, Array], attack: Attack, member: int, rows: Array
) -> Iterator[CheckResult]:
    """What a network must show whose robustness is no look-alike, from measures of some items.

    rows: of the attacked items that were measured, in the order of the measures.
    """
    for key, name in (
        ("zero_float32", "zero gradient, float32"),
        ("zero_float64", "zero gradient, float64"),
        ("wide", "correct, wide"),
    ):
        yield CHECKS[key].of(float(measured[name].mean()))
    tried = [name for name in measured if name.startswith("correct, ") and measured[name].ndim > 1]
    for k, epsilon in enumerate(attack.epsilon):
        means = {
            name: float(values[k].mean()) for name, values in measured.items() if values.ndim > 1
        }
        pgd = means["loss, cross-entropy"]
        yield CHECKS["fgsm"].of(means["loss, fgsm"], epsilon=epsilon)
        yield CHECKS["pgd"].of(pgd, means["loss, fgsm"], epsilon=epsilon)
        if "loss, transfer" in means:
            yield CHECKS["transfer"].of(means["loss, transfer"], pgd, epsilon=epsilon)
        for name in tried:
            method = name.removeprefix("correct, ")
            yield CHECKS["accuracy_after"].of(means[name], epsilon=epsilon, method=method)
        own = np.asarray(attack.correct[member, k])[-1][rows].astype(np.float64)
        worst = float(np.minimum.reduce([own, *(measured[name][k] for name in tried)]).mean())
        yield CHECKS["accuracy_own"].of(float(own.mean()), epsilon=epsilon)
        # Toward a class, other attacks are no measure of this one.
        compared = worst if attack.settings["toward"] else float(own.mean())
        yield CHECKS["accuracy_worst"].of(worst, compared, epsilon=epsilon)


def _at_common_confidence(
    attack: Attack, member: int, clean: Array, temperature: float
) -> Iterator[CheckResult]:
    """Losses with logits brought to one mean confidence on clean images: figures, no tests."""
    assert attack.truth is not None
    yield CHECKS["temperature"].of(temperature)
    if temperature != temperature:
        return
    truth = attack.truth
    yield CHECKS["clean_confidence"].of(mean_cross_entropy(clean, truth, temperature))
    for k, epsilon in enumerate(attack.epsilon):
        logits = np.asarray(attack.logits[member, k])
        loss = mean_cross_entropy(logits, truth, temperature)
        yield CHECKS["loss_confidence"].of(loss, epsilon=epsilon)
