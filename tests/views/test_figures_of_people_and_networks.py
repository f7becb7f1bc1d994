"""Figures of people beside networks: against sums by hand, scikit-learn and scipy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy as entropy_of
from sklearn.calibration import calibration_curve

from c10h.errors import InputError
from c10h.records import Labels, Predictions
from c10h.stages.report import Results
from c10h.views.figures.confusions import mean_by_class, most_confused
from c10h.views.figures.figure_type import CELLS, DIAGONAL, Figure, Panel
from c10h.views.figures.figures import figure
from c10h.views.forms.drawn_figures import draw
from c10h.views.forms.terminal_chart import figure_chart

CLASSES = ("cat", "dog", "bird")
FIGURES = ("reliability", "entropies", "confusions")


def labels_of(probs: Any, **more: Any) -> Labels:
    return Labels(classes=CLASSES, probs=np.asarray(probs, dtype="f8"), **more)


def network(logits: Any, **more: Any) -> Predictions:
    return Predictions(
        classes=CLASSES, logits=np.asarray(logits, "f4")[None], member=np.array(["m"]), **more
    )


def made(items: int = 400, *, truth: bool = True, networks: int = 1) -> tuple[Results, Any]:
    """People's votes, and networks that are as sure as they like."""
    random = np.random.default_rng(3)
    y = random.integers(0, 3, items)
    counts = random.multinomial(20, 0.1 + 0.7 * np.eye(3)[y])
    logits = random.normal(0, 2, (networks, items, 3)) + 3 * np.eye(3)[y]
    known = {"truth": y} if truth else {}
    labels = labels_of(counts / 20, counts=counts.astype("i4"), **known)
    predictions = {f"net{at}": network(logits[at]) for at in range(networks)}
    return Results(labels={"people": labels}, predictions=predictions), (y, counts / 20, logits)


def values(panel: Panel) -> dict[str, Any]:
    return {series.name: series.y for series in panel.series}


class TestReliability:
    def test_shares_are_those_of_scikit_learn(self) -> None:
        results, (y, people, logits) = made()
        panel = figure("reliability", results).panels[0]
        q = softmax(logits[0].astype("f4").astype("f8"), axis=1)
        first, confidence = q.argmax(axis=1), q.max(axis=1)
        right, along = calibration_curve(first == y, confidence, n_bins=15)
        shown = values(panel)
        full = ~np.isnan(shown["mean confidence"])
        assert panel.form == DIAGONAL
        np.testing.assert_allclose(shown["mean confidence"][full], along)
        np.testing.assert_allclose(shown["share right"][full], right)
        items = figure("reliability", results).panels[2].series[0].y
        of = np.digitize(confidence, np.arange(16) / 15, right=True) - 1
        assert items.tolist() == np.bincount(of)[of.min() :].tolist()
        top = people[np.arange(len(y)), first]
        expected = [top[of == at].mean() for at in np.unique(of)]
        np.testing.assert_allclose(shown["people's share"][full], expected)

    def test_by_hand(self) -> None:
        """Two items of confidence 0.82, of which one is right; one of 0.5, which has no band."""
        q = np.array([[0.82, 0.1, 0.08], [0.08, 0.82, 0.1], [0.3, 0.5, 0.2]])
        people = [[1, 0, 0], [0.5, 0.25, 0.25], [0, 0.5, 0.5]]
        results = Results(
            labels={"l": labels_of(people, truth=np.array([0, 0, 1]))},
            predictions={"n": network(np.log(q))},
        )
        found = figure("reliability", results)
        shares, items = (panel for panel in found.panels if panel.title == "n, as it is")
        half, more = map(shares.ticks.index, ("0.47–0.53", "0.80–0.87"))
        shown = values(shares)
        np.testing.assert_allclose(shown["mean confidence"][[half, more]], [0.5, 0.82], rtol=1e-6)
        assert shown["share right"][[half, more]].tolist() == [1, 0.5]
        assert shown["people's share"][[half, more]].tolist() == [0.5, 0.625]
        assert items.series[0].y[[half, more]].tolist() == [1, 2]
        assert items.series[0].y.sum() == 3
        right = shares.series[1]
        assert (right.ends(half), right.ends(more)) == ((None, None), (0, 1))

    def test_bands_are_as_wide_as_the_error_of_a_share(self) -> None:
        results, _ = made(items=20_000)
        shares, _, items, _ = figure("reliability", results).panels
        last = len(shares.ticks) - 1
        share, n = shares.series[1].y[last], items.series[0].y[last]
        low, high = shares.series[1].ends(last)
        assert low is not None
        assert high is not None
        assert low < share < high
        expected = 2 * 1.96 * np.sqrt(share * (1 - share) / n)
        assert high - low == pytest.approx(expected, rel=0.15)

    def test_without_a_truth_there_are_people_alone(self) -> None:
        results, _ = made(truth=False)
        found = figure("reliability", results)
        assert list(values(found.panels[0])) == ["mean confidence", "people's share"]
        assert "The true classes are not known." in found.notes

    def test_the_truth_of_predictions_counts(self) -> None:
        results, (y, _, logits) = made(truth=False)
        told = Results(labels=results.labels, predictions={"n": network(logits[0], truth=y)})
        expected = figure("reliability", made()[0]).panels[0]
        found = figure("reliability", told).panels[0]
        np.testing.assert_array_equal(values(found)["share right"], values(expected)["share right"])

    def test_a_truth_of_some_items(self) -> None:
        results, (y, _, logits) = made()
        some = np.where(np.arange(len(y)) % 4 == 0, -1, y)
        (labels,) = results.labels.values()
        told = Results(
            labels={"l": labels_of(labels.probs, truth=some)}, predictions=results.predictions
        )
        found = figure("reliability", told)
        q = softmax(logits[0].astype("f4").astype("f8"), axis=1)
        right, _ = calibration_curve(
            (q.argmax(axis=1) == y)[some >= 0], q.max(axis=1)[some >= 0], n_bins=15
        )
        share = values(found.panels[0])["share right"]
        np.testing.assert_allclose(share[~np.isnan(share)], right)
        assert found.panels[2].series[0].y.sum() == 400
        assert "Share right: of the 300 items whose true class is known." in found.notes


