"""The command line in this process, for what reads whole tables."""

from cli.conftest import c10h

__all__ = ["c10h"]
