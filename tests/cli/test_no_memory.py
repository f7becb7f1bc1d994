"""Errors that mean that there is no memory left, whoever raises them."""

from __future__ import annotations

from typing import NoReturn

import pytest

from c10h import cli


def raising(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        ImportError("mtrand.so: failed to map segment from shared object"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_memory_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "app", lambda: raising(error))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = "error: out of memory: more than the machine has, or than a limit allows\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ImportError("no name")])
def test_other_errors_keep_their_traceback(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "app", lambda: raising(error))
    with pytest.raises(type(error), match=str(error)):
        cli.main()
