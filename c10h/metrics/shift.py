"""How the difference between two runs changes from one data set to another.

The paper predicts that what training on people's labels gains grows with the distance from the
training images (its section 5.2): a difference of differences. Each is paired over its items; where
both data sets have the same items (such as images and corrupted copies of them), so is the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from c10h.metrics.bootstrap import interval
from c10h.metrics.differences import Pair
from c10h.metrics.estimates import ScoredRun, SpreadFigure
from c10h.metrics.item_block import Float
from c10h.metrics.over_networks import Spread, mixed, over_networks
from c10h.metrics.strata import ALL


@dataclass(frozen=True)
class Change:
    """The difference of a pair on one data set less that of the same two trainings on another."""

    there: Pair
    here: Pair

    def of(self, metric: str, stratum: str = ALL, *, rescaled: bool = False) -> SpreadFigure:
        """Of one metric, or of it after each run was rescaled; without a value where there is none.

        Over items as the bootstrap draws them, independently where the data sets have different
        items; over networks that all four runs have; over parts of means, where all four have the
        same.
        """
        four = (*self.there, *self.here)
        if not all(metric in run.metrics and stratum in run.strata for run in four):
            return SpreadFigure(why="one of the runs does not have this value")
        value = _contrast([run.value_of(metric, stratum, rescaled=rescaled) for run in four])
        if not np.isfinite(value):
            return SpreadFigure(why="one of the values does not exist or is infinite")
        if why := self._why_unpaired():
            return SpreadFigure(float(value), why=why)
        low, high = interval(self._draws(four, metric, stratum, rescaled=rescaled))
        return SpreadFigure(
            float(value),
            float(low),
            float(high),
            over_networks=self._over_networks(four, metric, stratum, rescaled=rescaled),
            mixed=self._mixed(four, metric, stratum, rescaled=rescaled),
        )

    def _why_unpaired(self) -> str | None:
        """Why the resamples of the four runs cannot be compared."""
        if any(pair.run.items != pair.baseline.items for pair in (self.there, self.here)):
            return "not paired: the runs have different items or labels"
        settings = [run.scores.settings for run in (*self.there, *self.here)]
        for name in ("seed", "resamples"):
            if len({setting.get(name) for setting in settings}) > 1:
                return f"not paired: scored with a different {name}"
        return None

    def _draws(
        self, four: Sequence[ScoredRun], metric: str, stratum: str, *, rescaled: bool
    ) -> Float:
        draws = [run.draws_of(metric, stratum, rescaled=rescaled) for run in four]
        if self.there.run.items != self.here.run.items:
            # Those of other items are drawn apart, in another order that is always the same.
            order = np.random.default_rng(0).permutation(len(draws[0]))
            draws[2:] = [of_run[order] for of_run in draws[2:]]
        with np.errstate(invalid="ignore"):  # infinity less infinity
            return _contrast(draws)

    def _over_networks(
        self, four: Sequence[ScoredRun], metric: str, stratum: str, *, rescaled: bool
    ) -> Spread | None:
        names = [list(run.networks) for run in four]
        if not names[0] or any(of_run != names[0] for of_run in names):
            return None
        if any(pair.run.networks != pair.baseline.networks for pair in (self.there, self.here)):
            return None
        values = [run.network_values(metric, stratum, rescaled=rescaled) for run in four]
        return over_networks(_contrast(values))

    def _mixed(
        self, four: Sequence[ScoredRun], metric: str, stratum: str, *, rescaled: bool
    ) -> Spread | None:
        places = [[(part.network, part.seed) for part in run.parts] for run in four]
        if len(places[0]) < 2 or any(of_run != places[0] for of_run in places):
            return None
        parts = list(zip(*(run.parts for run in four), strict=True))
        draws = [self._draws(of, metric, stratum, rescaled=rescaled) for of in parts]
        values = [
            _contrast([part.value_of(metric, stratum, rescaled=rescaled) for part in of])
            for of in parts
        ]
        seed = int(four[0].scores.settings["seed"])
        return mixed(np.stack(draws), np.array(values), seed)


def _contrast(four: Sequence[Float] | Sequence[float]) -> Float:
    """There less here, each a run less its baseline."""
    there, there_baseline, here, here_baseline = (np.asarray(values) for values in four)
    return np.asarray((there - there_baseline) - (here - here_baseline))
