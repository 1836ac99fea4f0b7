"""The plainest exchange and session there are, which no real rule hangs on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from skim_core.model.exchange import CommissionSchedule, Exchange, TickBand
from skim_core.model.session import Session


def plain_exchange() -> Exchange:
    """Return an exchange with a tick of a cent, no opening groups and no costs."""
    return Exchange(
        mic="XTST",
        name="Test",
        timezone="Australia/Sydney",
        currency="AUD",
        sources=("made up",),
        ticks=(TickBand.model_validate({"from_price": 0, "tick": "0.01"}),),
        commission=CommissionSchedule(name="none", source="made up"),
    )


def plain_session() -> Session:
    """Return a full session, from 10:00 to 16:00 in Sydney on 6 January 2026."""
    start = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
    return Session(
        exchange="XTST",
        date=date(2026, 1, 6),
        open=start,
        close=start + timedelta(hours=6),
        timezone="Australia/Sydney",
    )
