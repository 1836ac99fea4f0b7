"""The gateway's process, which keeps the host's time: ``-m killed.gateway FOLDER``.

It prints its port, and that of its time, and goes on until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup

from skim_core.calendar.exchanges import load_exchange
from skim_core.clock.wall import WallClock
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions

from .host import ACCOUNT, DATE, live_by, session_in
from .turns import Keeper, TurnLoop


async def serve(folder: Path, time: Keeper) -> None:
    """Be the gateway."""
    setup = GatewaySetup(
        exchange=load_exchange("XASX", on=DATE),
        sessions=(session_in(folder),),
        feed=GeneratedFeed(seed=1, symbols=60),
        directory=folder / "gateway",
        account=ACCOUNT,
        options=SimOptions(),
    )
    async with GatewayServer(setup, WallClock(), port=0) as server:
        time.welcome_guests(asyncio.get_running_loop())
        print(server.address[1], time.port, flush=True)  # noqa: T201  who started it waits for it
        await asyncio.Event().wait()


def main() -> None:
    """Keep the time and be the gateway."""
    folder, time = Path(sys.argv[1]), Keeper()
    live_by(time, folder)
    with asyncio.Runner(loop_factory=lambda: TurnLoop(time)) as runner:
        runner.run(serve(folder, time))


if __name__ == "__main__":
    main()
