"""``market_data``: what symbols trade at, as the configured broker tells it."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from skim_core.cli.examining import broker_setup
from skim_core.cli.output import Toned, echo, local_time, print_json, table
from skim_core.cli.places import calendar_of
from skim_core.cli.wanted import Wanted
from skim_core.clock.virtual import VirtualClock
from skim_core.clock.wall import WallClock
from skim_core.errors import DataError, nearest
from skim_core.exits import ExitCode
from skim_core.plugins.brokers import load_broker
from skim_core.sim.matching import exact

if TYPE_CHECKING:
    from skim_core.model.market import Quote
    from skim_core.model.session import Session
    from skim_core.ports.bars import Bars
    from skim_core.ports.broker import Broker
    from skim_core.ports.clock import Clock
    from skim_core.settings import Settings

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class MarketRow:
    """A symbol's session so far: prices in quote currency, None where nobody has traded.

    `gap_percent`: its open against the previous close, in per cent.
    """

    symbol: str
    at: datetime | None = None
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    previous_close: Decimal | None = None
    gap_percent: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: int = 0
    delayed: bool = False
    halted: bool = False


def show_market_data(symbols: Sequence[str], wanted: Wanted) -> int:
    """Print each symbol's session so far; return FAILED when one has not traded in it.

    No day is begun and no lease taken, and the broker's own files are left alone. On the wall's
    time it is the session that is on, or the last one; on the simulator's a whole session.
    Raises DataError for symbols that the broker does not have, and for a session that it can't
    tell of.
    """
    settings = wanted.settings()
    simulated = settings.broker == "sim" and settings.pace != "real"
    session = _simulated(settings, wanted) if simulated else _opened(settings, wanted)
    clock: Clock = VirtualClock(session.close) if simulated else WallClock()
    rows = asyncio.run(
        _asked(settings, session, clock, list(dict.fromkeys(symbol.upper() for symbol in symbols)))
    )
    if wanted.as_json:
        print_json(
            {"broker": settings.broker, "session": session.date, "rows": [asdict(r) for r in rows]}
        )
    else:
        _print(rows, session)
    return ExitCode.DONE if all(row.last is not None for row in rows) else ExitCode.FAILED


def _simulated(settings: Settings, wanted: Wanted) -> Session:
    """Return the session that was asked for, else the last one that has opened."""
    if wanted.date is None:
        return _last_opened(settings)
    session = calendar_of(settings).session(wanted.date)
    if session is None:
        msg = f"{wanted.date:%A %Y-%m-%d} is a day off at {settings.exchange}: name another."
        raise DataError(msg)
    return session


def _opened(settings: Settings, wanted: Wanted) -> Session:
    """Return the last session that has opened: a broker's quotes are of no other."""
    session = _last_opened(settings)
    if wanted.date not in {None, session.date}:
        msg = (
            f"--session {wanted.date}: broker {settings.broker} tells what trades now, which is the "
            f"session of {session.date}. Leave --session away."
        )
        raise DataError(msg)
    return session


def _last_opened(settings: Settings) -> Session:
    calendar, now = calendar_of(settings), WallClock().now()
    current = calendar.current_or_next(now)
    return current if current.open <= now else calendar.previous(current)


async def _asked(
    settings: Settings, session: Session, clock: Clock, symbols: Sequence[str]
) -> Sequence[MarketRow]:
    # A simulated account's book belongs to its days: this is another one, which nobody keeps.
    with tempfile.TemporaryDirectory(prefix="skim-") as folder:
        setup = broker_setup(settings, settings.broker, session)
        broker = load_broker(settings.broker).make(
            replace(setup, clock=clock, directory=Path(folder))
        )
        try:
            await broker.connect()
            quotes = await broker.quotes(symbols)
            await _check_known(settings.broker, broker, symbols, quotes)
            until = min(clock.now(), session.close)
            bars = await broker.bars(symbols, session.open, until)
        finally:
            await broker.close()
    return [_row(symbol, quotes.get(symbol), bars) for symbol in symbols]


async def _check_known(
    name: str, broker: Broker, symbols: Sequence[str], quotes: Mapping[str, Quote]
) -> None:
    known = await broker.symbols()
    for symbol in symbols:
        if symbol not in quotes and symbol not in known:
            others = f": it has {', '.join(known[:3])} and others" if known else ""
            msg = f"broker {name} has no symbol {symbol!r}{nearest(symbol, known)}{others}."
            raise DataError(msg)


def _row(symbol: str, quote: Quote | None, bars: Bars) -> MarketRow:
    if quote is None:
        return MarketRow(symbol)
    row = bars.row[symbol]
    opens, highs, lows = (
        [price for price in column[row].tolist() if not math.isnan(price)]
        for column in (bars.open, bars.high, bars.low)
    )
    opened = exact(opens[0]) if opens else None
    return MarketRow(
        symbol=symbol,
        at=quote.at,
        last=quote.last,
        bid=quote.bid,
        ask=quote.ask,
        previous_close=quote.previous_close,
        gap_percent=_gap(opened, quote.previous_close),
        open=opened,
        high=exact(max(highs)) if highs else None,
        low=exact(min(lows)) if lows else None,
        volume=quote.volume,
        delayed=quote.delayed,
        halted=quote.halted,
    )


def _gap(opened: Decimal | None, before: Decimal | None) -> Decimal | None:
    if opened is None or before is None:
        return None
    return ((opened / before - 1) * 100).quantize(_HUNDREDTH)


def _print(rows: Sequence[MarketRow], session: Session) -> None:
    cells = [
        (
            row.symbol,
            row.last,
            row.bid,
            row.ask,
            row.previous_close,
            f"{row.gap_percent:+} %" if row.gap_percent is not None else None,
            row.open,
            row.high,
            row.low,
            f"{row.volume:,}" if row.last is not None else None,
            local_time(session, row.at),
            _remark(row),
        )
        for row in rows
    ]
    heads = ("symbol", "last", "bid", "ask", "prev close", "gap", "open", "high", "low")
    table((*heads, "volume", "at", ""), cells)
    echo(f"{session.exchange} {session.date:%A %Y-%m-%d}, times in {session.timezone}.", "aside")


def _remark(row: MarketRow) -> Toned:
    if row.last is None:
        return Toned("no trade in this session", "warning")
    marks = [mark for mark in ("halted", "delayed") if getattr(row, mark)]
    return Toned(", ".join(marks), "warning")
