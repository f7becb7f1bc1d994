"""The files of code that make a user's own network, ``package.module:callable``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from c10h.files import Source
from c10h.lineage import HasLineage
from c10h.models.external_networks import find_callable
from c10h.run_folder import CODE, is_own

INSTALLED = ("site-packages", "dist-packages")


def code_files(name: str) -> list[Source]:
    """The file of a network's module, and those beside and below it that it uses, by their paths.

    Files are called by their path from the folder that the module is imported from. What is
    imported within functions alone, or from installed packages, is not among them; and nothing is
    of a network that is not a user's own. Raises InputError for what cannot be imported.
    """
    if not is_own(name):
        return []
    find_callable(name)
    module = sys.modules[name.partition(":")[0]]
    path = _path(module)
    if path is None:
        return []
    folder = path.parents[module.__name__.count(".") + (path.name == "__init__.py")]
    inside = folder / module.__name__.partition(".")[0] if _is_installed(path) else folder
    files = {path} | {
        found
        for used in _used_by(module)
        if (found := _path(used)) is not None
        and found.is_relative_to(inside)
        and (_is_installed(path) or not _is_installed(found.relative_to(folder)))
    }
    names = {file.relative_to(folder).as_posix(): file for file in files}
    return [Source(names[called], called) for called in sorted(names)]


def code_inputs(name: str) -> list[tuple[str, Source, HasLineage | None]]:
    """The same as inputs of a lineage, with their roles."""
    return [(f"{CODE} {file.name}", file, None) for file in code_files(name)]


def _used_by(module: ModuleType) -> list[ModuleType]:
    """The modules that a module has names from, theirs too, as far as they have files."""
    found: dict[str, ModuleType] = {}
    waiting = [module]
    while waiting:
        for used in _named_in(waiting.pop()):
            if used.__name__ not in found and _path(used) is not None:
                found[used.__name__] = used
                if not _is_installed(Path(used.__file__ or "")):
                    waiting.append(used)
    return list(found.values())


def _named_in(module: ModuleType) -> Iterator[ModuleType]:
    for value in list(vars(module).values()):
        used = value
        if not isinstance(value, ModuleType):
            used = sys.modules.get(str(getattr(value, "__module__", "")))
        if isinstance(used, ModuleType):
            yield used


def _path(module: ModuleType) -> Path | None:
    """The file of a module in Python; None where there is none."""
    file = getattr(module, "__file__", None)
    path = None if file is None else Path(os.path.abspath(file))
    return path if path is not None and path.suffix == ".py" and path.is_file() else None


def _is_installed(path: Path) -> bool:
    return not {*path.parts}.isdisjoint(INSTALLED)
