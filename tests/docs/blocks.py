"""Run the blocks of README.md and docs/tutorials, and compare what they print with what they show.

    python -m docs.blocks --update [PAGE…]     (in the folder tests) writes anew what they print

A block ```sh or ```python is run in a folder with nothing but examples/, and the block without a
language below it is what it prints, in a terminal of 80 columns. If that ends with a line "…", only
the lines above it are compared. ``<!-- numbers vary -->`` above it compares words alone, for what
depends on how a machine rounds; ``<!-- numbers and sentences vary -->`` those of tables alone, as
sentences are chosen by the numbers. A tutorial shows all that is printed; README.md need not show
any of it.

``<!-- not run: WHY -->`` above a block, in any language, says that it is not run here, and why.
README.md's reader has logits.npy and can fetch cifar10h: published.py puts both in place.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from docs import published

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TUTORIALS = sorted(ROOT.glob("docs/tutorials/*.md"))
REST = "…\n"
NOT_RUN = r"(?:<!-- not run: (?P<why_not>[^\n]+) -->\n)?"
_STEP = re.compile(
    rf"^{NOT_RUN}```(?P<language>\w+)\n(?P<code>.*?)^```\n"
    r"(?:\n(?:<!-- (?P<vary>[a-z ]+) -->\n)?```\n(?P<shown>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)
_NUMBER = re.compile(r"[+−-]?(\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?")


@dataclass(frozen=True)
class Step:
    """A block of a page, what it is said to print (None: nothing), and where that stands.

    vary: what of it depends on the machine, "" for nothing. why_not: why it is not run, "" if it
    is.
    """

    why_not: str
    language: str
    code: str
    shown: str | None
    vary: str
    span: tuple[int, int]


def steps(page: str) -> list[Step]:
    """The blocks of a page, in order.

    Raises ValueError for one that nothing runs and that does not say why, an output that belongs to
    none, and a comment that is not right above what it is about.
    """
    found = [
        Step(
            match["why_not"] or "",
            match["language"],
            match["code"],
            match["shown"],
            match["vary"] or "",
            match.span("shown") if match["shown"] is not None else (match.end(), match.end()),
        )
        for match in _STEP.finditer(page)
    ]
    if unknown := {step.vary for step in found} - {"", *COMPARED}:
        raise ValueError(f"expected {' or '.join(COMPARED)}, found {', '.join(unknown)}")
    fences = len(re.findall(r"^ *```", page, re.MULTILINE))
    known = all(step.why_not or step.language in ("sh", "python") for step in found)
    if not known or fences != 2 * sum(1 + (step.shown is not None) for step in found):
        raise ValueError("a block is neither run (sh, python) nor right below one that is")
    if page.count("<!-- not run") != sum(bool(step.why_not) for step in found):
        raise ValueError("a comment 'not run' is not right above a block, or gives no reason")
    return found


def words(text: str) -> list[str]:
    """The words of a text, without its numbers."""
    return re.findall(r"[^\W\d_]+", _NUMBER.sub(" ", text))


def words_of_tables(text: str) -> list[str]:
    """The words of the lines that have columns, with two or more blanks between them.

    An interval has a "to" between its ends only where one of them is negative.
    """
    lines = "\n".join(line for line in text.splitlines() if "  " in line.strip())
    return [word for word in words(lines) if word != "to"]


COMPARED: Mapping[str, Callable[[str], list[str]]] = {
    "numbers vary": words,
    "numbers and sentences vary": words_of_tables,
}


def agrees(step: Step, printed: str) -> bool:
    """Whether a page shows what is printed."""
    shown = step.shown or ""
    if shown.endswith(REST):
        shown = shown.removesuffix(REST)
        lines = printed.splitlines(keepends=True)
        printed = "".join(lines[: shown.count("\n")])
        if shown.count("\n") == len(lines):
            return False  # there is no rest
    compared = COMPARED.get(step.vary)
    return compared(shown) == compared(printed) if compared else shown == printed


def replaced(step: Step, printed: str) -> str:
    """What a page is to show: as many lines as before, if it showed no more than the first."""
    lines = printed.splitlines(keepends=True)
    count = (step.shown or "").count("\n") - 1
    if step.shown is not None and step.shown.endswith(REST) and count < len(lines):
        printed = "".join([*lines[:count], REST])
    if step.shown is None and printed:
        return f"\n```\n{printed}```\n"
    return printed


@contextlib.contextmanager
def place(path: Path) -> Iterator[None]:
    """A folder to work in, with the files that come with c10h, and the environment of a reader."""
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {"PATH": commands, "COLUMNS": "80", "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / "examples", Path(name, "examples"))
        published_files = published.at_hand() if path == README else contextlib.nullcontext()
        with contextlib.chdir(name), mock.patch.dict(os.environ, settings), published_files:
            yield


def run(step: Step, space: dict[str, Any]) -> str:
    """What a block prints, in the current folder; ``space`` has what Python blocks before it made.

    Raises RuntimeError if a command fails.
    """
    if step.language == "python":
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(step.code, space)
        return _without_blanks(printed.getvalue())
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step.code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"status {done.returncode}:\n{step.code}{done.stdout}")
    return _without_blanks(done.stdout)


def _without_blanks(text: str) -> str:
    """A text without blanks at the ends of lines, which editors remove from pages."""
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def runs(step: Step) -> bool:
    """Whether a block is run, on this machine."""
    return not step.why_not and (published.NAME not in step.code or published.is_there())


def outputs(path: Path, *, whole: bool = True) -> Iterator[tuple[Step, str]]:
    """Run the blocks of a page; each that shows what it prints, and what that is.

    A tutorial's block shows what it prints even if it shows nothing. whole: False runs no others.
    """
    space: dict[str, Any] = {}
    with place(path):
        for step in filter(runs, steps(path.read_text(encoding="utf-8"))):
            shows = step.shown is not None or path in TUTORIALS
            if shows or whole:
                printed = run(step, space)
                if shows:
                    yield step, printed


def update(path: Path) -> int:
    """Write into a page what its blocks print; how many print something else than it showed."""
    page = path.read_text(encoding="utf-8")
    found = list(outputs(path))
    for step, printed in reversed(found):
        start, end = step.span
        page = page[:start] + replaced(step, printed) + page[end:]
    path.write_text(page, encoding="utf-8")
    return sum(not agrees(step, printed) for step, printed in found)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--update"]:
        sys.exit("python -m docs.blocks --update [PAGE…]; pytest docs checks")
    for path in [Path(name).resolve() for name in sys.argv[2:]] or [README, *TUTORIALS]:
        sys.stdout.write(f"{path.name}: {update(path)} changed\n")
