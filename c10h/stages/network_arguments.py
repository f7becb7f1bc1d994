"""``[RUN…] IMAGES``, or ``--arch`` and IMAGES: which networks a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from c10h.errors import InputError
from c10h.files import Source
from c10h.run_folder import Run, open_run
from c10h.stages.arguments import is_run
from c10h.stages.network_requests import ForeignNetwork, Networks, RunNetworks


@dataclass(frozen=True)
class NetworkOptions:
    """What a command line says of a network of anybody's; see :class:`.ForeignNetwork`."""

    arch: str | None = None
    weights: str | None = None
    classes: str | None = None
    probs: bool = False
    mean: str | None = None
    std: str | None = None


def check_named(paths: Sequence[str], network: NetworkOptions, *, held_out: bool) -> None:
    """Raise InputError unless a command line names runs or a network of anybody's, not both.

    paths: the RUN folders and, last, IMAGES.
    """
    _refuse_blanks(paths, network)
    arch, weights = network.arch, network.weights
    *folders, images = paths
    if is_run(images):
        raise InputError(f"{images} is a run folder: expected RUN first, and IMAGES last")
    is_foreign = arch is not None and not folders
    if (not folders and not arch) or (folders and arch and ":" not in arch):
        lack = f"; --weights {weights} needs --arch, such as mynet:Net" if weights else ""
        raise InputError(f"expected RUN folders and then IMAGES, or --arch and IMAGES{lack}")
    for option in ("weights", "classes", "probs", "mean", "std"):
        if getattr(network, option) and not is_foreign:
            raise InputError(f"--{option} needs --arch; a run has its own")
    if held_out and is_foreign:
        raise InputError("--held-out: the training data of the network of --arch are unknown")


def _refuse_blanks(paths: Sequence[str], network: NetworkOptions) -> None:
    """Raise InputError for numbers of --mean and --std with blanks, which are arguments then."""
    numbers = [path for path in paths if path.replace(".", "", 1).isdecimal()]
    for name in ("mean", "std"):
        first = getattr(network, name)
        if first is not None and "," not in first and numbers:
            raise InputError(
                f"--{name} {first}: expected commas between its numbers, found the argument "
                f"{numbers[0]}: --{name} {first},{numbers[0]},…"
            )


def open_networks(
    folders: Sequence[str],
    network: NetworkOptions,
    *,
    held_out: bool,
    members: bool,
    source: Run | None = None,
) -> Networks:
    """The networks that are named. source: a run that is named besides.

    Raises InputError or FileError for what is not there.
    """
    arch = network.arch
    if arch and not folders:
        file = Source.open(network.weights) if network.weights else None
        return ForeignNetwork(
            arch, file, network.classes or None, network.probs, network.mean, network.std
        )
    runs = tuple(open_run(Path(folder)) for folder in folders)
    networks = RunNetworks(runs, held_out, members, names=tuple(folders), code=arch)
    if arch and arch not in [run.code for run in (*runs, *([source] if source else []))]:
        raise InputError(f"--arch {arch}: the network of no run that is named")
    return networks
