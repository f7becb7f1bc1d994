"""A whole report in any textual form: tables, figures, and at the foot how the files were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from textwrap import fill
from typing import Any

from c10h.errors import InputError, counted, unknown_name
from c10h.metrics.estimates import ScoredRun, metrics_of
from c10h.stages.report import Results
from c10h.stages.run_groups import data_sets, pairs_to
from c10h.stages.worst_case import WorstCase, worst_cases
from c10h.views import attack as attack_view
from c10h.views import labels, learning_curves, score_values, shift, worst_case
from c10h.views import score as score_view
from c10h.views.answer import MORE, Answer
from c10h.views.attack_answer import attack_answers
from c10h.views.display import Display
from c10h.views.figures.figure_type import Figure
from c10h.views.figures.figures import FIGURES, PICTURED, figure
from c10h.views.forms.figure_look import STANDARD, Look
from c10h.views.forms.tables import FOOT
from c10h.views.forms.terminal_chart import figure_chart
from c10h.views.lineage_steps import Step, steps
from c10h.views.paper_tables import TABLES, metrics_of_table_1, runs_of_table_1
from c10h.views.score_answer import Shown, score_answer
from c10h.views.table import Table, without_small_print

# Steps that a terminal shows; the other forms have all.
MOST = 24
# Figures of predictions beside labels.
BESIDE_PEOPLE = ("reliability", "entropies", "confusions")


@dataclass(frozen=True)
class Report:
    """What is shown of results. figure, table: what is shown in place of everything, by name.

    colours: those of the terminal that charts are for, as rich calls them; pictures need them.
    is_page: of HTML, where predictions beside labels are drawn in every way that there is.
    look: of figures that are drawn for papers.
    Raises InputError for a figure or table that there is not, or of what it is not made of.
    """

    results: Results
    figure: str | None = None
    table: str | None = None
    colours: str | None = None
    is_page: bool = False
    look: Look = STANDARD

    def __post_init__(self) -> None:
        results = self.results
        check_names(self.figure, self.table)
        is_drawn = self.is_page and self.table is None and len(results.labels) == 1
        if results.predictions and self.figure is None and not is_drawn:
            raise InputError(
                f"{next(iter(results.predictions))}: predictions need --figure fit, "
                "reliability, entropies, confusions or gallery; c10h score makes scores from them"
            )

    def tables(self) -> list[Table]:
        """Scores, then for each kind of attack figures before and after it, curves, labels."""
        results = self.results
        if self.table is not None:
            tables = TABLES[self.table](results)
            if self.table == "1":
                tables += self._changes(self._scored(), metrics_of_table_1(results))
            return tables
        if self.figure is not None:
            return self.figures()[0].tables()
        tables = []
        if results.scored:
            tables += score_view.score_tables(
                results.scored, results.metrics, results.stratum, results.scored_baseline
            )
            tables += self._changes(results.scored, results.metrics)
        tables += worst_case.tables(self._worst_cases)
        tables += attack_view.attack_tables(results.attacked, results.attacked_baseline)
        tables += learning_curves.history_tables(results.histories)
        return tables + labels.tables(results.labels)

    def _changes(self, runs: Sequence[ScoredRun], metrics: Sequence[str]) -> list[Table]:
        """How differences change from a data set; none where nobody asked."""
        results = self.results
        if results.shift_from is None or results.scored_baseline is None:
            return []
        return shift.tables(
            results.scored_baseline, runs, results.shift_from, metrics, results.stratum
        )

    def figures(self) -> list[Figure]:
        """The figure that was asked for, else those that fit the results."""
        return self._figures[0]

    def left_out(self) -> dict[str, str]:
        """Why figures are not there that nobody asked for, by name."""
        return {} if self.table is not None else self._figures[1]

    @cached_property
    def _figures(self) -> tuple[list[Figure], dict[str, str]]:
        if self.figure is not None:
            return [figure(self.figure, self.results)], {}
        return fitting_figures(self.results)

    @cached_property
    def _worst_cases(self) -> list[WorstCase]:
        return worst_cases(self.results.attacked)

    def lineage(self) -> list[Step]:
        """The commands behind the files, each once, inputs before what was made of them."""
        return steps(self.results.files)

    @property
    def display(self) -> Display:
        """Tables, values and charts together."""
        return Display(
            self.tables,
            self.to_json,
            self.rows,
            self.charts,
            in_terminal=lambda: [] if self.figure is not None else self.tables(),
            foot=lambda: [step.line() for step in self.lineage()],
            answers=None if self.figure else self.answers,
        )

    def answers(self) -> list[Answer]:
        """What a terminal shows of each kind of file: scores, attacks, learning curves, labels."""
        if self.table is not None:
            return self._table_answers(self.table)
        results, source = self.results, self._source()
        answers = list[Answer]()
        if results.scored:
            name = results.scored_baseline
            pairs = [] if name is None else pairs_to(name, results.scored)
            shown = Shown(results.scored, pairs, results.metrics, results.stratum)
            answers.append(score_answer(shown, ""))
            changes = self._changes(results.scored, [shown.main])
            answers += [Answer(table=table) for table in changes]
        answers += worst_case.answers(self._worst_cases)
        answers += attack_answers(results.attacked, results.attacked_baseline, "")
        charts = {drawn.name: partial(self._chart, drawn) for drawn in self.figures()}
        for table in learning_curves.history_tables(results.histories):
            answers.append(Answer(table=table))
        for table in labels.tables(results.labels)[:1]:
            answers.append(Answer(table=table, chart=charts.get("entropy")))
        return [*answers[:-1], replace(answers[-1], source=source)] if answers else []

    def _table_answers(self, name: str) -> list[Answer]:
        """A table of the paper without intervals and differences; what differs in sentences."""
        results = self.results
        sentences: Sequence[str] = ()
        if name == "1" and (baseline := results.scored_baseline) is not None:
            runs, metrics = self._scored(), metrics_of_table_1(results)
            shown = Shown(runs, pairs_to(baseline, runs), metrics, results.stratum)
            sentences = score_answer(shown, "").sentences
        tables = TABLES[name](replace(results, baseline=None))
        answers = [Answer(table=without_small_print(table)) for table in tables]
        notes, source = tables[0].notes, self._source()
        first, last = replace(answers[0], sentences=sentences), answers[-1]
        if len(answers) == 1:
            return [replace(first, notes=notes, source=source)]
        return [first, *answers[1:-1], replace(last, notes=notes, source=source)]

    def _chart(self, drawn: Figure, width: int) -> str:
        return figure_chart(drawn, width, self.colours)

    def _source(self) -> str:
        """Of how many files the results were made, and where more is said."""
        number = len(self.lineage())
        made = f"Made from {counted(number, 'file')}: --script prints the commands. "
        return made * bool(number) + MORE

    def charts(self, width: int) -> str:
        """What a terminal shows below: figures, if no table says as much, and the foot.

        Lines are at most ``width`` long.
        """
        shown = [] if self.table is not None else self.figures()
        if self.figure is None:
            shown = [drawn for drawn in shown if not FIGURES[drawn.name].is_table]
        parts = [figure_chart(drawn, width, self.colours) for drawn in shown]
        return "\n".join([*parts, *foot_lines(self.lineage(), width)])

    def to_json(self) -> dict[str, Any]:
        """Everything as one object: runs as in c10h score, then the other kinds, then lineage."""
        values = {"figure": self.figures()[0].to_json()} if self.figure else self._values()
        return {**values, **files_to_json(self.results)}

    def _scored(self) -> Sequence[ScoredRun]:
        """All scored runs, with the means over networks where the table has them."""
        return runs_of_table_1(self.results) if self.table == "1" else self.results.scored

    def _values(self) -> dict[str, Any]:
        results, values = self.results, dict[str, Any]()
        if results.scored:
            name, scored = results.scored_baseline, self._scored()
            pairs = [] if name is None else pairs_to(name, scored)
            values["runs"] = score_values.runs_to_json(scored)
            values["differences"] = score_values.differences_to_json(pairs, results.stratum)
            if name is not None and results.shift_from is not None:
                values["changes"] = shift.to_json(
                    name, scored, results.shift_from, metrics_of(scored), results.stratum
                )
        if results.attacked:
            baseline = results.attacked_baseline
            values["attacks"] = [attack_view.to_json(network) for network in results.attacked]
            values["worst_cases"] = worst_case.to_json(self._worst_cases)
            values["attack_differences"] = (
                attack_view.differences_to_json(results.attacked, baseline) if baseline else []
            )
        if results.histories:
            values["histories"] = learning_curves.to_json(results.histories)
        if results.labels:
            values["labels"] = labels.to_json(results.labels)
        return values

    def rows(self) -> list[dict[str, object]]:
        """One row a value, for CSV: of all kinds of files, or of the figure that was asked for."""
        if self.figure is not None:
            return self.figures()[0].rows()
        results, name = self.results, self.results.scored_baseline
        pairs = [] if name is None else pairs_to(name, self._scored())
        return [
            *score_values.to_rows(self._scored()),
            *score_values.difference_rows(pairs, results.stratum),
            *attack_view.to_rows(results.attacked),
            *attack_view.difference_rows(results.attacked, results.attacked_baseline),
            *worst_case.to_rows(self._worst_cases),
            *learning_curves.to_rows(results.histories),
            *labels.to_rows(results.labels),
        ]


def check_names(figure: str | None, table: str | None) -> None:
    """Raise InputError for a figure or table that there is not, and for both."""
    for option, name, known in (
        ("--figure", figure, (*FIGURES, *PICTURED)),
        ("--table", table, TABLES),
    ):
        if name is not None and name not in known:
            raise InputError(f"{option}: {unknown_name(option[2:], name, known)}")
    if figure is not None and table is not None:
        raise InputError("--figure and --table exclude each other")


def fitting_figures(results: Results) -> tuple[list[Figure], dict[str, str]]:
    """The figures that fit the results, one for each kind of file, of predictions all.

    Then why others are left out, by name, since nobody asked for them.
    """
    nothing = Results(stratum=results.stratum)
    wanted: dict[str, Results] = {}
    if results.scored:
        name = "generalization" if len(data_sets(results.scored)) > 1 else "confidence"
        wanted[name] = replace(nothing, scored=results.scored)
    if any(network.steps > 1 for network in results.attacked):
        wanted["pgd"] = replace(nothing, attacked=results.attacked)
    if results.histories:
        wanted["curves"] = replace(nothing, histories=results.histories)
    if results.predictions:
        of_people = replace(nothing, labels=results.labels, predictions=results.predictions)
        wanted |= dict.fromkeys(BESIDE_PEOPLE, of_people)
        if len(results.predictions) == 2:
            wanted["fit"] = of_people
    if results.labels:
        wanted["entropy"] = replace(nothing, labels=results.labels)
    figures, left_out = list[Figure](), dict[str, str]()
    for name, of_kind in wanted.items():
        try:
            figures.append(figure(name, of_kind))
        except InputError as error:
            left_out[name] = str(error)
    return figures, left_out


def files_to_json(results: Results) -> dict[str, Any]:
    """The files and the commands behind them; nothing where no file was read."""
    if not results.files:
        return {}
    files = [{key: getattr(file, key) for key in ("name", "kind", "sha256")}
             for file in results.files]  # fmt: skip
    return {"files": files, "made": [step.to_json() for step in steps(results.files)]}


def foot_lines(behind: Sequence[Step], width: int) -> list[str]:
    """How the files were made, for a terminal: one text, or none."""
    lines = [
        fill(step.line(), width, subsequent_indent="  ", break_on_hyphens=False)
        for step in behind[:MOST]
    ]
    if len(behind) > MOST:
        lines.append(f"{len(behind) - MOST:,} more are in --format json")
    return ["\n".join([FOOT, "", *lines]) + "\n"] if lines else []
