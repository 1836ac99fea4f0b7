"""The local engine: days side by side in one process, each under its lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from skim_core.clock.wall import WallClock
from skim_core.engine.accounts import AccountBooks, Controls
from skim_core.engine.common import AccountTurns, Common
from skim_core.engine.day import DayRunner, run_day
from skim_core.engine.line import BrokerLine
from skim_core.engine.precedence import Precedence
from skim_core.engine.shared import SharedPhases
from skim_core.errors import JournalError
from skim_core.ports.broker import BrokerNotice, Connection
from skim_core.ports.engine import Assignment, DayEnd, DayResult, EngineSetup

_log = logging.getLogger("skim.engine")

CONNECT = timedelta(minutes=1)
"""How long the broker may take to be connected."""


class LocalEngine:
    """Runs days on asyncio. Leases count in wall time, whatever the days' own clock does."""

    def __init__(self, setup: EngineSetup) -> None:
        self._setup = setup
        self._wall = setup.wall or WallClock()
        self._line = BrokerLine(setup.broker, setup.clock)
        self._common: dict[str, Common] = {}
        self._leases: dict[str, datetime] = {}
        self._runners: dict[str, DayRunner] = {}
        self._stopping = False

    async def run(self, assignments: Sequence[Assignment]) -> Sequence[DayResult]:
        """Run (or resume) the days to their ends; one result each, in their order."""
        shared = SharedPhases()
        for session in {
            assignment.day.session
            for assignment in assignments
            if any(phase.shared for phase in assignment.graph)
        }:
            shared.load(self._setup.journal, session)
        hold = self._setup.clock.hold()
        watch: asyncio.Task[None] | None = None
        try:
            await self._line.answer(self._setup.broker.connect(), CONNECT)
            self._setup.broker.subscribe(self._hear)
            watch = asyncio.create_task(self._watch_controls())
            tasks = [
                asyncio.create_task(self._run_leased(assignment, shared))
                for assignment in assignments
            ]
            await asyncio.sleep(0)
            hold.release()
            return await asyncio.gather(*tasks)
        finally:
            if watch is not None:
                watch.cancel()
            hold.release()
            await self._setup.broker.close()

    def stop(self) -> None:
        """Leave every day as it is, soon; each can be resumed."""
        self._stopping = True
        for runner in self._runners.values():
            runner.stop(DayEnd.STOPPED, "told to stop")

    def _hear(self, notice: BrokerNotice) -> None:
        if type(notice) is Connection:
            self._line.hear(notice)
        for runner in self._runners.values():
            runner.hear(notice)

    async def _run_leased(self, assignment: Assignment, shared: SharedPhases) -> DayResult:
        run_id = assignment.day.run_id
        try:
            if not self._acquire(run_id):
                return DayResult(assignment.day, DayEnd.ELSEWHERE, self._owner_of(run_id))
            common = self._common_of(assignment.day.account)
        except JournalError as error:
            self._release(run_id)
            return DayResult(assignment.day, DayEnd.BROKEN, str(error), error)
        runner = DayRunner(
            assignment, self._setup, shared, common, lambda: self._wall.now() < self._leases[run_id]
        )
        self._runners[run_id] = runner
        common.accounts.join(run_id, runner.book)
        common.precedence.join(run_id, assignment.priority, runner.due, runner.look)
        heartbeat = asyncio.create_task(self._keep_lease(run_id, runner))
        try:
            if self._stopping:
                runner.stop(DayEnd.STOPPED, "told to stop")
            return await run_day(runner, assignment)
        finally:
            heartbeat.cancel()
            common.accounts.leave(run_id)
            common.precedence.leave(run_id)
            del self._runners[run_id]
            self._release(run_id)

    def _common_of(self, account: str) -> Common:
        setup = self._setup
        if account not in self._common:
            controls = Controls(setup.journal, account)
            controls.refresh()
            self._common[account] = Common(
                self._line,
                AccountBooks(setup.journal, account),
                controls,
                AccountTurns(setup.journal, account, setup.owner, self._wall),
                Precedence(setup.clock),
            )
        return self._common[account]

    async def _watch_controls(self) -> None:
        """Let running days know soon what people say."""
        told: dict[str, int] = {}
        while True:
            await asyncio.sleep(self._setup.listen.total_seconds())
            try:
                for common in self._common.values():
                    common.controls.refresh()
            except JournalError as error:
                _log.warning("what people say can't be read: %s", error)
                continue
            # An entry's check reads them too: what counts is what the days were told of.
            read = {account: common.controls.number for account, common in self._common.items()}
            if read != told:
                told = read
                for runner in self._runners.values():
                    runner.controls_changed()

    def _acquire(self, run_id: str) -> bool:
        setup = self._setup
        lease = setup.journal.acquire(run_id, setup.owner, self._wall.now(), setup.lease_term)
        if lease is not None:
            self._leases[run_id] = lease.expires_at
        return lease is not None

    def _owner_of(self, run_id: str) -> str:
        lease = self._setup.journal.lease(run_id)
        return lease.owner if lease else "it ended just now"

    def _release(self, run_id: str) -> None:
        try:
            self._setup.journal.release(run_id, self._setup.owner)
        except JournalError as error:
            _log.warning("the lease on %s could not be given back: %s", run_id, error)

    async def _keep_lease(self, run_id: str, runner: DayRunner) -> None:
        while True:
            await asyncio.sleep(self._setup.lease_term.total_seconds() / 3)
            if runner.stuck(self._setup.lease_term):
                _log.error("%s does not go on: its lease is let go.", run_id)
                runner.stop(DayEnd.STOPPED, "it did not go on though something was due")
                return
            try:
                kept = self._acquire(run_id)
            except JournalError as error:
                _log.warning("the lease on %s could not be renewed: %s", run_id, error)
                continue
            if not kept:
                runner.stop(DayEnd.ELSEWHERE, self._owner_of(run_id))
                return
