"""Quotes: streams of market data, as many as there are lines for, each watched by its age."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_broker_ibkr.numbers import price, whole
from skim_broker_ibkr.rules.freshness import Subscriptions
from skim_broker_ibkr.rules.notices import Meaning, meaning
from skim_broker_ibkr.rules.window import Lane
from skim_core import Quote
from skim_core.broker import sound
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from ib_async import Contract, Ticker

    from skim_broker_ibkr.contracts import Contracts
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.requests import Requests
    from skim_broker_ibkr.told import ToldError
    from skim_core import Clock
    from skim_core.broker import Timer

_log = logging.getLogger("skim.ibkr")
_QUOTE = sound(Quote)
_LIVE = 1
_LENT = timedelta(minutes=1)
_FEW = 5
"""So many new streams go before the market data of many: an order is being decided."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is seen of a symbol at a moment; a price is None when it isn't told."""

    open: Decimal | None
    previous_close: Decimal | None
    last: Decimal | None
    volume: int


def _picture(ticker: Ticker) -> Picture:
    return Picture(
        open=price(ticker.open),
        previous_close=price(ticker.close),
        last=price(ticker.last),
        volume=max(0, whole(ticker.volume)),
    )


class Quotes:
    """The symbols whose market data stream, and what they say."""

    def __init__(
        self, options: IbkrOptions, clock: Clock, requests: Requests, contracts: Contracts
    ) -> None:
        self._options = options
        self._clock = clock
        self._requests = requests
        self._contracts = contracts
        self._subscriptions: Subscriptions[str] = Subscriptions(options.lines, options.stale_after)
        self._tickers: dict[str, tuple[int, Contract, Ticker]] = {}
        self._symbols: dict[int, str] = {}
        self._delayed: set[str] = set()
        self._told: set[tuple[str, int]] = set()
        self._heard = asyncio.Event()
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asking_for_many = asyncio.Lock()
        self._awaited: set[str] = set()
        self._lent: set[str] = set()
        self._lent_until: Timer | None = None
        self._returning: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Say what kind of data is wanted; a new connection has no streams yet."""
        self.forget()
        ib = await self._requests.turn()
        ib.reqMarketDataType(self._options.data_type.code)

    def forget(self) -> None:
        """Take in that all streams are gone; they are made anew when they are wanted."""
        self._subscriptions.clear()
        self._tickers.clear()
        self._symbols.clear()
        self._delayed.clear()
        self._awaited.clear()
        self._lent.clear()
        if self._lent_until is not None:
            self._lent_until.cancel()
        if self._returning is not None:
            self._returning.cancel()

    def distrust(self) -> None:
        """Make all streams anew when they are next wanted."""
        self._subscriptions.distrust()

    # What TWS says

    def hear_data(self, request: int) -> bool:
        """Take in a sign of life; return whether it is one of a quote's."""
        symbol = self._symbols.get(request)
        if symbol is None:
            return False
        self._subscriptions.hear(symbol, self._clock.now())
        self._heard.set()
        return True

    def hear_error(self, told: ToldError) -> bool:
        """Take in what TWS says of a stream; return whether it is one of ours."""
        symbol = self._symbols.get(told.number)
        if symbol is None:
            return False
        if meaning(told.code) is Meaning.DELAYED:
            self._delayed.add(symbol)
        else:
            self._subscriptions.break_off(symbol, f"{told.text} ({told.code})")
        if (symbol, told.code) not in self._told:
            self._told.add((symbol, told.code))
            _log.warning("%s: %s (%s)", symbol, told.text, told.code)
        self._heard.set()
        return True

    # What is asked

    async def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """Return the latest quotes of those that have traded today. Raises BrokerError."""
        wanted = list(dict.fromkeys(symbols))
        if sum(not self._lives(symbol) for symbol in wanted) <= _FEW:
            return await self._quotes_of(wanted, Lane.QUESTION)
        found: dict[str, Quote] = {}
        async with self._asking_for_many:
            for part in self._parts(wanted):
                found |= await self._quotes_of(part, Lane.DATA)
        return found

    async def _quotes_of(self, symbols: Iterable[str], lane: Lane) -> dict[str, Quote]:
        contracts = await self._contracts.known(symbols, lane)
        self._lent -= contracts.keys()
        await self._stream(contracts, lane)
        told = {symbol: self._quote(symbol) for symbol in contracts}
        return {symbol: quote for symbol, quote in told.items() if quote is not None}

    async def pictures(self, contracts: Mapping[str, Contract]) -> dict[str, Picture]:
        """Return what these contracts' ticks say, as far as there are any.

        Lines that this takes are given back some time later: another scan may want them again.
        Raises BrokerError.
        """
        found: dict[str, Picture] = {}
        async with self._asking_for_many:
            for part in self._parts(list(contracts)):
                self._lent.update(symbol for symbol in part if symbol not in self._subscriptions)
                self._return_later()
                await self._stream({symbol: contracts[symbol] for symbol in part}, Lane.DATA)
                for symbol in part:
                    if symbol in self._tickers and not self._broken(symbol):
                        found[symbol] = _picture(self._tickers[symbol][2])
        return found

    def _return_later(self) -> None:
        if self._lent_until is not None:
            self._lent_until.cancel()
        self._lent_until = self._clock.call_at(self._clock.now() + _LENT, self._return)

    def _return(self) -> None:
        self._returning = asyncio.create_task(self._give_back())

    async def _give_back(self) -> None:
        try:
            async with self._asking_for_many:
                while self._lent:
                    await self._cancel(self._lent.pop(), Lane.DATA)
        except BrokerError as error:
            _log.debug("%s", error)  # the line is gone, and all its streams with it

    def _parts(self, symbols: list[str]) -> Iterable[list[str]]:
        # Who asks for few meanwhile takes lines too.
        size = self._options.lines - self._options.lines // 9
        for start in range(0, len(symbols), size):
            yield symbols[start : start + size]

    def _lives(self, symbol: str) -> bool:
        return symbol in self._subscriptions and not self._subscriptions.stale(
            symbol, self._clock.now()
        )

    async def _stream(self, contracts: Mapping[str, Contract], lane: Lane) -> None:
        """See to it that these stream, and wait for what they say first."""
        for symbol, contract in contracts.items():
            # Each by itself, so that who asks for few need not wait for who asks for many.
            async with self._asking[symbol]:
                if self._subscriptions.want(symbol):
                    if self._lives(symbol):
                        continue
                    await self._cancel(symbol, lane)
                await self._subscribe(symbol, contract, lane)
        coming = self._awaited & contracts.keys()
        if coming:
            try:
                await self._wait(lambda: all(self._answered(symbol) for symbol in coming))
            finally:
                self._awaited -= coming
                self._heard.set()

    async def _subscribe(self, symbol: str, contract: Contract, lane: Lane) -> None:
        for superfluous in self._subscriptions.add(symbol, self._clock.now()):
            await self._cancel(superfluous, lane)
        ib = await self._requests.turn(lane=lane)
        if symbol not in self._subscriptions:
            return  # there were more that wanted its line
        ticker = ib.reqMktData(contract)
        number = ib.wrapper.ticker2ReqId["mktData"][ticker]
        self._tickers[symbol] = number, contract, ticker
        self._symbols[number] = symbol
        self._awaited.add(symbol)

    async def _cancel(self, symbol: str, lane: Lane) -> None:
        self._subscriptions.drop(symbol)
        self._delayed.discard(symbol)
        number, contract, ticker = self._tickers.pop(symbol, (0, None, None))
        if contract is None or ticker is None:
            return
        self._symbols.pop(number, None)
        wrapper = self._requests.ib.wrapper
        if wrapper.reqId2Ticker.get(number) is not ticker:
            return
        # What a new stream says must not be taken for what the old one said, and the symbol may
        # be asked for again before this one's turn has come.
        wrapper.tickers.pop(hash(contract), None)
        wrapper.endTicker(ticker, "mktData")
        ib = await self._requests.turn(lane=lane)
        if wrapper.reqId2Ticker.pop(number, None) is ticker:
            ib.client.cancelMktData(number)

    async def _wait(self, ready: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self._options.quote_wait.total_seconds()):
                while not ready():
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            self._requests.ib  # noqa: B018  raises BrokerError when the line is gone
            _log.debug("some streams said nothing within %s", self._options.quote_wait)

    def _answered(self, symbol: str) -> bool:
        if symbol not in self._tickers or symbol not in self._awaited:
            return True
        ticker = self._tickers[symbol][2]
        return self._broken(symbol) or (
            price(ticker.last) is not None and price(ticker.close) is not None
        )

    def _broken(self, symbol: str) -> bool:
        return symbol in self._subscriptions and bool(self._subscriptions[symbol].broken)

    def _quote(self, symbol: str) -> Quote | None:
        if symbol not in self._tickers or self._broken(symbol):
            return None
        ticker = self._tickers[symbol][2]
        last, volume = price(ticker.last), whole(ticker.volume)
        heard_at = self._subscriptions[symbol].heard_at
        if last is None or heard_at is None:
            return None
        # The last price of a day before is told too, without a trade of today.
        if not volume and price(ticker.open) is None:
            return None
        return _QUOTE(
            symbol=symbol,
            at=heard_at,
            last=last,
            bid=price(ticker.bid),
            ask=price(ticker.ask),
            volume=max(0, volume),
            previous_close=price(ticker.close),
            delayed=symbol in self._delayed or ticker.marketDataType != _LIVE,
            halted=_is_halted(ticker),
        )

    def age(self, symbol: str, now: datetime) -> float | None:
        """Return the seconds since a stream last said something; None when there is none."""
        if symbol not in self._subscriptions:
            return None
        return self._subscriptions[symbol].silent_for(now).total_seconds()

    def reason(self, symbol: str) -> str:
        """Return why a symbol has no data; '' when TWS gave no reason."""
        if symbol not in self._subscriptions:
            return ""
        return self._subscriptions[symbol].broken


def _is_halted(ticker: Ticker) -> bool:
    """Whether the last tick of type 49 (90 of delayed data) told a halt.

    1 is a general halt, 2 one for volatility, 0 none; TWS needn't tell any of them.
    Source: IBKR, TWS API, "Available Tick Types".
    """
    return whole(ticker.halted) > 0 or whole(ticker.delayedHalted) > 0
