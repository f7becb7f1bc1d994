"""Cases: a damaged or hostile input, the command that reads it, and how that ended.

    python -m fuzz.campaign --cases 20000     (in the folder tests)

prints the table of docs/trust.md. A case is its number: the same number is the same case.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fuzz.hostile import HARMLESS, MAKERS, MARK
from fuzz.isolated import MOST_BYTES, Ended, import_everything, run
from fuzz.mutations import MUTATIONS
from fuzz.seeds import Seed, make, seeds

RIGHT, REFUSED = "right", "one line and 1"
TRACEBACK, CRASH, HANG, MEMORY = "traceback", "crash", "hang", "over 2 GiB"
PARTIAL, CHANGED, UNNOTICED = "partial output", "input changed", "other numbers"
RAN, ACCEPTED = "code was run", "accepted"
SAID_WRONG = "status 1 without one line"
ALLOWED = (RIGHT, REFUSED)
CLASSES = (*ALLOWED, SAID_WRONG, TRACEBACK, CRASH, HANG, MEMORY, PARTIAL, CHANGED, UNNOTICED,
           RAN, ACCEPTED)  # fmt: skip
OUTPUT = "out.h5"
# Of a result, what depends on the bytes of an input and not on what is in it.
TELLING = ("sha256", "lineage", "files", "items")


@dataclass(frozen=True)
class Case:
    """What was tried, how it ended, and what was said."""

    number: int
    what: str
    line: Sequence[str]
    outcome: str
    said: str = ""


@dataclass
class Bench:
    """A folder with valid files, and what the commands say of them."""

    folder: Path
    cases: list[tuple[Seed, tuple[str, ...]]] = field(default_factory=list)
    expected: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> Bench:
        """Make the seeds, and run each command on them once."""
        import_everything()
        make(folder)
        bench = cls(folder)
        for seed in seeds():
            for command in seed.commands:
                line = _filled(command, seed.name)
                ended = run(line, folder)
                assert ended.status == 0, (line, ended.err)
                bench.expected[line] = _result(ended, folder)
                bench.cases.append((seed, command))
        return bench

    def try_hostile(self, name: str) -> Case:
        """The case of a maker of :mod:`fuzz.hostile`, in a copy of the folder."""
        with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary:
            folder = Path(temporary) / "work"
            shutil.copytree(self.folder, folder)
            line = MAKERS[name](folder)
            outcome, said = judged(line, folder)
            if (folder / MARK).exists():
                outcome = RAN
            elif outcome == RIGHT and name not in HARMLESS:
                outcome = ACCEPTED
            return Case(0, f"hostile: {name}", line, outcome, said)

    def try_number(self, number: int) -> Case:
        """The case of a number, in a copy of the folder's input that is damaged."""
        random = np.random.default_rng([20, number])
        seed, command = self.cases[int(random.integers(len(self.cases)))]
        line = _filled(command, seed.name)
        with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary:
            folder = Path(temporary) / "work"
            shutil.copytree(self.folder, folder, copy_function=_link)
            files = seed.files(folder)
            path = files[int(random.integers(len(files)))]
            content = path.read_bytes()
            mutation = MUTATIONS[int(random.integers(len(MUTATIONS)))]
            damaged = mutation(content, random)
            path.unlink()
            path.write_bytes(damaged)
            what = f"{seed.name}: {mutation.__name__} {path.relative_to(folder)}"
            expected = self.expected[line] if seed.is_checked and damaged != content else None
            outcome, said = judged(line, folder, expected)
            if outcome not in ALLOWED:
                kept = Path(tempfile.gettempdir()) / "fuzz-failed" / str(number)
                kept.mkdir(parents=True, exist_ok=True)
                (kept / path.name).write_bytes(damaged)
            return Case(number, what, line, outcome, said)


def judged(line: Sequence[str], folder: Path, expected: Any = None) -> tuple[str, str]:
    """Run a command line, and say how it ended: its class, and its last words.

    expected: the result of the undamaged input, where every other one is a wrong one.
    """
    before = _contents(folder)
    ended = run(line, folder)
    return outcome_of(ended, folder, before, expected), ended.err[-300:]


