"""What the whole paper costs: runs, GPU hours and storage, as a plan.

    python benchmarks/cost.py [--tflops 20] [--seeds 1] [--folds 10] [--measure]

Operations: those of convolutions and linear layers, forward and backward, of one image of 32 x 32,
counted by torch.utils.flop_counter (a multiplication and an addition are two). Hours are operations
divided by --tflops, what a GPU sustains: an assumption, of which hours are a simple quotient.
--measure trains each network for some steps on this CPU, in a process of its own, and shows how
well one rate, the median of the eight, tells the images a second of each; that spread is the error
to expect of a network's hours. Its seconds are those that the process has a CPU, shared by its
threads: other processes on the machine hardly change them.
"""

import argparse
import math
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode
from training import CPU, training_of

from c10h.models.architectures import ARCHITECTURES, family_of
from c10h.models.building import build
from c10h.training.device_and_precision import choose_precision, keep_freed_memory
from c10h.training.recipes import recipe_for

# The first example of each family but the last is the paper's own network.
NETWORKS = tuple(
    family.examples[0] for name, family in ARCHITECTURES.items() if name != "airbench94"
)
TRAIN, TEST = 50_000, 10_000
# What fine-tuned and pre-trained networks predict besides the test images: CIFAR-10.1 v4 and v6,
# the ImageNet part of CINIC-10, and the training images.
FURTHER = 2_021 + 2_000 + 210_000 + TRAIN
RATES, MIXUPS = 4, 10
CONDITIONS = ("control", "mixup", "class", "distill", "human", "sample", "majority")
FROM_SCRATCH = ("control", "human")
ATTACKED = ("control", "human")
# FGSM and ten steps of PGD, for two budgets, on the held-out images; checks about as much again.
ATTACK_PASSES = 2 * (1 + 10) * 2


@dataclass(frozen=True)
class Network:
    """flops: of one image, forward; forward and backward. numbers: what a checkpoint holds."""

    name: str
    parameters: int
    numbers: int
    forward: float
    both: float

    @property
    def epochs(self):
        """Of its pre-training."""
        return recipe_for("hysts", family_of(self.name)).epochs


@dataclass(frozen=True)
class Stage:
    """runs: trained networks. shown, predicted: images, forward and backward or forward alone."""

    name: str
    runs: int
    shown: float
    predicted: float = 0.0

    def flops(self, network):
        """Of one network of the paper, all runs of the stage."""
        return self.shown * network.both + self.predicted * network.forward


def backward_of_convolution(gradient, x, weight, *rest, out_shape=None, **more):
    """Operations of a convolution's gradients, each as many as forward.

    torch's own count takes no notice of groups here: 2.8 times too many for ResNeXt.
    """
    mask = rest[-1]
    return 2 * math.prod(gradient) * math.prod(weight[1:]) * sum(mask[:2])


def counted(name):
    """A network's operations, on tensors without content."""
    network = build(name, 10).to("meta").train()
    images = torch.zeros(2, 3, 32, 32, device="meta")
    own = {torch.ops.aten.convolution_backward: backward_of_convolution}
    with FlopCounterMode(display=False) as forward:
        network(images)
    with FlopCounterMode(display=False, custom_mapping=own) as both:
        network(images).sum().backward()
    return Network(
        name,
        sum(values.numel() for values in network.parameters()),
        sum(values.numel() for values in network.state_dict().values()),
        forward.get_total_flops() / len(images),
        both.get_total_flops() / len(images),
    )


def stages(network, folds, epochs, seeds):
    """What one network of the paper goes through."""
    part = TEST - TEST // folds
    tuned, scratch = len(CONDITIONS) * folds * seeds, len(FROM_SCRATCH) * folds * seeds
    # Choosing a rate, and of mixup also a strength, once for all folds, on nine tenths of a part.
    tried = (len(CONDITIONS) - 1) * RATES + RATES * MIXUPS
    return [
        Stage("pre-training", seeds, seeds * TRAIN * network.epochs, seeds * (TEST + FURTHER)),
        Stage("choice of rate and mixup", tried * seeds, tried * seeds * epochs * part * 0.9),
        Stage("fine-tuning", tuned, tuned * epochs * part, tuned * (TEST / folds + FURTHER)),
        Stage("from scratch", scratch, scratch * epochs * part, scratch * (TEST / folds + FURTHER)),
        Stage("attacks", 0, len(ATTACKED) * seeds * TEST * ATTACK_PASSES),
    ]


