"""What attacks say on one screen: accuracy and cross-entropy before and after, and the checks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from c10h.errors import counted
from c10h.metrics.accuracy import ENOUGH_ITEMS
from c10h.metrics.differences import Difference, shown_ends
from c10h.metrics.estimates import Estimate, RunKey
from c10h.stages.attack_runs import (
    ACCURACY,
    AT_CHANCE,
    CLEAN,
    CLEAN_DISTANCE,
    CROSS_ENTROPY,
    DISTANCE,
    LANDED,
    METRICS,
    RUNNER_UP,
    TURNED,
    AttackedNetwork,
    attack_differences,
    no_better_than_guesses,
)
from c10h.stages.attack_scale import Interval
from c10h.stages.attack_scale_differences import ScaleDifference, scale_differences
from c10h.views.answer import (
    IN_DETAIL,
    STAR,
    Answer,
    compact,
    interval_columns,
    short_names,
    with_interval,
)
from c10h.views.attack import SOUND, WORDS, budgets_of, by_attack, different_items_notes, verdict
from c10h.views.notes import exposure_notes, reason_notes
from c10h.views.table import Cell, Table, of_columns

# Networks that are told in sentences, and that stand across.
MOST_SENTENCES = 3
# Items of which few say nothing: so few, at chance, may be a network that is better.
FEW_ITEMS = 100
# Items whose checks find gross failures alone.
FEW_EXAMINED = 50
MOST_ACROSS = 5
# Rows of a table that a screen has room for below its sentences.
MOST_ROWS = 9


def attack_answers(
    networks: Sequence[AttackedNetwork], baseline: AttackedNetwork | None, source: str
) -> list[Answer]:
    """An answer for each kind of attack. source: what they were made of, below the last."""
    groups = list(by_attack(networks).items())
    return [
        _answer(attack, group, baseline, source if number == len(groups) - 1 else "")
        for number, (attack, group) in enumerate(groups)
    ]


def _answer(
    attack: str,
    group: Sequence[AttackedNetwork],
    baseline: AttackedNetwork | None,
    source: str,
) -> Answer:
    others = [network for network in group if network is not baseline]
    known = attack_differences(others, baseline) if baseline is not None else {}
    is_compared = any(difference.value is not None for row in known.values() for difference in row)
    if baseline is not None and is_compared:
        scaled = {(d.a, d.after): d for d in scale_differences(others, baseline)}
        sentences = [_comparison(network, known, scaled) for network in others]
        if len(others) == 1:
            table, notes = _two_networks(others[0], baseline, known, scaled)
        else:
            table, notes = _many(group)
    else:
        sentences = [_description(network) + _people(network) for network in group]
        table, notes = _many(group)
        every = (difference for row in known.values() for difference in row)
        notes = [*notes, *reason_notes((d.a, d.why) for d in every if d.why)]
    left = len(sentences) - MOST_SENTENCES
    if left > 0:
        sentences = [*sentences[:MOST_SENTENCES], f"{left} more networks are {IN_DETAIL}."]
    sizes = dict.fromkeys(counted(network.size, "item") for network in group)
    return Answer(
        [*sentences, *_at_chance(group), *checks_sentences(group)],
        table,
        notes=[
            f"{attack}; ε in pixels of [0, 1]; means over {' or '.join(sizes)}",
            *notes,
            *exposure_notes((network.name, network.exposure) for network in group),
            *different_items_notes(group),
        ],
        source=source,
    )


def checks_sentences(networks: Sequence[AttackedNetwork]) -> list[str]:
    """Whether the attacks can be believed, in words: all checks passed, or those that failed."""
    sentences: dict[str, dict[str, None]] = {}
    for network in networks:
        for sentence in verdict(network.checks):
            sentences.setdefault(sentence, {})[network.name] = None
    sizes = sorted({network.examined for network in networks if network.examined})
    on = f" on {' or '.join(f'{size:,}' for size in sizes)} items" if sizes else ""
    if set(sentences) == {SOUND}:
        few = any(size < FEW_EXAMINED for size in sizes)
        passed = _more(networks, ", and found none") if few else "all passed"
        return [f"Checks{on}: {passed}."]
    told = []
    for sentence, names in sentences.items():
        whose = "" if len(names) == len(networks) else f", {' and '.join(names)}"
        told.append(f"Checks{on}{whose}: {'all passed' if sentence == SOUND else sentence}.")
    few = any(size < FEW_EXAMINED for size in sizes)
    return [*told, f"S{_more(networks)[1:]}."] if few else told


def _at_chance(networks: Sequence[AttackedNetwork]) -> list[str]:
    """Which networks are no better than guesses before they are attacked."""
    sentences = []
    for network in networks:
        right = (_figure(network, ACCURACY, CLEAN)[0] or 0) * network.size
        classes = len(network.runs[CLEAN].scores.classes)
        why = no_better_than_guesses(right, network.size, classes)
        if network.size >= ENOUGH_ITEMS and why:
            so_far = (
                f"{network.name} is right on {right:.0f} of {network.size:,} images as they are"
            )
            if why == AT_CHANCE and network.size < FEW_ITEMS:
                why = "which so few cannot tell from chance: attack more of them"
            sentences.append(f"{so_far}, {why}{'' if why.endswith('?') else '.'}")
    return sentences


def _more(networks: Sequence[AttackedNetwork], so_far: str = "") -> str:
    """That checks on few items say little, and how there are more. so_far: what they found."""
    are_all = all(network.examined >= network.size for network in networks if network.examined)
    how = "attack more images" if are_all else "--health 200 finds more"
    return f"so few find only gross failures{so_far}; {how}"


def _description(network: AttackedNetwork) -> str:
    """How far the largest budget takes a network."""
    largest = budgets_of([network])[-1]
    changes = []
    for metric in METRICS:
        before, after = (_figure(network, metric, result) for result in (CLEAN, largest))
        told = compact(before[0]), with_interval(*after)
        changes.append(f"{WORDS[metric]} {_verb(before[0], after[0])} {told[0]} to {told[1]}")
    return f"{network.name}: at {largest} {', '.join(changes)}."


def _people(network: AttackedNetwork) -> str:
    """How far the largest budget takes a network from people, where it was compared with them."""
    largest = network.budgets.index(budgets_of([network])[-1])
    distance, turned, landed, runner_up = (
        float(network.human[name][largest]) if name in network.human else math.nan
        for name in (DISTANCE, TURNED, LANDED, RUNNER_UP)
    )
    if math.isnan(distance):
        return ""
    before = network.human.get(CLEAN_DISTANCE)
    told = f" Cross-entropy with people is {compact(distance)} then"
    if before is not None:
        first = float(before[largest])
        told = f" Cross-entropy with people {_verb(first, distance)} {compact(first)} to "
        told += compact(distance)
    if turned > 0:
        turn, have = ("turns", "has") if turned == 1 else ("turn", "have")
        items = f"{counted(int(turned), 'item')} that {turn} wrong and {have} a second choice"
        told += f"; of {items} of people's, {100 * landed:.0f} % become it"
        if not math.isnan(runner_up):
            told += f" (before, it was the runner-up of {100 * runner_up:.0f} %)"
    return f"{told}."


def _verb(before: float | None, after: float | None) -> str:
    if before is None or after is None or before == after:
        return "goes from"
    return "falls from" if after < before else "rises from"


def _comparison(
    network: AttackedNetwork,
    known: Mapping[RunKey, Sequence[Difference]],
    scaled: Mapping[tuple[str, str], ScaleDifference],
) -> str:
    """How a network differs from the baseline after the largest budget."""
    largest = budgets_of([network])[-1]
    row = dict(zip(METRICS, known[network.runs[largest].key], strict=True))
    loss, accuracy = row[CROSS_ENTROPY], row[ACCURACY]
    if loss.value is None or accuracy.value is None:
        return f"{network.name}: no difference after {largest}: {loss.why or accuracy.why}."
    parts = [
        f"cross-entropy {_signed(loss)}"
        if loss.is_clear
        else f"no difference in cross-entropy can be told: {_signed(loss)}"
    ]
    remaining = scaled[network.name, largest].remaining
    if remaining is not None:
        at_scale = remaining.at_equal_scale
        told = with_interval(at_scale.value, at_scale.low, at_scale.high, signed=True)
        words = told if at_scale.is_clear else f"none can be told: {told}"
        parts.append(f"at equal scale {words}, over {counted(remaining.n, 'item')}")
    parts.append(
        f"accuracy {_signed(accuracy)}"
        if accuracy.is_clear
        else f"no difference in accuracy can be told: {_signed(accuracy)}"
    )
    return f"{network.name} less {accuracy.b} after {largest}: {'; '.join(parts)}."


def _signed(figure: Difference) -> str:
    return with_interval(figure.value, *shown_ends(figure), signed=True)


def _figure(
    network: AttackedNetwork, metric: str, result: str
) -> tuple[float | None, float | None, float | None]:
    if metric == DISTANCE:
        return _distance(network, result), None, None
    run = network.runs.get(result)
    estimate: Estimate | None = None if run is None else run.estimate(metric)
    if estimate is None or estimate.why:
        return None, None, None
    return estimate.value, estimate.low, estimate.high


def _distance(network: AttackedNetwork, result: str) -> float | None:
    """The mean cross-entropy with people before the attack or after a budget; None for none."""
    values = network.human.get(CLEAN_DISTANCE if result == CLEAN else DISTANCE)
    if values is None or result not in (CLEAN, *network.budgets):
        return None
    return float(values[0 if result == CLEAN else network.budgets.index(result)])


def _rows(
    group: Sequence[AttackedNetwork], metrics: Sequence[str] = METRICS
) -> list[tuple[str, str]]:
    """A metric before and after each budget."""
    return [(metric, result) for metric in metrics for result in (CLEAN, *budgets_of(group))]


def _row_names(rows: Sequence[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The metric at its first row alone, and the result."""
    words = {**WORDS, DISTANCE: f"{WORDS[CROSS_ENTROPY]} with people"}
    metrics = [words[metric] if result == CLEAN else "" for metric, result in rows]
    return [("metric", metrics), ("ε", [result for _, result in rows])]


