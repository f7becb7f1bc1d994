"""Simulated people who judge the embedded set: what they see, and what they answer.

Everyone shares the true p(y|x) and misses it in three ways: by a bias towards one end of every
pair, by a glance that tells the pair and not which of the two, and by a lapse, which can answer
anything. A few are careless: they lapse most of the time, and fail their attention checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from c10h.datasets.embedded.rendering import Random
from c10h.records import Array

TRIALS = 200
CHECKS = 10
CARELESS = 0.03
CARELESS_LAPSES = 0.8
HEADER = "annotator,item,label,label_name,check,correct,rt,true_label"


@dataclass(frozen=True)
class Judgments:
    """One row a judgment, int64 (t); attention checks, of pictures apart, have the item -1.

    rt: reaction time in milliseconds.
    """

    annotator: Array
    item: Array
    label: Array
    check: Array
    rt: Array
    true_label: Array

    def to_csv(self, names: tuple[str, ...]) -> str:
        """The table as text, in the layout that ``labels build`` recognises."""
        return "\n".join([HEADER, *self._lines(names), ""])

    def _lines(self, names: tuple[str, ...]) -> Iterator[str]:
        columns = (self.annotator, self.item, self.label, self.check, self.rt, self.true_label)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for annotator, item, label, check, rt, true in rows:
            right = int(label == true)
            yield f"{annotator},{item},{label},{names[label]},{check},{right},{rt},{true}"


def judge(
    grade: Array,
    ends: Array,
    truth: Array,
    share: Callable[[Array], Array],
    votes: int,
    random: Random,
) -> Judgments:
    """Let people judge n items, ``votes`` each, 200 by each person, nobody an item twice.

    grade: (n) in [0, 1]. ends: (n, 2), the classes at grade 0 and 1. truth: (n). share: the true
    probability of the second end at a grade.
    """
    size = len(grade)
    count, rest = divmod(size * votes, TRIALS)
    if rest or count < votes:
        raise ValueError(f"{size} items with {votes} votes do not divide by {TRIALS}")
    item = np.repeat(random.source.permutation(size), votes)
    annotator = random.source.permutation(count)[np.arange(size * votes) % count]
    order = np.lexsort((random.source.random_sample(size * votes), annotator))
    item, annotator = item[order], annotator[order]
    lapses = _lapses(count, random)
    second = _perceived(grade[item], annotator, count, share, random)
    label = np.where(second, ends[item, 1], ends[item, 0])
    label = _with_lapses(label, lapses[annotator], random)
    doubt = 4 * share(grade[item]) * (1 - share(grade[item]))
    pace = random.uniform(0.7, 1.5, count)[annotator] * (1 + 0.25 * random.bell(len(item)))
    rt = np.maximum((600 + 700 * doubt) * pace, 150).astype(np.int64)
    checked = _checks(lapses, random)
    return _one_after_another(
        Judgments(annotator, item, label, np.zeros_like(item), rt, truth[item]), checked
    )


def _lapses(count: int, random: Random) -> Array:
    """The share of judgments, (a), in which each annotator pays no attention."""
    usual = random.uniform(0, 0.03, count)
    careless = random.source.permutation(count) < round(CARELESS * count)
    return np.where(careless, CARELESS_LAPSES, usual)


def _perceived(
    grade: Array,
    annotator: Array,
    count: int,
    share: Callable[[Array], Array],
    random: Random,
) -> Array:
    """Whether each judgment is for the second end of the pair, bool (t)."""
    bias = 0.06 * random.bell(count)[annotator]
    glances = random.uniform(0, 0.04, count)[annotator]
    chance = share(np.minimum(np.maximum(grade + bias, 0), 1))
    chance = chance + glances * (0.5 - chance)
    return random.source.random_sample(len(grade)) < chance


def _with_lapses(label: Array, lapse: Array, random: Random) -> Array:
    anything = random.source.randint(0, 10, len(label))
    return np.where(random.source.random_sample(len(label)) < lapse, anything, label)


def _checks(lapses: Array, random: Random) -> Judgments:
    """Attention checks: clear pictures, answered rightly but for lapses."""
    annotator = np.repeat(np.arange(len(lapses)), CHECKS)
    true = random.source.randint(0, 10, len(annotator))
    label = _with_lapses(true, lapses[annotator], random)
    rt = (500 + 300 * random.uniform(0, 1, len(annotator))).astype(np.int64)
    nothing = np.full_like(annotator, -1)
    return Judgments(annotator, nothing, label, np.ones_like(annotator), rt, true)


def _one_after_another(judged: Judgments, checks: Judgments) -> Judgments:
    """Both, annotator by annotator; a person's checks come after the judgments."""
    both = {
        name: np.concatenate([getattr(judged, name), getattr(checks, name)]).astype(np.int64)
        for name in Judgments.__dataclass_fields__
    }
    order = np.argsort(both["annotator"], kind="stable")
    return Judgments(**{name: values[order] for name, values in both.items()})
