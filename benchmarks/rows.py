"""Every side-by-side: one row for each thing that c10h does and somebody else does too."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import judgments
import pictures
import score_large
from inputs import CHECKS, TRIALS
from timing import C10H

HERE = Path(__file__).parent
NETWORK = "resnet_basic_20"


@dataclass(frozen=True)
class Row:
    """What is done, and by which two commands with the same input.

    what: with {size}, which is that of the inputs times ``unit``; quick: the size of a short run.
    peer: the other program; package: the one whose version is told. kind: of benchmarks/inputs.py,
    or None. ours, theirs: commands, of the folder of the inputs. seconds: of the number that both
    print, where the time of a whole process is not what is compared.
    """

    what: str
    peer: str
    package: str
    kind: str | None
    size: int
    quick: int
    ours: Callable[[Path], list]
    theirs: Callable[[Path], list]
    unit: int = 1
    seconds: Callable[[float], float] | None = None

    def text(self, size):
        """What is done to so much."""
        return self.what.format(size=size * self.unit)


def of(programs, name, *more):
    """A command of a script's own, by name."""
    return lambda place: programs(place, *more)[name]


def score(metrics, *options):
    """Score made-up logits by some metrics."""
    return lambda place: [
        *(*C10H, "score", place / "logits.npy", "--labels", place / "counts.npy"),
        *("--truth", place / "truth.npy", "--metrics", metrics, "--rescale", "none", "--json"),
        *options,
    ]


def labels(kind):
    """Labels of made-up votes."""
    return lambda place: [
        *(*C10H, "labels", "build", place / "votes.csv", "--as", kind),
        *("-o", place / f"{kind}.h5", "--force"),
    ]


def peer(name, *files):
    """A program of benchmarks/peers.py, which must not find this folder's coverage.py."""
    return lambda place: [
        *(sys.executable, "-P", HERE / "peers.py", name),
        *(place / file for file in files),
    ]


def script(name, *options):
    """A script of this folder, on files of the inputs where they are paths."""
    return lambda place: [
        *(sys.executable, HERE / name),
        *(place / one if isinstance(one, Path) else one for one in options),
    ]


def training(program):
    """Images a second of a program of benchmarks/training.py."""
    return script("training.py", "--turn", program, NETWORK, "--seconds", "5")


def attacking(program):
    """Image-steps a second of a program of benchmarks/attacks.py."""
    return script("attacks.py", "--turn", program, "--repeats", "2")


VOTED = (2571, 100)
OF_TORCHMETRICS, OF_UNCERTAINTY = "accuracy,ece,kl", "aurc,brier_hard,ece_adaptive"
OF_SKLEARN = "accuracy,ce_hard,brier_hard,accuracy_top5"
NO_INTERVALS = ("--resamples", "0")

