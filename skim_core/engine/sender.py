"""How an order leaves: journaled durably, then sent once, then answered or in doubt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from skim_core.engine.line import BrokerLine
from skim_core.engine.recorder import Recorder
from skim_core.errors import BrokerError, FenceError, JournalError, NotSentError
from skim_core.model import events as ev
from skim_core.model.base import sound
from skim_core.model.limits import RiskReading
from skim_core.model.orders import Order, OrderStage
from skim_core.ports.clock import Clock

_log = logging.getLogger("skim.orders")

_INTENDED, _SENDING = sound(ev.OrderIntended), sound(ev.OrderSending)
_ACKNOWLEDGED, _CANCELLING = sound(ev.OrderAcknowledged), sound(ev.OrderCancelling)


class Sender:
    """Sends orders, changes and cancels of one day.

    `may_send` tells whether this process still owns the day; `doubt` is called with a reason
    when an order was not answered. What was begun is finished even if whoever asked for it
    is cancelled meanwhile.
    """

    def __init__(
        self,
        recorder: Recorder,
        line: BrokerLine,
        clock: Clock,
        may_send: Callable[[], bool],
        doubt: Callable[[str], None],
    ) -> None:
        self._recorder = recorder
        self._book = recorder.book
        self._line = line
        self._clock = clock
        self._may_send = may_send
        self._doubt = doubt

    async def send(
        self, orders: Sequence[Order], reason: str, by: str, reading: RiskReading | None = None
    ) -> None:
        """Journal that the orders are decided and about to be sent; send them.

        An order that the book has already is sent again as it is. Returns when the broker has
        them, or when it is in doubt whether it has. Raises FenceError when the day is another
        process's by now, JournalError when nothing can be journaled: nothing was sent then.
        """
        self._check_owner()
        now = self._clock.now()
        entry = orders[0].reference
        decided = [
            _INTENDED(
                at=now,
                order=order,
                reason=reason,
                by=by,
                reading=reading if order.reference == entry else None,
            )
            for order in orders
            if order.reference not in self._book.orders
        ]
        leaving = [_SENDING(at=now, reference=order.reference) for order in orders]
        self._recorder.record(*decided, *leaving, durable=True)
        await self._finish(self._deliver(orders))

    async def modify(self, event: ev.OrderModified) -> None:
        """Journal how a resting order is to be changed, and ask for it. Raises BrokerError."""
        self._check_owner()
        self._recorder.record(event, durable=True)
        # As with a send: the machine may have been suspended since then.
        self._check_owner()
        await self._finish(
            self._ask(self._line.broker.modify(self._book.orders[event.reference].order))
        )

    async def cancel(self, reference: str, reason: str, by: str) -> None:
        """Journal that an order is to be cancelled, and ask for it. Raises BrokerError."""
        self._check_owner()
        if not self._book.orders[reference].cancelling:
            asked = _CANCELLING(at=self._clock.now(), reference=reference, reason=reason, by=by)
            self._recorder.record(asked, durable=True)
            self._check_owner()
        await self._finish(self._ask(self._line.broker.cancel(reference)))

    def _check_owner(self) -> None:
        if not self._may_send():
            msg = (
                f"the lease on {self._recorder.day.run_id} has run out: another process may "
                "own the day, so nothing more is sent from here."
            )
            raise FenceError(msg)

    async def _deliver(self, orders: Sequence[Order]) -> None:
        waiting = [order.reference for order in orders]
        try:
            await self._line.answer(self._submit(orders))
            self._acknowledge(waiting)
        except NotSentError as error:
            self._tell_absent(waiting, str(error))
        except BrokerError as error:
            _log.warning("%s: it is in doubt whether the broker has it: %s", waiting[0], error)
            self._doubt(f"{waiting[0]} was not answered")
        except JournalError:
            # Kept back as the lease had run out, or answered and that could not be journaled.
            self._doubt(f"it is not journaled what became of {waiting[0]}")
            raise

    async def _submit(self, orders: Sequence[Order]) -> None:
        # The machine may have been suspended since the orders were journaled.
        self._check_owner()
        await self._line.broker.submit(orders)

    def _acknowledge(self, references: Sequence[str]) -> None:
        now = self._clock.now()
        accepted = [
            _ACKNOWLEDGED(at=now, reference=reference)
            for reference in references
            if self._book.orders[reference].stage is OrderStage.SENDING
        ]
        if accepted:
            self._recorder.record(*accepted)

    def _tell_absent(self, references: Sequence[str], reason: str) -> None:
        now = self._clock.now()
        absent = [
            ev.OrderAbsent(at=now, reference=reference, reason=reason, certain=True)
            for reference in references
            if self._book.orders[reference].stage is OrderStage.SENDING
        ]
        if absent:
            self._recorder.record(*absent, durable=True)

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what was begun to its end, even if whoever asked for it is cancelled meanwhile."""
        if not self._line.quiet_time:
            # It is done before anybody could cancel anything.
            await work
            return
        task = asyncio.create_task(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # Nobody waits for it any more; what it finds out is in the journal.
            task.add_done_callback(_swallow)
            raise

    async def _ask(self, question: Coroutine[Any, Any, None]) -> None:
        try:
            await self._line.answer(question)
        except BrokerError:
            self._doubt("a change or a cancel was not answered")
            raise


def _swallow(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and isinstance(task.exception(), JournalError | BrokerError):
        _log.warning("%s", task.exception())
