"""The peer of benchmarks/judgments.py: trial file to labels, as one writes it in pandas.

    python benchmarks/plain_judgments.py TRIALS.csv OUT.h5

Does what ``c10h labels build`` does: leaves out inattentive annotators, takes the classes' names
from the table, refuses two truths for one item, counts repeated judgments, and writes votes,
shares, truth and annotators with the hash of the table.
"""

import hashlib
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

MIN_ATTENTION = 0.75


def main():
    """Read, leave out, check, count, write."""
    path, out = sys.argv[1:]
    table = pd.read_csv(path)
    checks = table[table.is_attn_check == 1]
    attention = checks.groupby("annotator_id").correct_guess.mean()
    excluded = attention[attention < MIN_ATTENTION].index
    normal = table[table.is_attn_check == 0]
    trials = normal[~normal.annotator_id.isin(excluded)]
    repeated = trials.duplicated(["annotator_id", "cifar10_test_test_idx"]).sum()
    names = (
        trials[["chosen_label", "chosen_category"]].drop_duplicates().sort_values("chosen_label")
    )
    items = normal.groupby("cifar10_test_test_idx").true_label
    if items.nunique().max() > 1 or names.chosen_label.duplicated().any():
        sys.exit("an item with two truths, or a label with two names")
    counts = pd.crosstab(trials.cifar10_test_test_idx, trials.chosen_label).sort_index()
    votes = counts.to_numpy(np.int32)
    annotators = pd.DataFrame(
        {
            "attention": attention,
            "trials": normal.groupby("annotator_id").size(),
            "votes": trials.groupby("annotator_id").size(),
        }
    ).fillna(0)
    with Path(path).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    with h5py.File(out, "w") as file:
        options = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
        file.create_dataset("counts", data=votes, **options)
        file.create_dataset("probs", data=votes / votes.sum(1, keepdims=True), **options)
        file.create_dataset("truth", data=items.first().to_numpy(), **options)
        for column in annotators:
            file.create_dataset(f"annotators/{column}", data=annotators[column].to_numpy())
        file.create_dataset("annotators/id", data=annotators.index.to_numpy())
        file.attrs.update({"classes": list(names.chosen_category), "sha256": digest})
    print(f"{votes.sum():,} votes, {len(excluded)} excluded, {repeated} repeated", file=sys.stderr)


if __name__ == "__main__":
    main()
