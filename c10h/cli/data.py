"""``c10h data``: the commands that get images and labels."""

from __future__ import annotations

import typer

from c10h.cli.lazy_commands import lazy

app = typer.Typer(
    cls=lazy(
        {
            "list": "c10h.cli.data_list:list_",
            "fetch": "c10h.cli.data_fetch:fetch",
            "import": "c10h.cli.data_import:import_",
            "corrupt": "c10h.cli.data_corrupt:corrupt",
        }
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.callback()
def data() -> None:
    """Images and labels: list and fetch published data sets, import and corrupt images."""
