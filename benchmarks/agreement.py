"""Robust accuracy of c10h, foolbox and torchattacks side by side, on one network.

    pip install foolbox; pip install --no-deps torchattacks
    python benchmarks/agreement.py [--seconds 60] [--network resnet_basic_8] [--items 500]

The network is trained on half of the embedded set and attacked on images of the other. FGSM and ten
steps of PGD begin at the image itself and have the same steps everywhere: the figures should be
equal, but for single images in ℓ2, where cleverhans clips before it projects. APGD of cross-entropy
begins at random, so that figures are close, and is there in ℓ∞ alone since it takes minutes. A
package that is not installed is left out.
"""

import argparse
import copy
import importlib
import time
import warnings

import torch
from training import CPU, training_of

from c10h import h5
from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import freeze
from c10h.attacks.budget import EUCLIDEAN, INFINITY, Budget
from c10h.attacks.restarts import Plan, attack
from c10h.datasets.cache import open_input
from c10h.training.device_and_precision import choose_precision, keep_freed_memory

LEVELS = (2, 4, 8)
# Of ε in ℓ2, so that as many images change as in ℓ∞.
EUCLIDEAN_SCALE = 20
PGD_STEPS, APGD_STEPS = 10, 50
BATCH = 250


def installed(name):
    """A package, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def trained(name, images, truth, seconds):
    """A network after so many seconds of training as ``c10h train`` does."""
    training = training_of(name, images, truth, choose_precision("auto", CPU))
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        training._step(training.network)
    return training.network


def with_c10h(network, pixels, truth, method, budget):
    """Perturbed pixels."""
    return attack(network, pixels, Goal(truth), budget, Plan(method), [0]).pixels


def with_foolbox(foolbox, network, pixels, truth, method, budget):
    """Perturbed pixels; None for what it has not."""
    norm = {INFINITY: "Linf", EUCLIDEAN: "L2"}[budget.norm]
    if method == "apgd":
        return None
    if method == "fgsm":
        other = getattr(foolbox.attacks, f"{norm}FastGradientAttack")(random_start=False)
    else:
        other = getattr(foolbox.attacks, f"{norm}ProjectedGradientDescentAttack")(
            abs_stepsize=budget.step_size, steps=budget.steps, random_start=False
        )
    model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
    return other(model, pixels, truth, epsilons=budget.epsilon)[1]


def with_torchattacks(torchattacks, network, pixels, truth, method, budget):
    """Perturbed pixels; None for what it has not."""
    epsilon, steps = budget.epsilon, budget.steps
    norm = {INFINITY: "Linf", EUCLIDEAN: "L2"}[budget.norm]
    if method == "apgd":
        other = torchattacks.APGD(network, norm, epsilon, steps, n_restarts=1, seed=0, loss="ce")
    elif method == "fgsm":
        if budget.norm == EUCLIDEAN:
            return None
        other = torchattacks.FGSM(network, epsilon)
    else:
        kind = torchattacks.PGD if budget.norm == INFINITY else torchattacks.PGDL2
        other = kind(network, epsilon, budget.step_size, steps, random_start=False)
    return other(pixels, truth)


def accuracy(network, perturbed, truth):
    """Of perturbed batches, in words."""
    if perturbed[0] is None:
        return "-"
    with torch.no_grad():
        right = torch.cat([network(one).argmax(dim=1) for one in perturbed]) == truth
    return f"{int(right.sum())}/{len(truth)}"


def main():
    """Train, attack, and print a row for each method, norm and ε."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--network", default="resnet_basic_8")
    parser.add_argument("--items", type=int, default=500)
    args = parser.parse_args()
    keep_freed_memory()
    record = h5.read(open_input("synthetic", "images"))
    images, truth = torch.tensor(record.images[:]), torch.tensor(record.truth)
    half = len(images) // 2
    network = freeze(trained(args.network, images[:half], truth[:half], args.seconds), CPU)
    # torchattacks takes pixels and networks in torch's own order alone.
    plain = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    pixels = images[half : half + args.items].permute(0, 3, 1, 2).float().div(255).contiguous()
    truth = truth[half : half + args.items]
    batches = list(zip(pixels.split(BATCH), truth.split(BATCH), strict=True))
    programs = {"c10h": lambda *given: with_c10h(network, *given)}
    if foolbox := installed("foolbox"):
        programs["foolbox"] = lambda *given: with_foolbox(foolbox, plain, *given)
    if torchattacks := installed("torchattacks"):
        programs["torchattacks"] = lambda *given: with_torchattacks(torchattacks, plain, *given)
    print(f"{args.network}, clean: {accuracy(plain, list(pixels.split(BATCH)), truth)}")
    print(f"{'':24s}" + "".join(f"{name:>14s}" for name in programs))
    for method, steps in (("fgsm", 1), ("pgd", PGD_STEPS), ("apgd", APGD_STEPS)):
        for norm, scale in ((INFINITY, 1), (EUCLIDEAN, EUCLIDEAN_SCALE)):
            if (method, norm) == ("apgd", EUCLIDEAN):
                continue
            for levels in LEVELS:
                epsilon, starts = scale * levels / 255, method == "apgd"
                budget = Budget.of(epsilon, steps, norm=norm, random_start=starts)
                found = [
                    accuracy(plain, [run(*batch, method, budget) for batch in batches], truth)
                    for run in programs.values()
                ]
                name = f"{method}-{steps} norm {norm} {scale * levels}/255"
                print(f"{name:24s}" + "".join(f"{one:>14s}" for one in found), flush=True)


if __name__ == "__main__":
    main()
