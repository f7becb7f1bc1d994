"""The commands behind some files, each once and in the order in which they can be run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from c10h.datasets.catalogue import CATALOGUE, argument_for
from c10h.images.folder_class_maps import MAPS, find_map
from c10h.records import Input, Lineage
from c10h.stages.requests_by_command import has_seed
from c10h.stages.run_groups import run_folder_of
from c10h.views.lineage import command_line
from c10h.views.table import one_line

SHORT = 12


class Product(NamedTuple):
    """A file: what it was called, without its folder, and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Step:
    """A command and what is known to have come of it.

    lineage: None where nobody knows how the product was made. run: the run folder that it made.
    """

    products: tuple[Product, ...]
    lineage: Lineage | None = None
    run: str = ""

    def command(self) -> str:
        """The command with its options and seed; empty where it is not known."""
        if self.lineage is None or not self.lineage.command:
            return ""
        return one_line(" ".join([command_line(self.lineage), *seed_words(self.lineage)]))

    def line(self) -> str:
        """What came of it, and how, in a line."""
        first, *others = self.products
        name = f"{self.run}/{first.name}" if self.run else first.name
        more = f" and {len(others)} more" if others else ""
        return one_line(f"{name} {first.sha256[:SHORT]}{more}: {self.command() or self.origin()}")

    def origin(self) -> str:
        """Where the product comes from, for one that no known command made."""
        product = self.products[0]
        name = catalogue_name(product)
        if name:
            return f"part of {name}"
        return "comes with c10h" if map_name(product) else "made elsewhere"

    def key(self) -> object:
        """What steps that are the same command on the same inputs have in common."""
        if self.lineage is None or not self.lineage.command:
            return self.products
        inputs = tuple(file.sha256 for file in self.lineage.inputs)
        return self.command(), self.lineage.version, inputs

    def to_json(self) -> dict[str, Any]:
        """The step as plain JSON."""
        lineage = self.lineage or Lineage(command="")
        return {
            "files": [product._asdict() for product in self.products],
            "command": lineage.command or None,
            "options": dict(lineage.options),
            "seed": lineage.seed,
            "version": lineage.version or None,
            "inputs": [Product(file.name, file.sha256)._asdict() for file in lineage.inputs],
        }


def catalogue_name(product: Product) -> str | None:
    """How a command line names what the catalogue calls as a file is called."""
    return next(
        (
            argument_for(name, form)
            for name, dataset in CATALOGUE.items()
            for form, file in dataset.files.items()
            if product.name == file
        ),
        None,
    )


def map_name(product: Product) -> str | None:
    """What a table of folders and classes that comes with c10h is called on a command line."""
    name = product.name.removesuffix(".csv")
    return name if name in MAPS and find_map(name).sha256 == product.sha256 else None


def seed_words(lineage: Lineage) -> list[str]:
    """The seed as an option, where the command has one that its options do not tell."""
    is_option = lineage.seed is not None and has_seed(lineage.command)
    return ["--seed", str(lineage.seed)] if is_option and "seed" not in lineage.options else []


def steps(files: Sequence[Input]) -> list[Step]:
    """Every command behind the files, inputs before what was made of them.

    Files with equal bytes are one, and what one command made of the same inputs is one step.
    """
    by_hash: dict[str, Step] = {}
    for file in files:
        _add(by_hash, Step((Product(file.name, file.sha256),), file.lineage))
    by_key: dict[object, Step] = {}
    for step in by_hash.values():
        key = step.key()
        other = by_key.get(key)
        if other is not None:
            step = replace(
                other, products=(*other.products, *step.products), run=other.run or step.run
            )
        by_key[key] = step
    return list(by_key.values())


def _add(by_hash: dict[str, Step], step: Step) -> None:
    """A step after those of its inputs, under the SHA-256 of its first product."""
    key = step.products[0].sha256
    if key in by_hash:
        return
    for input_step in _inputs(() if step.lineage is None else step.lineage.inputs):
        _add(by_hash, input_step)
    by_hash[key] = step


def _inputs(inputs: Sequence[Input]) -> list[Step]:
    """The inputs of a command, the networks of one run as one."""
    by_key: dict[str, Step] = {}
    for file in inputs:
        product = Product(file.name, file.sha256)
        run = run_folder_of(file)
        key = run or file.sha256
        if run and key in by_key:
            by_key[key] = replace(by_key[key], products=(*by_key[key].products, product))
        else:
            by_key[key] = Step((product,), file.lineage, run)
    return list(by_key.values())
