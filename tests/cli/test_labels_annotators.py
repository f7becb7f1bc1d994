"""``c10h labels annotators`` and the models of crowd-kit as a user runs them."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

import numpy as np
import pytest

from .conftest import PYTHON, Files, Refuse, Run, start

ANNOTATORS = ("labels", "annotators", "t.csv", "--classes", "cat,dog,bird")
TRIALS = [
    *("--annotator", "who", "--item", "what", "--label", "said", "--check", "chk"),
    *("--correct", "ok", "--rt", "ms", "--true-label", "truth"),
]
TAKEN = (
    "t.csv: judgments, one per row: annotator from 'who', item from 'what', label from 'said', "
    "check from 'chk', correct from 'ok', rt from 'ms', true_label from 'truth'\n"
)
FORMATS = ("terminal", "markdown", "latex", "csv", "json")
MODELS = ("dawid-skene", "mace", "glad")


def table(random: np.random.Generator) -> str:
    """Six annotators of twelve items, the last two guess and fail their checks."""
    lines = ["who,what,said,chk,ok,ms,truth"]
    for who in range(6):
        for item in range(12):
            right = who < 4 and random.random() < 0.9
            label = item % 3 if right else int(random.integers(3))
            lines.append(f"w_{who},{item},{label},0,,{100 * who + item},{item % 3}")
        lines += [f"w_{who},,,1,{int(who < 4)},,"] * 2
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def judgments(files: Files) -> Path:
    return files.save("t.csv", table(np.random.default_rng(0)))


class TestForms:
    @pytest.mark.parametrize("form", FORMATS)
    def test_every_form(self, c10h: Run, form: str) -> None:
        result = c10h(*ANNOTATORS, *TRIALS, "--format", form)
        assert result.status == 0
        assert result.err == TAKEN
        for column in ("annotator", "attention", "agreement", "kappa", "accuracy", "rt"):
            assert column in result.out
        assert "nan" not in result.out.lower()

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_file_has_what_stdout_has(self, files: Files, c10h: Run, form: str) -> None:
        wanted = c10h(*ANNOTATORS, *TRIALS, "--format", form).out
        result = c10h(*ANNOTATORS, *TRIALS, "--format", form, "-o", "out")
        assert (result.status, result.out, result.err) == (0, "", TAKEN)
        assert files.path("out").read_text() == wanted

    def test_json(self, c10h: Run) -> None:
        rows = c10h(*ANNOTATORS, *TRIALS, "--json").json()
        assert [row["trials"] for row in rows] == [12] * 6
        assert sorted(row["annotator"] for row in rows if row["excluded"]) == ["w_4", "w_5"]
        agreement = [row["agreement"] for row in rows]
        assert agreement == sorted(agreement)
        assert {row["rt"] for row in rows} == {100 * who + 5.5 for who in range(6)}

    def test_csv(self, c10h: Run) -> None:
        out = c10h(*ANNOTATORS, *TRIALS, "--format", "csv").out
        rows = list(csv.DictReader(io.StringIO(out)))
        told = c10h(*ANNOTATORS, *TRIALS, "--json").json()
        assert [float(row["kappa"]) for row in rows] == [row["kappa"] for row in told]

    def test_names_that_formats_give_a_meaning(self, files: Files, c10h: Run) -> None:
        files.save("t.csv", 'annotator,item,label\n"a|b_c",0,0\n"x&y%",0,1\n')
        assert r"a\|b\_c" in c10h(*ANNOTATORS, "--format", "markdown").out
        assert r"x\&y\%" in c10h(*ANNOTATORS, "--format", "latex").out


class TestOptions:
    @pytest.mark.parametrize(
        "sort", ["agreement", "kappa", "attention", "accuracy", "rt", "trials", "excluded"]
    )
    def test_sorting(self, c10h: Run, sort: str) -> None:
        line = [*ANNOTATORS, *TRIALS, "--json", "--sort", sort]
        values = [row[sort] for row in c10h(*line).json()]
        assert values == sorted(values)
        values = [row[sort] for row in c10h(*line, "--descending").json()]
        assert values == sorted(values, reverse=True)

    def test_the_first_rows(self, c10h: Run) -> None:
        line = [*ANNOTATORS, *TRIALS, "--sort", "annotator"]
        assert len(c10h(*line, "--limit", 2, "--json").json()) == 2
        assert "2 of 6 annotators" in c10h(*line, "--limit", 2).out

    def test_classes_are_inferred_where_all_were_chosen(self, c10h: Run) -> None:
        line = ["labels", "annotators", "t.csv", *TRIALS, "--json"]
        assert c10h(*line).json() == c10h(*ANNOTATORS, *TRIALS, "--json").json()

    def test_bounds_on_time(self, c10h: Run) -> None:
        rows = c10h(*ANNOTATORS, *TRIALS, "--json", "--rt-min", 100, "--rt-max", 250).json()
        times = {row["annotator"]: row["rt"] for row in rows}
        assert times["w_0"] is None
        assert times["w_1"] == 105.5

    def test_stdin(self, files: Files, c10h: Run) -> None:
        content = files.path("t.csv").read_bytes()
        line = ["labels", "annotators", "-", *ANNOTATORS[3:], *TRIALS, "--json"]
        assert c10h(*line, stdin=content).out == c10h(*ANNOTATORS, *TRIALS, "--json").out

    def test_a_compressed_table(self, files: Files, c10h: Run) -> None:
        content = files.path("t.csv").read_bytes()
        files.path("t.csv.gz").write_bytes(gzip.compress(content))
        line = ["labels", "annotators", "t.csv.gz", *ANNOTATORS[3:], *TRIALS, "--json"]
        assert c10h(*line).out == c10h(*ANNOTATORS, *TRIALS, "--json").out

    def test_a_reader_that_leaves(self, files: Files) -> None:
        line = " ".join([*PYTHON, *ANNOTATORS, *TRIALS, "--format", "csv"])
        result = start(["bash", "-c", f"{line} | head -1"], files.folder)
        assert result.err == TAKEN
        assert result.out.startswith("annotator,trials,attention")


SPECIAL = {
    "one judgment": ["a,0,0"],
    "one annotator": ["a,0,0", "a,1,1", "a,2,0"],
    "one item": ["a,0,0", "b,0,1", "c,0,0"],
    "one class": ["a,0,0", "b,0,0", "a,1,0", "b,1,0"],
    "alone": ["a,0,0", "b,1,1", "c,2,0"],
    "twice": ["a,0,0", "a,0,1", "b,1,0"],
}


@pytest.mark.parametrize("what", SPECIAL)
def test_tables_with_little_to_go_by(files: Files, c10h: Run, what: str) -> None:
    files.save("t.csv", "\n".join(["annotator,item,label", *SPECIAL[what]]))
    for form in FORMATS:
        result = c10h(*ANNOTATORS, "--format", form)
        assert result.status == 0
        assert result.err.count("\n") == 1
        assert "nan" not in result.out.lower()
    c10h(*ANNOTATORS, "--json").json()


class TestLayouts:
    def test_a_matrix(self, files: Files, c10h: Run) -> None:
        files.save("m.csv", "ann,bob,cy\n0,0,\n1,0,1\nNA,1,1\n")
        rows = c10h("labels", "annotators", "m.csv", "--layout", "matrix", "--json").json()
        assert {row["annotator"]: row["trials"] for row in rows} == {"ann": 2, "bob": 3, "cy": 2}
        # bob: alike on the first and third item, and half of the others on none of the second.
        assert {row["annotator"]: row["agreement"] for row in rows}["bob"] == pytest.approx(2 / 3)

    def test_without_a_line_of_names(self, files: Files, c10h: Run) -> None:
        files.save("l.txt", "w1\tu1\tyes\nw2\tu1\tyes\nw3\tu1\tno\n")
        numbers = ("--annotator", "0", "--item", "1", "--label", "2")
        result = c10h("labels", "annotators", "l.txt", *numbers, "--no-header", "--json")
        agreement = {row["annotator"]: row["agreement"] for row in result.json()}
        assert agreement == {"w1": 0.5, "w2": 0.5, "w3": 0}

    def test_votes_do_not_say_who_gave_them(self, refuses: Refuse) -> None:
        says = "--layout wide: votes and shares do not say who judged"
        refuses(*ANNOTATORS, "--layout", "wide", says=says)

    def test_nobody_is_compared_with_those_who_are_left_out(self, files: Files, c10h: Run) -> None:
        files.save("u.csv", "worker,item,label\na,0,x\nb,0,x\nc,0,y\na,1,y\nb,1,x\nc,1,y\n")
        rows = c10h("labels", "annotators", "u.csv", "--drop-annotator", "c", "--json").json()
        assert {row["annotator"]: (row["agreement"], row["excluded"]) for row in rows} == {
            "a": (0.5, False), "b": (0.5, False), "c": (0.25, True),
        }  # fmt: skip
        shown = c10h("labels", "annotators", "u.csv", "--drop-annotator", "c").out
        assert "excluded: left out by name; they do not count among the others" in shown

    def test_what_was_left_out_is_told(self, files: Files, c10h: Run) -> None:
        files.save("u.csv", "worker,item,label\na,0,5\nb,0,7\na,1,\nb,1,?\nc,0,7\n")
        line = ("labels", "annotators", "u.csv", "--missing", "drop", "--drop-label", "?")
        result = c10h(*line, "--json")
        assert {row["annotator"]: row["agreement"] for row in result.json()} == {
            "a": 0, "b": 0.5, "c": 0.5,
        }  # fmt: skip
        assert result.err.splitlines()[1:] == [
            "u.csv: left out 1 judgment without a label",
            "u.csv: left out 1 judgment by label: ?",
        ]

    def test_accuracy_is_over_the_items_with_a_truth(self, files: Files, c10h: Run) -> None:
        files.save("g.csv", "worker,item,label,gold\na,x,0,0\nb,x,1,0\na,y,1,\nb,z,1,1\nc,y,0,\n")
        result = c10h("labels", "annotators", "g.csv", "--true-label", "gold", "--json")
        assert {row["annotator"]: row["accuracy"] for row in result.json()} == {
            "a": 1, "b": 0.5, "c": None,
        }  # fmt: skip
        assert "g.csv: truth of 2 of 3 items\n" in result.err

    @pytest.mark.parametrize("truth", ["item,true\nz,1\nx,0\n", "item,true\nx,cat\nz,dog\n"])
    def test_accuracy_by_a_truth_of_its_own(self, files: Files, c10h: Run, truth: str) -> None:
        files.save("j.csv", "worker,item,label\na,x,cat\nb,x,dog\na,y,dog\nb,z,dog\nc,y,cat\n")
        files.save("true.csv", truth)
        line = ("labels", "annotators", "j.csv", "--truth", "true.csv", "--json")
        assert {row["annotator"]: row["accuracy"] for row in c10h(*line).json()} == {
            "a": 1, "b": 0.5, "c": None,
        }  # fmt: skip

    def test_classes_in_another_spelling(self, files: Files, c10h: Run, refuses: Refuse) -> None:
        files.save("k.csv", "worker,item,label\na,0,Cat\nb,0,cat\na,1,DOG\nb,1,dog\n")
        line = ("labels", "annotators", "k.csv", "--json")
        refuses(*line, says="are the labels 'Cat' and 'cat' one class? --classes names the classes")
        agreements = [row["agreement"] for row in c10h(*line, "--classes", "cat,dog").json()]
        assert agreements == [1, 1]
        # Classes that differ in nothing but case are classes of their own.
        found = c10h(*line, "--classes", "cat,dog,Cat,DOG").json()
        assert [row["agreement"] for row in found] == [0, 0]

    def test_classes_from_1(self, files: Files, c10h: Run) -> None:
        files.save("o.csv", "worker,item,label\na,0,1\nb,0,2\nc,0,2\n")
        line = ("labels", "annotators", "o.csv", "--json")
        assert c10h(*line).json() == c10h(*line, "--one-based").json()


@pytest.mark.parametrize("least", ["2", "-0.5", "nan"])
@pytest.mark.parametrize("command", ["annotators", "build"])
def test_a_bound_on_attention_that_is_no_share(refuses: Refuse, command: str, least: str) -> None:
    line = ["labels", command, *ANNOTATORS[2:], *TRIALS]
    refuses(*line, "--min-attention", least, says=f"--min-attention {least}: expected a share")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--annotator", "none"], "'none' (--annotator)"),
        ([], "which column is the annotator? --annotator names it"),
        ([*TRIALS, "--rt-min", "9", "--rt-max", "1"], "no time is within"),
        ([*TRIALS, "--rt-min", "9999"], "no judgment is left"),
        ([*TRIALS[:6], "--sort", "rt"], "--sort rt: expected one of"),
        ([*TRIALS[:6], "--min-attention", "0.5"], "--min-attention needs the columns"),
    ],
    ids=lambda one: " ".join(one[-2:]) if isinstance(one, list) else "",
)
def test_what_cannot_be_done_is_told(
    files: Files, refuses: Refuse, options: list[str], says: str
) -> None:
    if "--sort" in options or "--min-attention" in options:
        lines = [line.split(",")[:3] for line in files.path("t.csv").read_text().splitlines()]
        files.save("t.csv", "\n".join(",".join(line) for line in lines if line[1]))
    refuses(*ANNOTATORS, *options, says=says)


def test_counts_are_no_judgments(refuses: Refuse) -> None:
    says = [
        "counts.npy: expected a table of judgments, found",
        "(--layout matrix if each column is an annotator)",
    ]
    refuses("labels", "annotators", "counts.npy", says=says)


def test_a_matrix_is_told_how_to_be_read(refuses: Refuse, c10h: Run) -> None:
    rows = "".join(f"i{item},cat,dog,{('cat', 'dog')[item % 2]}\n" for item in range(6))
    Path("m.csv").write_text(f"item,ann,bob,eve\n{rows}")
    line = ("labels", "annotators", "m.csv")
    refuses(*line, says="which column is the annotator? --annotator names it")
    refuses(*line, says="(--layout matrix if each column is an annotator)")
    assert "ann" in c10h(*line, "--layout", "matrix").out


@pytest.mark.parametrize(
    "options",
    [["--sort", "none"], ["--limit", "0"], ["--limit", "x"], ["--format", "xml"]],
    ids=" ".join,
)
def test_usage_errors(c10h: Run, options: list[str]) -> None:
    result = c10h(*ANNOTATORS, *TRIALS, *options)
    assert (result.status, result.out) == (2, "")
    assert options[0] in result.err


def opinions(random: np.random.Generator, people: int = 5, items: int = 40) -> str:
    """Everybody's answer on every item, mostly right; items have names in no order."""
    lines = ["annotator,item,label"]
    for who in range(people):
        for item in range(items):
            right = random.random() < 0.8
            label = item % 3 if right else int(random.integers(3))
            lines.append(f"w{who},image {item},{('cat', 'dog', 'bird')[label]}")
    return "\n".join(lines)


