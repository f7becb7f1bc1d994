"""Pictures to a file of images: whole processes against bare decoding by Pillow.

    python benchmarks/pictures.py FOLDER_OR_TAR [--repeats 7]

A .tar is unpacked for the peer, and imported from the archive too. Wanted: at most twice the time
of benchmarks/plain_decode.py, which runs in as many processes and keeps nothing.
"""

import argparse
import sys
import tarfile
import tempfile
from pathlib import Path

from timing import compare


def main():
    """Time both programs in turn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    peer = Path(__file__).with_name("plain_decode.py")
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.pictures
        output = ["-o", str(Path(temporary) / "images.h5"), "--force"]
        c10h = [sys.executable, "-m", "c10h", "data", "import"]
        commands = {}
        if not folder.is_dir():
            folder = Path(temporary) / "pictures"
            with tarfile.open(args.pictures) as archive:
                archive.extractall(folder, filter="data")
            commands["c10h data import TAR"] = [*c10h, str(args.pictures), *output]
        commands["Pillow"] = [sys.executable, str(peer), str(folder)]
        commands["c10h data import"] = [*c10h, str(folder), *output]
        found = compare(commands, args.repeats)
        for name, (seconds, memory) in found.items():
            ratio = seconds / found["Pillow"][0]
            print(f"{name:24s} {seconds:6.2f} s  {memory:5.0f} MB  {ratio:.2f}")


if __name__ == "__main__":
    main()
