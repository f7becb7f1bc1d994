"""What a small network learns of the embedded set, from true classes and from people's labels.

    python benchmarks/embedded.py [--seeds 10] [--epochs 20]

Each seed trains the same network twice, with the same order, flips and shifts of the same 4,000
pictures, and tests both on the other 1,000 and on the far set. Means over the seeds, and of the
differences an interval of 95 % (Student's t).
"""

import argparse
import time

import numpy as np
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

from c10h import h5
from c10h.datasets.cache import open_input

BATCH = 100


def small_network():
    """Three blocks of two convolutions, 74,000 parameters."""

    def block(before, after):
        return [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]

    layers = [*block(3, 16), *block(16, 32), *block(32, 64)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def load(name):
    """Pictures in [0, 1], channels first, true classes, shares of votes."""
    images = h5.read(open_input(name, "images"))
    labels = h5.read(open_input(name, "labels"))
    pixels = torch.tensor(images.images[:]).permute(0, 3, 1, 2).float() / 255
    truth = torch.tensor(images.truth)
    return pixels - 0.5, truth, torch.tensor(labels.probs[:]).float()


def train(pixels, targets, epochs, seed):
    """The network after training with AdamW on a one-cycle schedule."""
    torch.manual_seed(seed)
    network = small_network()
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2, weight_decay=5e-3)
    steps = epochs * len(pixels) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(pixels)).split(BATCH):
            batch = functional.pad(pixels[rows], (2, 2, 2, 2), mode="replicate")
            down, right = torch.randint(0, 5, (2,)).tolist()
            batch = batch[:, :, down : down + 32, right : right + 32]
            batch = torch.where(torch.rand(len(batch), 1, 1, 1) < 0.5, batch, batch.flip(3))
            loss = functional.cross_entropy(network(batch), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def measure(network, pixels, truth, shares):
    """Accuracy, cross-entropy with the truth, and with the shares of votes."""
    logs = torch.cat([network(one).log_softmax(1) for one in pixels.split(500)]).double()
    right = (logs.argmax(1) == truth).double().mean().item()
    return right, functional.nll_loss(logs, truth).item(), -(shares * logs).sum(1).mean().item()


def main():
    """Train, test and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=20)
    args = parser.parse_args()
    near, far = load("synthetic"), load("synthetic-far")
    found = {"hard": [], "human": []}
    seconds = []
    for seed in range(args.seeds):
        order = torch.randperm(5000, generator=torch.Generator().manual_seed(seed))
        seen, held_out = order[:4000], order[4000:]
        pixels, truth, shares = (one[seen] for one in near)
        test = [one[held_out] for one in near]
        for name, targets in (("hard", truth), ("human", shares)):
            start = time.perf_counter()
            network = train(pixels, targets, args.epochs, seed)
            seconds.append(time.perf_counter() - start)
            found[name].append([*measure(network, *test), *measure(network, *far)])
    hard, human = (np.array(found[name]) for name in ("hard", "human"))
    print(f"{np.median(seconds):.1f} s a training, {args.seeds} seeds, {args.epochs} epochs")
    names = [f"{data} {metric}" for data in ("held-out", "far")
             for metric in ("accuracy", "ce_hard", "ce_human")]  # fmt: skip
    half = stats.t.ppf(0.975, args.seeds - 1) / np.sqrt(args.seeds)
    for column, name in enumerate(names):
        change = human[:, column] - hard[:, column]
        low, high = change.mean() + half * change.std(ddof=1) * np.array([-1, 1])
        print(
            f"{name:18s} hard {hard[:, column].mean():.4f}  human {human[:, column].mean():.4f}  "
            f"human - hard {change.mean():+.4f} ({low:+.4f} to {high:+.4f})"
        )


if __name__ == "__main__":
    main()
