"""Text for LaTeX: what pdfLaTeX sets with its default encodings, whatever a name holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Letters with a meaning in LaTeX, letters that its old text encoding has something else for, and
# signs that it has under another name.
SIGNS: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": "`{}",
    **{letter: "\\" + letter for letter in "&%$#_{}"},
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "ℓ": r"$\ell$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "−": "$-$",
    "°": r"$^\circ$",
    "²": "$^2$",
    "³": "$^3$",
    "µ": r"$\mu$",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\ldots{}",
    "\N{NO-BREAK SPACE}": "~",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
}
ACCENTS: Mapping[str, str] = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING CEDILLA}": "c",
    "\N{COMBINING DOT BELOW}": "d",
}
# Greek letters; those that look Latin have no command of their own.
GREEK: Mapping[str, str] = dict(
    zip(
        "αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho "  # noqa: SIM905
        "varsigma sigma tau upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma "
        "Upsilon Phi Psi Omega".split(),
        strict=True,
    )
)
LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))
# Behind these a long word may go on in the next line.
BREAKS = re.compile(r"(\\_|[/,=:.])(?=[^\s])")


def escape(text: str) -> str:
    """A text as pdfLaTeX sets it.

    A letter that it lacks loses its accent or becomes its number, as [U+732B]; :func:`lost` lists
    those.
    """
    parts, before = [], ""
    for letter in unicodedata.normalize("NFC", text):
        # Two hyphens would become a dash.
        parts.append("{}-" if letter == before == "-" else _letter(letter)[0])
        before = letter
    return "".join(parts).replace(r"$\ell$$\infty$", r"$\ell_\infty$")


def lost(text: str) -> list[str]:
    """Letters that :func:`escape` cannot write as they are, each once."""
    letters = dict.fromkeys(unicodedata.normalize("NFC", text))
    return [letter for letter in letters if not _letter(letter)[1]]


def paragraph(text: str) -> str:
    """The same for running text: long words, such as names of files, may be broken."""
    return BREAKS.sub(r"\1\\allowbreak{}", escape(text))


def _letter(letter: str) -> tuple[str, bool]:
    """A letter for LaTeX, and whether it is all there."""
    if letter in SIGNS:
        return SIGNS[letter], True
    if letter.isspace():
        return " ", True
    whole = unicodedata.normalize("NFD", letter)
    base, marks = whole[0], whole[1:]
    plain = base if " " <= base <= "~" else _greek(base)
    if not plain:
        return f"[U+{ord(letter):04X}]", False
    if base.isascii() and marks and marks[0] in ACCENTS:
        return f"\\{ACCENTS[marks[0]]}{{{base}}}", len(marks) == 1
    return plain, not marks


def _greek(letter: str) -> str:
    """A Greek letter as a formula, or as the Latin one of that look; else empty."""
    return f"$\\{GREEK[letter]}$" if letter in GREEK else LATIN.get(letter, "")
