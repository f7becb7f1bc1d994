"""The table of metrics: one is a row of METRICS, of terms from the file of its family."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from c10h.errors import InputError, unknown_name
from c10h.metrics import accuracy, brier, calibration, consistency, divergence, ranks, second_best
from c10h.metrics.bootstrap import spread_out
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Metric, count, divide, known, mean, of_items
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.ranks import RankMetric

TRUTH, PEOPLE, COUNTS = (Needs.TRUTH,), (Needs.PEOPLE,), (Needs.COUNTS,)
SHARE = 0.0, 1.0
POSITIVE = 0.0, float("inf")
TOP_5 = "accuracy_top5"
_TOP_K = re.compile("accuracy_top([1-9][0-9]{0,5})")


def _doubt(block: Block) -> Float:
    return block.doubt


@of_items
def _people_entropy(block: Block) -> Float:
    return block.people_entropy


def _model_entropy(block: Block) -> Float:
    return block.model_entropy


@cache
def top_k_accuracy(k: int) -> Metric:
    """The share of items of which a right class is among the k most probable."""
    return mean(
        accuracy.correct_in_top(k),
        known,
        summary=f"whether y is among the {k} classes with the highest q",
        needs=TRUTH,
        better="high",
        more_classes_than=k,
        bounds=SHARE,
    )


class _Table(dict[str, Metric | RankMetric]):
    """Metrics by name. It has one row of top-k accuracy, and knows the name of any other k."""

    def __missing__(self, name: str) -> Metric:
        if (match := _TOP_K.fullmatch(name)) is None:
            raise KeyError(name)
        return top_k_accuracy(int(match[1]))


_ROWS: Mapping[str, Metric | RankMetric] = {
    "accuracy": mean(
        accuracy.correct,
        known,
        summary="argmax q = y",
        needs=TRUTH,
        better="high",
        headline=True,
        bounds=SHARE,
    ),
    TOP_5: top_k_accuracy(5),
    "ce_hard": mean(
        divergence.ce_hard,
        known,
        summary="cross-entropy with the truth, -log q_y, nats",
        needs=TRUTH,
        better="low",
        headline=True,
        of_logarithms=True,
        bounds=POSITIVE,
    ),
    "ce_human": mean(
        divergence.ce_human,
        summary="cross-entropy with people, -Σ p log q, nats",
        needs=PEOPLE,
        better="low",
        headline=True,
        of_logarithms=True,
        bounds=POSITIVE,
    ),
    "kl": mean(
        divergence.kl,
        summary="Kullback-Leibler divergence, ce_human - H(p), nats",
        needs=PEOPLE,
        better="low",
        of_logarithms=True,
        bounds=POSITIVE,
    ),
    "jsd": mean(
        divergence.jsd,
        summary="Jensen-Shannon divergence of p and q, nats",
        needs=PEOPLE,
        better="low",
        bounds=POSITIVE,
    ),
    "tvd": mean(
        divergence.tvd,
        summary="total variation distance, Σ |q - p| / 2",
        needs=PEOPLE,
        better="low",
        bounds=SHARE,
    ),
    "brier_hard": mean(
        brier.brier_hard,
        known,
        summary="Σ (q - onehot y)²",
        needs=TRUTH,
        better="low",
        one_answer=True,
        bounds=POSITIVE,
    ),
    "brier_human": mean(
        brier.brier_human,
        summary="Σ (q - p)²",
        needs=PEOPLE,
        better="low",
        headline=True,
        bounds=POSITIVE,
    ),
    "brier_human_debiased": mean(
        brier.brier_debiased,
        brier.several_votes,
        summary="Σ (q - c/N)² minus the votes' sampling noise",
        needs=COUNTS,
        better="low",
        absent="no item has two votes",
    ),
    "sba": mean(
        second_best.second_matches,
        second_best.has_second,
        summary="second-best accuracy: the model's second choice is people's second choice",
        needs=PEOPLE,
        better="high",
        headline=True,
        absent="no item where two classes have votes",
        bounds=SHARE,
    ),
    "sba_unique": mean(
        second_best.clear_second_matches,
        second_best.has_clear_second,
        summary="sba on items whose first, second and third counts differ",
        needs=PEOPLE,
        better="high",
        absent="no item whose first, second and third counts differ",
        bounds=SHARE,
    ),
    "ece": Metric(
        "top-label calibration error, 15 bins of equal width (biased upward for few items)",
        TRUTH,
        "low",
        (calibration.gap_to_truth, known),
        calibration.calibration_error,
        headline=True,
        resampled=calibration.debiased,
        bounds=SHARE,
    ),
    "ece_adaptive": RankMetric(
        "top-label calibration error, 15 bins of equal mass (biased upward for few items)",
        TRUTH,
        "low",
        (_doubt, accuracy.correct),
        ranks.fit_adaptive_calibration,
        over=known,
        bounds=SHARE,
    ),
    "ece_human": Metric(
        "calibration error against p of the top label (biased upward for few items)",
        PEOPLE,
        "low",
        (calibration.gap_to_people, count),
        calibration.calibration_error,
        resampled=calibration.debiased,
        bounds=SHARE,
    ),
    "entropy_corr": RankMetric(
        "Spearman correlation of H(p) and H(q)",
        PEOPLE,
        "high",
        (_people_entropy, _model_entropy),
        ranks.fit_rank_correlation,
        absent="one of the entropies is constant",
    ),
    "entropy_gap": mean(
        divergence.entropy_gap,
        summary="H(q) - H(p), nats: 0 is best, above 0 the model is less sure than people",
        needs=PEOPLE,
        better="",
    ),
    "entropy_error": mean(
        divergence.entropy_error,
        summary="|H(q) - H(p)|, nats",
        needs=PEOPLE,
        better="low",
        bounds=POSITIVE,
    ),
    "conf_right": Metric(
        "mean confidence where the model is right",
        TRUTH,
        "",
        (accuracy.confidence_right, accuracy.correct),
        divide,
        absent="the model is right on no item",
        resampled=spread_out(divide, accuracy.unsure),
        bounds=SHARE,
    ),
    "conf_wrong": Metric(
        "mean confidence where the model is wrong",
        TRUTH,
        "",
        (accuracy.confidence_wrong, accuracy.wrong),
        divide,
        absent="the model is wrong on no item",
        resampled=spread_out(divide, accuracy.number),
        bounds=SHARE,
    ),
    "kappa_human": Metric(
        "error consistency with one random annotator",
        (Needs.TRUTH, Needs.PEOPLE),
        "high",
        (consistency.both_correct, accuracy.correct, consistency.annotator_correct, known),
        consistency.error_consistency,
        absent="chance agreement is 1",
        resampled=spread_out(consistency.error_consistency, consistency.errors),
        bounds=(-1, 1),
    ),
    "aurc": RankMetric(
        "area under the risk-coverage curve",
        TRUTH,
        "low",
        (_doubt, accuracy.correct),
        ranks.fit_aurc,
        over=known,
        bounds=SHARE,
    ),
    "equivalent_annotators": Metric(
        "number of people whose vote shares are as close to the population as q",
        COUNTS,
        "high",
        (brier.vote_variance, brier.brier_debiased, brier.several_votes),
        brier.annotators,
        headline=True,
        absent="no item has two votes",
    ),
}

METRICS: Mapping[str, Metric | RankMetric] = _Table(_ROWS)


def is_metric(name: str) -> bool:
    """Whether METRICS has a metric of this name, top-k accuracy of any k included."""
    return name in METRICS or _TOP_K.fullmatch(name) is not None


def in_order(names: Iterable[str]) -> list[str]:
    """Names of metrics, each once, as they stand in the table, of several k the smallest first."""
    places = {name: place for place, name in enumerate(METRICS)}

    def place(name: str) -> tuple[int, int, str]:
        return places.get(name, places[TOP_5]), len(name), name

    return sorted(set(names), key=place)


def choose(names: Iterable[str], top: int | None = None) -> list[str]:
    """Names of metrics in the order of the table; all of them when none is named.

    top: the k of a top-k accuracy that is added to those named, or takes the place of the table's.
    Raises InputError for a name that is not in the table.
    """
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()]
    if top is not None:
        wanted = [*(wanted or METRICS.keys() - {TOP_5}), f"accuracy_top{top}"]
    for name in wanted:
        if not is_metric(name):
            raise InputError(unknown_name("metric", name, METRICS))
    return in_order(wanted or METRICS)
