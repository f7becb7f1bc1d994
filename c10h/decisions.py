"""What a command settles that nobody asked for by name; ``--verbose`` shows it.

Messages of level DEBUG to the logger ``c10h``, which Python programs may listen to as to any other.
"""

from __future__ import annotations

import logging

LOG = logging.getLogger("c10h")


def decided(message: str, *values: object) -> None:
    """Tell those who want to know; values: for the places of % in the message."""
    LOG.debug(message, *values)
