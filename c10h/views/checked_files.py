"""What ``c10h show --check`` prints: a row a file, and JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from c10h.stages.check_files import CheckedFile
from c10h.views.display import Display
from c10h.views.table import text_table

AGREES, NONE = "agrees", "none: of an older version, or of another program"


def display(files: Sequence[CheckedFile]) -> Display:
    """Files that are whole; others ended the command."""
    table = text_table(
        ["file", "holds", "SHA-256"],
        [[file.name, file.holds, AGREES if file.has_digest else NONE] for file in files],
    )
    return Display(lambda: [table], lambda: [dataclasses.asdict(file) for file in files])
