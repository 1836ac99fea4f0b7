"""Streaming ticks: what a subscription has been told, and what is new by now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skim_gateway.market.headlines import PROVIDER, headlines
from skim_gateway.market.prints import INSTANT
from skim_gateway.wire import answers as a

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skim_gateway.gateway import Gateway
    from skim_gateway.market.headlines import Headline
    from skim_gateway.market.prints import SessionTape
    from skim_gateway.serving.conversation import Conversation

DELAY = timedelta(minutes=20)
"""How late delayed data are."""

BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = 1, 2, 4, 6, 7, 9, 14
BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME = 0, 3, 5, 8
LAST_TIME, RT_VOLUME = 45, 48
HALTED = 49
"""1 when trading is halted, else 0; source: IBKR, TWS API, "Available Tick Types"."""

_DELAYED = {
    BID: 66,
    ASK: 67,
    LAST: 68,
    BID_SIZE: 69,
    ASK_SIZE: 70,
    LAST_SIZE: 71,
    HIGH: 72,
    LOW: 73,
    VOLUME: 74,
    CLOSE: 75,
    OPEN: 76,
    LAST_TIME: 88,
    HALTED: 90,
}
"""The kinds that delayed ticks have instead."""

_RT_VOLUME = "233"
_NEWS, _NO_TICKS = "292", "mdoff"
"""Generic ticks: headlines, of all providers or of one (``292:SIM``); and nothing but those."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What ticks say of a contract at a moment: prices with their sizes, sizes, numbers, texts."""

    prices: dict[int, tuple[Decimal, int | None]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)


def picture(gateway: Gateway, symbol: str, now: datetime, generic: frozenset[str]) -> Picture:
    """Return what is seen of a symbol at `now`: what has traded before."""
    tape, before = gateway.tape(now), now - INSTANT
    seen, quote = tape.summary(symbol, before), tape.quote(symbol, before)
    found = Picture()
    found.numbers[HALTED] = int(gateway.halts.is_halted(symbol, now))
    if quote is not None:
        for kind, price, size_kind, size in (
            (BID, quote.bid, BID_SIZE, quote.bid_size),
            (ASK, quote.ask, ASK_SIZE, quote.ask_size),
        ):
            if price is not None:
                found.prices[kind] = price, size
                found.sizes[size_kind] = size
    if seen.last is not None:
        found.prices[LAST] = seen.last.price, seen.last.size
        found.sizes[LAST_SIZE] = seen.last.size
        found.sizes[VOLUME] = seen.volume
        found.texts[LAST_TIME] = str(int(seen.last.at.timestamp()))
        if _RT_VOLUME in generic:
            stamp = int(seen.last.at.timestamp() * 1000)
            found.texts[RT_VOLUME] = (
                f"{seen.last.price};{seen.last.size};{stamp};{seen.volume};{seen.last.price};true"
            )
    for kind, extreme in (
        (HIGH, seen.high),
        (LOW, seen.low),
        (OPEN, seen.open),
        (CLOSE, seen.previous_close),
    ):
        if extreme is not None:
            found.prices[kind] = extreme, None
    return found


def changes(req_id: int, before: Picture, after: Picture, *, delayed: bool) -> Iterator[a.Answer]:
    """Yield the ticks that lead from one picture to another."""
    kinds = _DELAYED if delayed else {}
    for kind, (price, size) in after.prices.items():
        if before.prices.get(kind) != (price, size):
            yield a.TickPrice(
                req_id=req_id,
                kind=kinds.get(kind, kind),
                price=price,
                size=None if size is None else Decimal(size),
                attributes=1 if kind in {BID, ASK} else 0,
            )
    for kind, size in after.sizes.items():
        if before.sizes.get(kind) != size:
            yield a.TickSize(req_id=req_id, kind=kinds.get(kind, kind), size=Decimal(size))
    for kind, number in after.numbers.items():
        if before.numbers.get(kind) != number:
            yield a.TickGeneric(req_id=req_id, kind=kinds.get(kind, kind), value=Decimal(number))
    for kind, text in after.texts.items():
        if before.texts.get(kind) != text:
            yield a.TickString(req_id=req_id, kind=kinds.get(kind, kind), value=text)


