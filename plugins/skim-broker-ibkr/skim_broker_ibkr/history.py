"""Minute bars: streamed for the symbols that are asked about again and again, else asked once."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from skim_broker_ibkr.minutes import MinuteBar, columns, session_at, span
from skim_broker_ibkr.rules.freshness import Subscriptions
from skim_broker_ibkr.rules.window import Lane
from skim_core import MINUTE, Bars
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from ib_async import BarDataList, Contract

    from skim_broker_ibkr.contracts import Contracts
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.requests import Requests
    from skim_broker_ibkr.told import ToldError
    from skim_core import Session
    from skim_core.broker import BrokerSetup

_log = logging.getLogger("skim.ibkr")
_LOOK = timedelta(milliseconds=100)


class History:
    """Minute bars of the current session, and of those before.

    A session that is over doesn't change: its bars are kept. Of the current one a stream
    goes on by itself, so that a look each minute costs no request.
    """

    def __init__(
        self,
        options: IbkrOptions,
        setup: BrokerSetup,
        requests: Requests,
        contracts: Contracts,
    ) -> None:
        self._options = options
        self._clock = setup.clock
        self._sessions = setup.sessions
        self._requests = requests
        self._contracts = contracts
        self._streams: dict[str, BarDataList] = {}
        self._symbols: dict[int, str] = {}
        self._subscriptions: Subscriptions[str] = Subscriptions(
            max(1, options.bar_lines), max(options.stale_after, 2 * MINUTE)
        )
        self._kept: dict[tuple[str, datetime], tuple[datetime, dict[datetime, MinuteBar]]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    # What TWS says

    def hear_data(self, request: int) -> bool:
        """Take in a sign of life; return whether it is one of a stream of bars."""
        symbol = self._symbols.get(request)
        if symbol is None:
            return False
        self._subscriptions.hear(symbol, self._clock.now())
        return True

    def hear_error(self, told: ToldError) -> bool:
        """Take in what TWS says of a stream; return whether it is one of ours."""
        symbol = self._symbols.get(told.number)
        if symbol is None:
            return False
        _log.warning("bars of %s: %s (%s)", symbol, told.text, told.code)
        self._subscriptions.break_off(symbol, told.text)
        return True

    def forget(self) -> None:
        """Take in that all streams are gone."""
        self._subscriptions.clear()
        self._streams.clear()
        self._symbols.clear()

    def distrust(self) -> None:
        """Make all streams anew when they are next wanted."""
        self._subscriptions.distrust()

    # What is asked

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return the bars of the session that `start` lies in. Raises BrokerError."""
        now = self._clock.now()
        session = session_at(self._sessions, min(start, now))
        first, minutes = span(session, start, end, now)
        if not minutes:
            return columns(symbols, {}, first, 0)
        until = first + minutes * MINUTE
        contracts = await self._contracts.known(symbols)
        current = session == session_at(self._sessions, now) and now < session.close
        asked = (
            self._of(symbol, contract, session, until, stream=current)
            for symbol, contract in contracts.items()
        )
        told = await asyncio.gather(*asked, return_exceptions=True)
        found = _sound(dict(zip(contracts, told, strict=True)))
        return columns(symbols, found, first, minutes)

    async def _of(
        self, symbol: str, contract: Contract, session: Session, until: datetime, *, stream: bool
    ) -> Mapping[datetime, MinuteBar]:
        async with self._asking.setdefault(symbol, asyncio.Lock()):
            if stream and await self._streams_now(symbol, contract, session):
                await self._settled(symbol, until)
                return minute_bars(self._streams.get(symbol, ()))
            return await self._once(symbol, contract, session, until)

    # Streams

    async def _streams_now(self, symbol: str, contract: Contract, session: Session) -> bool:
        """See to it that a symbol's bars stream; return whether they do."""
        now = self._clock.now()
        if self._subscriptions.want(symbol):
            if not self._subscriptions.stale(symbol, now):
                return True
            await self._cancel(symbol)
        if len(self._subscriptions) >= self._options.bar_lines:
            return False
        self._subscriptions.add(symbol, now)
        seconds = max(60, int((now - session.open).total_seconds()) + 60)
        try:
            bars = await self._requests.history(
                contract, end="", duration=f"{seconds} S", bar_size="1 min", stream=True
            )
        except BaseException:
            self._subscriptions.drop(symbol)
            raise
        self._streams[symbol] = bars
        number = getattr(bars, "reqId", None)
        if number is None:
            # Nothing had traded, and TWS ended the stream with that.
            self._subscriptions.drop(symbol)
            return True
        self._symbols[number] = symbol
        self._subscriptions.hear(symbol, self._clock.now())
        return True

    async def _cancel(self, symbol: str) -> None:
        self._subscriptions.drop(symbol)
        bars = self._streams.pop(symbol, None)
        if bars is None or not hasattr(bars, "reqId"):
            return
        self._symbols.pop(bars.reqId, None)
        ib = await self._requests.turn(lane=Lane.DATA)
        if bars.reqId in ib.wrapper.reqId2Subscriber:
            ib.cancelHistoricalData(bars)

    async def _settled(self, symbol: str, until: datetime) -> None:
        """Wait a little for the rest of a minute that is just over.

        Whatever was told after its end shows that nothing more of it comes, as does a
        symbol that was silent before.
        """
        latest = until + self._options.bar_wait
        while symbol in self._subscriptions and self._clock.now() < latest:
            heard_at = self._subscriptions[symbol].heard_at
            if heard_at is None or heard_at >= until or heard_at < until - MINUTE:
                return
            await self._clock.sleep_until(min(latest, self._clock.now() + _LOOK))

    # Once

    async def _once(
        self, symbol: str, contract: Contract, session: Session, until: datetime
    ) -> Mapping[datetime, MinuteBar]:
        key = symbol, session.open
        kept = self._kept.get(key)
        if kept is not None and kept[0] >= until:
            return kept[1]
        over = session.close <= self._clock.now()
        end = session.close if over else until
        seconds = max(60, int((end - session.open).total_seconds()))
        told = await self._requests.history(
            contract,
            end=f"{end.astimezone(UTC):%Y%m%d-%H:%M:%S}",
            duration=f"{seconds} S",
            bar_size="1 min",
        )
        bars = minute_bars(told)
        self._kept[key] = end, bars
        return bars

    async def previous_close(self, symbol: str, before: Session) -> float | None:
        """Return the last close before a session by its daily bars; None for none."""
        contract = await self._contracts.of(symbol)
        try:
            told = await self._requests.history(contract, end="", duration="5 D", bar_size="1 day")
        except BrokerError as error:
            _log.warning("%s", error)
            return None
        closes = [bar.close for bar in told if _date(bar.date) < before.date]
        return closes[-1] if closes else None


