"""``c10h train`` as users type it."""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from c10h.models.architectures import ARCHITECTURES
from c10h.records import Lineage
from c10h.training import checkpoint as checkpoints
from c10h.training.choices import (
    AUGMENTATIONS,
    GRID_CHOICES,
    OPTIMIZERS,
    PADDINGS,
    PRECISIONS,
    SCHEDULES,
    TARGETS,
)
from c10h.training.recipes import RECIPES

from . import test_cli
from .conftest import CLASSES, PYTHON, Files, Run, start, unwrapped
from .runs import (
    DATA,
    FOLDS,
    TINY,
    TRAIN,
    assert_equal_runs,
    content,
    history,
    names,
    trained,
)

pytestmark = pytest.mark.usefixtures("pictures")

ONE = ("train", *DATA, *TINY, "--epochs", 1)


class TestHelp:
    @pytest.mark.parametrize(
        ("option", "known"),
        [
            ("--target", [*TARGETS]),
            ("--augment", [*AUGMENTATIONS]),
            ("--schedule", [*SCHEDULES]),
            ("--optimizer", [*OPTIMIZERS]),
            ("--precision", [*PRECISIONS]),
            ("--recipe", [*RECIPES]),
            ("--padding", [*PADDINGS]),
            ("--choose", [*GRID_CHOICES]),
        ],
    )
    def test_choices_are_those_of_the_tables(
        self, c10h: Run, option: str, known: list[str]
    ) -> None:
        result = c10h(*ONE, option, "nothing", "-o", "a")
        assert result.status in (1, 2)
        assert f"expected one of {', '.join(known)}" in unwrapped(result.err)

    @pytest.mark.parametrize("line", [["train", "--help"], ["predict", "--help"]], ids=" ".join)
    def test_no_network_is_needed(self, files: Files, line: list[str]) -> None:
        found = test_cli.TestWhatIsImported().modules(files.folder, *line)
        assert not found & {*test_cli.HEAVY, "numpy", "h5py"}

    def test_architectures(self, files: Files, c10h: Run) -> None:
        found = test_cli.TestWhatIsImported().modules(files.folder, "train", "--list-architectures")
        assert not found & test_cli.HEAVY
        lines = c10h("train", "--list-architectures").out.splitlines()
        assert lines[0].split() == ["form", "examples", "what", "citation"]
        assert [line.split()[0] for line in lines[1:] if line] == [
            row.form for row in ARCHITECTURES.values()
        ]


