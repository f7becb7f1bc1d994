"""More items or more votes? Studies of one budget, simulated on CIFAR-10H.

    python benchmarks/items_or_votes.py cifar10h-counts.npy cifar10_test_labels.npy \\
        densenet-bc-L190-k40-probs.csv [--budget 20000] [--studies 1000]

Each study draws budget / N items with replacement, and N votes for each, from the shares of all
votes of CIFAR-10H, which are taken to be the population. The spread of its means over studies is
held against the standard errors that ``c10h labels noise`` tells from the votes themselves, and
shown for scores of a network against the votes, too: their root mean squared error against the
whole population, which has the bias of few votes in it.
"""

import argparse

import numpy as np

from c10h.metrics.items_or_votes import accuracy, disagreement

VOTES = (1, 2, 5, 10, 20, 50)


def scores(votes, truth, network):
    """Means over items of a study: disagreement, accuracy of people, and a network's scores."""
    total = votes.sum(axis=1)
    shares = votes / total[:, None]
    rows = np.arange(len(votes))
    pairs = (votes * (votes - 1)).sum(axis=1) / np.maximum(total * (total - 1), 1)
    surprise = -np.log(network)
    return {
        "disagreement": (1 - pairs).mean() if total[0] > 1 else np.nan,
        "accuracy": shares[rows, truth].mean(),
        "ce_human": (shares * surprise).sum(axis=1).mean(),
        "tvd": np.abs(shares - network).sum(axis=1).mean() / 2,
        "entropy": -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1).mean(),
    }


def whole(people, truth, network):
    """The same of the population."""
    values = scores(people * 1e9, truth, network)
    return values | {"disagreement": (1 - (people**2).sum(axis=1)).mean()}


def main():
    """Print a line for each number of votes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("counts")
    parser.add_argument("truth")
    parser.add_argument("network")
    parser.add_argument("--budget", type=int, default=20_000)
    parser.add_argument("--studies", type=int, default=1000)
    args = parser.parse_args()
    counts = np.load(args.counts).astype(np.int64)
    truth = np.load(args.truth).astype(np.int64)
    network = np.maximum(np.loadtxt(args.network, delimiter=","), np.finfo(np.float32).tiny)
    people = counts / counts.sum(axis=1, keepdims=True)
    told = {
        "disagreement": disagreement(counts),
        "accuracy": accuracy(counts[np.arange(len(counts)), truth], counts.sum(axis=1)),
    }
    exact = whole(people, truth, network)
    print(", ".join(f"{name} {value:.4f}" for name, value in exact.items()))
    for votes in VOTES:
        items = args.budget // votes
        studies = []
        for study in range(args.studies):
            random = np.random.default_rng([votes, study])
            drawn = random.integers(0, len(people), items)
            answers = random.multinomial(votes, people[drawn])
            studies.append(scores(answers, truth[drawn], network[drawn]))
        words = []
        for name, value in exact.items():
            means = np.array([study[name] for study in studies])
            error = np.sqrt(((means - value) ** 2).mean())
            words.append(f"{name} ±{means.std():.5f} rmse {error:.5f}")
            if name in told:
                words[-1] += f" (told ±{told[name].standard_error(items, votes):.5f})"
        print(f"{votes:3d} votes, {items:6,d} items: " + "; ".join(words), flush=True)


if __name__ == "__main__":
    main()
