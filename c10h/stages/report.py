"""Choose and arrange what files say: scores, attacks, learning curves, labels and predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from c10h.errors import InputError, MismatchError, unknown_name
from c10h.metrics.metrics import METRICS, choose
from c10h.metrics.strata import ALL
from c10h.records import Attack, History, Labels, Predictions, Scores
from c10h.stages.attacked import exposure, network_name
from c10h.stages.report_people import compared
from c10h.views.attacks import Attacked
from c10h.views.figures import FIGURES, PICTURED
from c10h.views.given import File, Given
from c10h.views.groups import baselines
from c10h.views.paper_tables import TABLES
from c10h.views.report import Report
from c10h.views.scores import Entry, entries, other_classes


@dataclass(frozen=True)
class Others:
    """What a report is of besides scores and attacks, by name.

    scores_names: what the scores files are called. files: what was read, for the lineage.
    """

    histories: Mapping[str, History] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    scores_names: Sequence[str] = ()
    files: Sequence[File] = ()


@dataclass(frozen=True)
class Choice:
    """What a report shows.

    metrics: names; "all" is every metric that a run has; none are the headline metrics.
    stratum: the part of the items. baseline: the run or training that others are held against.
    figure, table: what is shown alone, a name of FIGURES or of TABLES.
    """

    metrics: Sequence[str] = ()
    stratum: str = ALL
    baseline: str | None = None
    figure: str | None = None
    table: str | None = None


def report(
    records: Sequence[Scores],
    attacked: Mapping[str, Attack] | None = None,
    choice: Choice | None = None,
    others: Others | None = None,
) -> Report:
    """A report of scores files, of attack files by name, and of others.

    Raises InputError for a name that does not exist, for two runs of one name and for a figure or
    table of other kinds of file, MismatchError for files of other classes.
    """
    choice, others = choice or Choice(), others or Others()
    _check_names(choice)
    given = _given(records, attacked or {}, others, choice.stratum)
    if given.predictions and choice.figure is None:
        raise InputError(
            f"{next(iter(given.predictions))}: predictions are for --figure fit and gallery; c10h "
            "score makes scores of them"
        )
    if choice.figure == "fit" and len(given.labels) == 1 and given.predictions:
        (labels,) = given.labels.values()
        given = replace(given, compared=compared(labels, given.predictions))
    _check_choice(given, choice)
    metrics = _metrics(given.scored, choice.metrics, choice.stratum)
    return Report(given, metrics, choice.baseline, choice.figure, choice.table, others.files)


def _check_names(choice: Choice) -> None:
    """Raise InputError for a figure or table that there is not, or with what is of no use to it."""
    for option, name, known in (
        ("--figure", choice.figure, (*FIGURES, *PICTURED)),
        ("--table", choice.table, TABLES),
    ):
        if name is not None and name not in known:
            raise InputError(f"{option}: {unknown_name(option[2:], name, known)}")
    if choice.figure is not None and choice.table is not None:
        raise InputError("--figure and --table exclude each other")
    alone = choice.figure is not None or choice.table is not None
    if alone and (choice.metrics or choice.baseline is not None):
        raise InputError("--figure and --table: are not for --baseline or --metrics")


def _check_choice(given: Given, choice: Choice) -> None:
    """Raise InputError for a baseline or stratum that there is not, or metrics of no scores."""
    found, baseline, stratum = given.scored, choice.baseline, choice.stratum
    names = [*baselines(found), *(one.run for one in given.attacked)]
    if baseline is not None and not names:
        raise InputError(f"--baseline {baseline}: is for scores and attacks, and there are none")
    if baseline is not None and baseline not in names:
        raise InputError(f"--baseline: {unknown_name('run', baseline, names)}")
    if not found and (choice.metrics or stratum != ALL):
        raise InputError("--metrics and --stratum choose from scores files, and there are none")
    strata = list(dict.fromkeys(name for entry in found for name in entry.strata))
    if found and stratum not in strata:
        raise InputError(f"--stratum: {unknown_name('stratum', stratum, strata)}")


def _given(
    records: Sequence[Scores], attacked: Mapping[str, Attack], others: Others, stratum: str
) -> Given:
    return Given(
        entries(records, others.scores_names),
        _attacked(attacked),
        others.histories,
        others.labels,
        others.predictions,
        stratum=stratum,
    )


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
    for name, count in Counter(one.run for one in found).items():
        if count > 1:
            raise InputError(f"two attacks are called {name!r}: name them with NAME=FILE")
    return found
