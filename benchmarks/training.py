"""Images a second in training and predicting, against plain loops, in one run.

    python benchmarks/training.py [--repeats 3] [--networks resnet_basic_20 wrn_16_4]

Training: the same network, batch 128, crops and flips, in c10h and in benchmarks/plain_training.py,
the loop that most training codes have: PIL transforms, a DataLoader of two workers, float32, NCHW.
Wanted: 2.2 times its rate. Predicting: float32, against bare forward passes of the same network
over tensors that are ready. Wanted: 90 % of their rate. Turns alternate; medians are compared.
"""

import argparse
import statistics
import time
from dataclasses import replace

import torch
from plain_training import PlainLoop

from c10h import h5
from c10h.data.cache import open_input
from c10h.models import build, family_of
from c10h.training.checkpoint import Checkpoint
from c10h.training.evaluation import predict
from c10h.training.loop import Examples, Settings, Training
from c10h.training.precision import choose_precision
from c10h.training.recipes import RECIPES

CPU = torch.device("cpu")
SECONDS = 20.0


def timed(step, batch):
    """Images a second of a function that handles a batch, over some twenty seconds."""
    step()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        step()
        count += batch
    return count / (time.perf_counter() - start)


def training_of(name, images, truth, precision):
    """A training as ``c10h train`` makes it."""
    recipe = replace(RECIPES[family_of(name)], epochs=10_000)
    targets = torch.nn.functional.one_hot(truth, 10).float()
    settings = Settings(recipe, seed=0, fold=-1, precision=precision, device=CPU)
    state = Checkpoint({}, torch.zeros(0, dtype=torch.int64))
    training = Training(build(name), Examples(images, targets, truth), settings, state)
    training.network.train()
    return training


def ours(name, images, truth, precision):
    """A function that trains one step as ``c10h train`` does."""
    training = training_of(name, images, truth, precision)
    return lambda: training._step(training.network)


def bare(name, images):
    """Functions that predict all images: c10h, and bare forward passes of 500."""
    network = build(name).eval()
    pixels = (
        images.permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)
    )
    array = images.numpy()

    @torch.no_grad()
    def forward():
        for block in pixels.split(500):
            network(block)

    network = network.to(memory_format=torch.channels_last)
    return lambda: predict(network, array, CPU, "fp32"), forward


def main():
    """Time all in turn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--networks", nargs="+", default=["resnet_basic_20", "wrn_16_4"])
    args = parser.parse_args()
    record = h5.read(open_input("synthetic", "images"))
    images, truth = torch.tensor(record.images[:]), torch.tensor(record.truth)
    precision = choose_precision("auto", CPU)
    for name in args.networks:
        plain = PlainLoop(build(name), images, truth)
        steps = {
            "plain loop": (plain.step, 128),
            f"c10h train, {precision}": (ours(name, images, truth, precision), 128),
            "c10h train, fp32": (ours(name, images, truth, "fp32"), 128),
        }
        report(f"{name}, training", steps, args.repeats)
        answer, forward = bare(name, images[:1000])
        steps = {"bare forward": (forward, 1000), "c10h predict": (answer, 1000)}
        report(f"{name}, predicting", steps, args.repeats)


def report(title, steps, repeats):
    """Print medians of images a second, and their ratio to the first."""
    found = {name: [] for name in steps}
    for _ in range(repeats):
        for name, (step, batch) in steps.items():
            found[name].append(timed(step, batch))
    medians = {name: statistics.median(rates) for name, rates in found.items()}
    print(title)
    first = next(iter(medians.values()))
    for name, rate in medians.items():
        print(f"  {name:22s} {rate:8.0f} images/s  {rate / first:.2f}", flush=True)


if __name__ == "__main__":
    main()
