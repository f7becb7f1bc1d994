"""The peer of benchmarks/pictures.py: decode a folder's pictures with Pillow, and nothing else.

    python benchmarks/plain_decode.py FOLDER

All pictures below FOLDER are opened and loaded by as many processes as there are cores; the pixels
are thrown away.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image


def decode(paths):
    """Load each picture."""
    for path in paths:
        with Image.open(path) as picture:
            picture.load()
    return len(paths)


def main():
    """Decode all, in batches."""
    paths = [str(path) for path in sorted(Path(sys.argv[1]).glob("**/*.jpg"))]
    batches = [paths[start : start + 256] for start in range(0, len(paths), 256)]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        print(f"{sum(pool.map(decode, batches)):,} pictures", file=sys.stderr)


if __name__ == "__main__":
    main()
