"""What of the differences between attacked networks remains at equal scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from c10h.metrics.item_block import Float
from c10h.records import Array
from c10h.stages.attack_runs import CLEAN, AttackedNetwork, why_unpaired
from c10h.stages.attack_scale import AtScale, Losses, Remaining, losses, remaining, scale_of

NOT_EXAMINED = "no losses at equal scale in the file (--health)"
NONE_SHARED = "no item was attacked at equal scale in both"
INFINITE = "one of the values is infinite"


@dataclass(frozen=True)
class ScaleDifference:
    """Mean cross-entropy of a less that of b, ``after`` CLEAN or an attack; None, and why."""

    a: str
    b: str
    after: str
    remaining: Remaining | None = None
    why: str | None = None


def scale_differences(
    networks: Sequence[AttackedNetwork], baseline: AttackedNetwork
) -> list[ScaleDifference]:
    """Every other network and result against the baseline's: on all items before an attack, on
    those examined in both after one.
    """
    others = [network for network in networks if network is not baseline]
    base = _ScaledNetwork(baseline)
    return [
        _difference(result, network, base)
        for network in map(_ScaledNetwork, others)
        for result in network.network.runs
    ]


class _ScaledNetwork:
    """A network with its temperature and clean losses, over items in the order of its runs."""

    def __init__(self, network: AttackedNetwork) -> None:
        record, member = network.record, network.member
        self.network = network
        assert record.truth is not None
        self.truth = record.truth
        self.logits = np.asarray(record.clean_logits[member, 0 : network.size], dtype=np.float64)
        self.temperature, self.why = scale_of(self.logits, self.truth)
        self.clean = self._ordered(losses(self.logits / self.temperature, self.truth))

    def after(self, result: str) -> AtScale:
        """The losses before or after an attack."""
        record, member = self.network.record, self.network.member
        if result == CLEAN:
            return AtScale(self._loss(self.logits), self.clean, self.clean)
        k = self.network.budgets.index(result)
        attacked = np.asarray(record.logits[member, k, 0 : self.network.size])
        return AtScale(self._loss(attacked), self._ordered(self._rescaled(k)), self.clean)

    def lacks(self, result: str) -> str | None:
        """Why there is nothing at equal scale."""
        if result != CLEAN and self.network.record.rescaled_logits is None:
            return NOT_EXAMINED
        return self.why and f"{self.network.name}: {self.why}"

    def _loss(self, logits: Array) -> Float:
        return losses(logits, self.truth).loss[self.network.order]

    def _rescaled(self, budget: int) -> Losses:
        """After an attack at equal scale; NaN for items that were not attacked so."""
        record = self.network.record
        assert record.rescaled_logits is not None
        assert record.examined is not None
        rows = record.examined
        logits = record.rescaled_logits[self.network.member, budget, 0 : len(rows)]
        columns = np.full((len(Losses._fields), self.network.size), np.nan)
        columns[:, rows] = losses(logits, self.truth[rows])
        return Losses(*columns)

    def _ordered(self, of_file: Losses) -> Losses:
        return Losses(*(column[self.network.order] for column in of_file))


def _difference(result: str, network: _ScaledNetwork, base: _ScaledNetwork) -> ScaleDifference:
    names = network.network.name, base.network.name, result
    why = (
        why_unpaired(result, network.network, base.network)
        or network.lacks(result)
        or base.lacks(result)
    )
    if why:
        return ScaleDifference(*names, why=why)
    first, second = network.after(result), base.after(result)
    settings = network.network.runs[CLEAN].scores.settings
    values = remaining(first, second, int(settings["resamples"]), int(settings["seed"]))
    if not values.n:
        return ScaleDifference(*names, why=NONE_SHARED)
    if not np.isfinite([values.as_it_is.value, values.at_equal_scale.value]).all():
        return ScaleDifference(*names, why=INFINITE)
    return ScaleDifference(*names, values)
