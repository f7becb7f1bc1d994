"""The worst case over several attacks on one network, in each form."""

from __future__ import annotations

from made_attacks import by_hand

from c10h.stages.report import ReportRequest, report
from c10h.stages.worst_case import WorstCase
from c10h.views import worst_case
from c10h.views.report import Report

from .made_results import texts

CASES = [
    WorstCase(("fgsm", "pgd"), "inf", 4 / 255, 0.25, 0.2, 0.3, 1000),
    WorstCase(("fgsm", "pgd"), "inf", 8 / 255, 0.125, 0.1, 0.15, 1000),
    WorstCase(("far", "near"), "2", 0.5, 0.5, 0.4, 0.6, 1000),
]


def test_a_sentence_for_each_network_and_norm() -> None:
    (answer,) = worst_case.answers(CASES)
    assert answer.sentences == [
        "Accuracy in the worst case over fgsm, pgd (ℓ∞, one network, 1,000 items): 0.250 "
        "(.200–.300) at 4/255; 0.125 (.100–.150) at 8/255.",
        "Accuracy in the worst case over far, near (ℓ2, one network, 1,000 items): 0.500 "
        "(.400–.600) at 0.5.",
    ]


def test_a_table() -> None:
    (table,) = worst_case.tables(CASES)
    assert texts(table)[0] == ["fgsm, pgd", "ℓ∞", "4/255", "0.2500", "1,000"]
    assert table.rows[0][3].small == "0.2000 to 0.3000"


def test_a_report_of_several_attacks_on_one_network_has_it() -> None:
    """Of two equal attacks, the worst case is what each leaves."""
    view = Report(report(ReportRequest(attacks={"a": by_hand(), "b": by_hand()})))
    assert any("worst case over a, b" in text for a in view.answers() for text in a.sentences)
    assert worst_case.TITLE in [table.title for table in view.tables()]
    (case,) = view.to_json()["worst_cases"]
    assert (case["runs"], case["accuracy"]["value"], case["n"]) == (["a", "b"], 0.25, 4)
    (row,) = [row for row in view.rows() if row["metric"] == worst_case.METRIC]
    assert (row["run"], row["value"]) == ("a, b", 0.25)


def test_without_several_attacks_there_is_none() -> None:
    view = Report(report(ReportRequest(attacks={"a": by_hand()})))
    assert worst_case.answers([]) == []
    assert view.to_json()["worst_cases"] == []
    assert worst_case.TITLE not in [table.title for table in view.tables()]
