"""``c10h report``: scores as the tables of a paper, and as data."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from c10h.metrics.metrics import METRICS

from .conftest import Files, Run, assert_refused

SCORE = ("--labels", "labels.h5", "--resamples", "50")
HEADLINES = [name for name, metric in METRICS.items() if metric.headline]


@pytest.fixture
def scores(files: Files, c10h: Run) -> dict[str, Any]:
    """Scores of both networks in one file and in two; what ``score --json`` said of them."""
    tags = ("--tag", "training=hu_man")
    c10h("score", "a.npy", *SCORE, "-o", "a.h5")
    c10h("score", "b.npy", *SCORE, *tags, "-o", "b.h5")
    both = c10h(
        "score", "a.npy", "b.npy", *SCORE, "--by", "truth", "-o", "both.h5", "--json"
    ).json()
    assert isinstance(both, dict)
    return both


pytestmark = pytest.mark.usefixtures("scores")


def best_of(scores: dict[str, Any], metric: str) -> str:
    values = {run["name"]: run["metrics"][metric]["value"] for run in scores["runs"]}
    pick = max if METRICS[metric].better == "high" else min
    return pick(values, key=lambda name: values[name])


def above_foot(text: str) -> str:
    """A report without the lineage below it."""
    return text.partition("\nHow the files were made, inputs first\n")[0]


class TestMarkdown:
    def rows(self, text: str) -> list[list[str]]:
        """The lines of all tables."""
        lines = [line for line in text.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]

    def test_models_down_metrics_across_best_in_bold(
        self, c10h: Run, scores: dict[str, Any]
    ) -> None:
        text = c10h("report", "both.h5", "--format", "markdown").out
        header, rule, *rows = self.rows(text.partition("### Difference")[0])
        assert [name.split()[0].replace("\\", "") for name in header] == ["run", *HEADLINES]
        assert rule == [":---"] + ["---:"] * len(HEADLINES)
        assert [row[0] for row in rows] == ["a", "b"]
        for number, metric in enumerate(HEADLINES, start=1):
            for row, run in zip(rows, scores["runs"], strict=True):
                figure = run["metrics"][metric]
                value = f"{figure['value']:.4f}"
                bold = f"**{value}**" if best_of(scores, metric) == run["name"] else value
                assert row[number] == f"{bold} ({figure['low']:.4f} to {figure['high']:.4f})"

    def test_arrows_say_what_is_better(self, c10h: Run) -> None:
        header = self.rows(c10h("report", "both.h5", "--format", "markdown").out)[0]
        assert "accuracy ↑" in header
        assert "brier_human ↓" in [name.replace("\\", "") for name in header]

    def test_a_baseline(self, c10h: Run, scores: dict[str, Any]) -> None:
        line = ["report", "both.h5", "--baseline", "a", "--metrics", "accuracy", "--format"]
        *_, header, _, row = self.rows(c10h(*line, "markdown").out)
        assert header == ["run", "accuracy"]
        one = next(one for one in scores["differences"] if one["metric"] == "accuracy")
        assert row[0] == "b"
        text = row[1].replace("*", "").replace("\\", "")
        assert text == f"{one['value']:+.4f} ({one['low']:.4f} to {one['high']:.4f})"

    def test_tags_are_columns(self, c10h: Run) -> None:
        line = ["report", "a.h5", "b.h5", "--metrics", "sba", "--format", "markdown"]
        header, _, a, b, *_ = self.rows(c10h(*line).out)
        assert header == ["run", "training", "sba ↑"]
        assert (a[1], b[1]) == ("", r"hu\_man")


class TestLatex:
    def test_a_tabular(self, c10h: Run, scores: dict[str, Any]) -> None:
        line = ["report", "both.h5", "--metrics", "ce_human,accuracy", "--format", "latex"]
        text = c10h(*line).out
        lines = text[text.index("\\begin{tabular}") : text.index("\\par\\smallskip")].splitlines()
        assert lines[:4] == [
            r"\begin{tabular}{@{}lrr@{}}",
            r"\toprule",
            r"run & accuracy $\uparrow$ & ce\_human $\downarrow$ \\",
            r"\midrule",
        ]
        assert lines[8:] == [r"\bottomrule", r"\end{tabular}"]
        row = 4 + 2 * (best_of(scores, "accuracy") == "b")
        assert re.match(r"[ab] & \\textbf\{0\.\d{4}\} & ", lines[row])
        assert re.match(r" & \{\\scriptsize 0\.\d{4} to [01]\.\d{4}\} & ", lines[row + 1])

    def test_nothing_is_left_unescaped(self, c10h: Run) -> None:
        text = c10h("report", "a.h5", "b.h5", "--baseline", "a", "--format", "latex").out
        rows = [line for line in text.splitlines() if r"\\" in line]
        assert any("hu" in row for row in rows)
        assert not [row for row in rows if re.search(r"(?<!\\)[_%#]", row)]


class TestCsv:
    def test_differences_from_a_baseline(self, c10h: Run, scores: dict[str, Any]) -> None:
        text = c10h("report", "both.h5", "--format", "csv", "--baseline", "a").out
        rows = [row for row in csv.DictReader(io.StringIO(text)) if row["baseline"]]
        wanted = [one for one in scores["differences"] if one["value"] is not None]
        assert len(rows) == len(wanted) > 10
        for row, difference in zip(rows, wanted, strict=True):
            assert (row["run"], row["baseline"]) == (difference["a"], difference["b"])
            assert (row["metric"], row["stratum"]) == (difference["metric"], "all")
            for end in ("value", "low", "high"):
                wanted_end = difference[end]
                assert row[end] == "" if wanted_end is None else float(row[end]) == wanted_end

    def test_it_says_what_the_json_says(self, c10h: Run, scores: dict[str, Any]) -> None:
        text = c10h("report", "both.h5", "--format", "csv").out
        found = {
            (row["run"], row["stratum"], row["metric"]): row
            for row in csv.DictReader(io.StringIO(text))
        }
        assert len(found) == 2 * 4 * len(METRICS)
        for run in scores["runs"]:
            for stratum, metrics in {"all": run["metrics"], **run["strata"]}.items():
                for metric, figure in metrics.items():
                    row = found[run["name"], stratum, metric]
                    for key in ("value", "low", "high"):
                        assert row[key] == ("" if figure[key] is None else str(figure[key]))
                    assert (int(row["n"]), row["why"] or None) == (figure["n"], figure["why"])

    def test_names_with_commas(self, files: Files, c10h: Run) -> None:
        c10h("score", 'naïve, "b"=b.npy', *SCORE, "-o", "x.h5")
        text = c10h("report", "x.h5", "--format", "csv").out
        assert {row["run"] for row in csv.DictReader(io.StringIO(text))} == {'naïve, "b"'}


class TestJson:
    def test_it_is_the_json_of_score(self, c10h: Run, scores: dict[str, Any]) -> None:
        found = c10h("report", "both.h5", "--baseline", "a", "--json").json()
        assert [found.pop(key)[-1]["name"] for key in ("files",)] == ["both.h5"]
        assert found.pop("made")[-1]["command"] == "c10h score"
        assert found == scores

    def test_differences_are_those_to_a_baseline(self, c10h: Run) -> None:
        assert c10h("report", "both.h5", "--format", "json").json()["differences"] == []

    def test_differences_are_of_the_stratum(self, files: Files, c10h: Run) -> None:
        options = ("both.h5", "--baseline", "a", "--stratum", "truth=dog")
        report = c10h("report", "--detail", *options, "--json").json()
        dogs = files.truth == 1
        right = {n: (z.argmax(axis=1) == 1)[dogs].mean() for n, z in files.logits.items()}
        (found,) = (one for one in report["differences"] if one["metric"] == "accuracy")
        assert (found["stratum"], found["a"], found["b"]) == ("truth=dog", "b", "a")
        assert found["value"] == pytest.approx(right["b"] - right["a"])
        assert "Difference from a, truth=dog (paired; " in c10h("report", "--detail", *options).out

    def test_two_files_are_paired(self, c10h: Run, scores: dict[str, Any]) -> None:
        line = ["report", "a.h5", "b.h5", "--baseline", "a", "--json"]
        found = c10h(*line).json()["differences"]
        for one, wanted in zip(found, scores["differences"], strict=True):
            assert (one["metric"], one["a"], one["b"]) == (wanted["metric"], "b", "a")
            for key in ("value", "low", "high"):
                assert one[key] == pytest.approx(wanted[key], abs=1e-6)

    def test_a_baseline(self, c10h: Run) -> None:
        found = c10h("report", "both.h5", "--baseline", "b", "--json").json()
        assert {(one["a"], one["b"]) for one in found["differences"]} == {("a", "b")}

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (["--seed", "1"], "not paired: scored with a different seed"),
            (["--resamples", "60"], "not paired: scored with a different resamples"),
            (["--labels", "other.h5"], "not paired: the runs have different items or labels"),
        ],
    )
    def test_what_cannot_be_paired_is_null(
        self, files: Files, c10h: Run, change: list[str], why: str
    ) -> None:
        files.labels("other.h5", counts=np.roll(files.counts, 1, axis=0))
        line = [word for word in SCORE if word not in ("--labels", "labels.h5")]
        labels = [] if "--labels" in change else ["--labels", "labels.h5"]
        c10h("score", "c=b.npy", *line, *labels, *change, "-o", "c.h5")
        line = ["report", "a.h5", "c.h5", "--baseline", "a"]
        found = c10h(*line, "--json").json()["differences"]
        nothing = {"value": None, "low": None, "high": None, "why": why}
        few_classes = {**nothing, "why": "needs more than 5 classes"}
        for one in found:
            top_5 = one["metric"] == "accuracy_top5"
            assert one.items() >= (few_classes if top_5 else nothing).items()
        assert f"c: {why}" in c10h(*line).out


class TestTerminal:
    def test_plain_text_in_a_pipe(self, c10h: Run, scores: dict[str, Any]) -> None:
        result = c10h("report", "--detail", "both.h5", "--metrics", "accuracy")
        assert (result.status, result.err) == (0, "")
        title, _, header, a, b, _, *rest = above_foot(result.out).splitlines()
        assert (title, header.split()) == ("Scores", ["run", "accuracy", "↑"])
        for row, run in zip((a, b), scores["runs"], strict=True):
            assert row.split()[:2] == [run["name"], f"{run['metrics']['accuracy']['value']:.4f}"]
        assert rest[:3] == [
            "Items in training: unknown (a, b)",
            "Intervals: 95 %, bootstrap over items.",
            "",
        ]

    def test_two_runs_are_compared_without_a_baseline(
        self, c10h: Run, scores: dict[str, Any]
    ) -> None:
        forms = [["--format", name] for name in ("html", "markdown", "latex")]
        for form in ([], ["--detail"], *forms):
            named = c10h("report", "both.h5", *form, "--baseline", "a").out
            assert c10h("report", "both.h5", *form).out == named
        assert "difference" not in c10h("report", "both.h5", "--format", "csv").out.lower()
        assert c10h("report", "both.h5", "--json").json()["differences"] == []

    def test_two_runs_without_a_truth_are_compared(self, files: Files, c10h: Run) -> None:
        c10h("score", "a.npy", "b.npy", "--labels", "counts.npy", "-o", "people.h5")
        assert "b differs from a " in c10h("report", "people.h5").out

    def test_a_stratum(self, c10h: Run, scores: dict[str, Any]) -> None:
        line = ["report", "--detail", "both.h5", "--metrics", "accuracy", "--stratum", "truth=dog"]
        out = c10h(*line).out
        value = scores["runs"][1]["strata"]["truth=dog"]["accuracy"]["value"]
        assert out.startswith("Scores, truth=dog\n")
        assert f"{value:.4f}" in out.splitlines()[4]

    def test_figures_and_tables_of_the_paper_are_of_the_stratum(
        self, files: Files, c10h: Run
    ) -> None:
        shares = np.exp(files.logits["a"])
        shares /= shares.sum(axis=1, keepdims=True)
        cats = files.truth == 0
        right = cats & (shares.argmax(axis=1) == 0)
        options = ("both.h5", "--stratum", "truth=cat")
        figure = c10h("report", *options, "--figure", "confidence", "--json").json()["figure"]
        assert figure["title"] == "Confidence where right and where wrong, truth=cat"
        (panel,) = figure["panels"]
        found = panel["series"][0]["y"][0]
        assert found == pytest.approx(shares[right].max(axis=1).mean())
        figure = c10h("report", *options, "--figure", "generalization", "--json").json()["figure"]
        found = figure["panels"][0]["series"][0]["y"][0]
        assert found == pytest.approx(right.sum() / cats.sum())
        out = c10h("report", *options, "--table", "1").out
        assert out.startswith("Generalization: cross-entropy, truth=cat\n")
        assert re.search(rf"^a +{right.sum() / cats.sum():.4f}$", out, re.MULTILINE)
        page = c10h("report", *options, "--format", "html").out
        assert "<figcaption>Confidence where right and where wrong, truth=cat<" in page

    def test_all_metrics(self, c10h: Run) -> None:
        header = c10h("report", "--detail", "both.h5", "--metrics", "all").out.splitlines()[2]
        of_three_classes = [name for name in METRICS if name != "accuracy_top5"]
        assert [word for word in header.split() if len(word) > 1] == ["run", *of_three_classes]

    def test_stdin(self, files: Files, c10h: Run) -> None:
        content = files.path("a.h5").read_bytes()
        piped = c10h("report", "--detail", "-", "b.h5", stdin=content)
        assert above_foot(piped.out) == above_foot(c10h("report", "--detail", "a.h5", "b.h5").out)
        assert "\nstdin " in piped.out


class TestOutput:
    @pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "csv", "json"])
    def test_a_file_has_what_stdout_would_have(self, files: Files, c10h: Run, form: str) -> None:
        line = ["report", "a.h5", "b.h5", "--baseline", "a", "--format", form]
        result = c10h(*line, "-o", "out")
        assert (result.status, result.stdout) == (0, b"")
        assert files.path("out").read_text(encoding="utf-8") == c10h(*line).out
        assert c10h(*line, "-o", "-").out == c10h(*line).out

    def test_force(self, files: Files, c10h: Run) -> None:
        files.save("out.txt", "old")
        assert_refused(c10h("report", "--detail", "a.h5", "-o", "out.txt"), "exists already")
        assert c10h("report", "--detail", "a.h5", "-o", "out.txt", "--force").status == 0
        assert files.path("out.txt").read_text().startswith("Scores")


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--baseline", "c"], "--baseline: unknown run 'c': expected one of a, b"),
            (
                ["--stratum", "truth=fish"],
                "unknown stratum 'truth=fish': did you mean truth=",
            ),
            (
                ["--figure", "confidence", "--baseline", "a"],
                "--figure cannot be combined with --baseline",
            ),
            (
                ["--table", "2", "--metrics", "kl"],
                "--figure and --table 2 cannot be combined with --metrics",
            ),
            (["--metrics", "beauty"], "unknown metric 'beauty': expected one of accuracy"),
        ],
    )
    def test_names_that_are_not_there(self, c10h: Run, options: list[str], says: str) -> None:
        assert_refused(c10h("report", "both.h5", *options), says)

    def test_a_metric_that_no_file_has(self, c10h: Run) -> None:
        c10h("score", "a.npy", *SCORE, "--metrics", "sba", "-o", "sba.h5")
        says = "--metrics kl: not in any of the files"
        assert_refused(c10h("report", "sba.h5", "--metrics", "kl"), says)

    def test_a_run_twice(self, c10h: Run) -> None:
        says = "two runs are called 'a', in a and both: c10h score NAME=FILE names a run"
        assert_refused(c10h("report", "a.h5", "both.h5"), says)

    def test_scores_of_other_classes(self, files: Files, c10h: Run) -> None:
        files.labels("fish.h5", classes=("cat", "dog", "fish"))
        c10h("score", "f=a.npy", "--labels", "fish.h5", "-o", "f.h5")
        says = "scores of different classes: expected cat, dog, bird, found cat, dog, fish"
        assert_refused(c10h("report", "a.h5", "f.h5"), says)


def test_a_metric_that_some_runs_lack_is_a_dash(files: Files, c10h: Run) -> None:
    c10h("score", "--detail", "t=a.npy", "--truth", "truth.npy", "--resamples", "50", "-o", "t.h5")
    out = c10h("report", "--detail", "a.h5", "t.h5", "--metrics", "accuracy,sba").out
    assert Path("t.h5").exists()
    row = next(line for line in out.splitlines() if line.startswith("t "))
    assert row.endswith(" -")


class TestFiguresThatNobodyAskedFor:
    """Votes without a truth: nothing is right or wrong, of which there is a figure by default."""

    @pytest.fixture(autouse=True)
    def without_truth(self, files: Files, c10h: Run) -> None:
        c10h("labels", "build", "counts.npy", "-o", "votes.h5")
        c10h("score", "a.npy", "--labels", "votes.h5", "--resamples", 20, "-o", "v.h5")

    @pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "csv", "json"])
    def test_they_are_left_out(self, c10h: Run, form: str) -> None:
        result = c10h("report", "v.h5", "--format", form)
        assert (result.status, result.err) == (0, "")
        assert "ce" in result.out

    def test_a_page_says_so(self, c10h: Run) -> None:
        result = c10h("report", "v.h5", "-o", "x.html")
        assert result.status == 0
        assert result.err == (
            "left out: the figure confidence: no file has conf_right or conf_wrong\n"
        )

    def test_one_that_was_asked_for_is_an_error(self, c10h: Run) -> None:
        says = "--figure confidence: no file has conf_right or conf_wrong"
        assert_refused(c10h("report", "v.h5", "--figure", "confidence"), says)
        assert_refused(c10h("report", "v.h5", "-o", "x.svg"), says)

    def test_runs_that_no_tag_tells_apart(self, c10h: Run) -> None:
        """The figure of several data sets needs one run of a network and training on each."""
        for name, data in (("n", "near"), ("f", "far")):
            tags = ("--tag", f"data={data}", "--tag", "network=x", "--tag", "training=y")
            runs = (f"{name}1=a.npy", f"{name}2=b.npy")
            c10h("score", *runs, *SCORE, *tags, "-o", f"{name}.h5")
        result = c10h("report", "n.h5", "f.h5", "-o", "x.html")
        assert result.status == 0
        assert "left out: the figure generalization: " in result.err
