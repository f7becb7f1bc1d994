"""Whether a file is what a request would make: the same command, options and inputs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from c10h import h5
from c10h.errors import C10hError
from c10h.files import STDIN, Source
from c10h.lineage import Request
from c10h.records import Input, Lineage
from c10h.request_fields import INPUT, PARTS, Given, options_of, seed_of
from c10h.run_folder import LIBRARIES, Run, is_of_code
from c10h.stages.requests_by_command import given_of

AUTO = "auto"


def what_differs(file: Path, request: Request) -> str:
    """How a file was made otherwise than a request would make it; empty where it was not.

    Compared are the command, its seed, its options as far as the request settles them, and role,
    name and SHA-256 of every input. Not compared are what the request leaves open (its
    ``left_open``), and the version of c10h. Folders of pictures may have changed without a trace:
    files made of them are never the same. Raises C10hError for inputs that cannot be read.
    """
    try:
        lineage = h5.peek_lineage(Source.open(str(file)))
    except C10hError as error:
        return str(error)
    if lineage is None or not lineage.command:
        return "it does not record how it was made"
    if lineage.command != f"c10h {request.command}":
        return f"by {lineage.command}"
    return _own_code(lineage) or _other_option(lineage, request) or _other_input(lineage, request)


def newest(paths: Iterable[Path]) -> float:
    """When the last of some files, or of the files of some folders, was changed, in seconds."""
    times = [0.0]
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else ()
        times += [one.stat().st_mtime for one in (path, *inside) if one.exists()]
    return max(times)


def _other_option(lineage: Lineage, request: Request) -> str:
    settled = getattr(request, "settled", {})
    asked: Mapping[str, Any] = json.loads(json.dumps(options_of(request, settled)))
    # What may be settled only during the work, and what it may come to, if not anything.
    left_open: Mapping[str, tuple[str, ...]] = getattr(request, "left_open", {})
    for name in sorted({*asked, *lineage.options}):
        wanted, found = asked.get(name), lineage.options.get(name)
        if wanted == found:
            continue
        # As asked: --device cpu is settled as nothing.
        is_open = name in left_open and {wanted, getattr(request, name, None)} <= {None, AUTO}
        is_open = is_open and found != 0  # no health checks are no number of them
        if not is_open or (left_open[name] and found not in left_open[name]):
            return f"with --{name} {_said(found)}, now {_said(wanted)}"
    seed = seed_of(request, settled)
    if seed != lineage.seed:
        return f"with --seed {lineage.seed}, now {seed}"
    return ""


def _own_code(lineage: Lineage) -> str:
    """How a user's own code of a network differs, or that nobody knows; empty where none does."""
    names = [str(lineage.architecture or ""), str(lineage.options.get("arch") or "")]
    module = next((name.partition(":")[0] for name in names if ":" in name), None)
    if module is None or module in LIBRARIES:
        return ""
    code = [one for one in lineage.inputs if is_of_code(one.role)]
    if not code:
        return f"its network is code, {module}, which is not compared"
    for one in code:
        # As Python looks for modules, and c10h in the current folder last.
        places = [Path(folder) / one.name for folder in (*sys.path, "")]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            return f"{one.name}, the code of its network, is not there"
        if Source.open(str(path)).sha256 != one.sha256:
            return f"{one.name} has changed"
    return ""


def _said(value: Any) -> str:
    """A value of an option as messages have it."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "not given" if value is None else "given" if value is True else str(value)


def _other_input(lineage: Lineage, request: Request) -> str:
    roles = [one.role for one in lineage.inputs]
    found: dict[Given | None, list[Input]] = {}
    for one in lineage.inputs:
        if is_of_code(one.role):
            continue
        found.setdefault(given_of(lineage.command, one.role, roles), []).append(one)
    wanted = dict(_inputs(request))
    for given, value in wanted.items():
        recorded = found.pop(given, [])
        if isinstance(value, Path):
            return f"{value} is a folder, whose files are not compared"
        for (called, source), one in zip(value, recorded, strict=False):
            if called is not None and one.role.partition(" ")[2] != called:
                return f"{one.name} was called {one.role.partition(' ')[2]}, now {called}"
            if one.name != source.whole_name:
                return f"from {one.name}, now {source.whole_name}"
            if one.sha256 != source.sha256:
                return f"{one.name} has changed"
        if len(value) != len(recorded):
            return f"from {len(recorded)} {given.flag or 'files'}, now {len(value)}"
    return "from other inputs" if found else ""


def _inputs(request: Any) -> Iterator[tuple[Given, list[tuple[str | None, Source]] | Path]]:
    """The inputs of a request by how they are given; with what they are called, if that is said.

    A folder is its path.
    """
    for declared_field in fields(request):
        value, metadata = getattr(request, declared_field.name), declared_field.metadata
        if PARTS in metadata and value is not None:
            yield from _inputs(value)
        if INPUT not in metadata or value is None:
            continue
        if isinstance(value, str) and value != "-" and Path(value).is_dir():
            yield metadata[INPUT], Path(value)
        else:
            values = value if isinstance(value, list | tuple) else [value]
            yield metadata[INPUT], [pair for one in values for pair in _sources(one)]


def _sources(value: Any) -> Iterator[tuple[str | None, Source]]:
    """The files that one input is: those of a run are its networks."""
    if isinstance(value, tuple):
        called, source = value
        yield called, source
    elif isinstance(value, Run):
        checkpoints = map(value.checkpoint, value.fold_numbers())
        yield from ((None, Source.open(str(path))) for path in checkpoints if path.is_file())
    elif isinstance(value, str):
        # Stdin can be read once, and the command is to read it.
        yield None, Source(Path(), STDIN, digest="") if value == "-" else Source.open(value)
    else:
        yield None, value
