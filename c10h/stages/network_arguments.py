"""``[RUN…] IMAGES``, or ``--arch`` and IMAGES: which networks a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from c10h.errors import InputError
from c10h.files import Source
from c10h.run_folder import Run, open_run
from c10h.stages.arguments import is_run
from c10h.stages.network_requests import ForeignNetwork, Networks, RunNetworks


def check_named(
    paths: Sequence[str],
    arch: str | None,
    weights: str | None,
    classes: str | None,
    *,
    held_out: bool,
    probs: bool = False,
) -> None:
    """Raise InputError unless a command line names runs or a network of anybody's, not both.

    paths: the RUN folders and, last, IMAGES.
    """
    *folders, images = paths
    if is_run(images):
        raise InputError(f"{images} is a run folder: expected RUN first, and IMAGES last")
    is_foreign = arch is not None and not folders
    if (not folders and not arch) or (folders and arch and ":" not in arch):
        lack = f"; --weights {weights} needs --arch, such as mynet:Net" if weights else ""
        raise InputError(f"expected RUN folders and then IMAGES, or --arch and IMAGES{lack}")
    for option, value in (("--weights", weights), ("--classes", classes), ("--probs", probs)):
        if value and not is_foreign:
            raise InputError(f"{option} needs --arch; a run has its own")
    if held_out and is_foreign:
        raise InputError("--held-out: the training data of the network of --arch are unknown")


def open_networks(
    folders: Sequence[str],
    arch: str | None,
    weights: str | None,
    classes: str | None,
    *,
    held_out: bool,
    members: bool,
    probs: bool = False,
    source: Run | None = None,
) -> Networks:
    """The networks that are named. source: a run that is named besides.

    Raises InputError or FileError for what is not there.
    """
    if arch and not folders:
        file = Source.open(weights) if weights else None
        return ForeignNetwork(arch, file, classes or None, probs)
    runs = tuple(open_run(Path(folder)) for folder in folders)
    networks = RunNetworks(runs, held_out, members, names=tuple(folders), code=arch)
    if arch and arch not in [run.code for run in (*runs, *([source] if source else []))]:
        raise InputError(f"--arch {arch}: the network of no run that is named")
    return networks
