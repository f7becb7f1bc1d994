"""The shell commands that would make some files again, from their lineages."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from c10h.datasets.catalogue import CATALOGUE
from c10h.records import Input, Lineage
from c10h.stages.run_groups import NETWORK
from c10h.views.lineage import option_words
from c10h.views.steps import Step, catalogue_name, map_name, seed_words
from c10h.views.table import one_line

FETCH, TRAIN = "c10h data fetch ", "c10h train"
# Inputs that belong to an option, by what their role begins with; those of the commands in
# POSITIONAL are arguments, as all others are. Networks stand before images.
FLAGS = {
    "labels": "--labels", "truth": "--truth", "map": "--map", "ids": "--ids", "init": "--init",
    "compare": "--compare", "weights": "--weights", f"source {NETWORK}": "--from",
}  # fmt: skip
POSITIONAL = {TRAIN: ("labels",), "c10h labels build": ("labels",)}
HEAD = """\
#!/bin/sh
# How the files of a report are made, as far as they know. They know names and
# no folders, and nothing of what was done by other programs.
set -eu
"""


def to_script(made: Sequence[Step]) -> str:
    """A shell script: what has to be there, then every command once, inputs first."""
    names = _names(made)
    lines = [HEAD]
    for step in made:
        if not step.command():
            product = step.products[0]
            lines.append(f"# {one_line(product.name)}: {step.origin()}, sha256 {product.sha256}")
    commands = [line for step in made for line in _command(step, names)]
    return "\n".join([*lines, *dict.fromkeys(commands)]) + "\n"


def _names(made: Sequence[Step]) -> dict[str, str]:
    """What each product is called in the script, by SHA-256; different ones have different names.

    Networks are called as their run folder is, and files of the catalogue by its name.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for step in made:
        name = one_line(step.run or step.products[0].name)
        if step.lineage is not None and step.lineage.command.startswith(FETCH):
            name = one_line(step.lineage.command.removeprefix(FETCH))
        elif not step.command():
            name = catalogue_name(step.products[0]) or map_name(step.products[0]) or name
        elif step.lineage is not None and step.lineage.command == TRAIN and not step.run:
            name = "run"
        plain, number = name, 2
        while name in taken and name not in CATALOGUE:
            name = f"{number}-{plain}"
            number += 1
        taken.add(name)
        names |= {product.sha256: name for product in step.products}
    return names


def _command(step: Step, names: Mapping[str, str]) -> Iterator[str]:
    """A command, below a comment where the name of its result is not the recorded one.

    Of what no known command made, the one that fetches it; none where there is none.
    """
    lineage = step.lineage
    if lineage is None or not lineage.command:
        name = catalogue_name(step.products[0])
        if name:
            yield FETCH + name
        return
    if lineage.command.startswith(FETCH):
        yield one_line(lineage.command)
        return
    output = names[step.products[0].sha256]
    if lineage.command == TRAIN and not step.run:
        yield f"# {output}: what the run folder was called is not known"
    elif output != one_line(step.run or step.products[0].name):
        yield f"# {output}: its name was that of another file"
    options = [*option_words(lineage), *seed_words(lineage)]
    words = [*lineage.command.split(), *_inputs(lineage, names), *options]
    yield shlex.join([*words, "-o", output])


def _inputs(lineage: Lineage, names: Mapping[str, str]) -> list[str]:
    """The inputs as arguments, networks first, then as options."""
    arguments: dict[str, list[str]] = {NETWORK: [], "": []}
    options: list[str] = []
    for one in lineage.inputs:
        name = names.get(one.sha256, one_line(one.name))
        flag = _flag(lineage.command, one.role)
        if flag:
            if name not in options:
                options += [flag, name]
        elif one.role.startswith(NETWORK):
            arguments[NETWORK].append(name)
        else:
            arguments[""].append(_named(one, name))
    return [*dict.fromkeys([*arguments[NETWORK], *arguments[""]]), *options]


def _flag(command: str, role: str) -> str:
    if role.startswith(POSITIONAL.get(command, ())) and command in POSITIONAL:
        return ""
    return next((flag for start, flag in FLAGS.items() if role.startswith(start)), "")


def _named(one: Input, name: str) -> str:
    """A scored file as NAME=FILE where its name would not be found from the file."""
    kind, _, called = one.role.partition(" ")
    is_scored = kind in ("predictions", "attack") and called
    return f"{called}={name}" if is_scored and called != name.rpartition(".")[0] else name
