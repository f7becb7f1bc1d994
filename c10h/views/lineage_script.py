"""The shell commands that would make some files again, from their lineages."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath

from c10h.datasets.catalogue import CATALOGUE, parts_of
from c10h.records import Input, Lineage
from c10h.request_fields import Given
from c10h.stages.requests_by_command import given_of, inputs_of, options_by_name
from c10h.views.lineage import option_words
from c10h.views.lineage_steps import Step, catalogue_name, map_name, seed_words
from c10h.views.table import one_line

FETCH, TRAIN = "c10h data fetch ", "c10h train"
HEAD = """\
#!/bin/sh
# How the files of a report were made, as far as they record it. They record names but
# no folders, and nothing that other programs did.
set -eu
"""


def to_script(made: Sequence[Step]) -> str:
    """A shell script: what has to be there, then every command once, inputs first."""
    names = _names(made)
    lines = [HEAD]
    for step in made:
        if not step.command():
            product = step.products[0]
            lines.append(one_line(f"# {product.name}: {step.origin()}, sha256 {product.sha256}"))
    commands = [line for step in made for line in _command(step, names)]
    return "\n".join([*lines, *dict.fromkeys(commands)]) + "\n"


def _names(made: Sequence[Step]) -> dict[str, str]:
    """What each product is called in the script, by SHA-256; different ones have different names.

    Networks are called as their run folder is, and files of the catalogue by its name.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for step in made:
        name = _without_folders(step.run or step.products[0].name)
        if data_set := _fetched(step.lineage):
            part = step.lineage.options.get("part") if step.lineage else None
            name = f"{data_set}/{part}" if part in parts_of(data_set) else data_set
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


def _without_folders(name: str) -> str:
    """A recorded name as one in the current folder, which is all that c10h records."""
    file, colon, member = one_line(name).partition(":")
    return (PurePosixPath(file).name or "unnamed") + colon + member


def _command(step: Step, names: Mapping[str, str]) -> Iterator[str]:
    """A command, below a comment where the name of its result is not the recorded one.

    Of what no command made, the one that fetches it; none where there is none, nor for a command or
    an option that c10h does not have, since a file can say what it likes.
    """
    lineage = step.lineage
    if lineage is None or not lineage.command:
        name = catalogue_name(step.products[0])
        if name:
            yield FETCH + name.partition("/")[0]
        return
    if _fetched(lineage):
        yield lineage.command
        return
    output = names[step.products[0].sha256]
    if not _is_known(lineage):
        yield f"# {output}: not made by a command that c10h has: {step.command()}"
        return
    if lineage.command == TRAIN and not step.run:
        yield f"# {output}: the name of the run folder is not known"
    elif output != _without_folders(step.run or step.products[0].name):
        yield f"# {output}: its name is also that of another file"
    options = [*option_words(lineage), *seed_words(lineage)]
    words = [*lineage.command.split(), *_inputs(lineage, names), *options]
    yield shlex.join([*words, "-o", _path(output)])


def _fetched(lineage: Lineage | None) -> str:
    """The data set of the catalogue that was fetched; empty for any other command."""
    command = "" if lineage is None else lineage.command
    name = command.removeprefix(FETCH)
    return name if name != command and name in CATALOGUE else ""


def _is_known(lineage: Lineage) -> bool:
    """Whether c10h has the command and all its options."""
    return bool(inputs_of(lineage.command)) and {*lineage.options} <= {
        *options_by_name(lineage.command)
    }


def _inputs(lineage: Lineage, names: Mapping[str, str]) -> list[str]:
    """The inputs as arguments, in the order that the command has them in, then as options."""
    roles = [file.role for file in lineage.inputs]
    places = {role: given_of(lineage.command, role, roles) for role in roles}
    arguments: dict[Given, list[str]] = {given: [] for given in inputs_of(lineage.command)}
    flagged: dict[tuple[str, str], None] = {}
    for one in lineage.inputs:
        given, name = places[one.role], _path(names.get(one.sha256, _without_folders(one.name)))
        if given is not None and given.flag:
            flagged[given.flag, _of_data_set(one, name)] = None
        elif given is not None:
            arguments[given].append(_named(one, name))
    return [
        *dict.fromkeys(name for group in arguments.values() for name in group),
        *chain(*flagged),
    ]


def _path(name: str) -> str:
    """A name that is not taken for an option."""
    return f"./{name}" if name.startswith("-") else name


def _of_data_set(one: Input, name: str) -> str:
    """Labels or truth of one data set alone as DATA=FILE."""
    kind, _, data = one.role.partition(" ")
    return f"{data}={name}" if kind in ("labels", "truth") and data else name


def _named(one: Input, name: str) -> str:
    """A scored file as NAME=FILE where its name would not be found from the file."""
    kind, _, called = one.role.partition(" ")
    is_scored = kind in ("predictions", "attack") and called
    return f"{called}={name}" if is_scored and called != name.rpartition(".")[0] else name
