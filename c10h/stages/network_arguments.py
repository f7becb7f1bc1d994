"""``[RUN…] IMAGES``, or ``--arch`` and IMAGES: which networks a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from c10h.errors import InputError
from c10h.files import Source
from c10h.run_folder import open_run
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
    if bool(folders) == bool(arch):
        raise InputError("expected RUN folders and then IMAGES, or --arch and IMAGES")
    for option, value in (("--weights", weights), ("--classes", classes), ("--probs", probs)):
        if value and not arch:
            raise InputError(f"{option} needs --arch; a run has its own")
    if held_out and arch:
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
) -> Networks:
    """The networks that are named. Raises InputError or FileError for what is not there."""
    if arch:
        file = Source.open(weights) if weights else None
        return ForeignNetwork(arch, file, classes or None, probs)
    runs = tuple(open_run(Path(folder)) for folder in folders)
    return RunNetworks(runs, held_out, members, names=tuple(folders))
