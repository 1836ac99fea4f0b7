"""News of the simulated market: what its own prices make a headline of, when they are seen.

An opening gap of 2 % or more, the first time that a price is 5 % away from the open, the close. Each
is told at the moment at which the market shows it, so no headline knows what comes later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from skim_core import MINUTE

if TYPE_CHECKING:
    from skim_gateway.market.prints import SessionTape

PROVIDER = "SIM"
"""The code of the one news provider."""

GAP = Decimal(2)
MOVE = Decimal(5)
"""From how many per cent on an opening gap, and a move away from the open, are news."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline about one symbol, and the article under it."""

    at: datetime
    article_id: str
    headline: str
    article: str


def headlines(tape: SessionTape, symbol: str, until: datetime) -> tuple[Headline, ...]:
    """Return a symbol's headlines of one session that are known at `until`, the oldest first."""
    return tuple(found for found in _all(tape, symbol) if found.at <= until)


def headline(tape: SessionTape, article_id: str, until: datetime) -> Headline | None:
    """Return the headline of an article of this session, if it is known at `until`."""
    symbol = article_id.removeprefix(f"{PROVIDER}$").rsplit("-", 2)[0]
    known = headlines(tape, symbol, until)
    return next((found for found in known if found.article_id == article_id), None)


def session_of(article_id: str) -> str:
    """Return the date, as YYYYMMDD, that is part of an article's id."""
    parts = article_id.rsplit("-", 2)
    return parts[1] if len(parts) == 3 else ""  # noqa: PLR2004  symbol, date, kind


def article_time(moment: datetime) -> str:
    """Return a headline's time as a real gateway writes it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.0"


def _all(tape: SessionTape, symbol: str) -> Iterator[Headline]:
    first = next(iter(tape.prints(symbol, tape.session.open, tape.session.close)), None)
    if first is None:
        return
    before = tape.summary(symbol, first.at).previous_close
    if before and abs(_change(first.price, before)) >= GAP:
        text = f"{symbol} opens {_words(first.price, before)} its last close at {first.price}"
        yield _headline(tape, symbol, first.at, "open", text)
    moved = _first_move(tape, symbol, first.price)
    if moved is not None:
        price = tape.summary(symbol, moved).last
        assert price is not None
        text = f"{symbol} trades {_words(price.price, first.price)} its open at {price.price}"
        yield _headline(tape, symbol, moved, "move", text)
    last = tape.last(symbol, tape.session.close)
    if last is not None:
        told = f", {_words(last.price, before)} its last close" if before else ""
        text = f"{symbol} closes at {last.price}{told}"
        yield _headline(tape, symbol, tape.session.close, "close", text)


def _first_move(tape: SessionTape, symbol: str, opened: Decimal) -> datetime | None:
    """Return the end of the first minute that closes `MOVE` per cent away from the open."""
    bars = tape.data.bars
    away = np.abs(bars.close[bars.row[symbol]] / float(opened) - 1) * 100
    minutes = np.flatnonzero(away >= float(MOVE))
    return bars.start + (int(minutes[0]) + 1) * MINUTE if minutes.size else None


def _change(price: Decimal, before: Decimal) -> Decimal:
    """Return the change in per cent."""
    return (price / before - 1) * 100


def _words(price: Decimal, before: Decimal) -> str:
    change = _change(price, before)
    return f"{abs(change):.1f}% {'above' if change >= 0 else 'below'}"


def _headline(tape: SessionTape, symbol: str, at: datetime, kind: str, text: str) -> Headline:
    seen = tape.summary(symbol, at)
    lines = (
        text,
        f"Session {tape.session.date}, {tape.session.local(at):%H:%M} at the exchange.",
        f"Open {seen.open}, high {seen.high}, low {seen.low}, volume {seen.volume:,} shares.",
        "A simulated market: the article is made of its prices.",
    )
    return Headline(
        at=at,
        article_id=f"{PROVIDER}${symbol}-{tape.session.date:%Y%m%d}-{kind}",
        headline=f"{text}.",
        article="\n".join(lines),
    )
