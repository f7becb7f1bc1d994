"""What of the differences between attacked networks remains at equal scale: table, words, JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from c10h.metrics.differences import Difference
from c10h.stages.attack_scale import Interval, Remaining
from c10h.stages.attack_scale_differences import ScaleDifference
from c10h.views.forms.json_text import plain
from c10h.views.notes import reason_notes
from c10h.views.pivot import difference_cell
from c10h.views.table import MISSING, Cell, Table, of_columns

HOW = (
    "At equal scale: logits are divided by the temperature that fits the true classes of the clean "
    "images best, and the network is attacked so. Paired; bold or *: the interval excludes 0."
)


def tables(
    title: str, differences: Sequence[ScaleDifference], known: Collection[str] = ()
) -> list[Table]:
    """Networks and results down; the difference in cross-entropy as it is and at equal scale.

    known: notes that are told already. No table where there are no differences.
    """
    shown = [
        (difference, difference.remaining)
        for difference in differences
        if difference.remaining is not None
    ]
    if not shown:
        return []
    names = [
        ("run", [difference.a for difference, _ in shown]),
        ("after", [difference.after for difference, _ in shown]),
    ]
    columns = [
        ("items", [Cell(f"{values.n:,}") for _, values in shown]),
        ("cross-entropy as it is", [_cell(values.as_it_is) for _, values in shown]),
        ("cross-entropy at equal scale", [_cell(values.at_equal_scale) for _, values in shown]),
        (
            "remaining",
            [
                Cell(_percent(values.share.value), _range(values.share))
                if values.as_it_is.is_clear
                else Cell(MISSING)
                for _, values in shown
            ],
        ),
    ]
    reasons = reason_notes((one.a, one.why) for one in differences if one.why)
    notes = [
        *(sentence(difference) for difference, _ in shown),
        *(reason for reason in reasons if reason not in known),
        HOW,
    ]
    return [of_columns(title, names, columns, notes)]


def sentence(difference: ScaleDifference) -> str:
    """How much of a difference remains, as far as its intervals tell."""
    values = difference.remaining
    assert values is not None
    name, what = f"{difference.a}, {difference.after}", "of the difference in cross-entropy"
    if not values.as_it_is.is_clear:
        if values.at_equal_scale.is_clear:
            return f"{name}: a difference in cross-entropy can be told from 0 at equal scale only"
        return f"{name}: no difference in cross-entropy can be told from 0, at either scale"
    if not values.at_equal_scale.is_clear:
        return f"{name}: none {what} can be told from 0 at equal scale"
    if values.share.value < 0:
        return f"{name}: the difference in cross-entropy has the other sign at equal scale"
    return (
        f"{name}: {_percent(values.share.value)} ({_range(values.share)}) {what} remains at equal "
        "scale"
    )


def to_json(differences: Sequence[ScaleDifference]) -> dict[tuple[str, str], dict[str, Any]]:
    """By the names of the network and the result: the difference at equal scale with its interval,
    and over the same n items the one as it is, and the share that remains of a clear one.
    """
    return {
        (difference.a, difference.after): {**_figures(difference.remaining), "why": difference.why}
        for difference in differences
    }


def _figures(remaining: Remaining | None) -> dict[str, Any]:
    nothing = dict.fromkeys(("value", "low", "high"))
    if remaining is None:
        return {**nothing, "n": None, "as_it_is": nothing, "share": nothing}
    return {
        **plain(remaining.at_equal_scale),
        "n": remaining.n,
        "as_it_is": plain(remaining.as_it_is),
        "share": plain(remaining.share) if remaining.as_it_is.is_clear else nothing,
    }


def _cell(interval: Interval) -> Cell:
    ends = interval.value, interval.low, interval.high
    return difference_cell(Difference("ce_hard", "", "", *ends))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _range(share: Interval) -> str:
    return f"{100 * share.low:.0f} to {100 * share.high:.0f} %"
