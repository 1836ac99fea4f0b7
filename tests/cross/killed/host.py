"""The wall of a host, and what runs on it: ``-m killed.host gateway …`` or ``-m killed.host skim …``.

Both processes read one wall, which runs faster than the machine's: the machine's monotonic clock
is the same for all of them, and a process that is started later is not behind.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import selectors
import sys
from pathlib import Path

from skim_broker_ibkr.plugin import skim_make_broker  # noqa: F401  its import takes no time later
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.days import launch
from skim_core.cli.main import run
from skim_core.clock.wall import PacedClock, WallClock
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions

ACCOUNT = "DU1234567"
DATE = dt.date(2025, 1, 6)
SPEED = 8.0
VARIABLE = "KILLED_HOST_SINCE"
"""When the wall began to run, by the machine's monotonic clock, which all processes share."""


class HostClock(PacedClock):
    """The host's wall, which began to run when the variable says."""

    def __init__(self, start: dt.datetime) -> None:
        super().__init__(start, SPEED)
        self._origin = float(os.environ[VARIABLE])


class LoopClock(HostClock):
    """The same for whoever waits in a `HostLoop`, whose seconds are the wall's."""

    def seconds_until(self, when: dt.datetime) -> float:
        return super().seconds_until(when) * SPEED


class _HostSelector(selectors.DefaultSelector):
    """Waits as long as the host's wall says."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / SPEED)


class HostLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds are those of the host's wall: leases, time-outs, heartbeats."""

    def __init__(self) -> None:
        super().__init__(_HostSelector())

    def time(self) -> float:
        return super().time() * SPEED


def session_in(folder: Path):
    """Return the session that is traded."""
    session = SessionCalendar("XASX", folder / "calendars").session(DATE)
    assert session is not None
    return session


def clock_in(folder: Path) -> HostClock:
    """Return the host's wall, which begins to run ten minutes after the open."""
    return HostClock(session_in(folder).open + dt.timedelta(minutes=9, seconds=30))


async def serve(folder: Path) -> None:
    """Be the gateway, until the process is ended."""
    session = session_in(folder)
    setup = GatewaySetup(
        exchange=load_exchange("XASX", on=DATE),
        sessions=(session,),
        feed=GeneratedFeed(seed=1, symbols=60),
        directory=folder / "gateway",
        account=ACCOUNT,
        options=SimOptions(),
    )
    async with GatewayServer(setup, clock_in(folder), port=0) as server:
        print(server.address[1], flush=True)  # noqa: T201  who started it waits for it
        await asyncio.Event().wait()


def trade(folder: Path) -> None:
    """Be the command line of that host, which may be made to die at one of the journal's appends."""
    from exchange_process.deaths import arm  # beside this package on the process's path

    arm()
    clock = clock_in(folder)
    WallClock.now = lambda _clock: PacedClock.now(clock)  # type: ignore[method-assign]
    launch.WallClock = lambda: LoopClock(clock._start)  # type: ignore[misc, assignment]
    asyncio.new_event_loop = HostLoop  # type: ignore[assignment]
    run()


def main() -> None:
    """Be what the first argument says, in the folder that the second names."""
    role, folder = sys.argv.pop(1), Path(sys.argv.pop(1))
    if role == "gateway":
        asyncio.run(serve(folder))
    else:
        trade(folder)


if __name__ == "__main__":
    main()
