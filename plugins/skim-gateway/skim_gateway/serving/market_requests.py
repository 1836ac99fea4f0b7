"""Market data that streams: ticks, bars of five seconds, tick by tick, the order book."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.serving.kinds import BARS, DEPTH, TICK_BY_TICK, TICKS
from skim_gateway.serving.ticks import (
    DELAY,
    Picture,
    RealTimeBarStream,
    TickByTickStream,
    TickStream,
    changes,
    picture,
)
from skim_gateway.setup import MarketData
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Conversation
    from skim_gateway.wire.contracts import Contract

LIVE, DELAYED = 1, 3

_TICK_KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}
_BAR_SHIFTS = {"TRADES": 0, "MIDPOINT": 0, "BID": -1, "ASK": 1}
_BAR_SECONDS = 5


def _symbol(conversation: Conversation, req_id: int, contract: Contract) -> str | None:
    """Return the contract's symbol, or tell error 200."""
    symbol = conversation.gateway.catalogue.find(contract)
    if symbol is None:
        conversation.error(codes.NO_CONTRACT, req_id)
    return symbol


async def market_data(conversation: Conversation, request: r.RequestMarketData) -> None:
    """Stream a contract's ticks, or tell them once."""
    req_id, gateway = request.req_id, conversation.gateway
    symbol = _symbol(conversation, req_id, request.contract)
    if symbol is None:
        return
    delayed = gateway.setup.market_data is MarketData.DELAYED
    if delayed and conversation.data_type < DELAYED:
        conversation.error(
            codes.NOT_SUBSCRIBED, req_id, contract=f"{symbol} {gateway.catalogue.venue.exchange}"
        )
        return
    if (TICKS, req_id) in conversation.streams:
        conversation.error(codes.DUPLICATE_REQUEST, req_id)
        return
    if conversation.count(TICKS) >= gateway.setup.limits.lines:
        conversation.error(codes.TOO_MANY_LINES, req_id)
        return
    if delayed:
        conversation.error(codes.DELAYED_DATA, req_id)
    _tell_kind(conversation, req_id, symbol, delayed=delayed)
    generic = frozenset(request.generic_ticks.split(","))
    if request.snapshot or request.regulatory_snapshot:
        when = conversation.now - DELAY if delayed else conversation.now
        seen = picture(gateway, symbol, when, generic)
        for tick in changes(req_id, Picture(), seen, delayed=delayed):
            conversation.send(tick)
        conversation.send(a.TickSnapshotEnd(req_id=req_id))
        return
    stream = TickStream(conversation, req_id, symbol, generic, delayed=delayed)
    stream.advance(conversation.now)
    conversation.subscribe(TICKS, req_id, stream)


def _tell_kind(conversation: Conversation, req_id: int, symbol: str, *, delayed: bool) -> None:
    gateway = conversation.gateway
    last = gateway.tape(conversation.now).last(symbol, conversation.now)
    tick = gateway.catalogue.tick(last.price) if last else Decimal("0.01")
    conversation.send(a.MarketDataType(req_id=req_id, kind=DELAYED if delayed else LIVE))
    conversation.send(a.TickRequestParameters(req_id=req_id, min_tick=tick, bbo_exchange="a60001"))


async def cancel_market_data(conversation: Conversation, request: r.CancelMarketData) -> None:
    """End a stream of ticks; error 300 when there is none."""
    if not conversation.unsubscribe(TICKS, request.req_id):
        conversation.error(codes.NO_SUBSCRIPTION, request.req_id, number=request.req_id)


async def data_type(conversation: Conversation, request: r.SetMarketDataType) -> None:
    """Take delayed data where live ones are not subscribed, or not."""
    if request.kind not in {1, 2, 3, 4}:
        conversation.error(codes.INVALID, why=f"Invalid market data type {request.kind}")
        return
    conversation.data_type = request.kind


async def real_time_bars(conversation: Conversation, request: r.RequestRealTimeBars) -> None:
    """Stream bars of five seconds."""
    req_id = request.req_id
    symbol = _symbol(conversation, req_id, request.contract)
    if symbol is None:
        return
    shift = _BAR_SHIFTS.get(request.what)
    if shift is None or request.bar_size != _BAR_SECONDS:
        why = "Invalid bar size" if shift is not None else f"Invalid data type {request.what}"
        conversation.error(codes.INVALID, req_id, why=why)
        return
    if conversation.gateway.setup.market_data is MarketData.DELAYED:
        conversation.error(codes.INVALID_BARS, req_id, why="No market data permissions")
        return
    if (BARS, req_id) in conversation.streams:
        conversation.error(codes.DUPLICATE_REQUEST, req_id)
        return
    if conversation.count(BARS) >= conversation.gateway.setup.limits.lines:
        conversation.error(codes.TOO_MANY_LINES, req_id)
        return
    conversation.subscribe(BARS, req_id, RealTimeBarStream(conversation, req_id, symbol, shift))


