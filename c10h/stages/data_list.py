"""The data sets that have a name: their files, whether these are here, and their licence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from c10h.datasets.cache import download_path, is_there, product_path
from c10h.datasets.catalogue import CATALOGUE, members_of
from c10h.datasets.download import address_of


@dataclass(frozen=True)
class Download:
    """A file that a data set is made of. check: its checksum. there: whether the cache has it."""

    name: str
    address: str
    bytes: int
    check: str
    there: bool


@dataclass(frozen=True)
class DataSet:
    """A row of the catalogue. forms: paths by what they have. there: whether the cache has it."""

    summary: str
    items: int
    forms: Mapping[str, str]
    there: bool
    licence: str
    citation: str
    downloads: Sequence[Download]


def data_list(names: Iterable[str] = ()) -> dict[str, DataSet]:
    """The data sets of these names, or all. Raises InputError for a name that is none."""
    members = [member for name in names or CATALOGUE for member in members_of(name)]
    return {name: _data_set(name) for name in members}


def _data_set(name: str) -> DataSet:
    row = CATALOGUE[name]
    return DataSet(
        row.summary,
        row.items,
        {form: str(product_path(name, form)) for form in row.files},
        is_there(name),
        row.licence,
        row.citation,
        [
            Download(
                file.name,
                address_of(file),
                file.size,
                file.check,
                download_path(file.name).is_file(),
            )
            for file in row.downloads
        ],
    )