class TestModelAmongAnnotators:
    LINE = ("labels", "annotators", "o.csv", "--predictions", "net.csv")
    TOLD = "the judgments: 40 items matched with net.csv by ids"

    @pytest.fixture(autouse=True)
    def opinions(self, files: Files) -> None:
        random = np.random.default_rng(3)
        files.save("o.csv", opinions(random))
        self.write(files, [f"image {item}" for item in random.permutation(40)])

    @staticmethod
    def write(files: Files, names: list[str]) -> None:
        """A network that is always right, with its classes in another order."""
        lines = ["item,bird,cat,dog"]
        for name in names:
            probs = np.full(3, 0.1)
            probs[{0: 1, 1: 2, 2: 0}[int(name.split()[1]) % 3]] = 0.8
            lines.append(",".join([name, *map(str, probs)]))
        files.save("net.csv", "\n".join(lines))

    @pytest.mark.parametrize("form", FORMATS)
    def test_every_form(self, c10h: Run, form: str) -> None:
        result = c10h(*self.LINE, "--format", form)
        assert result.status == 0
        assert self.TOLD in result.err
        assert "advantage" in result.out
        assert "nan" not in result.out.lower()

    def test_a_model_that_is_right_is_first_and_stands_in_for_all(self, c10h: Run) -> None:
        shown = c10h(*self.LINE, "--json").json()
        model = shown["model"]
        assert model["name"] == "net.csv"
        assert model["rank"]["value"] == 1
        assert (model["ranked"], model["tested"], model["items"]) == (5, 5, 40)
        assert (model["winning_rate"]["value"], model["passes"]) == (1, True)
        assert model["epsilon"] == 0.1
        assert model["accuracy"] is None  # the table has no truth
        agreement = model["agreement"]
        assert agreement["low"] < agreement["value"] < agreement["high"]
        people = shown["annotators"]
        assert all(agreement["value"] > one["agreement"] for one in people)
        assert all(one["replaced"] and one["p_value"] < 0.01 for one in people)

    def test_the_order_of_predictions_and_classes_does_not_matter(
        self, files: Files, c10h: Run
    ) -> None:
        wanted = c10h(*self.LINE, "--json").out
        self.write(files, [f"image {item}" for item in range(40)])
        assert c10h(*self.LINE, "--json").out == wanted

    def test_predictions_of_more_items_and_of_fewer(self, files: Files, c10h: Run) -> None:
        wanted = c10h(*self.LINE, "--json").out
        self.write(files, [f"image {item}" for item in range(70)])
        assert c10h(*self.LINE, "--json").out == wanted
        self.write(files, [f"image {item}" for item in range(35)])
        result = c10h(*self.LINE, "--json")
        assert "net.csv: no predictions for 5 judged items" in result.err
        assert result.json()["model"]["items"] == 35

    def test_epsilon_moves_the_test_alone(self, c10h: Run) -> None:
        first, second = (
            c10h(*self.LINE, "--json", "--alternative-epsilon", epsilon).json()
            for epsilon in ("0", "0.3")
        )
        assert first["model"]["agreement"] == second["model"]["agreement"]
        for one, other in zip(first["annotators"], second["annotators"], strict=True):
            assert one["p_value"] > other["p_value"]

    def test_sorted_by_what_a_model_adds(self, c10h: Run) -> None:
        rows = c10h(*self.LINE, "--json", "--sort", "advantage").json()["annotators"]
        advantages = [row["advantage"] for row in rows]
        assert advantages == sorted(advantages)

    def test_a_pipe(self, files: Files, c10h: Run) -> None:
        content = files.path("net.csv").read_bytes()
        result = c10h(*self.LINE[:-1], "-", "--json", stdin=content)
        wanted = c10h(*self.LINE, "--json").json()
        assert result.json()["annotators"] == wanted["annotators"]

    def test_too_few_items_to_test(self, files: Files, c10h: Run) -> None:
        files.save("o.csv", opinions(np.random.default_rng(3), items=12))
        result = c10h(*self.LINE)
        assert "no test: no annotator judged 30 items that others did, too" in result.out
        model = c10h(*self.LINE, "--json").json()["model"]
        assert (model["tested"], model["passes"], model["winning_rate"]["value"]) == (0, None, None)

    @pytest.mark.parametrize("epsilon", ["-0.1", "1.5", "nan"])
    def test_an_epsilon_that_is_no_share(self, refuses: Refuse, epsilon: str) -> None:
        says = f"--alternative-epsilon {epsilon}: expected a share from 0 to 1"
        refuses(*self.LINE, "--alternative-epsilon", epsilon, says=says)

    def test_items_without_names_are_not_guessed(self, files: Files, refuses: Refuse) -> None:
        files.save("net.npy", np.eye(3)[np.arange(40) % 3])
        line = ("labels", "annotators", "o.csv", "--predictions", "net.npy", "--probs")
        refuses(*line, "--classes", "cat,dog,bird", says="have names, and these predictions have")

    def test_columns_without_names_are_classes_by_the_numbers_of_the_table(
        self, files: Files, c10h: Run
    ) -> None:
        """CIFAR-10H's table has the number of each class and its name."""
        names = ("cat", "dog", "bird")
        first, *rows = opinions(np.random.default_rng(3)).splitlines()
        lines = [f"{first},chosen_category"]
        for row in rows:
            who, item, name = row.split(",")
            lines.append(f"{who},{item.split()[1]},{names.index(name)},{name}")
        files.save("o.csv", "\n".join(lines))
        files.save("net.npy", np.eye(3)[np.arange(40) % 3])
        line = ("labels", "annotators", "o.csv", "--predictions", "net.npy", "--probs", "--json")
        result = c10h(*line)
        assert "its columns are read as cat, dog, bird, in order" in result.err
        assert result.json()["model"]["rank"]["value"] == 1

    def test_other_classes(self, files: Files, refuses: Refuse) -> None:
        text = files.path("net.csv").read_text().replace("bird,cat,dog", "fish,cat,dog")
        files.save("net.csv", text)
        refuses(*self.LINE, says="bird")

    def test_both_from_stdin(self, refuses: Refuse) -> None:
        refuses("labels", "annotators", "-", "--predictions", "-", says="stdin")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:crowdkit")
