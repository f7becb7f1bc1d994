"""``--force`` and ``--skip-existing``: what becomes of an output that is there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from c10h.cli.console import say
from c10h.errors import OutputError
from c10h.files import Source, check_output, split_member, split_name
from c10h.lineage import Request


def check_free(
    output: str | None, *, force: bool, skip_existing: bool, binary: bool = True
) -> None:
    """Raise what :func:`c10h.files.check_output` raises, None being no file at all.

    With ``skip_existing`` an existing file is left to :func:`is_made` or :func:`is_newer`. Raises
    a usage error for both switches.
    """
    if force and skip_existing:
        raise typer.BadParameter("--force and --skip-existing exclude each other")
    if output is not None:
        check_output(output, force=force or skip_existing, binary=binary)


def is_made(output: str | None, request: Request) -> bool:
    """Whether an HDF5 file is there and was made by the same request, which is then said.

    Raises OutputError where it was made otherwise.
    """
    if not _is_there(output):
        return False
    from c10h.stages.made_already import what_differs

    if why := what_differs(Path(str(output)), request):
        raise OutputError(
            f"{output}: there already, and not known to be the same ({why}): --force replaces it"
        )
    say(f"{output}: there already, made by the same command; skipped")
    return True


def is_newer(output: str | None, inputs: Sequence[str | None]) -> bool:
    """Whether a file is there and newer than its inputs, as make asks, which is then said.

    inputs: arguments, as FILE, NAME=FILE or FILE:ARRAY and names of data sets. Raises
    OutputError where the file is older, FileError for an input that is not there.
    """
    if not _is_there(output):
        return False
    from c10h.stages.made_already import newest

    given = [argument for argument in inputs if argument]
    paths = [path for argument in given for path in _paths(argument)]
    if "-" in given or newest(paths) > Path(str(output)).stat().st_mtime:
        raise OutputError(f"{output}: older than what it is made from: --force replaces it")
    newer = "newer than what it is made from (options are not compared)"
    say(f"{output}: there already, {newer}; skipped")
    return True


def _is_there(output: str | None) -> bool:
    return output not in (None, "-") and Path(str(output)).exists()


def _paths(argument: str) -> Iterator[Path]:
    """The files that an argument of a command names; none for stdin."""
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import CATALOGUE

    file = split_member(split_name(argument)[1])[0]
    name = file.partition("/")[0]
    if not Path(file).exists() and name in CATALOGUE:
        yield from (open_input(name, form).path for form in CATALOGUE[name].files)
    elif file != "-":
        yield Source.open(file).path
