"""Choose and arrange what scores files and attack files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from c10h.errors import InputError, MismatchError
from c10h.metrics import METRICS, choose
from c10h.metrics.strata import ALL
from c10h.records import Attack, Scores
from c10h.report import attack_pairs, attack_tables, attacks, scores
from c10h.report.attacks import Attacked
from c10h.report.score_tables import runs_down
from c10h.report.scores import Entry, entries, other_classes
from c10h.report.table import FORMATS, Table, to_csv, to_json_text
from c10h.stages.attacked import exposure, network_name


@dataclass(frozen=True)
class Report:
    """What is told of runs that were scored, and of runs that were attacked; either may be none.

    metrics, stratum: what is told of scored runs. baseline: a run of either kind that others of
    that kind are held against.
    """

    scored: Sequence[Entry]
    attacked: Sequence[Attacked]
    metrics: Sequence[str] = ()
    stratum: str = ALL
    baseline: str | None = None

    def tables(self) -> list[Table]:
        """Runs down: scores across, then for each kind of attack figures before and after it."""
        found = []
        if self.scored:
            found += runs_down(self.scored, self.metrics, self.stratum, self._scored_baseline)
        return found + attack_tables.attack_tables(self.attacked, self._attacked_baseline)

    def charts(self, width: int) -> str:
        """The loss against the steps of each attack; empty where there is none of several steps."""
        return attack_tables.charts(self.attacked, width)

    @property
    def has_charts(self) -> bool:
        return any(one.steps > 1 for one in self.attacked)

    def render(self, form: str) -> str:
        """The tables in a format of tables, or every figure as CSV or JSON."""
        if form == "json":
            return to_json_text(self.to_json())
        return self._to_csv() if form == "csv" else FORMATS[form](self.tables())

    def to_json(self) -> dict[str, Any]:
        """Everything as one object: what c10h score says, then attacks."""
        found: dict[str, Any] = {}
        if self.scored:
            found |= scores.to_json(self.scored, self._scored_baseline)
        if self.attacked:
            baseline = self._attacked_baseline
            pairs = attack_pairs.differences(self.attacked, baseline) if baseline else []
            found["attacks"] = [one.to_json() for one in self.attacked]
            found["attack_differences"] = [one.to_json() for one in pairs]
        return found

    def _to_csv(self) -> str:
        """One row a figure; with files of both kinds a column that one kind lacks is empty."""
        parts: list[tuple[Sequence[str], list[list[object]]]] = []
        if self.scored:
            parts.append((scores.CSV_HEADER, scores.to_rows(self.scored)))
        if self.attacked:
            parts.append((attacks.HEADER, attacks.to_rows(self.attacked)))
        header = list(dict.fromkeys(name for names, _ in parts for name in names))
        found = [dict(zip(names, row, strict=True)) for names, rows in parts for row in rows]
        return to_csv(header, [[row.get(name) for name in header] for row in found])

    @property
    def _scored_baseline(self) -> Entry | None:
        return next((one for one in self.scored if one.run == self.baseline), None)

    @property
    def _attacked_baseline(self) -> Attacked | None:
        return next((one for one in self.attacked if one.run == self.baseline), None)


def report(
    records: Sequence[Scores],
    attacked: Mapping[str, Attack] | None = None,
    metrics: Sequence[str] = (),
    stratum: str = ALL,
    baseline: str | None = None,
) -> Report:
    """A report of scores files and of attack files by name.

    metrics: names; "all" is every metric that a run has; none are the headline metrics.
    Raises InputError for a metric, stratum or baseline that no file has and for two runs of one
    name, MismatchError for files of other classes.
    """
    found, attacked_runs = entries(records), _attacked(attacked or {})
    names = [one.run for one in found] + [one.run for one in attacked_runs]
    if baseline is not None and baseline not in names:
        raise InputError(f"--baseline {baseline}: expected one of the runs {', '.join(names)}")
    if not found and (metrics or stratum != ALL):
        raise InputError("--metrics and --stratum choose from scores files, and there are none")
    strata = list(dict.fromkeys(name for entry in found for name in entry.strata))
    if found and stratum not in strata:
        raise InputError(f"--stratum {stratum}: expected one of {', '.join(strata)}")
    return Report(found, attacked_runs, _metrics(found, metrics, stratum), stratum, baseline)


def _metrics(found: Sequence[Entry], metrics: Sequence[str], stratum: str) -> list[str]:
    """The metrics to show: those of the chosen ones that exist, or all where none does."""
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
    return [name for name in chosen if any(_exists(e, name, stratum) for e in found)] or chosen


def _exists(entry: Entry, metric: str, stratum: str) -> bool:
    figure = entry.figure(metric, stratum)
    return figure is not None and not figure.why


def _attacked(files: Mapping[str, Attack]) -> list[Attacked]:
    """The networks of all attack files.

    Raises MismatchError for a file of other classes than the first, InputError for two networks of
    one name.
    """
    first = next(iter(files.values()), None)
    for name, record in files.items():
        if first is not None and other_classes(record.classes, first.classes):
            raise MismatchError(
                f"{name}: an attack on other classes: expected {', '.join(first.classes)}, found "
                f"{', '.join(record.classes)}"
            )
    found = [
        Attacked(network_name(name, record, member), record, member, exposure(record, member))
        for name, record in files.items()
        for member in range(record.clean_logits.shape[0])
    ]
    names = [one.run for one in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two attacks are called {name!r}: name them with NAME=FILE")
    return found
