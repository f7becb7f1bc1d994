"""Which files make a user's own network."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from c10h.models.network_code import code_files

NETWORK = """
from torch import nn

def net(classes):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(classes))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where modules are imported from; their names are in no other test."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__in__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(name: str) -> list[str]:
    return [file.name for file in code_files(name)]


def test_a_file_alone(folder: Path) -> None:
    written(folder, code_alone=NETWORK, code_beside="1 / 0")
    (file,) = code_files("code_alone:net")
    assert file.name == "code_alone.py"
    assert file.sha256 == hashlib.sha256(NETWORK.encode()).hexdigest()


def test_files_that_it_uses(folder: Path) -> None:
    """By import, by name, by way of another one, and around a circle."""
    written(
        folder,
        code_uses=f"import code_layers\nfrom code_blocks import Block\n{NETWORK}",
        code_layers="import code_deep\nimport json",
        code_deep="import code_layers",
        code_blocks="class Block: pass",
        code_unused="",
    )
    wanted = ["code_blocks.py", "code_deep.py", "code_layers.py", "code_uses.py"]
    assert names("code_uses:net") == wanted


def test_a_module_of_a_package(folder: Path) -> None:
    written(
        folder,
        code_pack__in____init__="",
        code_pack__in__nets=f"from code_pack.parts import part\nfrom . import more\n{NETWORK}",
        code_pack__in__parts="def part(): pass",
        code_pack__in__more="",
    )
    wanted = [f"code_pack/{name}.py" for name in ("more", "nets", "parts")]
    assert names("code_pack.nets:net") == wanted


def test_a_package(folder: Path) -> None:
    written(folder, code_whole__in____init__="from .nets import net", code_whole__in__nets=NETWORK)
    assert names("code_whole:net") == ["code_whole/__init__.py", "code_whole/nets.py"]


def test_an_installed_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own files, and not what else is installed."""
    installed = folder / "lib" / "site-packages"
    monkeypatch.syspath_prepend(installed)
    written(
        installed,
        code_there__in____init__=f"import code_other\nfrom .parts import part\n{NETWORK}",
        code_there__in__parts="def part(): pass",
        code_other="",
    )
    assert names("code_there:net") == ["code_there/__init__.py", "code_there/parts.py"]


def test_installed_packages_below_the_folder(folder: Path) -> None:
    """As in a virtual environment that is in the current folder."""
    written(folder, code_env=f"import code_site\n{NETWORK}")
    (folder / ".venv" / "site-packages").mkdir(parents=True)
    written(folder / ".venv" / "site-packages", code_site="")

    sys.path.append(str(folder / ".venv" / "site-packages"))
    try:
        assert names("code_env:net") == ["code_env.py"]
    finally:
        sys.path.pop()


@pytest.mark.parametrize("name", ["resnet_basic_8", "torchvision:resnet18", "math:sqrt"])
def test_no_code_of_ones_own(name: str) -> None:
    assert names(name) == []
