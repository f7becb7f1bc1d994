"""Choose and arrange what scores files say."""

from __future__ import annotations

from collections.abc import Sequence

from c10h.errors import InputError
from c10h.metrics import METRICS, choose
from c10h.metrics.strata import ALL
from c10h.records import Scores
from c10h.report.score_tables import runs_down
from c10h.report.scores import Entry, entries
from c10h.report.table import Table


def find_baseline(found: Sequence[Entry], name: str | None) -> Entry | None:
    """The run of that name. Raises InputError where there is none."""
    if name is None:
        return None
    for entry in found:
        if entry.run == name:
            return entry
    names = ", ".join(entry.run for entry in found)
    raise InputError(f"--baseline {name}: expected one of the runs {names}")


def report(
    records: Sequence[Scores],
    metrics: Sequence[str] = (),
    stratum: str = ALL,
    baseline: str | None = None,
) -> list[Table]:
    """Tables of scores: runs down, metrics across.

    metrics: names; "all" is every metric that a run has; none are the headline metrics.
    Raises InputError for a metric, stratum or baseline that no file has.
    """
    found = entries(records)
    present = [name for name in METRICS if any(name in entry.metrics for entry in found)]
    if "all" in metrics:
        chosen = present
    elif metrics:
        chosen = choose(metrics)
        for name in chosen:
            if name not in present:
                raise InputError(f"--metrics {name}: none of the files has it")
    else:
        chosen = [name for name in present if METRICS[name].headline] or present
    strata = list(dict.fromkeys(name for entry in found for name in entry.strata))
    if stratum not in strata:
        raise InputError(f"--stratum {stratum}: expected one of {', '.join(strata)}")
    shown = [name for name in chosen if any(_exists(entry, name, stratum) for entry in found)]
    return runs_down(found, shown or chosen, stratum, find_baseline(found, baseline))


def _exists(entry: Entry, metric: str, stratum: str) -> bool:
    figure = entry.figure(metric, stratum)
    return figure is not None and not figure.why
