"""A whole report in any textual form: tables, figures, and at the foot how the files were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import fill
from typing import Any

from c10h.views import (
    attack_pairs,
    attacks,
    figures,
    history_tables,
    labels,
    paper_tables,
    scores,
)
from c10h.views.attack_tables import attack_tables
from c10h.views.attacks import Attacked
from c10h.views.figures.figure import HEADER, Figure
from c10h.views.forms.csv_rows import to_csv
from c10h.views.forms.json_text import to_json_text
from c10h.views.forms.tables import FOOT, render_with_foot
from c10h.views.forms.terminal_chart import figure_chart
from c10h.views.given import File, Given
from c10h.views.grouped_tables import score_tables
from c10h.views.groups import baselines, pairs_with
from c10h.views.steps import Step, steps
from c10h.views.table import Table

# Steps that a terminal shows; the other forms have all.
MOST = 24


@dataclass(frozen=True)
class Report:
    """What is told of what was given.

    metrics: what is told of scored runs. baseline: the name of a run of either kind, or of a
    training, that others of that kind are held against. figure, table: what is shown in place of
    everything, by name. files: what was read, for :meth:`lineage`.
    """

    given: Given
    metrics: Sequence[str] = ()
    baseline: str | None = None
    figure: str | None = None
    table: str | None = None
    files: Sequence[File] = ()

    def tables(self) -> list[Table]:
        """Scores, then for each kind of attack figures before and after it, curves, labels."""
        given = self.given
        if self.table is not None:
            return paper_tables.TABLES[self.table](given)
        if self.figure is not None:
            return self.figures()[0].tables()
        found = []
        if given.scored:
            found += score_tables(given.scored, self.metrics, given.stratum, self._scored_baseline)
        found += attack_tables(given.attacked, self._attacked_baseline)
        found += history_tables.history_tables(given)
        return found + labels.tables(given.labels)

    def figures(self) -> list[Figure]:
        """The figure that was asked for, else those that fit what was given."""
        return self._figures[0]

    def left_out(self) -> dict[str, str]:
        """Why figures are not there that nobody asked for, by name."""
        return {} if self.table is not None else self._figures[1]

    @cached_property
    def _figures(self) -> tuple[list[Figure], dict[str, str]]:
        if self.figure is not None:
            return [figures.figure(self.figure, self.given)], {}
        return figures.defaults(self.given)

    def lineage(self) -> list[Step]:
        """The commands behind the files, each once, inputs before what was made of them."""
        return steps(self.files)

    def terminal_tables(self) -> list[Table]:
        """The tables that a terminal shows: none where one figure was asked for."""
        return [] if self.figure is not None else self.tables()

    def charts(self, width: int) -> str:
        """What a terminal shows below: figures, if no table says as much, and the foot.

        Lines are at most ``width`` long.
        """
        shown = [] if self.table is not None else self.figures()
        if self.figure is None:
            shown = [one for one in shown if one.name not in figures.TABULAR]
        parts = [figure_chart(one, width) for one in shown]
        made = self.lineage()
        lines = [
            fill(one.line(), width, subsequent_indent="  ", break_on_hyphens=False)
            for one in made[:MOST]
        ]
        if len(made) > MOST:
            lines.append(f"{len(made) - MOST:,} more are in --format json")
        return "\n".join(parts + (["\n".join([FOOT, "", *lines]) + "\n"] if lines else []))

    def render(self, form: str) -> str:
        """The tables in a format of tables, or every value as CSV or JSON."""
        if form == "json":
            return to_json_text(self.to_json())
        if form == "csv":
            return self._to_csv()
        return render_with_foot(form, self.tables(), [one.line() for one in self.lineage()])

    def to_json(self) -> dict[str, Any]:
        """Everything as one object: runs as in c10h score, then the other kinds, then lineage."""
        found = {"figure": self.figures()[0].to_json()} if self.figure else self._values()
        if not self.files:
            return found
        named = [{"name": one.name, "kind": one.kind, "sha256": one.sha256} for one in self.files]
        return {**found, "files": named, "made": [one.to_json() for one in self.lineage()]}

    def _values(self) -> dict[str, Any]:
        given, found = self.given, dict[str, Any]()
        if given.scored:
            name = self._scored_baseline
            pairs = [] if name is None else pairs_with(given.scored, name)
            found["runs"] = scores.runs_to_json(given.scored)
            found["differences"] = scores.differences_to_json(pairs, given.stratum)
        if given.attacked:
            baseline = self._attacked_baseline
            held = attack_pairs.differences(given.attacked, baseline) if baseline else []
            found["attacks"] = [one.to_json() for one in given.attacked]
            found["attack_differences"] = [one.to_json() for one in held]
        if given.histories:
            found["histories"] = history_tables.to_json(given)
        if given.labels:
            found["labels"] = labels.to_json(given.labels)
        return found

    def _to_csv(self) -> str:
        """One row a value; with files of several kinds a column that one kind lacks is empty."""
        given = self.given
        parts: list[tuple[Sequence[str], list[list[object]]]] = []
        if self.figure is not None:
            parts.append((HEADER, self.figures()[0].rows()))
        else:
            if given.scored:
                parts.append((scores.CSV_HEADER, scores.to_rows(given.scored)))
            if given.attacked:
                parts.append((attacks.HEADER, attacks.to_rows(given.attacked)))
            if given.histories:
                parts.append((history_tables.HEADER, history_tables.to_rows(given)))
            if given.labels:
                parts.append((labels.HEADER, labels.to_rows(given.labels)))
        header = list(dict.fromkeys(name for names, _ in parts for name in names))
        found = [dict(zip(names, row, strict=True)) for names, rows in parts for row in rows]
        return to_csv(header, [[row.get(name) for name in header] for row in found])

    @property
    def _scored_baseline(self) -> str | None:
        return self.baseline if self.baseline in baselines(self.given.scored) else None

    @property
    def _attacked_baseline(self) -> Attacked | None:
        return next((one for one in self.given.attacked if one.run == self.baseline), None)
