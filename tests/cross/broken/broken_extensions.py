"""Extensions that break while they listen."""

from __future__ import annotations

import logging
import time

from skim_core import hooks

FOREVER = 1_000_000.0


class Raises:
    """Never hears an event without raising."""

    @hooks.on_event
    def skim_on_event(self, event, day):
        raise SystemExit(day.strategy)


class RaisesAsync:
    """Raises what is no Exception, in the event loop."""

    @hooks.on_event
    async def skim_on_event(self, event, day):
        raise KeyboardInterrupt


class Hangs:
    """Never comes back from its first event."""

    @hooks.on_event
    def skim_on_event(self, event, day):
        time.sleep(FOREVER)  # noqa: TID251  broken on purpose


class Floods:
    """Writes a lot of lines for every event."""

    @hooks.on_event
    def skim_on_event(self, event, day):
        for number in range(30):
            logging.getLogger("flood").warning("line %d \x1b[31m", number)


class Changes:
    """Empties what it is given."""

    @hooks.on_event
    def skim_on_event(self, event, day):
        for value in vars(event).values():
            if isinstance(value, dict):
                value.clear()


raises = Raises
raises_async = RaisesAsync
hangs = Hangs
floods = Floods
changes = Changes
