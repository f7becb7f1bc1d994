"""Run folders: what was trained, how, and on which items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from c10h import __version__
from c10h.digests import DIGEST
from c10h.errors import FileError, InputError, MismatchError, OutputError, SchemaError
from c10h.files import reason, write_text
from c10h.records import Array, Lineage

SCHEMA = 1
FILE = "run.json"
KIND = "run"
HISTORY = "history.h5"
GRID = "grid.json"
# Names of networks that begin with these are a library's, others with a colon a user's own.
TORCHVISION, TIMM = "torchvision", "timm"
LIBRARIES = (TORCHVISION, TIMM)
# How the role begins that a file of code has in lineages and arguments.
CODE = "code"
# The number of the only network of a run without folds, in file names and in histories.
ALL = -1
# Arguments that older versions recorded, and nothing depended on.
RETIRED = ("lr_choices",)
# Arguments that are there to be read, and what only one schedule depends on.
TELLING = ("source",)
OF_MULTISTEP = ("milestones", "decay")


def is_own(architecture: str) -> bool:
    """Whether a network is a user's own code."""
    module, colon, _ = architecture.partition(":")
    return bool(colon) and module not in LIBRARIES


def name_of(fold: int) -> str:
    """What messages call the network of a fold, or the only one."""
    return "all items" if fold == ALL else f"fold {fold}"


@dataclass(frozen=True)
class Run:
    """A run folder.

    arguments: everything that decides how its networks come out, but for the machine; a run that
    goes on must have the same. image_size: pixels on each side, or height and width. split: int16
    (n), the fold of each item; None without folds. machine: what it was begun on, which nothing
    depends on. lineage: what it was made of. has_digest: whether it was read with its own, which
    agrees.
    """

    folder: Path
    architecture: str
    classes: tuple[str, ...]
    image_size: int | tuple[int, int]
    folds: int | None
    split: Array | None
    arguments: Mapping[str, Any]
    lineage: Lineage
    machine: Mapping[str, Any] = field(default_factory=dict)
    has_digest: bool = field(default=False, compare=False)

    @property
    def kind(self) -> str:
        """What a lineage calls it."""
        return KIND

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the images."""
        size = self.image_size
        return (size, size) if isinstance(size, int) else size

    @property
    def name(self) -> str:
        """What the run is called: its folder."""
        return self.folder.resolve().name

    @property
    def probs(self) -> bool:
        """Whether its networks return probabilities, of which the logarithm is taken."""
        return bool(self.arguments.get("probs", False))

    @property
    def code(self) -> str | None:
        """The callable that makes its networks, where that is a user's own."""
        return self.architecture if is_own(self.architecture) else None

    @property
    def code_digests(self) -> dict[str, str]:
        """The SHA-256 of the files that the callable was in, by "code" and their names."""
        return {name: str(sha) for name, sha in self.arguments.items() if is_of_code(name)}

    @property
    def knows_its_ancestors(self) -> bool:
        """Whether all that its networks were ever trained on is known: no weights are a file's."""
        return not _begins_with_a_file(self.lineage)

    def fold_numbers(self) -> list[int]:
        """The folds that there are to train, or ALL."""
        return [ALL] if self.folds is None else list(range(self.folds))

    def checkpoint(self, fold: int) -> Path:
        """The file of one network."""
        return self.folder / ("fold-all.pt" if fold == ALL else f"fold-{fold}.pt")

    def to_json(self) -> str:
        """The text of run.json."""
        content = {
            "schema": SCHEMA,
            "c10h": __version__,
            "architecture": self.architecture,
            "classes": list(self.classes),
            "image_size": self.image_size,
            "folds": self.folds,
            "arguments": dict(self.arguments),
            "machine": dict(self.machine),
            "lineage": self.lineage.to_dict(),
            "split": None if self.split is None else self.split.tolist(),
        }
        return _json({**content, DIGEST: _digest_of(content)})


