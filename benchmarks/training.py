"""Images a second in training and predicting, against plain loops, in one run.

    python benchmarks/training.py [--repeats 3] [--networks resnet_basic_20 wrn_16_4]

Training: the same network, batch 128, crops and flips, in c10h and in benchmarks/plain_training.py,
the loop that most training codes have: PIL transforms, a DataLoader of two workers, float32, NCHW.
Wanted: 2.2 times its rate. Predicting: float32, against bare forward passes of the same network
over tensors that are ready. Wanted: 90 % of their rate. Turns alternate, each in a process of its
own; medians are compared.
"""

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import torch
from plain_training import PlainLoop

from c10h import h5
from c10h.datasets.cache import open_input
from c10h.models.architectures import family_of
from c10h.models.building import build
from c10h.training.checkpoint import Checkpoint
from c10h.training.device_and_precision import choose_precision, keep_freed_memory
from c10h.training.inference import predict
from c10h.training.loop import Examples, Settings, Training
from c10h.training.recipes import RECIPES

CPU = torch.device("cpu")
SECONDS = 20.0
PLAIN, BARE = "plain loop", "bare forward"
TRAINING = [
    f"c10h train, {kind}" for kind in dict.fromkeys((choose_precision("auto", CPU), "fp32"))
]


def timed(step, batch, seconds=SECONDS):
    """Images a second of a function that handles a batch, over so many seconds."""
    step()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        count += batch
    return count / (time.perf_counter() - start)


def training_of(name, images, truth, precision, batch=128):
    """A training as ``c10h train`` makes it."""
    recipe = replace(RECIPES[family_of(name)], epochs=10_000, batch_size=batch)
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


def plain(name, images, truth):
    """A function that trains one step as most training codes do."""
    return PlainLoop(build(name), images, truth).step


def predicting(name, images):
    """A function that predicts all images as ``c10h predict`` does."""
    network = build(name).eval()
    return lambda: predict(network, images.numpy(), CPU, "fp32")


def bare(name, images):
    """A function of bare forward passes of 500."""
    network = build(name).eval().to(memory_format=torch.channels_last)
    pixels = images.permute(0, 3, 1, 2).float().div(255)
    pixels = pixels.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def forward():
        for block in pixels.split(500):
            network(block)

    return forward


def turn(program, name, seconds=SECONDS):
    """Images a second of one program, the only one of its process."""
    record = h5.read(open_input("synthetic", "images"))
    images, truth = torch.tensor(record.images[:]), torch.tensor(record.truth)
    if program.startswith("c10h"):
        keep_freed_memory()
    if program in (PLAIN, *TRAINING):
        kind = program.partition(", ")[2]
        step = plain(name, images, truth) if program == PLAIN else ours(name, images, truth, kind)
        return timed(step, 128, seconds)
    make = bare if program == BARE else predicting
    return timed(make(name, images[:1000]), 1000, seconds)


def compare(title, name, programs, repeats, seconds):
    """Print medians of images a second, and their ratio to the first program's."""
    found = {program: [] for program in programs}
    for _ in range(repeats):
        for program in programs:
            line = [sys.executable, __file__, "--turn", program, name, "--seconds", str(seconds)]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            found[program].append(float(done.stdout))
    medians = {program: statistics.median(rates) for program, rates in found.items()}
    print(f"{name}, {title}")
    for program, rate in medians.items():
        turns = " ".join(f"{one:.0f}" for one in found[program])
        ratio = rate / medians[programs[0]]
        print(f"  {program:18s} {rate:7.0f} images/s  {ratio:.2f}  ({turns})", flush=True)


def main():
    """Time all in turn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--networks", nargs="+", default=["resnet_basic_20", "wrn_16_4"])
    parser.add_argument("--turn", nargs=2, help="only time one program on one network")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of one measurement")
    args = parser.parse_args()
    if args.turn:
        print(turn(*args.turn, args.seconds))
        return
    for name in args.networks:
        compare("training", name, (PLAIN, *TRAINING), args.repeats, args.seconds)
        compare("predicting", name, (BARE, "c10h predict"), args.repeats, args.seconds)


if __name__ == "__main__":
    main()
