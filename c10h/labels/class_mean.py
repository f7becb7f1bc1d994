"""Class-level labels (Peterson et al. 2019): one distribution for all items of a class."""

from __future__ import annotations

import numpy as np

from c10h.errors import InputError
from c10h.labels.source_inputs import SourceInputs, row_of_class
from c10h.records import Labels

_ROWS = 1 << 16


def build(inputs: SourceInputs) -> Labels:
    """The mean human distribution of each true class, over the whole set.

    Raises InputError for a class without an item.
    """
    labels, truth = inputs.known_labels("class"), inputs.known_truth("class")
    count = len(inputs.classes)
    sums = np.zeros((count, count))
    for start in range(0, len(truth), _ROWS):
        items = slice(start, min(start + _ROWS, len(truth)))
        np.add.at(sums, truth[items], labels.probs[items])
    sizes = np.bincount(truth, minlength=count)
    if not sizes.all():
        empty = inputs.classes[int(np.argmin(sizes))]
        raise InputError(f"--as class: no item has the true class {empty!r}")
    return Labels(
        classes=inputs.classes,
        probs=row_of_class(truth, sums / sizes[:, None]),
        truth=truth,
        ids=inputs.ids,
    )
