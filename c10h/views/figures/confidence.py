"""How sure networks are where they are right and where they are wrong: the paper's figure 3A."""

from __future__ import annotations

from c10h.errors import InputError
from c10h.views.figures.figure import BARS, Figure, Panel, Series
from c10h.views.given import Given
from c10h.views.groups import data_sets
from c10h.views.scores import Entry

WHERE = {"conf_right": "right", "conf_wrong": "wrong"}
# The first of their colours, which are not those that trainings have in other figures.
COLOUR = 2
NAN = float("nan")


def confidence(given: Given) -> Figure:
    """Mean confidence of each run, with its interval."""
    given.expect("--figure confidence", scores=0)
    series = [
        Series.over_ticks(
            name, [_value(one, metric, given.stratum) for one in given.scored], COLOUR + dash, dash
        )
        for dash, (metric, name) in enumerate(WHERE.items())
    ]
    if not any((one.y == one.y).any() for one in series):
        raise InputError(f"--figure confidence: no file has {' or '.join(WHERE)}")
    several = len(data_sets(given.scored)) > 1
    ticks = [
        f"{entry.run}, {entry.data}" if several and entry.data else entry.run
        for entry in given.scored
    ]
    panel = Panel("", "run", "mean confidence", series, BARS, ticks, top=1.0)
    notes = ["Intervals: 95 %, bootstrap over items."]
    title = given.title("Confidence where right and where wrong")
    return Figure("confidence", title, [panel], notes)


def _value(entry: Entry, metric: str, stratum: str) -> tuple[float, float, float]:
    found = entry.figure(metric, stratum)
    return (NAN, NAN, NAN) if found is None else (found.value, found.low, found.high)
