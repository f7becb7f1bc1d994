"""Does ``c10h labels plan`` beat other ways to ask? A simulation on people that are known.

    python benchmarks/plan.py cifar10h-counts.npy [--splits 20] [--figure docs/plan.svg]

Three sets of people: the shares of CIFAR-10H's votes, those of the embedded synthetic set, and a
made-up set of 5,000 items in three classes with strong disagreement. Their distributions are taken
to be the population, from which all votes are drawn anew: some to start with, and those asked for.
Labels are shares of votes, and their error is the squared distance to the population, in
expectation over the further votes where these come in one round. Judgments are spread evenly, in
proportion to the entropy of the shares (largest remainders), or as planned. A reduction is
1 - error / error(even), with the 95 % bootstrap interval over items.

The second table has the errors of entropies with both objectives, of people drawn from the
posterior of CIFAR-10H's votes under one Dirichlet.
"""

import argparse
from pathlib import Path

import numpy as np

from c10h import h5
from c10h.datasets.cache import open_input
from c10h.labels.allocation import allocate, fit_prior
from c10h.labels.plan_objectives import OBJECTIVES

STARTS, PER_ITEM, RESAMPLES = (3, 5), (0.5, 1, 2, 3, 6), 1000
ROUNDS = 5


def people_of(counts_file):
    """Distributions (n, c) by name."""
    real = np.load(counts_file).astype(np.float64)
    synthetic = np.asarray(h5.read(open_input("synthetic", "labels")).probs[:])
    random = np.random.default_rng(11)
    alpha = np.array([[3, 1, 0.2], [0.8, 2, 0.8], [0.2, 1, 3]])[random.integers(0, 3, 5000)]
    drawn = random.standard_gamma(alpha * random.choice([0.5, 1, 3], 5000)[:, None])
    return {
        "CIFAR-10H": real / real.sum(axis=1, keepdims=True),
        "synthetic": synthetic,
        "three classes": drawn / drawn.sum(axis=1, keepdims=True),
    }


def draw(people, further, random):
    """Further votes of each item."""
    return random.multinomial(further, people)


def plan(votes, budget, random, objective="squared"):
    """Further votes of each item, as planned."""
    expected = OBJECTIVES[objective].expected(votes, None)
    return allocate(expected, budget, None, int(random.integers(1 << 30)))