ROWS = {
    "score": Row(
        "score {size:,} items of 10 classes: all metrics, intervals and references",
        "plain_score.py, all metrics in plain numpy without intervals and references",
        "numpy",
        "scores",
        1_000_000,
        20_000,
        of(score_large.programs, score_large.WITH),
        of(score_large.programs, score_large.PLAIN),
    ),
    "score-no-references": Row(
        "score {size:,} items of 10 classes: all metrics and intervals, no references",
        "plain_score.py, all metrics in plain numpy without intervals and references",
        "numpy",
        "scores",
        1_000_000,
        20_000,
        of(score_large.programs, score_large.WITHOUT),
        of(score_large.programs, score_large.PLAIN),
    ),
    "score-torchmetrics": Row(
        "accuracy, ece and kl of {size:,} items, without intervals",
        "functions of torchmetrics",
        "torchmetrics",
        "scores",
        1_000_000,
        20_000,
        score(OF_TORCHMETRICS, *NO_INTERVALS),
        peer("torchmetrics", "logits.npy", "counts.npy", "truth.npy"),
    ),
    "score-torch-uncertainty": Row(
        "aurc, brier_hard and ece_adaptive of {size:,} items, without intervals",
        "metrics of torch-uncertainty",
        "torch-uncertainty",
        "scores",
        1_000_000,
        20_000,
        score(OF_UNCERTAINTY, *NO_INTERVALS),
        peer("torch_uncertainty", "logits.npy", "truth.npy"),
    ),
    "score-scikit-learn": Row(
        "accuracy, ce_hard, brier_hard and accuracy_top5 of {size:,} items, without intervals",
        "metrics of scikit-learn",
        "scikit-learn",
        "scores",
        1_000_000,
        20_000,
        score(OF_SKLEARN, *NO_INTERVALS),
        peer("sklearn", "logits.npy", "truth.npy"),
    ),
    "intervals-scipy": Row(
        "tvd of {size:,} items with the interval of 1,000 resamples",
        "scipy.stats.bootstrap, percentile",
        "scipy",
        "scores",
        100_000,
        5_000,
        score("tvd"),
        peer("scipy", "logits.npy", "counts.npy"),
    ),
    "labels-pandas": Row(
        "labels of a trial file of {size:,} rows, attention checks and all",
        "plain_judgments.py, the same in pandas",
        "pandas",
        "trials",
        *VOTED,
        of(judgments.programs, judgments.OURS),
        of(judgments.programs, judgments.PANDAS),
        unit=TRIALS + CHECKS,
    ),
    "labels-pandas-large": Row(
        "labels of a trial file of {size:,} rows, attention checks and all",
        "plain_judgments.py, the same in pandas",
        "pandas",
        "trials",
        12855,
        200,
        of(judgments.programs, judgments.OURS),
        of(judgments.programs, judgments.PANDAS),
        unit=TRIALS + CHECKS,
    ),
    "labels-peerannot": Row(
        "shares of {size:,} votes",
        "NaiveSoft of peerannot",
        "peerannot",
        "votes",
        *VOTED,
        labels("human"),
        peer("peerannot_soft", "votes.csv", "peerannot.npy"),
        unit=TRIALS,
    ),
    "majority-crowd-kit": Row(
        "first choices of {size:,} votes",
        "MajorityVote of crowd-kit",
        "crowd-kit",
        "votes",
        *VOTED,
        labels("majority"),
        peer("crowdkit_majority", "votes.csv", "majority.npy"),
        unit=TRIALS,
    ),
    "majority-cleanlab": Row(
        "first choices of {size:,} votes",
        "get_majority_vote_label of cleanlab",
        "cleanlab",
        "votes",
        *VOTED,
        labels("majority"),
        peer("cleanlab_majority", "votes.csv", "cleanlab.npy"),
        unit=TRIALS,
    ),
    "dawid-skene-crowd-kit": Row(
        "Dawid-Skene of {size:,} votes (c10h calls crowd-kit)",
        "DawidSkene of crowd-kit, called directly",
        "crowd-kit",
        "votes",
        *VOTED,
        labels("dawid-skene"),
        peer("crowdkit_dawid_skene", "votes.csv", "dawid-skene.npy"),
        unit=TRIALS,
    ),
    **{
        f"import-{form.removeprefix('.tar.')}": Row(
            f"a file of images from {{size:,}} JPEGs in a {form}",
            "plain_decode.py: Pillow decodes them and keeps nothing",
            "pillow",
            "pictures",
            10_000,
            500,
            of(pictures.programs, pictures.OURS, form),
            of(pictures.programs, pictures.PILLOW, form),
        )
        for form in pictures.FORMS
    },
    "train": Row(
        f"train {NETWORK} on {{size:,}} images, float32",
        "plain_training.py: PIL transforms, DataLoader, a loop",
        "torch",
        None,
        5_000,
        5_000,
        training("c10h train, fp32"),
        training("plain loop"),
        seconds=lambda rate: 5_000 / rate,
    ),
    "predict": Row(
        f"predict {{size:,}} images by {NETWORK}, float32",
        "bare forward passes over tensors",
        "torch",
        None,
        5_000,
        5_000,
        training("c10h predict"),
        training("bare forward"),
        seconds=lambda rate: 5_000 / rate,
    ),
    "attack-cleverhans": Row(
        "PGD of 10 steps on {size:,} images, float32",
        "cleverhans as shipped",
        "cleverhans",
        None,
        250,
        250,
        attacking("c10h, fp32"),
        attacking("cleverhans as shipped"),
        seconds=lambda rate: 2_500 / rate,
    ),
    "load-checkpoint": Row(
        "load a checkpoint of {size:,} weights, with its checksum",
        "torch.load, without one",
        "torch",
        "checkpoint",
        25_000_000,
        100_000,
        script("digests.py", "c10h", Path("fold-0.pt")),
        script("digests.py", "torch.load", Path("fold-0.pt")),
        seconds=float,
    ),
}
