"""From a request to an attack: what is told, kept in the lineage, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.small import TINY

from c10h.errors import InSampleError, MismatchError, StoppedError
from c10h.files import Source
from c10h.stages.attack import attack
from c10h.stages.network_requests import AttackRequest, RunNetworks

from .test_networks_of_runs import DATA, finished, images_of


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., AttackRequest]:
    """Makes requests of PGD on three folds, four images at a time."""
    path = tmp_path / "images.h5"
    path.write_bytes(b"images")
    networks = RunNetworks((finished(tmp_path / "human"),), code=TINY)

    def make(**more: Any) -> AttackRequest:
        given = {"steps": 2, "examined": 0, "batch_size": 4, "device": "cpu", **more}
        given = {"networks": networks, **given}
        file = Source.open(str(path))
        return AttackRequest(images=images_of(DATA), images_file=file, **given)

    return make


def test_an_attack_and_what_is_said_of_it(request_of: Callable[..., AttackRequest]) -> None:
    told: list[str] = []
    shown: dict[str, list[int]] = {}

    @contextmanager
    def show(what: str, work: int | None) -> Iterator[Callable[[int], None]]:
        shown[what] = [work or 0]
        yield shown[what].append

    request = request_of(examined=5, epsilons=("4/255", "8/255"), notes=("the labels",))
    with attack(request, show, told.append) as found:
        assert found.logits.shape == (1, 2, 18, 3)
        assert len(found.health["name"])
        assert found.lineage is not None
        assert found.lineage.options["health"] == 5
    assert told[0] == "the labels"
    assert told[1].startswith("held-out: 3 networks")
    assert list(shown) == ["attacking", "examining"]
    assert all(steps[0] == sum(steps[1:]) for steps in shown.values())
    assert shown["attacking"][0] == 18 * 2 * 2
    assert found.lineage is not None
    options = found.lineage.options
    assert options["epsilon"] == ["4/255", "8/255"]
    assert (options["method"], options["loss"], options["answer"]) == ("pgd", "ce", "held-out")


def test_the_lineage_says_how_many_were_examined_unless_told(
    request_of: Callable[..., AttackRequest],
) -> None:
    with attack(request_of(examined=None)) as found:
        assert found.examined is not None
        assert found.lineage is not None
        assert found.lineage.options["health"] == len(found.examined) == 5


def test_it_goes_on_where_it_was_stopped(
    request_of: Callable[..., AttackRequest], tmp_path: Path
) -> None:
    with attack(request_of()) as found:
        whole = np.array(found.logits)

    @contextmanager
    def stopping(what: str, work: int | None) -> Iterator[Callable[[int], None]]:
        def stop(done: int) -> None:
            raise KeyboardInterrupt

        yield stop

    parts = tmp_path / "adv.h5.parts"
    said = r"stopped: 1 of \d batches are done; the same command resumes"
    with pytest.raises(StoppedError, match=said), attack(request_of(parts=parts), stopping):
        pass
    with (
        pytest.raises(MismatchError, match="an unfinished attack with different arguments"),
        attack(request_of(parts=parts, seed=1)),
    ):
        pass
    told: list[str] = []
    with attack(request_of(parts=parts), tell=told.append) as found:
        np.testing.assert_array_equal(found.logits, whole)
        assert parts.is_dir()
    assert told[-1].startswith("resuming: 1 of ")
    assert not parts.exists()


def test_held_out_is_demanded(request_of: Callable[..., AttackRequest], tmp_path: Path) -> None:
    networks = RunNetworks((finished(tmp_path / "whole", None),), held_out=True, code=TINY)
    with (
        pytest.raises(InSampleError, match="was trained on 18 of the images"),
        attack(request_of(networks=networks)),
    ):
        pass