def evenly(votes, budget, random):
    """Further votes of each item, what is left over at random."""
    size = len(votes)
    further = np.full(size, budget // size)
    further[random.permutation(size)[: budget % size]] += 1
    return further


def by_entropy(votes, budget, random):
    """Further votes in proportion to the entropy of the shares, by largest remainders."""
    wanted = entropy(votes / votes.sum(axis=1, keepdims=True))
    wanted *= budget / wanted.sum()
    further = np.floor(wanted).astype(np.int64)
    order = random.permutation(len(votes))
    order = order[np.argsort(-(wanted - further)[order], kind="stable")]
    further[order[: budget - further.sum()]] += 1
    return further


WAYS = {"even": evenly, "by entropy": by_entropy, "planned": plan}


def expected_error(votes, further, people):
    """Squared error of the shares after further votes, by item, in expectation over these."""
    total, now = votes.sum(axis=1), ((votes - votes.sum(axis=1, keepdims=True) * people) ** 2)
    spread = 1 - (people**2).sum(axis=1)
    return (now.sum(axis=1) + further * spread) / (total + further) ** 2


def in_rounds(way, votes, people, budget, random, rounds):
    """Error by item after equal rounds; what is spread evenly needs one."""
    rounds = 1 if way is evenly else rounds
    for _ in range(rounds - 1):
        votes = votes + draw(people, way(votes, budget // rounds, random), random)
    return expected_error(votes, way(votes, budget // rounds, random), people)


def reduction(error, even, random):
    """1 - mean(error) / mean(even), and its 95 % interval over items."""
    weights = random.multinomial(len(even), np.full(len(even), 1 / len(even)), RESAMPLES)
    samples = np.sort(1 - (weights @ error) / (weights @ even))
    return 1 - error.mean() / even.mean(), samples[24], samples[974]


def simulate(people, start, budget, splits, rounds=1):
    """Errors by item of each way, means over splits."""
    errors = {name: np.zeros(len(people)) for name in WAYS}
    for split in range(splits):
        random = np.random.default_rng([split, start])
        votes = draw(people, start, random)
        for name, way in WAYS.items():
            errors[name] += in_rounds(way, votes, people, budget, random, rounds) / splits
    return errors


def simulate_entropy(counts, start, budget, splits, objective):
    """Squared errors of the labels' entropies by item: planned, and spread evenly."""
    errors = np.zeros((2, len(counts)))
    prior = fit_prior(counts)
    for split in range(splits):
        random = np.random.default_rng([split, start, 1])
        people = random.standard_gamma(counts + prior)
        people /= people.sum(axis=1, keepdims=True)
        votes = draw(people, start, random)
        for row, further in enumerate(
            (plan(votes, budget, random, objective), evenly(votes, budget, random))
        ):
            label = votes + draw(people, further, random)
            label = label + fit_prior(label)
            gap = entropy(label / label.sum(axis=1, keepdims=True)) - entropy(people)
            errors[row] += gap**2 / splits
    return errors


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
    random = np.random.default_rng(0)
    drawn = {}
    print("people         start  budget  rounds  even      by entropy              planned")
    for name, people in people_of(args.counts).items():
        for start in STARTS:
            for per_item in PER_ITEM:
                for rounds in (1, ROUNDS) if per_item in (1, 6) else (1,):
                    budget = int(per_item * len(people))
                    errors = simulate(people, start, budget, args.splits, rounds)
                    even = errors.pop("even")
                    rows = {way: reduction(error, even, random) for way, error in errors.items()}
                    told = [f"{v:.1%} ({low:.1%} to {high:.1%})" for v, low, high in rows.values()]
                    print(
                        f"{name:14s} {start:5d} {budget:7,d} {rounds:7d}  {even.mean():.5f}   "
                        + "   ".join(f"{one:22s}" for one in told),
                        flush=True,
                    )
                    if rounds == 1:
                        for way, row in rows.items():
                            drawn.setdefault((name, start, way), []).append((per_item, *row))
    if args.figure:
        draw_figure(drawn, args.figure)
    counts = np.load(args.counts).astype(np.int64)
    print("\nentropy error of simulated people, 20,000 judgments\nstart  objective  reduction")
    for start in (5, 10, 20):
        for objective in OBJECTIVES:
            error, even = simulate_entropy(counts, start, 20_000, args.splits, objective)
            value, low, high = reduction(error, even, random)
            print(f"{start:5d}  {objective:9s}  {value:.1%} ({low:.1%} to {high:.1%})", flush=True)


def draw_figure(drawn, path):
    """Reduction against budget, planned and by entropy, for CIFAR-10H and the other two."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "c10h"})
    names = list(dict.fromkeys(name for name, _, _ in drawn))
    figure, all_axes = plt.subplots(
        1, len(names), figsize=(7.5, 3.2), layout="constrained", sharex=True
    )
    colours = {3: "#0072B2", 5: "#D55E00"}
    for axes, name in zip(all_axes, names, strict=True):
        for (of, start, way), rows in drawn.items():
            if of != name:
                continue
            per_item, value, low, high = (np.array(column) for column in zip(*rows, strict=True))
            planned = way == "planned"
            axes.fill_between(
                per_item, 100 * low, 100 * high, color=colours[start], alpha=0.2, lw=0
            )
            axes.plot(
                per_item,
                100 * value,
                color=colours[start],
                marker="o" if planned else "x",
                ls="-" if planned else ":",
                label=f"{start} votes, {way}",
            )
        axes.axhline(0, color="0.5", lw=0.8)
        axes.set(xscale="log", title=name, ylim=(-30, 60))
        axes.set_xticks(PER_ITEM, [f"{tick:g}" for tick in PER_ITEM])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set(ylabel="less error than spread evenly, %")
    figure.supxlabel("further judgments an item, on average", fontsize="medium")
    all_axes[0].legend(frameon=False, fontsize="small")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
