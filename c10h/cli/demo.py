"""``c10h demo``: the whole chain on the embedded set, command by command."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_text

# What each step is for, and its command. An output is named by -o, so that --force can be added.
STEPS = (
    ("5,000 drawn pictures of ten categories, four pairs of which grade into each other.",
     "c10h show synthetic"),
    ("500 simulated people judged each picture 20 times. Their judgments become soft labels.",
     "c10h labels build synthetic -o labels.h5"),
    ("Who agrees least with the others? Careless people failed their attention checks.",
     "c10h labels annotators synthetic --limit 5"),
    ("How noisy are the labels, and what would fewer votes have told?",
     "c10h labels noise labels.h5"),
    ("If people could judge 1,000 times more, which pictures should they see?",
     "c10h labels plan labels.h5 --budget 1000 --format csv -o plan.csv"),
    ("How human is an observer who knows the true probabilities? It is sure that nothing else is "
     "possible where people slip, which costs cross-entropy; otherwise it is worth many people.",
     "c10h score ideal=synthetic --labels labels.h5 --tag data=near -o near.h5"),
    ("The same on pictures in other colours, noisy and blurred: it knows what was drawn.",
     "c10h score ideal-far=synthetic-far --labels synthetic-far --tag data=far -o far.h5"),
    ("Both as one table, for a text.",
     "c10h report near.h5 far.h5 --format markdown -o report.md"),
    ("How was that made? Every file knows, back to the judgments.",
     "c10h show far.h5"),
)  # fmt: skip


def demo(
    folder: Annotated[
        str, typer.Option("--folder", metavar="FOLDER", help="Where the files stay.")
    ] = "c10h-demo",
    force: options.Force = False,
) -> None:
    """Run the whole chain on the embedded set, in a minute, and leave the files to play with.

    Each command is printed before it runs; pasted into a shell, they do the same. The set is made
    up: what it shows is how c10h works, not what is true of people or networks.

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
            raise OutputError(f"{folder}: is not empty (--force replaces files in it)")
        os.chdir(place)
    except OSError as error:
        raise OutputError(f"{folder}: {reason(error)}") from error
    print_text(f"mkdir -p {shlex.quote(folder)} && cd {shlex.quote(folder)}\n")
    for why, line in STEPS:
        line = f"{line} --force" if force and " -o " in line else line
        print_text(f"\n# {why}\n{line}\n\n")
        _run(line)


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