def _two_networks(
    network: AttackedNetwork,
    baseline: AttackedNetwork,
    known: Mapping[RunKey, Sequence[Difference]],
    scaled: Mapping[tuple[str, str], ScaleDifference],
) -> tuple[Table, list[str]]:
    """Metrics and budgets down; baseline, network, and their difference at both scales across."""
    rows = _rows([baseline, network])
    names, legend = short_names([baseline.name, network.name])
    columns: list[tuple[str, list[Cell]]] = [
        (name, [Cell(compact(_figure(of, *row)[0])) for row in rows])
        for name, of in zip(names, (baseline, network), strict=True)
    ]
    differences = [
        known[network.runs[result].key][METRICS.index(metric)] if result in network.runs else None
        for metric, result in rows
    ]
    columns += interval_columns(
        "difference",
        [(d.value, *shown_ends(d)) if d else (None, None, None) for d in differences],
        signed=True,
        marks=[d is not None and d.is_clear for d in differences],
    )
    at_scale = [_at_equal_scale(scaled, network.name, *row) for row in rows]
    if any(at_scale):
        columns += interval_columns(
            "at equal scale",
            [(figure.value if figure else None, None, None) for figure in at_scale],
            signed=True,
            marks=[figure is not None and figure.is_clear for figure in at_scale],
        )
    table = of_columns("", _row_names(rows), columns)
    figures = [figure for figure in (*differences, *at_scale) if figure is not None]
    is_starred = any(figure.is_clear for figure in figures)
    return table, [*legend, *[STAR] * is_starred]