class TestARun:
    def test_folds(self, c10h: Run) -> None:
        result = trained(c10h, "runs/a")
        assert names("runs/a") == ["fold-0.pt", "fold-1.pt", "fold-2.pt", "history.h5", "run.json"]
        rows = [line.split() for line in result.out.splitlines()]
        assert rows[0] == ["a:", "tiny:net"]
        assert [row[0] for row in rows[3:7]] == ["0", "1", "2", "mean"]
        assert {row[1] for row in rows[3:7]} == {"20"}
        matched, first, *others = result.err.splitlines()
        assert matched == "images: 60 items matched with the labels by ids"
        assert first.startswith("tiny:net: 127 parameters; target soft; sgd, lr 0.5 multistep")
        assert [line.split(":")[0] for line in others] == ["fold 0", "fold 1", "fold 2"]

    def test_what_it_writes_down(self, c10h: Run) -> None:
        trained(c10h, "a")
        found = content("a")
        assert found["architecture"] == "tiny:net"
        assert tuple(found["classes"]) == CLASSES
        assert np.bincount(found["split"]).tolist() == [20, 20, 20]
        by_class = np.array(found["split"]).reshape(20, 3)
        assert abs(np.bincount(by_class[:, 0]) - 20 / 3).max() < 1
        assert found["lineage"]["options"]["epochs"] == 2
        assert [one["role"] for one in found["lineage"]["inputs"]] == [
            "images", "labels", "code tiny.py",
        ]  # fmt: skip
        assert "/" not in json.dumps(found["lineage"])
        curves = history("a")
        assert curves.fold.tolist() == [0, 0, 1, 1, 2, 2]
        assert curves.epoch.tolist() == [1, 2] * 3
        assert curves.lineage == Lineage.from_dict(found["lineage"])
        assert curves.classes == CLASSES

    def test_a_network_learns_of_the_others_alone(self, c10h: Run) -> None:
        trained(c10h, "a")
        split = np.array(content("a")["split"])
        seen = [set(checkpoints.load(Path(f"a/fold-{k}.pt")).trained.tolist()) for k in range(3)]
        assert [len(one) for one in seen] == [40, 40, 40]
        assert len(seen[0] | seen[1] | seen[2]) == len(split)
        assert not seen[0] & seen[1] & seen[2]

    def test_without_folds(self, c10h: Run) -> None:
        result = trained(c10h, "a", *ONE)
        assert names("a") == ["fold-all.pt", "history.h5", "run.json"]
        assert content("a")["split"] is None
        assert history("a").fold.tolist() == [-1]
        assert "all items: trained" in result.err
        assert "all items" in result.out

    def test_twice_the_same(self, c10h: Run) -> None:
        trained(c10h, "a")
        trained(c10h, "b")
        assert_equal_runs("a", "b")
        assert Path("a/run.json").read_bytes() == Path("b/run.json").read_bytes()

    def test_again_does_nothing(self, c10h: Run) -> None:
        first = trained(c10h, "a")
        before = {path.name: path.stat().st_mtime_ns for path in Path("a").iterdir()}
        assert trained(c10h, "a") == first
        assert {path.name: path.stat().st_mtime_ns for path in Path("a").iterdir()} == before

    def test_some_folds_and_later_the_others(self, c10h: Run) -> None:
        trained(c10h, "a")
        result = trained(c10h, "b", *TRAIN, "--fold", 2)
        assert names("b") == ["fold-2.pt", "history.h5", "run.json"]
        assert [line.split()[0] for line in result.out.splitlines()[3:4]] == ["2"]
        trained(c10h, "b", *TRAIN, "--fold", 1, "--fold", 0, "--fold", 1)
        assert_equal_runs("a", "b")

    def test_side_by_side(self, c10h: Run, process: Run) -> None:
        line = (*TRAIN, "--fold", 0, "--fold", 2)
        one = trained(c10h, "a", *line)
        two = process(*line, "--parallel-folds", 2, "-o", "b")
        assert two.status == 0, two.err
        assert two.out.splitlines()[1:] == one.out.splitlines()[1:]
        assert_equal_runs("a", "b")
        assert sorted(two.err.splitlines()) == sorted(one.err.splitlines())

    def test_inputs_from_pipes_side_by_side(self, process: Run, pictures: Path) -> None:
        line = (
            "train",
            "-",
            *DATA[1:],
            *TINY,
            *FOLDS,
            "--epochs",
            1,
            "--fold",
            0,
            "--parallel-folds",
            2,
        )
        result = process(*line, "-o", "a", stdin=Path("images.h5").read_bytes())
        assert result.status == 0, result.err
        assert content("a")["lineage"]["inputs"][0]["name"] == "stdin"

    def test_a_catalogue_name(self, c10h: Run) -> None:
        line = ("train", "synthetic", "--arch", "tiny:other", "--batch-size", 1000)
        trained(c10h, "a", *line, "--epochs", 1)
        assert content("a")["arguments"]["target"] == "hard"
        assert [one["role"] for one in content("a")["lineage"]["inputs"]] == [
            "images", "code tiny.py",
        ]  # fmt: skip


class TestTargets:
    @pytest.mark.parametrize("target", TARGETS)
    def test_each(self, c10h: Run, target: str) -> None:
        trained(c10h, "a", *TRAIN, "--target", target)
        assert content("a")["arguments"]["target"] == target

    def test_they_differ(self, c10h: Run) -> None:
        curves = []
        for target in TARGETS:
            trained(c10h, target, *TRAIN, "--target", target)
            curves.append(tuple(history(target).loss))
        trained(c10h, "mixed", *TRAIN, "--mixup", 0.5)
        assert len({*curves, tuple(history("mixed").loss)}) == 5

    def test_hard_labels_without_labels(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE, "--target", "hard")
        trained(c10h, "b", "train", "images.h5", *TINY, "--epochs", 1)
        assert history("a").loss.tolist() == history("b").loss.tolist()