_Minutes: TypeAlias = Mapping[datetime, MinuteBar]


def _sound(told: Mapping[str, _Minutes | BaseException]) -> dict[str, _Minutes]:
    """Return what was told. Raises what went wrong when it went wrong for all."""
    found = {symbol: bars for symbol, bars in told.items() if not isinstance(bars, BaseException)}
    for symbol, error in told.items():
        if not isinstance(error, BaseException):
            continue
        if not found or not isinstance(error, BrokerError):
            raise error
        _log.warning("no bars of %s: %s", symbol, error)
    return found


def _date(told: dt.date | dt.datetime) -> dt.date:
    return told.date() if isinstance(told, dt.datetime) else told


def minute_bars(told: Iterable[object]) -> dict[datetime, MinuteBar]:
    """Return ib_async's bars by the start of their minute, in UTC."""
    found = {}
    for bar in told:
        start = getattr(bar, "date", None)
        if isinstance(start, datetime) and start.tzinfo is not None:
            found[start.astimezone(UTC)] = MinuteBar(
                open=float(bar.open),  # type: ignore[attr-defined]  # ib_async's BarData
                high=float(bar.high),  # type: ignore[attr-defined]
                low=float(bar.low),  # type: ignore[attr-defined]
                close=float(bar.close),  # type: ignore[attr-defined]
                volume=float(bar.volume),  # type: ignore[attr-defined]
            )
    return found