async def cancel_real_time_bars(conversation: Conversation, request: r.CancelRealTimeBars) -> None:
    """End a stream of bars; error 300 when there is none."""
    if not conversation.unsubscribe(BARS, request.req_id):
        conversation.error(codes.NO_SUBSCRIPTION, request.req_id, number=request.req_id)


async def tick_by_tick(conversation: Conversation, request: r.RequestTickByTick) -> None:
    """Stream each trade, quote or midpoint."""
    req_id = request.req_id
    symbol = _symbol(conversation, req_id, request.contract)
    if symbol is None:
        return
    kind = _TICK_KINDS.get(request.kind)
    if kind is None:
        conversation.error(codes.INVALID, req_id, why=f"Invalid tick type {request.kind}")
        return
    if conversation.gateway.setup.market_data is MarketData.DELAYED:
        why = "No market data permissions"
        conversation.error(codes.TICKS_UNAVAILABLE, req_id, why=why)
        return
    if (TICK_BY_TICK, req_id) in conversation.streams:
        conversation.error(codes.DUPLICATE_REQUEST, req_id)
        return
    if conversation.count(TICK_BY_TICK) >= conversation.gateway.setup.limits.tick_by_tick:
        conversation.error(codes.TICK_REQUESTS_EXCEEDED, req_id)
        return
    stream = TickByTickStream(conversation, req_id, symbol, kind)
    conversation.subscribe(TICK_BY_TICK, req_id, stream)


async def cancel_tick_by_tick(conversation: Conversation, request: r.CancelTickByTick) -> None:
    """End a stream of single ticks; error 300 when there is none."""
    if not conversation.unsubscribe(TICK_BY_TICK, request.req_id):
        conversation.error(codes.NO_SUBSCRIPTION, request.req_id, number=request.req_id)


async def market_depth(conversation: Conversation, request: r.RequestMarketDepth) -> None:
    """Tell the best bid and ask: the simulated exchange has no order book below them."""
    req_id, gateway = request.req_id, conversation.gateway
    symbol = _symbol(conversation, req_id, request.contract)
    if symbol is None:
        return
    if conversation.count(DEPTH) >= gateway.setup.limits.depths:
        conversation.error(codes.TOO_MANY_DEPTHS, req_id)
        return
    stream = _Depth(conversation, req_id, symbol)
    stream.advance(conversation.now)
    conversation.subscribe(DEPTH, req_id, stream)


async def cancel_market_depth(conversation: Conversation, request: r.CancelMarketDepth) -> None:
    """End that; error 300 when there is none."""
    if not conversation.unsubscribe(DEPTH, request.req_id):
        conversation.error(codes.NO_SUBSCRIPTION, request.req_id, number=request.req_id)


class _Depth:
    """One row on either side, told when it changes."""

    timed = True
    with_fills = False

    def __init__(self, conversation: Conversation, req_id: int, symbol: str) -> None:
        self._conversation = conversation
        self._req_id = req_id
        self._symbol = symbol
        self._told: dict[int, tuple[Decimal, int]] = {}

    def advance(self, now: datetime) -> None:
        """Tell what has changed."""
        quote = self._conversation.gateway.tape(now).quote(self._symbol, now)
        if quote is None:
            return
        for side, price, size in ((1, quote.bid, quote.bid_size), (0, quote.ask, quote.ask_size)):
            if price is None or self._told.get(side) == (price, size):
                continue
            self._conversation.send(
                a.MarketDepth(
                    req_id=self._req_id,
                    position=0,
                    operation=1 if side in self._told else 0,
                    side=side,
                    price=price,
                    size=Decimal(size),
                )
            )
            self._told[side] = price, size


async def no_options(
    conversation: Conversation,
    request: r.CalculateImpliedVolatility | r.CalculateOptionPrice | r.ExerciseOptions,
) -> None:
    """Refuse what needs an option: there are none."""
    conversation.error(codes.NO_CONTRACT, request.req_id)


async def nothing(_: Conversation, __: r.Request) -> None:
    """Do nothing: there is nothing to take back."""


HANDLERS = {
    r.RequestMarketData: market_data,
    r.CancelMarketData: cancel_market_data,
    r.SetMarketDataType: data_type,
    r.RequestRealTimeBars: real_time_bars,
    r.CancelRealTimeBars: cancel_real_time_bars,
    r.RequestTickByTick: tick_by_tick,
    r.CancelTickByTick: cancel_tick_by_tick,
    r.RequestMarketDepth: market_depth,
    r.CancelMarketDepth: cancel_market_depth,
    r.CalculateImpliedVolatility: no_options,
    r.CalculateOptionPrice: no_options,
    r.ExerciseOptions: no_options,
    r.CancelImpliedVolatility: nothing,
    r.CancelOptionPrice: nothing,
}
