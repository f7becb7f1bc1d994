"""Image-steps a second of PGD-10, against cleverhans as shipped and a bare loop, in one run.

    python benchmarks/attacks.py [--repeats 5] [--network resnet_basic_8_w32]

As shipped: cleverhans 4 on the network as built, parameters and all, and nothing recorded. The bare
loop: ten forward passes and input gradients of a frozen network in channels-last, without steps or
projections, and a forward pass to know what came out. Wanted of c10h: 1.25 times the first and 0.95
of the second in float32, 2.2 times the first in bfloat16. Turns alternate; medians are compared.
Then memory of 10 and 200 steps, and robust accuracy in both precisions of a network that is trained
for a few epochs on half of the embedded set and attacked on the other half.
"""

import argparse
import copy
import functools
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from cleverhans.torch.attacks.projected_gradient_descent import projected_gradient_descent
from training import CPU, training_of

from c10h import h5
from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import freeze
from c10h.attacks.budget import Budget
from c10h.attacks.methods import LOSSES
from c10h.attacks.restarts import Plan, attack, call_on_clean
from c10h.datasets.cache import open_input
from c10h.models.building import build
from c10h.training.device_and_precision import choose_precision, keep_freed_memory

BATCH, STEPS, EPSILON = 250, 10, 4 / 255
SHIPPED, BARE = "cleverhans as shipped", "bare loop"


def batch_of(images, truth, rows):
    """Pixels in [0, 1] and true classes of some images."""
    pixels = images[rows].permute(0, 3, 1, 2).float().div(255)
    return pixels.contiguous(memory_format=torch.channels_last), truth[rows]


def as_shipped(network, pixels, truth):
    """cleverhans on the network as it is."""
    network, pixels = copy.deepcopy(network).eval(), pixels.contiguous()

    def step():
        projected_gradient_descent(
            network, pixels, EPSILON, EPSILON / 4, STEPS, np.inf, 0.0, 1.0, truth
        )

    return step


def bare(network, pixels, truth):
    """Forward passes and input gradients, and a last forward pass."""
    network = freeze(copy.deepcopy(network), CPU)

    def step():
        for _ in range(STEPS):
            leaf = pixels.detach().requires_grad_(True)
            loss = LOSSES["ce"](network(leaf), Goal(truth)).sum()
            torch.autograd.grad(loss, leaf)
        with torch.no_grad():
            network(pixels)

    return step


def with_c10h(network, pixels, truth, precision, steps=STEPS):
    """c10h's PGD with everything that it records, after the clean call."""
    network, plan = freeze(copy.deepcopy(network), CPU), Plan("pgd", precision=precision)
    goal, budget = Goal(truth), Budget.of(EPSILON, steps, random_start=True)
    clean = call_on_clean(network, pixels, goal, precision)
    return lambda: attack(network, pixels, goal, budget, plan, [0], clean)


def programs_of(network, batch):
    """A function for each program, by name."""
    return {
        SHIPPED: lambda: as_shipped(network, *batch),
        BARE: lambda: bare(network, *batch),
        **{
            f"c10h, {kind}": functools.partial(with_c10h, network, *batch, kind)
            for kind in ("fp32", "bf16")
        },
    }


def rate_of(step):
    """Image-steps a second of one attack."""
    start = time.perf_counter()
    step()
    return BATCH * STEPS / (time.perf_counter() - start)


def compare(network, images, truth, repeats):
    """Print medians of image-steps a second."""
    batch = batch_of(images, truth, slice(0, BATCH))
    programs = {name: make() for name, make in programs_of(network, batch).items()}
    found = {name: [] for name in programs}
    for step in programs.values():
        step()
    for _ in range(repeats):
        for name, step in programs.items():
            found[name].append(rate_of(step))
    medians = {name: statistics.median(rates) for name, rates in found.items()}
    for name, rate in medians.items():
        shipped, loop = medians[SHIPPED], medians[BARE]
        print(f"{name:22s} {rate:7.0f} image-steps/s  {rate / shipped:.2f} of shipped "
              f"{rate / loop:.2f} of bare", flush=True)  # fmt: skip


def memory(steps, name):
    """Print the largest memory of a process that attacks a batch."""
    record = h5.read(open_input("synthetic", "images"))
    images, truth = torch.tensor(record.images[:BATCH]), torch.tensor(record.truth[:BATCH])
    with_c10h(build(name), *batch_of(images, truth, slice(0, BATCH)), "fp32", steps)()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{steps:4d} steps: {megabytes:,.0f} MB", flush=True)


def precisions(name, images, truth):
    """Print robust accuracy of a trained network in both precisions."""
    half = len(images) // 2
    training = training_of(name, images[:half], truth[:half], choose_precision("auto", CPU))
    for _ in range(10 * training.per_epoch):
        training._step(training.network)
    rows = slice(half, half + 4 * BATCH)
    for kind in ("fp32", "bf16"):
        correct = []
        for start in range(rows.start, rows.stop, BATCH):
            batch = batch_of(images, truth, slice(start, start + BATCH))
            correct.append(with_c10h(training.network, *batch, kind)().correct[-1])
        print(f"robust accuracy at 4/255, {kind}: {torch.cat(correct).float().mean():.4f}")


def main():
    """Time all in turn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--network", default="resnet_basic_8_w32")
    parser.add_argument("--turn", help="only time one program, after one attack to warm up")
    parser.add_argument("--memory", type=int, help="only measure the memory of so many steps")
    args = parser.parse_args()
    keep_freed_memory()
    if args.memory:
        memory(args.memory, args.network)
        return
    record = h5.read(open_input("synthetic", "images"))
    images, truth = torch.tensor(record.images[:]), torch.tensor(record.truth)
    if args.turn:
        batch = batch_of(images, truth, slice(0, BATCH))
        step = programs_of(build(args.network), batch)[args.turn]()
        step()
        print(max(rate_of(step) for _ in range(args.repeats)))
        return
    compare(build(args.network), images, truth, args.repeats)
    for steps in (10, 200):
        subprocess.run([sys.executable, __file__, "--memory", str(steps)], check=True)
    precisions(args.network, images, truth)


if __name__ == "__main__":
    main()