class TestGrid:
    LINE = (*TRAIN, "--fold", 1, "--lr", 0.01, "--mixup", 0, "--mixup", 0.3)

    def test_all_results_are_kept_and_shown(self, c10h: Run) -> None:
        result = trained(c10h, "a", *self.LINE)
        rows = json.loads(Path("a/grid.json").read_text(encoding="utf-8"))["tried"]
        assert [(row["lr"], row["mixup"]) for row in rows] == [
            (0.5, 0), (0.5, 0.3), (0.01, 0), (0.01, 0.3),
        ]  # fmt: skip
        assert {row["fold"] for row in rows} == {1}
        assert {row["items"] for row in rows} == {4}
        best = min(rows, key=lambda row: row["loss"])
        assert [row for row in rows if row["chosen"]] == [best]
        state = checkpoints.load(Path("a/fold-1.pt"))
        assert (state.results["lr"], state.results["mixup"]) == (best["lr"], best["mixup"])
        shown = result.out.split("tried\n")[1]
        assert shown.count("chosen") == 1
        assert len(re.findall(r"^1 ", shown, re.MULTILINE)) == 4
        assert trained(c10h, "a", *self.LINE) == result

    def test_the_held_out_fold_does_not_choose(self, c10h: Run) -> None:
        """The tenth that chooses is of the training part."""
        trained(c10h, "a", *self.LINE)
        mine = set(checkpoints.load(Path("a/fold-1.pt")).trained.tolist())
        for path in Path("a").glob("fold-1.grid-*.pt"):
            tried = set(checkpoints.load(path).trained.tolist())
            assert tried < mine
            assert len(tried) == 36

    def test_one_choice_for_all_folds(self, c10h: Run) -> None:
        line = (*TRAIN, "--lr", 0.01, "--choose", "once")
        result = trained(c10h, "a", *line)
        grid = json.loads(Path("a/grid.json").read_text(encoding="utf-8"))
        assert grid["choose"] == content("a")["arguments"]["choose"] == "once"
        assert [(row["fold"], row["lr"]) for row in grid["tried"]] == [(0, 0.5), (0, 0.01)]
        (best,) = [row for row in grid["tried"] if row["chosen"]]
        for fold in range(3):
            assert checkpoints.load(Path(f"a/fold-{fold}.pt")).results["lr"] == best["lr"]
        assert len([*Path("a").glob("*.grid-*.pt")]) == 2
        assert "on a tenth of fold 0's training part, for all folds" in unwrapped(result.out)
        # Folds by other commands, and at the same time, are the same run.
        for fold in (2, 0):
            trained(c10h, "b", *line, "--fold", fold)
        trained(c10h, "b", *line)
        trained(c10h, "c", *line, "--parallel-folds", 2)
        assert_equal_runs("a", "b")
        assert_equal_runs("a", "c")
        assert Path("b/grid.json").read_bytes() == Path("a/grid.json").read_bytes()
        assert c10h(*TRAIN, "--lr", 0.01, "-o", "a").status == 1

    def test_one_that_diverges_loses(self, c10h: Run) -> None:
        result = trained(c10h, "a", *TRAIN, "--fold", 0, "--lr", 1e30)
        rows = json.loads(Path("a/grid.json").read_text(encoding="utf-8"))["tried"]
        assert [row["chosen"] for row in rows] == [True, False]
        assert rows[1]["loss"] == "inf"
        assert "inf" in result.out


