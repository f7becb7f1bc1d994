"""Scores as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from c10h.metrics.metrics import METRICS
from c10h.metrics.strata import ALL
from c10h.views.attacks import Attacked
from c10h.views.scores import Difference, Entry, Figure, Pair, against, differences, metrics_of
from c10h.views.table import Cell, Table, interval, number

# How many strata a table shows, and names a line where they are all that there is.
MOST_STRATA, MOST_NAMES = 41, 4
ARROWS = {"high": "↑", "low": "↓", "": ""}


def metrics_down(found: Sequence[Entry], title: str) -> list[Table]:
    """Metrics down, runs across, with what people reach; then strata and differences.

    Nothing where no run has any of the metrics: then :func:`why_nothing` says why.
    """
    metrics = [
        metric
        for metric in metrics_of(found)
        if any((figure := entry.figure(metric)) and not figure.why for entry in found)
    ]
    if not metrics:
        return []
    tables = [_main_table(found, metrics, title)]
    tables += [_strata_table(entry, metrics) for entry in found if len(entry.strata) > 1]
    if len(found) > 1:
        tables.append(difference_table(against(found, found[0]), metrics))
    return tables


def runs_down(title: str, found: Sequence[Entry], metrics: Sequence[str], stratum: str) -> Table:
    """Runs down, metrics across, the best in bold."""
    about = [
        field for field in ("network", "training", "data")
        if any(getattr(entry, field) for entry in found)
    ]  # fmt: skip
    grid = {metric: [entry.figure(metric, stratum) for entry in found] for metric in metrics}
    items = [entry.items for entry in found]
    columns = [mark_best(metric, figures, items) for metric, figures in grid.items()]
    rows = [
        [Cell(entry.run), *(Cell(getattr(entry, field)) for field in about)]
        + [column[number] for column in columns]
        for number, entry in enumerate(found)
    ]
    header = [
        "run",
        *about,
        *(f"{name} {ARROWS[METRICS[name].better]}".strip() for name in metrics),
    ]
    notes = [
        *exposure_notes(found),
        *absence_notes(found, metrics, stratum),
        *metric_notes(found, metrics, stratum),
        *items_notes(found, lambda entry: entry.data),
        "Intervals: 95 %, bootstrap over items.",
    ]
    return Table(title, header, rows, 1 + len(about), notes)


def _main_table(found: Sequence[Entry], metrics: Sequence[str], title: str) -> Table:
    single = len(found) == 1
    header = ["metric", *(["value", "95 % interval"] if single else [e.run for e in found])]
    header += ["n", "people"]
    rows = []
    for metric in metrics:
        figures = [entry.figure(metric) for entry in found]
        cells = mark_best(metric, figures, [entry.items for entry in found])
        if single:
            cells = [Cell(cells[0].text), Cell(cells[0].small)]
        n = "/".join(dict.fromkeys(f"{figure.n:,}" for figure in figures if figure))
        rows.append([Cell(metric), *cells, Cell(n), Cell(_people(figures))])
    notes = [f"{entry.run}: {line}" for entry in found for line in entry.notes.splitlines()]
    return Table(title, header, rows, 1, [*exposure_notes(found), *_reasons(found), *notes])


def _people(figures: Sequence[Figure | None]) -> str:
    """Ceilings with their methods, of the first run that has any."""
    for figure in figures:
        if figure is not None and figure.ceilings:
            return ", ".join(f"{number(value)} {name}" for name, value in figure.ceilings.items())
    return ""


def exposure_notes(found: Sequence[Entry | Attacked]) -> list[str]:
    """Which runs were trained on the items that they are about, in lines."""
    return exposure_lines((entry.run, entry.exposure) for entry in found)


def exposure_lines(found: Iterable[tuple[str, str]]) -> list[str]:
    """The same of pairs of a run and its exposure."""
    groups: dict[str, list[str]] = {}
    for run, exposure in found:
        groups.setdefault(exposure, []).append(run)
    if len(groups) == 1 and len(next(iter(groups.values()))) > MOST_NAMES:
        return [f"Items in training: {kind} (all {len(names)})" for kind, names in groups.items()]
    return [f"Items in training: {kind} ({', '.join(names)})" for kind, names in groups.items()]


def absence_notes(found: Sequence[Entry], metrics: Sequence[str], stratum: str) -> list[str]:
    """Which runs lack a metric that is shown, with the reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in found:
        lacking: dict[str, list[str]] = {}
        for metric in metrics:
            figure = entry.figure(metric, stratum)
            if figure is None or figure.why:
                why = figure.why if figure else "not in the file"
                lacking.setdefault(why, []).append(metric)
        for why, names in lacking.items():
            groups.setdefault((", ".join(names), why), []).append(entry.run)
    return [f"No {names} of {', '.join(runs)}: {why}" for (names, why), runs in groups.items()]


def metric_notes(found: Sequence[Entry], metrics: Sequence[str], stratum: str) -> list[str]:
    """What is to be known of metrics of all items: notes of runs that begin with their names."""
    return [
        f"{entry.run}: {line}"
        for entry in found
        for line in entry.notes.splitlines()
        if stratum == ALL and line.partition(":")[0] in metrics
    ]


