"""Whole processes on 10,000 items, and the help texts, against ``import torch`` alone.

Then ``import c10h`` against ``import json``, less what Python itself takes to start.

    python benchmarks/startup.py [--repeats 11]

Wanted: scoring with 1,000 resamples in at most 0.5 of the time of the import, help in 0.15.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import compare


def main():
    """Time the commands in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=11)
    args = parser.parse_args()
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        people = random.dirichlet(np.full(10, 0.05), 10_000) + 1e-9
        people /= people.sum(axis=1, keepdims=True)
        counts = random.multinomial(50, people)
        np.save(folder / "counts.npy", counts)
        np.save(folder / "truth.npy", counts.argmax(axis=1))
        noise = random.normal(0, 1, people.shape)
        np.save(folder / "logits.npy", (np.log(people + 1e-4) + noise).astype(np.float32))
        c10h = [sys.executable, "-m", "c10h"]
        inputs = ["--labels", str(folder / "counts.npy"), "--truth", str(folder / "truth.npy")]
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "c10h score": [*c10h, "score", str(folder / "logits.npy"), *inputs],
            "c10h --help": [*c10h, "--help"],
            "c10h score --help": [*c10h, "score", "--help"],
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
