"""Commands in real processes, on files of every kind, which faults meet at any moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
C10H = [sys.executable, "-m", "c10h"]

# Each command, and what it makes.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "train": (
        "train images.h5 labels.h5 --arch tiny:net --folds 2 --epochs 3 --batch-size 4",
        "new",
    ),
    "predict": ("predict run images.h5 --arch tiny:net", "new.h5"),
    "attack": (
        "attack run images.h5 --arch tiny:net --steps 20 --health 2 --batch-size 3 --save-images",
        "new.h5",
    ),
    "labels": ("labels build judgments.csv", "new.h5"),
    "import": ("data import png", "new.h5"),
    "score": ("score predictions.h5 --labels labels.h5", "new.h5"),
    "report": ("report scores.h5", "new.html"),
    "corrupt": ("data corrupt images.h5 --kind gaussian_noise --severity 3", "new.h5"),
}


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    status: int
    err: str


@dataclass(frozen=True)
class Place:
    """A folder with inputs, and a cache of its own."""

    folder: Path

    def line(self, name: str) -> list[str]:
        """The words of a command."""
        words, output = COMMANDS[name]
        return [*words.split(), "-o", output]

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "C10H_CACHE": str(self.folder / "cache"), **more}

    def run(
        self, line: Sequence[str], prepare: str = "", environment: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a command line. prepare: Python that its process runs first."""
        code = f"{prepare}\nimport sys\nsys.argv = ['c10h', *sys.argv[1:]]\n"
        code += "from c10h.__main__ import run\nrun()\n"
        done = subprocess.run(
            [sys.executable, "-c", code, *line],
            cwd=self.folder,
            env=self.environment(**(environment or {})),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
        )
        return Ended(done.returncode, done.stderr)

    def names(self) -> set[str]:
        """All files, hidden ones too."""
        return {
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def made(self, name: str) -> dict[str, bytes]:
        """The bytes of what a command made."""
        path = self.folder / COMMANDS[name][1]
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in files}


@pytest.fixture(scope="session")
def made_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    code = (
        "import sys; from pathlib import Path; from fuzz.seeds import make; make(Path(sys.argv[1]))"
    )
    paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        check=True,
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": paths},
    )
    return folder


@pytest.fixture
def place(made_inputs: Path, tmp_path: Path) -> Place:
    folder = tmp_path / "work"
    shutil.copytree(made_inputs, folder)
    return Place(folder)
