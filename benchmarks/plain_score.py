"""The metrics of ``c10h score`` as a plain script: whole arrays in float64, values alone.

    python benchmarks/plain_score.py LOGITS.npy COUNTS.npy TRUTH.npy

The peer of benchmarks/score_large.py. It is written as one would in a notebook: numpy and nothing
else, every array in memory, no loops over items.
"""

import json
import sys

import numpy as np


def ranks(values):
    """Average ranks, ties included."""
    _, place, size = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(size) - (size - 1) / 2)[place]


def main(logits_file, counts_file, truth_file):
    z = np.load(logits_file).astype(np.float64)
    counts = np.load(counts_file).astype(np.float64)
    y = np.load(truth_file)
    n, rows = len(y), np.arange(len(y))
    votes = counts.sum(axis=1)
    p = counts / votes[:, None]
    shifted = z - z.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    q, log_q = e / total, shifted - np.log(total)
    del e, shifted

    def entropy(x):
        return -np.sum(x * np.log(np.where(x > 0, x, 1)), axis=1)

    out = {}
    choice, confidence = q.argmax(axis=1), q.max(axis=1)
    correct = (choice == y).astype(np.float64)
    out["accuracy"] = correct.mean()
    out["ce_hard"] = -log_q[rows, y].mean()
    out["ce_human"] = -(p * log_q).sum(axis=1).mean()
    h_p, h_q = entropy(p), -(q * log_q).sum(axis=1)
    out["kl"] = out["ce_human"] - h_p.mean()
    out["tvd"] = np.abs(q - p).sum(axis=1).mean() / 2
    out["entropy_gap"] = (h_q - h_p).mean()
    out["entropy_error"] = np.abs(h_q - h_p).mean()
    out["jsd"] = (entropy((p + q) / 2) - (h_p + h_q) / 2).mean()
    onehot = np.zeros_like(q)
    onehot[rows, y] = 1
    out["brier_hard"] = ((q - onehot) ** 2).sum(axis=1).mean()
    distance = ((q - p) ** 2).sum(axis=1)
    out["brier_human"] = distance.mean()
    variance = 1 - (counts * (counts - 1)).sum(axis=1) / (votes * (votes - 1))
    out["brier_human_debiased"] = (distance - variance / votes).mean()
    out["equivalent_annotators"] = variance.mean() / out["brier_human_debiased"]

    order = np.sort(counts, axis=1)[:, ::-1]
    by_logit = np.argsort(z, axis=1)
    second = by_logit[:, -2]
    out["accuracy_top5"] = (by_logit[:, -5:] == y[:, None]).any(axis=1).mean()
    has_second = order[:, 1] > 0
    hit = counts[rows, second] == order[:, 1]
    out["sba"] = hit[has_second].mean()
    unique = has_second & (order[:, 0] > order[:, 1]) & (order[:, 1] > order[:, 2])
    out["sba_unique"] = hit[unique].mean()

    slot = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
    for name, target in (("ece", correct), ("ece_human", p[rows, choice])):
        out[name] = np.abs(np.bincount(slot, confidence - target, 15)).sum() / n
    place = np.argsort(confidence)
    parts = np.array_split((confidence - correct)[place], 15)
    out["ece_adaptive"] = sum(abs(part.sum()) for part in parts) / n
    out["entropy_corr"] = np.corrcoef(ranks(h_p.round(12)), ranks(h_q.round(12)))[0, 1]
    out["conf_right"] = confidence[correct == 1].mean()
    out["conf_wrong"] = confidence[correct == 0].mean()
    annotator = p[rows, y]
    a, b = correct.mean(), annotator.mean()
    observed = (correct * annotator + (1 - correct) * (1 - annotator)).mean()
    expected = a * b + (1 - a) * (1 - b)
    out["kappa_human"] = (observed - expected) / (1 - expected)
    risk = np.cumsum(1 - correct[place[::-1]]) / np.arange(1, n + 1)
    out["aurc"] = risk.mean()
    print(json.dumps({name: float(value) for name, value in out.items()}, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
