"""The peer of benchmarks/pictures.py: decode pictures with Pillow, and nothing else.

    python benchmarks/plain_decode.py FOLDER_OR_TAR

All pictures are opened and loaded by as many processes as there are cores; the pixels are thrown
away. A tar is read by tarfile in the first process.
"""

import io
import os
import sys
import tarfile
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

BATCH = 256


def decode(files):
    """Load each picture, which is a path or bytes."""
    for file in files:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as picture:
            picture.load()
    return len(files)


def in_tar(path):
    """The bytes of each picture."""
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if member.name.endswith(".jpg"):
                yield archive.extractfile(member).read()


def batches(files):
    """Lists of files."""
    batch = []
    for file in files:
        batch.append(file)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def main():
    """Decode all, in batches."""
    root = Path(sys.argv[1])
    files = map(str, sorted(root.glob("**/*.jpg"))) if root.is_dir() else in_tar(root)
    workers = len(os.sched_getaffinity(0))
    count = 0
    with ProcessPoolExecutor(workers) as pool:
        ahead = deque()
        for batch in batches(files):
            ahead.append(pool.submit(decode, batch))
            if len(ahead) > 2 * workers:
                count += ahead.popleft().result()
        count += sum(one.result() for one in ahead)
    print(f"{count:,} pictures", file=sys.stderr)


if __name__ == "__main__":
    main()