def outcome_of(ended: Ended, folder: Path, before: dict[Path, bytes], expected: Any) -> str:
    """The class of an outcome; the worst where there are several."""
    after = _contents(folder)
    if ended.hung:
        return HANG
    if ended.status < 0:
        return CRASH
    if "Traceback" in ended.err:
        return TRACEBACK
    if ended.peak > MOST_BYTES:
        return MEMORY
    if any(after.get(path) != content for path, content in before.items()):
        return CHANGED
    new = {path.name for path in after if path not in before}
    if ended.status == 0:
        if new - {OUTPUT}:
            return PARTIAL
        if expected is not None and _result(ended, folder) != expected:
            return UNNOTICED
        return RIGHT
    if new:
        return PARTIAL
    errors = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    return REFUSED if ended.status == 1 and len(errors) == 1 else SAID_WRONG


def table(cases: Sequence[Case]) -> str:
    """How many cases ended how, by the seed that they began with."""
    counts = Counter((case.what.partition(":")[0], case.outcome) for case in cases)
    names = sorted({name for name, _ in counts})
    rows = [["input", *CLASSES]]
    rows += [[name, *(str(counts[name, outcome]) for outcome in CLASSES)] for name in names]
    totals = Counter(case.outcome for case in cases)
    rows.append(["all", *(str(totals[outcome]) for outcome in CLASSES)])
    return "\n".join(
        f"| {' | '.join(row)} |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    )


def _filled(command: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(word.replace("{}", name) for word in command)


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()
            and "__pycache__" not in path.parts}  # fmt: skip


def _result(ended: Ended, folder: Path) -> Any:
    """What a command came to: the arrays of its file, or what it printed."""
    path = folder / OUTPUT
    if path.is_file():
        with h5py.File(path) as file:
            arrays = {name: file[name][...].tobytes() for name in file if name != "trained"
                      and isinstance(file[name], h5py.Dataset)}  # fmt: skip
        path.unlink()
        return arrays
    try:
        return _without_digests(json.loads(ended.out))
    except ValueError:
        return ended.out


def _without_digests(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_digests(inner) for key, inner in value.items() if key not in TELLING}
    return [_without_digests(inner) for inner in value] if isinstance(value, list) else value


def _link(source: str, target: str) -> None:
    """A copy: a link would let a command change the original."""
    shutil.copyfile(source, target)


_bench: list[Bench] = []


def _begin(folder: Path) -> None:
    """Each process has its own valid files."""
    own = Path(tempfile.mkdtemp(prefix="fuzz-seeds-", dir=folder))
    _bench.append(Bench.make(own))


def _try(case: int | str) -> Case:
    bench = _bench[0]
    return bench.try_number(case) if isinstance(case, int) else bench.try_hostile(case)


def campaign(cases: Sequence[int | str], workers: int) -> Iterator[Case]:
    """Cases, numbers and names of :data:`fuzz.hostile.MAKERS`, in processes."""
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as folder,
        ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=partial(_begin, Path(folder))
        ) as pool,
    ):
        yield from pool.map(_try, cases, chunksize=10)


def main() -> None:
    """Try cases, and print what went wrong and the table. Status 1 where anything did."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="of the hostile files")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    cases = []
    numbers = range(given.first, given.first + given.cases)
    names = list(MAKERS)[given.first % given.every :: given.every]
    for case in campaign([*names, *numbers], given.workers):
        cases.append(case)
        if case.outcome not in ALLOWED:
            what = f"{case.number} {case.outcome}: {case.what}: {' '.join(case.line)}"
            sys.stderr.write(f"{what}: {case.said}\n")
            sys.stderr.flush()
    sys.stdout.write(f"{table(cases)}\n")
    sys.exit(any(case.outcome not in ALLOWED for case in cases))


if __name__ == "__main__":
    main()
