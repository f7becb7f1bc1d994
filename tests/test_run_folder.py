"""Run folders: begun, gone on with, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from c10h.errors import FileError, InputError, MismatchError, OutputError, SchemaError
from c10h.records import Input, Lineage
from c10h.run_folder import ALL, FILE, Run, begin_or_resume, chosen_folds, open_run


def run_in(folder: Path, **changes: Any) -> Run:
    given = Run(
        folder=folder,
        architecture="resnet_basic_8",
        classes=("cat", "dög"),
        image_size=32,
        folds=3,
        split=np.array([0, 1, 2, 2, 1, 0], dtype=np.int16),
        arguments={"arch": "resnet_basic_8", "lr": [0.1, 0.2], "milestones": (0.5, 0.75)},
        lineage=Lineage(command="c10h train", inputs=(Input(role="a", name="b", sha256="c"),)),
        machine={"threads": 1},
    )
    return replace(given, **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "human"


@pytest.mark.parametrize(
    "changes", [{}, {"folds": None, "split": None}, {"image_size": (24, 32)}], ids=str
)
def test_round_trip(changes: dict[str, Any], folder: Path) -> None:
    run = run_in(folder, **changes)
    begin_or_resume(run)
    found = open_run(folder)
    for name in ("folder", "architecture", "classes", "image_size", "folds", "lineage", "machine"):
        assert getattr(found, name) == getattr(run, name), name
    assert found.arguments == json.loads(json.dumps(run.arguments))
    if run.split is not None:
        assert found.split is not None
        np.testing.assert_array_equal(found.split, run.split, strict=True)


def test_names(folder: Path) -> None:
    run, whole = run_in(folder), run_in(folder, folds=None, image_size=(24, 32))
    assert (run.name, run.kind) == ("human", "run")
    assert [run.checkpoint(number).name for number in run.fold_numbers()] == [
        "fold-0.pt", "fold-1.pt", "fold-2.pt",
    ]  # fmt: skip
    assert whole.fold_numbers() == [ALL]
    assert whole.checkpoint(ALL).name == "fold-all.pt"
    assert (run.shape, whole.shape) == ((32, 32), (24, 32))


def test_the_same_arguments_go_on_with_what_is_there(folder: Path) -> None:
    begin_or_resume(run_in(folder))
    before = (folder / FILE).read_bytes()
    found = begin_or_resume(run_in(folder, machine={"threads": 8}))
    assert found.machine == {"threads": 1}
    assert (folder / FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lr": [0.1]}, r"was started with lr \[0.1, 0.2\], not \[0.1\]"),
        ({"zeta": 1, "arch": "vgg"}, 'was started with arch "resnet_basic_8", not "vgg"'),
        ({"seed": 1}, "was started with seed null, not 1"),
    ],
)
def test_other_arguments_are_refused_by_name(
    changes: dict[str, Any], says: str, folder: Path
) -> None:
    begin_or_resume(run_in(folder))
    with pytest.raises(MismatchError, match=says):
        begin_or_resume(run_in(folder, arguments={**run_in(folder).arguments, **changes}))


def test_an_argument_that_is_gone(folder: Path) -> None:
    begin_or_resume(run_in(folder))
    with pytest.raises(MismatchError, match=r'arch "resnet_basic_8", not null'):
        begin_or_resume(run_in(folder, arguments={"lr": [0.1, 0.2], "milestones": [0.5, 0.75]}))


def test_an_argument_that_older_versions_recorded_besides(folder: Path) -> None:
    run = run_in(folder)
    older = replace(run, arguments={**run.arguments, "lr_choices": [0.2, 0.1]})
    begin_or_resume(older)
    before = (folder / FILE).read_bytes()
    assert begin_or_resume(run).arguments == json.loads(json.dumps(run.arguments))
    assert (folder / FILE).read_bytes() == before


def test_a_long_argument_is_cut(folder: Path) -> None:
    begin_or_resume(run_in(folder, arguments={"labels": "a" * 500}))
    with pytest.raises(MismatchError) as error:
        begin_or_resume(run_in(folder, arguments={"labels": "b" * 500}))
    assert len(str(error.value)) < 300 + len(str(folder))


def test_a_folder_of_other_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "thesis.tex").touch()
    with pytest.raises(OutputError, match="expected a run folder or none, found other files"):
        begin_or_resume(run_in(folder))
    assert [one.name for one in folder.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder(folder: Path) -> None:
    folder.parent.mkdir()
    folder.touch()
    with pytest.raises(OutputError, match="not a directory"):
        begin_or_resume(run_in(folder))


def test_what_a_killed_process_left_is_no_other_file(folder: Path) -> None:
    """The temporary name under which run.json was being written."""
    folder.mkdir(parents=True)
    (folder / f".{FILE}.abc123").write_text('{"sch')
    begin_or_resume(run_in(folder))
    assert open_run(folder).folds == 3


def test_no_folder(folder: Path) -> None:
    with pytest.raises(FileError, match=r"expected a run folder with run.json: no such file"):
        open_run(folder)


def test_every_changed_letter_is_noticed_or_harmless(folder: Path) -> None:
    run = begin_or_resume(run_in(folder))
    text = (folder / FILE).read_text()
    for place in range(len(text)):
        (folder / FILE).write_text(f"{text[:place]}{chr(ord(text[place]) ^ 1)}{text[place + 1 :]}")
        try:
            opened = open_run(folder)
        except InputError:
            continue
        assert opened.to_json() == run.to_json()


@pytest.mark.parametrize("text", ["", '{"schema": 1', "\x00", "[" * 100_000], ids=repr)
def test_no_json(text: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / FILE).write_text(text)
    with pytest.raises(FileError, match="not readable as JSON") as error:
        open_run(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": 3},
        {"split": "abc"},
        {"split": [0, 99_999]},
        {"image_size": None},
        {"image_size": [3]},
        {"folds": "many"},
        {"arguments": 5},
        {"machine": [1]},
        {"lineage": {}},
    ],
    ids=str,
)
def test_parts_of_another_form(changes: dict[str, Any], folder: Path) -> None:
    begin_or_resume(run_in(folder))
    content = json.loads((folder / FILE).read_text())
    del content["digest"]
    (folder / FILE).write_text(json.dumps({**content, **changes}))
    with pytest.raises(SchemaError, match="not in the form that c10h writes"):
        open_run(folder)


def test_json_of_something_else(folder: Path) -> None:
    folder.mkdir(parents=True)
    for text in ("[]", "3", "{}"):
        (folder / FILE).write_text(text)
        with pytest.raises(SchemaError, match="not in the form that c10h writes"):
            open_run(folder)


def test_a_newer_version(folder: Path) -> None:
    begin_or_resume(run_in(folder))
    content = json.loads((folder / FILE).read_text())
    del content["digest"]
    (folder / FILE).write_text(json.dumps({**content, "schema": 2, "c10h": "9.0"}))
    with pytest.raises(
        SchemaError, match=r"expected schema version 1, found 2 \(written by c10h 9"
    ):
        open_run(folder)


def test_chosen_folds(folder: Path) -> None:
    run = run_in(folder)
    assert chosen_folds(run, []) == [0, 1, 2]
    assert chosen_folds(run, [2, 0, 2]) == [0, 2]
    assert chosen_folds(run_in(folder, folds=None), []) == [ALL]


@pytest.mark.parametrize("number", [-1, 3])
def test_a_fold_out_of_range(number: int, folder: Path) -> None:
    with pytest.raises(InputError, match=f"--fold {number}: expected 0 to 2"):
        chosen_folds(run_in(folder), [0, number])


def test_a_fold_without_folds(folder: Path) -> None:
    with pytest.raises(InputError, match="--fold needs --folds"):
        chosen_folds(run_in(folder, folds=None), [0])


@pytest.mark.parametrize("folds", [0, 1, 10**9])
def test_folds_that_no_items_are_in(folder: Path, folds: int) -> None:
    begin_or_resume(run_in(folder))
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    del content["digest"]
    (folder / FILE).write_text(json.dumps({**content, "folds": folds}), encoding="utf-8")
    with pytest.raises(SchemaError, match="not in the form that c10h writes"):
        open_run(folder)
