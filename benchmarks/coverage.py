"""How often do the 95 % intervals of ``c10h score`` hold the true value? A simulation.

    python benchmarks/coverage.py DATA [--items 200 2000] [--repeats 500]

DATA is a folder with cifar10h-counts.npy, cifar10_test_labels.npy and
densenet-bc-L190-k40-probs.csv (docs/developing.md says where they are from). The population is the
items of CIFAR-10H, their true classes, and people who vote with the shares of the published counts.
Four networks predict it: the DenseNet as it is, blurred (logits / 2.5), sharpened (logits × 2), and
with normal noise of σ 1 on its logits.

One repetition draws items with replacement, and as many new votes for each as the published ones
have on average (51); both are scored by c10h, with 1,000 resamples. Printed is the share of
repetitions whose interval holds the true value: for a metric, of each network, and for the paired
difference of each other network from the DenseNet. The true value is that of infinitely many items
with 51 votes each, from every item VOTES_DRAWN times with new votes.

The second table is of references, whose tables and temperatures are fitted to the items that are
drawn, so that their true value is the mean over all repetitions (for equivalent_annotators, which
can be infinite, the harmonic mean); and of differences at equal scale.

Of 500 repetitions, a share of 0.95 has a standard error of 0.010. Takes about 7 minutes.
"""

import argparse
from pathlib import Path

import numpy as np

from c10h.formats.class_names import default_names
from c10h.metrics.differences import differences, pairs_with
from c10h.metrics.estimates import scored_runs
from c10h.metrics.metrics import METRICS
from c10h.records import Labels, Predictions
from c10h.stages.matched_runs import Run
from c10h.stages.score_runs import Options, score_runs

VOTES, VOTES_DRAWN = 51, 20
FIRST = "DenseNet"
REFERENCES, RESCALED = ("rescaled", "first choice"), 0
OF_REFERENCES = [name for name in ("ce_human", "tvd", "equivalent_annotators") if name in METRICS]


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
        return score_runs(
            runs, labels, None, Options(resamples=resamples, rescale=None if resamples else "none")
        )

    def values(self):
        """The population's value of each metric of each network."""
        every_item = np.tile(np.arange(len(self.truth)), VOTES_DRAWN)
        return self.score(every_item, np.random.default_rng(1), 0).value[:, :, 0]


class Repetitions:
    """What was scored in each repetition: arrays (repetitions, ..., 3) of value, low and high.

    runs: (..., runs, metrics, 3); pairs, scaled: (..., pairs, metrics, 3), as they are and at equal
    scale; references: (..., runs, references, metrics, 3).
    """

    def __init__(self, population, items, repeats):
        kept = {"runs": [], "pairs": [], "scaled": [], "references": []}
        for repeat in range(repeats):
            random = np.random.default_rng([items, repeat])
            rows = random.integers(0, len(population.truth), items)
            scores = population.score(rows, random, 1000)
            first, *others = scored_runs([scores])
            found = differences(pairs_with(first, others), list(METRICS))
            kept["runs"].append(np.stack([scores.value, scores.low, scores.high], -1)[:, :, 0])
            kept["pairs"].append([[figures_of(one) for one in row] for row in found])
            kept["scaled"].append(
                [[figures_of(one.at_equal_scale) for one in row] for row in found]
            )
            kept["references"].append(scores.references[:, :, :, 0])
        self.runs, self.pairs, self.scaled, self.references = (
            np.array(figures, dtype=np.float64) for figures in kept.values()
        )


def figures_of(figure):
    """Value and interval, with NaN for none."""
    return figure.value, figure.low, figure.high


def coverage(figures, true):
    """The share of repetitions whose interval holds a value, of those that have an interval.

    To the precision of resamples, which are float32.
    """
    low, high, slack = figures[..., 1], figures[..., 2], 1e-6 * (1 + np.abs(true))
    holds = (low - slack <= true) & (true <= high + slack)
    known = ~np.isnan(low)
    with np.errstate(invalid="ignore"):
        return (holds & known).sum(axis=0) / known.sum(axis=0)


def expected(figures):
    """The mean value over repetitions, the harmonic one of what can be infinite."""
    values, people = figures[..., 0], list(METRICS).index("equivalent_annotators")
    means = values.mean(axis=0)
    means[..., people] = 1 / (1 / values[..., people]).mean(axis=0)
    return means


def show(title, columns, rows):
    """Print a table: rows by name."""
    print(f"\n{title}\n{'':34s}", *columns, sep="  ")
    for name, shares in rows.items():
        figures = [
            f"{share:{len(column)}.3f}" for share, column in zip(shares, columns, strict=False)
        ]
        print(f"{name:34s}", *figures, sep="  ", flush=True)


def main():
    """Print two tables for each number of items, a row a metric."""
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
        found = Repetitions(population, items, args.repeats)
        own = [*coverage(found.runs, true), *coverage(found.pairs, true[1:] - true[0])]
        title = f"{items} items, {args.repeats} repetitions"
        show(title, columns, dict(zip(METRICS, np.array(own).T, strict=True)))
        of_references = coverage(found.references, expected(found.references))
        # A difference is that of the means, harmonic ones included.
        rescaled = expected(found.references)[:, RESCALED]
        scaled = coverage(found.scaled, rescaled[1:] - rescaled[0])
        rows = {
            f"{metric} of {REFERENCES[number]}": [
                *of_references[:, number, list(METRICS).index(metric)],
                *(scaled[:, list(METRICS).index(metric)] if number == RESCALED else ()),
            ]
            for number in range(len(REFERENCES))
            for metric in OF_REFERENCES
        }
        show(f"{title}: references", columns, rows)


if __name__ == "__main__":
    main()
