"""Sources of labels: what ``c10h labels build --as`` can make.

To add one, write a file with a function ``build(material) -> Labels`` and add one row to SOURCES.
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

    from c10h.labels.material import Material
    from c10h.records import Labels


class Takes(Enum):
    """What the SOURCE arguments of a label source are."""

    PEOPLE = "one file of vote counts or probabilities"
    TRUTH = "one file of true classes, or of labels that have them"
    PREDICTIONS = "one or more predictions"


@dataclass(frozen=True)
class LabelSource:
    """One way to make labels. module: where its ``build`` function is."""

    summary: str
    takes: Takes
    module: str

    def build(self, material: Material) -> Labels:
        """Make the labels."""
        builder: Callable[[Material], Labels] = importlib.import_module(self.module).build
        return builder(material)


SOURCES: Mapping[str, LabelSource] = {
    "human": LabelSource("people's distribution, from counts", Takes.PEOPLE, "c10h.labels.human"),
    "hard": LabelSource("one-hot truth", Takes.TRUTH, "c10h.labels.hard"),
    "class": LabelSource(
        "mean human distribution of each true class", Takes.PEOPLE, "c10h.labels.by_class"
    ),
    "smooth": LabelSource("truth with --smoothing", Takes.TRUTH, "c10h.labels.smooth"),
    "distill": LabelSource(
        "mean softmax of predictions, with --temperature", Takes.PREDICTIONS, "c10h.labels.distill"
    ),
}
