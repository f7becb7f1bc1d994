"""``c10h report`` of attack files, alone and beside scores."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edits import edited
from made_attacks import SMALL, health, made_attack

from c10h import h5
from c10h.cli.options import SCORE_FORMATS
from c10h.records import Attack

from .conftest import Files, Run, assert_refused
from .test_cli import on_terminal
from .test_report import above_foot

ATTACK = "Attack pgd, ℓ∞, loss ce, 3 steps, random start"
NAN = float("nan")

pytestmark = pytest.mark.usefixtures("attacks")


def write(name: str, seed: int = 0, **changes: Any) -> Attack:
    record = made_attack(seed, **{"items": 30, **changes})
    h5.write(record, name)
    return record


@pytest.fixture
def attacks(files: Files, c10h: Run) -> dict[str, Attack]:
    """hard.h5 and human.h5, attacks; s.h5, scores."""
    c10h("score", "a.npy", "b.npy", "--labels", "labels.h5", "--resamples", "50", "-o", "s.h5")
    block = health(("loss after PGD", "fold-0", SMALL, 0.5, 0), ("zero gradient", "", NAN, 0.0, 1))
    people = {"human cross-entropy": np.array([[0.5, 0.75]])}
    return {
        "hard": write("hard.h5", 1, health=block, human=people),
        "human": write("human.h5", 2),
    }


def titles(text: str) -> list[str]:
    """The titles of plain tables: what stands above an empty line and below another, or first."""
    lines = ["", *text.splitlines(), ""]
    return [
        line
        for above, line, below in zip(lines, lines[1:], lines[2:], strict=False)
        if line and not above and not below
    ]


class TestTerminal:
    def test_plain_text_in_a_pipe(self, process: Run) -> None:
        result = process("report", "--detail", "hard.h5", "human.h5")
        assert (result.status, result.err) == (0, "")
        assert "\x1b" not in result.out
        shown = titles(result.out)
        assert shown[:2] == [
            ATTACK,
            "Difference from hard, pgd, ℓ∞, loss ce, 3 steps, random start",
        ]
        people = "Comparison with people, after pgd, ℓ∞, loss ce, 3 steps, random start"
        assert shown.index(people) < shown.index("Can the attacks be believed?")

    def test_figures(self, attacks: dict[str, Attack], c10h: Run) -> None:
        out = c10h("report", "--detail", "hard.h5", "human.h5").out
        for line, (name, record) in zip(out.splitlines()[3:5], attacks.items(), strict=True):
            values = re.sub(r"\(.*?\)", "", line).split()
            correct, loss = (np.asarray(x, "f8")[0] for x in (record.correct, record.loss))
            expected = [
                x.mean() for rows in (correct, loss) for x in (rows[0, 0], rows[0, -1], rows[1, -1])
            ]
            assert values == [name, "resnet_basic_8", *(f"{x:.4f}" for x in expected)]

    def test_two_under_one_attack_are_compared_without_a_baseline(self, c10h: Run) -> None:
        named = c10h("report", "hard.h5", "human.h5", "--baseline", "hard").out
        assert c10h("report", "hard.h5", "human.h5").out == named
        write("fgsm.h5", settings={"method": "fgsm"})
        assert "differ" not in c10h("report", "hard.h5", "fgsm.h5").out

    def test_charts_come_last(self, c10h: Run) -> None:
        out = c10h("report", "--detail", "hard.h5", "human.h5").out
        charts = out[out.index("Cross-entropy with the true class at each step") :]
        assert charts.count("a hard   b human\n") == 2
        assert max(map(len, charts.splitlines())) <= 80

    def test_no_charts_of_one_step(self, c10h: Run) -> None:
        write("fgsm.h5", steps=1, settings={"method": "fgsm"})
        out = c10h("report", "fgsm.h5").out
        assert "at each step" not in out
        assert not out.endswith("\n\n")

    def test_eighty_columns(self, files: Files) -> None:
        line = ["report", "--detail", "hard.h5", "human.h5", "--baseline", "hard"]
        text = on_terminal(line, files.folder, {"COLUMNS": "80", "NO_COLOR": "1"})
        plain = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", text).replace("\r", "")
        assert max(len(row.rstrip()) for row in plain.splitlines()) <= 80
        assert "0.5  NO" in plain

    def test_failing_checks_are_told(self, c10h: Run) -> None:
        out = c10h("report", "--detail", "hard.h5").out
        assert (
            "hard: at 4/255: many steps did less than a single one: the gradients are misleading; "
            "try --restarts 10 and --method square\n"
        ) in out
        assert c10h("report", "hard.h5").out.splitlines()[3:5] == [
            "Checks: at 4/255: many steps did less than a single one: the gradients are",
            "misleading; try --restarts 10 and --method square.",
        ]
        assert re.search(r"^loss after PGD +4/255 +0\.5  NO$", out, re.MULTILINE)
        assert re.search(r"^zero gradient +all +0 yes$", out, re.MULTILINE)

    def test_norms_are_in_tables_of_their_own(self, c10h: Run) -> None:
        write("l2.h5", settings={"norm": "2"}, budgets=(0.5,))
        found = titles(c10h("report", "--detail", "human.h5", "l2.h5").out)
        assert found[:2] == [ATTACK, ATTACK.replace("ℓ∞", "ℓ2")]

    def test_members_are_rows(self, c10h: Run) -> None:
        write("both.h5", members=2)
        out = c10h("report", "--detail", "both.h5").out
        assert [line.split()[0] for line in out.splitlines()[3:5]] == ["both/fold-0", "both/fold-1"]

    def test_what_was_trained_on_is_told(self, c10h: Run) -> None:
        item = np.arange(30, dtype="u8")
        fold = np.zeros(30, "i2")
        write("out.h5", item=item, fold=fold, trained={"item": item, "fold": fold})
        write("in.h5", item=item, fold=fold + 1, trained={"item": item, "fold": fold})
        out = c10h("report", "out.h5", "in.h5", "hard.h5").out
        for words in ("held-out (out)", "in-sample (in)", "unknown (hard)"):
            assert f"Items in training: {words}\n" in out

    def test_names(self, c10h: Run) -> None:
        out = c10h("report", "--detail", "x y=hard.h5", "./human.h5").out
        assert [line.split("resnet")[0].strip() for line in out.splitlines()[3:5]] == [
            "x y", "human",
        ]  # fmt: skip

    def test_stdin(self, files: Files, c10h: Run) -> None:
        content = files.path("hard.h5").read_bytes()
        piped = c10h("report", "hard=-", "human.h5", stdin=content)
        assert above_foot(piped.out) == above_foot(c10h("report", "hard.h5", "human.h5").out)


class TestFormats:
    def test_markdown(self, c10h: Run) -> None:
        out = c10h("report", "hard.h5", "human.h5", "--format", "markdown").out
        assert out.startswith(f"### {ATTACK}\n\n| run | network | accuracy clean ↑ | ")
        rows = [line for line in out.splitlines() if line.startswith("| ")]
        assert rows[1].startswith("| :--- | :--- | ---: |")
        assert len(re.findall(r"\*\*\d", "".join(rows[2:4]))) >= 6
        assert "**0.5  NO**" in out
        assert "⠀" not in out

    def test_latex(self, c10h: Run) -> None:
        line = ["report", "hard.h5", "human.h5", "--baseline", "hard", "--format", "latex"]
        text = c10h(*line).out
        rows = [line for line in text.splitlines() if not line.startswith("%")]
        assert any("accuracy 4/255 $\\uparrow$" in row for row in rows)
        assert all(row.isascii() for row in rows)
        words = [re.sub(r"\$[^$]*\$", "", row) for row in rows]  # without formulas
        assert not [row for row in words if re.search(r"(?<!\\)[_%#]", row)]
        assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 5

    def test_differences_in_csv(self, c10h: Run) -> None:
        line = ("report", "hard.h5", "human.h5", "--baseline", "hard")
        text = c10h(*line, "--format", "csv").out
        rows = [row for row in csv.DictReader(io.StringIO(text)) if row["baseline"]]
        wanted = c10h(*line, "--json").json()["attack_differences"]
        assert [(r["metric"], r["after"], float(r["value"])) for r in rows] == [
            (one["metric"], one["after"], pytest.approx(one["value"])) for one in wanted
        ]

    def test_json(self, attacks: dict[str, Attack], c10h: Run) -> None:
        found = c10h("report", "hard.h5", "human.h5", "--json").json()
        assert list(found) == ["attacks", "worst_cases", "attack_differences", "files", "made"]
        assert found["attack_differences"] == []
        assert [one["name"] for one in found["attacks"]] == ["hard", "human"]
        for one, record in zip(found["attacks"], attacks.values(), strict=True):
            curves = np.asarray(record.loss, "f8")[0].mean(axis=-1)
            np.testing.assert_allclose(one["curve"]["cross_entropy"], curves)
            values = [figure["value"] for figure in one["cross_entropy"]["attacked"]]
            assert values == pytest.approx(curves[:, -1].tolist())
            assert one["cross_entropy"]["clean"]["value"] == pytest.approx(curves[0, 0])
            for figure in one["cross_entropy"]["attacked"]:
                assert figure["low"] < figure["value"] < figure["high"]

    def test_csv_says_what_the_json_says(self, c10h: Run) -> None:
        files = ("report", "hard.h5", "human.h5", "--format")
        rows = list(csv.DictReader(io.StringIO(c10h(*files, "csv").out)))
        found = c10h(*files, "json").json()["attacks"]
        curves = [row for row in rows if row["metric"] in ("accuracy", "cross_entropy")]
        assert len(curves) == 2 * 2 * 2 * 4
        by_run = {one["name"]: one for one in found}
        for row in curves:
            one = by_run[row["run"]]
            budget = one["epsilon"].index(float(row["epsilon"]))
            value = one["curve"][row["metric"]][budget][int(row["step"])]
            assert float(row["value"]) == value
        checks = [row for row in rows if row["passed"]]
        assert [(row["run"], row["metric"], row["passed"]) for row in checks] == [
            ("hard", "loss after PGD", "no"), ("hard", "zero gradient", "yes"),
        ]  # fmt: skip

    @pytest.mark.parametrize("form", SCORE_FORMATS)
    @pytest.mark.parametrize("first", [[], ["s.h5"]], ids=["alone", "mixed"])
    def test_a_file_has_what_stdout_would_have(
        self, files: Files, c10h: Run, form: str, first: list[str]
    ) -> None:
        line = ["report", *first, "hard.h5", "human.h5", "--baseline", "hard", "--format", form]
        result = c10h(*line, "-o", "out")
        assert (result.status, result.stdout) == (0, b"")
        text = files.path("out").read_text(encoding="utf-8")
        assert text == c10h(*line).out
        assert "hard" in text


class TestBesideScores:
    def test_scores_come_first(self, c10h: Run) -> None:
        out = c10h("report", "--detail", "hard.h5", "s.h5").out
        alone = c10h("report", "--detail", "s.h5").out
        assert out.startswith(above_foot(alone))
        assert [title for title in titles(out) if title in ("Scores", ATTACK)] == ["Scores", ATTACK]

    def test_json(self, c10h: Run) -> None:
        found = c10h("report", "s.h5", "hard.h5", "--json").json()
        alone = c10h("report", "s.h5", "--json").json()
        for key in ("runs", "differences"):
            assert found[key] == alone[key]
        assert found["attacks"] == c10h("report", "hard.h5", "--json").json()["attacks"]

    def test_csv_has_one_header(self, c10h: Run) -> None:
        rows = list(csv.DictReader(io.StringIO(c10h("report", "s.h5", "hard.h5", "--format",
                                                    "csv").out)))  # fmt: skip
        apart = [
            list(csv.DictReader(io.StringIO(c10h("report", name, "--format", "csv").out)))
            for name in ("s.h5", "hard.h5")
        ]
        assert len(rows) == sum(map(len, apart))
        for row, expected in zip(rows, [*apart[0], *apart[1]], strict=True):
            assert {key: value for key, value in row.items() if value} == {
                key: value for key, value in expected.items() if value
            }

    @pytest.mark.parametrize("baseline", ["a", "hard"])
    def test_a_baseline_of_either_kind(self, c10h: Run, baseline: str) -> None:
        """Each as it is and at equal scale."""
        out = c10h("report", "--detail", "s.h5", "hard.h5", "human.h5", "--baseline", baseline).out
        assert len([title for title in titles(out) if title.startswith("Difference")]) == 2

    def test_metrics_choose_from_the_scores(self, c10h: Run) -> None:
        out = c10h("report", "--detail", "s.h5", "hard.h5", "--metrics", "aurc").out
        assert out.splitlines()[2].split() == ["run", "aurc", "↓"]
        assert ATTACK in out


class TestBaseline:
    def test_differences(self, attacks: dict[str, Attack], c10h: Run) -> None:
        line = ["report", "hard.h5", "human.h5", "--baseline", "hard", "--json"]
        found = c10h(*line).json()["attack_differences"]
        assert [(one["metric"], one["after"]) for one in found] == [
            (metric, after)
            for metric in ("accuracy", "cross_entropy")
            for after in ("clean", "4/255", "8/255")
        ]
        assert {(one["a"], one["b"], one["why"]) for one in found} == {("human", "hard", None)}
        ends = [np.asarray(attacks[name].loss, "f8")[0, 1, -1] for name in ("human", "hard")]
        last = found[-1]
        assert last["value"] == pytest.approx((ends[0] - ends[1]).mean())
        assert last["low"] < last["value"] < last["high"]

    def test_a_reason(self, c10h: Run) -> None:
        write("other.h5", items=20)
        out = c10h("report", "hard.h5", "other.h5", "--baseline", "hard").out
        assert "other: not paired: the runs have different items\n" in out
        found = c10h("report", "hard.h5", "other.h5", "--baseline", "hard", "--json").json()
        nothing = {"value": None, "low": None, "high": None}
        assert all(one.items() >= nothing.items() for one in found["attack_differences"])


class TestRefusals:
    def test_a_baseline_that_is_not_there(self, c10h: Run) -> None:
        says = "--baseline: unknown run 'c': expected one of a, b, hard, human"
        assert_refused(c10h("report", "s.h5", "hard.h5", "human.h5", "--baseline", "c"), says)

    def test_other_classes(self, c10h: Run) -> None:
        write("fish.h5", classes=("cat", "dog", "fish"))
        says = "fish: an attack on different classes: expected cat, dog, bird, found cat, dog, fish"
        assert_refused(c10h("report", "hard.h5", "fish.h5"), says)

    def test_classes_that_nobody_named_fit(self, c10h: Run) -> None:
        write("plain.h5", classes=("0", "1", "2"))
        assert c10h("report", "hard.h5", "plain.h5").status == 0

    def test_predictions(self, files: Files, c10h: Run) -> None:
        files.predictions("p.h5")
        says = "p: predictions need --figure fit"
        assert_refused(c10h("report", "p.h5"), says)
        assert_refused(c10h("report", "hard.h5", "p.h5"), says)

    def test_two_of_one_name(self, files: Files, c10h: Run) -> None:
        Path("other").mkdir()
        write("other/hard.h5")
        says = "two attacks are called 'hard': name them with NAME=FILE"
        assert_refused(c10h("report", "hard.h5", "other/hard.h5"), says)
        assert c10h("report", "hard.h5", "x=other/hard.h5").status == 0
        write("m.h5", members=2, member=np.array(["f", "f"]))
        assert_refused(c10h("report", "m.h5"), "two attacks are called 'm/f'")

    def test_a_name_for_scores(self, c10h: Run) -> None:
        says = "x=s.h5: scores already have names; NAME= is for the other kinds of file"
        assert_refused(c10h("report", "x=s.h5"), says)

    @pytest.mark.parametrize("option", [["--metrics", "sba"], ["--stratum", "truth=dog"]])
    def test_choices_among_scores_that_there_are_not(self, c10h: Run, option: list[str]) -> None:
        says = "--metrics and --stratum need scores, found none"
        assert_refused(c10h("report", "hard.h5", *option), says)

    def test_a_truth_out_of_range(self, c10h: Run) -> None:
        write("bad.h5")
        with edited("bad.h5") as file:
            file["truth"][...] = 7
        says = "bad.h5: truth: row 0: expected -1 to 2, found 7"
        assert_refused(c10h("report", "bad.h5"), says)

    def test_a_file_that_is_cut(self, files: Files, c10h: Run) -> None:
        content = files.path("hard.h5").read_bytes()
        files.path("cut.h5").write_bytes(content[: len(content) // 2])
        assert_refused(c10h("report", "cut.h5"), "cut.h5: ")

    def test_stdin_twice(self, files: Files, c10h: Run) -> None:
        content = files.path("hard.h5").read_bytes()
        says = "'-' (stdin) can be used for only one input"
        assert_refused(c10h("report", "a=-", "b=-", stdin=content), says)


class TestShow:
    def test_every_dataset_and_setting(self, c10h: Run) -> None:
        out = c10h("show", "hard.h5").out
        assert out.startswith("hard.h5: attack\n")
        assert re.search(r"^loss +float32 +m=1 x k=2 x s\+1=4 x n=30 ", out, re.MULTILINE)
        assert re.search(r"^epsilon +float64 +k=2 +0\.01569  0\.03137$", out, re.MULTILINE)
        for line in ("method: pgd", "norm: inf", "steps: 3", "random-start: True"):
            assert f"{line}\n" in out
        assert "toward" not in out

    def test_the_first_rows_are_those_of_the_first_network(
        self, attacks: dict[str, Attack], c10h: Run
    ) -> None:
        found = c10h("show", "hard.h5", "--json").json()["datasets"]
        record = attacks["hard"]
        first = np.asarray(record.logits)[0, 0, :3]
        np.testing.assert_allclose(found["logits"]["first"], first, rtol=1e-6)
        np.testing.assert_allclose(found["loss"]["first"], np.asarray(record.loss)[0, 0, 0, :3])
        assert found["health/passed"]["first"] == [0, 1]