class TestRecipe:
    def test_options_replace_parts(self, c10h: Run) -> None:
        line = ("train", *DATA, "--arch", "resnet_basic_8", "--epochs", 1)
        more = {"optimizer": "adam", "schedule": "cosine", "batch-size": 20, "weight-decay": 0.01,
                "augment": "strong", "lr": 0.002, "seed": 5, "precision": "fp32"}  # fmt: skip
        words = [word for name, value in more.items() for word in (f"--{name}", value)]
        trained(c10h, "a", *line, *words, "--device", "cpu")
        found = content("a")["arguments"]
        assert {name: found[name.replace("-", "_")] for name in more} == {**more, "lr": [0.002]}
        assert found["source"] == RECIPES["resnet"].source
        assert content("a")["machine"]["device"] == "cpu"
        assert history("a").learning_rate.tolist() == pytest.approx([0.002 / 2], rel=1)

    def test_milestones_decay_momentum_and_padding(self, c10h: Run) -> None:
        more = ("--milestones", 1, "--milestones", 3, "--decay", 0.5, "--epochs", 4,
                "--no-nesterov", "--padding", "reflect")  # fmt: skip
        result = trained(c10h, "a", "train", *DATA, *TINY, *more)
        assert history("a").learning_rate.tolist() == [0.5, 0.25, 0.25, 0.125]
        found = content("a")
        assert (found["arguments"]["nesterov"], found["arguments"]["decay"]) == (False, 0.5)
        assert found["arguments"]["padding_mode"] == "reflect"
        told = {"milestones": [1.0, 3.0], "decay": 0.5, "no-nesterov": True, "padding": "reflect"}
        assert told.items() <= found["lineage"]["options"].items()
        assert "lr 0.5 multistep (x 0.5 at 1, 3), epochs 4" in result.err

    def test_the_table_of_the_docs(self) -> None:
        text = (Path(__file__).parents[2] / "docs/training.md").read_text(encoding="utf-8")
        rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
        found = {row[0].strip("| `"): row for row in rows}
        for name, recipe in RECIPES.items():
            _, optimizer, rate, _, epochs, batch, decay, *_ = found[name]
            assert (float(rate), float(epochs)) == (recipe.lr, recipe.epochs)
            assert int(batch) == recipe.batch_size
            assert float(decay.split(",")[0]) == pytest.approx(recipe.weight_decay, rel=0.01)
            assert optimizer.split(",")[0].lower() == recipe.optimizer
            assert recipe.optimizer == "adam" or ("Nesterov" in optimizer) == recipe.nesterov

    @pytest.mark.parametrize("name", ["paper", "hysts"])
    def test_the_papers(self, c10h: Run, name: str) -> None:
        line = ("train", *DATA, "--arch", "tiny:other", "--epochs", 1, "--recipe", name)
        result = trained(c10h, "a", *line)
        found = content("a")
        assert found["arguments"]["source"] == RECIPES[name].source
        assert found["arguments"]["optimizer"] == RECIPES[name].optimizer
        assert found["lineage"]["options"]["recipe"] == name
        assert RECIPES[name].source in result.err

    def test_another_seed_is_another_network(self, c10h: Run) -> None:
        splits, losses = [], []
        for seed in (0, 1):
            trained(c10h, f"{seed}", *TRAIN, "--seed", seed)
            splits.append(content(f"{seed}")["split"])
            losses.append(tuple(history(f"{seed}").loss))
        assert splits[0] != splits[1]
        assert losses[0] != losses[1]

    def test_images_that_are_not_square(self, c10h: Run) -> None:
        np.save("x.npy", np.random.default_rng(0).integers(0, 256, (12, 8, 6, 3)).astype("u1"))
        np.save("y.npy", np.arange(12) % 3)
        c10h("data", "import", "x.npy", "--labels", "y.npy", "--classes", "3", "-o", "x.h5")
        trained(c10h, "a", "train", "x.h5", "--arch", "tiny:other", "--epochs", 1)
        assert content("a")["image_size"] == [8, 6]
        assert c10h("predict", "--arch", "tiny:other", "a", "x.h5", "-o", "p.h5").status == 0


