"""What people use in place of c10h, as a program each: the peers of benchmarks/rows.py.

    python benchmarks/peers.py NAME FILE… [OUT]

Each reads the files that c10h reads, calls its package as its documentation shows, and prints the
values as JSON or writes its labels as OUT (.npy).
"""

import json
import sys

import numpy as np

# c10h's names of what each prints; tests/test_benchmarks.py holds the values against c10h's.
RESAMPLES, BINS, TOP = 1000, 15, 5


def as_probabilities(logits):
    """Softmax in float64."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    return e / e.sum(axis=1, keepdims=True)


def torchmetrics(logits, counts, truth):
    """Accuracy, calibration error and Kullback-Leibler divergence."""
    import torch
    from torchmetrics.functional import kl_divergence
    from torchmetrics.functional.classification import (
        multiclass_accuracy,
        multiclass_calibration_error,
    )

    probs = torch.tensor(np.load(logits)).softmax(dim=1)
    votes, y = torch.tensor(np.load(counts)), torch.tensor(np.load(truth))
    people = votes / votes.sum(dim=1, keepdim=True)
    classes = probs.shape[1]
    return {
        "accuracy": multiclass_accuracy(probs, y, classes, average="micro"),
        "ece": multiclass_calibration_error(probs, y, classes, n_bins=BINS),
        "kl": kl_divergence(people, probs),
    }


def torch_uncertainty(logits, truth):
    """Area under the risk-coverage curve, Brier score, calibration error of equal-mass bins."""
    import torch
    from torch_uncertainty.metrics import AURC, AdaptiveCalibrationError, BrierScore

    probs = torch.tensor(np.load(logits)).softmax(dim=1)
    y, classes = torch.tensor(np.load(truth)), probs.shape[1]
    metrics = {
        "aurc": AURC(),
        "brier_hard": BrierScore(classes),
        "ece_adaptive": AdaptiveCalibrationError("multiclass", num_classes=classes, num_bins=BINS),
    }
    for metric in metrics.values():
        metric.update(probs, y)
    return {name: metric.compute() for name, metric in metrics.items()}


def sklearn(logits, truth):
    """Accuracy, cross-entropy, Brier score, and whether the truth is among the first five."""
    from sklearn import metrics

    probs, y = as_probabilities(np.load(logits)), np.load(truth)
    classes = np.arange(probs.shape[1])
    return {
        "accuracy": metrics.accuracy_score(y, probs.argmax(axis=1)),
        "ce_hard": metrics.log_loss(y, probs, labels=classes),
        "brier_hard": metrics.brier_score_loss(y, probs, labels=classes, scale_by_half=False),
        f"accuracy_top{TOP}": metrics.top_k_accuracy_score(y, probs, k=TOP, labels=classes),
    }


def scipy(logits, counts):
    """Total variation distance and its 95 % interval of 1,000 resamples."""
    from scipy.stats import bootstrap

    votes = np.load(counts)
    people = votes / votes.sum(axis=1, keepdims=True)
    distance = np.abs(as_probabilities(np.load(logits)) - people).sum(axis=1) / 2
    found = bootstrap(
        (distance,), np.mean, n_resamples=RESAMPLES, batch=10, method="percentile", rng=0
    ).confidence_interval
    return {"tvd": distance.mean(), "low": found.low, "high": found.high}


def crowdkit_frame(votes):
    """Judgments in crowd-kit's form."""
    import pandas as pd

    return pd.read_csv(votes).rename(columns={"annotator": "worker", "item": "task"})


def crowdkit_majority(votes, out):
    """The class with most votes of each item."""
    from crowdkit.aggregation import MajorityVote

    np.save(out, MajorityVote().fit_predict(crowdkit_frame(votes)).sort_index().to_numpy())


def crowdkit_dawid_skene(votes, out):
    """Posterior of the true class."""
    from crowdkit.aggregation import DawidSkene

    found = DawidSkene().fit_predict_proba(crowdkit_frame(votes))
    np.save(out, found.sort_index().sort_index(axis=1).to_numpy())


def cleanlab_majority(votes, out):
    """The class with most votes of each item, from its table of items by annotators."""
    import pandas as pd
    from cleanlab.multiannotator import get_majority_vote_label

    table = pd.read_csv(votes).pivot(index="item", columns="annotator", values="label")
    np.save(out, get_majority_vote_label(table.to_numpy(), verbose=False))


def peerannot_answers(votes):
    """Judgments in peerannot's form, a dictionary of each item's, and the number of annotators."""
    import pandas as pd

    table, answers = pd.read_csv(votes), {}
    for annotator, item, label in table.itertuples(index=False):
        answers.setdefault(item, {})[annotator] = label
    return answers, table["annotator"].nunique()


def peerannot_soft(votes, out):
    """Shares of votes."""
    from peerannot.models import NaiveSoft

    np.save(out, NaiveSoft(peerannot_answers(votes)[0], n_classes=10).get_probas())


def peerannot_dawid_skene(votes, out):
    """Posterior of the true class."""
    from peerannot.models import DawidSkene

    model = DawidSkene(*peerannot_answers(votes), n_classes=10)
    model.run()
    np.save(out, model.get_probas())


PEERS = {
    one.__name__: one
    for one in (
        torchmetrics,
        torch_uncertainty,
        sklearn,
        scipy,
        crowdkit_majority,
        crowdkit_dawid_skene,
        cleanlab_majority,
        peerannot_soft,
        peerannot_dawid_skene,
    )
}


if __name__ == "__main__":
    values = PEERS[sys.argv[1]](*sys.argv[2:])
    if values is not None:
        print(json.dumps({name: float(value) for name, value in values.items()}))