class TestRescaled:
    def test_a_network_that_is_twice_too_sure(self) -> None:
        """People answer by softmax(z); the logits are 2 z, so the temperature is 2."""
        z = np.random.default_rng(1).normal(0, 2, (300, 3)).astype("f4").astype("f8")
        people = softmax(z, axis=1)
        results = Results(
            labels={"l": labels_of(people, truth=people.argmax(axis=1))},
            predictions={"n": network(2 * z)},
        )
        found = figure("confusions", results)
        assert any("cross-fitted: n 2.000." in note for note in found.notes)
        people_panel, before, after = (
            np.array([row.y for row in panel.series]) for panel in found.panels
        )
        np.testing.assert_allclose(after, people_panel, atol=1e-4)
        assert abs(before - people_panel).max() > 0.05
        cells = np.array([row.y for row in figure("entropies", results).panels[1].series])
        assert np.diagonal(cells).sum() >= 290  # all others are on the edge between two bins
        panels = figure("reliability", results).panels
        shown = values(panels[1])
        np.testing.assert_allclose(shown["people's share"], shown["mean confidence"], atol=1e-4)

    @pytest.mark.parametrize("name", FIGURES)
    def test_too_few_items(self, name: str) -> None:
        results = Results(
            labels={"l": labels_of([[1, 0, 0]], truth=np.array([0]))},
            predictions={"n": network([[2, 1, 0]])},
        )
        found = figure(name, results)
        assert {panel.title for panel in found.panels} <= {"n, as it is", "people"}
        assert any("n is not rescaled: too few items" in note for note in found.notes)
        assert draw(found, "svg")
        assert figure_chart(found, 80)


class TestEntropies:
    def test_cells_are_those_of_a_loop(self) -> None:
        results, (_, people, logits) = made()
        before, after = figure("entropies", results).panels
        assert before.form == CELLS
        h_people = entropy_of(people, axis=1)
        h_network = entropy_of(softmax(logits[0].astype("f4").astype("f8"), axis=1), axis=1)
        assert before.edges is not None
        expected = np.zeros((20, 20))
        for p, q in zip(h_people, h_network, strict=True):
            row, column = (
                min(19, int(np.searchsorted(before.edges, h, "right")) - 1) for h in (q, p)
            )
            expected[row, column] += 1
        cells = np.array([row.y for row in before.series])
        assert abs(cells - expected).sum() <= 2  # the last bit of an entropy on an edge
        assert sum(row.y.sum() for row in after.series) == 400

    def test_by_hand(self) -> None:
        """Entropies 0 and log 3 of people, log 3 and log 2 of the network."""
        even, two = [0, 0, 0], [0, 0, -100]
        results = Results(
            labels={"l": labels_of([[1, 0, 0], [1 / 3] * 3])},
            predictions={"n": network([even, two])},
        )
        found = figure("entropies", results)
        before = found.panels[0]
        cells = np.array([row.y for row in before.series])
        # log 2 / log 3 is 0.63 of the axis, the thirteenth of twenty bins.
        assert np.argwhere(cells).tolist() == [[12, 19], [19, 0]]
        assert found.notes[0].startswith("2 items, in bins of equal width; 1 have")


