"""The bus: every event is told here, after it was journaled.

Signals tell, they never decide: nothing waits for a listener, and nobody reads what it
returns. There is one blinker signal for each kind of event (`SIGNALS`).

A listener joins with `Bus.listen` and has a lane of its own: a plain function runs in its own
thread, an ``async def`` in the event loop; each hears its events in order, one at a time. One
that raises is named in the log and hears the next event; one that hangs is named too, and
delays nobody but itself.

A receiver may also be connected to a signal itself, the blinker way, for every strategy or
for one:

>>> bus.signal("order_filled").connect(receiver, sender="orh_breakout")

It is called as ``receiver(strategy, event=event, day=day)`` in the publisher's thread, so it
must be quick and can't be async; and blinker holds it by a weak reference only.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Iterable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import Any, get_origin

from blinker import Namespace, Signal

from skim_core.errors import PluginError, nearest
from skim_core.model.events import EVENTS, Event
from skim_core.model.trading_day import TradingDay
from skim_core.ports.boundary import exact, named
from skim_core.ports.lanes import Lane, Receiver, lane, refuse_awaitable, tell_raised

log = logging.getLogger("skim.bus")

SIGNALS: Mapping[str, str] = MappingProxyType(
    {
        event.model_fields["kind"].default: (inspect.getdoc(event) or "").partition("\n")[0]
        for event in EVENTS
    }
)
"""Every signal by its name, which is its events' `kind`, and what it tells."""

_COPIED = frozenset(
    event.model_fields["kind"].default
    for event in EVENTS
    if any(
        field.annotation is Any or get_origin(field.annotation) is dict
        for field in event.model_fields.values()
    )
)
"""The kinds of events that hold something that can be changed: each receiver has its own."""


class Bus:
    """Tells every event to whoever listens.

    `patience`: seconds of wall time after which a listener that is still busy with one event
    is named in the log. `capacity`: how many events of one day may wait for one
    listener.
    """

    def __init__(self, patience: float = 5.0, capacity: int = 10_000) -> None:
        self._patience = patience
        self._capacity = capacity
        namespace = Namespace()
        self._signals = {kind: namespace.signal(kind, doc) for kind, doc in SIGNALS.items()}
        self._lanes: list[Lane] = []
        self._closed = threading.Event()
        self._watch: threading.Thread | None = None

    def signal(self, kind: str) -> Signal:
        """Return the signal of a kind of event. Raises PluginError for one that doesn't exist."""
        if kind not in self._signals:
            msg = (
                f"there is no event {kind!r} to listen to{nearest(kind, SIGNALS)}: "
                f"the events are {', '.join(SIGNALS)}."
            )
            raise PluginError(msg)
        return self._signals[kind]

    def listen(self, name: str, receiver: Receiver, kinds: Iterable[str] | None = None) -> None:
        """Let `receiver` hear all events from now on, or those of some kinds.

        It is called as ``receiver(event, day)``, and kept until the bus is closed. `name` is
        what the log calls it. Raises PluginError for a kind that doesn't exist.
        """
        signals = [self.signal(kind) for kind in (SIGNALS if kinds is None else kinds)]
        added = lane(name, receiver, self._capacity)
        self._lanes.append(added)
        for signal in signals:
            signal.connect(added.hear, weak=False)
        if self._watch is None:
            self._watch = threading.Thread(target=self._look, name="skim bus watch", daemon=True)
            self._watch.start()

    def publish(self, event: Event, day: TradingDay) -> None:
        """Tell an event that was journaled; never raises, never waits for a listener.

        Called in the event loop's thread. A receiver that was connected to the signal itself
        does run here: when it takes longer than `patience`, it is named in the log.
        """
        signal = self._signals[event.kind]
        if not signal.receivers:
            return
        for receiver in signal.receivers_for(day.strategy):
            started = monotonic()
            heard = event.model_copy(deep=True) if event.kind in _COPIED else event
            try:
                with exact():
                    refuse_awaitable(receiver(day.strategy, event=heard, day=day))
            except BaseException as error:  # noqa: BLE001  a plugin boundary: the others still hear it
                tell_raised(_named(receiver), event, error)
            if monotonic() - started > self._patience:
                log.error(
                    "%s held up everything for more than %g s on %s: use Bus.listen instead.",
                    _named(receiver),
                    self._patience,
                    event.kind,
                )

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many events each listener lost because too many waited for it; those that lost any."""
        return {added.name: added.dropped for added in self._lanes if added.dropped}

    async def drain(self, patience: float) -> list[str]:
        """Wait until everything published is heard, or `patience` seconds of wall time.

        Returns the listeners that were not done by then, and names them in the log.
        """
        # No thread of the loop's executor: a plugin may have taken them all.
        deadline, pause = monotonic() + patience, 0.0
        while not all(added.is_idle() for added in self._lanes) and monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(0.01, pause + 0.001)
        late = [added.name for added in self._lanes if not added.is_idle()]
        if late:
            log.error("not done in time with the events so far: %s.", ", ".join(late))
        return late

    def close(self) -> None:
        """Let every listener go. What still waits is not heard: `drain` first."""
        self._closed.set()
        for added in self._lanes:
            for signal in self._signals.values():
                signal.disconnect(added.hear)
            added.close()

    def _look(self) -> None:
        while not self._closed.wait(self._patience / 4):
            for added in tuple(self._lanes):
                added.look(self._patience)


def _named(receiver: object) -> str:
    return f"receiver {named(receiver)}"
