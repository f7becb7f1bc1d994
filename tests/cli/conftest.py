"""Running commands as a user would, and small files to run them on."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from c10h import h5
from c10h.files import Source
from c10h.records import Array, Images, Labels, Predictions

CLASSES = ("cat", "dog", "bird")
PYTHON = [sys.executable, "-m", "c10h"]
# What terminals and CI services set to ask for colour.
LOUD = ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE", "NO_COLOR", "COLUMNS")


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    status: int
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        return self.stdout.decode()

    def json(self) -> Any:
        assert self.status == 0, self.err
        return json.loads(self.out, parse_constant=_no_constant)


class Run(Protocol):
    """Run a command line."""

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Result: ...


class Refuse(Protocol):
    """Run a command line that must fail, with words that its one line must have."""

    def __call__(
        self, *arguments: object, says: str | Sequence[str], stdin: bytes = b""
    ) -> None: ...


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@pytest.fixture
def c10h() -> Run:
    """Run a command line in this process. An exception that no user may see is not caught."""
    return run_here


def run_here(*arguments: object, stdin: bytes = b"") -> Result:
    """Run a command line in this process."""
    streams = {
        name: io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", write_through=True)
        for name, content in (("stdin", stdin), ("stdout", b""), ("stderr", b""))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["c10h", *map(str, arguments)])
        patch.setattr(sys, "excepthook", sys.excepthook)  # which typer replaces
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        # Networks' code in this folder, not that of another test.
        others = [folder for folder in sys.path if Path(folder, "tiny.py").is_file()]
        patch.setattr(sys, "path", [folder for folder in sys.path if folder not in others])
        for path in Path().glob("*.py"):
            if "/pytest-" in str(getattr(sys.modules.get(path.stem), "__file__", "")):
                del sys.modules[path.stem]
        status = status_of_main()
    out, err = (streams[name].buffer for name in ("stdout", "stderr"))
    assert isinstance(out, io.BytesIO)
    assert isinstance(err, io.BytesIO)
    return Result(status, out.getvalue(), err.getvalue().decode())


def status_of_main() -> int:
    """Run the command line in sys.argv in this process."""
    from c10h.cli import main  # of which a test may have put another in its place

    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Run a command line in a process of its own, in the temporary folder."""

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        return start([*PYTHON, *map(str, arguments)], tmp_path, input=stdin)

    return run


def start(command: Sequence[str], folder: Path, **options: Any) -> Result:
    """Run any command in a folder, without what asks for colour."""
    environment = {key: value for key, value in os.environ.items() if key not in LOUD}
    environment.update(options.pop("environment", {}))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    options = {**pipes, "timeout": 60, **options}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, **options)
    return Result(done.returncode, done.stdout or b"", (done.stderr or b"").decode())


@pytest.fixture
def refuses(c10h: Run, tmp_path: Path) -> Refuse:
    """Check that a command ends with one line and status 1, and leaves an older output alone."""

    def check(*arguments: object, says: str | Sequence[str], stdin: bytes = b"") -> None:
        output = tmp_path / "old output" / "old"
        output.parent.mkdir(exist_ok=True)
        output.write_bytes(b"old")
        writes = arguments[0] != "show" and "-o" not in arguments
        target = ("-o", output, "--force") if writes else ()
        result = c10h(*arguments, *target, stdin=stdin)
        assert_refused(result, says)
        assert output.read_bytes() == b"old"
        assert list(output.parent.iterdir()) == [output]

    return check


def assert_refused(result: Result, says: str | Sequence[str]) -> None:
    """One line on stderr that begins with "error:" and has every one of some words."""
    assert result.status == 1, result
    assert result.stdout == b""
    assert result.err.startswith("error: "), result.err
    assert result.err.count("\n") == 1, result.err
    assert result.err.endswith("\n")
    for words in [says] if isinstance(says, str) else says:
        assert words in result.err


def read_file(path: str | Path, kind: type[h5.Kind]) -> h5.Kind:
    """The record in a file of that kind."""
    return h5.read(Source.open(str(path)), kind)


def unwrapped(text: str) -> str:
    """A usage error as one line, without the box that it is in."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())


@dataclass(frozen=True)
class Files:
    """A folder with votes, truth, two networks' logits, and labels made of the first two."""

    folder: Path
    counts: Array
    truth: Array
    logits: dict[str, Array]

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def shares(self) -> Array:
        return np.asarray(self.counts / self.counts.sum(axis=1, keepdims=True))

    def save(self, name: str, values: Any) -> Path:
        """A file of that name: an array as .npy, a record as .h5, or a text."""
        path = self.folder / name
        if isinstance(values, str):
            path.write_text(values, encoding="utf-8")
        elif isinstance(values, Labels | Predictions):
            h5.write(values, str(path))
        else:
            np.save(path, values)
        return path

    def predictions(self, name: str, **changes: Any) -> Path:
        """The first network's logits as a file of predictions."""
        fields = {
            "classes": CLASSES,
            "logits": self.logits["a"][None].astype("f4"),
            "member": np.array(["m"]),
        }
        return self.save(name, Predictions(**{**fields, **changes}))

    def labels(self, name: str, **changes: Any) -> Path:
        fields = {
            "classes": CLASSES,
            "probs": self.shares,
            "counts": self.counts,
            "truth": self.truth,
        }
        return self.save(name, Labels(**{**fields, **changes}))


