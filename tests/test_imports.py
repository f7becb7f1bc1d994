"""Imports run one way, and torch is imported only where networks are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import c10h

PACKAGE = Path(c10h.__file__).parent
FILES = sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "_version.py"})

# From the ground up; a module imports from its own rank and from those below it. Every package has
# a rank of its own, so that none can be in a circle with another.
LAYERS = (
    {"errors"},
    {
        "records",
        "h5",
        "h5_attributes",
        "files",
        "processors",
        "signals",
        "parallel",
        "lineage",
        "h5_sink",
        "h5_heap",
        "h5_objects",
        "h5_values",
        "digests",
        "locks",
        "run_folder",
        "decisions",
        "deferred",
        "request_fields",
    },
    {"items", "truth"},
    {"formats"},
    {"images"},
    {"metrics"},
    {"labels"},
    {"datasets"},
    {"models"},
    {"training"},
    {"attacks"},
    {"stages"},
    {"views"},
    {"cli"},
    {"api"},
    {"__main__"},
)
RANKS = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
NETWORKS = {"training", "models", "attacks"}
HEAVY = {"torch", "torchvision", "cleverhans"}
# What the command line leaves to stages.
NOT_IN_CLI = {"c10h.training", "c10h.attacks", *HEAVY}


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of all imports in a file, those in functions and for type checkers included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_once(node: ast.AST) -> Iterator[str]:
    """Full names of what importing a file imports: nothing in functions or for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from imported(child)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from imported_at_once(ast.Module(child.orelse, []))
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imported_at_once(child)


def part(name: str) -> str | None:
    """The part of c10h that a full name belongs to; None outside c10h and for its version."""
    package, _, rest = name.partition(".")
    first = rest.split(".")[0]
    return first if package == "c10h" and first not in ("", "__version__") else None


def upward(importer: str, source: str) -> list[str]:
    """Imports in the source of a part of c10h that run against the layers."""
    return [
        name
        for name in imported(ast.parse(source))
        if (target := part(name)) is not None
        and target != importer
        and (RANKS[target] > RANKS[importer] or RANKS[importer] == 0)
    ]


def heavy(importer: str, source: str) -> list[str]:
    """Imports of torch and its like that happen when this part of c10h is imported."""
    if importer in NETWORKS:
        return []
    return [name for name in imported_at_once(ast.parse(source)) if name.split(".")[0] in HEAVY]


def left_to_stages(source: str) -> list[str]:
    """Imports in the source of the command line, in functions too, of what stages are for."""
    return [
        name
        for name in imported(ast.parse(source))
        if {name.split(".")[0], ".".join(name.split(".")[:2])} & NOT_IN_CLI
    ]


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def test_every_package_has_a_rank_of_its_own() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert all({name} == LAYERS[RANKS[name]] for name in packages)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        assert set(imported_at_once(ast.parse(path.read_text()))) <= {"c10h._version.__version__"}
    else:
        assert part_of(path) in RANKS, f"no layer is known for {path.name}"
        assert upward(part_of(path), path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_is_imported_only_where_networks_are(path: Path) -> None:
    assert heavy(part_of(path), path.read_text()) == []


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "cli").rglob("*.py")), ids=lambda path: path.name
)
def test_the_command_line_leaves_networks_to_stages(path: Path) -> None:
    assert left_to_stages(path.read_text()) == []


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("errors", "import c10h.records"),
        ("records", "from c10h.metrics.metrics import METRICS"),
        ("h5", "from c10h import cli"),
        ("metrics", "def f():\n    from c10h.stages.score import score"),
        ("stages", "if TYPE_CHECKING:\n    from c10h.views import score"),
        ("stages", "from c10h.cli.console import say"),
    ],
)
def test_an_import_upward_is_found(importer: str, source: str) -> None:
    assert len(upward(importer, source)) == 1


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("cli", "from c10h import __version__, h5"),
        ("stages", "from c10h.stages.people import People"),
        ("labels", "from c10h.formats.lazy_rows import MappedRows"),
        ("h5", "import numpy\nfrom c10h.records import Record"),
    ],
)
def test_an_import_downward_is_allowed(importer: str, source: str) -> None:
    assert upward(importer, source) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import torch.nn", 1),
        ("from torchvision import io", 1),
        ("try:\n    import cleverhans\nexcept ImportError:\n    pass", 1),
        ("class A:\n    import torch", 1),
        ("if TYPE_CHECKING:\n    import os\nelse:\n    import torch", 1),
        ("def f():\n    import torch", 0),
        ("if TYPE_CHECKING:\n    import torch", 0),
    ],
)
def test_an_import_of_torch_is_found(source: str, count: int) -> None:
    assert len(heavy("formats", source)) == count
    assert heavy("models", source) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import torch", 1),
        ("def f():\n    import torch.nn", 1),
        ("from c10h import training", 1),
        ("def f():\n    from c10h.attacks.methods import ATTACKS", 1),
        ("if TYPE_CHECKING:\n    from c10h.training.fold_training import Outcome", 1),
        ("from c10h.models import architectures\nfrom c10h.stages import attack, train", 0),
    ],
)
def test_what_is_left_to_stages_is_found(source: str, count: int) -> None:
    assert len(left_to_stages(source)) == count
