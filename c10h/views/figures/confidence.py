"""How sure networks are where they are right and where they are wrong: the paper's figure 3A."""

from __future__ import annotations

from c10h.errors import InputError
from c10h.metrics.estimates import ScoredRun
from c10h.stages.report import Results
from c10h.stages.run_groups import data_sets
from c10h.views.figures.figure_type import BARS, Figure, Panel, Series
from c10h.views.notes import INTERVALS

WHERE = {"conf_right": "right", "conf_wrong": "wrong"}
# The first of their colours, which are not those that trainings have in other figures.
COLOUR = 2
NAN = float("nan")


def confidence(results: Results) -> Figure:
    """Mean confidence of each run, with its interval."""
    results.expect("--figure confidence", scores=0)
    series = [
        Series.over_ticks(
            name,
            [_value(run, metric, results.stratum) for run in results.scored],
            COLOUR + dash,
            dash,
        )
        for dash, (metric, name) in enumerate(WHERE.items())
    ]
    if not any((bars.y == bars.y).any() for bars in series):
        raise InputError(f"--figure confidence: no file has {' or '.join(WHERE)}")
    several = len(data_sets(results.scored)) > 1
    ticks = [
        f"{run.name}, {run.data}" if several and run.data else run.name for run in results.scored
    ]
    panel = Panel("", "run", "mean confidence", series, BARS, ticks, top=1.0)
    title = results.title("Confidence where right and where wrong")
    return Figure("confidence", title, [panel], [INTERVALS])


def _value(run: ScoredRun, metric: str, stratum: str) -> tuple[float, float, float]:
    estimate = run.estimate(metric, stratum)
    if estimate is None:
        return NAN, NAN, NAN
    return estimate.value, estimate.low, estimate.high
