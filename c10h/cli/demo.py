"""``c10h demo``: the whole chain on the embedded set, command by command."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_text

_TRAIN = (
    "c10h train synthetic labels.h5 --arch resnet_basic_8 --folds 2 --epochs 5 --batch-size 32 "
    "--schedule onecycle"
)
_ATTACK = "--epsilon 2/255 --limit 500 --labels labels.h5"
# What each step is for, and its command. Files are named by -o, so that --force can be added.
STEPS = (
    ("5,000 drawn images of ten categories, four pairs of which grade into each other.",
     "c10h show synthetic"),
    ("500 simulated people judged the images, 20 for each. Their judgments become soft labels.",
     "c10h labels build synthetic -o labels.h5"),
    ("Who agrees least with the others? Careless annotators failed their attention checks.",
     "c10h labels annotators synthetic --limit 5"),
    ("How noisy are the labels, and how noisy would they be with fewer votes?",
     "c10h labels noise labels.h5"),
    ("With 1,000 more judgments, which images should people see?",
     "c10h labels plan labels.h5 --budget 1000 -o plan.csv"),
    ("A small network is trained on the true classes: two folds, each tested on the other's "
    "images.",
     f"{_TRAIN} --target hard -o runs/hard"),
    ("The same network, from the same initial weights, is trained on the distributions of "
    "people's votes.",
     f"{_TRAIN} --target soft -o runs/human"),
    ("Each image is predicted by the network that did not see it.",
     "c10h predict runs/hard synthetic -o hard.h5"),
    ("", "c10h predict runs/human synthetic -o human.h5"),
    ("How human are they, after a short training?",
     "c10h score hard.h5 human.h5 --labels labels.h5 --tag data=near -o near.h5"),
    ("Images in different colours, noisy and blurred, that no network saw: both folds are "
    "averaged.",
     "c10h predict runs/hard synthetic-far -o hard-far.h5"),
    ("", "c10h predict runs/human synthetic-far -o human-far.h5"),
    ("",
     "c10h score hard=hard-far.h5 human=human-far.h5 --labels synthetic-far --tag data=far "
     "-o far.h5"),
    ("Both tests in one table, as Markdown.",
     "c10h report near.h5 far.h5 -o report.md"),
    ("Change each pixel by at most 2/255: which images are still recognised, and can the "
    "result be believed?",
     f"c10h attack runs/hard synthetic {_ATTACK} -o hard-attacked.h5"),
    ("", f"c10h attack runs/human synthetic {_ATTACK} -o human-attacked.h5"),
    ("Both attacks, side by side.",
     "c10h report hard-attacked.h5 human-attacked.h5 --baseline hard-attacked"),
    ("How was this made? Every file records it, back to the judgments.",
     "c10h show human.h5"),
)  # fmt: skip
# What a step makes that can be replaced: a run is resumed instead.
REPLACED = (".h5", ".csv", ".md")


def demo(
    folder: Annotated[
        str, typer.Option("--folder", metavar="FOLDER", help="Folder for the files.")
    ] = "c10h-demo",
    force: options.Force = False,
) -> None:
    """Run the whole pipeline on the embedded set, in two minutes, and keep the files.

    Each command is printed before it runs and can be pasted into a shell. The set is made up:
    it shows how c10h works, not what is true of people or networks.

    [bold]c10h demo[/]

    [bold]c10h demo --folder /tmp/demo[/]
    """
    import os
    import shlex
    from pathlib import Path

    from c10h.errors import OutputError
    from c10h.files import reason

    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()) and not force:
            raise OutputError(f"{folder}: the folder is not empty (--force replaces files in it)")
        os.chdir(place)
    except OSError as error:
        raise OutputError(f"{folder}: {reason(error)}") from error
    print_text(f"mkdir -p {shlex.quote(folder)} && cd {shlex.quote(folder)}\n")
    for why, line in STEPS:
        replaces = output_of(line).endswith(REPLACED)
        line = f"{line} --force" if force and replaces else line
        comment = f"# {why}\n" if why else ""
        print_text(f"\n{comment}{line}\n\n")
        _run(line)


def output_of(line: str) -> str:
    """What a step makes; empty for one that only shows."""
    return line.partition(" -o ")[2]


def _run(line: str) -> None:
    """Run a line of c10h in a process of its own. Raises C10hError where it fails."""
    import shlex
    import subprocess
    import sys

    from c10h.errors import C10hError

    words = shlex.split(line)
    done = subprocess.run([sys.executable, "-m", *words], check=False)  # noqa: S603
    if done.returncode:
        raise C10hError(f"{line}: ended with status {done.returncode}")
