"""Pictures to a file of images: whole processes against bare decoding by Pillow.

    python benchmarks/pictures.py FOLDER_OR_TAR [--repeats 7]

Wanted: at most twice the time of benchmarks/plain_decode.py, which runs in as many processes and
keeps nothing. A .tar is compared as it is, and unpacked.
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
        output = ["-o", str(Path(temporary) / "images.h5"), "--force"]
        c10h = [sys.executable, "-m", "c10h", "data", "import"]
        inputs = {"folder": args.pictures}
        if not args.pictures.is_dir():
            inputs = {"tar": args.pictures, "folder": Path(temporary) / "pictures"}
            with tarfile.open(args.pictures) as archive:
                archive.extractall(inputs["folder"], filter="data")
        commands = {}
        for form, path in inputs.items():
            commands[form, "Pillow"] = [sys.executable, str(peer), str(path)]
            commands[form, "c10h data import"] = [*c10h, str(path), *output]
        found = compare(commands, args.repeats)
        for (form, name), (seconds, memory) in found.items():
            ratio = seconds / found[form, "Pillow"][0]
            print(f"{form:6s} {name:16s} {seconds:6.2f} s  {memory:5.0f} MB  {ratio:.2f}")


if __name__ == "__main__":
    main()