class TestInit:
    def test_fold_to_fold(self, c10h: Run) -> None:
        trained(c10h, "a")
        trained(c10h, "b", *TRAIN, "--init", "a", "--target", "hard")
        assert content("b")["lineage"]["inputs"][-1]["role"] == "init"
        assert content("b")["lineage"]["inputs"][-1]["lineage"] == content("a")["lineage"]
        assert (history("b").loss < history("a").loss[0] + 1).all()
        one, other = (checkpoints.load(Path(run, "fold-1.pt")) for run in "ab")
        assert one.trained.tolist() == other.trained.tolist()
        assert not np.isclose(history("a").loss[0], history("b").loss[0], rtol=1e-4)

    def test_only_the_folds_that_are_needed(self, c10h: Run) -> None:
        trained(c10h, "a", *TRAIN, "--fold", 1)
        trained(c10h, "b", *TRAIN, "--init", "a", "--fold", 1)
        result = c10h(*TRAIN, "--init", "a", "-o", "b")
        assert (result.status, result.err.count("\n")) == (1, 1)
        assert "--init a: the training of fold 0 is not finished" in result.err

    def test_from_a_run_that_saw_everything(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE)
        result = trained(c10h, "b", *TRAIN, "--init", "a")
        says = "warning: --init a was trained on 60 of these 60 images: no fold is held out from"
        assert says in result.err
        assert len(checkpoints.load(Path("b/fold-0.pt")).trained) == 60

    def test_from_a_run_on_other_images(self, c10h: Run) -> None:
        trained(c10h, "a", "train", "others.h5", *TINY, "--epochs", 1)
        assert "warning" not in trained(c10h, "b", *TRAIN, "--init", "a").err
        assert len(checkpoints.load(Path("b/fold-0.pt")).trained) == 40 + 20

    def test_from_a_file(self, c10h: Run) -> None:
        trained(c10h, "a", *ONE)
        torch.save(checkpoints.load(Path("a/fold-all.pt")).network, "w.pt")
        result = trained(c10h, "b", *ONE, "--init", "w.pt")
        assert "note: what w.pt was trained on is unknown" in result.err
        trained(c10h, "c", *ONE, "--init", "a")
        assert history("b").loss.tolist() == history("c").loss.tolist()
        assert content("b")["lineage"]["inputs"][-1]["name"] == "w.pt"


class TestProgress:
    def test_a_bar_on_a_terminal(self, pictures: Path) -> None:
        line = [*map(str, TRAIN), "--fold", "1", "--epochs", "60", "-o", "a"]
        text = test_cli.on_terminal(line, pictures, {"COLUMNS": "120"})
        assert re.search(r"fold 1, epoch \d+/60, loss \d\.\d{4}", text)
        assert re.search(r"[\d,]+ images/s", text)
        assert re.search(r"\d:\d\d:\d\d", text)
        assert "accuracy" in text

    @pytest.mark.parametrize("more", [["--lr", "0.1"], ["--parallel-folds", "2"]], ids=" ".join)
    def test_several_at_a_time(self, pictures: Path, more: list[str]) -> None:
        line = [*map(str, TRAIN), "--epochs", "30", "--fold", "2", *more, "-o", "a"]
        text = test_cli.on_terminal(line, pictures, {"COLUMNS": "120"})
        assert re.search(r"fold 2, epoch \d+/30, loss \d\.\d{4}", text)
        assert "Traceback" not in text
        assert "accuracy" in text

    def test_none_in_a_pipe(self, process: Run) -> None:
        result = process(*TRAIN, "-o", "a")
        assert result.status == 0
        assert "\x1b" not in result.err + result.out
        matched, *lines = result.err.splitlines()
        assert matched == "images: 60 items matched with the labels by ids"
        assert len(lines) == 4


def test_tensorboard(c10h: Run) -> None:
    pytest.importorskip("tensorboard")
    trained(c10h, "a", *TRAIN, "--tensorboard")
    assert sorted(path.name for path in Path("a/tensorboard").iterdir()) == [
        "fold-0", "fold-1", "fold-2",
    ]  # fmt: skip


@pytest.mark.full
def test_compiled(c10h: Run) -> None:
    if shutil.which("g++") is None:
        pytest.skip("there is no compiler")
    trained(c10h, "a", *ONE, "--compile")
    trained(c10h, "b", *ONE)
    assert history("a").loss == pytest.approx(history("b").loss, rel=0.02)


def test_two_processes_are_one(c10h: Run, pictures: Path) -> None:
    """As torchrun starts them, on the CPU: the same curves within float error."""
    line = (*TRAIN, "--precision", "fp32", "--fold", 1)
    trained(c10h, "a", *line)
    torchrun = [PYTHON[0], "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    words = [*torchrun, "-m", "c10h", *map(str, line), "-o", "b"]
    result = start(words, pictures)
    assert result.status == 0, result.err
    assert result.out.count("tiny:net") == 1
    assert result.err.count("fold 1: trained") == 1
    assert names("b") == ["fold-1.pt", "history.h5", "run.json"]
    for curve in ("loss", "accuracy", "learning_rate"):
        one, two = (getattr(history(run), curve) for run in "ab")
        assert one == pytest.approx(two, rel=1e-5)
    assert all(later < earlier for earlier, later in pairwise(history("b").loss))
