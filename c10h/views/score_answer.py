"""What scores say on one screen: of one run, of two that are compared, of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from c10h.errors import counted
from c10h.formats.hints import brief
from c10h.metrics.differences import (
    DECISIVE_ZEROS,
    Difference,
    Pair,
    differences,
    shown_ends,
)
from c10h.metrics.estimates import RunKey, ScoredRun
from c10h.metrics.metrics import METRICS
from c10h.metrics.references import FIRST_CHOICE, REFERENCES, RESCALED
from c10h.metrics.strata import ALL
from c10h.stages.run_groups import Model, by_model, data_of, data_sets
from c10h.views.answer import (
    BEYOND,
    IN_DETAIL,
    STAR,
    Answer,
    compact,
    interval_columns,
    short_names,
    with_interval,
)
from c10h.views.notes import (
    absence_notes,
    best_ceiling,
    distance_of,
    exposure_notes,
    failed_check_notes,
    intervals_note,
    items_notes,
    metric_notes,
    misordered_notes,
    networks_notes,
    percent_range,
    remaining,
    sizes_notes,
    unpaired_notes,
)
from c10h.views.pivot import ARROWS
from c10h.views.table import Cell, Table, of_columns

# Comparisons that are told in sentences, runs that stand across, and strata that stand down.
MOST_SENTENCES = 3
MOST_ACROSS = 5
MOST_STRATA = 14
# Columns of strata that have room for their intervals, and items of which few are told.
MOST_WITH_INTERVALS = 3
FEW_ITEMS = 20
STARRED = "*: the 95 % interval of the difference from {} excludes 0"
WORTH = "equivalent_annotators"
WORDS = {"ce_human": "cross-entropy with people", "ce_hard": "cross-entropy with the truth"}


@dataclass(frozen=True)
class Shown:
    """What an answer is about. pairs: runs that are compared, and with which; none where nobody
    asked. by: what the strata are by, where they are shown, "" where not.
    """

    runs: Sequence[ScoredRun]
    pairs: Sequence[Pair]
    metrics: Sequence[str]
    stratum: str = ALL
    by: str = ""

    @property
    def main(self) -> str:
        """The metric that an answer is about where it has room for one."""
        return distance_of(self.metrics) or self.metrics[0]


def score_answer(shown: Shown, source: str) -> Answer:
    """The answer of scores. source: what they were made of."""
    grid = differences(shown.pairs, shown.metrics, shown.stratum)
    by_run = {pair.run.key: row for pair, row in zip(shown.pairs, grid, strict=True)}
    table, notes = _table(shown, by_run)
    lines = _comparisons(shown, grid) if shown.pairs else _descriptions(shown)
    lines += failed_check_notes(shown.runs)
    lines += misordered_notes(shown.runs) if shown.stratum == ALL else []
    every = [difference for row in grid for difference in row]
    if all(difference.value is None for difference in every):
        lines += [f"{reason}." for reason in unpaired_notes(grid)]
    return Answer(lines, table, notes=[*notes, *_what_matters(shown)], source=source)


def _what_matters(shown: Shown) -> list[str]:
    """What a reader must know of the runs before using their numbers."""
    runs, metrics, stratum = shown.runs, shown.metrics, shown.stratum
    grouped = by_model(runs) is not None
    return [
        *absence_notes(runs, metrics, stratum),
        *metric_notes(runs, metrics, stratum),
        *exposure_notes((run.name, run.exposure) for run in runs),
        *networks_notes(runs),
        *items_notes(runs, data_of if grouped else (lambda run: run.data)),
        *(sizes_notes(runs, metrics, stratum) if not grouped else []),
        *([intervals_note(runs)] if any(run.parts for run in runs) else []),
    ]


def _comparisons(shown: Shown, grid: Sequence[Sequence[Difference]]) -> list[str]:
    """A sentence for each of the first comparisons: the distance from people, and accuracy."""
    several = len(data_sets(shown.runs)) > 1
    told = []
    for pair, row in zip(shown.pairs, grid, strict=True):
        sentence = _comparison(row, shown.main)
        if sentence and several and data_of(pair.run):
            sentence = f"{data_of(pair.run)}: {sentence}"
        told += [sentence] * bool(sentence)
    left = len(told) - MOST_SENTENCES
    more = [f"{left} more comparisons are {IN_DETAIL}."] if left > 0 else []
    return [*told[:MOST_SENTENCES], *more]


def _comparison(row: Sequence[Difference], main: str) -> str:
    """How a run differs from another one, as far as the intervals tell; "" for no difference."""
    known = {difference.metric: difference for difference in row}
    distance, accuracy = known[main], known.get("accuracy")
    sentence = remaining(distance, _signed).removesuffix(".") or _plain_difference(distance)
    if sentence and DECISIVE_ZEROS in (distance.at_equal_scale.why or ""):
        sentence += f", but {distance.at_equal_scale.why}: nothing can be told at equal scale"
        sentence += _without_logarithms(known)
    if accuracy is None or accuracy is distance or accuracy.value is None:
        return sentence and f"{sentence}."
    if accuracy.value == 0 and shown_ends(accuracy) == (0, 0):
        clause = "both are right on the same items"
    elif not accuracy.is_clear:
        clause = f"no difference in accuracy can be told: {_signed(accuracy)}"
    else:
        clause = f"accuracy is {'higher' if accuracy.value > 0 else 'lower'}: {_signed(accuracy)}"
    return f"{sentence}; {clause}." if sentence else f"{clause[0].upper()}{clause[1:]}."


def _without_logarithms(known: Mapping[str, Difference]) -> str:
    """The difference in a squared error, which probabilities of 0 decide nothing of."""
    for metric in ("brier_human", "brier_hard"):
        if metric in known and known[metric].value is not None:
            return f"; in {metric}, which has no logarithm: {_signed(known[metric])}"
    return ""


def _plain_difference(difference: Difference) -> str:
    """A difference without anything at equal scale."""
    if difference.value is None:
        return ""
    a, b, metric = difference.a, difference.b, difference.metric
    if difference.is_clear:
        return f"{a} differs from {b} by {_signed(difference)} in {metric}"
    return f"No difference in {metric} can be told between {a} and {b}: {_signed(difference)}"


def _signed(figure: Difference) -> str:
    return with_interval(figure.value, *shown_ends(figure), signed=True)


def _descriptions(shown: Shown) -> list[str]:
    """Where nothing is compared: what the one run is like, or which of several is best."""
    if len(shown.runs) == 1:
        return [describe(shown.runs[0], shown.metrics, shown.stratum)]
    return ["c10h report --baseline NAME tells which differences between runs can be told."]


def describe(run: ScoredRun, metrics: Sequence[str], stratum: str = ALL) -> str:
    """One run in a sentence: right how often, how far from people, and what of that is scale."""
    parts = []
    for metric in dict.fromkeys(("accuracy", distance_of(metrics) or metrics[0])):
        estimate = run.estimate(metric, stratum)
        if metric not in metrics or metric == WORTH or estimate is None or estimate.why:
            continue
        words = f"{WORDS.get(metric, metric)} {with_interval(*_figure(run, metric, stratum))}"
        if estimate.n < max(_sizes(run, metrics, stratum)):
            words += f" of {counted(estimate.n, 'item')}"
        if metric == "ce_human" and (ceiling := best_ceiling([estimate])) is not None:
            words += f", people's own {compact(ceiling[1])}"
        parts.append(words)
    scale = run.scale if stratum == ALL and distance_of(metrics) else None
    if scale is not None and scale.value is not None and not run.has_decisive_zeros():
        parts.append(f"{percent_range(scale)} of that distance is scale of confidence")
    worth = _figure(run, WORTH, stratum)
    if WORTH in metrics and worth[0] is not None:
        parts.append(f"worth {with_interval(*worth)} annotators")
    return f"{run.name}: {'; '.join(parts)}." if parts else ""


def _sizes(run: ScoredRun, metrics: Sequence[str], stratum: str) -> list[int]:
    """Over how many items accuracy and distance are."""
    known = (run.estimate(metric, stratum) for metric in ("accuracy", distance_of(metrics) or ""))
    return [estimate.n for estimate in known if estimate is not None] or [0]


def _figure(
    run: ScoredRun, metric: str, stratum: str
) -> tuple[float | None, float | None, float | None]:
    """A value with the interval that is shown: over runs and items where a run is a mean."""
    estimate = run.estimate(metric, stratum)
    if estimate is None or estimate.why:
        return None, None, None
    ends = run.mixed(metric, stratum) or estimate
    return estimate.value, ends.low, ends.high


def _table(
    shown: Shown, by_run: Mapping[RunKey, Sequence[Difference]]
) -> tuple[Table, Sequence[str]]:
    """The one table of an answer, with the notes that it needs."""
    if shown.by:
        return _strata_down(shown)
    cells = by_model(shown.runs)
    if cells is not None:
        return _data_sets_across(shown, cells, by_run)
    if len(shown.runs) == 1:
        return _one_run(shown), []
    if len(shown.runs) == 2 and any(d.value is not None for row in by_run.values() for d in row):
        return _two_runs(shown, by_run)
    if len(shown.runs) <= MOST_ACROSS:
        return _runs_across(shown, by_run)
    return _runs_down(shown, by_run)


def _one_run(shown: Shown) -> Table:
    """Metrics down; value, interval, the references and people across."""
    (run,) = shown.runs
    figures = [_figure(run, metric, shown.stratum) for metric in shown.metrics]
    columns = interval_columns("value", figures)
    if run.temperature:
        for name in (RESCALED, FIRST_CHOICE):
            known = [
                None
                if name == RESCALED and run.has_decisive_zeros(metric)
                else run.references(metric, shown.stratum)[name].value
                for metric in shown.metrics
            ]
            columns.append((REFERENCES[name].label, [Cell(_or_nothing(value)) for value in known]))
    ceilings = [best_ceiling([run.estimate(metric, shown.stratum)]) for metric in shown.metrics]
    if any(ceilings):
        reached = [Cell(compact(ceiling[1]) if ceiling else "") for ceiling in ceilings]
        columns.append(("people", reached))
    return of_columns("", [("metric", _metric_names(shown.metrics))], columns)


def _or_nothing(value: float | None) -> str:
    return "" if value is None else compact(value)


def _metric_names(metrics: Sequence[str]) -> list[str]:
    """Metrics with an arrow towards what is better."""
    return [f"{metric} {ARROWS[METRICS[metric].better]}".strip() for metric in metrics]


def _two_runs(
    shown: Shown, by_run: Mapping[RunKey, Sequence[Difference]]
) -> tuple[Table, Sequence[str]]:
    """Metrics down; the baseline, the run, and their difference at both scales across."""
    (pair,) = shown.pairs
    row = by_run[pair.run.key]
    names, legend = short_names([pair.baseline.name, pair.run.name])
    columns = [
        (name, [Cell(compact(_figure(run, metric, shown.stratum)[0])) for metric in shown.metrics])
        for name, run in zip(names, (pair.baseline, pair.run), strict=True)
    ]
    columns += interval_columns(
        "difference",
        [(d.value, *shown_ends(d)) for d in row],
        signed=True,
        marks=[d.is_clear for d in row],
    )
    scaled = [difference.rescaled for difference in row]
    if any(difference.value is not None for difference in scaled):
        columns += interval_columns(
            "at equal scale",
            [(d.value, None, None) for d in scaled],
            signed=True,
            marks=[d.is_clear for d in scaled],
        )
    table = of_columns("", [("metric", _metric_names(shown.metrics))], columns)
    is_starred = any(d.is_clear for d in (*row, *scaled))
    about = [*_people_note(shown), *_reference_note(shown, names, FIRST_CHOICE)]
    return table, [*legend, *[STAR] * is_starred, *about]


def _runs_across(
    shown: Shown, by_run: Mapping[RunKey, Sequence[Difference]]
) -> tuple[Table, Sequence[str]]:
    """Metrics down, runs across; with intervals where there is room."""
    names, legend = short_names([run.name for run in shown.runs])
    columns: list[tuple[str, list[Cell]]] = []
    for name, run in zip(names, shown.runs, strict=True):
        figures = [_figure(run, metric, shown.stratum) for metric in shown.metrics]
        if len(shown.runs) > 2:
            figures = [(value, None, None) for value, _, _ in figures]
        columns += interval_columns(name, figures, marks=_marks(run, by_run, shown))
    table = of_columns("", [("metric", _metric_names(shown.metrics))], columns)
    about = [
        *_people_note(shown),
        *_reference_note(shown, names, RESCALED),
        *_reference_note(shown, names, FIRST_CHOICE),
    ]
    return table, [*legend, *_star_note(shown, by_run), *about]


def _runs_down(
    shown: Shown, by_run: Mapping[RunKey, Sequence[Difference]]
) -> tuple[Table, Sequence[str]]:
    """Runs down, metrics across."""
    columns: list[tuple[str, list[Cell]]] = []
    for at, metric in enumerate(shown.metrics):
        figures = [(_figure(run, metric, shown.stratum)[0], None, None) for run in shown.runs]
        marks = [_marks(run, by_run, shown)[at] for run in shown.runs]
        columns += interval_columns(_metric_names([metric])[0], figures, marks=marks)
    names = [("run", [run.name for run in shown.runs])]
    return of_columns("", names, columns), [*_star_note(shown, by_run), *_people_note(shown)]


def _data_sets_across(
    shown: Shown,
    cells: Mapping[Model, Mapping[str, ScoredRun]],
    by_run: Mapping[RunKey, Sequence[Difference]],
) -> tuple[Table, Sequence[str]]:
    """Networks and trainings down, data sets across: one metric, the others are in --detail."""
    at = list(shown.metrics).index(shown.main)
    columns: list[tuple[str, list[Cell]]] = []
    for name in data_sets(shown.runs):
        runs = [of_model.get(name) for of_model in cells.values()]
        figures = [
            (_figure(run, shown.main, shown.stratum)[0] if run else None, None, None)
            for run in runs
        ]
        marks = [run is not None and _marks(run, by_run, shown)[at] for run in runs]
        columns += interval_columns(name, figures, marks=marks)
    fields = Model._fields if any(model.network for model in cells) else Model._fields[1:]
    names = [(field, [getattr(model, field) for model in cells]) for field in fields]
    notes = _star_note(shown, by_run)
    if len(shown.metrics) > 1:
        others = ", ".join(metric for metric in shown.metrics if metric != shown.main)
        notes = [*notes, f"{BEYOND}intervals, {others}"]
    return of_columns(_metric_names([shown.main])[0], names, columns), notes


def _strata_down(shown: Shown) -> tuple[Table, Sequence[str]]:
    """Strata down; the metrics of one run across, or one metric of several runs."""
    strata = list(dict.fromkeys(name for run in shown.runs for name in run.strata))
    kept = strata[:MOST_STRATA]
    if len(shown.runs) == 1:
        across = [(metric, shown.runs[0], metric) for metric in shown.metrics]
        names, legend = list(shown.metrics), list[str]()
    else:
        across = [(run.name, run, shown.main) for run in shown.runs]
        names, legend = short_names([run.name for run in shown.runs])
    by_stratum = _by_stratum(shown, kept)
    columns: list[tuple[str, list[Cell]]] = []
    for name, (_, run, metric) in zip(names, across, strict=True):
        figures = [_figure(run, metric, stratum) for stratum in kept]
        if by_stratum or len(across) > MOST_WITH_INTERVALS:
            figures = [(value, None, None) for value, _, _ in figures]
        columns += interval_columns(name, figures)
    if by_stratum:
        columns += interval_columns(
            "difference",
            [(d.value, *shown_ends(d)) for d in by_stratum],
            signed=True,
            marks=[d.is_clear for d in by_stratum],
        )
    sizes = {stratum: shown.runs[0].estimate(shown.main, stratum) for stratum in strata}
    columns.append(("n", [Cell(f"{size.n:,}" if (size := sizes[name]) else "") for name in kept]))
    labels = {stratum: stratum.removeprefix(f"{shown.by}=") for stratum in strata}
    few = [labels[name] for name, size in sizes.items() if size and 0 < size.n < FEW_ITEMS]
    left = len(strata) - len(kept)
    notes = [
        *legend,
        *[STAR] * any(d.is_clear for d in by_stratum),
        *[f"{left:,} more strata are {IN_DETAIL}"] * (left > 0),
        *_other_metrics(shown) * (len(shown.runs) > 1),
        *[f"Strata of fewer than {FEW_ITEMS} items say little: {brief(few)}"] * bool(few),
    ]
    title = "" if len(shown.runs) == 1 else shown.main
    names_down = [(shown.by, [labels[stratum] for stratum in kept])]
    return of_columns(title, names_down, columns), notes


def _by_stratum(shown: Shown, strata: Sequence[str]) -> list[Difference]:
    """How one run differs from the other in each stratum; empty where not two are compared."""
    if len(shown.runs) != 2 or len(shown.pairs) != 1:
        return []
    known = [differences(shown.pairs, [shown.main], stratum)[0][0] for stratum in strata]
    return known if any(difference.value is not None for difference in known) else []


def _other_metrics(shown: Shown) -> list[str]:
    """Which metrics a table of one metric leaves out."""
    others = ", ".join(metric for metric in shown.metrics if metric != shown.main)
    return [f"{BEYOND}{others}"] * bool(others)


def _people_note(shown: Shown) -> list[str]:
    """What people reach, which runs on the same items have in common."""
    if len({run.items for run in shown.runs}) > 1:
        return []
    ceilings = {
        metric: best_ceiling(run.estimate(metric, shown.stratum) for run in shown.runs)
        for metric in shown.metrics
    }
    figures = [f"{name} {compact(own[1])}" for name, own in ceilings.items() if own is not None]
    return [f"People's own: {', '.join(figures)}"] if figures else []


NOTED = {RESCALED: "Rescaled", FIRST_CHOICE: "First choices alone"}


def _reference_note(shown: Shown, names: Sequence[str], reference: str) -> list[str]:
    """How close the runs come rescaled, or by their first choices, without any uncertainty."""
    known = [run.references(shown.main, shown.stratum).get(reference) for run in shown.runs]
    figures = [
        f"{name} {compact(figure.value)}"
        for name, figure in zip(names, known, strict=True)
        if figure is not None and figure.value is not None
    ]
    if reference == RESCALED and any(run.has_decisive_zeros() for run in shown.runs):
        return []
    return [f"{NOTED[reference]}, {shown.main}: {', '.join(figures)}"] if figures else []


def _marks(
    run: ScoredRun, by_run: Mapping[RunKey, Sequence[Difference]], shown: Shown
) -> list[bool]:
    """Which metrics of a run can be told from those of its baseline."""
    row = by_run.get(run.key)
    return [d.is_clear for d in row] if row else [False] * len(shown.metrics)


def _star_note(shown: Shown, by_run: Mapping[RunKey, Sequence[Difference]]) -> list[str]:
    """What a star means, where there is one."""
    baselines = dict.fromkeys(d.b for row in by_run.values() for d in row if d.is_clear)
    if not baselines:
        return []
    trainings = {pair.baseline.training for pair in shown.pairs}
    names = list(baselines) if len(baselines) == 1 else list(trainings)
    return [STARRED.format(names[0] if len(names) == 1 and names[0] else "its baseline")]