@pytest.fixture(scope="session")
def made_files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """30 items of 3 classes: counts.npy, truth.npy, a.npy, b.npy, labels.h5."""
    random = np.random.default_rng(7)
    truth = np.arange(30) % 3
    counts = random.multinomial(20, 0.15 + 0.55 * np.eye(3)[truth]).astype("i4")
    logits = {
        name: 2 * np.eye(3)[truth] + random.normal(size=(30, 3)) * noise
        for name, noise in (("a", 1.0), ("b", 2.0))
    }
    made = Files(tmp_path_factory.mktemp("files"), counts, truth, logits)
    made.save("counts.npy", counts)
    made.save("truth.npy", truth)
    for name, values in logits.items():
        made.save(f"{name}.npy", values)
    made.labels("labels.h5")
    return made


@pytest.fixture
def files(made_files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """A copy of the small files in the temporary folder, which commands run in."""
    shutil.copytree(made_files.folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return replace(made_files, folder=tmp_path)


TINY = """
from torch import nn

def net(num_classes, image_size):
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AvgPool2d(image_size), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4, num_classes))

def other(num_classes):
    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, num_classes))
"""


@pytest.fixture(scope="session")
def made_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures of 3 classes, 8 x 8; labels of them; 20 others; and tiny.py, a network."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(1)
    truth = np.arange(60) % 3
    ids = np.array([f"i{number:02d}" for number in range(60)])
    pixels = random.integers(0, 256, (80, 8, 8, 3)).astype("u1")
    pixels[np.arange(80), :, :, np.arange(80) % 3] //= 2
    counts = random.multinomial(20, 0.1 + 0.7 * np.eye(3)[truth]).astype("i4")
    records = {
        "images": Images(classes=CLASSES, images=pixels[:60], truth=truth, ids=ids),
        "others": Images(classes=CLASSES, images=pixels[60:], truth=truth[:20]),
        "labels": Labels(classes=CLASSES, probs=counts / 20, counts=counts, truth=truth, ids=ids),
    }
    for name, record in records.items():
        h5.write(record, str(folder / f"{name}.h5"))
    (folder / "tiny.py").write_text(TINY, encoding="utf-8")
    return folder


@pytest.fixture
def pictures(made_pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them in the temporary folder, which commands run in."""
    shutil.copytree(made_pictures, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def made_runs(made_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of three folds, a (soft labels) and b (hard), and one without folds, c."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(made_pictures, folder, dirs_exist_ok=True)
    common = [
        "train",
        "images.h5",
        "labels.h5",
        "--arch",
        "tiny:net",
        "--batch-size",
        "10",
        "--lr",
        "0.5",
    ]
    folds = ["--folds", "3", "--epochs", "2"]
    more = {"a": folds, "b": [*folds, "--target", "hard"], "c": ["--epochs", "1"]}
    for name, line in more.items():
        result = start([*PYTHON, *common, *line, "-o", name], folder)
        assert result.status == 0, result.err
    return folder


@pytest.fixture
def runs(pictures: Path, made_runs: Path) -> Path:
    """Copies of the runs in the working folder."""
    for name in "abc":
        shutil.copytree(made_runs / name, pictures / name)
    return pictures


# Every place where a command reads a file; {} is the file.
EVERYWHERE = {
    "score predictions": ["score", "{}", "--labels", "labels.h5"],
    "score labels": ["score", "a.npy", "--labels", "{}"],
    "score truth": ["score", "a.npy", "--truth", "{}"],
    "labels build": ["labels", "build", "{}"],
    "labels build truth": ["labels", "build", "counts.npy", "--truth", "{}"],
    "labels build hard": ["labels", "build", "{}", "--as", "hard", "--classes", "3"],
    "labels build distill": ["labels", "build", "a.npy", "{}", "--as", "distill"],
    "report": ["report", "{}"],
    "show": ["show", "{}"],
}
FOREIGN = {name: line for name, line in EVERYWHERE.items() if name not in ("report", "show")}


def filled(line: list[str], file: object) -> list[str]:
    return [str(file) if word == "{}" else word for word in line]
