"""Sources of labels: what ``c10h labels build --as`` can make.

A source is a file with a function ``build(inputs) -> Labels`` and a row of SOURCES. Nothing here
imports numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from c10h.labels.source_inputs import SourceInputs
    from c10h.records import Labels


class Takes(Enum):
    """What the SOURCE arguments of a label source are."""

    PEOPLE = "one file of judgments, vote counts or probabilities"
    JUDGMENTS = "one table of judgments"
    TRUTH = "one file of true classes, or of labels that have them"
    PREDICTIONS = "one or more predictions"


@dataclass(frozen=True)
class LabelSource:
    """One way to make labels.

    warning: what a user of the labels has to know. drawn: whether a seed shapes them.
    """

    summary: str
    takes: Takes
    build: Callable[[SourceInputs], Labels]
    warning: str = ""
    drawn: bool = False


DISTILL = "distill"
_COLLAPSES = (
    "{} estimates the truth and collapses people's disagreement to near certainty: to represent "
    "people's uncertainty, use --as human"
)

SOURCES: Mapping[str, LabelSource] = {
    "human": LabelSource(
        "people's distribution, from votes", Takes.PEOPLE, Deferred("c10h.labels.human:build")
    ),
    "majority": LabelSource(
        "people's first choice, shared equally where several classes tie for it",
        Takes.PEOPLE,
        Deferred("c10h.labels.majority:build"),
    ),
    "hard": LabelSource("one-hot truth", Takes.TRUTH, Deferred("c10h.labels.hard:build")),
    "class": LabelSource(
        "mean human distribution of each true class",
        Takes.PEOPLE,
        Deferred("c10h.labels.class_mean:build"),
    ),
    "smooth": LabelSource(
        "truth with --smoothing", Takes.TRUTH, Deferred("c10h.labels.smooth:build")
    ),
    DISTILL: LabelSource(
        "mean softmax of predictions, with --temperature",
        Takes.PREDICTIONS,
        Deferred("c10h.labels.distill:build"),
    ),
    "dawid-skene": LabelSource(
        "truth estimated with a confusion matrix for each annotator",
        Takes.JUDGMENTS,
        Deferred("c10h.labels.dawid_skene:build"),
        _COLLAPSES.format("Dawid-Skene"),
    ),
    "mace": LabelSource(
        "truth estimated with a chance of guessing for each annotator",
        Takes.JUDGMENTS,
        Deferred("c10h.labels.mace:build"),
        _COLLAPSES.format("MACE"),
        drawn=True,
    ),
    "glad": LabelSource(
        "truth estimated with abilities and difficulties",
        Takes.JUDGMENTS,
        Deferred("c10h.labels.glad:build"),
        _COLLAPSES.format("GLAD"),
    ),
}
