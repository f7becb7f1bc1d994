"""The forms that tables are written in, a row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from c10h.views.forms.latex import to_latex
from c10h.views.forms.markdown import to_markdown
from c10h.views.forms.plain import to_plain
from c10h.views.table import Table

TABLE_FORMS: Mapping[str, Callable[[Sequence[Table]], str]] = {
    "terminal": to_plain,
    "markdown": to_markdown,
    "latex": to_latex,
}
