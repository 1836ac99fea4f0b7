"""Past ticks one by one, and how much traded at each price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.market.spans import SpanError, end_time
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.gateway import Gateway
    from skim_gateway.market.prints import Print
    from skim_gateway.serving.conversation import Conversation

_MOST_TICKS = 1000


async def historical_ticks(conversation: Conversation, request: r.RequestHistoricalTicks) -> None:
    """Tell past trades, quotes or midpoints: from a start on, or up to an end."""
    gateway, req_id = conversation.gateway, request.req_id
    symbol = gateway.catalogue.find(request.contract)
    if symbol is None:
        conversation.error(codes.NO_CONTRACT, req_id)
        return
    if not 0 < request.number <= _MOST_TICKS or bool(request.start) == bool(request.end):
        why = f"Give one of start and end, and a number from 1 to {_MOST_TICKS}"
        conversation.error(codes.INVALID, req_id, why=why)
        return
    try:
        moment = end_time(request.start or request.end, gateway.wording.timezone, conversation.now)
    except SpanError as wrong:
        conversation.error(codes.INVALID, req_id, why=str(wrong))
        return
    trades = _trades(gateway, symbol, conversation.now)
    if request.start:
        found = list(islice((trade for trade in trades if trade.at >= moment), request.number))
    else:
        found = [trade for trade in trades if trade.at <= moment][-request.number :]
    teller = _TICK_TELLERS.get(request.what)
    if teller is None:
        conversation.error(codes.INVALID, req_id, why=f"Invalid data type {request.what}")
        return
    conversation.send(teller(gateway, req_id, symbol, found))


def _trades(gateway: Gateway, symbol: str, now: datetime) -> Iterator[Print]:
    for session in gateway.sessions:
        if session.open > now:
            return
        tape = gateway.tape_of(session)
        yield from tape.prints(symbol, session.open, min(now, session.close))


def _told_trades(gateway: Gateway, req_id: int, _: str, found: list[Print]) -> a.Answer:
    exchange = gateway.catalogue.venue.exchange
    return a.HistoricalTrades(
        req_id=req_id,
        ticks=tuple(
            a.PastTrade(
                time=int(trade.at.timestamp()),
                price=trade.price,
                size=Decimal(trade.size),
                exchange=exchange,
            )
            for trade in found
        ),
    )


def _told_quotes(gateway: Gateway, req_id: int, symbol: str, found: list[Print]) -> a.Answer:
    ticks = []
    for trade in found:
        quote = gateway.tape(trade.at).quote(symbol, trade.at)
        if quote is not None and quote.bid is not None and quote.ask is not None:
            ticks.append(
                a.PastQuote(
                    time=int(trade.at.timestamp()),
                    bid=quote.bid,
                    ask=quote.ask,
                    bid_size=Decimal(quote.bid_size),
                    ask_size=Decimal(quote.ask_size),
                )
            )
    return a.HistoricalQuotes(req_id=req_id, ticks=tuple(ticks))


def _told_midpoints(_: Gateway, req_id: int, __: str, found: list[Print]) -> a.Answer:
    ticks = tuple(
        a.PastMidpoint(time=int(trade.at.timestamp()), price=trade.price) for trade in found
    )
    return a.HistoricalMidpoints(req_id=req_id, ticks=ticks)


_TICK_TELLERS = {
    "TRADES": _told_trades,
    "BID_ASK": _told_quotes,
    "MIDPOINT": _told_midpoints,
}


async def histogram(conversation: Conversation, request: r.RequestHistogram) -> None:
    """Tell how much of the current session's volume traded at each price."""
    gateway = conversation.gateway
    symbol = gateway.catalogue.find(request.contract)
    if symbol is None:
        conversation.error(codes.NO_CONTRACT, request.req_id)
        return
    tape, sizes = gateway.tape(conversation.now), Counter[Decimal]()
    for trade in tape.prints(symbol, tape.session.open, conversation.now):
        sizes[trade.price] += trade.size
    entries = tuple(
        a.HistogramEntry(price=price, size=size) for price, size in sorted(sizes.items())
    )
    conversation.send(a.Histogram(req_id=request.req_id, entries=entries))


async def nothing_to_cancel(_: Conversation, __: r.Request) -> None:
    """Do nothing: it was answered at once."""


HANDLERS = {
    r.RequestHistoricalTicks: historical_ticks,
    r.RequestHistogram: histogram,
    r.CancelHistogram: nothing_to_cancel,
}
