"""The commands behind files, and the script that they make."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from c10h.images.folder_class_maps import MAPS, find_map
from c10h.records import Input, Lineage
from c10h.stages.report import Results
from c10h.views.lineage_script import to_script
from c10h.views.lineage_steps import steps
from c10h.views.report import Report


def made(name: str, command: str, *inputs: Input, seed: int | None = None, **options: Any) -> Input:
    lineage = Lineage(
        command=f"c10h {command}", options=options, inputs=inputs, seed=seed, version="1"
    )
    return Input(role="", name=name, sha256=f"sha-{name}", lineage=lineage)


def as_role(role: str, one: Input) -> Input:
    return Input(role=role, name=one.name, sha256=one.sha256, lineage=one.lineage)


def chain(name: str, **options: object) -> Input:
    """Scores of predictions of a run of two folds, which was trained on fetched images."""
    images = as_role("images", made("synthetic-images.h5", "data fetch synthetic", seed=0))
    votes = Input(role="judgments", name="votes.csv", sha256="sha-votes")
    human: dict[str, Any] = {"as": "human"}
    labels = made("labels.h5", "labels build", votes, **human)
    train = made("", "train", images, as_role("labels", labels), seed=0,
                 arch="resnet_basic_8", folds=2)  # fmt: skip
    folds = [
        Input(role=f"network hard/fold-{k}", name=f"fold-{k}.pt", sha256=f"sha-fold-{k}",
              lineage=train.lineage if k == 0 else None)
        for k in range(2)
    ]  # fmt: skip
    predict = made("hard.h5", "predict", images, *folds, answer="held-out")
    runs = as_role("predictions hard", predict)
    return made(name, "score", runs, as_role("labels", labels), seed=0, **options)


class TestSteps:
    def test_inputs_come_before_what_is_made_of_them(self) -> None:
        found = steps([chain("s.h5", tag=["data=near"])])
        assert [one.products[0].name for one in found] == [
            "synthetic-images.h5", "votes.csv", "labels.h5", "fold-0.pt", "hard.h5", "s.h5",
        ]  # fmt: skip
        assert found[1].command() == ""
        assert found[-1].command() == "c10h score --tag data=near --seed 0"

    def test_what_two_files_share_is_told_once(self) -> None:
        one = steps([chain("s.h5")])
        both = steps([chain("s.h5"), chain("t.h5", by="truth")])
        assert len(both) == len(one) + 1

    def test_the_networks_of_a_run_are_one_step(self) -> None:
        (run,) = [one for one in steps([chain("s.h5")]) if one.run]
        assert (run.run, [product.name for product in run.products]) == (
            "hard", ["fold-0.pt", "fold-1.pt"],
        )  # fmt: skip
        assert run.line().startswith("hard/fold-0.pt sha-fold-0 and 1 more: c10h train ")

    def test_a_run_without_folds_has_its_name(self) -> None:
        network = as_role("network whole", made("all.pt", "train", seed=0))
        (run,) = [one for one in steps([made("p.h5", "predict", network)]) if one.run]
        assert run.line() == "whole/all.pt sha-all.pt: c10h train --seed 0"

    def test_a_history_is_of_the_run_that_predicted(self) -> None:
        scores = chain("s.h5")
        assert scores.lineage is not None
        predict = scores.lineage.inputs[0].lineage
        assert predict is not None
        history = Input(
            role="", name="history.h5", sha256="sha-h", lineage=predict.inputs[1].lineage
        )
        found = [one for one in steps([history, scores]) if "train" in one.command()]
        assert len(found) == 1
        assert found[0].run == "hard"

    def test_a_file_that_tells_nothing(self) -> None:
        (one,) = steps([Input(role="", name="x.h5", sha256="abc")])
        assert one.line() == "x.h5 abc: made elsewhere"

    def test_files_that_tell_nothing_are_not_one(self) -> None:
        files = [
            Input(role="", name=f"{name}.h5", sha256=name, lineage=Lineage(command=""))
            for name in "ab"
        ]
        assert [one.line() for one in steps(files)] == [
            "a.h5 a: made elsewhere", "b.h5 b: made elsewhere",
        ]  # fmt: skip

    def test_a_part_of_a_known_data_set(self) -> None:
        (one,) = steps([Input(role="", name="synthetic-trials.csv", sha256="abc")])
        assert one.line() == "synthetic-trials.csv abc: part of synthetic"

    def test_options_are_as_they_are_typed(self) -> None:
        options = {"answer": "members", "epochs": 14.0, "lr": [0.1, 0.1234567891]}
        (one,) = steps([made("p.h5", "attack", seed=1, **options)])
        assert one.command() == (
            "c10h attack --members --epochs 14 --lr 0.1 --lr 0.1234567891 --seed 1"
        )

    def test_what_is_fetched_or_imported_has_no_seed(self) -> None:
        for command in ("data fetch synthetic", "data import"):
            (one,) = steps([made("i.h5", command, seed=0)])
            assert one.command() == f"c10h {command}"

    def test_names_cannot_break_a_line(self) -> None:
        lineage = Lineage(command="c10h x\ny")
        (one,) = steps([Input(role="", name="a\nb\x1b[2J.h5", sha256="abc", lineage=lineage)])
        assert one.line().isprintable()


class TestScript:
    def commands(self, *given: Input) -> list[str]:
        lines = to_script(steps(given)).splitlines()
        return [line for line in lines if line.startswith("c10h")]

    def test_the_commands_in_order(self) -> None:
        assert self.commands(chain("s.h5", tag=["data=near"])) == [
            "c10h data fetch synthetic",
            "c10h labels build votes.csv --as human -o labels.h5",
            "c10h train synthetic labels.h5 --arch resnet_basic_8 --folds 2 --seed 0 -o hard",
            "c10h predict hard synthetic --held-out -o hard.h5",
            "c10h score hard.h5 --labels labels.h5 --tag data=near --seed 0 -o s.h5",
        ]

    def test_a_part_of_a_known_data_set_is_fetched(self) -> None:
        judgments = Input(role="judgments", name="synthetic-trials.csv", sha256="t")
        assert self.commands(made("l.h5", "labels build", judgments)) == [
            "c10h data fetch synthetic", "c10h labels build synthetic -o l.h5",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("part", "argument"), [("fog-3", "cifar10-c/fog-3"), ("x\nrm -rf .", "cifar10-c")]
    )
    def test_a_part_of_a_data_set_of_several(self, part: str, argument: str) -> None:
        images = made("any.h5", "data fetch cifar10-c", part=part)
        corrupted = made(
            "new.h5", "data corrupt", as_role("images", images), seed=1, kind="fog", severity=2
        )
        assert self.commands(corrupted) == [
            "c10h data fetch cifar10-c",
            f"c10h data corrupt {argument} --kind fog --severity 2 --seed 1 -o new.h5",
        ]

    @pytest.mark.parametrize("name", MAPS)
    def test_a_map_that_comes_with_c10h(self, name: str) -> None:
        sha256 = find_map(name).sha256
        for digest, said, line in [
            (sha256, "comes with c10h", f"c10h data import --map {name} -o i.h5"),
            ("other", "made elsewhere", f"c10h data import --map {name}.csv -o i.h5"),
        ]:
            one = made("i.h5", "data import", Input(role="map", name=f"{name}.csv", sha256=digest))
            assert self.commands(one) == [line]
            assert f"# {name}.csv: {said}, sha256 {digest}\n" in to_script(steps([one]))

    def test_what_cannot_be_known_is_said(self) -> None:
        text = to_script(steps([chain("s.h5")]))
        assert text.startswith("#!/bin/sh\n")
        assert "# votes.csv: made elsewhere, sha256 sha-votes\n" in text

    def test_a_history_does_not_know_its_run_folder(self) -> None:
        train = Lineage(command="c10h train", seed=1)
        history = Input(role="", name="history.h5", sha256="h", lineage=train)
        lines = to_script(steps([history])).splitlines()
        assert lines[-2:] == [
            "# run: the name of the run folder is not known", "c10h train --seed 1 -o run",
        ]  # fmt: skip

    def test_other_files_of_one_name(self) -> None:
        first = made("s.h5", "score", as_role("labels", made("l.h5", "labels build")))
        other = Lineage(command="c10h score", options={"by": "truth"})
        found = [first, Input(role="", name="s.h5", sha256="other", lineage=other)]
        lines = to_script(steps(found)).splitlines()
        assert lines[-2:] == [
            "# 2-s.h5: its name is also that of another file", "c10h score --by truth -o 2-s.h5",
        ]  # fmt: skip

    def test_names_are_quoted(self) -> None:
        votes = Input(role="source", name="a; rm -rf $HOME 'x'.csv", sha256="v")
        one = made("my labels.h5", "labels build", votes, classes="a b,c")
        (line,) = self.commands(one)
        assert shlex.split(line) == [
            "c10h", "labels", "build", "a; rm -rf $HOME 'x'.csv", "--classes", "a b,c",
            "-o", "my labels.h5",
        ]  # fmt: skip

    def test_a_name_that_looks_like_an_option(self) -> None:
        votes = Input(role="source", name="--force", sha256="v")
        (line,) = self.commands(made("-o.h5", "labels build", votes))
        assert line == "c10h labels build ./--force -o ./-o.h5"

    @pytest.mark.parametrize("role", ["source", "judgments", "truth"])
    def test_a_source_of_labels_is_an_argument(self, role: str) -> None:
        one = made("l.h5", "labels build", Input(role=role, name="y.npy", sha256="y"))
        assert self.commands(one) == ["c10h labels build y.npy -o l.h5"]

    def test_the_truth_of_labels_is_an_option(self) -> None:
        files = [Input(role=role, name=role, sha256=role) for role in ("source", "truth")]
        assert self.commands(made("l.h5", "labels build", *files)) == [
            "c10h labels build source --truth truth -o l.h5"
        ]

    @pytest.mark.parametrize(
        "command", ["c10h data fetch x; rm -rf $HOME", "c10h scored", "rm -rf", "c10h data fetch"]
    )
    def test_what_is_no_command(self, command: str) -> None:
        one = Input(role="", name="x.h5", sha256="x", lineage=Lineage(command=command))
        lines = to_script(steps([one])).splitlines()
        assert lines[-1] == f"# x.h5: not made by a command that c10h has: {command}"

    def test_what_is_no_option(self) -> None:
        one = made("s.h5", "score", output=".profile", force=True)
        assert self.commands(one) == []
        assert to_script(steps([one])).endswith(
            "# s.h5: not made by a command that c10h has: c10h score --output .profile --force\n"
        )

    @pytest.mark.parametrize("name", ["/etc/cron.d/x", "../../x", "a/b/x"])
    def test_names_have_no_folder(self, name: str) -> None:
        given = Input(role="source", name=name, sha256="y")
        assert self.commands(made(name, "labels build", given)) == ["c10h labels build x -o 2-x"]

    def test_nothing_leaves_a_comment(self) -> None:
        one = Input(role="", name="x\nrm -rf a", sha256="0\nrm -rf b")
        lines = to_script(steps([one])).splitlines()
        assert lines[-1] == "# x rm -rf a: made elsewhere, sha256 0 rm -rf b"

    def test_a_name_of_a_run_that_its_file_does_not_have(self) -> None:
        runs = as_role("predictions mine", made("p.h5", "predict"))
        assert self.commands(made("s.h5", "score", runs))[-1].startswith("c10h score mine=p.h5 ")


def test_a_terminal_shows_the_first_steps() -> None:
    files = [Input(role="", name=f"f{k}.h5", sha256=f"{k}") for k in range(2000)]
    lines = Report(Results(files=files)).charts(80).splitlines()
    assert len(lines) == 27
    assert lines[-1] == "1,976 more are in --format json"
