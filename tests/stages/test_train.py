"""From a request to a run: what is trained, told and shown, and what goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from training.small import TINY, same, training_data

from c10h import h5
from c10h.errors import InputError, InSampleError, MismatchError
from c10h.files import Source
from c10h.records import History, Images
from c10h.run_folder import FILE, GRID, HISTORY, open_run
from c10h.stages.network_requests import TrainRequest
from c10h.stages.train import train
from c10h.training.fold_training import Options, network_of, new_network
from c10h.training.recipes import RECIPES

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


@pytest.mark.parametrize("together", [1, 2])
def test_one_choice_for_all_folds(
    request_of: Callable[..., TrainRequest], tmp_path: Path, together: int
) -> None:
    result = train(request_of("a", rates=(0.1, 0.01), choose="once", parallel_folds=together))
    assert result is not None
    assert [(row["fold"], row["lr"]) for row in result.tried] == [(0, 0.1), (0, 0.01)]
    best = min(result.tried, key=lambda row: row["ce_hard"])
    assert [row for row in result.tried if row["chosen"]] == [best]
    assert {outcome.results["lr"] for outcome in result.outcomes} == {best["lr"]}
    assert result.run.arguments["choose"] == result.run.lineage.options["choose"] == "once"
    grid = json.loads((tmp_path / "a" / GRID).read_text(encoding="utf-8"))
    assert grid == {"choose": "once", "tried": list(result.tried)}
    with pytest.raises(MismatchError, match='was started with choose "once", not null'):
        train(request_of("a", rates=(0.1, 0.01)))


def test_one_choice_of_a_later_fold_needs_the_parent_of_the_first(
    request_of: Callable[..., TrainRequest], tmp_path: Path
) -> None:
    train(request_of("a", fold_numbers=(1,)))
    more = {"init": open_run(tmp_path / "a"), "fold_numbers": (1,), "rates": (0.1, 0.01)}
    train(request_of("b", **more))
    with pytest.raises(InputError, match="the training of fold 0 is not finished"):
        train(request_of("c", choose="once", **more))


def test_one_setting_is_no_choice(request_of: Callable[..., TrainRequest]) -> None:
    train(request_of("a"))
    result = train(request_of("a", choose="once"))
    assert result is not None
    assert "choose" not in result.run.lineage.options


def test_folds_of_a_new_run_have_first_weights_of_their_own(
    request_of: Callable[..., TrainRequest],
) -> None:
    result = train(request_of("a", epochs=0.01))
    assert result is not None
    assert result.run.arguments["first_weights"] == "by seed and fold"
    drawn = [
        dict(new_network(result.run, fold, Options(TINY, RECIPES["hysts"]))[0].state_dict())
        for fold in range(2)
    ]
    assert not same(*drawn)


def test_a_run_of_an_older_version_goes_on_as_it_began(
    request_of: Callable[..., TrainRequest], tmp_path: Path
) -> None:
    """Its folds have the same first weights, and its recipe had another name and source."""
    given = {"recipe": "paper-code", "epochs": 2}
    train(request_of("a", fold_numbers=(0,), **given))
    path = tmp_path / "a" / FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["arguments"]["first_weights"], content["digest"]
    content["arguments"]["source"] = "of an older version"
    path.write_text(json.dumps(content), encoding="utf-8")
    before = path.read_bytes()
    (tmp_path / "a" / "fold-0.pt").unlink()
    for recipe in ("paper-code", "hysts"):
        (tmp_path / "a" / "fold-1.pt").unlink(missing_ok=True)
        result = train(request_of("a", **{**given, "recipe": recipe}))
        assert result is not None
        assert path.read_bytes() == before
        drawn = [
            dict(new_network(result.run, fold, Options(TINY, RECIPES["hysts"]))[0].state_dict())
            for fold in range(2)
        ]
        assert same(*drawn)


def test_a_fold_does_not_begin_with_a_network_that_saw_its_images(
    request_of: Callable[..., TrainRequest], tmp_path: Path
) -> None:
    train(request_of("a"))
    parent = open_run(tmp_path / "a")
    result = train(request_of("b", init=parent))
    assert result is not None
    assert [one.role for one in result.run.lineage.inputs] == [
        "images", "code training/small.py", "init",
    ]  # fmt: skip
    with pytest.raises(InSampleError, match="fold 0 was trained on"):
        train(request_of("c", init=parent, seed=1))
