"""Everything about the orders of one day: the desk, and what keeps it honest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from skim_core.decide.fills import resolved_execution
from skim_core.engine.common import Common
from skim_core.engine.desk import OrderDesk
from skim_core.engine.gate import EntryGate
from skim_core.engine.guard import Guard
from skim_core.engine.hearing import Hearing
from skim_core.engine.reconciler import LOOK_AGAIN, Reconciler
from skim_core.engine.recorder import Recorder
from skim_core.engine.sender import Sender
from skim_core.errors import BrokerError, JournalError
from skim_core.model import events as ev
from skim_core.model.controls import Resolution
from skim_core.model.limits import Limits
from skim_core.model.orders import Fill, OrderStage
from skim_core.ports.broker import BrokerNotice, Connection
from skim_core.ports.clock import Clock
from skim_core.ports.engine import EngineSetup

_log = logging.getLogger("skim.orders")

_RETRY = timedelta(seconds=5)


class DayOrders:
    """One day's desk with its reconciling and its guard.

    `may_send` tells whether this process owns the day, `wake` makes the day look again,
    `broke` ends its run with an error.
    """

    def __init__(
        self,
        recorder: Recorder,
        setup: EngineSetup,
        common: Common,
        limits: Limits,
        *,
        may_send: Callable[[], bool],
        wake: Callable[[], None],
        broke: Callable[[JournalError], None],
    ) -> None:
        self._recorder = recorder
        self._book = recorder.book
        self._common = common
        self._clock: Clock = setup.clock
        self._wake = wake
        self._broke = broke
        self._task: asyncio.Task[None] | None = None
        self._again: str | None = None
        self._look_at: datetime | None = None
        self._begun_in = common.line.epoch
        self._stopped = False
        self._hearing = Hearing(recorder, self.doubt)
        self._reconciler = Reconciler(
            recorder,
            self._hearing,
            common.line,
            common.accounts,
            setup.clock,
            lease_term=setup.lease_term,
        )
        sender = Sender(recorder, common.line, setup.clock, may_send, self.doubt)
        gate = EntryGate(recorder, common, setup.clock, limits=limits, account_limits=setup.limits)
        self.desk = OrderDesk(
            recorder, sender, gate, setup.clock, setup.exchange, reconciled=self._can_send
        )
        self._guard = Guard(
            recorder,
            self.desk,
            setup.clock,
            setup.protection_limit,
            ready=self._can_send,
            wake=wake,
            broke=broke,
        )

    def _can_send(self) -> bool:
        return self._reconciler.done

    async def begin(self, reason: str) -> None:
        """Compare the books before anything is sent.

        With a broker that shows everything at once this is done when it returns. Raises
        BrokerError then, if it can't be asked.
        """
        if self._common.line.quiet_time:
            self.doubt(reason)
        else:
            await self._reconciler.run(reason, self._wake)

    def doubt(self, reason: str) -> None:
        """Compare the books with the broker's soon: something may be hidden."""
        if self._stopped:
            return
        if self._task is not None and not self._task.done():
            self._again = reason
            return
        self._again = None
        self._begun_in = self._common.line.epoch
        self._task = asyncio.create_task(self._reconcile(reason))

    def hear(self, notice: BrokerNotice) -> None:
        """Take in what the broker says."""
        if not isinstance(notice, Connection):
            self._hearing.notice(notice)
            return
        if notice.up != self._book.connected or notice.data_lost:
            self._recorder.record(
                ev.ConnectionChanged(
                    at=self._clock.now(),
                    up=notice.up,
                    data_lost=notice.data_lost,
                    reason=notice.reason,
                ),
                durable=True,
            )
        if notice.up:
            if self._task is not None and self._begun_in != self._common.line.epoch:
                # What it waits for was asked before the line was lost.
                self._task.cancel()
                self._task = None
            self.doubt(notice.reason or "the line to the broker is up again")

    def look(self) -> datetime | None:
        """See to positions and doubts; return when to look again if nothing happens before."""
        looks = [self._guard.look()]
        # While the line is down its being up again is what is waited for.
        if self._look_at is not None and self._common.line.up:
            if self._clock.now() >= self._look_at:
                self._look_at = None
                self.doubt("something was left in doubt")
            else:
                looks.append(self._look_at)
        return min((moment for moment in looks if moment is not None), default=None)

    def take_controls(self) -> None:
        """Record halts, resumes and resolutions that people gave meanwhile."""
        day, now, book = self._recorder.day, self._clock.now(), self._book
        halt = self._common.controls.halt(day.strategy)
        if halt is None:
            if book.halted is not None:
                said = self._common.controls.resumed(day.strategy)
                by, why = (said.by, said.why) if said is not None else ("", "")
                self._recorder.record(ev.EntriesResumed(at=now, by=by, why=why), durable=True)
        elif book.halted is None or (halt.why, halt.by, halt.flatten) != (
            book.halted.why,
            book.halted.by,
            book.halted.flatten,
        ):
            event = ev.EntriesHalted(at=now, why=halt.why, by=halt.by, flatten=halt.flatten)
            self._recorder.record(event, durable=True)
        for resolution in self._common.controls.resolutions(day.run_id):
            self._resolve(resolution)

    def stop(self) -> None:
        """Begin nothing more; what was sent stands."""
        self._stopped = True
        self._guard.stop()
        if self._task is not None:
            self._task.cancel()

    def _resolve(self, said: Resolution) -> None:
        state = self._book.orders.get(said.reference)
        if state is None or state.stage is not OrderStage.UNKNOWN:
            return
        # A word from before says nothing of an order that became unknown again.
        if state.changed_at is not None and said.at < state.changed_at:
            return
        now = self._clock.now()
        resolved = ev.OrderResolved(
            at=now, reference=said.reference, outcome=said.outcome, why=said.why, by=said.by
        )
        consequences: tuple[ev.Event, ...] = ()
        more = (said.quantity or 0) - state.filled
        if said.outcome == "filled" and said.price is not None and more > 0:
            fill = Fill(
                execution_id=resolved_execution(said.reference),
                reference=said.reference,
                symbol=state.order.symbol,
                side=state.order.side,
                quantity=more,
                price=said.price,
                at=now,
            )
            consequences = self._book.consequences(fill)
        self._recorder.record(resolved, *consequences, durable=True)

    async def _reconcile(self, reason: str) -> None:
        try:
            await self._reconciler.run(reason, self._wake)
        except BrokerError as error:
            _log.warning("the broker's books can't be compared: %s", error)
            self._look_at = self._clock.now() + _RETRY
        except JournalError as error:
            self._broke(error)
        else:
            unknown = any(state.in_doubt for state in self._book.live)
            open_still = unknown or self._reconciler.refused or self._hearing.unsettled
            self._look_at = self._clock.now() + LOOK_AGAIN if open_still else None
            if self._again is not None:
                self._look_at = self._clock.now()
        self._wake()
