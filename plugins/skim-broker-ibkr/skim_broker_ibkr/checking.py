"""The work of ``skim ibkr check``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skim_broker_ibkr.broker import IbkrBroker
from skim_broker_ibkr.findings import Finding, Severity, sound
from skim_broker_ibkr.options import read_options
from skim_core.broker import BrokerSetup, SessionCalendar, WallClock, load_exchange
from skim_core.cli import Toned, echo, print_json, table

if TYPE_CHECKING:
    from skim_core.cli import Settings, Wanted

_NAME = "ibkr"
_TONES = {Severity.FINE: "done", Severity.NOTE: "aside", Severity.PROBLEM: "error"}


def check_account(wanted: Wanted, symbol: str | None) -> int:
    """Print what an examination finds; return 1 when something has to be mended.

    Raises ConfigError for unsound settings.
    """
    setup = _setup(wanted.settings())
    found = asyncio.run(_examine(setup, symbol))
    if wanted.as_json:
        rows = [
            {"topic": one.topic, "severity": one.severity, "what": one.what, "mends": one.mends}
            for one in found
        ]
        print_json({"findings": rows})
    else:
        rows_of_text = [
            [one.topic, Toned(str(one.severity), _TONES[one.severity]), _text(one)] for one in found
        ]
        table(["", "", ""], rows_of_text)
        if sound(found):
            echo("Nothing has to be mended.", "done")
    return 0 if sound(found) else 1


def _text(finding: Finding) -> str:
    return f"{finding.what}: {finding.mends}" if finding.mends else finding.what


def _setup(settings: Settings) -> BrokerSetup:
    clock = WallClock()
    sessions = SessionCalendar(settings.exchange, settings.directory / "calendars")
    session = sessions.current_or_next(clock.now())
    return BrokerSetup(
        account=settings.account,
        clock=clock,
        exchange=load_exchange(session.exchange, on=session.date),
        sessions=(session,),
        directory=settings.directory / "brokers" / _NAME,
        options=settings.broker_options(_NAME),
    )


async def _examine(setup: BrokerSetup, symbol: str | None) -> Sequence[Finding]:
    broker = IbkrBroker(setup, read_options(setup.options))
    try:
        return await broker.examine(symbol)
    finally:
        await broker.close()
