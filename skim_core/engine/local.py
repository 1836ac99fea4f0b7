"""The local engine: days side by side in one process, each under its lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from skim_core.clock.wall import WallClock
from skim_core.engine.day import DayRunner, run_day
from skim_core.engine.shared import SharedPhases
from skim_core.errors import JournalError
from skim_core.ports.broker import BrokerNotice
from skim_core.ports.engine import Assignment, DayEnd, DayResult, EngineSetup

_log = logging.getLogger("skim.engine")


class LocalEngine:
    """Runs days on asyncio. Leases count in wall time, whatever the days' own clock does."""

    def __init__(self, setup: EngineSetup) -> None:
        self._setup = setup
        self._wall = WallClock()
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
        try:
            await self._setup.broker.connect()
            self._setup.broker.subscribe(self._hear)
            tasks = [
                asyncio.create_task(self._run_leased(assignment, shared))
                for assignment in assignments
            ]
            await asyncio.sleep(0)
            hold.release()
            return await asyncio.gather(*tasks)
        finally:
            hold.release()
            await self._setup.broker.close()

    def stop(self) -> None:
        """Leave every day as it is, soon; each can be resumed."""
        self._stopping = True
        for runner in self._runners.values():
            runner.stop(DayEnd.STOPPED, "told to stop")

    def _hear(self, notice: BrokerNotice) -> None:
        for runner in self._runners.values():
            runner.hear(notice)

    async def _run_leased(self, assignment: Assignment, shared: SharedPhases) -> DayResult:
        run_id = assignment.day.run_id
        try:
            if not self._acquire(run_id):
                return DayResult(assignment.day, DayEnd.ELSEWHERE, self._owner_of(run_id))
        except JournalError as error:
            return DayResult(assignment.day, DayEnd.BROKEN, str(error), error)
        runner = DayRunner(assignment, self._setup, shared)
        self._runners[run_id] = runner
        heartbeat = asyncio.create_task(self._keep_lease(run_id, runner))
        try:
            if self._stopping:
                runner.stop(DayEnd.STOPPED, "told to stop")
            return await run_day(runner, assignment)
        finally:
            heartbeat.cancel()
            del self._runners[run_id]
            self._release(run_id)

    def _acquire(self, run_id: str) -> bool:
        setup = self._setup
        now = self._wall.now()
        return setup.journal.acquire(run_id, setup.owner, now, setup.lease_term) is not None

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
            try:
                kept = self._acquire(run_id)
            except JournalError as error:
                _log.warning("the lease on %s could not be renewed: %s", run_id, error)
                continue
            if not kept:
                runner.stop(DayEnd.ELSEWHERE, self._owner_of(run_id))
                return
