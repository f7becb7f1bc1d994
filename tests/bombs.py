"""Files that do something when they are unpickled, which nothing may do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bomb:
    """An object that creates a file when it is unpickled."""

    mark: Path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)

    def assert_not_run(self) -> None:
        assert not self.mark.exists(), "the file's code was run"
