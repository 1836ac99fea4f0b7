"""The broker of the killed process: it asks the exchange that lives in another one.

Calls block: as with an exchange in the process, none of the day's time passes meanwhile,
so a day that nothing disturbs goes the same way each time.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from skim_core import errors
from skim_core.clock.virtual import VirtualClock
from skim_core.errors import BrokerError
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, Position
from skim_core.model.reports import OrderReport
from skim_core.ports import hooks
from skim_core.ports.broker import (
    Account,
    Broker,
    BrokerNotice,
    BrokerSetup,
    GapRow,
    GapScan,
)
from skim_core.ports.clock import Timer

from . import deaths
from .wire import CALLS, MOMENT, NOTICES, HungUpError, receive, send

if TYPE_CHECKING:
    from skim_core.ports.bars import Bars

SOCKET = "EXCHANGE_PROCESS_SOCKET"
"""The variable with the path of the exchange's socket."""


@hooks.make_broker
def skim_make_broker(setup: BrokerSetup) -> Broker:
    """Make a broker on the exchange of the environment; from here on the process may die."""
    deaths.arm()
    return RemoteBroker(setup)


class RemoteBroker:
    """An exchange in another process; implements the port `Broker`."""

    def __init__(self, setup: BrokerSetup) -> None:
        self._clock = setup.clock
        self._line: socket.socket | None = None
        self._receivers: list[Callable[[BrokerNotice], None]] = []
        self._timer: tuple[datetime, Timer] | None = None

    @property
    def quiet_time(self) -> timedelta:
        """None at all: the exchange shows every order at once."""
        return timedelta(0)

    async def connect(self) -> None:
        """Connect, and be at the exchange's time. Raises BrokerError."""
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(os.environ[SOCKET])
        except OSError as error:
            msg = f"the exchange's process can't be reached ({error}): start it."
            raise BrokerError(msg) from error
        self._line = line
        send(line, {"pid": os.getpid()})
        there = MOMENT.validate_python(self._request("connect")["now"])
        clock = self._clock
        if isinstance(clock, VirtualClock) and clock.now() < there:
            # The day's own time would begin where the journal ends, but the exchange's went on.
            # Nothing runs yet that the engine's hold would have to keep waiting.
            holds, clock.holds = clock.holds, 0
            await clock.sleep_until(there)
            clock.holds += holds

    async def close(self) -> None:
        """Hang up."""
        self._set_timer(None)
        if self._line is not None:
            self._line.close()
            self._line = None

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Call `receiver` with every notice, in order."""
        self._receivers.append(receiver)

    async def account(self) -> Account:
        """Return the account's money."""
        found: Account = self._ask("account")
        return found

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked about."""
        found: Sequence[str] = self._ask("symbols")
        return found

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quotes."""
        found: Mapping[str, Quote] = self._ask("quotes", tuple(symbols))
        return found

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return minute bars."""
        found: Bars = self._ask("bars", tuple(symbols), start, end)
        return found

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps of the session so far."""
        found: Sequence[GapRow] = self._ask("scan", request)
        return found

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders."""
        self._ask("submit", tuple(orders))

    async def modify(self, order: Order) -> None:
        """Change a resting order."""
        self._ask("modify", order)

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Ask for a cancel."""
        self._ask("cancel", reference, broker_id)

    async def orders(self) -> Sequence[OrderReport]:
        """Return the session's orders."""
        found: Sequence[OrderReport] = self._ask("orders")
        return found

    async def executions(self) -> Sequence[Fill]:
        """Return the session's fills."""
        found: Sequence[Fill] = self._ask("executions")
        return found

    async def positions(self) -> Sequence[Position]:
        """Return what the account holds."""
        found: Sequence[Position] = self._ask("positions")
        return found

    def _ask(self, name: str, *arguments: Any) -> Any:
        return CALLS[name].gives.validate_python(self._request(name, *arguments)["result"])

    def _request(self, name: str, *arguments: Any) -> Mapping[str, Any]:
        """Call the exchange, take in what it tells besides, and return its reply."""
        if self._line is None:
            msg = "the exchange's process is not connected: call connect first."
            raise BrokerError(msg)
        now = MOMENT.dump_python(self._clock.now(), mode="json")
        taken = CALLS[name].takes.dump_python(arguments, mode="json")
        try:
            send(self._line, {"call": name, "now": now, "arguments": taken})
            reply: Mapping[str, Any] = receive(self._line)
        except (OSError, HungUpError) as error:
            msg = "the exchange's process did not answer."
            raise BrokerError(msg) from error
        self._hear(reply)
        if reply["error"] is not None:
            kind, message = reply["error"]
            raise getattr(errors, kind)(message)
        return reply

    def _hear(self, reply: Mapping[str, Any]) -> None:
        for notice in NOTICES.validate_python(reply["notices"]):
            for receiver in self._receivers:
                receiver(notice)
        due = reply["due"]
        self._set_timer(None if due is None else MOMENT.validate_python(due))

    def _set_timer(self, due: datetime | None) -> None:
        if self._timer is not None:
            if self._timer[0] == due:
                return
            self._timer[1].cancel()
            self._timer = None
        if due is not None:
            self._timer = due, self._clock.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._request("wake")