def open_run(folder: Path) -> Run:
    """Read a run folder. Raises FileError or SchemaError for anything else."""
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{folder}: expected a run folder with {FILE}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path}: not readable as JSON: {error}") from error
    try:
        digest = content.pop(DIGEST, None)
        if digest is not None and digest != _digest_of(content):
            raise FileError(
                f"{path}: damaged, or changed after it was written: its content is not what its "
                f"{DIGEST!r}, a SHA-256, says"
            )
        if content["schema"] != SCHEMA:
            raise SchemaError(
                f"{path}: expected schema version {SCHEMA}, found {content['schema']} "
                f"(written by c10h {content.get('c10h')})"
            )
        split, size, folds = (content[key] for key in ("split", "image_size", "folds"))
        # Networks are looked for fold by fold.
        if folds is not None and not 1 < int(folds) <= len(split):
            raise ValueError(f"{folds} folds of {len(split)} items")
        return Run(
            folder=folder,
            architecture=str(content["architecture"]),
            classes=tuple(map(str, content["classes"])),
            image_size=int(size) if isinstance(size, int) else (int(size[0]), int(size[1])),
            folds=None if folds is None else int(folds),
            split=None if split is None else np.array(split, dtype=np.int16),
            arguments=_without_retired(dict(content["arguments"])),
            lineage=Lineage.from_dict(content["lineage"]),
            machine=dict(content["machine"]),
            has_digest=digest is not None,
        )
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise SchemaError(f"{path}: not in the form that c10h writes ({error!r})") from error


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the text of run.json without its digest."""
    return hashlib.sha256(_json(content).encode()).hexdigest()


def _without_retired(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in RETIRED}


def begin_or_resume(run: Run) -> Run:
    """Create the folder of a run, or find that it is there and was begun with the same arguments.

    Returns the run as it is on disk. Raises OutputError where the folder holds something else,
    MismatchError where its arguments are other ones.
    """
    try:
        if not run.folder.exists() or all(map(_is_left_over, run.folder.iterdir())):
            run.folder.mkdir(parents=True, exist_ok=True)
            write_text(str(run.folder / FILE), run.to_json())
            return run
        if not (run.folder / FILE).is_file():
            raise OutputError(f"{run.folder}: expected a run folder or none, found other files")
    except OSError as error:
        raise OutputError(f"{run.folder}: {reason(error)}") from error
    existing = open_run(run.folder)
    arguments = json.loads(json.dumps(dict(run.arguments)))
    if not existing.code_digests:  # older versions did not record them
        arguments = {name: value for name, value in arguments.items() if not is_of_code(name)}
    for key in sorted({*_deciding(arguments), *_deciding(existing.arguments)}):
        if arguments.get(key) != existing.arguments.get(key):
            raise MismatchError(
                f"{run.folder}: was started with {key} {_brief(existing.arguments.get(key))}, not "
                f"{_brief(arguments.get(key))}: use the same arguments to resume, or a new folder"
            )
    return existing


def is_of_code(name: str) -> bool:
    """Whether a role, or the name of an argument, is of a file of a network's code."""
    return name.startswith(f"{CODE} ")


def _deciding(arguments: Mapping[str, Any]) -> set[str]:
    """The names of the arguments that networks depend on."""
    unused = {*TELLING, *(OF_MULTISTEP if arguments.get("schedule") != "multistep" else ())}
    return set(arguments) - unused


def chosen_folds(run: Run, fold_numbers: list[int]) -> list[int]:
    """The folds to train: all, or those asked for. Raises InputError for one out of range."""
    if not fold_numbers:
        return run.fold_numbers()
    if run.folds is None:
        raise InputError("--fold needs --folds, the number of folds")
    for fold in fold_numbers:
        if not 0 <= fold < run.folds:
            raise InputError(f"--fold {fold}: expected 0 to {run.folds - 1}")
    return sorted(set(fold_numbers))


def refuse_checkpoint(option: str, path: Path) -> None:
    """Raise InputError for a checkpoint of a run: what it was trained on would not be known."""
    if path.suffix == ".pt" and (path.parent / FILE).is_file():
        raise InputError(
            f"{option} {path}: a checkpoint of a run: name the run folder, {path.parent}, which "
            "records what it was trained on"
        )


def _is_left_over(path: Path) -> bool:
    """Whether a file is what a killed process had begun to write as run.json."""
    return path.name.startswith(f".{FILE}.")


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 60 else f"{text[:56]}..."


def _begins_with_a_file(lineage: Lineage | None) -> bool:
    """Whether the first weights of a run, or of one that it began with, are from a foreign file."""
    parents = [parent for parent in lineage.inputs if parent.role == "init"] if lineage else []
    return any(parent.kind != KIND or _begins_with_a_file(parent.lineage) for parent in parents)
