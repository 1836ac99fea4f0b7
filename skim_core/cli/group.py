"""Which command a word on the command line means: skim's own, a phase, or a package's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from typer import BadParameter
from typer.core import TyperCommand, TyperGroup

from skim_core.cli.help_words import in_plain_words, in_words, without_argument

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

    from skim_core.plugins.discovery import PluginInfo

_BROUGHT = "skim.commands"

_BROUGHT_BY: Mapping[str, str] = MappingProxyType(
    {
        "analyse": "skim-asx",
        "announcements": "skim-asx",
        "download_data": "skim-asx",
        "import_data": "skim-asx",
        "gateway": "skim-gateway",
        "notify": "skim-notify",
    }
)
"""The commands of skim's own packages, for whoever types one that is not installed."""

PHASE_COMMAND = "run_phase"
"""The command that a phase's name stands for."""


class Commands(TyperGroup):
    """skim's own commands, a phase's name for ``run_phase`` with it, and what packages bring.

    Hyphens are taken for underscores. Of two commands with one name skim's own counts.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name, however it is written."""
        name = cmd_name.replace("-", "_")
        command = super().get_command(ctx, name)
        if command is None and _is_phase(name):
            ctx.ensure_object(dict)["phase"] = name
            command = without_argument(super().get_command(ctx, PHASE_COMMAND), "phase")
        if command is None and (plugin := _brought(ctx).get(name)) is not None:
            return _Brought(plugin)
        return command if command is None else in_plain_words(command)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of skim's own commands, and then of those that packages bring."""
        own = super().list_commands(ctx)
        return own + [name for name in _brought(ctx) if name not in own and not _is_phase(name)]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import what a package brings, and put a phase's name where ``run_phase`` expects it."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"No such command {args[0]!r}{self._mend(ctx, args[0])}")
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, _Brought):
            return name, command.load(), rest
        if command is not None and command.name == PHASE_COMMAND and ctx.obj:
            rest = [ctx.obj["phase"], *rest]
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; tell of a value that it can't take in words, not in pydantic's."""
        try:
            return super().invoke(ctx)
        except BadParameter as error:
            error.message = in_words(error.message)
            raise

    def _mend(self, ctx: Any, typed: str) -> str:
        """Return which package brings it, or what may be meant.

        Phases and what packages bring are commands as well.
        """
        from difflib import get_close_matches

        from skim_core.cli.phases import phase_names

        name = typed.replace("-", "_")
        if package := _BROUGHT_BY.get(name):
            return f": {package} brings it. Run 'pip install {package}'."
        known = dict.fromkeys((*self.list_commands(ctx), *phase_names(), *_BROUGHT_BY))
        close = get_close_matches(name, known)
        return f". Did you mean {', '.join(map(repr, close))}?" if close else "."


class _Brought(TyperCommand):
    """A command that a package brings, as its metadata tells of it: not yet imported."""

    def __init__(self, plugin: PluginInfo) -> None:
        self._plugin = plugin
        said = f"Brought by {plugin.distribution} {plugin.version}."
        super().__init__(plugin.name, help=said, rich_markup_mode=None)

    def load(self) -> Any:
        """Import it. Raises PluginError."""
        from skim_core.plugins.commands import load_command

        return in_plain_words(load_command(self._plugin.name))


def own_of(ctx: typer.Context) -> Callable[[str], bool]:
    """Return what says of a name whether skim has a command or phase of it.

    It hides one that a package brings.
    """
    own: Mapping[str, object] = getattr(ctx.find_root().command, "commands", {})

    def is_own(name: str) -> bool:
        word = name.replace("-", "_")
        return word in own or _is_phase(word)

    return is_own


def _brought(ctx: Any) -> Mapping[str, PluginInfo]:
    """Return what packages bring; looked up once a command line, as it reads all metadata."""
    if _BROUGHT not in ctx.meta:
        from skim_core.plugins.discovery import installed_commands

        ctx.meta[_BROUGHT] = installed_commands()
    found: Mapping[str, PluginInfo] = ctx.meta[_BROUGHT]
    return found


def _is_phase(name: str) -> bool:
    from skim_core.cli.phases import phase_names

    return name in phase_names()
