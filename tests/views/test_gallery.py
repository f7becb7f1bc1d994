from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from metrics.scoring import Case, made_up
from rich.cells import cell_len
from scipy.spatial.distance import jensenshannon

from c10h.metrics.block import Block
from c10h.views.forms.plain import to_plain
from c10h.views.forms.terminal_gallery import to_text
from c10h.views.gallery import HEADER, Farthest, Gallery, Picture, farthest

CLASSES = ("cat", "dog", "bird")


def ranked(case: Case, count: int, size: int = 1000) -> Farthest:
    """Ranked in blocks of ``size`` items."""
    return farthest(
        (
            Block(
                logits=part.logits,
                probs=part.people,
                counts=part.counts,
            )
            for start in range(0, len(case.truth), size)
            for part in [case.take(slice(start, start + size))]
        ),
        count,
    )


def gallery(**more: Any) -> Gallery:
    pictures = [
        Picture(
            name="one.png",
            truth="cat",
            pixels=np.full((8, 8, 3), 40 * number, np.uint8),
            people=np.array([0.6, 0.4, 0.0]),
            model=np.array([0.9, 0.001, 0.099]),
            divergence=0.25,
            entropy=0.673,
        )
        for number in range(2)
    ]
    return Gallery(**{"run": "net", "classes": CLASSES, "pictures": pictures, "agreed": 70,
                      "items": 90, "notes": ["a note"], **more})  # fmt: skip


class TestRanking:
    def test_against_scipy(self, random: np.random.Generator) -> None:
        case = made_up(random, 300)
        found = ranked(case, 12)
        votes = np.sort(case.counts, axis=1)
        same = (case.logits.argmax(axis=1) == case.counts.argmax(axis=1)) & (
            votes[:, -1] > votes[:, -2]
        )
        distance = jensenshannon(case.people, case.model, axis=1) ** 2
        order = np.argsort(-np.where(same, distance, -1), kind="stable")[:12]
        assert found.row.tolist() == order.tolist()
        np.testing.assert_allclose(found.divergence, distance[order])
        np.testing.assert_allclose(found.model, case.model[order])
        np.testing.assert_allclose(found.people, case.people[order])
        assert (found.agreed, found.items) == (same.sum(), 300)

    @pytest.mark.parametrize("size", [1, 7, 300])
    def test_blocks_make_no_difference(self, random: np.random.Generator, size: int) -> None:
        case = made_up(random, 300)
        found, whole = ranked(case, 10, size), ranked(case, 10)
        assert found.row.tolist() == whole.row.tolist()
        assert found.divergence.tolist() == whole.divergence.tolist()

    def test_of_equal_items_the_first_are_taken(self) -> None:
        one = Case(np.array([[3.0, 1, 0]] * 30), np.array([[5, 0, 2]] * 30), np.zeros(30, int))
        assert ranked(one, 3, 4).row.tolist() == [0, 1, 2]

    def test_ties_are_no_choice(self) -> None:
        logits = np.array([[2.0, 2, 0], [2, 1, 0], [2, 1, 0]])
        counts = np.array([[3, 0, 1], [2, 2, 0], [3, 1, 0]])
        found = ranked(Case(logits, counts, np.zeros(3, int)), 5)
        assert found.row.tolist() == [2]
        assert found.agreed == 1

    def test_the_first_choice_comes_from_votes(self) -> None:
        block = Block(
            logits=np.array([[2.0, 1, 0]]),
            probs=np.array([[0.3, 0.4, 0.3]]),
            counts=np.array([[3, 1, 0]]),
        )
        assert farthest([block], 1).agreed == 1

    def test_fewer_items_than_asked_for(self, random: np.random.Generator) -> None:
        found = ranked(made_up(random, 5), 12)
        assert len(found.row) == found.agreed <= 5

    def test_the_same_distribution_is_at_distance_0(self) -> None:
        counts = np.array([[6, 3, 1]])
        found = ranked(Case(np.log(counts / 10), counts, np.zeros(1, int)), 1)
        assert 0 <= found.divergence[0] < 1e-15

    def test_no_entropy_is_negative_0(self) -> None:
        found = ranked(Case(np.array([[1.0, 0]]), np.array([[4, 0]]), np.zeros(1, int)), 1)
        assert str(found.entropy[0]) == "0.0"


class TestText:
    def test_without_colour_there_are_the_numbers(self) -> None:
        text = to_text(gallery(), 100, None)
        assert "\x1b" not in text
        assert "▀" not in text
        assert "\n1. one.png\ntrue class cat\ndivergence 0.250, H(people) 0.673\n" in text
        assert re.search(r"^dog +0\.40 █{8} +0\.00 *$", text, re.MULTILINE)

    def test_as_a_table(self) -> None:
        text = to_plain([gallery().table()])
        assert re.search(r"one\.png +cat +cat 0\.60, dog 0\.40 +cat 0\.90, bird 0\.10 ", text)
        assert "2 of the 70 items (of 90)" in text
        assert text.endswith("a note\n")

    def test_with_colour_pictures_stand_beside_their_numbers(self) -> None:
        text = to_text(gallery(), 100, "truecolor")
        plain = re.sub(r"\x1b\[.*?m", "", text)
        assert "▀" * 8 + "  1. one.png" in plain
        assert "▀" * 8 + "  true class cat\n" in plain
        assert "▀" * 8 + "  divergence 0.250, H(people) 0.673\n" in plain
        assert re.search(r"dog +0\.40 █{8} +0\.00 *\n", plain)
        assert re.search(r"bird +0\.00 +0\.10 █{2} *\n", plain)
        assert "a note" in plain

    @pytest.mark.parametrize("width", [37, 40, 54, 80, 200])
    def test_no_line_is_too_wide(self, width: int) -> None:
        found = gallery(run="a network with a long name", classes=("猫" * 12, "dog" * 9, "b"))
        for colours in ("truecolor", None):
            plain = re.sub(r"\x1b\[.*?m", "", to_text(found, width, colours))
            assert all(cell_len(line) <= width for line in plain.splitlines())

    def test_names_cannot_command_the_terminal(self) -> None:
        evil = "\x1b]0;owned\x07\n"
        one = gallery().pictures[0]
        hostile = Picture(evil, evil, one.pixels, one.people, one.model, 0.1, 0.1)
        found = gallery(run=evil, classes=(evil, "b" + evil, "c"), pictures=[hostile])
        for text in (to_text(found, 80, "truecolor"), to_plain([found.table()])):
            assert "\x1b]" not in text
            assert "\x07" not in text


def test_json_is_plain() -> None:
    found = gallery().to_json()
    assert found["pictures"][0]["people"] == [0.6, 0.4, 0.0]
    assert found["agreed"] == 70


def test_rows_are_one_a_class() -> None:
    rows = gallery().rows()
    assert len(rows) == 6
    assert rows[1] == ["one.png", "cat", "dog", 0.4, 0.001, 0.25, 0.673]
    assert len(HEADER) == len(rows[0])
