"""Groups of commands of which only the one that runs is imported, so that all start fast."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from c10h.cli.help import Command, Group


def lazy(commands: Mapping[str, str]) -> type[TyperGroup]:
    """A class of groups with these commands, in this order.

    commands: the name of each, and "module:attribute" of its function or, for a group, its app.
    """

    class LazyGroup(Group):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            self.commands: dict[str, Any] = dict.fromkeys(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name in commands and self.commands[cmd_name] is None:
                self.commands[cmd_name] = _load(cmd_name, commands[cmd_name])
            return self.commands.get(cmd_name)

    return LazyGroup


def _load(name: str, place: str) -> Any:
    module, attribute = place.split(":")
    app = getattr(import_module(module), attribute)
    if not isinstance(app, typer.Typer):
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(name, cls=Command)(app)
        app = alone
    command = typer.main.get_command(app)
    command.name = name
    return command
