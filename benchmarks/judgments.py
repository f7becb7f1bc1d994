"""A trial file to labels: whole processes against pandas, and the memory of many annotators.

    python benchmarks/judgments.py [--repeats 7] [--copies 50]

The trial files are made up, of the form of CIFAR-10H's and of its 2,571 annotators, of ten times as
many, and of --copies times as many, on which c10h runs alone. Needs pandas. Wanted: half of the
time of benchmarks/plain_judgments.py, and 27 million rows in less than 4 GiB.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from inputs import CHECKS, TRIALS, made
from timing import C10H, compare, run

ANNOTATORS = 2571
PANDAS, OURS = "pandas", "c10h labels build"


def programs(place):
    """Both commands by name, on a made-up trial file."""
    table, peer = place / "trials.csv", Path(__file__).with_name("plain_judgments.py")
    return {
        PANDAS: [sys.executable, peer, table, place / "plain.h5"],
        OURS: [*C10H, "labels", "build", table, "-o", place / "labels.h5", "--force"],
    }


def main():
    """Time both programs in turn, then c10h on many."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--copies", type=int, default=50)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for copies, repeats in ((1, args.repeats), (10, 3)):
            print(f"{copies * ANNOTATORS * (TRIALS + CHECKS):,} rows")
            found = compare(programs(made(folder, "trials", copies * ANNOTATORS)), repeats)
            for name, (seconds, memory) in found.items():
                ratio = seconds / found[PANDAS][0]
                print(f"{name:20s} {seconds:7.2f} s  {memory:6.0f} MB  {ratio:.2f}", flush=True)
        large = made(folder, "trials", args.copies * ANNOTATORS)
        seconds, memory = run(programs(large)[OURS])
        print(f"{args.copies * ANNOTATORS * (TRIALS + CHECKS):,} rows")
        print(f"{OURS:20s} {seconds:7.2f} s  {memory:6.0f} MB")


if __name__ == "__main__":
    main()