class TestConfusions:
    def test_means_are_those_of_a_loop(self) -> None:
        results, (y, people, logits) = made()
        found = figure("confusions", results)
        assert [panel.title for panel in found.panels] == [
            "people", "net0, as it is", "net0, rescaled",
        ]  # fmt: skip
        q = softmax(logits[0].astype("f4").astype("f8"), axis=1)
        for panel, shares in zip(found.panels, (people, q), strict=False):
            expected = [shares[y == c].mean(axis=0) for c in range(3)]
            np.testing.assert_allclose([row.y for row in panel.series], expected)
            assert [row.name for row in panel.series] == list(panel.ticks) == list(CLASSES)

    def test_classes_of_no_item_and_items_of_no_class(self) -> None:
        means = mean_by_class(np.array([[0.5, 0.5, 0], [1, 0, 0], [0, 0, 1]]), np.array([0, 0, -1]))
        np.testing.assert_array_equal(means, [[0.75, 0.25, 0], [np.nan] * 3, [np.nan] * 3])
        assert most_confused([means]).tolist() == [0]

    def test_the_twenty_classes_with_most_confusion(self) -> None:
        share = np.linspace(0.5, 1, 25)
        means = np.diag(share) + (1 - share)[:, None] * np.roll(np.eye(25), 1, axis=1)
        assert most_confused([means]).tolist() == list(range(20))
        assert most_confused([means[::-1, ::-1]]).tolist() == list(range(5, 25))

    def test_more_than_twenty_classes_are_told(self) -> None:
        classes = tuple(f"c{at}" for at in range(25))
        probs = 0.1 / 25 + 0.9 * np.eye(25)
        wide = Labels(classes=classes, probs=probs, truth=np.arange(25))
        logits = (np.eye(25) * 5)[None].astype("f4")
        given = Predictions(classes=classes, logits=logits, member=np.array(["m"]))
        found = figure("confusions", Results(labels={"l": wide}, predictions={"n": given}))
        assert all(len(panel.series) == len(panel.ticks) == 20 for panel in found.panels)
        assert any(note.startswith("The 20 of 25 classes") for note in found.notes)

    @pytest.mark.parametrize("width", [40, 80])
    def test_long_names_of_many_classes(self, width: int) -> None:
        classes = tuple(f"a class with a rather long name {at}" for at in range(25))
        labels = Labels(classes=classes, probs=np.eye(25), truth=np.arange(25))
        logits = (np.eye(25) * 5)[None].astype("f4")
        given = Predictions(classes=classes, logits=logits, member=np.array(["m"]))
        found = figure("confusions", Results(labels={"l": labels}, predictions={"n": given}))
        text = figure_chart(found, width)
        assert max(map(len, text.splitlines())) <= width
        assert "t a cl" in text
        assert draw(found, "svg")

    def test_it_needs_a_truth(self) -> None:
        with pytest.raises(InputError, match="--figure confusions needs true classes; neither"):
            figure("confusions", made(truth=False)[0])


def drawn_words(found: Figure) -> str:
    return draw(found, "svg").decode()


class TestDrawings:
    @pytest.mark.parametrize("name", FIGURES)
    @pytest.mark.parametrize("networks", [1, 2])
    def test_pictures_have_their_words(self, name: str, networks: int) -> None:
        found = figure(name, made(networks=networks)[0])
        text = drawn_words(found)
        for panel in found.panels:
            assert f">{panel.title}<" in text
            assert f">{panel.y_name}<" in text
        assert text == drawn_words(found)
        assert "mathdefault" not in text

    @pytest.mark.parametrize("name", FIGURES)
    @pytest.mark.parametrize("width", [40, 80, 120])
    def test_terminals(self, name: str, width: int) -> None:
        text = figure_chart(figure(name, made(networks=2)[0]), width)
        assert max(map(len, text.splitlines())) <= width
        assert "net1, rescaled" in text

    def test_a_line_from_0_to_1(self) -> None:
        """Confidence 0.8, share right 0.5 in an interval of 0 to 1, people's share 0.625."""
        q = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
        people = [[1, 0, 0], [0.5, 0.25, 0.25]]
        results = Results(
            labels={"l": labels_of(people, truth=np.array([0, 0]))},
            predictions={"n": network(np.log(q))},
        )
        text = figure_chart(figure("reliability", results), 51)
        line = next(row for row in text.splitlines() if re.match(r"0\.\d\d–.*b", row))
        scale = line[10:]
        assert (scale.index("a"), scale.index("b"), scale.index("|")) == (20, 25, 32)
        assert scale.count("·") == 41 - 3

    def test_shades(self) -> None:
        """Of 1 to 10,000 items four shades, a decade each; blank is none."""
        results, _ = made()
        panel = figure("entropies", results).panels[0]
        text = figure_chart(Figure("f", "t", [panel]), 80)
        most = max(row.y.max() for row in panel.series)
        for at, shade in enumerate("░▒▓█"):
            least = int(np.ceil(round(most ** (at / 4), 6)))
            assert f"{shade} from {least}" in " ".join(text.split())
        assert text.count("/") == 20 + 1

    def test_tables_of_cells_are_as_drawn(self) -> None:
        results, (y, people, _) = made()
        table = figure("confusions", results).tables()[0]
        assert table.header == ["true class", *CLASSES]
        expected = people[y == 1].mean(axis=0)
        assert [cell.plain() for cell in table.rows[1]] == [
            "dog", *(f"{share:.4f}" for share in expected),
        ]  # fmt: skip
