"""Pictures to a file of images: whole processes against bare decoding by Pillow.

    python benchmarks/pictures.py [--pictures 50000] [--repeats 7]

Wanted: at most twice the time of benchmarks/plain_decode.py, which runs in as many processes and
keeps nothing, from a folder and from a .tar.xz. The pictures are JPEGs of the embedded set.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from inputs import made
from timing import C10H, compare

FORMS = {"folder": "train", ".tar.xz": "train.tar.xz"}
PILLOW, OURS = "Pillow", "c10h data import"


def programs(place, form):
    """Both commands by name, on made-up pictures."""
    pictures, peer = place / FORMS[form], Path(__file__).with_name("plain_decode.py")
    return {
        PILLOW: [sys.executable, peer, pictures],
        OURS: [*C10H, "data", "import", pictures, "-o", place / "images.h5", "--force"],
    }


def main():
    """Time both programs in turn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = made(folder, "pictures", args.pictures)
        for form in FORMS:
            found = compare(programs(place, form), args.repeats)
            for name, (seconds, memory) in found.items():
                ratio = seconds / found[PILLOW][0]
                print(f"{form:8s} {name:16s} {seconds:6.2f} s  {memory:5.0f} MB  {ratio:.2f}")


if __name__ == "__main__":
    main()
