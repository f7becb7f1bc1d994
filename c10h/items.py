"""Words that are whole numbers."""

from __future__ import annotations

import re

import numpy as np

from c10h.records import Array

WHOLE_NUMBER = re.compile(r"(0|[1-9]\d{0,17})(\.0)?", re.ASCII)
MOST_DIGITS = 18


def whole_numbers(words: Array) -> Array | None:
    """Words as numbers of 0 or more, int64; None where they are not all that.

    "4.0" counts as 4: other programs write it where a column of numbers has gaps, so that two words
    can be one number. "007" is a name.
    """
    if not len(words):
        return np.empty(0, dtype=np.int64)
    if np.strings.isdecimal(words).all() and np.strings.str_len(words).max() <= MOST_DIGITS:
        numbers = words.astype(np.int64)
        # "007" is a name, and so is what another alphabet's digits make.
        return numbers if (numbers.astype(np.str_) == words).all() else None
    matches = [WHOLE_NUMBER.fullmatch(str(word)) for word in words]
    plain = [match[1] for match in matches if match is not None]
    if len(plain) != len(words):
        return None
    return np.array(plain, dtype=np.int64)
