"""Commands of the command line that packages bring along (group ``skim.commands``)."""

from __future__ import annotations

from typing import Any

import typer

from skim_core.plugins.discovery import Group, PluginInfo, find
from skim_core.plugins.faults import guarded, refuse
from skim_core.plugins.loading import target_of

_COMPLETION = {"install_completion", "show_completion"}


def load_command(name: str) -> Any:
    """Import a command, no other, and return it as the command line calls it (a click command).

    A typer.Typer with one command is that command; with several, or a callback, they stand
    below its name. Raises PluginError: not installed, two packages have it, its import raised,
    or it is no typer.Typer with a command in it.
    """
    plugin = find(Group.COMMANDS, name)
    return command_of(plugin, target_of(plugin))


def command_of(plugin: PluginInfo, app: object) -> Any:
    """Return what a command's entry point names as the command line calls it.

    Raises PluginError when it is no typer.Typer with a command in it.
    """
    if not isinstance(app, typer.Typer):
        fault = (
            f"its entry point names a {type(app).__name__}: name a typer.Typer, as in "
            "'package.module:app' for app = typer.Typer()."
        )
        raise refuse(plugin, fault)
    if not app.registered_commands and not app.registered_groups:
        raise refuse(plugin, f"{plugin.value!r} has no command: add one with @app.command().")
    with guarded(plugin, "making its command"):
        command = typer.main.get_command(app)
    # Completion is a matter of the whole command line, not of a part of it.
    command.params = [option for option in command.params if option.name not in _COMPLETION]
    command.name = plugin.name.replace("-", "_")
    return command
