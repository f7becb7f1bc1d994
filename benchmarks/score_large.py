"""Score 10,000,000 items of 10 classes, against a plain numpy script without intervals.

    python benchmarks/score_large.py [FOLDER] [--items 10000000] [--repeats 5]

Without references (--rescale none), as the plain script has none, and with them. Writes 880 MB of
made-up logits (float32), vote counts (int32) and truth into FOLDER (a temporary one), runs all in
turn, and prints the fewest seconds, memory and ratios. Wanted: a ratio of at most 2 to the
plain script, references that cost at most twice the time without them, and less than 1 GiB
(1,074 MB).
"""

import argparse
import sys
import tempfile
from pathlib import Path

from inputs import made
from timing import C10H, compare

PLAIN, WITHOUT, WITH = "plain numpy", "c10h score --rescale none", "c10h score --json"


def programs(place):
    """The commands by name, on made-up scores; the plain script is the first."""
    files = [str(place / f"{name}.npy") for name in ("logits", "counts", "truth")]
    plain = Path(__file__).with_name("plain_score.py")
    score = [*C10H, "score", files[0], "--labels", files[1], "--truth", files[2]]
    return {
        PLAIN: [sys.executable, plain, *files],
        WITHOUT: [*score, "--rescale", "none", "--json"],
        WITH: [*score, "--json"],
        "c10h score -o": [*score, "-o", place / "scores.h5", "--force"],
    }


def main():
    """Write the inputs, time all programs and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--items", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = made(args.folder or temporary, "scores", args.items)
        found = compare(programs(place), args.repeats)
    for name, (seconds, memory) in found.items():
        ratio = seconds / found[PLAIN][0]
        print(f"{name:25s} {seconds:7.2f} s {memory:7.0f} MB  {ratio:.2f}")


if __name__ == "__main__":
    main()
