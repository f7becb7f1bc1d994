"""Whole processes on 10,000 items, and the help texts, against ``import torch`` alone.

Then ``import c10h`` against ``import json``, less what Python itself takes to start.

    python benchmarks/startup.py [--repeats 11]

Wanted: scoring with 1,000 resamples in at most 0.5 of the time of the import, help in 0.15.
"""

import argparse
import sys
import tempfile

from inputs import made
from timing import C10H, compare


def main():
    """Time the commands in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=11)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = made(temporary, "scores", 10_000)
        inputs = ["--labels", place / "counts.npy", "--truth", place / "truth.npy"]
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "c10h score": [*C10H, "score", place / "logits.npy", *inputs],
            "c10h --help": [*C10H, "--help"],
            "c10h score --help": [*C10H, "score", "--help"],
        }
        processes = compare(commands, args.repeats)
        imports = {
            statement: [sys.executable, "-c", statement]
            for statement in ("pass", "import json", "import c10h")
        }
        seconds = {name: time for name, (time, _) in compare(imports, 5 * args.repeats).items()}
    for name, (time, _) in processes.items():
        print(f"{name:18s} {time:6.3f} s  {time / processes['import torch'][0]:.3f}")
    json, own = (seconds[name] - seconds["pass"] for name in ("import json", "import c10h"))
    print(f"import json {1000 * json:.1f} ms, import c10h {1000 * own:.1f} ms: {own / json:.2f}")


if __name__ == "__main__":
    main()
