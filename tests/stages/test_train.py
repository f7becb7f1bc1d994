"""From a request to a run: what is trained, told and shown, and what goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from training.small import TINY, training_data

from c10h import h5
from c10h.errors import InSampleError, MismatchError
from c10h.files import Source
from c10h.records import History, Images
from c10h.run_folder import FILE, HISTORY, open_run
from c10h.stages.network_requests import TrainRequest
from c10h.stages.train import train
from c10h.training.fold_training import network_of

DATA = training_data(18)


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., TrainRequest]:
    """Makes requests of two folds of a small network, in folders of a test."""
    path = tmp_path / "images.h5"
    path.write_bytes(b"images")
    images = Images(classes=DATA.classes, images=DATA.images, truth=DATA.truth)

    def make(folder: str, **more: Any) -> TrainRequest:
        given = {
            "architecture": TINY, "folds": 2, "epochs": 2, "batch_size": 4, "device": "cpu",
            "precision": "fp32", "folder": tmp_path / folder, **more,
        }  # fmt: skip
        return TrainRequest(images=images, images_file=Source.open(str(path)), **given)

    return make


def weights(folder: Path, fold: int) -> list[Any]:
    return [values.tolist() for values in network_of(open_run(folder), fold).state_dict().values()]


def test_a_run_and_what_is_said_of_it(
    request_of: Callable[..., TrainRequest], tmp_path: Path
) -> None:
    told: list[str] = []
    shown: dict[str, int] = {}

    @contextmanager
    def show(what: str, images: int) -> Iterator[Callable[[int, str], None]]:
        def step(items: int, text: str) -> None:
            shown[what] = shown.get(what, 0) + items

        yield step
        assert images == 2 * 8  # two epochs of nine images, in whole batches

    result = train(request_of("a", notes=("the labels: by position",)), show, told.append)
    assert result is not None
    assert result.tried == ()
    assert [outcome.fold for outcome in result.outcomes] == [0, 1]
    assert [outcome.results["items"] for outcome in result.outcomes] == [9.0, 9.0]
    assert set(shown) == {"fold 0", "fold 1"}
    assert told[0] == "the labels: by position"
    assert told[1].startswith(f"{TINY}: ")
    assert [line.partition(":")[0] for line in told[2:]] == ["fold 0", "fold 1"]
    assert (tmp_path / "a" / FILE).is_file()
    curves = h5.read(Source.open(str(tmp_path / "a" / HISTORY)), History)
    assert curves.fold.tolist() == [0, 0, 1, 1]
    assert curves.lineage == result.run.lineage


def test_fold_after_fold_is_the_same_run(
    request_of: Callable[..., TrainRequest], tmp_path: Path
) -> None:
    train(request_of("a"))
    train(request_of("b", fold_numbers=(1,)))
    result = train(request_of("b"))
    assert result is not None
    assert [outcome.fold for outcome in result.outcomes] == [0, 1]
    for fold in range(2):
        assert weights(tmp_path / "a", fold) == weights(tmp_path / "b", fold)
    with pytest.raises(MismatchError, match="was started with seed 0, not 1"):
        train(request_of("b", seed=1))


def test_a_grid(request_of: Callable[..., TrainRequest]) -> None:
    result = train(request_of("a", rates=(0.1, 0.01), fold_numbers=(0,)))
    assert result is not None
    assert [(row["fold"], row["lr"]) for row in result.tried] == [(0, 0.1), (0, 0.01)]
    assert [row["chosen"] for row in result.tried].count(True) == 1
    best = min(result.tried, key=lambda row: row["ce_hard"])
    assert best["chosen"]


def test_a_fold_does_not_begin_with_a_network_that_saw_its_images(
    request_of: Callable[..., TrainRequest], tmp_path: Path
) -> None:
    train(request_of("a"))
    parent = open_run(tmp_path / "a")
    result = train(request_of("b", init=parent))
    assert result is not None
    assert [one.role for one in result.run.lineage.inputs] == ["images", "init"]
    with pytest.raises(InSampleError, match="fold 0 was trained on"):
        train(request_of("c", init=parent, seed=1))
