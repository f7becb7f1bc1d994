"""Names for LaTeX. That pdfLaTeX takes all of it is tested on demand in tests/cli."""

from __future__ import annotations

import pytest

from c10h.views.forms.latex_text import escape, lost, paragraph


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        (r"a\b", r"a\textbackslash{}b"),
        ("a~b", r"a\textasciitilde{}b"),
        ("a^b", r"a\textasciicircum{}b"),
        ("{a_b}", r"\{a\_b\}"),
        ("50 % & #1 $", r"50 \% \& \#1 \$"),
        ("a<b>|c", r"a\textless{}b\textgreater{}\textbar{}c"),
        ("a--b---c", r"a-{}-b-{}-{}-c"),
        ("ce ↓ acc ↑", r"ce $\downarrow$ acc $\uparrow$"),
        ("ε, ℓ∞, ℓ2", r"$\varepsilon$, $\ell_\infty$, $\ell$2"),
        ("Müller", r"M\"{u}ller"),
        ("Mu\N{COMBINING DIAERESIS}ller", r"M\"{u}ller"),
        ("αΩΑ", r"$\alpha$$\Omega$A"),
        ("Łódź ß", r"\L{}\'{o}d\'{z} \ss{}"),
        ("0.1–0.2", "0.1--0.2"),
    ],
)
def test_names_are_written_whole(name: str, escaped: str) -> None:
    assert escape(name) == escaped
    assert lost(name) == []


@pytest.mark.parametrize(
    ("name", "escaped", "without"),
    [
        ("猫と猫", "[U+732B][U+3068][U+732B]", ["猫", "と"]),
        ("wąż", r"wa\.{z}", ["ą"]),
        ("ếά", r"\^{e}$\alpha$", ["ế", "ά"]),
        ("a\N{REPLACEMENT CHARACTER}", "a[U+FFFD]", ["\N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_what_is_lost_is_told(name: str, escaped: str, without: list[str]) -> None:
    assert escape(name) == escaped
    assert lost(name) == without


def test_long_words_may_be_broken() -> None:
    assert paragraph("runs/a_b, c") == r"runs/\allowbreak{}a\_\allowbreak{}b, c"
