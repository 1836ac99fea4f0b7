"""The line to the broker, shared by all days of a process: is it up, and what is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from skim_core.decide.reconciliation import Snapshot
from skim_core.errors import BrokerError, SkimError
from skim_core.ports.boundary import described
from skim_core.ports.broker import Broker, Connection
from skim_core.ports.clock import Clock

ANSWER = timedelta(seconds=5)
"""How long an answer to an order is waited for (tws-protocol rule: an unanswered send is a
question to be settled by reconciling)."""

_BOOKS = timedelta(seconds=30)
"""How long the broker's books are waited for."""

T = TypeVar("T")


class BrokerLine:
    """Knows whether the broker can be reached, and asks it within a time limit.

    `epoch` grows each time that the line is lost: what was asked in one says nothing in another.
    """

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self.broker = broker
        self.up = True
        self.epoch = 0
        self._clock = clock
        self._look: asyncio.Task[Snapshot] | None = None

    @property
    def quiet_time(self) -> timedelta:
        """How long the broker may have an order without showing it."""
        return self.broker.quiet_time

    def hear(self, change: Connection) -> None:
        """Take in that the line is down or up."""
        if self.up and not change.up:
            self.epoch += 1
            self._look = None
        self.up = change.up

    async def look(self) -> Snapshot:
        """Return what the broker's books say now; those who ask at once share one answer.

        Raises BrokerError.
        """
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._ask())
            # When the line was lost meanwhile nobody may wait for it any more.
            self._look.add_done_callback(lambda look: look.cancelled() or look.exception())
        return await asyncio.shield(self._look)

    async def _ask(self) -> Snapshot:
        at, broker = self._clock.now(), self.broker
        # Positions before executions: a fill in between makes them differ, and the next look
        # agree; the other way round it could hide in both.
        reports = tuple(await self.answer(broker.orders(), _BOOKS))
        held = await self.answer(broker.positions(), _BOOKS)
        fills = tuple(await self.answer(broker.executions(), _BOOKS))
        positions = {position.symbol: position.quantity for position in held if position.quantity}
        return Snapshot(at, reports, fills, positions)

    async def answer(self, question: Awaitable[T], limit: timedelta = ANSWER) -> T:
        """Return the broker's answer. Raises BrokerError when there is none within `limit`.

        Whatever else the broker raises is a BrokerError, too: the answer is as unknown.
        """
        try:
            return await (self._within(question, limit) if self.quiet_time else question)
        except SkimError:
            raise
        except Exception as error:
            msg = f"the broker failed: {described(error)}"
            raise BrokerError(msg) from error

    async def _within(self, question: Awaitable[T], limit: timedelta) -> T:
        asked = asyncio.ensure_future(question)
        late = False

        def give_up() -> None:
            nonlocal late
            late = True
            asked.cancel()

        timer = self._clock.call_at(self._clock.now() + limit, give_up)
        try:
            return await asked
        except asyncio.CancelledError:
            if late:
                msg = f"the broker did not answer within {limit.total_seconds():g} s."
            elif asked.cancelled() and not _is_cancelled():
                msg = "the broker cancelled its own answer."
            else:
                asked.cancel()
                raise
            raise BrokerError(msg) from None
        finally:
            timer.cancel()


def _is_cancelled() -> bool:
    """Whether it is this task that was cancelled, and not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
