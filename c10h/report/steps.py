"""The commands behind some files, each once and in the order in which they can be run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from c10h.records import Input, Lineage
from c10h.report.given import File
from c10h.report.lineage import command_line
from c10h.report.table import one_line

SHORT = 12
NETWORK = "network "


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
        seed = self.lineage.seed
        seeded = seed is not None and "seed" not in self.lineage.options
        return one_line(command_line(self.lineage) + (f" --seed {seed}" if seeded else ""))

    def line(self) -> str:
        """What came of it, and how, in a line."""
        first, *others = self.products
        name = f"{self.run}/{first.name}" if self.run else first.name
        more = f" and {len(others)} more" if others else ""
        command = self.command() or "made elsewhere"
        return one_line(f"{name} {first.sha256[:SHORT]}{more}: {command}")

    def key(self) -> object:
        """What steps that are the same command on the same inputs have in common."""
        if self.lineage is None:
            return self.products
        inputs = tuple(one.sha256 for one in self.lineage.inputs)
        return self.command(), self.lineage.version, inputs

    def to_json(self) -> dict[str, Any]:
        """The step as plain JSON."""
        lineage = self.lineage or Lineage(command="")
        return {
            "files": [one._asdict() for one in self.products],
            "command": lineage.command or None,
            "options": dict(lineage.options),
            "seed": lineage.seed,
            "version": lineage.version or None,
            "inputs": [Product(one.name, one.sha256)._asdict() for one in lineage.inputs],
        }


def steps(files: Sequence[File]) -> list[Step]:
    """Every command behind the files, inputs before what was made of them.

    Files with equal bytes are one, and what one command made of the same inputs is one step.
    """
    found: dict[str, Step] = {}
    for file in files:
        _add(found, Step((Product(file.name, file.sha256),), file.lineage))
    alike: dict[object, Step] = {}
    for step in found.values():
        key = step.key()
        other = alike.get(key)
        if other is not None:
            step = replace(
                other, products=(*other.products, *step.products), run=other.run or step.run
            )
        alike[key] = step
    return list(alike.values())


def _add(found: dict[str, Step], step: Step) -> None:
    """A step after those of its inputs, under the SHA-256 of its first product."""
    key = step.products[0].sha256
    if key in found:
        return
    for one in _inputs(() if step.lineage is None else step.lineage.inputs):
        _add(found, one)
    found[key] = step


def _inputs(inputs: Sequence[Input]) -> list[Step]:
    """The inputs of a command, the networks of one run as one."""
    made: dict[str, Step] = {}
    for one in inputs:
        product = Product(one.name, one.sha256)
        run = run_of(one)
        key = run or one.sha256
        if run and key in made:
            made[key] = replace(made[key], products=(*made[key].products, product))
        else:
            made[key] = Step((product,), one.lineage, run)
    return list(made.values())


def run_of(one: Input) -> str:
    """The run folder that an input is a network of; empty for any other input."""
    role = one.role.removeprefix("source ")
    return role.removeprefix(NETWORK).rpartition("/")[0] if role.startswith(NETWORK) else ""