def print_table(head, rows):
    """As Markdown: the first column is text, the others numbers."""
    print("| " + " | ".join(head) + " |")
    print("| --- |" + " ---: |" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def print_networks(networks, rate):
    """Operations of each network, and images a second at the assumed rate."""
    print_table(
        ("network", "parameters", "GFLOPs forward", "and backward", "images/s"),
        [
            (
                one.name,
                f"{one.parameters:,}",
                *(f"{flops / 1e9:.2f}" for flops in (one.forward, one.both)),
                f"{rate / one.both:,.0f}",
            )
            for one in networks
        ],
    )


def print_hours(networks, args):
    """GPU hours by network and stage."""
    plan = {one: stages(one, args.folds, args.epochs, args.seeds) for one in networks}
    names = [stage.name for stage in plan[networks[0]]]
    hours = {
        one: [stage.flops(one) / (args.tflops * 1e12) / 3600 for stage in plan[one]]
        for one in networks
    }
    rows = [
        (one.name, *(f"{value:,.1f}" for value in row), f"{sum(row):,.0f}")
        for one, row in hours.items()
    ]
    sums = [sum(column) for column in zip(*hours.values(), strict=True)]
    rows.append(("all", *(f"{value:,.0f}" for value in sums), f"{sum(sums):,.0f}"))
    runs = [len(networks) * stage.runs for stage in plan[networks[0]]]
    rows.append(("trained networks", *(f"{count:,}" for count in runs), f"{sum(runs):,}"))
    print_table(("GPU hours", *names, "sum"), rows)
    longest = max(hours, key=lambda one: hours[one][0])
    fold = max(row[2] / len(CONDITIONS) / args.folds / args.seeds for row in hours.values())
    print(
        f"Longest job: pre-training {longest.name}, {hours[longest][0] / args.seeds:.0f} h; the "
        f"longest of a fold {60 * fold:.0f} min\n"
    )


def print_storage(networks, args):
    """GB of what is kept: checkpoints, those of the choice, predictions of all members."""
    plan = {one: stages(one, args.folds, args.epochs, args.seeds) for one in networks}

    def checkpoints(*names):
        return sum(
            4 * one.numbers * stage.runs
            for one in networks
            for stage in plan[one]
            if stage.name in names
        )

    predicted = len(networks) * sum(stage.predicted for stage in plan[networks[0]])
    rows = [
        (
            "checkpoints of trained networks",
            checkpoints("pre-training", "fine-tuning", "from scratch"),
        ),
        (
            "checkpoints of the choice, which can be deleted",
            checkpoints("choice of rate and mixup"),
        ),
        ("predictions, 40 bytes an image and network", 40 * predicted),
    ]
    print_table(("storage", "GB"), [(name, f"{size / 1e9:,.1f}") for name, size in rows])


def measured(name, batch, steps):
    """Images a second of a training on this CPU, by the quickest of some steps."""
    keep_freed_memory()
    images = torch.randint(0, 256, (4 * batch, 32, 32, 3), dtype=torch.uint8)
    truth = torch.arange(len(images)) % 10
    training = training_of(name, images, truth, choose_precision("auto", CPU), batch)
    times = []
    for _ in range(steps + 1):
        start = time.process_time()
        training._step(training.network)
        times.append((time.process_time() - start) / torch.get_num_threads())
    return batch / min(times[1:])


def print_measured(networks, args):
    """What one rate for all networks predicts, against what they do here."""
    found = {}
    for one in networks:
        line = [sys.executable, __file__, "--turn", one.name]
        line += ["--batch", str(args.batch), "--steps", str(args.steps)]
        found[one] = float(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
    rates = {one: found[one] * one.both for one in networks}
    rate = statistics.median(rates.values())
    ratios = {one: rate / rates[one] for one in networks}
    print_table(
        ("measured here", "images/s", "predicted", "predicted / measured", "GFLOP/s"),
        [
            (
                one.name,
                *(f"{value:.1f}" for value in (found[one], rate / one.both)),
                f"{ratios[one]:.2f}",
                f"{rates[one] / 1e9:.0f}",
            )
            for one in networks
        ],
    )
    factor = max(max(ratio, 1 / ratio) for ratio in ratios.values())
    print(
        f"One rate for all, {rate / 1e9:.0f} GFLOP/s, {choose_precision('auto', CPU)}, threads: "
        f"{torch.get_num_threads()}, tells each within a factor of {factor:.1f}"
    )


def main():
    """Print the plan."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tflops", type=float, default=20, help="what a GPU sustains")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=150, help="of fine-tuning and from scratch")
    parser.add_argument("--measure", action="store_true", help="train some steps on this CPU")
    parser.add_argument("--batch", type=int, default=32, help="of --measure")
    parser.add_argument("--steps", type=int, default=2, help="of --measure")
    parser.add_argument("--turn", help="only measure one network")
    args = parser.parse_args()
    if args.turn:
        print(measured(args.turn, args.batch, args.steps))
        return
    networks = [counted(name) for name in NETWORKS]
    print_networks(networks, args.tflops * 1e12)
    print_hours(networks, args)
    print_storage(networks, args)
    if args.measure:
        print_measured(networks, args)


if __name__ == "__main__":
    main()
