"""Strata: a partition of the items, so that every metric is also told for parts of them.

Nothing here imports numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from c10h.deferred import Deferred
from c10h.metrics.needed_inputs import Needs

if TYPE_CHECKING:
    from c10h.metrics.item_block import Float
    from c10h.metrics.metric_type import Term
    from c10h.records import Array

ALL = "all"


class Stratification(NamedTuple):
    """A way to divide items: ``key`` is read from each item, ``divide`` turns keys into strata.

    divide: keys (n) and class names to the names of the strata and the stratum of each item.
    """

    summary: str
    needs: tuple[Needs, ...]
    key: Term
    divide: Callable[[Float, Sequence[str]], tuple[list[str], Array]]


STRATA: Mapping[str, Stratification] = {
    "truth": Stratification(
        "true class, with several or none as separate strata",
        (Needs.TRUTH,),
        Deferred("c10h.metrics.partitions:true_class"),
        Deferred("c10h.metrics.partitions:by_truth"),
    ),
    "modal": Stratification(
        "people's first class, with ties as a separate stratum",
        (Needs.PEOPLE,),
        Deferred("c10h.metrics.partitions:first_class"),
        Deferred("c10h.metrics.partitions:by_first_class"),
    ),
    "mode-shift": Stratification(
        "whether people's first class is another than the true one, with ties and unknown as "
        "separate strata",
        (Needs.TRUTH, Needs.PEOPLE),
        Deferred("c10h.metrics.partitions:mode_shift"),
        Deferred("c10h.metrics.partitions:by_mode_shift"),
    ),
    "human-entropy": Stratification(
        "unanimous items, then four quantile bins of H(p)",
        (Needs.PEOPLE,),
        Deferred("c10h.metrics.partitions:vote_entropy"),
        Deferred("c10h.metrics.partitions:by_entropy"),
    ),
}
