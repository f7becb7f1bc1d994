"""``c10h data``: the commands that get images and labels."""

from __future__ import annotations

import typer

from c10h.cli.lazy import lazy

app = typer.Typer(
    cls=lazy(
        {
            "import": "c10h.cli.data_import:import_",
        }
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.callback()
def data() -> None:
    """Images: import your own."""
