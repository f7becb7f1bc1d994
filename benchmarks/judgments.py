"""A trial file to labels: whole processes against pandas, and the memory of many copies.

    python benchmarks/judgments.py TRIALS.csv [--repeats 7] [--copies 50]

TRIALS.csv is a trial file of CIFAR-10H's form; copies repeat its rows with shifted annotators. Both
programs run on the file and on ten copies of it, c10h alone on --copies. Needs pandas. Wanted: half
of the time of benchmarks/plain_judgments.py, and 27 million rows in less than 4 GiB.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import polars
from timing import compare, run


def main():
    """Time both programs in turn, then c10h on the copies."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("trials")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--copies", type=int, default=50)
    args = parser.parse_args()
    peer = Path(__file__).with_name("plain_judgments.py")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        c10h = [sys.executable, "-m", "c10h", "labels", "build"]
        output = ["-o", str(folder / "labels.h5"), "--force"]
        for copies, repeats in ((1, args.repeats), (10, 3)):
            table = folder / f"{copies}.csv"
            rows = copy(args.trials, table, copies)
            print(f"{rows:,} rows")
            pandas = [sys.executable, str(peer), str(table), str(folder / "plain.h5")]
            commands = {"pandas": pandas, "c10h labels build": [*c10h, str(table), *output]}
            found = compare(commands, repeats)
            for name, (seconds, memory) in found.items():
                ratio = seconds / found["pandas"][0]
                print(f"{name:20s} {seconds:7.2f} s  {memory:6.0f} MB  {ratio:.2f}", flush=True)
            table.unlink()
        large = folder / "copies.csv"
        rows = copy(args.trials, large, args.copies)
        seconds, memory = run([*c10h, str(large), *output])
        print(f"{rows:,} rows\nc10h labels build    {seconds:7.2f} s  {memory:6.0f} MB")


def copy(trials, path, copies):
    """Write the rows ``copies`` times, each time by other annotators; returns their number."""
    table = polars.read_csv(trials)
    shift = int(table["annotator_id"].max()) + 1
    with path.open("wb") as stream:
        for number in range(copies):
            moved = table.with_columns(polars.col("annotator_id") + number * shift)
            moved.write_csv(stream, include_header=number == 0)
    return copies * table.height


if __name__ == "__main__":
    main()
