"""Words that are numbers of columns, classes or items."""

from __future__ import annotations

# Digits: what fits into int64. Python refuses to read some thousands of them at all.
MOST_DIGITS = 18


def is_index(word: str) -> bool:
    """Whether a word is digits alone, and so few that they may number something."""
    return word.isdecimal() and len(word) <= MOST_DIGITS
