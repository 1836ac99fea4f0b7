"""The command line, and what a package that adds commands needs of it.

Commands are entry points of the group ``skim.commands``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_core.faces import lazy

if TYPE_CHECKING:
    from skim_core.calendar.exchanges import load_exchange as load_exchange
    from skim_core.calendar.sessions import SessionCalendar as SessionCalendar
    from skim_core.cli.options import AsJson as AsJson
    from skim_core.cli.options import Config as Config
    from skim_core.cli.options import Debug as Debug
    from skim_core.cli.output import Toned as Toned
    from skim_core.cli.output import echo as echo
    from skim_core.cli.output import print_json as print_json
    from skim_core.cli.output import table as table
    from skim_core.cli.wanted import Wanted as Wanted
    from skim_core.cli.wanted import parse_date as parse_date
    from skim_core.clock.wall import WallClock as WallClock
    from skim_core.plugins.extensions import ExtensionPlugin as ExtensionPlugin
    from skim_core.plugins.extensions import load_extension as load_extension
    from skim_core.settings.schema import Settings as Settings

_HOMES = {
    "AsJson": "cli.options",
    "Config": "cli.options",
    "Debug": "cli.options",
    "ExtensionPlugin": "plugins.extensions",
    "SessionCalendar": "calendar.sessions",
    "Settings": "settings.schema",
    "Toned": "cli.output",
    "WallClock": "clock.wall",
    "Wanted": "cli.wanted",
    "echo": "cli.output",
    "load_exchange": "calendar.exchanges",
    "load_extension": "plugins.extensions",
    "parse_date": "cli.wanted",
    "print_json": "cli.output",
    "table": "cli.output",
}

__all__ = list(_HOMES)

__getattr__ = lazy(__name__, _HOMES)
