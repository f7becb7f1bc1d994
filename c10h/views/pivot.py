"""Runs as rows and metrics as columns: estimates with the best in bold, and paired differences."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from c10h.metrics.differences import Difference, best, shown_ends
from c10h.metrics.estimates import Estimate, RunKey, ScoredRun
from c10h.metrics.metrics import METRICS
from c10h.metrics.over_networks import Spread
from c10h.metrics.strata import ALL
from c10h.views.table import Cell, Table, interval, number, of_columns

# A metric of a run in a stratum.
Estimates: TypeAlias = Callable[[ScoredRun, str, str], Estimate | None]

ARROWS = {"high": "↑", "low": "↓", "": ""}


@dataclass(frozen=True)
class Layout:
    """Where runs stand in a table.

    names: the columns that name the rows, with their headers. across: what stands across for each
    metric, such as data sets, with its run in each row, None for none; "" where there is one alone.
    """

    names: Sequence[tuple[str, Sequence[str]]]
    across: Mapping[str, Sequence[ScoredRun | None]]


def items_of(run: ScoredRun) -> Hashable:
    """What must be the same for values to be compared: a digest of the items."""
    return run.items


def estimates_table(
    title: str,
    layout: Layout,
    metrics: Sequence[str],
    stratum: str = ALL,
    notes: Sequence[str] = (),
    words: Mapping[str, str] | None = None,
    about: Callable[[ScoredRun], Hashable] = items_of,
    estimate: Estimates = ScoredRun.estimate,
    *,
    filled: bool = False,
) -> Table:
    """Each metric across, the best of those ``about`` the same in bold.

    words: for metrics. estimate: which estimate of a run is meant. filled: whether only columns
    that have a value are there.
    """

    def has_value(run: ScoredRun | None, metric: str) -> bool:
        known = estimate(run, metric, stratum) if run else None
        return known is not None and not known.why

    columns = [
        (
            _header((words or {}).get(metric, metric), name, ARROWS[METRICS[metric].better]),
            estimate_cells(metric, runs, stratum, about, estimate),
        )
        for metric in metrics
        for name, runs in layout.across.items()
        if not filled or any(has_value(run, metric) for run in runs)
    ]
    return of_columns(title, layout.names, columns, notes)


def differences_table(
    title: str,
    layout: Layout,
    metrics: Sequence[str],
    differences: Mapping[RunKey, Sequence[Difference]],
    notes: Sequence[str] = (),
    words: Mapping[str, str] | None = None,
    missing: str = "",
) -> Table:
    """Differences by the key of the run, one a metric; rows and columns without any are left out.

    missing: where a row has no run.
    """

    def has(run: ScoredRun | None) -> bool:
        return run is not None and run.key in differences

    kept = [any(map(has, row)) for row in zip(*layout.across.values(), strict=True)]
    names = [
        (header, [name for name, keep in zip(down, kept, strict=True) if keep])
        for header, down in layout.names
    ]
    columns = [
        (
            _header((words or {}).get(metric, metric), name),
            [
                difference_cell(differences[run.key][at])
                if run is not None and has(run)
                else Cell(missing)
                for run, keep in zip(runs, kept, strict=True)
                if keep
            ],
        )
        for at, metric in enumerate(metrics)
        for name, runs in layout.across.items()
        if any(map(has, runs))
    ]
    return of_columns(title, names, columns, notes)


def estimate_cells(
    metric: str,
    runs: Sequence[ScoredRun | None],
    stratum: str = ALL,
    about: Callable[[ScoredRun], Hashable] = items_of,
    estimate: Estimates = ScoredRun.estimate,
) -> list[Cell]:
    """Cells of one metric, the best of those ``about`` the same in bold."""
    estimates = [estimate(run, metric, stratum) if run else None for run in runs]
    values = [known.value if known and not known.why else None for known in estimates]
    groups = [about(run) if run else None for run in runs]
    marks = best(METRICS[metric].better, values, groups)
    mixed = [
        run.mixed(metric, stratum, rescaled=estimate is ScoredRun.rescaled) if run else None
        for run in runs
    ]
    ends = [of_runs or of_items for of_runs, of_items in zip(mixed, estimates, strict=True)]
    return [
        Cell(number(known.value), interval(shown.low, shown.high), is_best)
        if known and shown
        else Cell(number(None))
        for known, shown, is_best in zip(estimates, ends, marks, strict=True)
    ]


def difference_cell(difference: Difference) -> Cell:
    """A difference with its interval, bold and starred where that excludes 0."""
    text = number(difference.value)
    if difference.value is not None and difference.value > 0:
        text = f"+{text}"
    star = "*" if difference.is_clear else ""
    return Cell(text + star, interval(*shown_ends(difference)), difference.is_clear)


def networks_cell(spread: Spread | None) -> Cell:
    """A difference over networks with its interval, bold and starred where that excludes 0."""
    if spread is None:
        return Cell(number(None))
    ends = Difference("", "", "", spread.value, spread.low, spread.high)
    return difference_cell(ends)


def _header(*words: str) -> str:
    return " ".join(filter(None, words))
