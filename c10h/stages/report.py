"""Choose what a report is about: scores, attacks, learning curves, labels and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from c10h.errors import InputError, unknown_name
from c10h.metrics.differences import differences, pairs_with_first
from c10h.metrics.estimates import ScoredRun, metrics_of, scored_runs
from c10h.metrics.metrics import METRICS, choose
from c10h.metrics.strata import ALL
from c10h.records import Attack, History, Images, Input, Labels, Predictions, Scores
from c10h.stages.attack_runs import CLEAN, AttackedNetwork, attacked_networks
from c10h.stages.run_groups import average_seeds, baselines

KINDS = ("scores", "attack", "history", "labels", "predictions", "images")


@dataclass(frozen=True)
class ReportRequest:
    """Records by kind, by the names of their files, and what to choose from them.

    scores: which have names of their own, so that two files may have one. files: what was read, for
    the lineage.
    metrics: names; "all" is every metric that a run has; none are the headline metrics.
    stratum: the part of the items. baseline: the run or training that others are compared with.
    pair: whether two runs on the same items are compared without a baseline, the second with the
    first, as ``c10h score`` does.
    seeds: whether runs that differ only in their seed stay apart; else one run is their mean.
    shift_from: the data set from which changes of the differences are told.
    """

    scores: Sequence[tuple[str, Scores]] = ()
    attacks: Mapping[str, Attack] = field(default_factory=dict)
    histories: Mapping[str, History] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    images: Mapping[str, Images] = field(default_factory=dict)
    files: Sequence[Input] = ()
    metrics: Sequence[str] = ()
    stratum: str = ALL
    baseline: str | None = None
    pair: bool = False
    seeds: bool = False
    shift_from: str | None = None


@dataclass(frozen=True)
class Results:
    """Everything that the tables and figures of a report are made of. Histories etc. are by name.

    metrics, stratum: what is shown of scored runs. chosen: whether somebody named these metrics.
    baseline: the name of a run of either kind, or
    of a training, that others of that kind are compared with. files: what was read.
    """

    scored: Sequence[ScoredRun] = ()
    attacked: Sequence[AttackedNetwork] = ()
    histories: Mapping[str, History] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    metrics: Sequence[str] = ()
    stratum: str = ALL
    baseline: str | None = None
    files: Sequence[Input] = ()
    images: Mapping[str, Images] = field(default_factory=dict)
    chosen: bool = False
    shift_from: str | None = None

    @property
    def scored_baseline(self) -> str | None:
        """The baseline, where it is one of scored runs."""
        return self.baseline if self.baseline in baselines(self.scored) else None

    @property
    def attacked_baseline(self) -> AttackedNetwork | None:
        """The network of an attack file that is the baseline, where there is one."""
        return next((network for network in self.attacked if network.name == self.baseline), None)

    def title(self, text: str) -> str:
        """A title of scores, with the part of the items that they are of."""
        return text if self.stratum == ALL else f"{text}, {self.stratum}"

    def expect(self, what: str, optional: str | None = None, **wanted: int) -> None:
        """Raise InputError unless these kinds are there and no others.

        wanted: by kind the number of files, 0 for one or more. optional: a kind of which there may
        be one file.
        """
        kinds = (
            self.scored,
            self.attacked,
            self.histories,
            self.labels,
            self.predictions,
            self.images,
        )
        counts = {kind: len(of_kind) for kind, of_kind in zip(KINDS, kinds, strict=True) if of_kind}
        missing = any(
            not counts.get(kind) or (number and counts[kind] != number)
            for kind, number in wanted.items()
        )
        allowed = set(wanted) | ({optional} if optional and counts.get(optional) == 1 else set())
        if missing or set(counts) - allowed:
            words = " and ".join(
                f"{number} {kind} file{'s' if number > 1 else ''}" if number else f"{kind} files"
                for kind, number in wanted.items()
            )
            words += f", with or without 1 {optional} file" if optional else ""
            counted = ", ".join(f"{kind} ({number})" for kind, number in counts.items())
            raise InputError(f"{what} needs only {words}; found {counted or 'nothing'}")


def report(request: ReportRequest) -> Results:
    """The results in files of scores, of attacks, and of others, by what was chosen.

    Raises InputError for a name that does not exist and for two runs of one name, MismatchError for
    files of other classes.
    """
    scored = scored_runs(
        [record for _, record in request.scores], [name for name, _ in request.scores]
    )
    if not request.seeds:
        scored = average_seeds(scored)
    attacked = attacked_networks(request.attacks)
    _check_choice(scored, attacked, request)
    baseline = request.baseline
    if baseline is None and request.pair:
        baseline = _first_of_two(scored, attacked)
    return Results(
        scored,
        attacked,
        request.histories,
        request.labels,
        request.predictions,
        _chosen_metrics(scored, request.metrics, request.stratum),
        request.stratum,
        baseline,
        request.files,
        request.images,
        bool(request.metrics),
        request.shift_from,
    )


def _check_choice(
    scored: Sequence[ScoredRun], attacked: Sequence[AttackedNetwork], request: ReportRequest
) -> None:
    """Raise InputError for a baseline or stratum that there is not, or metrics of no scores."""
    baseline, stratum = request.baseline, request.stratum
    names = [*baselines(scored), *(network.name for network in attacked)]
    if request.shift_from is not None and (baseline is None or not scored):
        raise InputError("--shift-from needs scores and --baseline")
    if baseline is not None and not names:
        raise InputError(f"--baseline {baseline} needs scores or attacks, found none")
    if baseline is not None and baseline not in names:
        raise InputError(f"--baseline: {unknown_name('run', baseline, names)}")
    if not scored and (request.metrics or stratum != ALL):
        raise InputError("--metrics and --stratum need scores, found none")
    strata = list(dict.fromkeys(name for run in scored for name in run.strata))
    if scored and stratum not in strata:
        raise InputError(f"--stratum: {unknown_name('stratum', stratum, strata)}")


def _first_of_two(scored: Sequence[ScoredRun], attacked: Sequence[AttackedNetwork]) -> str | None:
    """The name of the first of two runs on the same items, or of two networks under one attack."""
    if len({network.attack for network in attacked}) > 1:
        return None
    clean = [network.runs[CLEAN] for network in attacked]
    for runs, names in (
        (scored, [run.name for run in scored]),
        (clean, [a.name for a in attacked]),
    ):
        if len(runs) == 2:
            grid = differences(pairs_with_first(runs), runs[0].metrics)
            # Any metric: without a truth accuracy has no value.
            is_pair = any(difference.value is not None for row in grid for difference in row)
            return names[0] if is_pair else None
    return None


def _chosen_metrics(runs: Sequence[ScoredRun], names: Sequence[str], stratum: str) -> list[str]:
    """The metrics to show: those of the chosen ones that exist, or all where none does."""
    present = metrics_of(runs)
    if "all" in names:
        chosen = present
    elif names:
        chosen = choose(names)
        for name in chosen:
            if name not in present:
                raise InputError(f"--metrics {name}: not in any of the files")
    else:
        chosen = [name for name in present if METRICS[name].headline] or present
    return [name for name in chosen if any(_exists(run, name, stratum) for run in runs)] or chosen


def _exists(run: ScoredRun, metric: str, stratum: str) -> bool:
    estimate = run.estimate(metric, stratum)
    return estimate is not None and not estimate.why
