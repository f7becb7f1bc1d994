"""Sources of labels: what ``c10h labels build --as`` can make.

To add one, write a file with a function ``build(inputs) -> Labels`` and add one row to SOURCES.
Builders are imported when they are used, so that a help text costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """One way to make labels. module: where its ``build`` function is.

    warning: what a user of the labels has to know. drawn: whether a seed shapes them.
    """

    summary: str
    takes: Takes
    module: str
    warning: str = ""
    drawn: bool = False

    def build(self, inputs: SourceInputs) -> Labels:
        """Make the labels."""
        builder: Callable[[SourceInputs], Labels] = importlib.import_module(self.module).build
        return builder(inputs)


_COLLAPSES = (
    "{} estimates the truth. It collapses the disagreement between people that this toolkit is "
    "about to near certainty: as a picture of people's uncertainty use --as human"
)

SOURCES: Mapping[str, LabelSource] = {
    "human": LabelSource("people's distribution, from votes", Takes.PEOPLE, "c10h.labels.human"),
    "hard": LabelSource("one-hot truth", Takes.TRUTH, "c10h.labels.hard"),
    "class": LabelSource(
        "mean human distribution of each true class", Takes.PEOPLE, "c10h.labels.by_class"
    ),
    "smooth": LabelSource("truth with --smoothing", Takes.TRUTH, "c10h.labels.smooth"),
    "distill": LabelSource(
        "mean softmax of predictions, with --temperature", Takes.PREDICTIONS, "c10h.labels.distill"
    ),
    "dawid-skene": LabelSource(
        "truth estimated with a confusion matrix for each annotator",
        Takes.JUDGMENTS,
        "c10h.labels.dawid_skene",
        _COLLAPSES.format("Dawid-Skene"),
    ),
    "mace": LabelSource(
        "truth estimated with a chance of guessing for each annotator",
        Takes.JUDGMENTS,
        "c10h.labels.mace",
        _COLLAPSES.format("MACE"),
        drawn=True,
    ),
    "glad": LabelSource(
        "truth estimated with abilities and difficulties",
        Takes.JUDGMENTS,
        "c10h.labels.glad",
        _COLLAPSES.format("GLAD"),
    ),
}
