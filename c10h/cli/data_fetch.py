"""``c10h data fetch``: data sets of the catalogue, downloaded and imported into the cache."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_text, say
from c10h.cli.progress_bar import progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def fetch(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME…",
            help="Data sets; c10h data list lists them.",
            autocompletion=options.complete_datasets,
        ),
    ],
    again: Annotated[
        bool, typer.Option("--again", help="Check existing downloads again, and import them again.")
    ] = False,
) -> None:
    """Fetch data sets: download, check, import into the cache; their names then work as inputs.

    Prints where the files are and resumes interrupted downloads. C10H_CACHE names the folder to
    keep them in; C10H_MIRROR another base address, or a folder, to take downloads from.

    [bold]c10h data fetch cifar10 cifar10h[/]

    [bold]c10h data fetch cinic10 --again[/]
    """
    from c10h.datasets.cache import is_there, product_path
    from c10h.datasets.catalogue import CATALOGUE, members_of

    for name in (member for argument in names for member in members_of(argument)):
        if again or not is_there(name):
            _fetch(name)
        else:
            say(f"{name}: already here")
        for form in CATALOGUE[name].files:
            print_text(f"{product_path(name, form)}\n")


def _fetch(name: str) -> None:
    """Download what a data set needs, import it, and write it into the cache."""
    from c10h.datasets.cache import store
    from c10h.datasets.catalogue import CATALOGUE

    dataset = CATALOGUE[name]
    downloads = _download(name)
    with ExitStack() as stack:

        def start(total: int | None) -> Callable[[int], None]:
            return stack.enter_context(progress(f"importing {name}", total, "pictures"))

        made = dataset.maker(name, downloads, start)
    for note in (note for product in made.values() for note in product.notes):
        say(note)
    store(name, made)
    cite = f"; cite {dataset.citation}" if dataset.citation else ""
    say(f"{name}: {dataset.items:,} items; licence: {dataset.licence}{cite}")


def _download(name: str) -> dict[str, Path]:
    from c10h.datasets.cache import download_path
    from c10h.datasets.catalogue import CATALOGUE
    from c10h.datasets.download import fetch

    found = {}
    for wanted in CATALOGUE[name].downloads:
        found[wanted.name] = download_path(wanted.name)
        with progress(wanted.name, wanted.size, "bytes") as advance:
            fetch(wanted, found[wanted.name], advance, say)
    return found
