"""Score 10,000,000 items of 10 classes, against a plain numpy script without intervals.

    python benchmarks/score_large.py [FOLDER] [--items 10000000] [--repeats 5]

Without references (--rescale none), as the plain script has none, and with them. Writes 880 MB of
made-up logits (float32), vote counts (int32) and truth into FOLDER (a temporary one), runs all in
turn with a warm cache, and prints medians, memory and ratios. Wanted: a ratio of at most 2 to the
plain script, references that cost at most twice the time without them, and less than 1 GiB
(1,074 MB).
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import compare

CLASSES, BLOCK = 10, 100_000


def write(folder, items):
    """Votes of 50 annotators from Dirichlet distributions; logits that know them with noise."""
    random = np.random.default_rng(0)
    shape = (items, CLASSES)
    logits = np.lib.format.open_memmap(folder / "logits.npy", "w+", np.float32, shape)
    counts = np.lib.format.open_memmap(folder / "counts.npy", "w+", np.int32, shape)
    truth = np.lib.format.open_memmap(folder / "truth.npy", "w+", np.int64, (items,))
    for start in range(0, items, BLOCK):
        here = slice(start, min(start + BLOCK, items))
        people = random.dirichlet(np.full(CLASSES, 0.05), here.stop - start) + 1e-9
        people /= people.sum(axis=1, keepdims=True)
        counts[here] = random.multinomial(50, people)
        truth[here] = counts[here].argmax(axis=1)
        logits[here] = np.log(people + 1e-4) * 1.5 + random.normal(0, 1, people.shape)


def main():
    """Write the inputs, time both programs and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--items", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.folder or temporary)
        write(folder, args.items)
        logits, counts, truth = (str(folder / f"{n}.npy") for n in ("logits", "counts", "truth"))
        plain = str(Path(__file__).with_name("plain_score.py"))
        score = [sys.executable, "-m", "c10h", "score", logits, "--labels", counts]
        score += ["--truth", truth]
        commands = {
            "plain numpy": [sys.executable, plain, logits, counts, truth],
            "c10h score --rescale none": [*score, "--rescale", "none", "--json"],
            "c10h score": [*score, "--json"],
            "c10h score -o": [*score, "-o", str(folder / "s.h5"), "--force"],
        }
        found = compare(commands, args.repeats)
    for name, (seconds, memory) in found.items():
        print(
            f"{name:25s} {seconds:7.2f} s {memory:7.0f} MB  {seconds / found['plain numpy'][0]:.2f}"
        )


if __name__ == "__main__":
    main()
