"""Who waits for TWS to take an order, or a change of one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from skim_broker_ibkr.orders import Placement, differs
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from skim_broker_ibkr.book import Entry
    from skim_broker_ibkr.told import ToldOrder


class Waiting:
    """Answers what TWS was sent, by what it says of the order: never by an error."""

    def __init__(self) -> None:
        self._accepted: dict[int, asyncio.Future[None]] = {}
        self._changed: dict[int, tuple[Placement, asyncio.Future[None]]] = {}
        self._cancels: dict[int, asyncio.Future[None]] = {}

    def for_order(self, entry: Entry) -> asyncio.Future[None] | None:
        """Return what waits for an order to be taken; None when nobody does."""
        return self._accepted.get(id(entry))

    def expect_order(self, entry: Entry) -> asyncio.Future[None]:
        """Return what is done when TWS has the order. Raises BrokerError when nobody knows."""
        future = self._accepted[id(entry)] = _future()
        return future

    def expect_change(self, entry: Entry, sent: Placement) -> asyncio.Future[None]:
        """Return what is done when TWS has the order as `sent`, or the order is done."""
        future = _future()
        self._changed[id(entry)] = sent, future
        return future

    def give_up_change(self, entry: Entry) -> None:
        """Expect a change no more."""
        self._changed.pop(id(entry), None)

    def expect_cancel(self, entry: Entry) -> asyncio.Future[None]:
        """Return what is done when TWS has taken a cancel, or the order is done."""
        return self._cancels.setdefault(id(entry), _future())

    def give_up_cancel(self, entry: Entry) -> None:
        """Expect a cancel's answer no more."""
        self._cancels.pop(id(entry), None)

    def hear(self, entry: Entry, told: ToldOrder | None) -> None:
        """Take in that TWS said something of an order, with all its terms when `told`."""
        if entry.known_to_tws:
            accepted = self._accepted.pop(id(entry), None)
            if accepted is not None and not accepted.done():
                accepted.set_result(None)
        cancel = self._cancels.get(id(entry))
        if cancel is not None and not cancel.done() and (entry.done or entry.is_being_cancelled):
            cancel.set_result(None)
        wanted, changed = self._changed.get(id(entry), (None, None))
        if wanted is None or changed is None or changed.done():
            return
        if entry.done or (told is not None and not differs(told, wanted)):
            changed.set_result(None)

    def fail(self, entry: Entry, text: str) -> None:
        """Take in that TWS complained, and what it shows is not what was sent."""
        reference = entry.reference
        _, changed = self._changed.get(id(entry), (None, None))
        if changed is not None and not changed.done():
            changed.set_exception(BrokerError(f"TWS didn't change {reference}: {text}"))
        cancel = self._cancels.get(id(entry))
        if cancel is not None and not cancel.done():
            cancel.set_exception(BrokerError(f"TWS didn't cancel {reference}: {text}"))
        accepted = self._accepted.pop(id(entry), None)
        if accepted is not None and not accepted.done():
            msg = f"TWS answered {reference} with an error, and doesn't show it: {text}"
            accepted.set_exception(BrokerError(msg))

    def line_lost(self, why: str) -> None:
        """Take in that no answer will come: whatever was sent is in doubt."""
        changes = [future for _, future in self._changed.values()]
        for future in (*self._accepted.values(), *changes, *self._cancels.values()):
            if not future.done():
                msg = f"the line to TWS was lost before it answered ({why})."
                future.set_exception(BrokerError(msg))
        self._accepted.clear()


def _future() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    # Whoever waited may have been cancelled: nobody has to take note of the outcome.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future
