"""c10h without PyTorch and cleverhans, as the group "light" of pyproject.toml installs it."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
import torch

from c10h.cli import LEFT_OUT

from .conftest import Files, Result, assert_refused, start

REPOSITORY = Path(__file__).parent.parent.parent
# As Python has it for modules that cannot be imported.
WITHOUT = (
    "import sys\n"
    f"for name in {LEFT_OUT}: sys.modules[name] = None\n"
    "sys.argv = ['c10h', *sys.argv[1:]]\n"
    "from c10h.__main__ import run\n"
    "run()\n"
)


def light(line: str) -> Result:
    """Run a command line where nothing of PyTorch is installed."""
    return start([sys.executable, "-c", WITHOUT, *line.split()], Path.cwd())


def test_the_group_is_all_dependencies_but_those() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    dependencies = set(project["project"]["dependencies"])
    group = set(project["dependency-groups"]["light"])
    assert group < dependencies
    assert {line.partition(">")[0] for line in dependencies - group} == set(LEFT_OUT)


@pytest.mark.parametrize(
    "line",
    [
        "labels build counts.npy --truth truth.npy -o others.h5",
        "labels noise labels.h5",
        "labels plan labels.h5 --budget 20",
        "labels annotators synthetic",
        "score a.npy --labels labels.h5",
        "score a.npy --labels labels.h5 --resamples 20 -o scores.h5",
        "report a.h5 --figure confidence",
        "report a.h5 -o page.html",
        "report a.h5 --figure confidence -o figure.svg",
        "data list",
        "data corrupt synthetic --kind fog --severity 3 -o fog.h5",
        "show a.h5",
        "show labels.h5 --check",
        "train --help",
    ],
)
def test_what_works(files: Files, line: str) -> None:
    if "a.h5" in line:
        made = light("score a.npy --labels labels.h5 --resamples 20 -o a.h5")
        assert made.status == 0, made.err
    done = light(line)
    assert done.status == 0, done.err


NEEDS = "torch is not installed here, which this needs: pip install torch torchvision cleverhans"


def test_arrays_that_need_it(files: Files) -> None:
    torch.save(torch.zeros(30, 3), "logits.pt")
    assert_refused(light("score logits.pt --labels labels.h5"), NEEDS)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "line",
    [
        "train images.h5 labels.h5 --arch resnet_basic_8 -o new",
        "predict a images.h5 --arch tiny:net -o predictions.h5",
        "attack a images.h5 --arch tiny:net -o attacked.h5",
    ],
)
def test_commands_that_need_it(line: str) -> None:
    assert_refused(light(line), NEEDS)
