"""``--verbose``: what is decided is said on stderr, and nothing without it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from c10h.decisions import LOG, decided

from .conftest import Files, Run

SCORE = ("score", "a.npy", "--labels", "labels.h5", "-q")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """As it is before a command was asked to talk."""
    yield
    LOG.handlers.clear()
    LOG.setLevel(logging.NOTSET)


@pytest.mark.usefixtures("files")
def test_temperatures_are_told(c10h: Run) -> None:
    plain, verbose = c10h(*SCORE), c10h(*SCORE, "--verbose")
    assert plain.status == verbose.status == 0
    assert plain.out == verbose.out
    assert "decided" not in plain.err
    assert "decided: temperatures of the groups of items, each fitted to people's labels" in (
        " ".join(verbose.err.split())
    )


def test_files_of_data_sets_are_told(files: Files, process: Run) -> None:
    result = process("show", "synthetic", "--verbose")
    assert "decided: synthetic: the data set of that name, " in " ".join(result.err.split())


def test_programs_may_listen(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="c10h"):
        decided("%d of %s", 3, "all")
    assert caplog.messages == ["3 of all"]
