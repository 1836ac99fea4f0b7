"""Relays what a person said to the extensions, once it is journaled and can't be held up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from skim_core.cli.days.side_by_side import side_by_side
from skim_core.errors import SkimError
from skim_core.model.controls import Control
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.discovery import Group, available
from skim_core.plugins.extensions import load_extension
from skim_core.ports.boundary import described
from skim_core.settings import Settings

_log = logging.getLogger("skim")

_HOOK = "skim_on_control"

PATIENCE = 5.0
"""Seconds of wall time that extensions have, to be loaded and to hear."""


def relay(control: Control, days: Sequence[TradingDay], settings: Settings) -> None:
    """Let every extension hear a control; tell of one that raises, hangs or can't be loaded.

    `days` are those whose process has taken it up. Each extension is loaded and called in a
    thread of its own, which ends with the process at the latest.
    """
    wanted = settings.extensions
    installed = available(Group.EXTENSIONS) if wanted == "all" else ()
    names = [plugin.name for plugin in installed] if wanted == "all" else wanted
    calls = {name: partial(_call, name, control, days, settings) for name in names}
    for name in side_by_side("tells", calls, PATIENCE):
        _log.warning(
            "extension %r has not heard of this %s within %g s and is cut off.",
            name,
            control.kind,
            PATIENCE,
        )


def _call(name: str, control: Control, days: Sequence[TradingDay], settings: Settings) -> None:
    from skim_core.calendar.exchanges import load_exchange
    from skim_core.cli.days.extending import setup_of

    try:
        extension = load_extension(name)
        if extension.plugin.implements(_HOOK):
            exchange = load_exchange(settings.exchange, on=control.at.date())
            setup = setup_of(extension, settings, exchange)
            extension.plugin.call(_HOOK, control=control, days=days, setup=setup)
    except SkimError as error:
        _log.warning("extension %r did not hear of this %s: %s", name, control.kind, error)
    except BaseException as error:  # noqa: BLE001  a plugin boundary: the others still hear
        _log.warning("extension %r raised on this %s: %s", name, control.kind, described(error))
