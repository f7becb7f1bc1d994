"""How often do the 95 % intervals of ``c10h score`` hold the true value? A simulation.

    python benchmarks/coverage.py DATA [--items 200 2000] [--repeats 500]

DATA is a folder with cifar10h-counts.npy, cifar10_test_labels.npy and
densenet-bc-L190-k40-probs.csv (docs/developing.md says where they are from). The population is the
items of CIFAR-10H, their true classes, and people who vote with the shares of the published counts.
Four networks predict it: the DenseNet as it is, blurred (logits / 2.5), sharpened (logits × 2), and
with normal noise of σ 1 on its logits.

One repetition draws items with replacement, and as many new votes for each as the published ones
have on average (51); both are scored by c10h, with 1,000 resamples. Printed is the share of
repetitions whose interval holds the population's value: for a metric, of each network, and for the
paired difference of each other network from the DenseNet. The population's value is that of
infinitely many items with 51 votes each, from every item VOTES_DRAWN times with new votes. Of 500
repetitions, a share of 0.95 has a standard error of 0.010. Takes about 3 minutes on one core.
"""

import argparse
from pathlib import Path

import numpy as np

from c10h.formats.class_names import default_names
from c10h.metrics.differences import differences, pairs_with
from c10h.metrics.estimates import scored_runs
from c10h.metrics.metrics import METRICS
from c10h.records import Labels, Predictions
from c10h.stages.score_runs import Options, Run, score_runs

VOTES, VOTES_DRAWN = 51, 20
FIRST = "DenseNet"


class Population:
    """Items, each with a true class, people's shares and the logits of every network."""

    def __init__(self, folder):
        counts = np.load(folder / "cifar10h-counts.npy").astype(np.float64)
        self.shares = counts / counts.sum(axis=1, keepdims=True)
        self.truth = np.load(folder / "cifar10_test_labels.npy").astype(np.int64)
        probs = np.loadtxt(folder / "densenet-bc-L190-k40-probs.csv", delimiter=",")
        logits = np.log(np.maximum(probs, np.finfo(np.float32).tiny))
        noise = np.random.default_rng(0).normal(size=logits.shape)
        self.networks = {
            FIRST: logits,
            "blurred": logits / 2.5,
            "sharpened": logits * 2,
            "noisy": logits + noise,
        }

    def score(self, items, random, resamples):
        """Scores of all networks on the items of some rows, with new votes."""
        counts = random.multinomial(VOTES, self.shares[items]).astype(np.int32)
        classes = default_names(counts.shape[1])
        labels = Labels(
            classes=classes, probs=counts / VOTES, counts=counts, truth=self.truth[items]
        )
        runs = [
            Run(
                name,
                Predictions(classes=classes, logits=logits[items][None], member=np.array(["0"])),
            )
            for name, logits in self.networks.items()
        ]
        return score_runs(runs, labels, None, Options(resamples=resamples))

    def values(self):
        """The population's value of each metric of each network."""
        every_item = np.tile(np.arange(len(self.truth)), VOTES_DRAWN)
        return self.score(every_item, np.random.default_rng(1), 0).value[:, :, 0]


def simulate(population, true, items, repeats):
    """Whether each interval held the population's value: of values and of differences.

    Two arrays of 1 and 0 (repeats, runs, metrics), NaN where there was no interval.
    """
    held, held_difference = [], []
    for repeat in range(repeats):
        random = np.random.default_rng([items, repeat])
        rows = random.integers(0, len(population.truth), items)
        scores = population.score(rows, random, 1000)
        held.append(holds(scores.low[:, :, 0], true, scores.high[:, :, 0]))
        first, *others = scored_runs([scores])
        found = differences(pairs_with(first, others), list(METRICS))
        low, high = (
            np.array([[getattr(one, end) for one in row] for row in found], dtype=np.float64)
            for end in ("low", "high")
        )
        held_difference.append(holds(low, true[1:] - true[0], high))
    return np.array(held), np.array(held_difference)


def holds(low, value, high):
    """1 where an interval holds a value, to the precision of resamples (float32), NaN without."""
    slack = 1e-6 * np.abs(value)
    return np.where(np.isnan(low), np.nan, (low - slack <= value) & (value <= high + slack))


def main():
    """Print a table for each number of items, a row a metric."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--repeats", type=int, default=500)
    args = parser.parse_args()
    population = Population(args.folder)
    true = population.values()
    names = list(population.networks)
    columns = [*names, *(f"{name} - {FIRST}" for name in names[1:])]
    for items in args.items:
        values, pairs = simulate(population, true, items, args.repeats)
        shares = np.nanmean(np.concatenate([values, pairs], axis=1), axis=0)
        print(f"\n{items} items, {args.repeats} repetitions\n{'':22s}", *columns, sep="  ")
        for metric, row in zip(METRICS, shares.T, strict=True):
            figures = (f"{share:{len(name)}.3f}" for share, name in zip(row, columns, strict=True))
            print(f"{metric:22s}", *figures, sep="  ", flush=True)


if __name__ == "__main__":
    main()
