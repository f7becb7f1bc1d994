"""What several tests share: the real data, where there is any, and small inputs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bombs import Bomb

CLASSES = ("cat", "dog", "bird")

# Before anything imports torch, and for the processes that tests start: its bits depend on the
# number of threads, and tests side by side with several threads each slow each other down.
os.environ["OMP_NUM_THREADS"] = "1"
# In the background of a shell Ctrl-C is ignored, and so it would be by the processes of tests.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data that C10H_DATA names; tests that need it are skipped without."""
    folder = os.environ.get("C10H_DATA")
    if not folder or not (Path(folder) / "cifar10h-counts.npy").is_file():
        pytest.skip("C10H_DATA does not name a folder with cifar10h-counts.npy")
    return Path(folder)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder, in which the test works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own, in which embedded sets are made once."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("C10H_CACHE", str(folder))
        patch.delenv("C10H_MIRROR", raising=False)
        yield folder


@pytest.fixture
def bomb(tmp_path: Path) -> Bomb:
    return Bomb(tmp_path / "it ran")
