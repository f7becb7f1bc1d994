"""The folder of data sets that were fetched or made, and inputs that are named from it.

``C10H_CACHE`` says where it is, else it is where the system keeps caches. What was downloaded is in
its folder ``downloads``, under the names of the catalogue, so that one cache can be another's
``C10H_MIRROR``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from c10h.datasets.catalogue import CATALOGUE, GROUPS, parts_of, whole_forms
from c10h.decisions import decided
from c10h.errors import FileError, InputError, OutputError, nearest, unknown_name
from c10h.files import Source, atomic_output, reason, write_all

if TYPE_CHECKING:
    from c10h.records import Record


@dataclass(frozen=True)
class Product:
    """One file that a data set becomes.

    content: a record, without lineage, or the text of a table. inputs: role and file of what it was
    made of. options, seed, excluded: as in a lineage. notes: for people, one line each.
    """

    content: Record | str
    inputs: tuple[tuple[str, Source], ...] = ()
    options: Mapping[str, Any] | None = None
    seed: int | None = None
    excluded: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()


def folder() -> Path:
    """Where the cache is; it need not exist."""
    configured = os.environ.get("C10H_CACHE")
    if configured:
        return Path(configured)
    from platformdirs import user_cache_path

    return user_cache_path("c10h")


def download_path(name: str) -> Path:
    """Where a downloaded file is, or would be."""
    return folder() / "downloads" / name


def product_path(name: str, form: str) -> Path:
    """Where the file of a data set in one of its forms is, or would be."""
    dataset = CATALOGUE[name]
    if any(dataset.files[form] == download.name for download in dataset.downloads):
        return download_path(dataset.files[form])
    return folder() / f"{name}-{dataset.version}" / dataset.files[form]


def is_there(name: str) -> bool:
    """Whether all files of a data set are in the cache."""
    return all(product_path(name, form).is_file() for form in CATALOGUE[name].files)


def open_input(argument: str, *forms: str) -> Source:
    """The file that an argument names: a local one, - or a data set of the catalogue, or its part.

    forms: of a data set, the first of these that it has is meant. The embedded sets are made when
    they are first asked for; nothing is downloaded.
    Raises FileError for no such file and for a data set that was not fetched, InputError for one
    that has no such form.
    """
    names = (*CATALOGUE, *GROUPS)
    name, slash, part = argument.partition("/")
    if not slash or name not in CATALOGUE or not parts_of(name):
        name, part = argument, ""
    if name not in names or Path(argument).exists():
        if not Path(argument).exists() and (near := nearest(argument, names)):
            raise FileError(f"{argument}: no such file or data set: did you mean {near}?")
        return Source.open(argument)
    if argument in GROUPS:
        raise InputError(f"{argument}: which one, {' or '.join(GROUPS[argument])}?")
    dataset = CATALOGUE[name]
    form = _form(name, part, forms)
    path = product_path(name, form)
    if not path.is_file():
        if dataset.downloads:
            raise FileError(f"{argument}: not fetched yet: c10h data fetch {name}")
        path = _made(name, form)
    decided("%s: the data set of that name, %s", argument, path)
    return replace(Source.open(str(path)), name=dataset.files[form])


def _form(name: str, part: str, forms: Sequence[str]) -> str:
    """The first of some forms that a data set, or a part of it, has. Raises InputError for none."""
    files, parts = CATALOGUE[name].files, parts_of(name)
    if not {*forms} & {*whole_forms(files)}:
        found = " and ".join(whole_forms(files))
        raise InputError(f"{name}: expected {' or '.join(forms)}, found {found}")
    if part and part not in parts:
        raise InputError(unknown_name(f"part of {name}", part, parts))
    if parts and not part:
        raise InputError(f"{name}: which part, such as {name}/{parts[0]}?")
    named = [f"{form}/{part}" if part else form for form in forms]
    return next(form for form in named if form in files)


def store(name: str, products: Mapping[str, Product], where: Path | None = None) -> None:
    """Write the files of a data set into the cache, or into another folder, each atomically.

    Raises OutputError where that is not possible.
    """
    for form, product in products.items():
        path = product_path(name, form) if where is None else where / CATALOGUE[name].files[form]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path.parent}: {reason(error)} (C10H_CACHE sets the folder)"
            ) from error
        _write(product, path, name)


def _write(product: Product, path: Path, name: str) -> None:
    from c10h import h5
    from c10h.lineage import lineage_of_command

    if isinstance(product.content, str):
        with atomic_output(str(path)) as stream:
            write_all(stream, product.content.encode())
        return
    lineage = lineage_of_command(
        f"data fetch {name}",
        product.options or {},
        [(role, source, None) for role, source in product.inputs],
        product.seed,
        product.excluded,
    )
    h5.write(replace(product.content, lineage=lineage), str(path))


def _made(name: str, form: str) -> Path:
    """Make an embedded set: in the cache or, where that cannot be written, for this process."""
    products = CATALOGUE[name].maker(name, {}, lambda total: lambda done: None)
    try:
        store(name, products)
        return product_path(name, form)
    except OutputError:
        where = _temporary()
        store(name, products, where)
        return where / CATALOGUE[name].files[form]


@cache
def _temporary() -> Path:
    where = Path(tempfile.mkdtemp(prefix="c10h-"))
    atexit.register(shutil.rmtree, where, ignore_errors=True)
    return where