class TestModels:
    LINE = ("labels", "build", *ANNOTATORS[2:], *TRIALS)

    @pytest.mark.parametrize("what", MODELS)
    def test_the_output_warns_that_disagreement_collapses(
        self, files: Files, c10h: Run, what: str
    ) -> None:
        result = c10h(*self.LINE, "--as", what, "-o", "out.h5")
        assert result.status == 0
        assert "warning: " in result.err
        assert "collapses people's disagreement" in result.err
        assert f"3 classes, {what} labels without vote counts, with truth" in result.err
        again = c10h(*self.LINE, "--as", what, "-o", "-")
        assert again.stdout == files.path("out.h5").read_bytes()

    def test_help_warns_too(self, process: Run) -> None:
        text = " ".join(process("labels", "build", "--help-all").out.replace("│", " ").split())
        assert "collapse people's disagreement" in text
        assert "pip install 'c10h[crowd]'" in text

    @pytest.mark.parametrize("what", MODELS)
    def test_counts_are_no_judgments(self, refuses: Refuse, what: str) -> None:
        refuses("labels", "build", "counts.npy", "--as", what, says="counts.npy: expected a table")

    @pytest.mark.parametrize("what", MODELS)
    def test_without_crowd_kit(
        self, files: Files, c10h: Run, what: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "crowdkit.aggregation", None)
        result = c10h(*self.LINE, "--as", what, "-o", "out.h5")
        assert (result.status, result.out) == (1, "")
        *_, last = result.err.splitlines()
        assert last == f"error: --as {what} needs crowd-kit: pip install 'c10h[crowd]'"
        assert not files.path("out.h5").exists()

    def test_a_large_seed(self, c10h: Run) -> None:
        result = c10h(*self.LINE, "--as", "mace", "--seed", 1 << 40, "-o", "out.h5")
        assert (result.status, result.out) == (0, "")
