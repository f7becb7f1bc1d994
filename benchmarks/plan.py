"""Does ``c10h labels plan`` beat spreading judgments evenly? A simulation on CIFAR-10H's votes.

    python benchmarks/plan.py cifar10h-counts.npy [--splits 20] [--figure docs/plan.svg]

The votes of each item are split at random in three: some to start with, 25 hidden ones that only
score, and a pool from which both ways of collecting are served (no item gets more than its pool
has). Labels are shares of votes; their error is the squared distance to the hidden shares, less
V/25 for the hidden votes' own noise, so that it estimates the distance to the population. The
reduction is 1 - error(plan) / error(even), and its interval the 95 % bootstrap over items.

For the entropy objective people with known distributions are simulated, drawn from the posterior
of the real votes, since the entropy of few hidden votes is biased.
"""

import argparse
from pathlib import Path

import numpy as np

from c10h.labels.allocation import allocate, fit_prior
from c10h.labels.plan_objectives import OBJECTIVES
from c10h.metrics.ceilings import split_votes

STARTS, BUDGETS, HIDDEN, RESAMPLES = (2, 5, 10), (5_000, 10_000, 20_000, 50_000, 100_000), 25, 1000


def collect(start, pool, budget, rounds, random, objective="squared"):
    """Votes after planned collection in equal rounds."""
    votes = start.copy()
    for _ in range(rounds):
        left = pool.sum(axis=1)
        remaining = OBJECTIVES[objective].remaining(votes, fit_prior(votes))
        further = allocate(remaining, budget // rounds, left, int(random.integers(1 << 30)))
        drawn = split_votes(pool, further, random)
        votes, pool = votes + drawn, pool - drawn
    return votes


def collect_evenly(start, pool, budget, random):
    """Votes after as many judgments spread evenly, what is left over at random."""
    size = len(start)
    further = np.full(size, budget // size)
    further[random.permutation(size)[: budget % size]] += 1
    return start + split_votes(pool, np.minimum(further, pool.sum(axis=1)), random)


def distance(votes, hidden):
    """Squared distance of shares to the hidden votes' population, unbiased, by item."""
    total = hidden.sum(axis=1)
    variance = 1 - (hidden * (hidden - 1)).sum(axis=1) / (total * (total - 1))
    gap = votes / votes.sum(axis=1, keepdims=True) - hidden / total[:, None]
    return (gap**2).sum(axis=1) - variance / total


def reduction(plan, even, random):
    """1 - mean(plan) / mean(even), and its 95 % interval over items."""
    weights = random.multinomial(len(plan), np.full(len(plan), 1 / len(plan)), RESAMPLES)
    samples = np.sort(1 - (weights @ plan) / (weights @ even))
    return 1 - plan.mean() / even.mean(), samples[24], samples[974]


def simulate(counts, start_votes, budget, splits, rounds):
    """Errors by item of both ways, means over splits."""
    errors = np.zeros((2, len(counts)))
    for split in range(splits):
        random = np.random.default_rng([split, start_votes])
        hidden = split_votes(counts, np.full(len(counts), HIDDEN), random)
        start = split_votes(counts - hidden, np.full(len(counts), start_votes), random)
        pool = counts - hidden - start
        planned = collect(start, pool, budget, rounds, random)
        even = collect_evenly(start, pool, budget, random)
        errors += [distance(planned, hidden), distance(even, hidden)]
    return errors / splits


def simulate_entropy(counts, start_votes, budget, splits, objective):
    """Squared errors of the labels' entropies by item, of simulated people."""
    errors = np.zeros((2, len(counts)))
    prior = fit_prior(counts)
    for split in range(splits):
        random = np.random.default_rng([split, start_votes, 1])
        people = random.standard_gamma(counts + prior)
        people /= people.sum(axis=1, keepdims=True)
        start = random.multinomial(start_votes, people)
        pool = random.multinomial(100, people)
        for row, votes in enumerate(
            (
                collect(start, pool, budget, 1, random, objective),
                collect_evenly(start, pool, budget, random),
            )
        ):
            label = votes + fit_prior(votes)
            errors[row] += (
                entropy(label / label.sum(axis=1, keepdims=True)) - entropy(people)
            ) ** 2
    return errors / splits


def entropy(p):
    """Nats."""
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)


def main():
    """Print one line a setting, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("counts")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--figure", type=Path)
    args = parser.parse_args()
    counts = np.load(args.counts).astype(np.int64)
    random = np.random.default_rng(0)
    found = {}
    print("start  budget  rounds  even      planned   reduction")
    for start in STARTS:
        for budget in BUDGETS:
            for rounds in (1, 5) if budget in (10_000, 50_000) else (1,):
                plan, even = simulate(counts, start, budget, args.splits, rounds)
                value, low, high = reduction(plan, even, random)
                print(
                    f"{start:5d} {budget:7,d} {rounds:7d}  {even.mean():.5f}   {plan.mean():.5f}   "
                    f"{value:.1%} ({low:.1%} to {high:.1%})",
                    flush=True,
                )
                if rounds == 1:
                    found.setdefault(start, []).append((budget, value, low, high))
    print("\nentropy error of simulated people, 20,000 judgments\nstart  objective  reduction")
    for start in (5, 10, 20):
        for objective in OBJECTIVES:
            plan, even = simulate_entropy(counts, start, 20_000, args.splits, objective)
            value, low, high = reduction(plan, even, random)
            print(f"{start:5d}  {objective:9s}  {value:.1%} ({low:.1%} to {high:.1%})")
    if args.figure:
        draw(found, args.figure)


def draw(found, path):
    """Reduction against budget, a line for each number of votes to start with."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "c10h"})
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for (start, rows), colour, marker in zip(
        found.items(), ("#0072B2", "#D55E00", "#009E73"), "os^", strict=True
    ):
        budget, value, low, high = (np.array(column) for column in zip(*rows, strict=True))
        axes.fill_between(budget / 1e4, 100 * low, 100 * high, color=colour, alpha=0.2, lw=0)
        axes.plot(
            budget / 1e4, 100 * value, color=colour, marker=marker, label=f"{start} votes to start"
        )
    axes.set(
        xscale="log",
        xlabel="further judgments an item, on average",
        ylabel="less error than spread evenly, %",
        ylim=(0, None),
    )
    ticks = [0.5, 1, 2, 5, 10]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
