"""Reports of two thousand scores files: whole processes, seconds and memory.

    python benchmarks/reports.py [--files 2000] [--repeats 3]

The files are what ``c10h score`` writes of 10,000 items with all metrics and 1,000 resamples, for
twenty networks, as many trainings as it takes, and five data sets.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from inputs import made
from timing import C10H, compare, run

from c10h import h5
from c10h.files import Source

NETWORKS, DATA_SETS = 20, 5


def scored(folder):
    """The scores of made-up logits."""
    place = made(folder, "scores", 10_000)
    labels = ["--labels", place / "counts.npy", "--truth", place / "truth.npy"]
    run([*C10H, "score", place / "logits.npy", *labels, "-o", folder / "one.h5"])
    return h5.read(Source.open(str(folder / "one.h5")))


def main():
    """Make the files, and time reports of them in several formats."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        record, names, paths = scored(folder), [], []
        for number in range(args.files):
            rest, data = divmod(number, DATA_SETS)
            training, network = divmod(rest, NETWORKS)
            texts = {"network": f"n{network}", "training": f"t{training}", "data": f"d{data}"}
            names.append("-".join(texts.values()))
            columns = {name: np.array([text]) for name, text in texts.items()}
            paths.append(str(folder / f"{names[-1]}.h5"))
            h5.write(replace(record, run=np.array(names[-1:]), **columns), paths[-1])
        report = [*C10H, "report", *paths]
        found = compare(
            {
                "terminal": report,
                "--json": [*report, "--json"],
                "--format html": [*report, "--format", "html"],
                "--baseline": [*report, "--baseline", names[0]],
                "--table 1": [*report, "--table", "1"],
            },
            args.repeats,
        )
    for name, (seconds, memory) in found.items():
        print(f"{name:14s} {seconds:6.2f} s  {memory:5.0f} MB")


if __name__ == "__main__":
    main()
