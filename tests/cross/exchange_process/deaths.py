"""How a trading process ends, or stops, itself at one of its journal's appends."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import Event

VARIABLE = "EXCHANGE_PROCESS_DEATH"
"""``<moment>:<number>:<signal>``: what becomes of the process at which append, and when: ``before``
it, at its ``commit`` (all is written, nothing is kept yet) or ``after`` it. Or ``count:<file>``:
the run's length after each append is written there."""


HOST = "EXCHANGE_PROCESS_HOST"
"""The name of the machine that the process is to seem to run on."""


def arm() -> None:
    """Make the process die as the variable says; without it nothing happens."""
    host = os.environ.get(HOST)
    if host:
        socket.gethostname = lambda: host
    moment, _, rest = os.environ.get(VARIABLE, "").partition(":")
    if moment == "count":
        _count(Path(rest))
    elif moment:
        number, _, name = rest.partition(":")
        _die(moment, int(number), signal.Signals[name])


def _count(file: Path) -> None:
    append = SqliteJournal.append

    def counted(
        self: SqliteJournal,
        run_id: str,
        after: int,
        events: Sequence[Event],
        *,
        durable: bool = False,
    ) -> int:
        last = append(self, run_id, after, events, durable=durable)
        with file.open("a") as lengths:
            lengths.write(f"{last}\n")
        return last

    SqliteJournal.append = counted  # type: ignore[method-assign]


def _die(moment: str, number: int, ends: signal.Signals) -> None:
    append, numbers = SqliteJournal.append, count(1)

    def at_commit(statement: str) -> None:
        if statement.startswith("COMMIT"):
            os.kill(os.getpid(), ends)

    def deadly(
        self: SqliteJournal,
        run_id: str,
        after: int,
        events: Sequence[Event],
        *,
        durable: bool = False,
    ) -> int:
        here = next(numbers) == number
        if here and moment == "before":
            os.kill(os.getpid(), ends)
        if here and moment == "commit":
            self._connection.set_trace_callback(at_commit)
        last = append(self, run_id, after, events, durable=durable)
        if here and moment == "after":
            os.kill(os.getpid(), ends)
        return last

    SqliteJournal.append = deadly  # type: ignore[method-assign]