def _at_equal_scale(
    scaled: Mapping[tuple[str, str], ScaleDifference], name: str, metric: str, result: str
) -> Interval | None:
    """The difference at equal scale, which only cross-entropy has."""
    known = scaled.get((name, result)) if metric == CROSS_ENTROPY else None
    return None if known is None or known.remaining is None else known.remaining.at_equal_scale


def _many(group: Sequence[AttackedNetwork]) -> tuple[Table, list[str]]:
    """Metrics and budgets down, networks across; or networks down, where there are more."""
    rows = _rows(group)
    columns: list[tuple[str, list[Cell]]] = []
    with_people = _rows(group, (*METRICS, DISTANCE))
    are_compared = all({DISTANCE, CLEAN_DISTANCE} <= set(network.human) for network in group)
    if are_compared and len(with_people) <= MOST_ROWS and len(group) <= MOST_ACROSS:
        rows = with_people
    if len(group) > MOST_ACROSS:
        for metric, result in rows:
            cells = [Cell(compact(_figure(network, metric, result)[0])) for network in group]
            columns.append((f"{WORDS[metric]} {result}", cells))
        return of_columns("", [("run", [network.name for network in group])], columns), []
    names, legend = short_names([network.name for network in group])
    if len(group) == 1:
        names, legend = ["value"], []
    for name, network in zip(names, group, strict=True):
        figures = [_figure(network, *row) for row in rows]
        if len(group) > 2:
            figures = [(value, None, None) for value, _, _ in figures]
        columns += interval_columns(name, figures)
    return of_columns("", _row_names(rows), columns), legend
