"""Checkpoints: what is written is what is read, and nothing in them runs."""

from __future__ import annotations

import errno
import hashlib
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from bombs import Bomb
from edits import state_of

from c10h.errors import FileError, OutputError, SchemaError
from c10h.training.checkpoint import Checkpoint, load, save
from training.small import Tiny, same


def full() -> Checkpoint:
    """A checkpoint with something in every field."""
    network = Tiny()
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    return Checkpoint(
        dict(network.state_dict()),
        torch.tensor([-5, 3]),
        7,
        False,
        optimizer.state_dict(),
        {"a": torch.ones(2)},
        [0.1, 3.0],
        [[1.0, 0.5, 0.25, 0.1]],
        {"loss": float("inf")},
        [{"lr": 0.1, "loss": 2.0}],
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "fold-0.pt"
    save(full(), found)
    return found


def edited(path: Path, **changes: Any) -> None:
    content = state_of(path)
    torch.save({**content, **changes}, path)


def test_round_trip(path: Path) -> None:
    found = load(path)
    torch.manual_seed(0)
    wanted = full()
    for one in fields(Checkpoint):
        assert same(getattr(found, one.name), getattr(wanted, one.name)), one.name


def test_equal_checkpoints_are_equal_bytes(path: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    save(full(), tmp_path / "another name.pt")
    assert (tmp_path / "another name.pt").read_bytes() == path.read_bytes()


def test_code_is_not_run(path: Path, bomb: Bomb) -> None:
    torch.save({"schema": 1, "network": bomb}, path)
    with pytest.raises(FileError, match=r"fold-0.pt: damaged, or holds more than weights"):
        load(path)
    bomb.assert_not_run()


def test_the_last_line_is_what_sha256sum_says_of_the_rest(path: Path) -> None:
    content = path.read_bytes()
    last = content.splitlines()[-1].decode()
    assert last == f"sha256 {hashlib.sha256(content[:-73]).hexdigest()}"
    with zipfile.ZipFile(path) as archive:  # which has it as its comment
        assert archive.comment.decode().strip() == last


def test_every_flipped_bit_is_noticed_or_harmless(path: Path) -> None:
    content, expected = path.read_bytes(), load(path)
    for place in range(3, len(content), 29):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            checkpoint = load(path)
        except FileError as error:
            assert "\n" not in str(error)  # noqa: PT017, one that is read is right, too
        else:
            assert place > len(content) - 73
            assert same(checkpoint.network, expected.network)


@pytest.mark.parametrize("cut", [1, 73, 75])
def test_an_end_that_is_missing(cut: int, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(FileError, match=r"fold-0\.pt: (cut off|damaged)"):
        load(path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9])
def test_truncated(share: float, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        FileError, match=r"fold-0\.pt: damaged, or holds more than weights"
    ) as error:
        load(path)
    assert "\n" not in str(error.value)


def test_bytes_of_something_else(path: Path) -> None:
    path.write_bytes(b"\x80\x04garbage" * 100)
    with pytest.raises(FileError, match=r"fold-0\.pt: damaged, or holds more than weights"):
        load(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.pt: no such file"):
        load(tmp_path / "none.pt")


def test_other_torch_data(path: Path) -> None:
    torch.save(Tiny().state_dict(), path)
    with pytest.raises(FileError, match="expected a checkpoint of c10h"):
        load(path)


def test_a_newer_version(path: Path) -> None:
    edited(path, schema=2, c10h="9.0")
    with pytest.raises(SchemaError, match=r"schema version 1, found 2 \(written by c10h 9.0\)"):
        load(path)


@pytest.mark.parametrize("name", [one.name for one in fields(Checkpoint)])
def test_a_part_is_missing(name: str, path: Path) -> None:
    content = state_of(path)
    del content[name]
    torch.save(content, path)
    with pytest.raises(SchemaError, match=f"expected '{name}' in the checkpoint"):
        load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": [1]},
        {"network": {"weight": 3}},
        {"trained": [1, 2]},
        {"trained": torch.ones(3)},
        {"trained": torch.ones(3, 3, dtype=torch.int64)},
        {"optimizer": None},
        {"slow": 0},
        {"step": "7"},
    ],
)
def test_parts_of_another_form(changes: dict[str, Any], path: Path) -> None:
    edited(path, **changes)
    with pytest.raises(SchemaError, match="not in the form that c10h writes"):
        load(path)


def test_a_full_disk_leaves_the_older_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OutputError, match=r"fold-0.pt: no space left on device"):
        save(full(), path)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["fold-0.pt"]


def test_a_disk_that_fills_while_it_is_written(tmp_path: Path) -> None:
    """A limit on the size of files stands for it: a short write, then an error."""
    import resource
    import signal

    path = tmp_path / "a.pt"
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        with pytest.raises(OutputError, match="file too large"):
            save(full(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())
