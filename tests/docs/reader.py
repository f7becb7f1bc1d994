"""The command c10h as a reader of docs/*.md has it, made small: python -m docs.reader ARGUMENTS.

The published data sets are the stand-ins of cli/published.py, networks are small, and a file that
is there already is made anew, as stand-ins have names that blocks of pages use for what they make.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from cli.published import StandIns, known

from c10h.__main__ import run
from c10h.datasets.catalogue import CATALOGUE

# What would take hours. Of an option that stands twice, the last counts.
SMALL = {
    "train": ("--epochs", "1", "--batch-size", "8"),
    "attack": ("--health", "2", "--limit", "4"),
}
ARCHITECTURE = "resnet_basic_8"


def stand_ins() -> dict[str, bytes]:
    """The published files by name, with as many votes as there are test images."""
    published = StandIns()
    published.counts = published.counts[:10]
    return published.files()


def small(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command, with a small network, one epoch and few images."""
    words = list(arguments)
    command = words[0] if words else ""
    if command == "train" and "--arch" in words:
        place = words.index("--arch") + 1
        if not words[place].startswith(ARCHITECTURE):  # wider ones stay apart
            words[place] = ARCHITECTURE
    return [*words, *SMALL.get(command, ())]


def main() -> None:
    """Run the command."""
    files = {path.name: path.read_bytes() for path in Path(os.environ["C10H_MIRROR"]).iterdir()}
    datasets = {name: known(one, files, "https://example.org") for name, one in CATALOGUE.items()}
    mock.patch.dict(CATALOGUE, datasets).start()
    arguments = sys.argv[1:]
    output = Path(arguments[arguments.index("-o") + 1]) if "-o" in arguments else None
    if output is not None and str(output) != "-" and output.exists():
        shutil.rmtree(output) if output.is_dir() else os.unlink(output)
    sys.argv = ["c10h", *small(arguments)]
    run()


if __name__ == "__main__":
    main()
