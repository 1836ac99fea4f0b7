"""The trader's process, the whole of ``skim``: ``-m killed.trader FOLDER`` and a command.

It may be made to die at one of the journal's appends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from exchange_process.deaths import arm  # beside this package on the process's path

from skim_core.cli.main import run

from .host import VARIABLE, live_by
from .turns import Guest, TurnLoop


def main() -> None:
    """Come to the host's time, and be the command line."""
    folder = Path(sys.argv.pop(1))
    arm()
    time = Guest(int(os.environ[VARIABLE]))
    live_by(time, folder)
    asyncio.new_event_loop = lambda: TurnLoop(time)  # type: ignore[assignment]
    run()


if __name__ == "__main__":
    main()