def items_notes(found: Sequence[Entry], part: Callable[[Entry], str]) -> list[str]:
    """Where runs that are compared are not about the same items; ``part`` is what is compared."""
    digests: dict[str, set[str]] = {}
    for entry in found:
        digests.setdefault(part(entry), set()).add(entry.items)
    return [
        f"Runs{f' on {name}' if name else ''} are about different items or labels."
        for name, of in digests.items()
        if len(of) > 1
    ]


def _reasons(found: Sequence[Entry]) -> list[str]:
    """Which metrics no run has, in lines."""
    return [f"Not computed, {why}: {', '.join(names)}" for why, names in _lacking(found).items()]


def _lacking(found: Sequence[Entry]) -> dict[str, list[str]]:
    """Which metrics no run has, by reason."""
    reasons: dict[str, list[str]] = {}
    for metric in metrics_of(found):
        figures = [figure for entry in found if (figure := entry.figure(metric))]
        if figures and all(figure.why for figure in figures):
            reasons.setdefault(figures[0].why, []).append(metric)
    return reasons


def why_nothing(found: Sequence[Entry]) -> str:
    """Why no run has any of the metrics, in one line."""
    lacking = [f"{', '.join(names)}: {why}" for why, names in _lacking(found).items()]
    return f"nothing to show: {'; '.join(lacking)}"


def _strata_table(entry: Entry, metrics: Sequence[str]) -> Table:
    by = str(entry.scores.settings["by"])
    strata = entry.strata[:MOST_STRATA]
    figures = [[entry.figure(metric, stratum) for stratum in strata] for metric in metrics]
    rows = [
        [Cell(metric), *(Cell(number(one.value if one else None)) for one in row)]
        for metric, row in zip(metrics, figures, strict=True)
    ]
    sizes = [Cell(f"{one.n:,}" if one else "") for one in figures[0]]
    rows.append([Cell(f"n ({metrics[0]})"), *sizes])
    header = ["metric", *(stratum.removeprefix(f"{by}=") for stratum in strata)]
    left = len(entry.strata) - len(strata)
    notes = [f"{left} more strata are in the JSON, the CSV and the file"] if left else []
    return Table(f"{entry.run} by {by}", header, rows, 1, notes)


def difference_table(pairs: Sequence[Pair], metrics: Sequence[str]) -> Table:
    """Paired differences to one baseline, metrics down; bold where the interval excludes 0."""
    grid = differences(pairs, metrics)
    rows = [
        [Cell(metric), *(difference_cell(row[number]) for row in grid)]
        for number, metric in enumerate(metrics)
    ]
    header = ["metric", *(pair.run.run for pair in pairs)]
    return Table(difference_title(pairs[0].baseline.run), header, rows, 1, whys(grid))


def difference_title(baseline: str, stratum: str = ALL) -> str:
    """The title of a table of differences to what has this name."""
    what = baseline if stratum == ALL else f"{baseline}, {stratum}"
    return f"Difference to {what} (paired; bold or *: the interval excludes 0)"


def whys(grid: Iterable[Sequence[Difference]]) -> list[str]:
    """Why there are no differences, in lines: of a run, or of some metrics of it."""
    told = []
    for row in grid:
        is_of_all = len({one.why for one in row}) == 1
        told += [
            (one.a if is_of_all else f"{one.metric} of {one.a}", one.why) for one in row if one.why
        ]
    return reasons(told)


def reasons(found: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each reason, with the runs that it is true of."""
    runs: dict[str, dict[str, None]] = {}
    for run, why in found:
        runs.setdefault(why, {})[run] = None
    return [f"{', '.join(names)}: {why}" for why, names in runs.items()]


def difference_cell(one: Difference) -> Cell:
    """A difference with its interval, bold and starred where that excludes 0."""
    clear = one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)
    text = number(one.value)
    if one.value is not None and one.value > 0:
        text = f"+{text}"
    return Cell(text + ("*" if clear else ""), interval(one.low, one.high), clear)


def mark_best(metric: str, figures: Sequence[Figure | None], items: Sequence[str]) -> list[Cell]:
    """Cells of one metric, the best of those about the same items in bold.

    items: what each figure is about, as a digest.
    """
    values = [figure.value if figure and not figure.why else None for figure in figures]
    return [
        Cell(
            number(figure.value if figure else None),
            interval(figure.low, figure.high) if figure else "",
            is_best,
        )
        for figure, is_best in zip(
            figures, best(METRICS[metric].better, values, items), strict=True
        )
    ]


def best(better: str, values: Sequence[float | None], about: Sequence[Hashable]) -> list[bool]:
    """Which values are the best of those about the same, where there are several to compare."""
    known: dict[Hashable, list[float]] = {}
    for value, what in zip(values, about, strict=True):
        if value is not None:
            known.setdefault(what, []).append(value)
    pick = {"high": max, "low": min}.get(better)
    found = {what: pick(of) for what, of in known.items() if pick and len(of) > 1}
    return [
        value is not None and value == found.get(what)
        for value, what in zip(values, about, strict=True)
    ]