class TickStream:
    """A subscription to a contract's ticks."""

    timed = True
    with_fills = False

    def __init__(
        self,
        conversation: Conversation,
        req_id: int,
        symbol: str,
        generic: frozenset[str],
        *,
        delayed: bool,
    ) -> None:
        self._conversation = conversation
        self._req_id = req_id
        self._symbol = symbol
        self._generic = generic
        self._delayed = delayed
        self._told = Picture()
        self._news_since = conversation.now if generic & {_NEWS, f"{_NEWS}:{PROVIDER}"} else None
        self._tape: SessionTape | None = None
        self._news: tuple[Headline, ...] = ()

    def advance(self, now: datetime) -> None:
        """Tell what is new by `now`."""
        if self._news_since is not None:
            self._tell_news(self._news_since, now)
            self._news_since = now
        if _NO_TICKS not in self._generic:
            self._tell_ticks(now)

    def _tell_news(self, since: datetime, now: datetime) -> None:
        tape = self._conversation.gateway.tape(now)
        if tape is not self._tape:
            # All of the session's: they are looked through at each step, and made once.
            self._tape, self._news = tape, headlines(tape, self._symbol, tape.session.close)
        for found in self._news:
            if since < found.at <= now:
                self._conversation.send(
                    a.TickNews(
                        req_id=self._req_id,
                        time=int(found.at.timestamp() * 1000),
                        provider=PROVIDER,
                        article_id=found.article_id,
                        headline=found.headline,
                    )
                )

    def _tell_ticks(self, now: datetime) -> None:
        when = now - DELAY if self._delayed else now
        found = picture(self._conversation.gateway, self._symbol, when, self._generic)
        for tick in changes(self._req_id, self._told, found, delayed=self._delayed):
            self._conversation.send(tick)
        self._told = found


class RealTimeBarStream:
    """A subscription to bars of five seconds; outside of trades they repeat the last price."""

    timed = True
    with_fills = False

    def __init__(self, conversation: Conversation, req_id: int, symbol: str, shift: int) -> None:
        self._conversation = conversation
        self._req_id = req_id
        self._symbol = symbol
        self._shift = shift
        self._since = conversation.now

    def advance(self, now: datetime) -> None:
        """Tell the bars that are over by `now`."""
        step = timedelta(seconds=5)
        end = now - timedelta(seconds=now.second % 5, microseconds=now.microsecond)
        start = end - step
        if end <= self._since:
            return
        self._since = end
        gateway = self._conversation.gateway
        tape = gateway.tape(start)
        if not tape.session.open <= start < tape.session.close:
            return
        before = tape.last(self._symbol, start - timedelta(microseconds=1))
        trades = list(tape.prints(self._symbol, start, end))
        if before is None and not trades:
            return
        prices = [trade.price for trade in trades] or [before.price] if before else []
        prices = prices or [trade.price for trade in trades]
        volume = sum(trade.size for trade in trades)
        value = sum((trade.size * trade.price for trade in trades), Decimal(0))
        move = self._shift * gateway.catalogue.tick(prices[-1])
        trading = not self._shift
        average = (value / volume).quantize(Decimal("0.000001")) if volume else prices[-1]
        self._conversation.send(
            a.RealTimeBar(
                req_id=self._req_id,
                time=int(start.timestamp()),
                open=prices[0] + move,
                high=max(prices) + move,
                low=min(prices) + move,
                close=prices[-1] + move,
                volume=Decimal(volume if trading else -1),
                average=average if trading else Decimal(-1),
                count=len(trades) if trading else -1,
            )
        )


class TickByTickStream:
    """A subscription to each trade (1, 2), quote (3) or midpoint (4)."""

    timed = True
    with_fills = False

    def __init__(self, conversation: Conversation, req_id: int, symbol: str, kind: int) -> None:
        self._conversation = conversation
        self._req_id = req_id
        self._symbol = symbol
        self._kind = kind
        self._since = conversation.now
        self._told: tuple[Decimal, ...] = ()

    def advance(self, now: datetime) -> None:
        """Tell the trades since the last look, or what they have made of the quote."""
        tape = self._conversation.gateway.tape(now)
        until = now + timedelta(microseconds=1)
        trades = list(tape.prints(self._symbol, self._since, until))
        self._since = until
        for trade in trades:
            if self._kind <= 2:  # noqa: PLR2004  1 last, 2 all last
                self._send(
                    trade.at,
                    price=trade.price,
                    size=Decimal(trade.size),
                    exchange=self._conversation.gateway.catalogue.venue.exchange,
                )
                continue
            quote = tape.quote(self._symbol, trade.at)
            if quote is None or quote.bid is None or quote.ask is None:
                continue
            told = (quote.bid, quote.ask)
            if told == self._told:
                continue
            self._told = told
            if self._kind == 4:  # noqa: PLR2004  midpoint
                self._send(trade.at, midpoint=(quote.bid + quote.ask) / 2)
            else:
                self._send(
                    trade.at,
                    bid=quote.bid,
                    ask=quote.ask,
                    bid_size=Decimal(quote.bid_size),
                    ask_size=Decimal(quote.ask_size),
                )

    def _send(self, at: datetime, **values: Any) -> None:
        message = a.TickByTick(
            req_id=self._req_id,
            kind=self._kind,
            time=int(at.timestamp()),
            **values,
        )
        self._conversation.send(message)
