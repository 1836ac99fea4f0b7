"""What goes wrong for all clients at once: lost connectivity, farms, restarts, ids, halts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from skim_gateway import codes
from skim_gateway.faults.model import Action, Fault
from skim_gateway.serving.kinds import MARKET_KINDS
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.gateway import Gateway
    from skim_gateway.serving.conversation import Conversation
    from skim_gateway.wire.messages import Message

_Proceed: TypeAlias = Callable[[], Awaitable[None]]

_ORDERS = (r.PlaceOrder, r.CancelOrder, r.GlobalCancel)


class Outages:
    """What the whole gateway suffers. `closed_until`: no connection is taken before."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lost = False
        self._farms_down = False
        self._waiting: list[_Proceed] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed_until: datetime | None = None

    @property
    def quiet(self) -> bool:
        """Whether no market data stream."""
        return self._lost or self._farms_down

    @property
    def closed(self) -> bool:
        """Whether connections are refused."""
        return self.closed_until is not None and self._gateway.clock.now() < self.closed_until

    def holds(self, request: Message) -> bool:
        """Whether a request has to wait for the connection to IBKR."""
        return self._lost and isinstance(request, _ORDERS)

    def hold(self, conversation: Conversation, proceed: _Proceed) -> None:  # noqa: ARG002  it goes on without its client too
        """Keep a request until then."""
        self._waiting.append(proceed)

    def happen(self, fault: Fault) -> None:
        """Let a fault happen."""
        {
            Action.LOSE: self._lose,
            Action.FARM: self._farm,
            Action.RESTART: self._restart,
            Action.ROLL_BACK_IDS: self._roll_back,
            Action.HALT: self._halt,
            Action.RESUME: self._resume,
        }[fault.do](fault)

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        clock = self._gateway.clock
        clock.call_at(clock.now() + timedelta(seconds=seconds), callback)

    def _tell(self, code: int, **details: str) -> None:
        for conversation in list(self._gateway.conversations.values()):
            conversation.send(codes.error(code, **details))

    def _lose(self, fault: Fault) -> None:
        self._lost = True
        self._tell(codes.LOST)
        self._later(fault.seconds, lambda: self._regain(data_lost=fault.data_lost))

    def _regain(self, *, data_lost: bool) -> None:
        self._lost = False
        if data_lost:
            for conversation in self._gateway.conversations.values():
                for key in [key for key in conversation.streams if key[0] in MARKET_KINDS]:
                    del conversation.streams[key]
            self._tell(codes.RESTORED_DATA_LOST)
        else:
            farms = "; ".join(self._gateway.catalogue.venue.farms)
            self._tell(codes.RESTORED, farms=farms)
        waiting, self._waiting = self._waiting, []

        async def go_on() -> None:
            for proceed in waiting:
                await proceed()

        self._start(go_on())

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _farm(self, fault: Fault) -> None:
        market, history, _ = self._gateway.catalogue.venue.farms
        self._farms_down = True
        self._tell(codes.FARM_BROKEN, farm=market)
        self._tell(codes.HISTORY_FARM_BROKEN, farm=history)

        def mend() -> None:
            self._farms_down = False
            self._tell(codes.FARM_OK, farm=market)
            self._tell(codes.HISTORY_FARM_OK, farm=history)

        self._later(fault.seconds, mend)

    def _restart(self, fault: Fault) -> None:
        gateway = self._gateway
        for conversation in list(gateway.conversations.values()):
            conversation.abort()
        self.closed_until = gateway.clock.now() + timedelta(seconds=fault.seconds)
        # What waited in the old process is lost with it.
        self._waiting.clear()
        if not fault.book:
            self._start(gateway.withdraw(gateway.book.forget()))
        gateway.book.roll_back_all(fault.by)

    def _roll_back(self, fault: Fault) -> None:
        book = self._gateway.book
        if fault.client is None:
            book.roll_back_all(fault.by)
        else:
            book.roll_back_ids(fault.client, fault.by)

    def _resume(self, fault: Fault) -> None:
        self._gateway.halts.end(fault.symbol)

    def _halt(self, fault: Fault) -> None:
        halts = self._gateway.halts
        called = halts.call(fault.symbol, refuse=fault.refuse)

        def resume() -> None:
            # Somebody may have ended it, and called another, by then.
            if called in halts.now_called:
                halts.end(fault.symbol)

        if fault.seconds:
            self._later(fault.seconds, resume)
