"""The health block of an attack: the checks of c10h.attacks.health_checks on what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from c10h.attacks.attacked_items import AttackedItems
from c10h.attacks.attacked_network import freeze
from c10h.attacks.health_checks import CHECKS, COMPARISONS, GRADIENT_FREE, CheckResult
from c10h.attacks.health_measures import (
    Measures,
    measure,
    steps_an_image,
)
from c10h.attacks.rescaled_network import attack_rescaled
from c10h.attacks.restarts import call_on_clean
from c10h.records import Array, Attack
from c10h.stages.attack_batches import AttackData, Job, Options, batches_of, plan_of, seeds_of
from c10h.stages.attack_scale import losses, scale_of

NO_TEST = -1
AT_SCALE = "at equal scale"
# How many items are examined if no number is given: as many as take no longer than the attack
# does, and from LEAST to MOST.
LEAST, MOST = 5, 200


def examine(
    data: AttackData,
    options: Options,
    attack: Attack,
    count: int,
    advance: Callable[[int], None],
) -> Attack:
    """The attack with its health block, and its outcome at equal scale on the items examined.

    They are up to ``count`` of its items, drawn by the seed. Clean losses are of all items.
    """
    assert attack.truth is not None
    members, budgets, size, classes = attack.logits.shape
    drawn = np.sort(np.random.default_rng([options.seed, size]).permutation(size)[:count])
    rescaled = np.full((members, budgets, len(drawn), classes), np.nan, dtype=np.float32)
    attacked = data.attacked_items(options)
    rows: list[tuple[str, CheckResult]] = []
    for member in range(members):
        clean = np.asarray(attack.clean_logits[member, 0:size])
        temperature = scale_of(clean, attack.truth).temperature
        jobs = [_of_drawn(job, drawn) for job in data.jobs if job.member == member]
        parts = []
        for number, job, items in batches_of(jobs, options.machine.batch):
            parts.append(_measure(attacked, options, job, items, advance))
            if not np.isnan(temperature):
                logits = _at_equal_scale(attacked, options, number, job, items, temperature)
                rescaled[member][:, np.searchsorted(drawn, items)] = logits
            advance(len(items) * options.work)
        order = np.concatenate([job.items for job in jobs])
        measured = join(parts)
        if not np.isnan(temperature):
            right = rescaled[member].argmax(axis=-1) == attack.truth[drawn]
            measured[f"correct, {AT_SCALE}"] = right[:, np.searchsorted(drawn, order)]
        checks = [
            *_of_attack(attack, member),
            *_of_network(measured, attack, member, order),
            *_of_scale(attack, member, clean, temperature, drawn, rescaled[member]),
        ]
        names = attack.member
        rows += [("" if names is None else str(names[member]), check) for check in checks]
    return replace(attack, health=_as_group(rows), examined=drawn, rescaled_logits=rescaled)


def _as_group(rows: Sequence[tuple[str, CheckResult]]) -> dict[str, Array]:
    """Checks as an attack file has them, of pairs of a member and a check."""
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
    return min(count, len(data.rows)) * data.members * _steps(data, options)


def default_count(data: AttackData, options: Options) -> int:
    """How many items are examined unless told."""
    return min(MOST, max(LEAST, len(data.rows) * options.work // _steps(data, options)))


def _steps(data: AttackData, options: Options) -> int:
    """By how many steps the examination of an item moves on."""
    has_source = data.source is not None or len(data.attacked_items(options).networks) > 1
    return steps_an_image(len(options.budgets), has_source) + options.work


def _of_drawn(job: Job, drawn: Array) -> Job:
    return Job(job.member, job.network, job.source, np.intersect1d(job.items, drawn))


def _measure(
    attacked: AttackedItems,
    options: Options,
    job: Job,
    items: Array,
    advance: Callable[[int], None],
) -> Measures:
    network, source = attacked.network(job.network), None
    if job.source:
        source = attacked.network(job.source, source=True)
    elif (other := _another(job, len(attacked.networks))) is not None:
        source = freeze(attacked.networks[other], attacked.device)
    return measure(
        network, source, attacked.pixels(items), attacked.away(items), options.budgets,
        options.seed, options.plan.precision, advance,
    )  # fmt: skip


def _at_equal_scale(
    attacked: AttackedItems,
    options: Options,
    number: int,
    job: Job,
    items: Array,
    temperature: float,
) -> Array:
    """Rescaled logits of some items after the same attack on the rescaled network, (k, b, c)."""
    plan, network = plan_of(attacked, options, job), attacked.network(job.network)
    pixels = attacked.pixels(items)
    goal = attacked.goal(
        items, call_on_clean(network, pixels, attacked.away(items), plan.precision)
    )
    logits = attack_rescaled(
        network, temperature, pixels, goal, options.budgets, plan, seeds_of(options, number)
    )
    return np.asarray(logits.cpu().numpy())


def _another(job: Job, count: int) -> int | None:
    """A network besides those of a job, for perturbations that may transfer to it."""
    others = [number for number in range(count) if number not in job.network]
    later = [number for number in others if number > job.network[0]]
    return next(iter([*later, *others]), None)


def join(parts: Sequence[Measures]) -> dict[str, Array]:
    """The measures of all batches by name, (n) or (k, n)."""
    joined: dict[str, Array] = {}
    for kind in ("shares", "by_epsilon"):
        measured = [getattr(part, kind) for part in parts]
        for name in measured[0]:
            pieces = [part[name].cpu().numpy() for part in measured]
            joined[name] = np.concatenate(pieces, axis=-1)
    return joined


def share(items: Array) -> Fraction:
    """How many of the items are (bool or 0 and 1), by how many there are."""
    return Fraction(int(np.count_nonzero(items)), len(items))


def _of_attack(attack: Attack, member: int) -> Iterator[CheckResult]:
    """What the attack itself must show: it stayed in its ball, and did not help the network."""
    loss = np.asarray(attack.loss[member], dtype=np.float64)
    right = np.asarray(attack.correct[member])[:, -1].sum(axis=1, dtype=np.int64)
    for k, epsilon in enumerate(attack.epsilon):
        largest = float(np.max(attack.norm[member, k]))
        yield CHECKS["norm"].of(largest / epsilon, epsilon=epsilon)
        if not attack.settings["toward"]:
            gain = float((loss[k, -1] - loss[k, 0]).mean())
            yield CHECKS["loss_gained"].of(gain, epsilon=epsilon)
    if len(right) > 1:
        rise = max(0, int(np.diff(right[np.argsort(attack.epsilon)]).max()))
        items = loss.shape[-1]
        yield CHECKS["larger_epsilon"].of(Fraction(rise, items), items=items)


def _of_network(
    measured: Mapping[str, Array], attack: Attack, member: int, rows: Array
) -> Iterator[CheckResult]:
    """What a network must show whose robustness is no look-alike, from measures of some items.

    rows: of the attacked items that were measured, in the order of the measures.
    """
    for key, name in (
        ("random", "changes"),
        ("zero_softmax", "zero gradient, softmax"),
        ("zero_float32", "zero gradient, float32"),
        ("zero_float64", "zero gradient, float64"),
        ("wide", "correct, wide"),
    ):
        yield CHECKS[key].of(share(measured[name]), items=len(rows))
    for k, epsilon in enumerate(attack.epsilon):
        loss = {
            name.removeprefix("loss, "): float(values[k].mean(dtype=np.float64))
            for name, values in measured.items()
            if name.startswith("loss, ")
        }
        yield CHECKS["fgsm"].of(loss["fgsm"], epsilon=epsilon)
        yield CHECKS["pgd"].of(loss["cross-entropy"], loss["fgsm"], epsilon=epsilon)
        if "transfer" in loss:
            transfer = loss["transfer"]
            yield CHECKS["transfer"].of(transfer, loss["cross-entropy"], epsilon=epsilon)
        right = {
            name.removeprefix("correct, "): values[k] != 0
            for name, values in measured.items()
            if name.startswith("correct, ") and values.ndim > 1
        }
        own = np.asarray(attack.correct[member, k])[-1][rows] != 0
        yield from _of_accuracies(right, own, epsilon, toward=bool(attack.settings["toward"]))


def _of_accuracies(
    right: Mapping[str, Array], own: Array, epsilon: float, *, toward: bool
) -> Iterator[CheckResult]:
    """How many items are right after each attack that was tried, and after this one: bool (n)."""
    for method, items in right.items():
        if method != GRADIENT_FREE:
            yield CHECKS["accuracy_after"].of(share(items), epsilon=epsilon, method=method)
    by_gradients = np.logical_and.reduce([right[name] for name in COMPARISONS])
    without = share(right[GRADIENT_FREE])
    count = len(own)
    yield CHECKS["gradient_free"].of(without, share(by_gradients), epsilon=epsilon, items=count)
    worst = share(np.logical_and.reduce([own, *right.values()]))
    yield CHECKS["accuracy_own"].of(share(own), epsilon=epsilon)
    # Toward a class, other attacks are no measure of this one.
    compared = worst if toward else share(own)
    yield CHECKS["accuracy_worst"].of(worst, compared, epsilon=epsilon, items=count)


def _of_scale(
    attack: Attack, member: int, clean: Array, temperature: float, items: Array, rescaled: Array
) -> Iterator[CheckResult]:
    """Losses as they are and at equal scale: figures, no tests.

    clean: logits (n, c). items: those of the rescaled logits (k, e, c).
    """
    assert attack.truth is not None
    yield CHECKS["temperature"].of(temperature)
    if np.isnan(temperature):
        return
    before = losses(clean.astype(np.float64) / temperature, attack.truth).loss
    yield CHECKS["clean_at_scale"].of(float(before.mean()))
    for k, epsilon in enumerate(attack.epsilon):
        own = np.asarray(attack.loss[member, k])[-1][items]
        yield CHECKS["loss_own"].of(float(own.mean(dtype=np.float64)), epsilon=epsilon)
        after = losses(rescaled[k], attack.truth[items]).loss
        yield CHECKS["loss_at_scale"].of(float(after.mean()), epsilon=epsilon)
